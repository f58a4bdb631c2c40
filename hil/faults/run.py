"""One case: its golden run, its flight, its ledger, its outcome, and what was expected."""

from __future__ import annotations

import shlex
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hil import clock
from hil.connection import is_port
from hil.errors import InternalError, RacksatError, UsageError
from hil.faults.case_flight import Flown, assemble, connected, flown, fly
from hil.faults.comparison import decide
from hil.faults.faulty_loop import FaultyLoop
from hil.faults.golden import golden_run
from hil.faults.injections import Injection, follow
from hil.faults.judge import Finding
from hil.faults.kinds import Needs
from hil.faults.outcome import Outcome
from hil.faults.suite import Case
from hil.faults.trace import Trace

BAD_INPUT = "bad input"


@dataclass(frozen=True)
class Result:
    """How a case went."""

    case: Case
    target: str
    outcome: Outcome
    injections: Sequence[Injection]
    findings: Sequence[Finding]
    simulated_s: float
    replay: str
    error: str = ""  # of the bench
    deaths: Sequence[str] = ()  # of flight software, by errors that nothing on board caught
    trace: Trace = field(default_factory=Trace, repr=False)
    golden: Trace = field(default_factory=Trace, repr=False)
    wall_s: float = 0.0
    recording: Path | None = None

    @property
    def held(self) -> bool:
        """Whether every fault fired and everything expected held."""
        fired = all(injection.fired_ns is not None for injection in self.injections)
        return fired and not self.error and all(finding.held for finding in self.findings)

    def explained(self) -> str:
        """Everything that is needed to understand a failure, and to fly it again."""
        lines = [f'case "{self.case.name}" on {self.target}, seed {self.case.seed}: {self.outcome}']
        lines += [f"  fault {i.number}: {i}" for i in self.injections]
        lines += [f"  {death}" for death in self.deaths]
        if self.error:
            lines.append(f"  the bench failed at {self.simulated_s:.1f} s: {self.error}")
        for finding in self.findings:
            if not finding.held:
                at = "" if finding.at_s is None else f" at {finding.at_s:.1f} s"
                lines.append(f"  expected{at}: {finding.expected}")
                lines.append(f"  observed: {finding.observed}")
        if self.recording is not None:
            lines.append(f"  recording: {self.recording}")
        lines.append(f"  to fly it again: {self.replay}")
        return "\n".join(lines)

    def as_dict(self) -> dict[str, Any]:
        """For reports."""
        return {
            "case": self.case.name,
            "target": self.target,
            "seed": self.case.seed,
            "outcome": self.outcome.value,
            "held": self.held,
            "error": self.error,
            "deaths": list(self.deaths),
            "duration_s": self.case.duration_s,
            "simulated_s": self.simulated_s,
            "faults": [injection.as_dict() for injection in self.injections],
            "expectations": [vars(finding) for finding in self.findings],
            "replay": self.replay,
        }


def cannot_run(case: Case, target: str) -> str:
    """Why a case cannot be flown on a target; empty where it can."""
    if case.needs is Needs.NAMES and target != "rtl":
        named = {fault.kind.name for fault in case.fault if fault.kind.needs is Needs.NAMES}
        return f"{', '.join(sorted(named))} needs the target rtl, this is {target}"
    return ""


def run_case(case: Case, suite_path: Path, target: str, record: Path | None = None) -> Result:
    """Fly a case; recorded into the folder `record` where that is given.

    Raises UsageError for a case that cannot be flown. What goes wrong in the bench while it flies
    is the outcome "tool error".
    """
    reason = cannot_run(case, target)
    if reason:
        raise UsageError(f'case "{case.name}": {reason}')
    what = flown(case, suite_path.parent)
    again = replay(case, suite_path, target)
    try:
        golden = golden_of(what, target)
    except Exception as failure:
        error = f"the golden run: {bench_error(failure)}"
        never = [Injection(n, f, round(f.at_s * 1e9)) for n, f in enumerate(case.fault, start=1)]
        return Result(case, target, Outcome.TOOL_ERROR, never, [], 0.0, again, error)
    began_s = clock.wall_s()
    with connected(target, what.vehicle.rack.trays, case.needs) as connection:
        loop = assemble(what, connection, case.fault, case.expectations, record, target)
        try:
            outcome, error = conduct(loop, golden)
        except UsageError as bad_input:  # known in flight alone, as the names of flip-flops are
            outcome, error = Outcome.TOOL_ERROR, f"{BAD_INPUT}: {bad_input}"
    result = Result(
        case,
        target,
        outcome,
        loop.injections,
        loop.judge.findings(what.mission.duration_ns, outcome, loop.injections),
        loop.time_ns / 1e9,
        again,
        error,
        loop.deaths,
        loop.trace,
        golden,
        clock.wall_s() - began_s,
        record,
    )
    loop.recording.close(summary(loop, result))
    return result


def summary(loop: FaultyLoop, result: Result) -> dict[str, Any]:
    """summary.json of a recorded case: that of a flight, with what became of the faults."""
    figures = loop.figures.as_dict()
    wall_s = result.wall_s
    return {
        **figures,
        "outcome": result.outcome.value,
        "target": result.target,
        "scenario": loop.mission.scenario.name,
        "vehicle": loop.mission.vehicle.name,
        "seed": result.case.seed,
        "open_loop": loop.mission.scenario.open_loop,
        "wall_s": round(wall_s, 3),
        "real_time_factor": round(result.simulated_s / wall_s, 1) if wall_s > 0 else 0.0,
        "digest": loop.recording.digest,
        "commands_digest": loop.rig.tap.commands_digest,
        "link": {
            "bytes_sent": loop.rig.tap.bytes_sent,
            "bytes_received": loop.rig.tap.bytes_received,
        },
        "upsets": loop.ledger.counts(),
        "requirements": [],
        "case": result.as_dict(),
        "replay": result.replay,
    }


def conduct(loop: FaultyLoop, golden: Trace) -> tuple[Outcome, str]:
    """Fly an assembled flight and compare it with its golden run: outcome, error of the bench.

    The loop's injections are filled in. Raises UsageError where a fault names what the target has
    not.
    """
    error = ""
    try:
        fly(loop)
    except Exception as failure:
        error = bench_error(failure)
    follow(loop.injections, loop.trace, golden)
    return (Outcome.TOOL_ERROR if error else decide(loop.trace, golden, loop.injections)), error


def bench_error(failure: Exception) -> str:
    """What went wrong in the bench, with its place where nobody foresaw it.

    Raises it again where it is not the bench's: bad input, or a board that is gone.
    """
    text = f"{type(failure).__name__}: {failure}"
    if isinstance(failure, InternalError):
        return text
    if isinstance(failure, RacksatError):
        raise failure
    place = traceback.extract_tb(failure.__traceback__)[-1]
    return f"{text} ({Path(place.filename).name}:{place.lineno})"


def golden_of(what: Flown, target: str) -> Trace:
    """The golden run of what a case flies, stored or flown now; that of a board is the model's."""
    target = "model" if is_port(target) else target

    def without_faults() -> Trace:
        with connected(target, what.vehicle.rack.trays) as connection:
            loop = assemble(what, connection)
            fly(loop)
            return loop.trace

    return golden_run(what.scenario, what.vehicle, target, without_faults)


def replay(case: Case, suite_path: Path, target: str) -> str:
    """The command that flies a case again."""
    words = ["racksat", "faults", "run", str(suite_path), "--case", case.name, "--target", target]
    return shlex.join(words)
