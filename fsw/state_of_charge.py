"""State of charge of the battery: coulomb counting, drawn slowly to the open-circuit voltage.

The count integrates the battery current (positive while charging). While the current has been
small for a minute the terminal voltage, corrected for the ohmic drop, is close to the open-circuit
voltage, and the count is drawn towards what the open-circuit curve says. That removes the drift
of the current sensor without trusting a voltage under load.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

SECONDS_PER_HOUR = 3600.0


def interpolate(x: float, xs: Sequence[float], ys: Sequence[float]) -> float:
    """Piecewise linear y(x) over ascending xs, held at the ends."""
    if x <= xs[0]:
        return ys[0]
    for index in range(1, len(xs)):
        if x <= xs[index]:
            span = xs[index] - xs[index - 1]
            share = (x - xs[index - 1]) / span if span > 0.0 else 1.0
            return ys[index - 1] + share * (ys[index] - ys[index - 1])
    return ys[-1]


SOC_POINTS = tuple(step / 10 for step in range(11))  # where the curve of the parameters is given
OCV_NAMES = tuple(f"battery_ocv_{10 * step:03d}_v" for step in range(11))


def open_circuit_curve(parameters: Mapping[str, float]) -> tuple[float, ...]:
    """Open-circuit voltage (V) of the battery at SOC_POINTS."""
    return tuple(parameters[name] for name in OCV_NAMES)


class StateOfCharge:
    """Estimate of the charge, 0 to 1."""

    def __init__(self, parameters: Mapping[str, float], soc: float | None = None) -> None:
        """`soc` is what the protected store remembers, None when it remembers nothing."""
        self._parameters = parameters
        self.soc = soc
        self._quiet_s = 0.0

    def update(self, voltage_v: float, current_a: float, dt_s: float) -> float:
        """Count `current_a` (positive while charging) over `dt_s`; returns the estimate."""
        parameters = self._parameters
        if self.soc is None:
            self.soc = self.from_voltage(voltage_v, current_a)
            return self.soc
        soc = self.soc + current_a * dt_s / (SECONDS_PER_HOUR * parameters["battery_capacity_ah"])
        if abs(current_a) < parameters["soc_quiet_current_a"]:
            self._quiet_s += dt_s
            if self._quiet_s > parameters["soc_quiet_s"]:
                share = min(dt_s / parameters["soc_correction_s"], 1.0)
                soc += share * (self.from_voltage(voltage_v, current_a) - soc)
        else:
            self._quiet_s = 0.0
        self.soc = min(max(soc, 0.0), 1.0)
        return self.soc

    def correct(self, missed_ah: float) -> None:
        """Add what a count with a wrong current has missed."""
        if self.soc is not None:
            share = missed_ah / self._parameters["battery_capacity_ah"]
            self.soc = min(max(self.soc + share, 0.0), 1.0)

    def open_circuit_v(self) -> float | None:
        """Voltage of the present charge without current; None before the charge is known."""
        if self.soc is None:
            return None
        return interpolate(self.soc, SOC_POINTS, open_circuit_curve(self._parameters))

    def from_voltage(self, voltage_v: float, current_a: float) -> float:
        """State of charge that the open-circuit curve gives for this terminal voltage."""
        open_circuit_v = voltage_v - current_a * self._parameters["battery_resistance_ohm"]
        return interpolate(open_circuit_v, open_circuit_curve(self._parameters), SOC_POINTS)
