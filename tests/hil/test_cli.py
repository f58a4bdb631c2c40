"""The command line: exit codes, short errors, and nothing left behind by a wrong order."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hil import cli
from hil.errors import UsageError

RACKSAT = [sys.executable, "-m", "hil.cli"]
SHORT = ["--target", "model", "--duration", "3", "--no-live"]


def racksat(
    folder: Path, *words: str, hash_seed: str = "0", status: int | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command in a folder of its own."""
    done = subprocess.run(
        [*RACKSAT, *words],
        cwd=folder,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=False,
    )
    if status is not None:
        assert done.returncode == status, done.stdout + done.stderr
    return done


def scenario_file(folder: Path, text: str) -> str:
    (folder / "mine.toml").write_text('name = "mine"\n' + text)
    return "mine.toml"


def test_a_run_that_holds(tmp_path: Path) -> None:
    name = scenario_file(tmp_path, '[[require]]\nchannel = "soc"\nat_least = 0.7\n')
    done = racksat(tmp_path, "run", name, *SHORT, status=0)
    folder = tmp_path / "runs" / "mine-model-1"
    assert {path.name for path in folder.iterdir()} == {
        "scenario.toml",
        "vehicle.toml",
        "versions.json",
        "telemetry.mcap",
        "link.bin",
        "events.jsonl",
        "summary.json",
        "report.html",
    }
    assert json.loads((folder / "summary.json").read_text())["simulated_s"] == 3.0
    assert "held" in done.stdout and "runs/mine-model-1/report.html" in done.stdout


def test_a_failed_requirement_says_what_when_and_how_to_fly_it_again(tmp_path: Path) -> None:
    name = scenario_file(
        tmp_path, '[[require]]\nname = "cold chips"\nchannel = "gpu_temp_max_c"\nbelow = 10\n'
    )
    done = racksat(tmp_path, "run", name, *SHORT, "--seed", "9", status=1)
    assert "FAILED cold chips: gpu_temp_max_c below 10: 20" in done.stdout
    assert "failed at 0.1 s" in done.stdout
    assert "seed 9" in done.stdout
    again = "racksat run mine.toml --target model --seed 9 --duration 3.0"
    assert again in done.stdout
    assert (tmp_path / "runs" / "mine-model-9").is_dir()


def test_one_seed_gives_one_digest_whatever_the_hash_seed(tmp_path: Path) -> None:
    digests = set()
    for hash_seed in ("0", "1", "2"):
        racksat(tmp_path, "run", "nominal", *SHORT, "--out", hash_seed, hash_seed=hash_seed)
        digests.add(json.loads((tmp_path / hash_seed / "summary.json").read_text())["digest"])
    assert len(digests) == 1


def test_runs_are_never_replaced(tmp_path: Path) -> None:
    name = scenario_file(tmp_path, "")
    for _ in range(2):
        racksat(tmp_path, "run", name, *SHORT, status=0)
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == [
        "mine-model-1",
        "mine-model-1-2",
    ]
    done = racksat(tmp_path, "run", name, *SHORT, "--out", "runs/mine-model-1", status=2)
    assert "is not empty" in done.stderr


def test_report_is_rebuilt_from_the_recording_alone(tmp_path: Path) -> None:
    name = scenario_file(tmp_path, "")
    racksat(tmp_path, "run", name, *SHORT, "--out", "run", status=0)
    page = tmp_path / "run" / "report.html"
    before = page.read_text()
    page.unlink()
    (tmp_path / "run").rename(tmp_path / "moved")
    racksat(tmp_path, "report", "moved", status=0)
    after = (tmp_path / "moved" / "report.html").read_text()
    assert after == before.replace("<title>run ·", "<title>moved ·")


def test_scenarios_are_listed(tmp_path: Path) -> None:
    done = racksat(tmp_path, "scenarios", status=0)
    for name in ("nominal", "hot", "cold", "saa"):
        assert name in done.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["run", "hott"], "unknown scenario 'hott'; known are cold, hot, nominal, saa"),
        (["run", "no/such.toml"], "no/such.toml: no such scenario file"),
        (["run", "--target", "fpga"], "unknown target 'fpga'; known are model, rtl"),
        (["run", "--orbits", "-1"], "--orbits -1: must be > 0"),
        (["run", "--duration", "0"], "--duration 0: must be > 0"),
        (["run", "--duration", "5", "--orbits", "1"], "--orbits and --duration: give one of them"),
        (["run", "--seed", "-3"], "--seed -3: must be 0 to"),
        (["run", "--target", "model", "--out", "/proc/none"], "/proc/none: cannot be written"),
        (["run", "--target", "model", "--out", "file"], "file: is a file, expected a folder"),
        (["report", "nowhere"], "nowhere: not a run, expected a folder with telemetry.mcap"),
    ],
)
def test_wrong_usage_is_told_shortly_and_leaves_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    message: str,
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["racksat", *words])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    assert caught.value.code == 2
    told = capsys.readouterr().err
    assert told.startswith(f"racksat: {message}")
    assert "Traceback" not in told
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[initial]\nsocc = 1\n", "mine.toml: initial.socc: unknown key, expected one of soc,"),
        ('vehicle = "mine_too.toml"\n', "mine_too.toml: battery.capacity_kwh = -5"),
        ("[duration]\nseconds = -5\n", "mine.toml: duration.seconds = -5, must be > 0"),
        ("[conditions]\nalbedo = 2\n", "mine.toml: conditions.albedo = 2, must be <= 1"),
    ],
)
def test_wrong_files_are_told_shortly_and_leave_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    text: str,
    message: str,
) -> None:
    scenario_file(tmp_path, text)
    from sim.vehicle import PRESETS

    vehicle = (PRESETS / "rack_100kw.toml").read_text()
    vehicle = vehicle.replace("capacity_kwh = 100.0", "capacity_kwh = -5")
    (tmp_path / "mine_too.toml").write_text(vehicle)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["racksat", "run", "mine.toml", *SHORT])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    assert caught.value.code == 2
    assert capsys.readouterr().err.startswith(f"racksat: {message}")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.toml", "mine_too.toml"]


def test_a_missing_compiler_is_told_shortly_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def no_compiler(target: str, trays: int) -> None:
        raise UsageError("no C++ compiler found; install g++")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("hil.flight.open_target", no_compiler)
    monkeypatch.setattr(sys, "argv", ["racksat", "run", "--target", "rtl"])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    assert caught.value.code == 2
    assert capsys.readouterr().err == "racksat: no C++ compiler found; install g++\n"
    assert list(tmp_path.iterdir()) == []


def test_an_internal_error_is_one_line_with_the_traceback_in_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("a bug in the physics")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("hil.closed_loop.ClosedLoop.sense", broken)
    monkeypatch.setattr(sys, "argv", ["racksat", "run", *SHORT])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    assert caught.value.code == 3
    told = capsys.readouterr().err
    assert told.startswith("racksat: ZeroDivisionError: a bug in the physics; at 0.0 s")
    assert told.count("\n") == 1
    log = tmp_path / "runs" / "nominal-model-1" / "error.log"
    assert "Traceback" in log.read_text()
