"""The expectations of a case, checked while it flies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hil.faults.channels import source_of
from hil.faults.injections import Injection
from hil.faults.language import (
    INVERSE,
    EventSeen,
    Expectation,
    Hold,
    Limit,
    OutcomeIs,
    Span,
    StageReached,
)
from hil.faults.outcome import Outcome
from hil.requirements import Value, Watch
from hil.scenario import Requirement


@dataclass(frozen=True)
class Finding:
    """Whether an expectation held, and what was seen instead."""

    expected: str
    held: bool
    observed: str
    at_s: float | None = None  # simulated time at which it was known to fail, or that of the sample

    def __str__(self) -> str:
        at = "" if self.at_s is None else f" at {self.at_s:.1f} s"
        return f"{'held' if self.held else 'FAILED'} {self.expected}: {self.observed}{at}"


class LimitWatch:
    """A limit over its span. What counts from the fault is watched from its firing on."""

    def __init__(self, limit: Limit) -> None:
        self.limit = limit
        found = source_of(limit.comparison.channel)
        assert found is not None  # checked when the suite was read
        self.source, self._channel = found
        self._until_ns: int | None = None
        self._watch = None if limit.span.since_fault else Watch(self._requirement(0))

    def fired(self, time_ns: int) -> None:
        """The first fault has fired."""
        if self._watch is None:
            self._watch = Watch(self._requirement(time_ns))
            if self.limit.span.within_s is not None:
                self._until_ns = time_ns + round(self.limit.span.within_s * 1e9)

    def sample(self, time_ns: int, period_ns: int, values: Mapping[str, Value]) -> None:
        """Take a sample of its source."""
        if self._watch is None or (self._until_ns is not None and time_ns > self._until_ns):
            return
        self._watch.sample(time_ns, period_ns, values[self._channel])

    def finding(self, time_ns: int) -> Finding:
        """How it fared until `time_ns`, the end."""
        if self._watch is None:
            return Finding(self.limit.text, False, "the fault never fired")
        verdict = self._watch.verdict(self._until_ns or time_ns)
        if verdict.worst is None:
            return Finding(self.limit.text, False, "no sample")
        value = verdict.worst if isinstance(verdict.worst, str) else f"{verdict.worst:.6g}"
        observed = f"{self.limit.comparison.channel} = {value}"
        at_s = verdict.worst_at_s
        if not verdict.held:
            observed += f" at {verdict.worst_at_s:.1f} s, failed"
            at_s = verdict.failed_at_s
        return Finding(self.limit.text, verdict.held, observed, at_s)

    def _requirement(self, since_ns: int) -> Requirement:
        comparison, span = self.limit.comparison, self.limit.span
        operator = comparison.operator
        holds = {Hold.ONCE: "once", Hold.END: "end"}.get(span.hold, "always")
        if span.hold is Hold.NEVER:
            operator = INVERSE[operator]
        return Requirement.model_validate(
            {
                "channel": self._channel,
                operator: comparison.limit,
                "holds": holds,
                "for_s": span.tolerated_s,
                "after_s": since_ns / 1e9 + span.after_s,
            }
        )


class Judge:
    """All expectations of a case."""

    def __init__(self, expectations: Sequence[Expectation]) -> None:
        self._expectations = tuple(expectations)
        self._watches = {
            index: LimitWatch(expectation)
            for index, expectation in enumerate(self._expectations)
            if isinstance(expectation, Limit)
        }
        self._by_source: dict[str, list[LimitWatch]] = {}
        for watch in self._watches.values():
            self._by_source.setdefault(watch.source, []).append(watch)
        self._events: dict[str, list[int]] = {}
        self._fired_ns: int | None = None

    def watches(self, source: str) -> bool:
        """Whether anything is expected of a source."""
        return source in self._by_source

    def fired(self, time_ns: int) -> None:
        """The first fault has fired."""
        if self._fired_ns is None:
            self._fired_ns = time_ns
            for watch in self._watches.values():
                watch.fired(time_ns)

    def sample(
        self, source: str, time_ns: int, period_ns: int, values: Mapping[str, Value]
    ) -> None:
        """Take a sample of all channels of a source."""
        for watch in self._by_source.get(source, ()):
            watch.sample(time_ns, period_ns, values)

    def event(self, time_ns: int, name: str) -> None:
        """An event of flight software."""
        self._events.setdefault(name, []).append(time_ns)

    def findings(
        self, time_ns: int, outcome: Outcome, injections: Sequence[Injection]
    ) -> list[Finding]:
        """How each fared, in the order of the case, at the end of the flight."""
        found = []
        for index, expectation in enumerate(self._expectations):
            if isinstance(expectation, Limit):
                found.append(self._watches[index].finding(time_ns))
            elif isinstance(expectation, EventSeen):
                found.append(self._event_finding(expectation))
            elif isinstance(expectation, OutcomeIs):
                held = outcome.value in expectation.outcomes
                found.append(Finding(expectation.text, held, f"the outcome is {outcome.value}"))
            else:
                found.append(_stage_finding(expectation, injections))
        return found

    def _event_finding(self, expectation: EventSeen) -> Finding:
        span: Span = expectation.span
        times = self._events.get(expectation.event, [])
        if span.hold is Hold.NEVER:
            if not times:
                return Finding(expectation.text, True, "not seen")
            return Finding(expectation.text, False, f"{len(times)} times, first", times[0] / 1e9)
        if self._fired_ns is None:
            return Finding(expectation.text, False, "the fault never fired")
        after = [time_ns for time_ns in times if time_ns >= self._fired_ns]
        if not after:
            before = f" after the fault, {len(times)} times before it" if times else ""
            return Finding(expectation.text, False, f"not seen{before}")
        latency_s = (after[0] - self._fired_ns) / 1e9
        held = span.within_s is None or latency_s <= span.within_s
        return Finding(
            expectation.text, held, f"seen {latency_s:.1f} s after the fault", after[0] / 1e9
        )


def _stage_finding(expectation: StageReached, injections: Sequence[Injection]) -> Finding:
    stage = expectation.stage
    for injection in injections:
        latency_s = injection.latency_s(stage)
        if latency_s is None:
            return Finding(expectation.text, False, f"fault {injection.number} was not {stage}")
        if expectation.within_s is not None and latency_s > expectation.within_s:
            text = f"fault {injection.number} was {stage} after {latency_s:.1f} s"
            return Finding(expectation.text, False, text)
        if expectation.by is not None and expectation.by not in injection.detected_by:
            text = f"fault {injection.number} was detected by {injection.detected_by}"
            return Finding(expectation.text, False, text)
    slowest = max(injection.latency_s(stage) or 0.0 for injection in injections)
    return Finding(expectation.text, True, f"{stage} after {slowest:.1f} s")
