"""What a run leaves behind: a folder that stays readable when the run is killed.

    scenario.toml   as flown, with seed and duration filled in; vehicle.toml beside it
    versions.json   target, racksat, Python and packages, and the date
    telemetry.mcap  JSON messages: /truth and /actuators (when they change) at the minor cycle,
                    /environment, /housekeeping and /bench at 1 Hz, in small chunks
    link.bin        every byte of the link with its simulated time, see `LINK_HEADER`
    events.jsonl    an event a line: time_s, source, severity, name, text, fields
    summary.json    written last

link.bin is big-endian: the header (magic `RACKSATL`, format, nanoseconds a byte takes), then
records of time in ns, direction, length, bytes. A record's first byte begins at its time, the
others follow without a gap. Format 1 knows directions 0 and 1 only.

    0, 1    flight software to the controller and back: a record for each of its writes and for
            each of its reads that gave bytes, in the order of these calls
    2, 3    the bench to the controller and back, where it shares flight software's wire
    4       bytes that nobody awaited
    5       an event of the port, as UTF-8 text: "failed: ...", "reopened", "reset"; one that
            begins with "flight: " is the error that flight software's last call ended in

So a read of flight software came back short exactly where fewer bytes of direction 1 than it asked
for lie before its next write; and a write that failed stands before its failure.

The digest is SHA-256 over every telemetry message (topic, time, bytes) and every link record, in
the order in which they happened. Nothing of the wall clock enters it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from struct import Struct
from struct import error as StructError
from typing import Any, BinaryIO

from mcap.exceptions import McapError
from mcap.records import Channel, Message
from mcap.stream_reader import StreamReader
from mcap.writer import CompressionType, IndexType, Writer

from hil.errors import UsageError

LINK_HEADER = Struct(">8sHI")
LINK_RECORD = Struct(">QBI")
LINK_MAGIC = b"RACKSATL"
LINK_FORMAT = 2
TO_CONTROLLER = 0
FROM_CONTROLLER = 1
BENCH_TO_CONTROLLER = 2
BENCH_FROM_CONTROLLER = 3
UNAWAITED = 4
PORT_EVENT = 5
FLIGHT_FAILURE = b"flight: "  # begins the port events that flight software met
DIRECTIONS = {1: 2, 2: 6}  # how many there are, by format
LINK_DATA_MAX = 1 << 20  # bytes of a record; more is damage

CHUNK_BYTES = 64 * 1024
FLUSH_EVERY_NS = 5_000_000_000  # of simulated time

Value = float | int | str


@dataclass(frozen=True, slots=True)
class LinkRecord:
    """Bytes that went over the link back to back, the first one from `time_ns` on."""

    time_ns: int
    direction: int  # TO_CONTROLLER to PORT_EVENT
    data: bytes  # of a PORT_EVENT its text


class Recording:
    """Writes the folder of a run. `folder` must be new or empty."""

    def __init__(self, folder: Path, byte_ns: int) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._telemetry_file = (folder / "telemetry.mcap").open("xb")
        except OSError as error:
            raise UsageError(f"{folder}: cannot be written: {error.strerror}") from error
        self.folder = folder
        self._link_file = (folder / "link.bin").open("xb")
        self._link_file.write(LINK_HEADER.pack(LINK_MAGIC, LINK_FORMAT, byte_ns))
        self._events_file = (folder / "events.jsonl").open("x", encoding="utf-8", buffering=1)
        self._writer = Writer(
            self._telemetry_file,
            chunk_size=CHUNK_BYTES,
            compression=CompressionType.ZSTD,
            index_types=IndexType.CHUNK,
        )
        self._writer.start(profile="racksat")
        self._topics: dict[str, _Topic] = {}
        self._hash = hashlib.sha256()
        self._flushed_ns = 0
        self.closed = False

    @property
    def digest(self) -> str:
        """SHA-256 over what was recorded so far."""
        return self._hash.hexdigest()

    def note(self, name: str, text: str) -> None:
        """A text file of the run, such as versions.json."""
        (self.folder / name).write_text(text, encoding="utf-8")

    def telemetry(self, topic: str, time_ns: int, values: Mapping[str, Value]) -> None:
        """A message; the first one of a topic fixes its keys."""
        known = self._topics.get(topic)
        if known is None:
            known = self._topics[topic] = self._register(topic, values)
        data = known.encode(values)
        self._writer.add_message(known.channel, time_ns, data, time_ns)
        self._hash.update(b"%s %d %s\n" % (known.name, time_ns, data))
        if time_ns - self._flushed_ns >= FLUSH_EVERY_NS:
            self.flush()
            self._flushed_ns = time_ns

    def link(self, time_ns: int, direction: int, data: bytes) -> None:
        """Bytes that went over the link from `time_ns` on, or what happened to the port then."""
        record = LINK_RECORD.pack(time_ns, direction, len(data)) + data
        self._link_file.write(record)
        self._hash.update(record)

    def event(
        self,
        time_ns: int,
        source: str,
        severity: str,
        name: str,
        text: str,
        fields: Mapping[str, Any] | None = None,
    ) -> None:
        """Something that happened, on board or in the bench."""
        line = event_line(time_ns, source, severity, name, text, fields)
        self._events_file.write(line + "\n")

    def flush(self) -> None:
        """Hand everything written so far to the operating system, except a begun chunk."""
        self._telemetry_file.flush()
        self._link_file.flush()

    def close(self, summary: Mapping[str, Any] | None = None) -> None:
        """Finish every file; the summary comes last."""
        if self.closed:
            return
        self.closed = True
        self._writer.finish()
        self._telemetry_file.close()
        self._link_file.close()
        self._events_file.close()
        if summary is not None:
            self.note("summary.json", json.dumps(summary, indent=2) + "\n")

    def _register(self, topic: str, values: Mapping[str, Value]) -> _Topic:
        kinds = {
            key: {"type": "string" if isinstance(value, str) else ["number", "null"]}
            for key, value in values.items()
        }
        schema = {"title": topic.strip("/"), "type": "object", "properties": kinds}
        number = self._writer.register_schema(
            f"racksat.{topic.strip('/')}", "jsonschema", json.dumps(schema).encode()
        )
        channel = self._writer.register_channel(topic, "json", number)
        return _Topic(topic.encode(), channel, values)


class _Topic:
    """Formats the messages of one topic: numbers to nine digits, non-finite ones as null."""

    def __init__(self, name: bytes, channel: int, first: Mapping[str, Value]) -> None:
        self.name = name
        self.channel = channel
        self._keys = tuple(first)
        self._texts = tuple(key for key, value in first.items() if isinstance(value, str))
        forms = (
            json.dumps(key).replace("%", "%%") + (":%s" if isinstance(value, str) else ":%.9g")
            for key, value in first.items()
        )
        self._template = "{" + ",".join(forms) + "}"

    def encode(self, values: Mapping[str, Value]) -> bytes:
        if self._texts:
            texts = {key: json.dumps(values[key]) for key in self._texts}
            values = {**values, **texts}
        text = self._template % tuple([values[key] for key in self._keys])
        if "nan" in text or "inf" in text:
            return self._with_nulls(values).encode()
        return text.encode()

    def _with_nulls(self, values: Mapping[str, Value]) -> str:
        """The same where a number may not be finite, which JSON cannot say."""
        pairs = (f"{json.dumps(key)}:{_number_or_null(values[key])}" for key in self._keys)
        return "{" + ",".join(pairs) + "}"


def _number_or_null(value: Value) -> str:
    """JSON of a number, or of a text that is JSON already."""
    if isinstance(value, str):
        return value
    return f"{value:.9g}" if math.isfinite(value) else "null"


def event_line(
    time_ns: int,
    source: str,
    severity: str,
    name: str,
    text: str,
    fields: Mapping[str, Any] | None = None,
) -> str:
    """An event as it stands in events.jsonl."""
    line = {
        "time_s": time_ns / 1e9,
        "source": source,
        "severity": severity,
        "name": name,
        "text": text,
        "fields": dict(fields or {}),
    }
    return json.dumps(line, default=str)


def as_recorded(values: Mapping[str, Value]) -> dict[str, Value | None]:
    """Values of a message as they are read back: nine digits, None where not finite."""
    found: dict[str, Value | None] = json.loads(_Topic(b"", 0, values).encode(values))
    return found


def free_folder(name: str, parent: Path = Path("runs")) -> Path:
    """A folder of that name that does not exist yet, numbered if need be."""
    folder, number = parent / name, 1
    while folder.exists():
        number += 1
        folder = parent / f"{name}-{number}"
    return folder


def require_writable(folder: Path) -> None:
    """Check, creating nothing, that a run can be recorded there. Raises UsageError."""
    if folder.exists():
        if not folder.is_dir():
            raise UsageError(f"{folder}: is a file, expected a folder to record into")
        if any(folder.iterdir()):
            raise UsageError(f"{folder}: is not empty; give a new folder, runs are never replaced")
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not existing.is_dir():
        raise UsageError(f"{folder}: cannot be written: {existing} is not a folder")
    if not os.access(existing, os.W_OK | os.X_OK):
        raise UsageError(f"{folder}: cannot be written: no permission to write into {existing}")


def read_link(path: Path) -> Iterator[LinkRecord]:
    """Records of a link.bin, all directions, in order; ends quietly where the file was cut off.

    Raises UsageError on a file that is damaged or no link recording, with the offset of the damage.
    """
    with path.open("rb") as file:
        number, _ = _read_header(path, file)
        offset = LINK_HEADER.size
        while len(head := file.read(LINK_RECORD.size)) == LINK_RECORD.size:
            time_ns, direction, length = LINK_RECORD.unpack(head)
            if direction >= DIRECTIONS[number] or length > LINK_DATA_MAX:
                raise UsageError(
                    f"{path}: damaged at byte {offset}: record of direction {direction} with "
                    f"{length} bytes, expected direction 0 to {DIRECTIONS[number] - 1} and at most "
                    f"{LINK_DATA_MAX} bytes"
                )
            data = file.read(length)
            if len(data) < length:
                return
            yield LinkRecord(time_ns, direction, data)
            offset += LINK_RECORD.size + length


def link_byte_ns(path: Path) -> int:
    """Nanoseconds a byte takes on the link of a link.bin. Raises UsageError as `read_link` does."""
    with path.open("rb") as file:
        return _read_header(path, file)[1]


def _read_header(path: Path, file: BinaryIO) -> tuple[int, int]:
    """Format, and nanoseconds a byte takes."""
    header = file.read(LINK_HEADER.size)
    if len(header) < LINK_HEADER.size or LINK_HEADER.unpack(header)[0] != LINK_MAGIC:
        raise UsageError(f"{path}: not a link recording, expected it to begin with RACKSATL")
    _, number, byte_ns = LINK_HEADER.unpack(header)
    if number not in DIRECTIONS:
        raise UsageError(
            f"{path}: link recording of format {number}, this racksat reads "
            f"{' and '.join(map(str, DIRECTIONS))}"
        )
    return number, byte_ns


def read_telemetry(path: Path) -> Iterator[tuple[str, int, dict[str, Value | None]]]:
    """(topic, time in ns, values) of each message, in order; ends quietly where the file ends."""
    with path.open("rb") as file:
        for topic, message in _messages(file):
            yield topic, message.log_time, json.loads(message.data)


def _messages(file: BinaryIO) -> Iterator[tuple[str, Message]]:
    topics: dict[int, str] = {}
    # A cut-off file ends within a record; what came before it is whole.
    with contextlib.suppress(McapError, StructError):
        for record in StreamReader(file).records:
            if isinstance(record, Channel):
                topics[record.id] = record.topic
            elif isinstance(record, Message):
                yield topics[record.channel_id], record


def read_events(path: Path) -> list[dict[str, Any]]:
    """Events of a run; a last line that was cut off is left out."""
    events = []
    for line in path.read_text(encoding="utf-8").splitlines():
        with contextlib.suppress(json.JSONDecodeError):
            events.append(json.loads(line))
    return events
