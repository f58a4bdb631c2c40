"""A serial port that records what goes through it."""

from __future__ import annotations

import hashlib

from hil.ports.lockstep import BITS_PER_BYTE, LockstepPort
from hil.recording import FROM_CONTROLLER, TO_CONTROLLER, LinkRecord, Recording


class LinkTap:
    """Stands between flight software and a port, and records every byte with its time.

    Bytes to the controller carry the time at which the first one began, bytes from it the time at
    which the first one began if they came back to back, the last of them at the moment of reading.
    """

    def __init__(self, port: LockstepPort) -> None:
        self._port = port
        self._target = port.target
        self._early: list[LinkRecord] = []  # before there is a recording
        self._record = self._keep
        self.byte_ns = round(BITS_PER_BYTE * 1e9 / port.baudrate)
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
        return self._port.timeout

    @timeout.setter
    def timeout(self, timeout_s: float | None) -> None:
        self._port.timeout = timeout_s

    @property
    def in_waiting(self) -> int:
        """Bytes that have arrived and were not read."""
        return self._port.in_waiting

    def write(self, data: bytes, /) -> int:
        """Send and record."""
        self._record(self._target.now_ns, TO_CONTROLLER, data)
        self._commands.update(data)
        self.bytes_sent += len(data)
        return self._port.write(data)

    def read(self, size: int = 1, /) -> bytes:
        """Receive and record."""
        data = self._port.read(size)
        if data:
            began_ns = self._target.now_ns - len(data) * self.byte_ns
            self._record(began_ns, FROM_CONTROLLER, data)
            self.bytes_received += len(data)
        return data

    def reset_input_buffer(self) -> None:
        """Forget what has arrived; it is recorded nevertheless."""
        waiting = self._port.in_waiting
        if waiting:
            self.read(waiting)
