"""In what a case failed, and whether its faults are to blame for it.

A smaller case is of use only if it fails in the same, and because of its faults: a flight that is
over before the racks have booted breaks `mode == "nominal" at the end` without any.
"""

from __future__ import annotations

from collections.abc import Sequence

from hil.faults.judge import LimitWatch
from hil.faults.language import (
    EventSeen,
    Expectation,
    Hold,
    Limit,
    StageReached,
    parse_expectation,
)
from hil.faults.run import Result
from hil.plant import SECOND_NS

NEVER_FIRED, BENCH = "never fired: ", "the bench fails: "
CYCLE_S = 0.1  # a minor cycle


def failures(result: Result) -> list[str]:
    """In what a case failed: its expectations that did not hold, in their order.

    Where the bench failed or a fault never fired, that alone: expectations say nothing then.
    """
    if result.error:
        return [f"{BENCH}{result.error.split(':')[0]}"]
    never = [f"{NEVER_FIRED}{i.fault.kind}" for i in result.injections if i.fired_ns is None]
    return never or [finding.expected for finding in result.findings if not finding.held]


def faults_to_blame(failure: str, result: Result) -> bool:
    """Whether the golden run holds what the flight did not.

    The golden run has a sample a second and no actuators: what it cannot say holds. An event that
    was not seen, a stage not reached and an outcome have to do with the faults in any case.
    """
    if failure.startswith((NEVER_FIRED, BENCH)):
        return True
    expectation = parse_expectation(failure)
    end_ns = round(result.simulated_s * 1e9)
    if isinstance(expectation, EventSeen) and expectation.span.hold is Hold.NEVER:
        return not result.golden.count(expectation.event, end_ns)
    if not isinstance(expectation, Limit):
        return True
    watch = LimitWatch(expectation)
    if watch.source == "actuators":
        return True
    fired_ns = min(_fired_ns(result), default=0)
    watch.fired(fired_ns)
    for index, row in enumerate(result.golden.rows, start=1):
        if not expectation.span.since_fault or index * SECOND_NS >= fired_ns:
            watch.sample(index * SECOND_NS, SECOND_NS, row)
    finding = watch.finding(end_ns)
    return finding.held or finding.at_s is None  # None: no sample


def least_duration_s(failure: str, result: Result) -> float:
    """The shortest flight in which what is expected has had its time, as the flight went.

    What must hold always is known to fail at some moment. A window has to be over. What may come
    at any time until the end, and what is said of the end, needs the whole flight.
    """
    if failure.startswith(BENCH):
        return result.simulated_s + CYCLE_S
    if failure.startswith(NEVER_FIRED):
        return result.case.duration_s
    expectation = parse_expectation(failure)
    fired_s = [time_ns / 1e9 for time_ns in _fired_ns(result)]
    within_s = _within_s(expectation)
    if within_s is not None:
        since_s = max(fired_s) if isinstance(expectation, StageReached) else min(fired_s)
        return min(since_s + within_s + CYCLE_S, result.case.duration_s)
    always = isinstance(expectation, Limit | EventSeen) and expectation.span.hold in (
        Hold.ALWAYS,
        Hold.NEVER,
    )
    finding = next(f for f in result.findings if f.expected == failure)
    if always and finding.at_s is not None:
        return finding.at_s
    return result.case.duration_s


def _within_s(expectation: Expectation) -> float | None:
    if isinstance(expectation, StageReached):
        return expectation.within_s
    return expectation.span.within_s if isinstance(expectation, Limit | EventSeen) else None


def _fired_ns(result: Result) -> Sequence[int]:
    return [i.fired_ns for i in result.injections if i.fired_ns is not None]
