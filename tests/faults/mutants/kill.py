"""Show that the suites of faults notice every mutant: `python -m tests.faults.mutants.kill`.

Every mutant is flown through the cases that `kills.py` names for it, each of which must not hold:
gateware mutants on the RTL, those of flight software on the model where a case can be flown there.
The golden run is that of the sound satellite. Exit code 1 when a mutant survives a case, 2 for a
name that there is not.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from hil.faults.kinds import Needs
from hil.faults.run import flown, golden_of, run_case
from hil.faults.suite import Case, load
from tests.faults.mutants.apply import FLIGHT, GATEWARE, applied
from tests.faults.mutants.kills import KILLED_BY

SUITES = Path(__file__).resolve().parents[1]
WORKERS = 2
HANGS = "the controller hangs"  # found by the lockstep bench (gateware/bench/request_driver.v)


class BenchFailed(Exception):
    """A case ended without a verdict."""


@dataclass(frozen=True)
class Verdict:
    """What became of a mutant: the cases that noticed it, and how; the one that it survived."""

    mutant: str
    killed_by: tuple[str, ...]  # empty when a case held
    how: str


def fly(mutant: str) -> Verdict:
    """Fly a mutant through its cases, until it survives one."""
    suite, names = KILLED_BY[mutant]
    path = SUITES / f"{suite}.toml"
    cases = {case.name: case for case in load(path).case}
    told = []
    for name in names:
        rtl = mutant in GATEWARE or cases[name].needs is Needs.NAMES
        target = "rtl" if rtl else "model"
        try:
            how = noticed(mutant, cases[name], path, target)
        except BenchFailed as error:
            return Verdict(mutant, (), str(error))
        if not how:
            return Verdict(mutant, (), f"held: {name}")
        told.append(how)
    return Verdict(mutant, names, "; ".join(told))


def noticed(mutant: str, case: Case, path: Path, target: str) -> str:
    """What did not hold in a case; empty when everything did.

    Raises BenchFailed where nothing was found out: a bench that fails has noticed no mutant.
    """
    golden_of(flown(case, path.parent), target)  # the sound satellite's, kept for run_case
    with applied(mutant):
        result = run_case(case, path, target)
    if result.held:
        return ""
    if HANGS in result.error:
        return HANGS
    if result.error:
        raise BenchFailed(f"the bench failed in {case.name}: {result.error.splitlines()[0]}")
    unfired = [f"never fired: {each.fault}" for each in result.injections if each.fired_ns is None]
    broken = [f"{each.expected}: {each.observed}" for each in result.findings if not each.held]
    return (unfired + broken)[0]


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.mutants.kill")
    parser.add_argument("mutants", nargs="*", help="names; all without")
    parser.add_argument("--workers", type=int, default=WORKERS)
    options = parser.parse_args(arguments)
    known = [*GATEWARE, *FLIGHT]
    for name in options.mutants:
        if name not in known:
            print(f"no mutant {name!r}; there is {', '.join(known)}", file=sys.stderr)
            return 2
    names = options.mutants or known
    survived = 0
    with ProcessPoolExecutor(options.workers) as pool:
        for number, verdict in enumerate(pool.map(fly, names), 1):
            survived += not verdict.killed_by
            names_of_cases = " and ".join(map(repr, verdict.killed_by))
            state = f"killed by {names_of_cases}" if verdict.killed_by else "SURVIVED"
            print(f"{number:2d}/{len(names)} {verdict.mutant}: {state} ({verdict.how})", flush=True)
    print(f"{len(names) - survived} of {len(names)} mutants killed")
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main())
