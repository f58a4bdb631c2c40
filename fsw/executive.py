"""Cyclic executive: rate groups of a 10 Hz minor cycle, with every app isolated from the others.

Apps run in the order they are given. An app that raises is reported and counted, the others go
on; after `failures_before_restart` failures in a row it is restarted. The only clock is the
steady time handed to `minor_cycle`, of which nothing is asked: what is due is counted in cycles.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from fsw.events import Report, Severity

MINOR_CYCLE_NS = 100_000_000
EVERY_CYCLE = 1  # 10 Hz
EVERY_SECOND = 10  # 1 Hz
EVERY_TEN_SECONDS = 100  # 0.1 Hz


@dataclass
class App:
    """A step that runs every `period` minor cycles, at cycle `phase` of that period."""

    name: str
    period: int
    step: Callable[[int], None]  # argument: steady time, ns
    restart: Callable[[], None]
    phase: int = 0
    runs: int = field(default=0, init=False)
    failures: int = field(default=0, init=False)
    failures_in_a_row: int = field(default=0, init=False)
    restarts: int = field(default=0, init=False)
    last_good_cycle: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        if self.period < 1 or not 0 <= self.phase < self.period:
            raise ValueError(
                f"app {self.name}: period {self.period}, phase {self.phase}; "
                "the period must be at least 1 cycle and the phase inside it"
            )


class Executive:
    """Runs the apps that are due, and knows which of them did their work."""

    def __init__(
        self, apps: Sequence[App], report: Report, failures_before_restart: int = 3
    ) -> None:
        names = [app.name for app in apps]
        if len(set(names)) != len(names):
            raise ValueError(f"executive: app names must differ, got {', '.join(names)}")
        self.apps = tuple(apps)
        self.cycle = 0
        self._report = report
        self._failures_before_restart = failures_before_restart
        self._slots = tuple(
            tuple(app for app in self.apps if slot % app.period == app.phase)
            for slot in range(EVERY_TEN_SECONDS)
        )

    @property
    def failures(self) -> int:
        """Exceptions caught, all apps."""
        return sum(app.failures for app in self.apps)

    @property
    def restarts(self) -> int:
        """Restarts, all apps."""
        return sum(app.restarts for app in self.apps)

    def minor_cycle(self, time_ns: int) -> None:
        """Run what is due in this cycle."""
        for app in self._slots[self.cycle % EVERY_TEN_SECONDS]:
            try:
                app.step(time_ns)
            except Exception as error:  # isolation: reported and counted below
                self._failed(app, error)
            else:
                app.runs += 1
                app.failures_in_a_row = 0
                app.last_good_cycle = self.cycle
        self.cycle += 1

    def all_ran(self) -> bool:
        """True when every app did its work within its period and within the last second."""
        cycle = self.cycle
        for app in self.apps:
            window = app.period if app.period > EVERY_SECOND else EVERY_SECOND
            if cycle - app.last_good_cycle > window:
                return False
        return True

    def _failed(self, app: App, error: Exception) -> None:
        app.failures += 1
        app.failures_in_a_row += 1
        self._report(
            Severity.MEDIUM,
            "APP_FAILED",
            f"{app.name} raised {type(error).__name__}: {error}",
            app=app.name,
            error=type(error).__name__,
            in_a_row=app.failures_in_a_row,
        )
        if app.failures_in_a_row < self._failures_before_restart:
            return
        app.failures_in_a_row = 0
        try:
            app.restart()
        except Exception as restart_error:  # the next failures bring the next attempt
            self._report(
                Severity.HIGH,
                "APP_RESTART_FAILED",
                f"{app.name} did not restart: {type(restart_error).__name__}: {restart_error}",
                app=app.name,
                error=type(restart_error).__name__,
            )
        else:
            app.restarts += 1
            self._report(
                Severity.HIGH,
                "APP_RESTARTED",
                f"{app.name} restarted after {self._failures_before_restart} failures in a row",
                app=app.name,
            )
