"""Compiled simulations of the controller, built once and kept.

The key of a build is a hash of the Verilog, the parameters and the tool versions.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hil.errors import UsageError
from hil.targets.kept import ROOT, cache_directory, make_once, tell
from hil.targets.verilog_compiler import (
    COMPILERS,
    Design,
    compile_with_icarus,
    compile_with_verilator,
    tool_versions,
)

GATEWARE = ROOT / "gateware"
SIMULATORS = ("verilator", "icarus")
INSTALL_COMPILER = "apt-get install g++ make"
INSTALL_ICARUS = "apt-get install iverilog"


@dataclass(frozen=True)
class Simulation:
    """A compiled simulation: an executable (verilator) or a program for vvp (icarus)."""

    simulator: str
    top: str
    file: Path


def simulation(
    simulator: str | None,
    parameters: Mapping[str, int],
    top: str = "lockstep_top",
    netlist: tuple[Path, ...] = (),
    optimisation: str = "-O3",
    names: bool = False,
    gateware: Path = GATEWARE,
    cache: Path | None = None,
) -> Simulation:
    """The simulation of `gateware/bench/<top>.v`, built if there is none yet.

    Files in `netlist` have modules that take the place of those in `gateware`; `optimisation` is
    the C++ compiler's; with `names` every register can be reached by name.
    `simulator` None takes Verilator, or Icarus where Verilator's compiler is missing. Raises
    UsageError when a tool is missing or the Verilog does not compile.
    """
    cache = cache or cache_directory("sim")
    design = Design(gateware, top, dict(sorted(parameters.items())), netlist, optimisation, names)
    if simulator in (None, "verilator"):  # a kept build needs no compiler
        kept = Simulation("verilator", top, cache / _key("verilator", design) / "simulation")
        if kept.file.exists():
            return kept
    simulator = choose_simulator(simulator)
    folder = cache / _key(simulator, design)
    make_once(folder, "the simulation", lambda partial: _build(simulator, design, partial))
    return Simulation(simulator, top, folder / "simulation")


def choose_simulator(wanted: str | None) -> str:
    """The simulator to use: the one wanted, else Verilator, else Icarus.

    Raises UsageError, which names the package to install, when it cannot be used here.
    """
    if wanted is not None and wanted not in SIMULATORS:
        raise UsageError(f"simulator {wanted!r}: must be {' or '.join(SIMULATORS)}")
    icarus = shutil.which("iverilog") is not None
    if wanted == "icarus":
        if not icarus:
            raise UsageError(f"no Icarus Verilog (iverilog) on PATH: {INSTALL_ICARUS}")
        return wanted
    missing = _missing_tools()
    if not missing:
        return "verilator"
    if wanted is None and icarus:
        tell(
            f"{missing} not found on PATH: simulating with Icarus, far slower ({INSTALL_COMPILER})"
        )
        return "icarus"
    raise UsageError(f"the simulation needs {missing}, not found on PATH: {INSTALL_COMPILER}")


def _missing_tools() -> str:
    """What Verilator lacks to build a simulation: "a C++ compiler", "make", both or ""."""
    missing = []
    if not any(map(shutil.which, COMPILERS)):
        missing.append("a C++ compiler")
    if shutil.which("make") is None:
        missing.append("make")
    return " and ".join(missing)


def _key(simulator: str, design: Design) -> str:
    tools = f"{simulator} {tool_versions(simulator)} {design.optimisation} {design.names}"
    what = f"{tools} {design.top} {design.parameters}"
    digest = hashlib.sha256(what.encode())
    sources = [
        path for place in ("rtl", "bench") for path in (design.gateware / place).glob("*.v*")
    ]
    for source in sorted(sources):
        digest.update(f"\0{source.relative_to(design.gateware).as_posix()}\0".encode())
        digest.update(source.read_bytes())
    for source in design.netlist:
        digest.update(f"\0netlist {source.name}\0".encode())
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def _build(simulator: str, design: Design, folder: Path) -> None:
    """Build `<folder>/simulation`."""
    work = folder / "work"
    work.mkdir()
    log = folder / "build.log"
    if simulator == "verilator":
        compile_with_verilator(design, work, log, runtimes=folder.parent)
    else:
        compile_with_icarus(design, work, log)
    (work / "simulation").replace(folder / "simulation")
    shutil.rmtree(work)
