"""A spacecraft that is not as its controller and its designers believe.

A bend replaces, each minor cycle, what goes into one step of the physics: the actuators as they
act, the vehicle's numbers, the state before the step, the environment. The physics itself is
`sim.spacecraft.step` in every case, so that energy and heat balance under every fault.

Proof: in the first cycle in which the step with the bend and the step without it, from the same
state, differ in a channel of the truth or of the environment, the bend has acted.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from hil.craft import Craft
from hil.faults.effect import Effect
from hil.mission import CYCLE_S, ENVIRONMENT_FIELDS
from sim.actuators import Actuators
from sim.environment import Environment
from sim.spacecraft import State, step, telemetry
from sim.vehicle import Vehicle

LEAST_DIFFERENCE = 1e-9  # of the value, of 1 in its unit where the value is smaller


@dataclass(frozen=True)
class Cycle:
    """What goes into one step."""

    vehicle: Vehicle
    state: State
    actuators: Actuators
    environment: Environment
    time_ns: int  # at its begin
    demand: float


Bend = Callable[[Cycle], Cycle]


class PlantBends:
    """The bends in force, in the order in which they came."""

    def __init__(self, craft: Craft) -> None:
        self._craft = craft
        self._sound = craft.vehicle
        self._bends: list[tuple[Bend, Effect]] = []

    def bend(self, bend: Bend) -> Effect:
        """Bend every cycle from the next one on."""
        effect = Effect()
        self._bends.append((bend, effect))
        effect.stop = lambda: self._release(effect)
        return effect

    def move(
        self, actuators: Actuators, environment: Environment, demand: float, time_ns: int
    ) -> Environment:
        """The physics of one minor cycle; returns the environment as it was."""
        craft = self._craft
        cycle = Cycle(self._sound, craft.state, actuators, environment, time_ns, demand)
        unproved = [effect for _, effect in self._bends if not effect.evidence]
        without = [self._bent(cycle, effect) for effect in unproved]
        bent = self._bent(cycle)
        craft.vehicle, craft.state = bent.vehicle, bent.state
        craft.move(bent.actuators, bent.environment, demand)
        if unproved:
            found = craft.telemetry() | _weather(bent.environment)
            for effect, sound in zip(unproved, without, strict=True):
                effect.prove(_difference(_after(sound), found))
        return bent.environment

    def _bent(self, cycle: Cycle, without: Effect | None = None) -> Cycle:
        for bend, effect in self._bends:
            if effect is not without:
                cycle = bend(cycle)
        return cycle

    def _release(self, effect: Effect) -> None:
        self._bends = [bend for bend in self._bends if bend[1] is not effect]


def _after(cycle: Cycle) -> dict[str, float]:
    state, flows = step(
        cycle.vehicle, cycle.state, cycle.actuators, cycle.environment, cycle.demand, CYCLE_S
    )
    return telemetry(cycle.vehicle, state, flows) | _weather(cycle.environment)


def _weather(environment: Environment) -> dict[str, float]:
    return {name: getattr(environment, name) for name in ENVIRONMENT_FIELDS}


def _difference(sound: dict[str, float], found: dict[str, float]) -> str:
    """The channel in which the two differ most, in words; empty where none does."""
    worst, size = "", LEAST_DIFFERENCE
    for name, value in sound.items():
        if name.endswith("_residual") or math.isclose(value, found[name], rel_tol=1e-12):
            continue
        relative = abs(value - found[name]) / max(abs(value), abs(found[name]), 1.0)
        if relative > size:
            worst, size = name, relative
    if not worst:
        return ""
    return f"{worst} is {found[worst]:.9g}, of a sound spacecraft {sound[worst]:.9g}"
