"""The battery's current by other means, so that a broken sensor does not spoil the charge.

What the array gives and the loads do not take goes into the battery: all three sensors sit on the
main bus. When they disagree, the battery's voltage says who is right: it follows the true current
over the pack's resistance, from the open-circuit voltage of the charge counted so far. While all
agree, the error of that curve is learned, so that a change of current is told to a few amperes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fsw.state_of_charge import SECONDS_PER_HOUR

LEARN_S = 30.0  # filter of the curve's error: slow against noise
TELL_S = 1.0  # filter of what the voltage tells
NEAR = 1.0 / 3.0  # of a disagreement: as near as this to one side is a verdict
UNLEARNED_A = 40.0  # a disagreement below it is not judged before the curve's error is known


@dataclass(frozen=True, slots=True)
class BatteryCurrent:
    """What the check found."""

    current_a: float  # positive while charging: measured, or of the balance of the others
    failed: bool  # the battery's sensor
    unbalanced: bool  # the three sensors disagree
    missed_ah: float  # what a count with the sensor has missed, when it is declared failed


class CurrentCheck:
    """10 Hz. `failed` is what was known at the start."""

    def __init__(self, parameters: Mapping[str, float], failed: bool = False) -> None:
        self._parameters = parameters
        self.failed = failed
        self._curve_error_v: float | None = None
        self._told_a = 0.0  # by the voltage, above the balance
        self._bad_s = self._good_s = self._missed_ah = 0.0

    def step(
        self,
        battery_a: float,
        balance_a: float,
        valid: bool,
        overvoltage_v: float,
        dt_s: float,
    ) -> BatteryCurrent:
        """Currents of the battery's sensor and of array minus loads, positive while charging.

        `overvoltage_v` is the battery's voltage above the open-circuit voltage of its charge.
        """
        parameters = self._parameters
        apart_a = abs(battery_a - balance_a)
        limit_a = parameters["current_tolerance_c"] * parameters["battery_capacity_ah"]
        unbalanced = not valid or apart_a > limit_a
        missed_ah = 0.0
        if not unbalanced:
            self._learn(overvoltage_v, 0.5 * (battery_a + balance_a), dt_s)
            self._good_s += dt_s
            self._bad_s = self._missed_ah = self._told_a = 0.0
            if self._good_s >= parameters["current_good_s"]:
                self.failed = False
        else:
            self._good_s = 0.0
            self._missed_ah += (balance_a - battery_a) * dt_s / SECONDS_PER_HOUR
            denied = not valid or self._denied(balance_a, apart_a, overvoltage_v, dt_s)
            self._bad_s = self._bad_s + dt_s if denied else 0.0
            if self._bad_s >= parameters["current_check_s"] and not self.failed:
                self.failed, missed_ah = True, self._missed_ah
        current_a = balance_a if self.failed else battery_a
        return BatteryCurrent(current_a, self.failed, unbalanced, missed_ah)

    def _learn(self, overvoltage_v: float, current_a: float, dt_s: float) -> None:
        error_v = overvoltage_v - self._parameters["battery_resistance_ohm"] * current_a
        if self._curve_error_v is None:
            self._curve_error_v = error_v
        self._curve_error_v += min(dt_s / LEARN_S, 1.0) * (error_v - self._curve_error_v)

    def _denied(self, balance_a: float, apart_a: float, overvoltage_v: float, dt_s: float) -> bool:
        """Whether the battery's voltage takes the balance's side."""
        learned_v = self._curve_error_v or 0.0
        told_a = (overvoltage_v - learned_v) / self._parameters["battery_resistance_ohm"]
        self._told_a += min(dt_s / TELL_S, 1.0) * (told_a - balance_a - self._told_a)
        if self._curve_error_v is None and apart_a < UNLEARNED_A:
            return False
        return abs(self._told_a) < NEAR * apart_a
