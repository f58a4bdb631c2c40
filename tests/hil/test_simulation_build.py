"""Simulations are built once, whole or not at all, and say what they lack."""

from __future__ import annotations

import multiprocessing
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from hil.errors import UsageError
from hil.targets import kept
from hil.targets import simulation_build as build
from hil.targets.verilog_compiler import Design

TRAYS = {"TRAYS": 18}


@pytest.fixture
def gateware(tmp_path: Path) -> Path:
    """A gateware directory with one file of each kind."""
    for place in ("rtl/controller.v", "rtl/registers.vh", "bench/lockstep_top.v"):
        path = tmp_path / "gateware" / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"// {place}\n")
    return tmp_path / "gateware"


@pytest.fixture
def no_tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty PATH; the directory on it."""
    directory = tmp_path / "bin"
    directory.mkdir()
    monkeypatch.setenv("PATH", str(directory))
    return directory


def install(directory: Path, *names: str) -> None:
    for name in names:
        (directory / name).write_text("#!/bin/sh\nexit 0\n")
        (directory / name).chmod(0o755)


def pretend(built: list[str]) -> object:
    """A build that only writes down that it was done."""

    def write(simulator: str, design: Design, place: Path) -> None:
        built.append(f"{simulator} {design.top}")
        (place / "simulation").touch()

    return write


def test_no_compiler_names_the_package(
    no_tools: Path, gateware: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UsageError) as caught:
        build.simulation(None, TRAYS, gateware=gateware, cache=tmp_path / "cache")
    assert str(caught.value) == (
        "the simulation needs a C++ compiler and make, not found on PATH: apt-get install g++ make"
    )
    assert caught.value.exit_code == 2
    install(no_tools, "c++")
    with pytest.raises(UsageError, match="^the simulation needs make, not found on PATH: apt-get"):
        build.simulation("verilator", TRAYS, gateware=gateware, cache=tmp_path / "cache")
    assert not (tmp_path / "cache").exists()
    assert capsys.readouterr().err == ""


def test_without_a_compiler_icarus_steps_in(
    no_tools: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install(no_tools, "iverilog", "make")
    assert build.choose_simulator(None) == "icarus"
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert told == (
        "racksat: a C++ compiler not found on PATH: simulating with Icarus, far slower "
        "(apt-get install g++ make)\n"
    )
    with pytest.raises(UsageError, match="needs a C.. compiler"):
        build.choose_simulator("verilator")


def test_verilator_comes_first(no_tools: Path) -> None:
    install(no_tools, "iverilog", "make", "g++")
    assert build.choose_simulator(None) == "verilator"
    assert build.choose_simulator("icarus") == "icarus"


def test_icarus_asked_for_and_absent(no_tools: Path) -> None:
    install(no_tools, "make", "g++")
    with pytest.raises(UsageError, match="no Icarus .* apt-get install iverilog"):
        build.choose_simulator("icarus")


def test_a_kept_build_needs_no_compiler(
    no_tools: Path, gateware: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(no_tools, "make", "g++")
    built: list[str] = []
    monkeypatch.setattr(build, "_build", pretend(built))
    cache = tmp_path / "cache"
    first = build.simulation(None, TRAYS, gateware=gateware, cache=cache)
    for tool in ("make", "g++"):
        (no_tools / tool).unlink()
    assert build.simulation(None, TRAYS, gateware=gateware, cache=cache) == first
    assert built == ["verilator lockstep_top"]


def test_what_makes_another_build(
    no_tools: Path, gateware: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(no_tools, "make", "g++", "iverilog")
    built: list[str] = []
    monkeypatch.setattr(build, "_build", pretend(built))
    cache = tmp_path / "cache"
    files = set()

    def again(
        parameters: dict[str, int] = TRAYS,
        simulator: str | None = None,
        netlist: tuple[Path, ...] = (),
    ) -> None:
        built = build.simulation(
            simulator, parameters, netlist=netlist, gateware=gateware, cache=cache
        )
        files.add(built.file)

    again()
    again()
    assert len(files) == len(built) == 1
    (gateware / "README.md").write_text("not Verilog")
    again()
    assert len(files) == len(built) == 1
    again({"TRAYS": 4})
    again(simulator="icarus")
    for place in ("rtl/controller.v", "rtl/registers.vh", "bench/lockstep_top.v"):
        (gateware / place).write_text("// changed\n")
        again()
    (gateware / "rtl" / "new.v").write_text("// new\n")
    again()
    assert len(files) == len(built) == 7
    netlist = tmp_path / "netlist.v"
    for count, text in ((8, "// netlist\n"), (9, "// another\n"), (9, "// another\n")):
        netlist.write_text(text)
        again(netlist=(netlist,))
        assert len(files) == len(built) == count


def test_broken_verilog_shows_the_compilers_message(
    gateware: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (gateware / "bench" / "lockstep_top.v").write_text("module lockstep_top ();\n  wire w = ;\n")
    (gateware / "bench" / "lockstep.vlt").write_text("`verilator_config\n")
    cache = tmp_path / "cache"
    with pytest.raises(UsageError) as caught:
        build.simulation("verilator", TRAYS, gateware=gateware, cache=cache)
    text = str(caught.value)
    assert "lockstep_top.v:2:12: syntax error" in text
    assert "verilator_bin ended with 1" in text
    assert not list(cache.glob("*/simulation"))
    assert capsys.readouterr().err == "racksat: building the simulation (once) ...\n"


def _build_in_a_process(
    gateware: Path, cache: Path, building: Event, waiting: Event, results: object
) -> None:
    built: list[str] = []
    told: list[str] = []

    def slow(*arguments: object) -> None:
        building.set()
        assert waiting.wait(60)  # until the other process waits for this one
        pretend(built)(*arguments)  # type: ignore[operator]

    def say(text: str) -> None:
        told.append(text)
        if text.startswith("waiting"):
            waiting.set()

    build._build = slow  # type: ignore[assignment]
    kept.tell = say
    build.choose_simulator = lambda wanted: "verilator"
    simulation = build.simulation(None, TRAYS, gateware=gateware, cache=cache)
    results.put((built, told, simulation.file.exists()))  # type: ignore[attr-defined]


def test_two_processes_build_once(gateware: Path, tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    building, waiting, results = context.Event(), context.Event(), context.Queue()
    processes = []
    for _ in range(2):
        process = context.Process(
            target=_build_in_a_process,
            args=(gateware, tmp_path / "cache", building, waiting, results),
        )
        process.start()
        processes.append(process)
        assert building.wait(60)
    outcomes = sorted((results.get(timeout=60) for _ in processes), key=lambda outcome: outcome[0])
    for process in processes:
        process.join(60)
    assert outcomes == [
        ([], ["waiting for another process that builds the simulation"], True),
        (["verilator lockstep_top"], ["building the simulation (once) ..."], True),
    ]


def test_where_builds_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkout, home = tmp_path / "checkout", tmp_path / "home"
    checkout.mkdir()
    monkeypatch.setattr(kept, "ROOT", checkout)
    monkeypatch.setenv("XDG_CACHE_HOME", str(home))
    assert kept.cache_directory("sim") == home / "racksat" / "sim"  # no checkout: installed
    (checkout / "pyproject.toml").touch()
    assert kept.cache_directory("sim") == checkout / "build" / "sim"
    (checkout / "build" / "sim").rmdir()
    (checkout / "build").rmdir()
    (checkout / "build").write_text("a file where a directory should be")
    assert kept.cache_directory("sim") == home / "racksat" / "sim"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(home))
    assert kept.cache_directory("sim") == home / ".cache" / "racksat" / "sim"
