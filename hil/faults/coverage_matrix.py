"""What was injected where, and in which mode and phase of the orbit it fired."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hil.faults.kinds import KINDS
from hil.faults.results import CaseRecord

NEVER = ("never fired", "")
MODES = ("boot", "safe", "standby", "nominal", "eclipse", "degraded")
PHASES = ("sunlit", "sunlit, SAA", "eclipse", "eclipse, SAA")


@dataclass
class Cell:
    """Faults of one kind and element that fired in one mode and phase."""

    faults: int = 0
    failed: int = 0  # of them, in cases that did not hold

    @property
    def held(self) -> bool:
        """Whether all of their cases held."""
        return not self.failed


@dataclass(frozen=True)
class Row:
    """A kind of fault at one element."""

    family: str
    kind: str
    element: str
    cells: Sequence[Cell | None]  # a cell a column, None where nothing fired
    whole: Cell


@dataclass(frozen=True)
class CoverageMatrix:
    """Rows by family, kind and element; columns (mode, phase) in the order of MODES and PHASES."""

    columns: Sequence[tuple[str, str]]
    rows: Sequence[Row]
    sums: Sequence[Cell]  # a cell a column
    never: Sequence[str]  # kinds of the fault space that no case has

    @property
    def families(self) -> dict[str, list[Row]]:
        """Rows by family."""
        found: dict[str, list[Row]] = {}
        for row in self.rows:
            found.setdefault(row.family, []).append(row)
        return found

    @property
    def modes(self) -> list[tuple[str, int]]:
        """The columns' modes with their numbers of columns."""
        names = [mode for mode, _ in self.columns]
        return [(name, names.count(name)) for name in dict.fromkeys(names)]


def coverage_matrix(cases: Iterable[CaseRecord]) -> CoverageMatrix:
    """The matrix over all faults of the cases."""
    cells: dict[tuple[str, str], dict[tuple[str, str], Cell]] = defaultdict(
        lambda: defaultdict(Cell)
    )
    sums: dict[tuple[str, str], Cell] = defaultdict(Cell)
    for case in cases:
        for fault in case.faults:
            column = NEVER if fault.fired_s is None else (fault.mode, fault.phase)
            for cell in (cells[fault.kind, fault.element][column], sums[column]):
                cell.faults += 1
                cell.failed += not case.held
    columns = sorted(sums, key=_place)
    rows = []
    for kind, element in sorted(cells, key=_kind_place):
        row = cells[kind, element]
        whole = Cell(sum(c.faults for c in row.values()), sum(c.failed for c in row.values()))
        inside = [row.get(column) for column in columns]
        rows.append(Row(kind.split(".")[0], kind, element, inside, whole))
    covered = {row.kind for row in rows}
    return CoverageMatrix(
        columns,
        rows,
        [sums[column] for column in columns],
        [kind for kind in KINDS if kind not in covered],
    )


def _place(column: tuple[str, str]) -> tuple[int, int, tuple[str, str]]:
    mode, phase = column
    known = (MODES.index(mode) if mode in MODES else len(MODES)) + 99 * (column == NEVER)
    return known, PHASES.index(phase) if phase in PHASES else len(PHASES), column


def _kind_place(row: tuple[str, str]) -> tuple[int, str, str]:
    kinds = list(KINDS)
    kind, element = row
    return (kinds.index(kind) if kind in KINDS else len(kinds)), kind, element
