"""Coverage of the Verilog: Verilator's records merged, and figures, gaps and annotated sources.

Records of several simulations meet by source place, so a module that stands in several builds and
instances counts once. Verilator's `verilator_coverage` does the same, but is not in the package.

| figure | of |
| --- | --- |
| line | source lines of procedural blocks and conditions; covered when executed once |
| branch | arms of if, else, case and ?:; covered when taken once |
| toggle | bits of signals, each way: 0 to 1 and 1 to 0 |
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

BLOCK = "block"  # an always block: no decision leads there
ARMS = {"cond_then": "then", "cond_else": "else", "elsif": "else if"}
_RECORD = re.compile("C '(.*?)(?:\1h\2.*)?' (\\d+)$")  # without its last field, the instance
_BIT = re.compile(r"^(.*?)((?:\[\d+\])*):(0->1|1->0)$")


@dataclass(frozen=True, order=True)
class Point:
    """A place that is executed, or a bit that changes."""

    file: str
    line: int
    column: int
    toggle: bool
    what: str  # the arm, or the bit and its way
    lines: str = ""  # executed with it: "39-42,44"

    @property
    def module(self) -> str:
        """Name of the module: one stands in a file."""
        return Path(self.file).stem


@dataclass(frozen=True)
class Figure:
    """So many of so many."""

    covered: int
    total: int

    @property
    def percent(self) -> float:
        """100 where there is nothing to cover."""
        return 100 * self.covered / self.total if self.total else 100.0

    def __add__(self, other: Figure) -> Figure:
        return Figure(self.covered + other.covered, self.total + other.total)


@dataclass(frozen=True, order=True)
class Gap:
    """Something uncovered: an arm by its source text, or bits of a signal."""

    module: str
    line: int
    place: str  # "ticks_q[15:9]", "else of: if (i_tick)"
    never: str  # "changes", "0 to 1", "1 to 0", "taken"


class Coverage:
    """Counts by point."""

    def __init__(self, counts: dict[Point, int]) -> None:
        self.counts = counts

    @classmethod
    def of(cls, records: Iterable[Path], folder: Path) -> Coverage:
        """The files' records of modules in `folder`, added up."""
        keys: dict[str, int] = defaultdict(int)
        for path in records:
            for key, count in _records(path):
                keys[key] += count
        counts: dict[Point, int] = defaultdict(int)
        for key, count in keys.items():
            point = _point(key)
            if Path(point.file).parent == folder:
                counts[point] += count
        return cls(dict(counts))

    def modules(self) -> list[str]:
        """Names of all modules seen."""
        return sorted({point.module for point in self.counts})

    def line(self, module: str) -> Figure:
        """Source lines that were executed."""
        executed = self.executed(module)
        return Figure(sum(count > 0 for count in executed.values()), len(executed))

    def branch(self, module: str) -> Figure:
        """Arms that were taken."""
        return self._figure(
            point for point in self._of(module) if not point.toggle and point.what != BLOCK
        )

    def toggle(self, module: str) -> Figure:
        """Bits that changed, each way."""
        return self._figure(point for point in self._of(module) if point.toggle)

    def executed(self, module: str) -> dict[int, int]:
        """How often each procedural source line was executed."""
        counts: dict[int, int] = {}
        for point in self._of(module):
            if not point.toggle:
                for line in _numbers(point.lines):
                    counts[line] = max(counts.get(line, 0), self.counts[point])
        return counts

    def gaps(self, module: str, source: list[str]) -> list[Gap]:
        """What was never executed and never changed; bits of a signal in ranges."""
        found: list[Gap] = []
        bits: dict[tuple[int, str], dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
        for point in self._of(module):
            if self.counts[point]:
                continue
            if not point.toggle:
                text = " ".join(source[point.line - 1].split())
                arm = ARMS.get(point.what, point.what)
                found.append(Gap(module, point.line, f"{arm} of: {text}", "taken"))
                continue
            name, index, way = _bit(point.what)
            bits[point.line, name][index].add(way)
        for (line, name), ways in bits.items():
            found += _ranges(module, line, name, ways)
        return sorted(found)

    def annotated(self, module: str, source: list[str]) -> str:
        """Source with execution counts in front; `!` marks what has a gap, named below it."""
        executed = self.executed(module)
        gaps: dict[int, list[str]] = defaultdict(list)
        for gap in self.gaps(module, source):
            gaps[gap.line].append(f"{gap.place} never {gap.never}")
        lines = []
        for number, text in enumerate(source, start=1):
            count = str(executed[number]) if number in executed else ""
            mark = "!" if number in gaps or count == "0" else " "
            lines.append(f"{mark}{count:>12} | {text}".rstrip())
            lines += [f"!{'':>12} |     ^ {place}" for place in gaps[number]]
        return "\n".join(lines) + "\n"

    def _of(self, module: str) -> Iterator[Point]:
        return (point for point in self.counts if point.module == module)

    def _figure(self, points: Iterable[Point]) -> Figure:
        counts = [self.counts[point] for point in points]
        return Figure(sum(count > 0 for count in counts), len(counts))


def _records(path: Path) -> Iterator[tuple[str, int]]:
    """Keys and counts of a file of Verilator's, without the instance."""
    for record in path.read_text(errors="replace").splitlines():
        match = _RECORD.match(record)
        if match:
            yield match[1], int(match[2])


def _point(key: str) -> Point:
    """\\1 begins a field, \\2 stands between its name and its value."""
    fields = dict(part.split("\2", 1) for part in key.split("\1")[1:])
    return Point(
        fields["f"],
        int(fields["l"]),
        int(fields["n"]),
        fields["t"] == "toggle",
        fields["o"],
        fields.get("S", ""),
    )


def _numbers(lines: str) -> Iterator[int]:
    """Line numbers of "39-42,44"."""
    for part in filter(None, lines.split(",")):
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


def _bit(what: str) -> tuple[str, int, str]:
    """Signal, bit (-1 for a single one) and way of "data_q[3]:0->1"; no index of an array."""
    match = _BIT.match(what)
    if match is None:
        raise ValueError(f"toggle point {what!r}, expected a name, bits and 0->1 or 1->0")
    name, indices, way = match.groups()
    numbers = re.findall(r"\d+", indices)
    return name, int(numbers[-1]) if numbers else -1, way.replace("->", " to ")


def _ranges(module: str, line: int, name: str, ways: dict[int, set[str]]) -> Iterator[Gap]:
    """Neighbouring bits that lack the same."""
    run: list[int] = []
    never = ""
    for index in [*sorted(ways), -2]:
        lacks = "" if index == -2 else "changes" if len(ways[index]) == 2 else min(ways[index])
        if run and (index != run[-1] + 1 or lacks != never):
            bits = (
                "" if run == [-1] else f"[{run[0]}]" if len(run) == 1 else f"[{run[-1]}:{run[0]}]"
            )
            yield Gap(module, line, name + bits, never)
            run = []
        run.append(index)
        never = lacks
