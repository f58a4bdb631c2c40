"""The other end of a recorded link, played back: it answers as it did, and accepts no other bytes.

What is written must be what flight software wrote then, call by call; reads give the bytes that it
read before its next write, and come back short where they did. Time plays no part: a timeout of
the recording is a timeout again, whatever the port's timeout is now. Records of the bench are
passed over.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import serial

from hil.errors import RacksatError, ReplayDiverged, UsageError
from hil.recording import FROM_CONTROLLER, PORT_EVENT, TO_CONTROLLER, LinkRecord, read_link
from hil.transactions import (
    command_of,
    command_text,
    data_difference,
    failure_text,
    of_flight_software,
    same_form,
    write_data,
)

FINISHED = ("held", "failed")  # outcomes of a run that came to its end


class RecordingEnded(RacksatError):
    """A recording that was cut off has no more to play."""


class RecordedLink:
    """Plays the link of a run folder, or of a link.bin.

    A recording without the summary of a finished run beside it may have been cut off anywhere: its
    last read may have got more. Raises UsageError where there is no link.bin, or a damaged one.
    """

    def __init__(self, path: Path) -> None:
        self.path = path / "link.bin" if path.is_dir() else path
        if not self.path.is_file():
            raise UsageError(f"{path}: no recording, expected the folder of a run or its link.bin")
        self.finished = _finished(self.path.parent)
        self.transactions = 0  # written as recorded so far
        self.bytes_sent = 0
        self.bytes_received = 0
        self.played = 0  # records, bytes received included
        self.diverged: LinkRecord | None = None  # what was written instead of the recorded bytes
        self._records: Iterator[LinkRecord] = filter(of_flight_software, read_link(self.path))
        self._next: LinkRecord | None = next(self._records, None)
        self._received = bytearray()  # recorded before the next write, not read yet
        self._time_ns = 0

    @property
    def in_waiting(self) -> int:
        """Recorded bytes that can be read before the next write."""
        self._receive()
        return len(self._received)

    def write(self, data: bytes) -> int:
        """Accept the bytes that were recorded.

        Raises ReplayDiverged on others, RecordingEnded where a recording was cut off, and
        SerialException where the port had failed before it took them.
        """
        self._receive()
        recorded = self._next
        if recorded is None:
            if not self.finished:
                raise RecordingEnded(f"{self.path}: was cut off here")
            self._diverge(self._time_ns, None, data)
        elif recorded.direction == PORT_EVENT:
            self._fail()
        elif recorded.data != data:
            self._diverge(recorded.time_ns, recorded.data, data)
        self._advance()
        self.transactions += 1
        self.bytes_sent += len(data)
        return len(data)

    def read(self, size: int) -> bytes:
        """Up to `size` recorded bytes, fewer where the recording has a timeout.

        Raises SerialException where the port had failed, RecordingEnded where a recording was cut
        off.
        """
        self._receive()
        if len(self._received) < size:
            if self._next is None and not self.finished:
                raise RecordingEnded(f"{self.path}: was cut off here")
            failed = self._next is not None and self._next.direction == PORT_EVENT
            if failed and not self._received:
                self._fail()
        data = bytes(self._received[:size])
        del self._received[:size]
        self.bytes_received += len(data)
        return data

    def require_end(self) -> None:
        """Raise ReplayDiverged where flight software had written more."""
        self._receive()
        if self._next is not None and self._next.direction != PORT_EVENT:
            self._diverge(self._next.time_ns, self._next.data, None)

    def _receive(self) -> None:
        """Take up the bytes that were received before the next write or failure."""
        while self._next is not None and self._next.direction == FROM_CONTROLLER:
            self._received += self._next.data
            self._advance()

    def _advance(self) -> None:
        if self._next is not None:
            self._time_ns = self._next.time_ns
            self.played += 1
        self._next = next(self._records, None)

    def _fail(self) -> NoReturn:
        assert self._next is not None
        text = failure_text(self._next)
        self._advance()
        raise serial.SerialException(text)

    def _diverge(self, time_ns: int, recorded: bytes | None, sent: bytes | None) -> NoReturn:
        if sent is not None:
            self.diverged = LinkRecord(time_ns, TO_CONTROLLER, sent)
        lines = [
            f"differs at {time_ns / 1e9:.6f} s, after {self.transactions} equal transactions",
            f"  recorded: {'nothing more' if recorded is None else command_text(recorded)}",
            f"  sent now: {'nothing' if sent is None else command_text(sent)}",
        ]
        then, now = command_of(recorded or b""), command_of(sent or b"")
        if then is not None and same_form(then, now):
            difference = data_difference(then.address, write_data(then), write_data(now))
            if difference is not None:
                lines.append(
                    f"  {difference.name}: {difference.first} recorded, {difference.second} now"
                )
        raise ReplayDiverged("\n".join(lines))


def _finished(folder: Path) -> bool:
    """Whether the run in a folder came to its end."""
    path = folder / "summary.json"
    if not path.is_file():
        return False
    return json.loads(path.read_text("utf-8")).get("outcome") in FINISHED
