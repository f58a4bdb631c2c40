"""A serial port that records what goes through it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Protocol

from fsw.payload_link import Port
from hil.recording import (
    FLIGHT_FAILURE,
    FROM_CONTROLLER,
    PORT_EVENT,
    TO_CONTROLLER,
    LinkRecord,
    Recording,
)


class Line(Port, Protocol):
    """A port that tells what has arrived."""

    @property
    def in_waiting(self) -> int: ...


class LinkTap:
    """Stands between an initiator and a port, and records every byte with its mission time.

    Bytes to the controller carry the time at which the first one began, bytes from it the time at
    which the first one began if they came back to back, the last of them at the moment of reading.
    A failure of the port that flight software meets is recorded too, after the bytes of the write
    that met it.
    """

    def __init__(
        self,
        port: Line,
        now_ns: Callable[[], int],
        byte_ns: int,
        sent: int = TO_CONTROLLER,
        received: int = FROM_CONTROLLER,
    ) -> None:
        """`sent` and `received` are the directions of the records."""
        self.port = port  # may be exchanged for one that stands before it
        self._now_ns = now_ns
        self._early: list[LinkRecord] = []  # before there is a recording
        self._record = self._keep
        self._sent, self._received = sent, received
        self.byte_ns = byte_ns
        self._commands = hashlib.sha256()
        self.bytes_sent = 0
        self.bytes_received = 0

    def record_into(self, recording: Recording) -> None:
        """Record from now on, beginning with what went through before."""
        for record in self._early:
            recording.link(record.time_ns, record.direction, record.data)
        self._early.clear()
        self._record = recording.link

    def _keep(self, time_ns: int, direction: int, data: bytes) -> None:
        self._early.append(LinkRecord(time_ns, direction, data))

    @property
    def commands_digest(self) -> str:
        """SHA-256 over the bytes sent to the controller."""
        return self._commands.hexdigest()

    @property
    def timeout(self) -> float | None:
        """Read timeout of the port, s."""
        return self.port.timeout

    @timeout.setter
    def timeout(self, timeout_s: float | None) -> None:
        self.port.timeout = timeout_s

    def write(self, data: bytes, /) -> int:
        """Send and record."""
        self._record(self._now_ns(), self._sent, data)
        self._commands.update(data)
        self.bytes_sent += len(data)
        try:
            self.port.write(data)
        except OSError as failure:
            self._record_failure(failure)
            raise
        return len(data)

    def read(self, size: int = 1, /) -> bytes:
        """Receive and record."""
        try:
            data = self.port.read(size)
        except OSError as failure:
            self._record_failure(failure)
            raise
        if data:
            began_ns = max(self._now_ns() - len(data) * self.byte_ns, 0)
            self._record(began_ns, self._received, data)
            self.bytes_received += len(data)
        return data

    def _record_failure(self, failure: OSError) -> None:
        if self._sent == TO_CONTROLLER:
            text = FLIGHT_FAILURE + str(failure).encode()
            self._record(self._now_ns(), PORT_EVENT, text)
