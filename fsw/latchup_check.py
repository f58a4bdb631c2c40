"""Trays that draw more than what they do can take: a latch-up too small for the controller's trip.

A tray takes at most its idle power while it boots, reloads or stands in fault, and while it runs
what its clock costs at full demand. The clock has every cap and slowdown in it already. Sensors of
power and of current both have to tell the excess, so that one that lies switches nothing off, and
at look after look, for longer than power takes to follow a clock that falls (3 s at its ramp).

The smallest current that is told is the margin: `tray_latchup_share` of full load, for the spread
of chips and sensors. At less than full demand, what the demand leaves unused hides as much.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence

from fsw.acquisition import TrayTelemetry
from fsw.events import Report, Severity
from fsw.trays import TrayState

# Power (W) and rate of prefill (tok/s), which goes with the clock; S: measured on a GPU of 350 W
# under power caps, taken for the shape of a tray's own.
_MEASURED = ((100, 1390), (150, 2549), (200, 5941), (250, 8436), (300, 9326), (350, 9893))


def _dynamic_power() -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Clock, and power above idle at full demand, both as shares of their nominal values."""
    (low_w, low), (next_w, following), *_ = _MEASURED
    idle_w = low_w - (next_w - low_w) / (following - low) * low  # at a clock of 0
    full_w, fastest = _MEASURED[-1]
    clocks = (0.0, *(rate / fastest for _, rate in _MEASURED))
    powers = (0.0, *((watt - idle_w) / (full_w - idle_w) for watt, _ in _MEASURED))
    return clocks, powers


_CLOCKS, _POWERS = _dynamic_power()


def dynamic_share(clock_share: float) -> float:
    """Power above idle at full demand, of that at the highest clock; linear between points."""
    upper = min(max(bisect_right(_CLOCKS, clock_share), 1), len(_CLOCKS) - 1)
    low, high = _CLOCKS[upper - 1], _CLOCKS[upper]
    part = min((clock_share - low) / (high - low), 1.0)
    return _POWERS[upper - 1] + part * (_POWERS[upper] - _POWERS[upper - 1])


class LatchUpCheck:
    """One look at the trays a tray block, 1 Hz."""

    def __init__(self, parameters: Mapping[str, float], trays: int, report: Report) -> None:
        self._parameters = parameters
        self._report = report
        self._looks = [0] * trays  # in a row that show too much

    def look(self, trays: Sequence[TrayTelemetry]) -> int:
        """Trays found latched up in this look, bit i = tray i."""
        parameters = self._parameters
        volts = parameters["tray_busbar_v"]
        margin_w = parameters["tray_latchup_share"] * parameters["tray_power_max_w"]
        found = 0
        for index, tray in enumerate(trays):
            if not tray.powered:
                self._looks[index] = 0
                continue
            allowed_w = self.allowed_w(tray)
            excess_w = min(tray.power_w, tray.current_a * volts) - allowed_w
            if excess_w <= margin_w:
                self._looks[index] = 0
                continue
            self._looks[index] += 1
            if self._looks[index] < parameters["tray_latchup_looks"]:
                continue
            self._looks[index] = 0
            found |= 1 << index
            self._report(
                Severity.MEDIUM,
                "TRAY_LATCHUP",
                f"tray {index} draws {tray.current_a:.1f} A, {excess_w / volts:.1f} A more than "
                "its clock and mode can take",
                tray=index,
                current_a=tray.current_a,
                excess_a=excess_w / volts,
            )
        return found

    def allowed_w(self, tray: TrayTelemetry) -> float:
        """The most that the tray can take at full demand, doing what it says it does."""
        parameters = self._parameters
        idle_w, full_w = parameters["tray_power_min_w"], parameters["tray_power_max_w"]
        if tray.state != TrayState.RUNNING:
            return idle_w
        if tray.clock_mhz < parameters["clock_min_mhz"]:
            return full_w  # no tray runs like that: it hangs, or its clock is not known
        share = dynamic_share(tray.clock_mhz / parameters["clock_max_mhz"])
        return idle_w + share * (full_w - idle_w)
