"""Event reports: severities, the table of known events, and the log that counts and queues them.

Severities are those of ECSS-E-ST-70-41C, service 5 (subtypes 1 to 4).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Protocol

FieldValue = str | int | float


class Severity(IntEnum):
    """How much an event matters to the operator."""

    INFO = 1
    LOW = 2
    MEDIUM = 3
    HIGH = 4


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened; `fields` are the values its text was made of."""

    time_ns: int  # mission time
    severity: Severity
    id: str
    text: str
    fields: dict[str, FieldValue] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.time_ns / 1e9:.1f} s {self.severity.name} {self.id}: {self.text}"


class Report(Protocol):
    """What an app needs to report an event; `EventLog.report` is one."""

    def __call__(self, severity: Severity, id: str, text: str, **fields: Any) -> None: ...


# Every event: severity and meaning. Those of the fault monitors stand in their own table
# (`fsw.fault_protection`), under the monitor's name, with _CLEARED and _ESCALATED.
EVENTS: dict[str, tuple[Severity, str]] = {
    "APP_FAILED": (Severity.MEDIUM, "an app raised; the others went on"),
    "APP_RESTARTED": (Severity.HIGH, "an app was restarted after failures in a row"),
    "APP_RESTART_FAILED": (Severity.HIGH, "an app did not restart"),
    "CLOCK_JUMPED": (Severity.MEDIUM, "mission time jumped; nothing that is timed was moved"),
    "COMMAND_ACCEPTED": (Severity.INFO, "a telecommand was carried out or scheduled"),
    "COMMAND_REFUSED": (Severity.LOW, "a telecommand was refused"),
    "CONFIG_CORRECTED": (Severity.LOW, "the scanner corrected configuration frames"),
    "CONFIG_CRC_WRONG": (Severity.MEDIUM, "all configuration frames are rewritten"),
    "CONFIG_ESSENTIAL": (Severity.MEDIUM, "a corrected bit was one that the design depends on"),
    "CONFIG_FRAMES_LOST": (Severity.LOW, "uncorrectable configuration frames are rewritten"),
    "CONFIG_GIVEN_UP": (Severity.HIGH, "repairs of the configuration frames did not help"),
    "CONFIG_SCAN_RESTARTED": (Severity.MEDIUM, "the fatal scanner of the frames is restarted"),
    "CONTROLLER_RESET": (Severity.HIGH, "the payload controller was reset"),
    "ECLIPSE_UNFORECAST": (Severity.MEDIUM, "it is dark and no forecast says so"),
    "EMERGENCY_CUT": (Severity.MEDIUM, "compute was cut at once for temperature"),
    "EVENTS_LOST": (Severity.MEDIUM, "the event queue was full; the oldest events were dropped"),
    "GOLDEN_REBUILT": (Severity.MEDIUM, "the golden copy was damaged and made anew"),
    "LINK_BACK": (Severity.INFO, "telemetry again after cycles without"),
    "LINK_COMMAND_LOST": (Severity.LOW, "a command register's write was not acknowledged"),
    "LINK_FAILED": (Severity.LOW, "a link transaction failed, first of a row"),
    "LOAD_RESTORED": (Severity.INFO, "a shed tray may be on again"),
    "LOAD_SHED": (Severity.HIGH, "trays are off to save the battery"),
    "MEMORY_DIFFERS": (Severity.MEDIUM, "memory of the controller differed from its golden copy"),
    "MEMORY_REWRITE": (Severity.MEDIUM, "all controller memory is rewritten"),
    "MEMORY_WORD_REWRITTEN": (Severity.LOW, "an uncorrectable word was rewritten"),
    "MODE_CHANGED": (Severity.INFO, "a mode transition"),
    "MODE_SAFE": (Severity.HIGH, "a transition into the safe mode"),
    "POWER_CUT": (Severity.MEDIUM, "trays are cut for want of power; low in a forecast eclipse"),
    "POWER_CUT_ENDED": (Severity.INFO, "trays may draw again what they did before the cut"),
    "PUMP_SWITCHED": (Severity.HIGH, "a pump failed, the other one took over"),
    "RECORD_LOST": (Severity.HIGH, "both copies of a protected record are gone: defaults hold"),
    "RECORD_RECOVERED": (Severity.LOW, "a protected record was restored from its other copy"),
    "RECORD_UNUSABLE": (Severity.MEDIUM, "a whole record holds what cannot be: defaults hold"),
    "REGISTER_CHANGED": (Severity.MEDIUM, "control registers changed by themselves"),
    "RESUMED": (Severity.INFO, "took over a running controller after a restart"),
    "SCRUB_LEVEL": (Severity.INFO, "the scrub pace changed with the flux"),
    "TRAY_GIVEN_UP": (Severity.HIGH, "a tray stays off"),
    "TRAY_LATCHUP": (Severity.MEDIUM, "a tray draws more than it can take, and is power cycled"),
    "TRAY_POWER_CYCLE": (Severity.MEDIUM, "a tray is switched off and on"),
    "TRAY_REARMED": (Severity.INFO, "a tray's trip was re-armed"),
    "TRAY_RESET": (Severity.MEDIUM, "a hung tray was reset"),
    "TRAY_TRIPPED": (Severity.MEDIUM, "a tray tripped"),
    "TRAYS_AFFORDABLE": (Severity.INFO, "the number of trays the battery carries changed"),
    "WEIGHTS_DAMAGED": (Severity.LOW, "a tray's weights are reloaded"),
    "WRONG_CONTROLLER": (Severity.HIGH, "the other end of the link is not what was expected"),
}


class EventLog:
    """Counts every event by id and keeps them until they are drained.

    `time_ns` is set by the flight software at the start of each cycle. When the queue is full the
    oldest event makes room; `lost` counts those.
    """

    def __init__(self, capacity: int = 1024) -> None:
        self.time_ns = 0
        self.lost = 0
        self.counters: dict[str, int] = {}
        self.by_severity: dict[Severity, int] = dict.fromkeys(Severity, 0)
        self._queue: deque[Event] = deque()
        self._capacity = capacity
        self._lost_reported = 0

    @property
    def total(self) -> int:
        """Events reported so far."""
        return sum(self.by_severity.values())

    def report(self, severity: Severity, id: str, text: str, **fields: Any) -> None:
        """Log an event at the present mission time."""
        severity = Severity(severity)
        self.counters[id] = self.counters.get(id, 0) + 1
        self.by_severity[severity] += 1
        if len(self._queue) >= self._capacity:
            self._queue.popleft()
            self.lost += 1
        self._queue.append(Event(self.time_ns, severity, id, text, fields))

    def drain(self) -> list[Event]:
        """The events since the last call, oldest first; after a loss, one that says how many."""
        lost = self.lost - self._lost_reported
        events = list(self._queue)
        self._queue.clear()
        if lost:
            self._lost_reported = self.lost
            self.report(Severity.MEDIUM, "EVENTS_LOST", f"{lost} events lost", lost=lost)
            events.append(self._queue.pop())
        return events

    def reset_counters(self) -> None:
        """Zero the counters; queued events stay."""
        self.counters.clear()
        self.by_severity = dict.fromkeys(Severity, 0)
        self.lost = self._lost_reported = 0
