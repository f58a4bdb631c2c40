"""Modes of the rack-satellite: a table of transitions with guards.

| mode | trays | laws | left for |
| --- | --- | --- | --- |
| boot | as found | none | standby, once the controller is identified and configured |
| safe | off, held by the controller | none | boot, after recovery or on command |
| standby | off | thermal | nominal, once coolant runs and charge allows |
| nominal | on | all | eclipse, degraded |
| eclipse | on | all | nominal |
| degraded | on, but those given up | all | nominal, when the cause is gone |

Boot, eclipse and degraded come from the table alone; the ground commands safe, standby and nominal.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum


class Mode(IntEnum):
    """Stored as a number in the protected store: never renumber."""

    BOOT = 0
    SAFE = 1
    STANDBY = 2
    NOMINAL = 3
    ECLIPSE = 4
    DEGRADED = 5

    def __str__(self) -> str:
        return self.name.lower()


COMPUTING = frozenset({Mode.NOMINAL, Mode.ECLIPSE, Mode.DEGRADED})
COMMANDABLE = frozenset({Mode.SAFE, Mode.STANDBY, Mode.NOMINAL})


@dataclass(frozen=True, slots=True)
class Conditions:
    """What the guards look at."""

    configured: bool  # controller identified, registers and protected memory written
    controller_safe: bool  # the controller reports its safe state
    coolant_running: bool
    charge_allows: bool  # enough charge to power trays
    dark: bool
    degraded: bool  # something is given up
    standby_wanted: bool  # by fault protection
    safe_wanted: bool  # by fault protection
    recovery_due: bool  # the wait in the safe state is over and attempts are left


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of the table."""

    source: Mode
    target: Mode
    reason: str
    guard: Callable[[Conditions, Mode], bool]  # the mode is the highest the ground allows


def _safe(c: Conditions, allowed: Mode) -> bool:
    return c.controller_safe or c.safe_wanted or allowed is Mode.SAFE


def _standby(c: Conditions, allowed: Mode) -> bool:
    return c.standby_wanted or allowed is Mode.STANDBY


def _ready(c: Conditions, allowed: Mode) -> bool:
    may = allowed is Mode.NOMINAL and not c.standby_wanted
    return may and c.coolant_running and c.charge_allows


# First match wins; rows of a mode stand in order of urgency.
TRANSITIONS: tuple[Transition, ...] = (
    *(
        Transition(mode, Mode.SAFE, "controller safe, fault or command", _safe)
        for mode in (Mode.BOOT, Mode.STANDBY, Mode.NOMINAL, Mode.ECLIPSE, Mode.DEGRADED)
    ),
    *(
        Transition(mode, Mode.BOOT, "configuration lost", lambda c, _: not c.configured)
        for mode in (Mode.STANDBY, Mode.NOMINAL, Mode.ECLIPSE, Mode.DEGRADED)
    ),
    *(
        Transition(mode, Mode.STANDBY, "fault or command", _standby)
        for mode in (Mode.NOMINAL, Mode.ECLIPSE, Mode.DEGRADED)
    ),
    Transition(Mode.BOOT, Mode.STANDBY, "configured", lambda c, _: c.configured),
    Transition(
        Mode.SAFE,
        Mode.BOOT,
        "recovered",
        lambda c, allowed: c.recovery_due and not c.safe_wanted and allowed is not Mode.SAFE,
    ),
    Transition(Mode.STANDBY, Mode.NOMINAL, "coolant runs, charge allows", _ready),
    Transition(Mode.NOMINAL, Mode.DEGRADED, "something is given up", lambda c, _: c.degraded),
    Transition(Mode.ECLIPSE, Mode.DEGRADED, "something is given up", lambda c, _: c.degraded),
    Transition(Mode.DEGRADED, Mode.NOMINAL, "whole again", lambda c, _: not c.degraded),
    Transition(Mode.NOMINAL, Mode.ECLIPSE, "dark", lambda c, _: c.dark),
    Transition(Mode.ECLIPSE, Mode.NOMINAL, "sunlit", lambda c, _: not c.dark),
)


@dataclass(frozen=True, slots=True)
class ModeState:
    """Published after every step."""

    mode: Mode
    allowed: Mode  # highest mode the ground allows


class Modes:
    """The current mode, and what the ground allows."""

    def __init__(self, mode: Mode = Mode.BOOT, allowed: Mode = Mode.NOMINAL) -> None:
        self.mode = mode
        self.allowed = allowed
        self.transitions = 0

    def command(self, mode: Mode) -> None:
        """Set the highest mode allowed. Raises ValueError on one that is not commandable."""
        if mode not in COMMANDABLE:
            names = ", ".join(str(known) for known in sorted(COMMANDABLE))
            raise ValueError(f"mode {mode} cannot be commanded; commandable are {names}")
        self.allowed = mode

    def step(self, conditions: Conditions) -> Transition | None:
        """Take at most one transition; returns it."""
        for transition in TRANSITIONS:
            if transition.source is self.mode and transition.guard(conditions, self.allowed):
                self.mode = transition.target
                self.transitions += 1
                return transition
        return None
