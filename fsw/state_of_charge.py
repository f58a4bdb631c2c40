"""State of charge of the battery: told by the voltage at a start, then counted.

The battery is a source with the open-circuit voltage of its charge, a resistance, and a
polarisation that follows the current over a minute:

    voltage = open circuit (charge) + polarisation + resistance * current

The count integrates the battery current (positive while charging). While the current has been
small for a minute the terminal voltage, less drop and polarisation, is close to the open-circuit
voltage, and the count is drawn towards what the open-circuit curve says. That removes the drift
of the current sensor without trusting a voltage under load.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping

SECONDS_PER_HOUR = 3600.0
SOC_STEPS = 20  # the curve of the parameters is given at 0, 1/20, ... 1
OCV_NAMES = tuple(f"battery_ocv_{100 * k // SOC_STEPS:03d}_v" for k in range(SOC_STEPS + 1))
REST = 0.04  # square of a sample's noise over the polarisation that a start may find


def open_circuit_v(parameters: Mapping[str, float], soc: float) -> float:
    """Open-circuit voltage at this charge, held at the ends."""
    place = min(max(soc, 0.0), 1.0) * SOC_STEPS
    step = min(int(place), SOC_STEPS - 1)
    low_v, high_v = parameters[OCV_NAMES[step]], parameters[OCV_NAMES[step + 1]]
    return low_v + (place - step) * (high_v - low_v)


def charge_of(parameters: Mapping[str, float], rest_v: float) -> float:
    """Charge at which this is the open-circuit voltage, held at the ends."""
    curve = [parameters[name] for name in OCV_NAMES]
    step = bisect_right(curve, rest_v) - 1
    if step < 0:
        return 0.0
    if step >= SOC_STEPS:
        return 1.0
    return (step + (rest_v - curve[step]) / (curve[step + 1] - curve[step])) / SOC_STEPS


def polarise(
    parameters: Mapping[str, float], polarised_v: float, current_a: float, dt_s: float
) -> float:
    """Polarisation after `dt_s` of a current, positive after charging."""
    settled_v = parameters["battery_polarisation_ohm"] * current_a
    share = min(dt_s / parameters["battery_relaxation_s"], 1.0)
    return polarised_v + share * (settled_v - polarised_v)


class ChargeFit:
    """Charge at a start, from the voltages that follow.

    Less the drop of the current, and what this has polarised and charged since, a voltage is the
    open-circuit one of the start, but for the polarisation that was there before. That is not
    known, and fades at a known rate: the open-circuit voltage is what a straight line through the
    samples has where nothing is left of it. Before much of it can have faded, the battery is taken
    for one that was at rest (ridge regression). A resistance that is not as in the parameters
    costs the charge of its drop.
    """

    def __init__(self, parameters: Mapping[str, float]) -> None:
        self._parameters = parameters
        self._samples = 0
        self._since_v = 0.0  # polarised since the start
        self._fades = 1.0  # part that is left of what was polarised before
        self._left = self._rest_v = self._counted = 0.0  # sums
        self._left_left = self._left_v = self._left_counted = 0.0
        self._soc = self._before_v = 0.0  # at the start: charge, and what was polarised before
        self.counted = 0.0  # since, as a part of the capacity
        self.age_s = 0.0

    @property
    def soc(self) -> float:
        """The charge of now."""
        return min(max(self._soc + self.counted, 0.0), 1.0)

    @property
    def polarised_v(self) -> float:
        """The polarisation of now."""
        return self._since_v + self._fades * self._before_v

    def step(self, voltage_v: float, current_a: float, dt_s: float) -> None:
        """One sample. A voltage beyond the curve tells nothing."""
        parameters = self._parameters
        self.age_s += dt_s
        self._since_v = polarise(parameters, self._since_v, current_a, dt_s)
        self._fades = self._fades * (1.0 - min(dt_s / parameters["battery_relaxation_s"], 1.0))
        rest_v = voltage_v - parameters["battery_resistance_ohm"] * current_a - self._since_v
        told = charge_of(parameters, rest_v)
        if not self._samples:
            self._soc = told
        elif not 0.0 < told < 1.0:
            return
        left, counted = self._fades, self.counted
        self._samples += 1
        self._left += left
        self._rest_v += rest_v
        self._counted += counted
        self._left_left += left * left
        self._left_v += left * rest_v
        self._left_counted += left * counted
        self._solve()

    def _solve(self) -> None:
        """The line: voltage at rest = open circuit + slope of the curve * counted + v * left."""
        parameters, n = self._parameters, self._samples
        step = min(int(self._soc * SOC_STEPS), SOC_STEPS - 1)
        curve_v = (parameters[OCV_NAMES[step + 1]] - parameters[OCV_NAMES[step]]) * SOC_STEPS
        start_v = (self._rest_v - curve_v * self._counted) / n
        left_v = self._left_v - curve_v * self._left_counted
        left = self._left / n
        spread = max(self._left_left - self._left * left, 0.0)
        self._before_v = (left_v - self._left * start_v) / (spread + REST)
        self._soc = charge_of(parameters, start_v - self._before_v * left)


class StateOfCharge:
    """Estimate of the charge, 0 to 1."""

    def __init__(self, parameters: Mapping[str, float], soc: float | None = None) -> None:
        """`soc` is what the protected store remembers, None when it remembers nothing."""
        self._parameters = parameters
        self.soc = soc
        self._fit: ChargeFit | None = None
        self._polarised_v: float | None = None
        self._quiet_s = 0.0

    def forget(self) -> None:
        """Nothing is known of the charge any more."""
        self.soc = self._fit = self._polarised_v = None

    def update(
        self, voltage_v: float, current_a: float, dt_s: float, flowing_a: float | None = None
    ) -> float:
        """Count `current_a` (positive while charging) over `dt_s`; returns the estimate.

        `flowing_a` is what polarises the battery, where that is not the current to be counted.
        """
        parameters = self._parameters
        if self.soc is None:
            dt_s = 0.0
        counted = current_a * dt_s / (SECONDS_PER_HOUR * parameters["battery_capacity_ah"])
        if self.soc is None or self._fit is not None:
            self.soc = self._fitted(voltage_v, current_a, counted, dt_s)
            return self.soc
        polarised_v = self.polarised_v(voltage_v)
        flowing_a = current_a if flowing_a is None else flowing_a
        self._polarised_v = polarise(parameters, polarised_v, flowing_a, dt_s)
        soc = self.soc + counted
        if abs(current_a) < parameters["soc_quiet_current_a"]:
            self._quiet_s += dt_s
            if self._quiet_s > parameters["soc_quiet_s"]:
                share = min(dt_s / parameters["soc_correction_s"], 1.0)
                drop_v = parameters["battery_resistance_ohm"] * current_a
                told = charge_of(parameters, voltage_v - drop_v - self._polarised_v)
                soc += share * (told - soc)
        else:
            self._quiet_s = 0.0
        self.soc = min(max(soc, 0.0), 1.0)
        return self.soc

    def _fitted(self, voltage_v: float, current_a: float, counted: float, dt_s: float) -> float:
        """The charge by the fit, which ends when it is old enough."""
        fit = self._fit or ChargeFit(self._parameters)
        fit.counted += counted
        fit.step(voltage_v, current_a, dt_s)
        self._polarised_v = fit.polarised_v
        self._fit = fit if fit.age_s < self._parameters["soc_fit_s"] else None
        return fit.soc

    def correct(self, missed_ah: float) -> None:
        """Add what a count with a wrong current has missed."""
        if self.soc is not None:
            share = missed_ah / self._parameters["battery_capacity_ah"]
            self.soc = min(max(self.soc + share, 0.0), 1.0)
            if self._fit is not None:
                self._fit.counted += share

    def drop_v(self, voltage_v: float) -> float:
        """What the current's drop makes of the voltage; 0 before the charge is known."""
        if self.soc is None:
            return 0.0
        return voltage_v - open_circuit_v(self._parameters, self.soc) - self.polarised_v(voltage_v)

    def polarised_v(self, voltage_v: float) -> float:
        """Polarisation of now; where it is not known, as a current leaves it that lasted."""
        if self._polarised_v is None:
            parameters = self._parameters
            over_v = voltage_v - open_circuit_v(parameters, self.soc or 0.0)
            part_ohm = parameters["battery_polarisation_ohm"]
            self._polarised_v = (
                over_v * part_ohm / (part_ohm + parameters["battery_resistance_ohm"])
            )
        return self._polarised_v
