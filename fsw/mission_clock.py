"""Steady time, which measures durations, beside a mission time that may be set or upset.

Mission time stamps events and packets, releases scheduled commands and places eclipses. Steady time
starts with it and then follows the minor cycles: a cycle that comes late by no more than
`LONGEST_GAP_NS` has missed some and counts in full, at any other step of mission time the clock has
jumped, and one minor cycle has passed. Thus no step of the clock trips, freezes or hastens a timer.
"""

from __future__ import annotations

from fsw.events import EventLog, Severity
from fsw.executive import MINOR_CYCLE_NS

LONGEST_GAP_NS = 1_000_000_000  # D: cycles that an app overruns; shorter than any persistence


class MissionClock:
    """Both times of a minor cycle, ns."""

    def __init__(self, events: EventLog) -> None:
        self.mission_ns = 0
        self.steady_ns = 0
        self.irregular_cycles = 0  # cycles that did not follow the last one by one minor cycle
        self.jumped = False  # in this cycle
        self._events = events
        self._runs = False

    @property
    def offset_s(self) -> float:
        """Mission time less steady time."""
        return (self.mission_ns - self.steady_ns) / 1e9

    def advance(self, mission_ns: int) -> int:
        """The steady time of a minor cycle at this mission time. Of jumps in a row the first is
        told."""
        before, self.mission_ns = self.mission_ns, mission_ns
        self._events.time_ns = mission_ns
        if not self._runs:
            self._runs = True
            self.steady_ns = mission_ns
            return mission_ns
        passed_ns = mission_ns - before
        jumped_before, self.jumped = self.jumped, not 0 < passed_ns <= LONGEST_GAP_NS
        self.irregular_cycles += passed_ns != MINOR_CYCLE_NS
        self.steady_ns += MINOR_CYCLE_NS if self.jumped else passed_ns
        if self.jumped and not jumped_before:
            jump_s = (passed_ns - MINOR_CYCLE_NS) / 1e9
            self._events.report(
                Severity.MEDIUM,
                "CLOCK_JUMPED",
                f"mission time jumped by {jump_s:g} s to {mission_ns / 1e9:g} s",
                jump_s=jump_s,
            )
        return self.steady_ns
