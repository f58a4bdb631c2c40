"""report.html: one self-contained page of a run, made from its recording alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hil.faults.ledger import Fate
from hil.page import render_page
from hil.pictures import pictures
from hil.recording import (
    BENCH_FROM_CONTROLLER,
    BENCH_TO_CONTROLLER,
    FROM_CONTROLLER,
    TO_CONTROLLER,
    UNAWAITED,
)
from hil.run_folder import RunFolder
from hil.timing_report import timing_picture, timing_rows

EVENTS_SHOWN = 300
FATES = [fate.value for fate in Fate]
LINK_FIGURES = {
    "fsw_link_transactions": "transactions",
    "fsw_link_retries": "retries",
    "fsw_link_timeouts": "timeouts",
    "fsw_link_crc_errors": "CRC errors",
    "fsw_link_bad_replies": "bad replies",
    "fsw_link_refused": "refused",
    "fsw_link_failed": "failed",
}
BITS_PER_BYTE = 10
BAUD = 1_000_000


def write_report(folder: Path) -> Path:
    """Write report.html into a run's folder. Raises UsageError when it is no run."""
    run = RunFolder(folder)
    path = folder / "report.html"
    path.write_text(render(run), encoding="utf-8")
    return path


def render(run: RunFolder) -> str:
    """The page."""
    told = [event for event in run.events if event["source"] != "radiation"]
    return render_page(
        "report.html.j2",
        run=run.path.resolve().name,
        name=run.scenario.get("name", run.path.resolve().name),
        description=run.scenario.get("description", ""),
        summary=run.summary,
        versions=run.versions,
        requirements=run.summary.get("requirements", []),
        tiles=_tiles(run),
        pictures=pictures(run),
        events=told[:EVENTS_SHOWN],
        events_left_out=max(0, len(told) - EVENTS_SHOWN),
        fates=FATES,
        upsets=_upset_table(run),
        link=_link_figures(run) + timing_rows(run.summary),
        timing=timing_picture(run.summary),
        flown_s=float(run.topic("truth").time_s[-1]) if len(run.topic("truth")) else 0.0,
    )


def _tiles(run: RunFolder) -> list[tuple[str, str, str]]:
    """The figures at the top: name, value, unit."""
    summary = run.summary
    if not summary:
        return []
    upsets = summary["upsets"]
    energy_kwh = summary["compute"]["energy_kwh"]
    factor = summary["real_time_factor"]
    return [
        ("lowest charge", f"{100 * summary['soc_min']:.1f}", "%"),
        ("hottest GPU", f"{summary['gpu_temp_max_c']:.1f}", "°C"),
        ("throttled", f"{summary['throttled_s'] / 60:.1f}", "min"),
        ("compute energy", f"{energy_kwh:.1f}", "kWh"),
        ("tokens", f"{summary['compute']['tokens'] / 1e9:.2f}", "× 10⁹"),
        ("upsets", f"{upsets['occurred']}", ""),
        *_timing_tiles(summary),
        ("energy residual", f"{summary['energy_residual']:.1e}", ""),
        ("heat residual", f"{summary['heat_residual']:.1e}", ""),
        ("real-time factor", f"{factor:.0f}" if factor >= 10 else f"{factor:.2f}", "×"),
    ]


def _timing_tiles(summary: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """How time was kept: in simulated time by flight software, or with the wall clock."""
    if "pace" in summary:
        return [("held back", f"{summary['pace']['lost_s']:.1f}", "s")]
    misses, cycles = summary["deadline_misses"], summary["minor_cycles"]
    return [("deadline misses", f"{misses}", f"of {cycles}")]


def _upset_table(run: RunFolder) -> list[tuple[str, list[int]]]:
    """Element, then counts in the order of FATES and their sum; the last row is the sum of all."""
    counts: Counter[tuple[str, str]] = Counter(
        (upset["element"], upset["fate"]) for upset in run.upsets
    )
    rows = []
    for element in sorted({element for element, _ in counts}):
        row = [counts[element, fate] for fate in FATES]
        rows.append((element.replace("_", " "), [*row, sum(row)]))
    if rows:
        sums = [sum(row[column] for _, row in rows) for column in range(len(FATES) + 1)]
        rows.append(("all", sums))
    return rows


def _link_figures(run: RunFolder) -> list[tuple[str, str]]:
    """Name and value."""
    count: Counter[int] = Counter()
    for record in run.link:
        count[record.direction] += len(record.data)
    sent, received = count[TO_CONTROLLER], count[FROM_CONTROLLER]
    rows = [("bytes to the controller", f"{sent:,}"), ("bytes from it", f"{received:,}")]
    if count[BENCH_TO_CONTROLLER]:
        rows += [
            ("bytes of the bench to the controller", f"{count[BENCH_TO_CONTROLLER]:,}"),
            ("bytes from it to the bench", f"{count[BENCH_FROM_CONTROLLER]:,}"),
            ("bytes nobody awaited", f"{count[UNAWAITED]:,}"),
        ]
    truth = run.topic("truth")
    if len(truth):
        duration_s = float(truth.time_s[-1])
        baud = run.summary.get("link", {}).get("baud", BAUD)
        for name, total in (("to", sent), ("from", received)):
            share = total * BITS_PER_BYTE / baud / duration_s
            rows.append((f"load, {name} the controller", f"{100 * share:.2f} %"))
    board = run.topic("housekeeping")
    if len(board):
        last: dict[str, Any] = {key: values[-1] for key, values in board.channels.items()}
        rows += [(name, f"{last[key]:,.0f}") for key, name in LINK_FIGURES.items() if key in last]
    return rows
