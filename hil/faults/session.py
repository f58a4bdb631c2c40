"""Suites run case by case in processes of their own, with what is kept of them."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Future
from dataclasses import dataclass, replace
from pathlib import Path

from hil.errors import InternalError, UsageError
from hil.faults.campaign.workers import processes
from hil.faults.case_flight import checked
from hil.faults.channels import near
from hil.faults.results import ResultsFile
from hil.faults.run import Result, cannot_run, run_case
from hil.faults.suite import Case, Suite, load
from hil.faults.trace import Trace
from hil.recording import free_folder, require_writable

GOLDEN = "golden.json.gz"  # beside the recording of a case that failed


@dataclass(frozen=True)
class CaseDone:
    """A case that is over: with its result, or skipped for a reason."""

    number: int
    total: int
    name: str
    result: Result | None
    reason: str = ""


class Session:
    """Suites read and their cases chosen. Raises UsageError before anything is flown.

    With `out` every case is recorded into a folder of its own there, a failing one with its golden
    run beside it, and results.jsonl grows by a line for each (`hil.faults.results`); without it a
    case that fails is flown again to be recorded in `runs`.
    """

    def __init__(
        self, paths: Sequence[Path], target: str, names: Sequence[str], out: Path | None
    ) -> None:
        if out is not None:
            require_writable(out)
        self._target, self._out = target, out
        loaded = [(path, load(path)) for path in paths]
        _names_differ(loaded)
        known = [case.name for _, suite in loaded for case in suite.case]
        for name in names:
            if name not in known:
                raise UsageError(f"no case {name!r} in {_list(paths)}{near(name, known)}")
        self._chosen: list[tuple[Path, Suite, Case]] = [
            (path, suite, case)
            for path, suite in loaded
            for case in suite.case
            if not names or case.name in names
        ]
        for path, _, case in self._chosen:
            try:
                checked(case, path.parent)
            except UsageError as error:
                raise UsageError(f"{path.name}: {error}") from error
        self._folders = _folders(self._chosen)
        self.results: list[Result] = []
        self._skipped: list[tuple[str, str, str]] = []  # suite, case, reason
        self._by_suite: dict[str, list[Result]] = {suite.suite.name: [] for _, suite in loaded}

    def run(self, show: Callable[[CaseDone], None], workers: int = 1) -> None:
        """Fly every case, `workers` of them at a time; `show` is told of each, in their order."""
        kept: ResultsFile | None = None
        if self._out is not None:
            suites = list(dict.fromkeys(path for path, _, _ in self._chosen))
            kept = ResultsFile(self._out, self._target, suites, len(self._chosen))
        try:
            self._run(show, kept, workers)
        finally:
            if kept is not None:
                kept.close()

    def _run(
        self, show: Callable[[CaseDone], None], kept: ResultsFile | None, workers: int
    ) -> None:
        total = len(self._chosen)
        flown = zip(self._chosen, self._flights(workers), strict=True)
        for number, ((_, suite, case), result) in enumerate(flown, start=1):
            if result is None:
                reason = cannot_run(case, self._target)
                self._skipped.append((suite.suite.name, case.name, reason))
                if kept is not None:
                    kept.skipped(suite.suite.name, case.name, reason)
                show(CaseDone(number, total, case.name, None, reason))
                continue
            if kept is not None:
                if not result.held and result.recording is not None:
                    result.golden.save(result.recording / GOLDEN)
                kept.case(suite.suite.name, result)
            result = replace(result, trace=Trace(), golden=Trace())  # hundreds would not fit
            self.results.append(result)
            self._by_suite[suite.suite.name].append(result)
            show(CaseDone(number, total, case.name, result))

    def _flights(self, workers: int) -> Iterator[Result | None]:
        """The results in the order of the cases; None for one that cannot be flown."""
        with processes(workers) as crew:
            flights: deque[Future[Result] | None] = deque(
                None
                if cannot_run(case, self._target)
                else crew.executor.submit(fly_case, path, case, self._target, name, self._out)
                for (path, _, case), name in zip(self._chosen, self._folders, strict=True)
            )
            while flights:
                flight = flights.popleft()
                try:
                    yield None if flight is None else flight.result()
                except BrokenExecutor as error:
                    raise InternalError(
                        f"a worker died, {len(self.results)} results are known: {error}"
                    ) from error

    @property
    def suites(self) -> list[tuple[str, list[Result], list[tuple[str, str]]]]:
        """Name, results, and skipped cases with their reasons, of each suite."""
        return [
            (
                name,
                results,
                [(case, reason) for suite, case, reason in self._skipped if suite == name],
            )
            for name, results in self._by_suite.items()
        ]

    def conclusion(self) -> str:
        """The last line: counts, and outcomes."""
        if not self.results:
            return f"no case was flown: {len(self._skipped)} skipped"
        held = sum(result.held for result in self.results)
        outcomes = Counter(result.outcome.value for result in self.results)
        words = ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items()))
        skipped = f", {len(self._skipped)} skipped" if self._skipped else ""
        return f"{held} of {len(self.results)} cases held{skipped}: {words}"


def fly_case(path: Path, case: Case, target: str, name: str, out: Path | None) -> Result:
    """Fly a case: recorded as `name` below `out`; without it in `runs`, and only where it fails."""
    record = None if out is None else out / name
    result = run_case(case, path, target, record)
    if not result.held and record is None:  # the same again, to be looked at
        record = free_folder(f"{name}-{target}-{case.seed}")
        result = run_case(case, path, target, record)
    for injection in result.injections:
        injection.effect = None  # it ends in the plant, which stays in this process
    return result


def _names_differ(suites: Sequence[tuple[Path, Suite]]) -> None:
    """Raise UsageError where results of two suites could not be told from each other."""
    by_name: dict[str, Path] = {}
    for path, suite in suites:
        name = suite.suite.name
        if name in by_name:
            if path.resolve() == by_name[name].resolve():
                raise UsageError(f"{path}: is given twice")
            raise UsageError(f"{path}: suite.name = {name!r}, {by_name[name]} has it too")
        by_name[name] = path


def _folders(cases: Sequence[tuple[Path, Suite, Case]]) -> list[str]:
    """Names of folders for the recordings of cases, each another, also where case names differ in
    what a folder's name cannot show."""
    names: list[str] = []
    for _, suite, case in cases:
        plain = name = f"{suite.suite.name}-{file_name(case.name)}"
        number = 1
        while name in names:
            number += 1
            name = f"{plain}-{number}"
        names.append(name)
    return names


def file_name(name: str) -> str:
    """The name of a case as that of a file."""
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")


def _list(paths: Sequence[Path]) -> str:
    return ", ".join(map(str, paths))
