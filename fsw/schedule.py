"""What is to happen when: time-tagged commands, and the eclipses that the ground foresees."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from fsw.commands import CommandRefused, LoadEclipseForecast, Reason, ScheduleCommand

SCHEDULE_CAPACITY = 64

_UNTIL = struct.Struct(">I")  # tenths of a second of mission time
_ECLIPSE = struct.Struct(">II")


class Schedule:
    """Telecommand packets waiting for their time."""

    def __init__(self) -> None:
        self._waiting: list[tuple[int, bytes]] = []  # in order of release, then of arrival

    def __len__(self) -> int:
        return len(self._waiting)

    def insert(self, command: ScheduleCommand, time_ns: int) -> None:
        """Keep a command until its time. Raises CommandRefused when that is past, or no room."""
        if command.release_ns <= time_ns:
            raise CommandRefused(
                Reason.NOT_NOW,
                f"release at {command.release_ns / 1e9:g} s is past, it is {time_ns / 1e9:g} s",
            )
        if len(self._waiting) >= SCHEDULE_CAPACITY:
            raise CommandRefused(Reason.NOT_NOW, f"schedule is full with {SCHEDULE_CAPACITY}")
        self._waiting.append((command.release_ns, command.packet))
        self._waiting.sort(key=lambda entry: entry[0])

    def due(self, time_ns: int) -> list[bytes]:
        """Packets whose time has come, in order; they leave the schedule."""
        count = 0
        while count < len(self._waiting) and self._waiting[count][0] <= time_ns:
            count += 1
        due, self._waiting = self._waiting[:count], self._waiting[count:]
        return [packet for _, packet in due]


@dataclass(frozen=True)
class EclipseForecast:
    """Eclipses as (enter, leave) in mission seconds, complete up to `until_s`."""

    eclipses: tuple[tuple[float, float], ...] = ()
    until_s: float = float("-inf")  # nothing is known yet

    @classmethod
    def of(cls, command: LoadEclipseForecast) -> EclipseForecast:
        """The forecast that a command brings."""
        return cls(command.eclipses, command.until_s)

    def known(self, time_s: float) -> bool:
        """True while the forecast reaches beyond `time_s`; stale afterwards."""
        return time_s < self.until_s

    def next_eclipse(self, time_s: float) -> tuple[float, float] | None:
        """The eclipse under way at `time_s`, else the next one, else None."""
        for eclipse in self.eclipses:
            if time_s < eclipse[1]:
                return eclipse
        return None

    def encode(self, capacity_bytes: int) -> bytes:
        """For the protected store, to a tenth of a second. What finds no room is cut off, and
        with it the span for which the forecast is complete."""
        room = (capacity_bytes - _UNTIL.size) // _ECLIPSE.size
        kept = self.eclipses[:room]
        until_s = self.until_s
        if len(self.eclipses) > room:
            until_s = kept[-1][1] if kept else 0.0
        data = _UNTIL.pack(_tenths(until_s))
        return data + b"".join(_ECLIPSE.pack(_tenths(a), _tenths(b)) for a, b in kept)

    @classmethod
    def decode(cls, data: bytes) -> EclipseForecast:
        """From the protected store. Raises ValueError on a length that cannot be."""
        if len(data) % _ECLIPSE.size != _UNTIL.size:
            raise ValueError(f"stored forecast of {len(data)} bytes, must be 4 and a multiple of 8")
        pairs = [(a / 10, b / 10) for a, b in _ECLIPSE.iter_unpack(data[_UNTIL.size :])]
        return cls(tuple(pairs), _UNTIL.unpack_from(data)[0] / 10)


def _tenths(time_s: float) -> int:
    return min(round(time_s * 10), 0xFFFFFFFF) if time_s > 0.0 else 0
