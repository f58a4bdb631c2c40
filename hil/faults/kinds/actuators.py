"""Actuators that do not do what the controller drives; its own registers are as they should be."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar, Literal, Self

import numpy as np
from pydantic import Field, field_validator, model_validator

from hil.errors import UsageError
from hil.faults.effect import Effect
from hil.faults.kinds.kind import Finite, Kind, Positive, Tray, chosen
from hil.faults.plant_bends import Cycle
from hil.faults.rig import Rig
from hil.mission import CYCLE_S
from sim.actuators import Actuators, FloatArray

DRIVES = ("pump_a", "pump_b", "bypass", "heater")  # 0 to 1
LINES = ("tray_power", "tray_reset", "tray_scrub", "tray_reload")  # 0 or 1, a tray each
CAPS = ("power_cap_w", "clock_cap_mhz")  # a tray each

Rule = Callable[[FloatArray], FloatArray]  # driven → acting


def acting(actuators: Actuators, actuator: str, tray: int | None, rule: Rule) -> Actuators:
    """The actuators with one of them following a rule; the same object where nothing changes."""
    driven = getattr(actuators, actuator)
    place = (0, slice(None) if tray is None else tray) if driven.ndim == 2 else (0,)
    values = rule(np.atleast_1d(driven[place]).astype(np.float64))
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
        """What acts instead of what is driven."""

    def begin(self, rig: Rig, rng: np.random.Generator) -> Effect:
        """Let the rule stand between drive and spacecraft."""
        if self.tray is not None and self.tray >= rig.trays:
            raise UsageError(f"{self.name}: tray {self.tray}, the vehicle has {rig.trays}")
        rule = self.rule()
        return rig.plant.bend(
            lambda cycle: replace(
                cycle, actuators=acting(cycle.actuators, self.actuator, self.tray, rule)
            )
        )


class Stuck(ActuatorKind):
    """It stays as it is driven when the fault comes, or at `value` in its own unit."""

    name: ClassVar[str] = "actuator.stuck"

    value: Finite | None = None

    def rule(self) -> Rule:
        held: list[FloatArray] = []

        def hold(driven: FloatArray) -> FloatArray:
            if not held:
                held.append(driven if self.value is None else np.full_like(driven, self.value))
            return held[0]

        return hold


class Slow(ActuatorKind):
    """It follows its drive, but changes by at most `rate_per_s` of its unit a second."""

    name: ClassVar[str] = "actuator.slow"

    rate_per_s: Positive

    def rule(self) -> Rule:
        at: list[FloatArray] = []

        def follow(driven: FloatArray) -> FloatArray:
            if not at:
                at.append(driven)
            most = self.rate_per_s * CYCLE_S
            at[0] = at[0] + np.clip(driven - at[0], -most, most)
            return at[0]

        return follow


class Offset(ActuatorKind):
    """It acts as if driven by so much more or less, within its range."""

    name: ClassVar[str] = "actuator.offset"

    offset: Finite

    def rule(self) -> Rule:
        return lambda driven: driven + self.offset


class Dead(ActuatorKind):
    """It does not act: a drive or line of zero, whatever the controller says."""

    name: ClassVar[str] = "actuator.dead"

    def rule(self) -> Rule:
        return np.zeros_like


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
                actuators=acting(cycle.actuators, name, None, np.zeros_like),
            )

        return rig.plant.bend(bend)


class BypassStuck(Kind):
    """The bypass valve stays where it is, or jumps to `position` (0 radiator, 1 bypass)."""

    name: ClassVar[str] = "actuator.bypass_stuck"

    position: Finite | None = None

    def begin(self, rig: Rig, rng: np.random.Generator) -> Effect:
        held = self.position
        if held is None:
            held = float(rig.craft.state.coolant.bypass[0])
        at = np.array([min(max(held, 0.0), 1.0)])

        def bend(cycle: Cycle) -> Cycle:
            coolant = replace(cycle.state.coolant, bypass=at)
            return replace(
                cycle,
                state=replace(cycle.state, coolant=coolant),
                actuators=replace(cycle.actuators, bypass=at),
            )

        return rig.plant.bend(bend)


KINDS = (Stuck, Slow, Offset, Dead, PumpSeized, BypassStuck)
