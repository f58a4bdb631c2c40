"""Compiled simulations of the controller, built once and kept.

A build lives in `build/sim/<key>` of the checkout (or in the user's cache directory where that
cannot be written); the key is a hash of the Verilog, the parameters and the tool versions.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hil.errors import UsageError
from hil.targets.verilog_compiler import (
    COMPILERS,
    Design,
    compile_with_icarus,
    compile_with_verilator,
    tool_versions,
)

ROOT = Path(__file__).resolve().parents[2]
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
    gateware: Path = GATEWARE,
    cache: Path | None = None,
) -> Simulation:
    """The simulation of `gateware/bench/<top>.v`, built if there is none yet.

    `simulator` None takes Verilator, or Icarus where Verilator's compiler is missing. Raises
    UsageError when a tool is missing or the Verilog does not compile.
    """
    cache = cache or cache_directory()
    design = Design(gateware, top, dict(sorted(parameters.items())))
    if simulator in (None, "verilator"):  # a kept build needs no compiler
        kept = Simulation("verilator", top, cache / _key("verilator", design) / "simulation")
        if kept.file.exists():
            return kept
    simulator = choose_simulator(simulator)
    key = _key(simulator, design)
    built = Simulation(simulator, top, cache / key / "simulation")
    if built.file.exists():
        return built
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / f"{key}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say("waiting for another process that builds the simulation")
            fcntl.flock(lock, fcntl.LOCK_EX)
        if not built.file.exists():
            _say("building the simulation (once) ...")
            _build(simulator, design, built.file.parent)
    return built


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
        _say(
            f"{missing} not found on PATH: simulating with Icarus, far slower ({INSTALL_COMPILER})"
        )
        return "icarus"
    raise UsageError(f"the simulation needs {missing}, not found on PATH: {INSTALL_COMPILER}")


def cache_directory() -> Path:
    """Where builds are kept."""
    directory = ROOT / "build" / "sim"
    if (ROOT / "pyproject.toml").exists() and _writable(directory):
        return directory
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "racksat" / "sim"


def _missing_tools() -> str:
    """What Verilator lacks to build a simulation: "a C++ compiler", "make", both or ""."""
    missing = []
    if not any(map(shutil.which, COMPILERS)):
        missing.append("a C++ compiler")
    if shutil.which("make") is None:
        missing.append("make")
    return " and ".join(missing)


def _writable(directory: Path) -> bool:
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(directory, os.W_OK)


def _key(simulator: str, design: Design) -> str:
    what = f"{simulator} {tool_versions(simulator)} {design.top} {design.parameters}"
    digest = hashlib.sha256(what.encode())
    sources = [
        path for place in ("rtl", "bench") for path in (design.gateware / place).glob("*.v*")
    ]
    for source in sorted(sources):
        digest.update(f"\0{source.relative_to(design.gateware).as_posix()}\0".encode())
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def _build(simulator: str, design: Design, directory: Path) -> None:
    """Build into `<directory>.partial`, then rename it: a build is there whole or not at all."""
    partial = directory.with_name(f"{directory.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    work = partial / "work"
    work.mkdir(parents=True)
    log = partial / "build.log"
    if simulator == "verilator":
        compile_with_verilator(design, work, log, runtimes=directory.parent)
    else:
        compile_with_icarus(design, work, log)
    (work / "simulation").replace(partial / "simulation")
    shutil.rmtree(work)
    partial.rename(directory)


def _say(text: str) -> None:
    print(f"racksat: {text}", file=sys.stderr, flush=True)
