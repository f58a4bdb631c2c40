"""Time on the wall in a report: how late, how long, how often, of a flight against a board."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import matplotlib
from matplotlib.ticker import FuncFormatter, LogLocator

from hil.plots import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    RED,
    STYLE,
    Picture,
    new_figure,
    place_legend,
    svg_of,
)
from hil.timing import BINS_PER_DECADE

CYCLE_MS = 100.0
BIN = 10 ** (1 / BINS_PER_DECADE)


def durations(summary: Mapping[str, Any]) -> list[tuple[str, str, Mapping[str, Any]]]:
    """Name, colour and histogram of each measured duration; empty but for a board's run."""
    if "timing" not in summary:
        return []
    timing = summary["timing"]
    return [
        ("cycles begin late by", GREY, timing["cycle_begin_late"]),
        ("slot used by a cycle", GREEN, summary["slot_used"]),
        ("latency, flight software", BLUE, timing["latency"]["flight"]),
        ("latency, bench", ORANGE, timing["latency"]["bench"]),
    ]


def timing_picture(summary: Mapping[str, Any]) -> Picture | None:
    """Shares of the measured durations in bins of 10 %."""
    measured = [entry for entry in durations(summary) if entry[2]["count"]]
    if not measured:
        return None
    with matplotlib.rc_context(STYLE):
        figure, axes = new_figure(2.6)
        for name, colour, histogram in measured:
            places, shares = [], []
            for end_ms, count in histogram["bins"]:
                share = 100 * count / histogram["count"]
                places += [end_ms / BIN, end_ms / BIN, end_ms, end_ms]
                shares += [0.0, share, share, 0.0]
            axes.plot(places, shares, color=colour, label=name, linewidth=1.0)
            axes.fill_between(places, shares, color=colour, alpha=0.25, linewidth=0)
        axes.axvline(CYCLE_MS, color=RED, linestyle=":", linewidth=1.1, label="a minor cycle")
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(10))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, place: f"{value:g}"))
        axes.set_ylim(bottom=0)
        axes.set_xlabel("duration (ms)", labelpad=2)
        axes.set_ylabel("share (%)")
        place_legend(axes)
        caption = "How often each duration was measured, in bins of 10 %."
        return Picture("Time on the wall", caption, svg_of(figure))


def timing_rows(summary: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Name and value of what is told beside the link's own figures."""
    if "timing" not in summary:
        return []
    timing = summary["timing"]
    use, unanswered = timing["utilisation"], timing["unanswered"]
    outages = ", ".join(f"{outage_s:.1f} s" for outage_s in timing["outages_s"])
    rows = [
        ("board", timing["identity"]),
        ("port", f"{timing['port']} at {timing['baud']:,} baud"),
        ("latency timer", timing["latency_timer"]),
        ("line in use, both initiators, to the board", f"{100 * use['to_board']:.2f} %"),
        ("line in use, both initiators, from the board", f"{100 * use['from_board']:.2f} %"),
        ("transactions without an answer, flight software", f"{unanswered['flight']:,}"),
        ("transactions without an answer, bench", f"{unanswered['bench']:,}"),
        ("bytes that nobody awaited", f"{timing['unawaited_bytes']:,}"),
        ("outages of the port", outages or "none"),
        ("resets of the board", f"{timing['resets']:,}"),
    ]
    for name, _, histogram in durations(summary):
        if histogram["count"]:
            text = (
                f"median {histogram['p50_ms']:.2f} ms, 99 % {histogram['p99_ms']:.2f} ms, "
                f"longest {histogram['max_ms']:.2f} ms, of {histogram['count']:,}"
            )
            rows.append((name, text))
    return rows
