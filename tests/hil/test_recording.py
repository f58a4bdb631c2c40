"""What a run leaves behind, and that it can be read when the run did not end."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from mcap.reader import make_reader

from hil.errors import UsageError
from hil.recording import (
    FROM_CONTROLLER,
    TO_CONTROLLER,
    LinkRecord,
    Recording,
    free_folder,
    read_events,
    read_link,
    read_telemetry,
    require_writable,
)


def record(folder: Path, samples: int = 30) -> Recording:
    recording = Recording(folder, byte_ns=10_000)
    for index in range(samples):
        time_ns = index * 100_000_000
        recording.telemetry("/truth", time_ns, {"soc": 0.9 - index / 1e3, "heater_w": index})
        recording.telemetry("/housekeeping", time_ns, {"fsw_mode": "nominal", "fsw_soc": 0.5})
        recording.link(time_ns, TO_CONTROLLER, b"\xc0\x01")
        recording.link(time_ns + 70_000, FROM_CONTROLLER, b"\xc0")
    recording.event(5, "bench", "info", "hello", "a word", {"tray": 3})
    return recording


def test_what_was_written_reads_back(tmp_path: Path) -> None:
    recording = record(tmp_path / "run", samples=2)
    recording.close({"digest": recording.digest})
    assert list(read_telemetry(tmp_path / "run" / "telemetry.mcap")) == [
        ("/truth", 0, {"soc": 0.9, "heater_w": 0}),
        ("/housekeeping", 0, {"fsw_mode": "nominal", "fsw_soc": 0.5}),
        ("/truth", 100_000_000, {"soc": 0.899, "heater_w": 1}),
        ("/housekeeping", 100_000_000, {"fsw_mode": "nominal", "fsw_soc": 0.5}),
    ]
    assert list(read_link(tmp_path / "run" / "link.bin"))[:2] == [
        LinkRecord(0, TO_CONTROLLER, b"\xc0\x01"),
        LinkRecord(70_000, FROM_CONTROLLER, b"\xc0"),
    ]
    (event,) = read_events(tmp_path / "run" / "events.jsonl")
    assert event["fields"] == {"tray": 3}
    assert json.loads((tmp_path / "run" / "summary.json").read_text()).keys() == {"digest"}


def test_link_file_byte_for_byte(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "run", byte_ns=10_000)
    recording.link(0x0102030405, FROM_CONTROLLER, b"\xaa\xbb")
    recording.close()
    assert (tmp_path / "run" / "link.bin").read_bytes() == bytes.fromhex(
        "5241434b5341544c 0002 00002710 0000000102030405 01 00000002 aabb"
    )


def test_another_reader_finds_the_topics_and_their_schemas(tmp_path: Path) -> None:
    record(tmp_path / "run").close()
    with (tmp_path / "run" / "telemetry.mcap").open("rb") as file:
        summary = make_reader(file).get_summary()
    assert summary is not None and summary.statistics is not None
    assert summary.statistics.message_count == 60
    assert {channel.topic for channel in summary.channels.values()} == {"/truth", "/housekeeping"}
    schemas = {schema.name: json.loads(schema.data) for schema in summary.schemas.values()}
    assert schemas["racksat.housekeeping"]["properties"]["fsw_mode"] == {"type": "string"}


def test_a_number_that_is_none_becomes_null(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "run", byte_ns=10_000)
    recording.telemetry("/truth", 0, {"a_w": float("nan"), "b_w": 1.5})
    recording.telemetry("/truth", 1, {"a_w": float("inf"), "b_w": -0.25})
    recording.close()
    values = [sample for _, _, sample in read_telemetry(tmp_path / "run" / "telemetry.mcap")]
    assert values == [{"a_w": None, "b_w": 1.5}, {"a_w": None, "b_w": -0.25}]


def test_percent_signs_in_names_are_names(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "run", byte_ns=10_000)
    recording.telemetry("/truth", 0, {"100% load": 1.0, 'a "quoted" %s': 2.0})
    recording.close()
    (sample,) = read_telemetry(tmp_path / "run" / "telemetry.mcap")
    assert sample[2] == {"100% load": 1.0, 'a "quoted" %s': 2.0}


def test_digest_covers_telemetry_and_link_and_no_event(tmp_path: Path) -> None:
    digests = []
    for name, soc, link, event in (
        ("a", 0.5, b"\x01", "x"),
        ("b", 0.5, b"\x01", "y"),
        ("c", 0.6, b"\x01", "x"),
        ("d", 0.5, b"\x02", "x"),
    ):
        recording = Recording(tmp_path / name, byte_ns=10_000)
        recording.telemetry("/truth", 1, {"soc": soc})
        recording.link(1, TO_CONTROLLER, link)
        recording.event(1, "bench", "info", "note", event)
        recording.close()
        digests.append(recording.digest)
    assert digests[0] == digests[1]
    assert len(set(digests)) == 3


KILLED = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from test_recording import record
record(Path({folder!r}), samples=6000)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_run_is_readable(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    script = KILLED.format(tests=str(Path(__file__).parent), folder=str(folder))
    done = subprocess.run([sys.executable, "-c", script], check=False)
    assert done.returncode == -9
    times_ns = [time_ns for _, time_ns, _ in read_telemetry(folder / "telemetry.mcap")]
    assert times_ns == sorted(times_ns)
    assert 550e9 < times_ns[-1] < 600e9  # all but the last chunk
    assert list(read_link(folder / "link.bin"))[-1].time_ns > 590e9
    assert read_events(folder / "events.jsonl")


@pytest.mark.parametrize("name", ["telemetry.mcap", "link.bin", "events.jsonl"])
def test_every_cut_off_file_reads_up_to_its_end(tmp_path: Path, name: str) -> None:
    record(tmp_path / "run").close()
    path = tmp_path / "run" / name
    whole = path.read_bytes()
    for length in (len(whole) - 1, len(whole) * 2 // 3, len(whole) // 7):
        path.write_bytes(whole[:length])
        if name == "telemetry.mcap":
            list(read_telemetry(path))
        elif name == "link.bin":
            assert len(list(read_link(path))) <= 60
        else:
            assert len(read_events(path)) <= 1


def test_a_file_that_is_no_link_recording_is_named(tmp_path: Path) -> None:
    path = tmp_path / "link.bin"
    path.write_bytes(b"something else entirely")
    with pytest.raises(UsageError, match=r"link\.bin: not a link recording, expected it to begin"):
        list(read_link(path))


FORMAT_1 = "5241434b5341544c 0001 00002710"
FORMAT_2 = "5241434b5341544c 0002 00002710"


def test_every_direction_is_read_back(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "run", byte_ns=10_000)
    for direction in range(6):
        recording.link(direction, direction, b"%d" % direction)
    recording.close()
    assert list(read_link(tmp_path / "run" / "link.bin")) == [
        LinkRecord(direction, direction, b"%d" % direction) for direction in range(6)
    ]


def test_format_1_is_read(tmp_path: Path) -> None:
    path = tmp_path / "link.bin"
    path.write_bytes(bytes.fromhex(FORMAT_1 + "0000000000000007 00 00000001 c0"))
    assert list(read_link(path)) == [LinkRecord(7, TO_CONTROLLER, b"\xc0")]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("5241434b5341544c 0003 00002710", "of format 3, this racksat reads 1 and 2"),
        (FORMAT_1 + "0000000000000007 02 00000000", "byte 14: .* 2 with 0 .*direction 0 to 1"),
        (
            FORMAT_2 + "0000000000000007 05 00000001 41" + "0000000000000008 06 00000000",
            "byte 28: record of direction 6 with 0 bytes, expected direction 0 to 5",
        ),
        (FORMAT_2 + "0000000000000007 01 00100001", "1048577 bytes, expected .* 1048576 bytes"),
    ],
)
def test_a_damaged_link_file_is_named_with_the_offset(
    tmp_path: Path, content: str, complaint: str
) -> None:
    path = tmp_path / "link.bin"
    path.write_bytes(bytes.fromhex(content))
    with pytest.raises(UsageError, match=rf"link\.bin: .*{complaint}"):
        list(read_link(path))


def test_free_folder_never_reuses_one(tmp_path: Path) -> None:
    assert free_folder("hot-rtl-1", tmp_path) == tmp_path / "hot-rtl-1"
    (tmp_path / "hot-rtl-1").mkdir()
    (tmp_path / "hot-rtl-1-2").mkdir()
    assert free_folder("hot-rtl-1", tmp_path) == tmp_path / "hot-rtl-1-3"


def test_where_no_run_can_be_recorded(tmp_path: Path) -> None:
    require_writable(tmp_path / "new" / "deep")
    assert not (tmp_path / "new").exists()
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match="is a file, expected a folder"):
        require_writable(tmp_path / "file")
    with pytest.raises(UsageError, match=r"cannot be written: .*file is not a folder"):
        require_writable(tmp_path / "file" / "run")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "summary.json").write_text("{}")
    with pytest.raises(UsageError, match="is not empty"):
        require_writable(tmp_path / "full")
    if Path("/proc/self").is_dir():
        with pytest.raises(UsageError, match=r"/proc/self/run: cannot be written"):
            Recording(Path("/proc/self/run"), byte_ns=10_000)
