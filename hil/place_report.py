"""What synthesis and place and route say of a design: speed, size, warnings.

nextpnr's report (`--report`) has `fmax`: clock → {achieved, constraint} in MHz, and `utilization`:
kind of cell → {used, available}. yosys' netlist has the cells by type.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hil.errors import InternalError

# Kinds of cells by family: yosys' type names (prefixes), then nextpnr's.
LUTS = {"ice40": ("SB_LUT4",), "ecp5": ("LUT4",), "gowin": ("LUT1", "LUT2", "LUT3", "LUT4")}
FLIP_FLOPS = {"ice40": ("SB_DFF",), "ecp5": ("TRELLIS_FF",), "gowin": ("DFF",)}
LOGIC = {"ice40": "ICESTORM_LC", "ecp5": "TRELLIS_COMB", "gowin": "LUT4"}
RAMS = {"ice40": "ICESTORM_RAM", "ecp5": "DP16KD", "gowin": "BSRAM"}
# yosys passes on what ABC says, and warns of its own library: neither is about this design.
NOT_OURS = ("ABC: ", "at /share/")


@dataclass(frozen=True)
class Use:
    """How many cells of a kind are used, of how many."""

    used: int
    available: int

    @property
    def percent(self) -> float:
        return 100 * self.used / self.available if self.available else 0.0

    def __str__(self) -> str:
        return f"{self.used} of {self.available} ({self.percent:.0f} %)"


@dataclass(frozen=True)
class Placement:
    """A placed and routed design. MHz; the clock is the slowest one of the design."""

    clock: str
    fmax_mhz: float
    constraint_mhz: float
    logic: Use  # cells of the device that hold a LUT
    ram: Use  # block RAMs

    @property
    def margin(self) -> float:
        """By how much faster than required it could be clocked; negative: timing is not met."""
        return self.fmax_mhz / self.constraint_mhz - 1

    @property
    def slack_ns(self) -> float:
        """What is left of a period."""
        return 1000 / self.constraint_mhz - 1000 / self.fmax_mhz

    @property
    def met(self) -> bool:
        return self.fmax_mhz >= self.constraint_mhz


@dataclass(frozen=True)
class Cells:
    """A synthesised netlist."""

    luts: int
    flip_flops: int


def parse_report(text: str, family: str, constraint_mhz: float) -> Placement:
    """The placement of nextpnr's report. Raises InternalError when it is not such a report.

    What must be met is `constraint_mhz`, whatever the report takes for it.
    """
    try:
        report = json.loads(text)
        achieved = {clock: float(each["achieved"]) for clock, each in report["fmax"].items()}
        utilisation = report["utilization"]
        logic = Use(**_use(utilisation[LOGIC[family]]))
        ram = Use(**_use(utilisation[RAMS[family]]))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InternalError(f"not a report of nextpnr for {family}: {error!r}") from error
    if not achieved:
        raise InternalError("nextpnr's report has no clock in `fmax`: the design has no register")
    clock = min(achieved, key=lambda name: achieved[name])
    return Placement(clock, achieved[clock], constraint_mhz, logic, ram)


def count_cells(netlist: Path, family: str, top: str = "top") -> Cells:
    """LUTs and flip-flops of yosys' netlist."""
    cells = json.loads(netlist.read_text(encoding="utf-8"))["modules"][top]["cells"]
    types = Counter(str(cell["type"]) for cell in cells.values())
    return Cells(_count(types, LUTS[family]), _count(types, FLIP_FLOPS[family]))


def warnings_in(log: Path) -> list[str]:
    """The warnings of a tool's log, each once."""
    found = [
        line.strip()
        for line in log.read_text(encoding="utf-8", errors="replace").splitlines()
        if "warning:" in line.lower() and not any(word in line for word in NOT_OURS)
    ]
    return list(dict.fromkeys(found))


def _use(entry: dict[str, Any]) -> dict[str, int]:
    return {"used": int(entry["used"]), "available": int(entry["available"])}


def _count(types: Counter[str], prefixes: tuple[str, ...]) -> int:
    return sum(number for name, number in types.items() if name.startswith(prefixes))
