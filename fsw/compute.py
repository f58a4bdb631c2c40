"""Compute: one power cap and one clock cap a tray out of the power, thermal and load limits.

The rack budget is shared evenly among the trays that are on; what a hot tray may not use goes to
the others. Caps are written in steps of `cap_step_w`, so that the link is not busy with noise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fsw.registers import TRAY_CONTROL_CAP

_POWER = TRAY_CONTROL_CAP.field("power")
_CLOCK = TRAY_CONTROL_CAP.field("clock")
_UNLIMITED = _CLOCK.maximum


@dataclass(frozen=True, slots=True)
class Caps:
    """Caps of all trays, 1 Hz."""

    power_w: tuple[float, ...]
    clock_mhz: tuple[int, ...]
    total_w: float  # of the trays that are on

    def words(self) -> list[int]:
        """The words of tray_control.cap, in tray order."""
        return [
            _POWER.raw(power_w) << _POWER.lsb | clock_mhz
            for power_w, clock_mhz in zip(self.power_w, self.clock_mhz, strict=True)
        ]


_ROUNDING_W = 1e-6  # what adding up the shares of a rack may lose


def share_out(budget_w: float, limits_w: Sequence[float]) -> list[float]:
    """Even shares of `budget_w`, none above its limit; what one leaves goes to the others."""
    shares = [0.0] * len(limits_w)
    left_w = budget_w
    order = sorted(range(len(limits_w)), key=lambda index: limits_w[index])
    for position, index in enumerate(order):
        even_w = left_w / (len(order) - position)
        shares[index] = min(limits_w[index], max(even_w, 0.0))
        left_w -= shares[index]
    return shares


class ComputeLaw:
    """Merges the limits, and holds caps still against small changes."""

    def __init__(self, parameters: Mapping[str, float], trays: int) -> None:
        self._parameters = parameters
        self._trays = trays
        self._power_w = [0.0] * trays

    def step(
        self,
        budget_w: float,
        tray_fraction: Sequence[float],
        rack_fraction: float,
        load_limit: float,
        powered: Sequence[bool],
        emergency: bool = False,
    ) -> Caps:
        """Caps for a tray budget of `budget_w` and limits as fractions of the largest power."""
        parameters = self._parameters
        max_w, min_w = parameters["tray_power_max_w"], parameters["tray_power_min_w"]
        top = min(rack_fraction, load_limit)
        if emergency:
            top = min(top, parameters["emergency_fraction"])
        limits_w = [max_w * min(fraction, top) for fraction in tray_fraction]
        on = [index for index in range(self._trays) if powered[index]]
        budget_w = min(budget_w, max_w * self._trays * load_limit)
        # A tray that is switched on next must find a share, so an empty rack shares as a full one.
        sharing = on or list(range(self._trays))
        shares = share_out(budget_w, [limits_w[index] for index in sharing])
        wanted_w = [min(budget_w / len(sharing), limit_w) for limit_w in limits_w]
        for index, share_w in zip(sharing, shares, strict=True):
            wanted_w[index] = share_w
        step_w = parameters["cap_step_w"]
        for index, value_w in enumerate(wanted_w):
            value_w = max(value_w, min_w)
            if value_w > max_w - _ROUNDING_W:
                value_w = max_w
            held_w = self._power_w[index]
            at_end = value_w in (min_w, max_w) and value_w != held_w
            if value_w < held_w or value_w >= held_w + step_w or at_end:
                self._power_w[index] = min(max(step_w * (value_w // step_w), min_w), max_w)
                if value_w == max_w:
                    self._power_w[index] = max_w
        clock = self._clock(emergency)
        return Caps(
            tuple(self._power_w),
            (clock,) * self._trays,
            sum(self._power_w[index] for index in on),
        )

    def _clock(self, emergency: bool) -> int:
        """The clock is capped only in an emergency, when the power cap may act too slowly."""
        if not emergency:
            return _UNLIMITED
        return _CLOCK.raw(self._parameters["clock_min_mhz"])
