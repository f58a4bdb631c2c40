"""Limits over telemetry, checked while the run goes."""

from __future__ import annotations

import difflib
import math
import operator
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hil.errors import UsageError
from hil.scenario import Requirement

Value = float | int | str

COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "above": operator.gt,
    "at_least": operator.ge,
    "below": operator.lt,
    "at_most": operator.le,
    "equals": operator.eq,
    "differs": operator.ne,
}
UPPER = ("below", "at_most")  # limits of which the largest value is the worst


@dataclass(frozen=True)
class Verdict:
    """How a requirement fared."""

    requirement: Requirement
    held: bool
    worst: Value | None  # of the samples that counted; for "once" the best; None without a sample
    worst_at_s: float | None
    failed_at_s: float | None  # when it could no longer hold
    broken_s: float  # time in which the limit was broken

    def __str__(self) -> str:
        rule = f"{self.requirement.channel} {self.requirement.rule}"
        if self.worst is None:
            seen = "no sample"
        else:
            value = self.worst if isinstance(self.worst, str) else f"{self.worst:.6g}"
            seen = f"{value} at {self.worst_at_s:.1f} s"
        words = f"{rule}: {seen}"
        if not self.held and self.failed_at_s is not None:
            words += f", failed at {self.failed_at_s:.1f} s"
            if self.requirement.holds == "always":
                words += f", broken for {self.broken_s:.1f} s"
        if self.requirement.name:
            words = f"{self.requirement.name}: {words}"
        return words

    def as_dict(self) -> dict[str, Any]:
        """For summary.json."""
        return {
            "name": self.requirement.name,
            "channel": self.requirement.channel,
            "rule": self.requirement.rule,
            "limit": self.requirement.limit,
            "held": self.held,
            "worst": self.worst,
            "worst_at_s": self.worst_at_s,
            "failed_at_s": self.failed_at_s,
            "broken_s": self.broken_s if self.requirement.holds == "always" else None,
        }


class Watch:
    """One requirement over the samples of its channel."""

    def __init__(self, requirement: Requirement) -> None:
        self.requirement = requirement
        self._met: Callable[[Any, Any], bool] = COMPARE[requirement.operator]
        self._limit = requirement.limit
        self._after_ns = round(requirement.after_s * 1e9)
        self._tolerated_ns = round(requirement.for_s * 1e9)
        self._streak_ns = 0
        self._broken_ns = 0
        self._last: Value | None = None
        self._ever = False
        self._worst: Value | None = None
        self._worst_ns = 0
        self._failed_ns: int | None = None

    def sample(self, time_ns: int, period_ns: int, value: Value) -> bool:
        """Take a sample that stands for `period_ns`; True when the requirement fails by it."""
        if time_ns < self._after_ns:
            return False
        met = self._met(value, self._limit) and value == value  # a NaN meets nothing
        self._last = value
        self._keep_worst(time_ns, value, met)
        if met:
            self._ever = True
            self._streak_ns = 0
            return False
        self._streak_ns += period_ns
        self._broken_ns += period_ns
        if (
            self._failed_ns is None
            and self.requirement.holds == "always"
            and self._streak_ns > self._tolerated_ns
        ):
            self._failed_ns = time_ns
            return True
        return False

    def verdict(self, time_ns: int) -> Verdict:
        """How it fared until `time_ns`, the end of the run."""
        held, failed_ns = self._failed_ns is None, self._failed_ns
        if self._last is None:
            held, failed_ns = False, time_ns
        elif self.requirement.holds == "once":
            held = self._ever
        elif self.requirement.holds == "end":
            held = self._streak_ns == 0
        if not held and failed_ns is None:
            failed_ns = time_ns
        return Verdict(
            requirement=self.requirement,
            held=held,
            worst=self._worst,
            worst_at_s=None if self._worst is None else self._worst_ns / 1e9,
            failed_at_s=None if failed_ns is None else failed_ns / 1e9,
            broken_s=self._broken_ns / 1e9,
        )

    def _keep_worst(self, time_ns: int, value: Value, met: bool) -> None:
        """Keep the value farthest on the wrong side; for "once" the best, for "end" the last."""
        kind, worst = self.requirement.operator, self._worst
        if worst is None or self.requirement.holds == "end":
            replace = True
        elif isinstance(value, str) or isinstance(worst, str) or kind in ("equals", "differs"):
            was_met = self._met(worst, self._limit)
            replace = (met and not was_met) if self.requirement.holds == "once" else was_met > met
        elif math.isnan(value):
            replace = True
        else:
            upward = (kind in UPPER) == (self.requirement.holds == "always")
            replace = value > worst if upward else value < worst
        if replace:
            self._worst, self._worst_ns = value, time_ns


class RequirementsCheck:
    """All requirements of a scenario."""

    def __init__(self, requirements: Iterable[Requirement]) -> None:
        self._watches = [Watch(requirement) for requirement in requirements]
        self._by_source: dict[str, list[tuple[str, Watch]]] = {}

    def bind(self, sources: Mapping[str, Collection[str]]) -> None:
        """Say which channels each source samples. Raises UsageError when a channel has none."""
        known = sorted({name for names in sources.values() for name in names})
        for number, watch in enumerate(self._watches, start=1):
            channel = watch.requirement.channel
            if channel not in known:
                close = difflib.get_close_matches(channel, known, n=3, cutoff=0.4) or known
                raise UsageError(
                    f"require.{number}.channel = {channel!r}, no such channel; "
                    f"did you mean {', '.join(close)}?"
                )
        self._by_source = {
            source: [
                (w.requirement.channel, w) for w in self._watches if w.requirement.channel in names
            ]
            for source, names in sources.items()
        }

    def sample(
        self, source: str, time_ns: int, period_ns: int, values: Mapping[str, Value]
    ) -> list[Requirement]:
        """Take a sample of all channels of a source; the requirements that fail by it."""
        failed = []
        for channel, watch in self._by_source.get(source, ()):
            if watch.sample(time_ns, period_ns, values[channel]):
                failed.append(watch.requirement)
        return failed

    def verdicts(self, time_ns: int) -> list[Verdict]:
        """How each fared, in the scenario's order."""
        return [watch.verdict(time_ns) for watch in self._watches]
