"""What the samples of a campaign amount to: shares with exact intervals, in groups."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hil.faults.campaign.order import StopRule
from hil.faults.campaign.sample import Sample
from hil.faults.intervals import Share, share
from hil.faults.outcome import Outcome

SEEN = (Outcome.RECOVERED, Outcome.LOST, Outcome.SILENT, Outcome.HANG)


@dataclass(frozen=True)
class Group:
    """Samples that have something in common."""

    name: str
    samples: int
    outcomes: dict[Outcome, Share]
    seen: Share  # as an error, by flight software or the actuators


def groups(samples: Sequence[Sample], by: Callable[[Sample], str]) -> list[Group]:
    """Groups in order of their names."""
    members: dict[str, list[Sample]] = {}
    for sample in samples:
        members.setdefault(by(sample), []).append(sample)
    return [group(name, members[name]) for name in sorted(members)]


def group(name: str, samples: Sequence[Sample]) -> Group:
    """Shares of all outcomes; a tool error says nothing and counts among none of the others."""
    counts = Counter(sample.outcome for sample in samples)
    errors = counts[Outcome.TOOL_ERROR]
    known = len(samples) - errors
    outcomes = {
        outcome: share(counts[outcome], len(samples) if outcome is Outcome.TOOL_ERROR else known)
        for outcome in Outcome
    }
    return Group(name, len(samples), outcomes, share(sum(counts[o] for o in SEEN), known))


def holds(rule: StopRule, samples: Sequence[Sample]) -> bool:
    """Whether the share of the rule's outcome is known well enough."""
    return group("", samples).outcomes[rule.outcome].half_width <= rule.half_width


def conclusion(samples: Sequence[Sample], stop: StopRule | None) -> list[str]:
    """Lines for a terminal."""
    whole = group("all", samples)
    lines = [f"{len(samples)} samples; shares with their 95 % intervals"]
    for outcome, its in whole.outcomes.items():
        if its.count:
            lines.append(f"  {outcome.value:<22} {its.count:>6}  {its}")
    if stop is not None:
        met = "met" if holds(stop, samples) else "not met"
        width = 100 * whole.outcomes[stop.outcome].half_width
        lines.append(
            f"stop rule {met}: share of {stop.outcome.value} known to ±{width:.2f} %, "
            f"asked for ±{100 * stop.half_width:g} %"
        )
    return lines
