"""A failing case made smaller: fewer faults, shorter times, that fail in the same.

The first failure of the case is followed (`hil.faults.blame`), and alone kept of what is expected.
In this order, and again from the begin as long as a fault could be left out:

faults      delta debugging over the faults (`hil.faults.ddmin`)
for_s       the shortest time for which each fault must act, to a minor cycle
duration    the shortest flight in which what is expected has had its time
start       times instead of conditions, without values of the scenario that do not matter, and
            everything as much earlier as it can be

A case that was tried is not flown again. Every step is deterministic, and so is the result.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hil import toml_text
from hil.errors import UsageError
from hil.faults.blame import failures, faults_to_blame, least_duration_s
from hil.faults.channels import near
from hil.faults.ddmin import ddmin, least
from hil.faults.run import Result
from hil.faults.suite import Case, Fault, load
from hil.faults.trace import Trace

CYCLES_PER_S = 10  # minor cycles: no time is shortened by less


@dataclass(frozen=True)
class Attempt:
    """A smaller case that was flown."""

    number: int
    case: Case
    what: str  # was tried
    fails: bool  # in the same
    told: str  # how it went


@dataclass(frozen=True)
class _Tried:
    """What is kept of a flight: its result without traces."""

    result: Result
    fails: bool
    told: str


class Shrinker:
    """Shrinks one case. `fly` flies a case; `show` is told of every attempt."""

    def __init__(
        self, case: Case, fly: Callable[[Case], Result], show: Callable[[Attempt], None]
    ) -> None:
        """Fly the case as it is. Raises UsageError when it holds or its faults are not to blame."""
        self._fly, self._show = fly, show
        self._tried: dict[str, _Tried] = {}  # by the text of the case
        self.attempts = 0
        result = fly(case)
        found = failures(result)
        if not found:
            raise UsageError(
                f'case "{case.name}" holds on {result.target}, there is nothing to shrink: '
                "give a case that racksat faults run tells as failed"
            )
        self.failure = found[0]
        if not faults_to_blame(self.failure, result):
            raise UsageError(
                f'case "{case.name}": {self.failure}: does not hold without the faults either; '
                "mend the expectation, or what it is flown with"
            )
        self.original = self.case = case
        self._keep(case, result)

    def shrink(self) -> Case:
        """The smallest case that was found."""
        if self.failure in self.case.expect:
            self._try("this expectation alone", expect=(self.failure,))
        while True:
            self._fewer_faults()
            count = len(self.case.fault)
            self._shorter_faults()
            self._shorter_flight()
            self._simpler_start()
            self._fewer_faults()
            if len(self.case.fault) == count:
                return self.case

    # ---- steps -----------------------------------------------------------------------------

    def _fewer_faults(self) -> None:
        numbered = list(enumerate(self.case.fault, start=1))

        def fails(part: Sequence[tuple[int, Fault]]) -> bool:
            names = ", ".join(str(number) for number, _ in part)
            faults = tuple(fault for _, fault in part)
            return self._try(f"faults {names} of {len(numbered)}", fault=faults)

        ddmin(numbered, fails)

    def _shorter_faults(self) -> None:
        for index, fault in enumerate(self.case.fault):
            if fault.for_s is None:
                continue

            def fails(cycles: int, index: int = index) -> bool:
                for_s = cycles / CYCLES_PER_S
                return self._try(
                    f"fault {index + 1} for {for_s:g} s", fault=self._with(index, for_s=for_s)
                )

            least(1, _cycles(fault.for_s), fails)

    def _shorter_flight(self) -> None:
        bound_s = least_duration_s(self.failure, self._result)
        bound_s = max(bound_s, max(fault.at_s for fault in self.case.fault) + 1 / CYCLES_PER_S)

        def fails(cycles: int) -> bool:
            duration_s = cycles / CYCLES_PER_S
            return self._try(f"{duration_s:g} s of flight", duration_s=duration_s)

        least(_cycles(bound_s), _cycles(self.case.duration_s), fails)

    def _simpler_start(self) -> None:
        for index, fault in enumerate(self.case.fault):
            begun_ns = self._result.injections[index].begun_ns
            if fault.when is not None and begun_ns is not None:
                at_s = begun_ns / 1e9
                faults = self._with(index, when=None, at_s=at_s)
                self._try(f"fault {index + 1} at {at_s:g} s", fault=faults)
        for key in self.case.scenario_values:
            others = {k: v for k, v in self.case.scenario_values.items() if k != key}
            self._try(f"without scenario_values.{key}", scenario_values=others)
        start, duration_s = self.case.fault, self.case.duration_s
        first = _cycles(min(fault.at_s for fault in start))

        def fails(cycles: int) -> bool:
            earlier_s = (first - cycles) / CYCLES_PER_S
            faults = tuple(
                fault.model_copy(update={"at_s": _rounded(fault.at_s - earlier_s)})
                for fault in start
            )
            return self._try(
                f"everything {earlier_s:g} s earlier",
                fault=faults,
                duration_s=_rounded(duration_s - earlier_s),
            )

        least(0, first, fails)

    # ---- attempts --------------------------------------------------------------------------

    def _try(self, what: str, **changes: Any) -> bool:
        """Whether the case with these changes fails in the same; then it is the case from now."""
        case = self.case.model_copy(update=changes)
        known = self._tried.get(as_text(case))
        tried = self._keep(case, self._fly(case)) if known is None else known
        if tried.fails:
            self.case = case
        if known is None:
            self.attempts += 1
            self._show(Attempt(self.attempts, case, what, tried.fails, tried.told))
        return tried.fails

    def _keep(self, case: Case, result: Result) -> _Tried:
        found = failures(result)
        blamed = self.failure in found and faults_to_blame(self.failure, result)
        if blamed:
            told = "fails"
        elif self.failure in found:
            told = "fails without the faults as well"
        else:
            told = f"fails otherwise: {found[0]}" if found else "holds"
        tried = _Tried(replace(result, trace=Trace(), golden=Trace()), blamed, told)
        self._tried[as_text(case)] = tried
        return tried

    @property
    def _result(self) -> Result:
        """How the case as it is now went."""
        return self._tried[as_text(self.case)].result

    def _with(self, index: int, **changes: Any) -> tuple[Fault, ...]:
        faults = list(self.case.fault)
        faults[index] = faults[index].model_copy(update=changes)
        return tuple(faults)


def case_of(suite_path: Path, name: str) -> Case:
    """A case of a suite by its name. Raises UsageError."""
    cases = {case.name: case for case in load(suite_path).case}
    if name not in cases:
        raise UsageError(f"no case {name!r} in {suite_path}{near(name, cases)}")
    return cases[name]


def conclusion(shrinker: Shrinker) -> str:
    """By how much the case shrank."""
    before, after = shrinker.original, shrinker.case
    words = [
        f"{len(before.fault)} faults to {len(after.fault)}",
        f"{before.duration_s:g} s of flight to {after.duration_s:g} s",
    ]
    lasting = [sum(fault.for_s or 0.0 for fault in case.fault) for case in (before, after)]
    if lasting[0]:
        words.append(f"{lasting[0]:g} s of for_s to {lasting[1]:g} s")
    return f"{', '.join(words)}, in {shrinker.attempts} attempts"


def write_case(path: Path, case: Case, suite_path: Path, remarks: Sequence[str]) -> None:
    """Write the case as a suite that can be flown as it stands, remarks above it."""
    places = {
        key: _moved(value, suite_path.parent, path.parent)
        for key, value in (("scenario", case.scenario), ("vehicle", case.vehicle))
    }
    lines = [f"# {remark}" for remark in remarks]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n" + as_text(case.model_copy(update=places)), "utf-8")


def as_text(case: Case) -> str:
    """The case as the text of a suite."""
    tables = {
        **case.model_dump(exclude={"fault", "expect"}, exclude_defaults=True),
        "duration_s": case.duration_s,
        "seed": case.seed,
        "expect": list(case.expect),
        "fault": [
            {
                "kind": fault.kind.name,
                **fault.kind.model_dump(exclude_defaults=True, by_alias=True),
                "at_s": fault.at_s,
                "when": fault.when,
                "for_s": fault.for_s,
            }
            for fault in case.fault
        ],
    }
    return toml_text.dump({"suite": {"name": "minimal"}, "case": [tables]})


def _moved(name: str | None, source: Path, destination: Path) -> str | None:
    """A path relative to one folder as one relative to another; a name as it is."""
    if name is None or not name.endswith(".toml"):
        return name
    return os.path.relpath((source / name).resolve(), destination.resolve())


def _cycles(seconds: float) -> int:
    """Minor cycles, rounded up."""
    return -int(-round(seconds * CYCLES_PER_S, 6) // 1)


def _rounded(seconds: float) -> float:
    return max(0.0, round(seconds, 6))
