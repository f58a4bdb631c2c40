"""Suites under pytest and on the command line: items, skips, failures, exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from xml.etree import ElementTree as xml

import pytest
from typer.testing import CliRunner

from hil.cli import app
from hil.errors import UsageError
from hil.faults import session
from hil.faults.campaign.workers import Crew
from hil.faults.kinds import KINDS
from hil.faults.results import read_results
from hil.report import write_report

ROOT = Path(__file__).resolve().parents[2]
SUITE = """
[suite]
name = "little"
duration_s = 30
[suite.vehicle_values.rack]
boot_s = 3.0
reload_s = 3.0

[[case]]
name = "holds"
expect = ["energy_residual < 1e-6 always"]
[[case.fault]]
kind = "plant.shadow"
at_s = 20

[[case]]
name = "does not hold"
expect = ['event "TRAY_TRIPPED" within 2 s']
[[case.fault]]
kind = "plant.shadow"
at_s = 20

[[case]]
name = "needs names"
expect = ["soc > 0 always"]
[[case.fault]]
kind = "upset.flop"
at_s = 20
"""


@pytest.fixture
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "little.toml"
    path.write_text(SUITE)
    return path


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["faults", *words])
    if isinstance(result.exception, UsageError):
        return result.exception.exit_code, str(result.exception)
    return result.exit_code, result.output


def test_run_tells_every_case_and_fails(suite: Path, tmp_path: Path) -> None:
    junit = tmp_path / "out" / "junit.xml"
    code, output = run("run", str(suite), "--target", "model", "--junit", str(junit))
    assert code == 1
    assert "1/3 held    holds: latent" in output
    assert "2/3 FAILED  does not hold" in output
    assert "3/3 skipped needs names: upset.flop needs the target rtl, this is model" in output
    assert "observed: not seen" in output
    assert "--case 'does not hold' --target model" in output
    assert "1 of 2 cases held, 1 skipped" in output
    (recorded,) = (tmp_path / "runs").iterdir()  # the failure, to be looked at
    summary = json.loads((recorded / "summary.json").read_text())
    assert summary["case"]["held"] is False
    assert write_report(recorded).is_file()
    assert (recorded / "telemetry.mcap").is_file()
    root = xml.parse(junit).getroot()
    table = root.find("testsuite")
    assert table is not None
    assert {key: table.get(key) for key in ("tests", "failures", "skipped")} == {
        "tests": "3",
        "failures": "1",
        "skipped": "1",
    }


def test_run_of_one_case_with_a_recording(suite: Path, tmp_path: Path) -> None:
    words = ["run", str(suite), "--target", "model", "--case", "holds"]
    code, output = run(*words, "--out", str(tmp_path / "out"))
    assert code == 0, output
    (entry,) = read_results(tmp_path / "out").cases
    assert (entry.case, entry.outcome.value, entry.held) == ("holds", "latent", True)
    assert entry.faults[0].fired_s == pytest.approx(20.1)
    assert (tmp_path / "out" / "report.html").is_file()
    assert (tmp_path / "out" / "little-holds" / "telemetry.mcap").is_file()


def test_what_the_vehicle_has_not_is_told_before_anything_is_flown(suite: Path) -> None:
    late = SUITE.replace('kind = "upset.flop"', 'kind = "upset.tray_sefi"\ntray = 18')
    suite.write_text(late)
    code, output = run("run", str(suite), "--target", "model")
    assert code == 2
    assert output.startswith('little.toml: case "needs names": fault.1: upset.tray_sefi: tray 18')


def test_the_other_cases_are_flown_when_the_bench_fails_in_one(
    suite: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crew = Crew(ThreadPoolExecutor(1), 1)  # of this process, where the kind is broken
    monkeypatch.setattr(session, "processes", lambda workers: nullcontext(crew))
    kind = KINDS["upset.tray_sefi"]
    broken = SUITE.replace("plant.shadow", "upset.tray_sefi", 1)
    suite.write_text(broken)
    for error, code, words in (
        (ZeroDivisionError("so what"), 3, "ZeroDivisionError: so what"),
        (UsageError("no such flip-flop"), 2, "bad input: no such flip-flop"),
    ):
        monkeypatch.setattr(kind, "begin", Raises(error))
        junit = tmp_path / "junit.xml"
        found, output = run("run", str(suite), "--target", "model", "--junit", str(junit))
        assert (found, f"the bench failed at 20.0 s: {words}" in output) == (code, True), output
        assert "2/3 FAILED  does not hold" in output
        assert (table := xml.parse(junit).getroot().find("testsuite")) is not None
        assert (table.get("errors"), table.get("failures")) == ("1", "1")


class Raises:
    """In the place of a method."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __call__(self, *words: object) -> None:
        raise self.error


def test_each_case_has_a_folder_of_its_own(suite: Path, tmp_path: Path) -> None:
    again = SUITE[SUITE.index("[[case]]") : SUITE.index('[[case]]\nname = "does')]
    suite.write_text(SUITE + again.replace('"holds"', '"holds!"'))
    words = ["run", str(suite), "--target", "model", "--case", "holds", "--case", "holds!"]
    code, output = run(*words, "--out", str(tmp_path / "out"))
    assert code == 0, output
    folders = {path.name for path in (tmp_path / "out").iterdir() if path.is_dir()}
    assert folders == {"little-holds", "little-holds-2"}
    first, second = (
        json.loads((tmp_path / "out" / folder / "summary.json").read_text())["case"]["case"]
        for folder in sorted(folders)
    )
    assert (first, second) == ("holds", "holds!")


def test_two_suites_of_one_name(suite: Path, tmp_path: Path) -> None:
    (tmp_path / "copy.toml").write_text(SUITE)
    code, output = run("run", str(suite), str(tmp_path / "copy.toml"), "--target", "model")
    assert code == 2 and "copy.toml: suite.name = 'little'" in output


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("--case", "hold"), 2, "did you mean holds"),
        (("--case", "needs names"), 1, "no case was flown: 1 skipped"),
        (("--target", "board"), 2, "unknown target 'board'"),
        (("--junit", "."), 2, "is a folder, expected a file"),
        (("--junit", "little.toml/junit.xml"), 2, "cannot be written: no folder"),
        (("little.toml", "little.toml"), 2, "little.toml: is given twice"),
    ],
)
def test_bad_usage(suite: Path, words: tuple[str, ...], code: int, message: str) -> None:
    found, output = run("run", str(suite), "--target", "model", *words)
    assert found == code
    assert message in output


def test_list_names_every_kind_with_its_parameters() -> None:
    code, output = run("list")
    assert code == 0
    assert "sensor.bias" in output and "bias: number, required" in output
    assert "link.delay" in output and "delay_s: number > 0 <= 1e+06, 0.03 if not given" in output
    assert run("list", "link")[1].count("link.") >= 9
    code, output = run("list", "sensors")
    assert code == 2 and "families are" in output


def collected(suite: Path, *words: str) -> str:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rs", *words]
    found = subprocess.run(
        command,
        cwd=suite.parent,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    return found.stdout + found.stderr


def test_pytest_collects_the_cases(suite: Path) -> None:
    output = collected(suite, "little.toml", "-v")
    assert "little.toml::holds PASSED" in output
    assert "little.toml::does not hold FAILED" in output
    assert "1 failed, 1 passed, 1 skipped" in output
    assert "plant.shadow at 20 s: fired at 20.1 s" in output
    assert "seed 1" in output and "observed: not seen" in output
    assert "racksat faults run little.toml --case 'does not hold' --target model" in output
    assert "Traceback" not in output


def test_on_a_board_cases_are_skipped_by_name(suite: Path) -> None:
    output = collected(suite, "little.toml", "--target", "/dev/ttyUSB0")
    assert "1 skipped" in output  # the others fail: there is no such port
    assert "upset.flop needs the target rtl" in output
    assert 'case "needs names"' in output


def test_pytest_tells_what_is_wrong_in_a_suite(suite: Path) -> None:
    suite.write_text(SUITE.replace("plant.shadow", "plant.shadw", 1))
    output = collected(suite, "little.toml")
    assert 'little.toml: case "holds": case.1.fault.1' in output
    assert "did you mean plant.shadow" in output


def test_the_fixtures_say_the_same(suite: Path) -> None:
    test = suite.parent / "test_it.py"
    test.write_text(
        "def test_holds(satellite, inject, expect):\n"
        "    satellite.duration_s = 30\n"
        "    inject('plant.shadow', at_s=20)\n"
        "    expect('soc > 0.5 always')\n"
        "    satellite.fly()\n"
        "def test_does_not(satellite, inject, expect):\n"
        "    satellite.duration_s = 30\n"
        "    inject('plant.shadow', at_s=20)\n"
        "    expect('soc > 0.99 always')\n"
        "    satellite.fly()\n"
        "def test_forgets_to_fly(inject):\n"
        "    inject('plant.shadow', at_s=20)\n"
    )
    output = collected(suite, "test_it.py")
    assert "2 passed, 1 failed" in output or "1 failed, 2 passed, 1 error" in output, output
    assert "expected at 0.1 s: soc > 0.99 always" in output
    assert "satellite.fly() was never called" in output
