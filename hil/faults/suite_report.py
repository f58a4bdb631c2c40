"""report.html of a run of suites, made from what the run left in its folder alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import matplotlib
import numpy as np

from hil.errors import UsageError
from hil.faults.coverage_matrix import coverage_matrix
from hil.faults.outcome import Outcome
from hil.faults.results import STAGES, CaseRecord, FaultRecord, Results, read_results
from hil.faults.session import GOLDEN
from hil.faults.timeline import timeline
from hil.faults.trace import Trace
from hil.page import render_page
from hil.plots import (
    BLUE,
    GREEN,
    ORANGE,
    STYLE,
    Picture,
    new_figure,
    place_legend,
    svg_of,
)

STAGE_LINES = {  # colour, width, style: curves that coincide are all seen
    "detected": (ORANGE, 3.2, "-"),
    "contained": (BLUE, 1.3, "--"),
    "recovered": (GREEN, 1.6, "-"),
}
LEAST_S = 0.1  # a minor cycle: below it the axis of latencies is linear


def write_report(folder: Path) -> Path:
    """Write report.html into the folder of a run of suites. Raises UsageError when it is none."""
    results = read_results(folder)
    failed = [case for case in results.cases if not case.held]
    page = render_page(
        "suite_report.html.j2",
        asked=results.asked,
        verdict=_verdict(results),
        tiles=_tiles(results),
        missing=results.missing,
        failed=[(case, _picture(folder, case)) for case in failed],
        held=[case for case in results.cases if case.held],
        skipped=results.skipped,
        matrix=coverage_matrix(results.cases),
        ledger=[(case, fault) for case in results.cases for fault in case.faults],
        outcomes=_outcomes(results.cases),
        latencies=latencies(results.cases),
        latency_rows=_latency_rows(results.cases),
        stages=STAGES,
    )
    path = folder / "report.html"
    path.write_text(page, encoding="utf-8")
    return path


def latencies(cases: Sequence[CaseRecord]) -> Picture | None:
    """How many of the faults that fired were detected, contained, recovered from by when."""
    fired = [f for case in cases for f in case.faults if f.fired_s is not None]
    known = {stage: _sorted_latencies(fired, stage) for stage in STAGES}
    longest = max((max(values) for values in known.values() if values), default=None)
    if longest is None:
        return None
    with matplotlib.rc_context(STYLE):
        figure, axes = new_figure(2.9)
        right_s = max(1.0, 1.3 * longest)
        for stage, values in known.items():
            share = 100 * np.arange(len(values) + 1) / len(fired)
            colour, width, style = STAGE_LINES[stage]
            axes.step(
                [0.0, *values, right_s],
                [*share, share[-1]],
                where="post",
                color=colour,
                linewidth=width,
                linestyle=style,
                label=f"{stage}\n{len(values)} of {len(fired)}",
            )
        axes.set_xscale("symlog", linthresh=LEAST_S, linscale=0.4)
        axes.set_xlim(0, right_s)
        axes.xaxis.set_major_formatter("{x:g}")
        axes.set_ylim(0, 103)
        axes.set_xlabel("simulated time since the fault fired (s)", labelpad=2)
        axes.set_ylabel("share of fired faults (%)")
        axes.set_axisbelow(True)
        place_legend(axes)
        return Picture(
            "Latencies",
            "Share of the faults that fired and had come to a stage by then. A curve that ends "
            "below 100 % leaves faults that never came to it. Below 0.1 s the axis is linear.",
            svg_of(figure),
        )


def _latency_rows(cases: Sequence[CaseRecord]) -> list[tuple[str, int, list[str]]]:
    """Family, fired faults, and for each stage: reached, median, longest."""
    families: dict[str, list[FaultRecord]] = {}
    for case in cases:
        for fault in case.faults:
            if fault.fired_s is not None:
                families.setdefault(fault.kind.split(".")[0], []).append(fault)
    rows = []
    for family, faults in families.items():
        cells: list[str] = []
        for stage in STAGES:
            values = _sorted_latencies(faults, stage)
            cells.append(str(len(values)))
            cells.append(f"{float(np.median(values)):.1f}" if values else "")
            cells.append(f"{values[-1]:.1f}" if values else "")
        rows.append((family, len(faults), cells))
    return rows


def _sorted_latencies(faults: Sequence[FaultRecord], stage: str) -> list[float]:
    found = [fault.latency_s(stage) for fault in faults]
    return sorted(latency_s for latency_s in found if latency_s is not None)


def _outcomes(cases: Sequence[CaseRecord]) -> list[tuple[str, int, int]]:
    """Outcome, cases, and how many of them held; in the order of the rules."""
    counts = Counter(case.outcome for case in cases)
    held = Counter(case.outcome for case in cases if case.held)
    return [(o.value, counts[o], held[o]) for o in Outcome if counts[o]]


def _verdict(results: Results) -> str:
    if results.missing:
        return "killed"
    return "held" if results.held else "failed"


def _tiles(results: Results) -> list[tuple[str, str, str]]:
    """The figures at the top: name, value, unit."""
    faults = [fault for case in results.cases for fault in case.faults]
    fired = sum(fault.fired_s is not None for fault in faults)
    held = sum(case.held for case in results.cases)
    return [
        ("cases held", str(held), f"of {len(results.cases)}"),
        ("cases skipped", str(len(results.skipped)), ""),
        ("faults fired", str(fired), f"of {len(faults)}"),
        *(
            (stage, str(sum(fault.latency_s(stage) is not None for fault in faults)), f"of {fired}")
            for stage in STAGES
        ),
        ("kinds injected", str(len({fault.kind for fault in faults})), ""),
        ("simulated", f"{sum(case.simulated_s for case in results.cases) / 60:.0f}", "min"),
        ("spent", f"{sum(case.wall_s for case in results.cases):.0f}", "s"),
    ]


def _picture(folder: Path, case: CaseRecord) -> Picture | None:
    """The timeline of a failing case; None when its recording is gone or was never made."""
    if case.recording is None:
        return None
    recording = folder / case.recording
    if not (recording / GOLDEN).is_file():
        return None
    try:
        return timeline(case, recording, Trace.load(recording / GOLDEN))
    except UsageError:  # no telemetry in it
        return None
