"""A case that failed, as it is drawn: recording, golden run, and what was expected when."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

from fsw.events import Severity
from hil.faults.channels import source_of
from hil.faults.judge import Finding
from hil.faults.language import EventSeen, Expectation, Hold, Limit, Span, parse_expectation
from hil.faults.results import STAGES, CaseRecord
from hil.faults.trace import Trace
from hil.plots import FloatArray
from hil.run_folder import RunFolder

EVENT_ROWS = 10
# Looked at where nothing is expected of a number: the service, and what it is limited by.
CONTEXT = ("tokens_per_s", "gpu_temp_max_c")

Series = tuple[FloatArray, list[Any]]


@dataclass(frozen=True)
class FailedFlight:
    """The recording of a case that failed, with its golden run."""

    case: CaseRecord
    run: RunFolder
    golden: Trace

    @property
    def expected(self) -> list[tuple[Expectation, Finding]]:
        """What was expected, with how it fared."""
        return [(parse_expectation(f.expected), f) for f in self.case.expectations]

    @property
    def fired_s(self) -> float | None:
        """When the first fault fired."""
        return min((f.fired_s for f in self.case.faults if f.fired_s is not None), default=None)

    def window(self, span: Span) -> tuple[float, float] | None:
        """From when to when an expectation counts; None when its fault never fired."""
        end_s = self.case.simulated_s
        if span.hold is Hold.END:
            return max(0.0, end_s - 1.0), end_s
        if span.since_fault and self.fired_s is None:
            return None
        since_s = (self.fired_s or 0.0) if span.since_fault else 0.0
        until_s = end_s if span.within_s is None else min(end_s, since_s + span.within_s)
        return since_s + span.after_s, until_s

    def limits(self, channel: str) -> list[tuple[Limit, Finding]]:
        """What is expected of a channel."""
        return [
            (expectation, finding)
            for expectation, finding in self.expected
            if isinstance(expectation, Limit) and expectation.comparison.channel == channel
        ]

    @property
    def channels(self) -> list[str]:
        """Channels that something is expected of, those that failed first; else CONTEXT."""
        limits = [(e, f) for e, f in self.expected if isinstance(e, Limit)]
        limits.sort(key=lambda pair: pair[1].held)
        names = dict.fromkeys(limit.comparison.channel for limit, _ in limits)
        broken = [e for e, f in self.expected if not f.held]
        if not any(isinstance(e, Limit | EventSeen) for e in broken):
            names |= dict.fromkeys(CONTEXT)
        return list(names)

    @property
    def events(self) -> list[str]:
        """Events expected, then those of low severity and above that the golden run has less of."""
        names = dict.fromkeys(e.event for e, _ in self.expected if isinstance(e, EventSeen))
        heard = [e for e in self.run.events if e["source"] == "flight software"]
        count = Counter(event["name"] for event in heard)
        usual = Counter(seen.id for seen in self.golden.events)
        for event in heard:
            name = event["name"]
            telling = Severity[event["severity"].upper()] >= Severity.LOW
            if telling and count[name] > usual[name]:
                names.setdefault(name)
        return list(names)[:EVENT_ROWS]

    def series(self, channel: str) -> Series:
        """Times (s) and values of a channel as flown; empty where it was not recorded."""
        source, name = source_of(channel) or ("", channel)
        topic = self.run.topic(source)
        return (topic.time_s, topic.channels[name]) if name in topic.channels else (np.empty(0), [])

    def usual(self, channel: str) -> Series:
        """The golden run's; empty for actuators, which it does not keep."""
        source, name = source_of(channel) or ("", channel)
        rows = self.golden.rows
        if source == "actuators" or not rows or name not in rows[0]:
            return np.empty(0), []
        return np.arange(1.0, len(rows) + 1.0), [row[name] for row in rows]

    def is_text(self, channel: str) -> bool:
        """Whether its values are texts."""
        values = self.series(channel)[1]
        return bool(values) and isinstance(values[0], str)

    def view_s(self) -> tuple[float, float]:
        """The stretch of time that matters: from before the first fault to after the last mark."""
        times: list[float] = []
        for fault in self.case.faults:
            stages = (
                fault.begun_s,
                fault.ended_s,
                fault.fired_s,
                *(getattr(fault, f"{stage}_s") for stage in STAGES),
            )
            times += [time_s for time_s in stages if time_s is not None]
        for expectation, finding in self.expected:
            if not finding.held and finding.at_s is not None:
                times.append(finding.at_s)
            if isinstance(expectation, Limit | EventSeen) and expectation.span.within_s is not None:
                window = self.window(expectation.span)
                times += [] if window is None else list(window)
        end_s = max(self.case.simulated_s, 1.0)
        if not times:
            return 0.0, end_s
        margin_s = max(10.0, 0.15 * (max(times) - min(times)))
        return max(0.0, min(times) - margin_s), min(end_s, max(times) + margin_s)
