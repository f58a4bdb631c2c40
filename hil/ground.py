"""The ground segment: uplinks the coming eclipses."""

from __future__ import annotations

from fsw.commands import LoadEclipseForecast, encode_telecommand
from hil.mission import Mission

FORECAST_ORBITS = 2.5  # how far ahead a forecast reaches


class Ground:
    """Telecommand packets to be uplinked, by mission time: at the start and once an orbit."""

    def __init__(self, mission: Mission) -> None:
        self._mission = mission
        self._next_ns = 0
        self._sequence_count = 0

    def packet_due(self, time_ns: int) -> bytes | None:
        """The packet to be uplinked now, if any."""
        if time_ns < self._next_ns:
            return None
        period_s = self._mission.orbit.nodal_period_s
        self._next_ns += round(period_s * 1e9)
        time_s = time_ns / 1e9
        until_s = time_s + FORECAST_ORBITS * period_s
        eclipses = self._mission.eclipses(time_s, until_s)
        if eclipses:
            until_s = max(until_s, eclipses[-1][1])  # the last one is given whole
        self._sequence_count += 1
        return encode_telecommand(
            LoadEclipseForecast(tuple(eclipses), until_s), self._sequence_count
        )
