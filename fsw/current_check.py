"""The three currents of the main bus against each other, so that none that lies is acted on.

What the array gives and the loads do not take goes into the battery. When the three sensors
disagree, two more witnesses say which of them is wrong. The battery's voltage follows its true
current: the drop over its resistance, above the open-circuit voltage of the charge counted so far
and its polarisation. What the trays draw by their own sensors is the load, but for what everything
else takes. While all agree, the error of the open-circuit curve and that rest are learned, so that
a change of a current is told to a few amperes. What is used of a sensor that has failed is the
balance of the two others. One sensor at a time: two that lie are told only as a disagreement.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from fsw.state_of_charge import SECONDS_PER_HOUR

LEARN_S = 30.0  # filter of the curve's error: slow against noise
TELL_S = 1.0  # filter of what the voltage tells
LEARN_SHARE = 0.2  # of what else is drawn, a tray block: heater and pumps change in seconds
NEAR = 1.0 / 3.0  # of a disagreement: as near as this to one side is a verdict
UNLEARNED_A = 40.0  # a disagreement below it is not judged before the curve's error is known


class CurrentSensor(Enum):
    """The sensors, by their channels."""

    BATTERY = "battery_current"
    ARRAY = "array_current"
    LOADS = "bus_current"


@dataclass(frozen=True, slots=True)
class BusCurrents:
    """What the check found. Currents are as measured, or the balance of the others."""

    battery_a: float  # positive while charging
    array_a: float
    loads_a: float
    failed: CurrentSensor | None
    unbalanced: bool  # the three sensors disagree
    flowing_a: float  # into the battery; by its voltage while nobody knows who lies
    missed_ah: float  # what a count with the battery's sensor has missed, when that is found


class CurrentCheck:
    """10 Hz, with the trays at 1 Hz. `failed` is what was known at the start."""

    def __init__(
        self, parameters: Mapping[str, float], failed: CurrentSensor | None = None
    ) -> None:
        self._parameters = parameters
        self.failed = failed
        self._curve_error_v: float | None = None
        self._told_a = 0.0  # by the voltage, above the balance
        self._loads_a = 0.0  # measured last
        self._unbalanced = False
        self._above_a = 0.0  # battery's sensor above the balance of the others
        self._rest_a: float | None = None  # loads that are not the trays'
        self._excess_a: float | None = None  # of the loads' sensor over what the trays tell
        self._suspect: CurrentSensor | None = None
        self._bad_s = self._good_s = self._missed_ah = 0.0

    def step(
        self,
        battery_a: float,
        array_a: float,
        loads_a: float,
        invalid: Sequence[str],
        drop_v: float,
        dt_s: float,
    ) -> BusCurrents:
        """One sample of the three sensors; `invalid` has channels out of their range.

        `drop_v` is the battery's voltage above that of its charge and polarisation.
        """
        parameters = self._parameters
        broken = None
        if invalid:
            broken = next((sensor for sensor in CurrentSensor if sensor.value in invalid), None)
        balance_a = array_a - loads_a
        limit_a = parameters["current_tolerance_c"] * parameters["battery_capacity_ah"]
        self._loads_a, self._above_a = loads_a, battery_a - balance_a
        self._unbalanced = broken is not None or abs(self._above_a) > limit_a
        missed_ah = 0.0
        if not self._unbalanced:
            self._agree(drop_v, 0.5 * (battery_a + balance_a), dt_s)
        else:
            self._good_s = 0.0
            self._missed_ah -= self._above_a * dt_s / SECONDS_PER_HOUR
            self._listen(drop_v, balance_a, dt_s)
            suspect = broken or self._denied()
            self._bad_s = self._bad_s + dt_s if suspect is self._suspect else dt_s
            self._suspect = suspect
            told = suspect is not None and self._bad_s >= parameters["current_check_s"]
            if told and self.failed is None:
                self.failed = suspect
                if suspect is CurrentSensor.BATTERY:
                    missed_ah = self._missed_ah
        known = not self._unbalanced or self.failed is not None
        if self.failed is CurrentSensor.BATTERY:
            battery_a = balance_a
        elif self.failed is CurrentSensor.ARRAY:
            array_a = battery_a + loads_a
        elif self.failed is CurrentSensor.LOADS:
            loads_a = array_a - battery_a
        return BusCurrents(
            battery_a,
            array_a,
            loads_a,
            self.failed,
            self._unbalanced,
            battery_a if known else balance_a + self._told_a,
            missed_ah,
        )

    def trays(self, drawn_a: float) -> None:
        """1 Hz, after the sample of the same cycle: what the trays take from the bus."""
        if self._unbalanced:
            if self._rest_a is not None:
                self._excess_a = self._loads_a - drawn_a - self._rest_a
            return
        # Between what the sensors of loads and array tell: a slow drift speaks for neither.
        rest_a = self._loads_a - 0.5 * self._above_a - drawn_a
        if self._rest_a is None:
            self._rest_a = rest_a
        self._rest_a += LEARN_SHARE * (rest_a - self._rest_a)

    def _agree(self, drop_v: float, current_a: float, dt_s: float) -> None:
        error_v = drop_v - self._parameters["battery_resistance_ohm"] * current_a
        if self._curve_error_v is None:
            self._curve_error_v = error_v
        self._curve_error_v += min(dt_s / LEARN_S, 1.0) * (error_v - self._curve_error_v)
        self._good_s += dt_s
        self._bad_s = self._missed_ah = self._told_a = 0.0
        self._suspect = self._excess_a = None
        if self._good_s >= self._parameters["current_good_s"]:
            self.failed = None

    def _listen(self, drop_v: float, balance_a: float, dt_s: float) -> None:
        """What the battery's voltage tells of its current, whatever the sensors say."""
        learned_v = self._curve_error_v or 0.0
        told_a = (drop_v - learned_v) / self._parameters["battery_resistance_ohm"]
        self._told_a += min(dt_s / TELL_S, 1.0) * (told_a - balance_a - self._told_a)

    def _denied(self) -> CurrentSensor | None:
        """The sensor that the witnesses deny."""
        above_a = self._above_a
        near_a = NEAR * abs(above_a)
        if self._curve_error_v is None and abs(above_a) < UNLEARNED_A:
            return None
        if abs(self._told_a) < near_a:
            return CurrentSensor.BATTERY
        if abs(self._told_a - above_a) >= near_a or self._excess_a is None:
            return None
        if abs(self._excess_a) < near_a:
            return CurrentSensor.ARRAY
        return CurrentSensor.LOADS if abs(self._excess_a - above_a) < near_a else None
