"""results.jsonl: what a run of suites leaves behind, and all that its report is made from.

The first line says what was asked for, each further one what became of a case, in their order. A
line is on disk as soon as its case and those before it are over: a kill loses none of them. A last
line that it tore is left out when the file is read.

    {"format": 1, "target": "rtl", "suites": ["tests/faults/heat.toml"], "cases": 12, ...}
    {"suite": "heat", "case": "a pump seizes", "held": true, "outcome": ..., "faults": [...], ...}
    {"suite": "heat", "case": "a flop flips", "skipped": "upset.flop needs the target rtl, ..."}
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from hil.errors import UsageError
from hil.faults.judge import Finding
from hil.faults.outcome import Outcome
from hil.faults.run import Result
from hil.versions import versions

NAME = "results.jsonl"
FORMAT = 1
R = TypeVar("R", bound=BaseModel)
STAGES = ("detected", "contained", "recovered")


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Asked(_Record):
    """The first line."""

    format: int
    target: str
    suites: tuple[str, ...]  # files
    cases: int  # chosen, to be flown or skipped
    versions: dict[str, str]


class FaultRecord(_Record):
    """An entry of the ledger; simulated times in seconds, None for what did not happen."""

    number: int
    fault: str  # in words
    kind: str
    element: str
    parameters: dict[str, Any]
    armed_s: float
    begun_s: float | None
    fired_s: float | None
    ended_s: float | None
    detected_s: float | None
    contained_s: float | None
    recovered_s: float | None
    evidence: str
    detected_by: str
    fate: str | None
    present: bool
    mode: str
    phase: str
    orbit_phase_deg: float | None
    sunlit: float | None

    def latency_s(self, stage: str) -> float | None:
        """Seconds from the firing to a stage of STAGES."""
        reached_s: float | None = getattr(self, f"{stage}_s")
        return None if self.fired_s is None or reached_s is None else reached_s - self.fired_s


class CaseRecord(_Record):
    """How a case went."""

    suite: str
    case: str
    target: str
    seed: int
    outcome: Outcome
    held: bool
    error: str
    deaths: tuple[str, ...]
    duration_s: float
    simulated_s: float
    wall_s: float
    faults: tuple[FaultRecord, ...]
    expectations: tuple[Finding, ...]
    replay: str
    recording: str | None  # folder, relative to that of results.jsonl

    @property
    def broken(self) -> list[Finding]:
        """What was expected and did not hold."""
        return [finding for finding in self.expectations if not finding.held]


class SkippedRecord(_Record):
    """A case that the target could not fly."""

    suite: str
    case: str
    skipped: str  # why


@dataclass(frozen=True)
class Results:
    """A results.jsonl, read back."""

    asked: Asked
    cases: Sequence[CaseRecord]
    skipped: Sequence[SkippedRecord]

    @property
    def missing(self) -> int:
        """Cases that the run did not come to."""
        return self.asked.cases - len(self.cases) - len(self.skipped)

    @property
    def held(self) -> bool:
        """Whether everything that was asked for was flown or skipped, something flown, all held."""
        return not self.missing and bool(self.cases) and all(case.held for case in self.cases)


class ResultsFile:
    """Writes results.jsonl into a folder, line by line."""

    def __init__(self, folder: Path, target: str, suites: Sequence[Path], cases: int) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._file = (folder / NAME).open("xb")
        self._append(
            {
                "format": FORMAT,
                "target": target,
                "suites": list(map(str, suites)),
                "cases": cases,
                "versions": versions(),
            }
        )

    def case(self, suite: str, result: Result) -> None:
        """A case that is over."""
        place = result.recording
        self._append(
            {
                "suite": suite,
                **result.as_dict(),
                "wall_s": round(result.wall_s, 3),
                "recording": None if place is None else os.path.relpath(place, self._folder),
            }
        )

    def skipped(self, suite: str, case: str, reason: str) -> None:
        """A case that the target cannot fly."""
        self._append({"suite": suite, "case": case, "skipped": reason})

    def close(self) -> None:
        """Release the file."""
        self._file.close()

    def _append(self, record: Mapping[str, Any]) -> None:
        self._file.write(json.dumps(record).encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())


def read_results(folder: Path) -> Results:
    """Read the results of a run. Raises UsageError when there are none or they are damaged."""
    path = folder / NAME
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"{path}: cannot be read: {error.strerror}; expected the folder that "
            "racksat faults run --out wrote"
        ) from error
    lines = data[: data.rfind(b"\n") + 1].splitlines()
    if not lines:
        raise UsageError(f"{path}: is empty, the run was killed before its first case: fly again")
    asked: Asked = _parsed(path, 1, lines[0], Asked)
    if asked.format != FORMAT:
        raise UsageError(f"{path}: has format {asked.format}, this racksat reads {FORMAT}")
    cases: list[CaseRecord] = []
    skipped: list[SkippedRecord] = []
    for number, line in enumerate(lines[1:], start=2):
        if b'"skipped": ' in line and b'"faults": ' not in line:
            skipped.append(_parsed(path, number, line, SkippedRecord))
        else:
            cases.append(_parsed(path, number, line, CaseRecord))
    return Results(asked, cases, skipped)


def _parsed(path: Path, number: int, line: bytes, kind: type[R]) -> R:
    try:
        return kind.model_validate_json(line)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise UsageError(
            f"{path}, line {number}: {place or 'line'}: {first['msg']}; "
            "not written by this racksat, or damaged"
        ) from error
