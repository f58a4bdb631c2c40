"""The report: self-contained, the same bytes each time, and true to the recording."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from hil import plots
from hil.errors import UsageError
from hil.recording import TO_CONTROLLER, Recording
from hil.report import render, write_report
from hil.run_folder import RunFolder
from sim.vehicle import PRESETS

MINUTES = 20
UPSET = {
    "element": "weights",
    "tray": 3,
    "index": 17,
    "bits": [4],
    "struck_s": 30.0,
    "fate": "open",
    "settled_s": None,
    "note": "",
}


def record(folder: Path, summary: bool = True) -> Path:
    """A made-up run of some minutes with an eclipse, a pass through protons and an upset."""
    recording = Recording(folder, byte_ns=10_000)
    recording.note(
        "scenario.toml",
        'name = "made-up"\ndescription = "with <angle> & ampersand"\n'
        '[[require]]\nchannel = "soc"\nat_least = 0.7\n',
    )
    recording.note("vehicle.toml", (PRESETS / "rack_100kw.toml").read_text())
    recording.note("versions.json", json.dumps({"racksat": "0.1.0", "date": "2026-01-01"}))
    for second in range(1, 60 * MINUTES):
        time_ns = second * 10**9
        recording.telemetry("/truth", time_ns, {"soc": 0.9, "gpu_temp_max_c": 70.0 + second % 7})
        recording.telemetry(
            "/environment",
            time_ns,
            {
                "sunlit": 0.0 if 300 <= second < 600 else 1.0,
                "proton_flux_30mev_cm2_s": 900.0 if 700 <= second < 800 else 0.0,
            },
        )
        recording.telemetry(
            "/housekeeping",
            time_ns,
            {"fsw_mode": "boot" if second < 9 else "nominal", "fsw_link_retries": second},
        )
    recording.link(5, TO_CONTROLLER, b"\x00" * 1500)
    recording.event(30 * 10**9, "radiation", "info", "upset", "struck", UPSET)
    recording.event(
        31 * 10**9, "radiation", "info", "upset.settled", "", {**UPSET, "fate": "recovered"}
    )
    recording.event(32 * 10**9, "flight software", "medium", "TRAY_RESET", "tray <3> hung")
    recording.close(SUMMARY if summary else None)
    return folder


SUMMARY = {
    "outcome": "failed",
    "target": "model",
    "vehicle": "rack_100kw",
    "scenario": "made-up",
    "seed": 4,
    "open_loop": False,
    "simulated_s": 1200.0,
    "wall_s": 10.0,
    "real_time_factor": 120.0,
    "digest": "d1gest",
    "commands_digest": "c0mmands",
    "minor_cycles": 12000,
    "deadline_misses": 0,
    "energy_residual": 1e-12,
    "heat_residual": 1e-12,
    "soc_min": 0.9,
    "gpu_temp_max_c": 76.0,
    "throttled_s": 0.0,
    "mode_times_s": {"boot": 9.0, "nominal": 1191.0},
    "compute": {"tokens": 5e9, "energy_kwh": 33.0},
    "upsets": {"occurred": 1},
    "requirements": [
        {
            "name": "charge",
            "channel": "soc",
            "rule": "at least 0.95",
            "limit": 0.95,
            "held": False,
            "worst": 0.9,
            "worst_at_s": 60.0,
            "failed_at_s": 1.0,
            "broken_s": 1200.0,
        }
    ],
    "replay": "racksat run made-up --seed 4",
}


class Links(HTMLParser):
    """Everything a page would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.open_tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("src", "href", "xlink:href", "data") and value and value[0] != "#":
                self.fetched.append(value)
        if tag in ("script", "iframe", "link", "img"):
            self.fetched.append(tag)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return RunFolder(record(tmp_path_factory.mktemp("report") / "run"))


@pytest.fixture(scope="module")
def page(run: RunFolder) -> str:
    return render(run)


def test_page_fetches_nothing(page: str) -> None:
    links = Links()
    links.feed(page)
    assert links.fetched == []
    assert "url(http" not in page and "@import" not in page


def test_page_is_the_same_each_time(run: RunFolder, page: str) -> None:
    assert render(RunFolder(run.path)) == page


def test_page_says_what_happened(page: str) -> None:
    assert "with &lt;angle&gt; &amp; ampersand" in page
    assert "tray &lt;3&gt; hung" in page
    assert '<span class="bad">failed</span>' in page
    assert "racksat run made-up --seed 4" in page
    assert "d1gest" in page and "c0mmands" in page
    assert "0:09" in page and "19:51" in page  # mode times
    assert "1,500" in page  # bytes to the controller
    assert page.count("<svg") == page.count("</svg>") >= 8


def test_upset_table_counts_the_last_fate(run: RunFolder) -> None:
    (entry,) = run.upsets
    assert entry["fate"] == "recovered"


def test_a_killed_run_has_a_report_too(tmp_path: Path) -> None:
    path = write_report(record(tmp_path / "run", summary=False))
    page = path.read_text()
    assert "killed" in page and "20.0 min were recorded" in page


def test_a_run_without_telemetry_has_a_report_too(tmp_path: Path) -> None:
    Recording(tmp_path / "run", byte_ns=10_000).close()
    assert "No telemetry was recorded" in write_report(tmp_path / "run").read_text()


def test_a_folder_that_is_no_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not a run, expected a folder with telemetry.mcap in it"):
        RunFolder(tmp_path)


def test_envelope_keeps_every_peak() -> None:
    time_s = np.arange(100_000) / 10
    values = np.sin(time_s / 500)
    values[54_321], values[77_777] = 9.0, -9.0
    fewer_s, fewer = plots.envelope(time_s, values)
    assert len(fewer) < 3000
    assert np.all(np.diff(fewer_s) > 0)
    assert (fewer.max(), fewer.min()) == (9.0, -9.0)
    assert fewer_s[fewer.argmax()] == time_s[54_321]


def test_envelope_leaves_short_series_and_gaps_alone() -> None:
    time_s = np.arange(50.0)
    assert plots.envelope(time_s, time_s)[1] is time_s
    gap = np.full(10_000, np.nan)
    assert np.all(np.isnan(plots.envelope(np.arange(10_000.0), gap)[1]))


def test_spans_of_a_condition() -> None:
    time_s = np.arange(6.0)
    inside = np.array([True, False, True, True, False, True])
    assert plots.spans(time_s, inside) == [(0.0, 0.0), (2.0, 3.0), (5.0, 5.0)]
    assert plots.spans(time_s, np.zeros(6, dtype=bool)) == []
