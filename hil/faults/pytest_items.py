"""Suites as items of pytest, and a case that is put together in Python."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from hil.complaints import complaints
from hil.errors import UsageError
from hil.faults.run import Result, cannot_run, run_case
from hil.faults.suite import SECTIONS, Case, Suite, load


class SuiteFile(pytest.File):
    """A suite: an item for each case."""

    def collect(self) -> Iterator[pytest.Item]:
        """Items in the order of the file."""
        try:
            suite: Suite = load(self.path)
        except UsageError as error:
            raise self.CollectError(str(error)) from error
        for case in suite.case:
            item: CaseItem = CaseItem.from_parent(self, name=case.name)
            item.case = case
            yield item


class CaseFailed(Exception):
    """A case that did not hold; the text says everything."""


class CaseItem(pytest.Item):
    """A case of a suite."""

    case: Case

    def runtest(self) -> None:
        """Fly it on the target of --target."""
        target = self.config.getoption("--target")
        reason = cannot_run(self.case, target)
        if reason:
            pytest.skip(f'case "{self.case.name}": {reason}')
        result = run_case(self.case, _shown(self.path, self.config), target)
        if not result.held:
            raise CaseFailed(result.explained())

    def repr_failure(self, excinfo: Any, style: Any = None) -> Any:
        """The explanation alone; a traceback where the bench itself failed."""
        if isinstance(excinfo.value, CaseFailed | UsageError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where it stands."""
        return self.path, 0, f"case: {self.name}"


class Satellite:
    """A case being put together; `fly` flies it."""

    def __init__(self, name: str, target: str, path: Path) -> None:
        self.name = name
        self.target = target
        self.scenario = "nominal"
        self.vehicle: str | None = None
        self.duration_s = 300.0
        self.seed = 1
        self.scenario_values: dict[str, Any] = {}
        self.vehicle_values: dict[str, dict[str, Any]] = {}
        self.faults: list[dict[str, Any]] = []
        self.expected: list[str] = []
        self.flown = False
        self._path = path

    def case(self) -> Case:
        """The case as it is now. Raises UsageError."""
        try:
            return Case.model_validate(
                {
                    "name": self.name,
                    "scenario": self.scenario,
                    "vehicle": self.vehicle,
                    "duration_s": self.duration_s,
                    "seed": self.seed,
                    "scenario_values": self.scenario_values,
                    "vehicle_values": self.vehicle_values,
                    "fault": self.faults,
                    "expect": self.expected,
                }
            )
        except ValidationError as error:
            raise UsageError("\n".join(complaints(error, {**SECTIONS, "": Case}))) from error

    def fly(self, check: bool = True) -> Result:
        """Fly; fails the test when something expected did not hold, unless `check` is False."""
        self.flown = True
        case = self.case()
        reason = cannot_run(case, self.target)
        if reason:
            pytest.skip(reason)
        result = run_case(case, self._path, self.target)
        if check and not result.held:
            pytest.fail(result.explained(), pytrace=False)
        return result


def _shown(path: Path, config: pytest.Config) -> Path:
    """The path as the user would type it."""
    root = config.invocation_params.dir
    return path.relative_to(root) if path.is_relative_to(root) else path
