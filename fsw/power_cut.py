"""Tells when power, not heat or want of work, holds compute down, and when it no longer does.

A cut is a cap that trays feel: below what they could take, drawn in full, and not on its way up.
It begins and ends at different levels, and lasts before it is told.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from fsw.events import Report, Severity
from fsw.power import PowerBudget

FELT_SHARE = 0.9  # of the cap: trays that draw less are not held by it
END_SHARE = 0.95  # of what the trays could take
RISING_SHARE = 0.01  # a cap that has grown by so much is on its way up
NEAR_W = 1.0  # a cap as low as another one is that one's doing


class PowerCut:
    """1 Hz."""

    def __init__(self, parameters: Mapping[str, float], report: Report) -> None:
        self._parameters = parameters
        self._report = report
        self._caps_w: deque[float] = deque(maxlen=1 + round(parameters["power_cut_s"]))
        self._low_s = self._free_s = 0.0
        self.active = False

    def step(self, budget: PowerBudget, tray_power_w: float, trays_on: int, dt_s: float) -> None:
        """Look at the caps of a second, and at what the trays draw."""
        parameters = self._parameters
        cap_w, full_w = budget.tray_cap_w, trays_on * parameters["tray_power_max_w"]
        self._caps_w.append(cap_w)
        rising = cap_w > (1.0 + RISING_SHARE) * self._caps_w[0]
        felt = trays_on > 0 and tray_power_w > FELT_SHARE * cap_w
        low = felt and not rising and cap_w < parameters["power_cut_share"] * full_w
        free = cap_w >= END_SHARE * full_w or not felt
        self._low_s = self._low_s + dt_s if low else 0.0
        self._free_s = self._free_s + dt_s if free else 0.0
        if not self.active and self._low_s >= parameters["power_cut_s"]:
            self.active = True
            severity, cause = _cause(budget)
            self._report(
                severity,
                "POWER_CUT",
                f"trays are held to {cap_w / 1000.0:.1f} kW: {cause}",
                cause=cause,
                cap_w=cap_w,
            )
        elif self.active and self._free_s >= parameters["power_cut_end_s"]:
            self.active = False
            self._report(
                Severity.INFO, "POWER_CUT_ENDED", "trays are no longer held for want of power"
            )


def _cause(budget: PowerBudget) -> tuple[Severity, str]:
    """An eclipse that was planned for is no reason to worry."""
    if budget.surprise:
        return Severity.MEDIUM, "dark, and no forecast says so"
    if budget.dark:
        return Severity.LOW, "dark"
    if budget.tray_cap_w + NEAR_W < budget.sunlit_cap_w:
        return Severity.LOW, "an eclipse is near"
    return Severity.MEDIUM, "the array gives too little for load and charge"
