"""The report of a run of suites: what is counted, what is drawn, and what a kill leaves."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as xml

import matplotlib
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from typer.testing import CliRunner

from hil.cli import app
from hil.errors import UsageError
from hil.faults.coverage_matrix import coverage_matrix
from hil.faults.failed_flight import FailedFlight
from hil.faults.junit import write_junit
from hil.faults.outcome import Outcome
from hil.faults.results import CaseRecord, FaultRecord, read_results
from hil.faults.run import Result
from hil.faults.suite import Case
from hil.faults.suite_report import latencies, write_report
from hil.faults.timeline import draw
from hil.faults.trace import Trace
from hil.plots import ORANGE, RED, STYLE
from hil.run_folder import RunFolder

ROOT = Path(__file__).resolve().parents[2]
SUITE = """
[suite]
name = "mixed"
duration_s = 40
[suite.vehicle_values.rack]
boot_s = 3.0
reload_s = 3.0

[[case]]
name = "holds"
expect = ["soc > 0.1 always"]
[[case.fault]]
kind = "plant.shadow"
at_s = 20

[[case]]
name = "two faults"
duration_s = 66
expect = [
    "trays_powered == 18 always after fault", "soc > 0.1 always", 'event "SUPPLY_SENSOR"',
    'mode == "nominal" within 5 s',
]
[[case.fault]]
kind = "upset.tray_latchup"
tray = 3
at_s = 55
[[case.fault]]
kind = "sensor.bias"
channel = "bus_current"
bias = 0.1
at_s = 57
for_s = 4

[[case]]
name = "needs names"
expect = ["soc > 0 always"]
[[case.fault]]
kind = "upset.flop"
at_s = 20
"""


@dataclass(frozen=True)
class Flown:
    folder: Path
    junit: Path
    output: str


@pytest.fixture(scope="module")
def flown(tmp_path_factory: pytest.TempPathFactory) -> Flown:
    """The suite, flown on the model."""
    place = tmp_path_factory.mktemp("mixed")
    (place / "mixed.toml").write_text(SUITE)
    words = ["faults", "run", str(place / "mixed.toml"), "--target", "model"]
    words += ["--out", str(place / "out"), "--junit", str(place / "junit.xml")]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 1, result.output
    return Flown(place / "out", place / "junit.xml", result.output)


def fault(kind: str, element: str, column: tuple[str, str] | None, **values: Any) -> FaultRecord:
    """A fault that fired in (mode, phase); None: it never did."""
    mode, phase = column or ("", "")
    fired = {} if column is None else {"begun_s": 10.0, "fired_s": 10.0}
    record: dict[str, Any] = {
        "number": 1,
        "fault": kind,
        "kind": kind,
        "element": element,
        "parameters": {},
        "armed_s": 10.0,
        **{
            f"{stage}_s": None
            for stage in ("begun", "fired", "ended", "detected", "contained", "recovered")
        },
        **fired,
        "evidence": "",
        "detected_by": "",
        "fate": None,
        "present": True,
        "mode": mode,
        "phase": phase,
        "orbit_phase_deg": None,
        "sunlit": None,
    }
    return FaultRecord.model_validate(record | values)


def case(held: bool, *faults: FaultRecord) -> CaseRecord:
    return CaseRecord(
        suite="s",
        case="c",
        target="model",
        seed=1,
        outcome=Outcome.LATENT,
        held=held,
        error="",
        deaths=(),
        duration_s=60.0,
        simulated_s=60.0,
        wall_s=1.0,
        faults=faults,
        expectations=(),
        replay="",
        recording=None,
    )


def test_the_matrix_counts_faults_where_they_fired() -> None:
    bias, seized = ("sensor.bias", "coolant_supply_a"), ("actuator.pump_seized", "a")
    day, night = ("nominal", "sunlit"), ("safe", "eclipse, SAA")
    matrix = coverage_matrix(
        [
            case(True, fault(*bias, day), fault(*seized, day)),
            case(False, fault(*bias, day), fault(*bias, night)),
            case(True, fault("sensor.bias", "bus_current", night)),
            case(False, fault(*seized, None)),
        ]
    )
    assert list(matrix.columns) == [night, day, ("never fired", "")]  # modes in their order
    found = {
        (row.kind, row.element): [None if c is None else (c.faults, c.failed) for c in row.cells]
        for row in matrix.rows
    }
    assert found == {
        ("sensor.bias", "bus_current"): [(1, 0), None, None],
        ("sensor.bias", "coolant_supply_a"): [(1, 1), (2, 1), None],
        ("actuator.pump_seized", "a"): [None, (1, 0), (1, 1)],
    }
    assert list(matrix.families) == ["sensor", "actuator"]
    assert [(cell.faults, cell.failed) for cell in matrix.sums] == [(2, 1), (3, 1), (1, 1)]
    assert matrix.modes == [("safe", 1), ("nominal", 1), ("never fired", 1)]
    assert "upset.flop" in matrix.never and "sensor.bias" not in matrix.never


def test_latencies_count_what_never_came_to_a_stage() -> None:
    day = ("nominal", "sunlit")
    quick = fault("sensor.bias", "bus_current", day, detected_s=10.5, recovered_s=12.0)
    missed = fault("sensor.bias", "bus_current", day)
    picture = latencies([case(True, quick, missed)])
    assert picture is not None
    assert quick.latency_s("detected") == 0.5 and missed.latency_s("detected") is None
    assert latencies([case(True, missed)]) is None


def test_the_report_says_everything_of_a_failure(flown: Flown) -> None:
    page = (flown.folder / "report.html").read_text("utf-8")
    for text in (
        "trays_powered == 18 always after fault",
        "trays_powered = 17",
        "seed 1",
        "fired at 55.0 s: tray 3: its input draws the latch-up&#39;s current",
        "--case &#39;two faults&#39; --target model",
        "upset.flop needs the target rtl, this is model",
        "TRAY_TRIP",
        "Kinds of the fault space that were not injected",
    ):
        assert text in page, text
    assert page.count("<svg") == 2  # the failure's timeline, and latencies
    links = re.findall(r'(?:href|src)="([^"]*)"', page)
    assert all(link.startswith("#") for link in links)  # nothing is loaded from elsewhere
    assert "report: " in flown.output


def test_the_timeline_carries_markers_and_limits(flown: Flown) -> None:
    results = read_results(flown.folder)
    (failed,) = [c for c in results.cases if not c.held]
    assert failed.recording is not None
    recording = flown.folder / failed.recording
    flight = FailedFlight(failed, RunFolder(recording), Trace.load(recording / "golden.json.gz"))
    with matplotlib.rc_context(STYLE):
        panels = {axes.get_title(loc="left"): axes for axes in draw(flight).axes}
    assert list(panels) == ["faults", "events", "fsw_mode", "trays_powered", "soc"]
    for axes in panels.values():
        upright = [line for line in axes.lines if set(line.get_xdata()) in ({55.0}, {57.0}, {61.0})]
        marks = {(line.get_xdata()[0], line.get_linestyle()) for line in upright if _tall(line)}
        assert marks == {(55.0, "-"), (57.0, "-"), (61.0, "--")}  # begins, and the end
        assert all(to_hex(line.get_color()) == ORANGE.lower() for line in upright if _tall(line))
    limit = _line(panels["trays_powered"], "FAILED: == 18\nalways after fault")
    assert list(limit.get_ydata()) == [18, 18]
    assert list(limit.get_xdata()) == pytest.approx([55.0, 66.0])
    assert to_hex(limit.get_color()) == RED.lower() and limit.get_linestyle() == ":"
    (broken,) = [f for f in failed.broken if f.expected.startswith("trays_powered")]
    assert _crosses(panels["trays_powered"]) == [(broken.at_s, 17.0)]
    assert _crosses(panels["soc"]) == []
    assert list(_line(panels["soc"], "expected: > 0.1\nalways").get_ydata()) == [0.1, 0.1]
    assert set(_line(panels["trays_powered"], "golden run").get_ydata()) == {18.0}
    assert 17.0 in _line(panels["trays_powered"], "flight").get_ydata()
    labels = [text.get_text() for text in panels["events"].texts]
    assert "SUPPLY_SENSOR: not seen" in labels and "TRAY_TRIPPED" in labels
    assert "nominal within 5 s after fault" in [t.get_text() for t in panels["fsw_mode"].texts]


def test_the_report_is_made_again_from_what_a_run_left(flown: Flown) -> None:
    first = (flown.folder / "report.html").read_bytes()
    (flown.folder / "report.html").unlink()
    result = CliRunner().invoke(app, ["faults", "report", str(flown.folder)])
    assert result.exit_code == 0, result.output
    assert (flown.folder / "report.html").read_bytes() == first


def test_a_torn_last_line_is_left_out(flown: Flown, tmp_path: Path) -> None:
    whole = (flown.folder / "results.jsonl").read_bytes()
    lines = whole.splitlines(keepends=True)
    path = tmp_path / "results.jsonl"
    path.write_bytes(b"".join(lines[:-1]) + lines[-1][:20])
    results = read_results(tmp_path)
    assert ([c.case for c in results.cases], results.missing) == (["holds", "two faults"], 1)
    assert not results.held
    path.write_bytes(b"".join(lines[:2]) + lines[2][:-1])  # all but its end of line
    assert [c.case for c in read_results(tmp_path).cases] == ["holds"]
    page = write_report(tmp_path).read_text("utf-8")
    assert "killed" in page and "2 of 3 cases were not flown" in page


def test_a_killed_run_loses_no_case_that_was_over(tmp_path: Path) -> None:
    suite = tmp_path / "mixed.toml"
    suite.write_text(SUITE.replace("duration_s = 66", "duration_s = 4000"))
    words = ["-u", "-m", "hil.cli", "faults", "run", str(suite), "--target", "model"]
    process = subprocess.Popen(
        [sys.executable, *words, "--out", str(tmp_path / "out")],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        assert "1/3 held    holds" in process.stdout.readline()
    finally:
        process.kill()
        process.communicate(timeout=60)  # its workers hold this pipe: they have ended as well
    results = read_results(tmp_path / "out")
    assert ([c.case for c in results.cases], results.missing) == (["holds"], 2)
    assert "killed" in write_report(tmp_path / "out").read_text("utf-8")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "expected the folder that racksat faults run --out wrote"),
        (b"", "killed before its first case"),
        (b'{"format": 7, "target": "rtl", "suites": [], "cases": 1, "versions": {}}\n', "reads 1"),
        (
            b'{"format": 1, "target": "rtl", "suites": [], "cases": 1, "versions": {}}\n{"case"\n',
            "line 2",
        ),
    ],
)
def test_what_is_no_result_is_refused(tmp_path: Path, content: bytes | None, message: str) -> None:
    if content is not None:
        (tmp_path / "results.jsonl").write_bytes(content)
    with pytest.raises(UsageError, match=message):
        write_report(tmp_path)


# Attributes (required ones first) and children, as junit-10.xsd of Jenkins' xUnit plugin has them.
JUNIT: dict[str, tuple[set[str], set[str], set[str]]] = {
    "testsuites": (set(), {"name", "time", "tests", "failures", "errors"}, {"testsuite"}),
    "testsuite": (
        {"name", "tests", "failures", "errors"},
        {"time", "skipped"},
        {"properties", "testcase"},
    ),
    "testcase": (
        {"name"},
        {"time", "classname"},
        {"skipped", "error", "failure", "system-out"},
    ),
    "properties": (set(), set(), {"property"}),
    "property": ({"name", "value"}, set(), set()),
    "failure": (set(), {"type", "message"}, set()),
    "error": (set(), {"type", "message"}, set()),
    "skipped": (set(), {"type", "message"}, set()),
    "system-out": (set(), set(), set()),
}


def test_junit_is_what_servers_read(flown: Flown) -> None:
    root = xml.parse(flown.junit).getroot()
    for element in root.iter():
        required, optional, children = JUNIT[element.tag]
        assert required <= set(element.keys()) <= required | optional, element.tag
        assert {child.tag for child in element} <= children, element.tag
    suite = root.find("testsuite")
    assert suite is not None
    counts = {key: suite.get(key) for key in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "3", "failures": "1", "errors": "0", "skipped": "1"}
    assert [root.get(key) for key in ("tests", "failures", "errors")] == ["3", "1", "0"]
    failure = suite.find("testcase[@name='two faults']/failure")
    assert failure is not None and "observed: trays_powered = 17" in (failure.text or "")
    told = suite.findtext("testcase[@name='holds']/system-out") or ""
    assert "seed: 1" in told and "fault 1: plant.shadow at 20 s: fired at" in told
    assert {case.get("classname") for case in suite.iter("testcase")} == {"mixed.model"}


def test_junit_tells_errors_of_the_bench_and_holds_any_text(tmp_path: Path) -> None:
    flown = Case.model_validate(
        {"name": "bell", "fault": [{"kind": "plant.shadow"}], "expect": ["soc > 0 always"]}
    )
    result = Result(
        flown, "rtl", Outcome.TOOL_ERROR, (), (), 3.0, "again", "SimulatorDied: \x00 <&"
    )
    write_junit(tmp_path / "junit.xml", "rtl", [("s", [result], [("a: b", "no \x1b names")])])
    suite = xml.parse(tmp_path / "junit.xml").getroot().find("testsuite")
    assert suite is not None
    assert (suite.get("failures"), suite.get("errors"), suite.get("tests")) == ("0", "1", "2")
    error = suite.find("testcase/error")
    assert error is not None and "SimulatorDied: \ufffd <&" in (error.text or "")
    skipped = suite.find("testcase[@name='a: b']/skipped")
    assert skipped is not None and skipped.get("message") == "no \ufffd names"


def _line(axes: Axes, label: str) -> Any:
    (line,) = [line for line in axes.lines if line.get_label() == label]
    return line


def _tall(line: Any) -> bool:
    return list(line.get_ydata()) == [0, 1]  # over the height of its panel


def _crosses(axes: Axes) -> list[tuple[float, float]]:
    return [
        (float(line.get_xdata()[0]), float(np.asarray(line.get_ydata())[0]))
        for line in axes.lines
        if line.get_marker() == "X"
    ]
