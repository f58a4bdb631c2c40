"""Coverage of the Verilog by its test benches: what `make coverage` prints.

Builds the simulations anew with Verilator's line and toggle coverage, runs the conformance suite,
the gateware tests and the fuzzer on them, and merges what they leave. What stays uncovered is
either justified in `gateware/coverage.toml` or listed as open, which is exit code 1.

Left in `build/coverage`: the records, annotated sources, and `coverage.md`, which `--document`
copies to `docs/coverage.md`.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import textwrap
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from pathlib import Path

from hil import clock
from hil.coverage_data import Coverage, Figure, Gap
from hil.errors import RacksatError, UsageError
from hil.targets import coverage_switch
from hil.targets.kept import ROOT
from hil.targets.simulation_build import GATEWARE, choose_simulator

RTL = GATEWARE / "rtl"
JUSTIFIED = GATEWARE / "coverage.toml"
OUT = ROOT / "build" / "coverage"
DOCUMENT = ROOT / "docs" / "coverage.md"
WIDTH = 100  # characters of a line in the document
RANGES_MOST = 4  # of a signal that are printed one by one
FRAMES = 70_000  # with the storms, which come in the first episodes

INTRODUCTION = """# Coverage of the gateware

Written by `.venv/bin/python -m hil.coverage --document`; do not edit. `make coverage` runs the
conformance suite against the RTL, all gateware tests (unit tests of the modules, model and RTL
side by side, warped and full clock) and {frames:,} frames of the fuzzer on simulations that
Verilator has built to count. The numbers are those of all instances of a module together;
`build/coverage/annotated` has the sources with counts.

- line: source lines of procedural blocks and conditions that were executed,
- branch: arms of `if`, `else`, `case` and `?:` that were taken,
- toggle: bits of signals that changed, each way; RAM contents are left out.

Formal proofs are not counted.

"""


@dataclass(frozen=True)
class Justification:
    """Places that cannot or need not be covered, and why."""

    places: tuple[str, ...]  # "module: name[7:4]" or "module: else of: if (...)"
    reason: str

    def matching(self, gap: Gap) -> str | None:
        """The place that contains a gap."""
        return next((place for place in self.places if _contains(place, gap)), None)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and report; exit code 1 when something is uncovered without a reason."""
    parser = argparse.ArgumentParser(prog="hil.coverage", description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=FRAMES, help="fuzzed; default: %(default)s")
    parser.add_argument("--document", action="store_true", help="write docs/coverage.md anew")
    parser.add_argument("--keep", action="store_true", help="report on the records that are there")
    order = parser.parse_args(arguments)
    try:
        if not order.keep:
            measure(order.frames)
        return report(order.frames, order.document)
    except RacksatError as error:
        print(f"coverage: {error}", file=sys.stderr)
        return error.exit_code


def measure(frames: int) -> None:
    """Run the test benches. Raises UsageError when one fails."""
    if not (ROOT / "tests").is_dir():
        raise UsageError(f"no tests in {ROOT}: coverage is measured in a checkout of racksat")
    choose_simulator("verilator")  # its compiler is there, or the message says what to install
    shutil.rmtree(OUT, ignore_errors=True)
    (OUT / "records").mkdir(parents=True)
    (OUT / "verilog.sha256").write_text(_digest())
    fuzz = ["tests/gateware/fuzz.py", "--frames", str(frames)]
    for name, command in (
        ("conformance", ["-m", "pytest", "-q", "tests/conformance", "--target", "rtl"]),
        ("gateware", ["-m", "pytest", "-q", "tests/gateware"]),
        ("fuzzer", fuzz),
    ):
        _bench(name, [sys.executable, *command])


def report(frames: int, document: bool) -> int:
    """Print the figures, write sources and document; exit code."""
    records = sorted((OUT / "records").glob(f"*{coverage_switch.SUFFIX}"))
    if not records:
        raise UsageError(f"no records in {OUT / 'records'}: leave --keep out")
    if (OUT / "verilog.sha256").read_text() != _digest():
        raise UsageError(f"{_path(RTL)} has changed since the records were begun: measure again")
    coverage = Coverage.of(records, RTL)
    annotated = OUT / "annotated"
    annotated.mkdir(exist_ok=True)
    gaps: list[Gap] = []
    for module in coverage.modules():
        source = (RTL / f"{module}.v").read_text().splitlines()
        gaps += coverage.gaps(module, source)
        (annotated / f"{module}.v").write_text(coverage.annotated(module, source))
    justifications = load_justifications(JUSTIFIED)
    explained: dict[Justification, set[str]] = {entry: set() for entry in justifications}
    justified = 0
    still_open = []
    for gap in gaps:
        for entry in justifications:
            place = entry.matching(gap)
            if place is not None:
                explained[entry].add(place)
                justified += 1
                break
        else:
            still_open.append(gap)
    missing = sorted({path.stem for path in RTL.glob("*.v")} - set(coverage.modules()))
    text = INTRODUCTION.format(frames=frames) + "\n".join(
        [*_table(coverage), "", *_reasons(explained)]
        + (["## Open", ""] if still_open else [])
        + [f"- {place}" for place in _open(still_open)]
    )
    (OUT / "coverage.md").write_text(text + "\n")
    if document:
        shutil.copyfile(OUT / "coverage.md", DOCUMENT)
    print("\n".join(_table(coverage)))
    print(f"\n{len(gaps)} places uncovered, {justified} of them justified in {_path(JUSTIFIED)}")
    print(f"annotated sources in {_path(annotated)}, what is uncovered in {_path(OUT)}/coverage.md")
    for entry in justifications:
        for place in entry.places:
            if place not in explained[entry]:
                print(f"{_path(JUSTIFIED)}: {place} is covered now, or is no more: remove it")
    for module in missing:
        print(f"no records of {module}.v: no bench has it")
    print("\n".join(f"open: {place}" for place in _open(still_open)))
    return 1 if still_open or missing else 0


def load_justifications(path: Path) -> list[Justification]:
    """Entries of the file. Raises UsageError on one that does not say what it should."""
    entries = []
    for number, entry in enumerate(tomllib.loads(path.read_text()).get("justified", []), start=1):
        places, reason = entry.get("places"), entry.get("reason")
        if set(entry) != {"places", "reason"} or not places or not str(reason).strip():
            raise UsageError(f"{path}: entry {number}: expected places and a reason, got {entry}")
        entries.append(Justification(tuple(places), " ".join(str(reason).split())))
    return entries


def _bench(name: str, command: list[str]) -> None:
    """Run one test bench, its output in a log."""
    log = OUT / f"{name}.log"
    print(f"{name}: {' '.join(command[1:])} ...", flush=True)
    began_s = clock.wall_s()
    environment = {**os.environ, coverage_switch.VARIABLE: str(OUT / "records")}
    with log.open("wb") as output:
        result = subprocess.run(
            command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT, check=False
        )
    last = (log.read_text(errors="replace").strip().splitlines() or [""])[-1]
    if result.returncode:
        raise UsageError(f"{name} ended with {result.returncode}, log in {log}; last line: {last}")
    print(f"  {clock.wall_s() - began_s:.0f} s", flush=True)


def _contains(place: str, gap: Gap) -> bool:
    """Whether a justified place is a gap, or has its bits among its own."""
    module, _, name = place.partition(": ")
    if module != gap.module:
        return False
    if name == gap.place:
        return True
    name, bits = _bits(name)
    gap_name, gap_bits = _bits(gap.place)
    return name == gap_name and bits is not None and gap_bits is not None and gap_bits <= bits


def _bits(place: str) -> tuple[str, frozenset[int] | None]:
    """Signal and bits of "name[7:4]"; no bits where there is no such ending."""
    name, bracket, ending = place.rpartition("[")
    high, _, low = ending.rstrip("]").partition(":")
    if not bracket or not high.isdigit() or (low and not low.isdigit()):
        return place, None
    return name, frozenset(range(int(low or high), int(high) + 1))


def _table(coverage: Coverage) -> Iterator[str]:
    """Figures of each module and of all, in Markdown."""
    rows = [
        (name, coverage.line(name), coverage.branch(name), coverage.toggle(name))
        for name in coverage.modules()
    ]
    total = tuple(reduce(add, column) for column in list(zip(*rows, strict=True))[1:])
    yield f"| {'module':19} | {'line':>17} | {'branch':>17} | {'toggle':>21} |"
    yield f"| {'---':19} | {'--:':>17} | {'--:':>17} | {'--:':>21} |"
    for name, *figures in [*rows, ("all", *total)]:
        line, branch, toggle = figures
        cells = (_cell(line, 17), _cell(branch, 17), _cell(toggle, 21))
        yield f"| {name:19} | {' | '.join(cells)} |"


def _cell(figure: Figure, width: int) -> str:
    if not figure.total:
        return f"{'–':>{width}}"
    # Cut, not rounded: 100.0 % is all of it.
    percent = int(10 * figure.percent) / 10
    return f"{f'{percent:.1f} % {figure.covered}/{figure.total}':>{width}}"


def _reasons(explained: dict[Justification, set[str]]) -> Iterator[str]:
    """Uncovered places with their reasons, in Markdown."""
    yield "## What stays uncovered, and why"
    yield ""
    for entry, found in explained.items():
        if found:
            yield from textwrap.wrap(entry.reason, WIDTH)
            yield ""
            yield from (f"- `{place}`" for place in entry.places if place in found)
            yield ""


def _open(gaps: list[Gap]) -> Iterator[str]:
    """A line a gap; a signal with many is one line."""
    signals: dict[tuple[str, str], list[Gap]] = {}
    for gap in gaps:
        signals.setdefault((gap.module, _bits(gap.place)[0]), []).append(gap)
    for (module, name), ranges in signals.items():
        if len(ranges) > RANGES_MOST:
            yield f"{module}.v:{ranges[0].line}: {name}, bits in {len(ranges)} ranges"
        else:
            yield from (f"{module}.v:{gap.line}: {gap.place} never {gap.never}" for gap in ranges)


def _digest() -> str:
    """Of the Verilog that is measured."""
    digest = hashlib.sha256()
    for path in sorted(RTL.glob("*.v*")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _path(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


if __name__ == "__main__":
    sys.exit(main())
