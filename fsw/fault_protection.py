"""Fault protection: the monitors of `fsw/monitors.py` at work.

A monitor looks at one observation a second. When its condition has held for `persistence_s` it
trips: an event, and its response. When the condition has been gone for as long it clears. A monitor
that has stayed tripped for `escalate_s` asks for its escalation as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fsw.events import Report, Severity
from fsw.monitors import MONITORS, Monitor, Observation, Response


@dataclass(frozen=True, slots=True)
class FaultState:
    """Published after every step."""

    tripped: tuple[str, ...]
    shed: bool
    degraded: bool
    standby: bool
    safe: bool


NO_FAULT = FaultState((), False, False, False, False)


@dataclass
class _Watch:
    bad_s: float = 0.0
    good_s: float = 0.0
    tripped: bool = False
    tripped_s: float = 0.0
    escalated: bool = False
    trips: int = 0


class FaultProtection:
    """The table at work."""

    def __init__(
        self,
        parameters: Mapping[str, float],
        report: Report,
        monitors: tuple[Monitor, ...] = MONITORS,
    ) -> None:
        self._parameters = parameters
        self._report = report
        self._monitors = monitors
        self._watches = [_Watch() for _ in monitors]

    @property
    def trips(self) -> int:
        """Times that any monitor has tripped."""
        return sum(watch.trips for watch in self._watches)

    def step(self, observation: Observation, dt_s: float) -> FaultState:
        """One observation, `dt_s` after the last."""
        asked: set[Response] = set()
        names: list[str] = []
        for monitor, watch in zip(self._monitors, self._watches, strict=True):
            if observation.fresh or not monitor.needs_fresh:
                self._judge(monitor, watch, observation, dt_s)
            if not watch.tripped:
                continue
            names.append(monitor.name)
            asked.add(monitor.response)
            if watch.escalated:
                asked.add(monitor.escalation)
        return FaultState(
            tuple(names),
            Response.SHED in asked,
            Response.DEGRADED in asked,
            Response.STANDBY in asked,
            Response.SAFE in asked,
        )

    def _judge(
        self, monitor: Monitor, watch: _Watch, observation: Observation, dt_s: float
    ) -> None:
        persistence_s = self._parameters[monitor.persistence]
        if monitor.condition(observation, self._parameters):
            watch.bad_s += dt_s
            watch.good_s = 0.0
        else:
            watch.good_s += dt_s
            watch.bad_s = 0.0
        if not watch.tripped:
            if watch.bad_s >= persistence_s and watch.bad_s > 0.0:
                watch.tripped = True
                watch.tripped_s = 0.0
                watch.trips += 1
                self._report(
                    monitor.severity,
                    monitor.name,
                    f"{monitor.text}; response: {monitor.response.value}",
                    response=monitor.response.value,
                )
            return
        watch.tripped_s += dt_s
        if watch.good_s > 0.0 and watch.good_s >= persistence_s:
            watch.tripped = watch.escalated = False
            self._report(Severity.INFO, f"{monitor.name}_CLEARED", f"no longer: {monitor.text}")
        elif (
            monitor.escalate
            and not watch.escalated
            and watch.good_s == 0.0
            and watch.tripped_s >= self._parameters[monitor.escalate]
        ):
            watch.escalated = True
            self._report(
                Severity.HIGH,
                f"{monitor.name}_ESCALATED",
                f"{monitor.text}, still; response: {monitor.escalation.value}",
                response=monitor.escalation.value,
            )
