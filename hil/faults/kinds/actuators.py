"""Actuators that do not do what the controller drives; its own registers are as they should be."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, field_validator, model_validator

from hil.faults.effect import Effect
from hil.faults.kinds.kind import Finite, Kind, Positive, Tray, changes, chosen
from hil.faults.plant_bends import Cycle
from hil.faults.rig import Rig
from hil.mission import CYCLE_S
from sim.actuators import Actuators, FloatArray

DRIVES = ("pump_a", "pump_b", "bypass", "heater")  # 0 to 1
LINES = ("tray_power", "tray_reset", "tray_scrub", "tray_reload")  # 0 or 1, a tray each
CAPS = ("power_cap_w", "clock_cap_mhz")  # a tray each

Rule = Callable[[FloatArray, int], FloatArray]  # driven, time in ns → acting


def still(driven: FloatArray, time_ns: int) -> FloatArray:
    """The rule of what does not act."""
    return np.zeros_like(driven)


def acting(
    actuators: Actuators, actuator: str, tray: int | None, rule: Rule, time_ns: int
) -> Actuators:
    """The actuators with one of them following a rule; the same object where nothing changes."""
    driven = getattr(actuators, actuator)
    place = (0, slice(None) if tray is None else tray) if driven.ndim == 2 else (0,)
    values = rule(np.atleast_1d(driven[place]).astype(np.float64), time_ns)
    values = np.maximum(values, 0.0) if actuator in CAPS else np.clip(values, 0.0, 1.0)
    after = driven.copy()
    after[place] = values.astype(driven.dtype).reshape(np.shape(driven[place]))
    if np.array_equal(after, driven):
        return actuators
    return replace(actuators, **{actuator: after})


class ActuatorKind(Kind):
    """A fault of one actuator: a drive, or a line or cap of tray `tray` (of all without it)."""

    actuator: str = Field(
        description=f"one of {', '.join(DRIVES)} (0 to 1); of a tray {', '.join(LINES)} (0 or 1), "
        f"{', '.join(CAPS)}"
    )
    tray: Tray | None = None

    @field_validator("actuator")
    @classmethod
    def _known(cls, actuator: str) -> str:
        return chosen("actuator", actuator, (*DRIVES, *LINES, *CAPS))

    @model_validator(mode="after")
    def _tray_has_it(self) -> Self:
        if self.tray is not None and self.actuator in DRIVES:
            raise ValueError(f"actuator {self.actuator} is the rack's, leave tray out")
        return self

    @abstractmethod
    def rule(self) -> Rule:
        """What acts instead of what is driven.

        It is asked several times for the same cycle, to see what the spacecraft would do without
        other faults: what it remembers may depend on earlier cycles only.
        """

    def begin(self, rig: Rig, rng: np.random.Generator) -> Effect:
        """Let the rule stand between drive and spacecraft."""
        rule = self.rule()
        return rig.plant.bend(
            lambda cycle: replace(
                cycle,
                actuators=acting(cycle.actuators, self.actuator, self.tray, rule, cycle.time_ns),
            )
        )


class GradualKind(ActuatorKind):
    """A fault that what is only on or off cannot have."""

    @field_validator("actuator")
    @classmethod
    def _has_values_between(cls, actuator: str) -> str:
        if actuator in LINES:
            raise ValueError(
                f"is on or off, {cls.name} is for {', '.join((*DRIVES, *CAPS))}; "
                "take actuator.stuck or actuator.dead"
            )
        return actuator


class Stuck(ActuatorKind):
    """It stays as it is driven when the fault comes, or at `value` in its own unit."""

    name: ClassVar[str] = "actuator.stuck"

    value: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None

    @model_validator(mode="after")
    def _within_its_range(self) -> Self:
        if self.value is not None and self.actuator in LINES and self.value not in (0.0, 1.0):
            raise ValueError(f"value = {self.value:g}, {self.actuator} is 0 or 1")
        if self.value is not None and self.actuator in DRIVES and self.value > 1.0:
            raise ValueError(f"value = {self.value:g}, {self.actuator} is 0 to 1")
        return self

    def rule(self) -> Rule:
        held: list[FloatArray] = []

        def hold(driven: FloatArray, time_ns: int) -> FloatArray:
            if not held:
                held.append(driven if self.value is None else np.full_like(driven, self.value))
            return held[0]

        return hold


class Slow(GradualKind):
    """It follows its drive, but changes by at most `rate_per_s` of its unit a second."""

    name: ClassVar[str] = "actuator.slow"

    rate_per_s: Positive

    def rule(self) -> Rule:
        most = self.rate_per_s * CYCLE_S
        cycle_ns = -1
        before = after = np.zeros(0)  # at the begin and at the end of this cycle

        def follow(driven: FloatArray, time_ns: int) -> FloatArray:
            nonlocal cycle_ns, before, after
            if time_ns != cycle_ns:
                before = driven if cycle_ns < 0 else after
                cycle_ns = time_ns
            after = before + np.clip(driven - before, -most, most)
            return after

        return follow


class Offset(GradualKind):
    """It acts as if driven by so much more or less, within its range."""

    name: ClassVar[str] = "actuator.offset"

    offset: Finite

    @field_validator("offset")
    @classmethod
    def _changes(cls, offset: float) -> float:
        return changes(offset, 0.0)

    def rule(self) -> Rule:
        return lambda driven, time_ns: driven + self.offset


class Dead(ActuatorKind):
    """It does not act: a drive or line of zero, whatever the controller says."""

    name: ClassVar[str] = "actuator.dead"

    def rule(self) -> Rule:
        return still


class PumpSeized(Kind):
    """The pump's rotor stands still at once, and draws nothing."""

    name: ClassVar[str] = "actuator.pump_seized"

    pump: Literal["a", "b"] = "a"

    def begin(self, rig: Rig, rng: np.random.Generator) -> Effect:
        name = f"pump_{self.pump}"

        def bend(cycle: Cycle) -> Cycle:
            coolant = replace(cycle.state.coolant, **{name: np.zeros(1)})
            return replace(
                cycle,
                state=replace(cycle.state, coolant=coolant),
                actuators=acting(cycle.actuators, name, None, still, cycle.time_ns),
            )

        return rig.plant.bend(bend)


class BypassStuck(Kind):
    """The bypass valve stays where it is, or jumps to `position` (0 radiator, 1 bypass)."""

    name: ClassVar[str] = "actuator.bypass_stuck"

    position: Annotated[float, Field(ge=0, le=1)] | None = None

    def begin(self, rig: Rig, rng: np.random.Generator) -> Effect:
        held = self.position
        if held is None:
            held = float(rig.craft.state.coolant.bypass[0])
        at = np.array([held])

        def bend(cycle: Cycle) -> Cycle:
            coolant = replace(cycle.state.coolant, bypass=at)
            return replace(
                cycle,
                state=replace(cycle.state, coolant=coolant),
                actuators=replace(cycle.actuators, bypass=at),
            )

        return rig.plant.bend(bend)


KINDS = (Stuck, Slow, Offset, Dead, PumpSeized, BypassStuck)
