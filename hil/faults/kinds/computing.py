"""Faults of the flight computer: apps that fail or take too long, reboots, a clock that jumps."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field, field_validator

from fsw.executive import App
from hil.errors import UsageError
from hil.faults.effect import Effect
from hil.faults.faulty_flight_side import Reboot
from hil.faults.kinds.kind import Kind, Seconds, changes, chosen
from hil.faults.rig import Rig
from hil.faults.words import MOST_S
from hil.mission import CYCLE_NS

MOST_JUMP_S = 1e9  # some thirty years
APPS = (
    "commanding",
    "acquisition",
    "watch",
    "checks",
    "faults",
    "modes",
    "power",
    "thermal",
    "compute",
    "trays",
    "scrubbing",
    "charge",
    "upkeep",
)


class Injected(RuntimeError):
    """What an app raises that was made to fail."""


class AppKind(Kind):
    """A fault of one app of flight software, in `runs` of its runs (in all without it)."""

    app: str = Field(description=f"one of {', '.join(APPS)}")
    runs: Annotated[int, Field(ge=1)] | None = None

    @field_validator("app")
    @classmethod
    def _known(cls, app: str) -> str:
        return chosen("app", app, APPS)

    @abstractmethod
    def wrap(self, rig: Rig, effect: Effect, step: Callable[[int], None]) -> Callable[[int], None]:
        """What runs instead of the app's step."""

    def begin(self, rig: Rig, rng: np.random.Generator) -> Effect:
        """Put another step into the app's place."""
        app = _app(rig, self.app)
        plain = app.step
        effect = Effect()
        bad = self.wrap(rig, effect, plain)
        left = [self.runs]

        def step(time_ns: int) -> None:
            if left[0] == 0:
                plain(time_ns)
                return
            if left[0] is not None:
                left[0] -= 1
                effect.present = left[0] > 0
            bad(time_ns)

        app.step = step

        def stop() -> None:
            app.step = plain

        effect.stop = stop
        return effect


class AppException(AppKind):
    """The app raises instead of doing its work."""

    name: ClassVar[str] = "computing.app_exception"

    def wrap(self, rig: Rig, effect: Effect, step: Callable[[int], None]) -> Callable[[int], None]:
        def fail(time_ns: int) -> None:
            effect.prove(f"{self.app} raised")
            raise Injected("injected")

        return fail


class AppOverrun(AppKind):
    """The app takes `overrun_s` longer: what follows in the minor cycle is late.

    Flight software misses the minor cycles that it takes up whole, while the spacecraft and its
    controller go on.
    """

    name: ClassVar[str] = "computing.app_overrun"

    overrun_s: Seconds = 0.1

    def wrap(self, rig: Rig, effect: Effect, step: Callable[[int], None]) -> Callable[[int], None]:
        def late(time_ns: int) -> None:
            step(time_ns)
            through_ns = rig.target.now_ns + round(self.overrun_s * 1e9)
            # The spacecraft moves between minor cycles: what is left of this one comes at its end,
            # and the one that flight software flies next begins when it is through.
            rig.target.advance_to(min(through_ns, rig.now_ns + CYCLE_NS + 1))
            rig.flight.busy_until_ns = through_ns
            effect.prove(f"{self.app} ended {self.overrun_s:g} s late")

        return late


class FlightReboot(Kind):
    """Flight software stops and starts anew `down_s` later, with what its store kept.

    With `mid_transaction` it stops between a command and its reply, otherwise between two minor
    cycles.
    """

    name: ClassVar[str] = "computing.reboot"
    lasting: ClassVar[bool] = False

    down_s: Annotated[float, Field(ge=0, le=MOST_S)] = 5.0
    mid_transaction: bool = True

    def begin(self, rig: Rig, rng: np.random.Generator) -> Effect:
        effect = Effect(present=False)
        rig.flight.reboot_s = self.down_s

        def reboot() -> None:
            effect.prove("flight software stopped between a command and its reply")
            raise Reboot

        if self.mid_transaction:
            rig.port.when_in_flight(reboot)
        else:
            rig.flight.go_down(rig.now_ns)
            effect.prove("flight software stopped between two minor cycles")
        return effect


class ClockJump(Kind):
    """Mission time as flight software is told it jumps by `jump_s`; with `for_s` it jumps back.

    It does not jump to before the begin of the mission: it is 0 then, as that of a clock which was
    reset.
    """

    name: ClassVar[str] = "computing.clock_jump"

    jump_s: Annotated[float, Field(ge=-MOST_JUMP_S, le=MOST_JUMP_S)]

    @field_validator("jump_s")
    @classmethod
    def _changes(cls, jump_s: float) -> float:
        return changes(jump_s, 0.0)

    def begin(self, rig: Rig, rng: np.random.Generator) -> Effect:
        flight = rig.flight
        jump_ns = max(round(self.jump_s * 1e9), -flight.time_offset_ns - rig.now_ns)
        flight.time_offset_ns += jump_ns
        effect = Effect(f"flight software is told {jump_ns / 1e9:g} s more" if jump_ns else "")

        def stop() -> None:
            flight.time_offset_ns -= jump_ns

        effect.stop = stop
        return effect


def _app(rig: Rig, name: str) -> App:
    for app in rig.flight.software.executive.apps:
        if app.name == name:
            return app
    raise UsageError(f"flight software has no app {name!r}")


KINDS = (AppException, AppOverrun, FlightReboot, ClockJump)
