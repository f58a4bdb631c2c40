"""The picture of a case that failed: what happened, when, and what had been expected.

From the top: the faults (when they acted, fired, were detected, contained, recovered from), the
events of flight software, a band for each text such as the mode, and a plot for each number that
something is expected of, with its limit over the time in which it counts. The golden run is grey.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from hil.faults.failed_flight import FailedFlight
from hil.faults.results import CaseRecord
from hil.faults.timeline_panels import (
    begins_and_ends,
    draw_bands,
    draw_channel,
    draw_events,
    draw_faults,
)
from hil.faults.trace import Trace
from hil.plots import LEFT_IN, RIGHT_IN, STYLE, WIDTH_IN, Picture, svg_of
from hil.run_folder import RunFolder

CHANNEL_IN, FAULT_IN, ROW_IN, TITLE_IN, GAP_IN, AXIS_IN = 1.45, 0.34, 0.24, 0.24, 0.08, 0.4
CAPTION = (
    "Bars: from when to when a fault acted. ▼ fired, ● detected, ■ contained, ◆ recovered; a stage "
    "that was not reached has no mark. Dotted red: limits over the time in which they count, the "
    "forbidden side shaded; green: where some sample must lie. ✕: where an expectation failed. "
    "Grey line: the golden run. Background: grey in eclipse, red in protons."
)


def timeline(case: CaseRecord, recording: Path, golden: Trace) -> Picture | None:
    """The picture of a case that failed; None when nothing of it was recorded."""
    run = RunFolder(recording)
    if not len(run.topic("truth")):
        return None
    flight = FailedFlight(case, run, golden)
    with matplotlib.rc_context(STYLE):
        return Picture(case.case, CAPTION, svg_of(draw(flight)))


def draw(flight: FailedFlight) -> Figure:
    """The figure, its panels under each other on one axis of time."""
    texts: list[str] = []
    numbers: list[str] = []
    for channel in flight.channels:
        (texts if flight.is_text(channel) else numbers).append(channel)
    if "fsw_mode" not in texts:
        texts.insert(0, "fsw_mode")
    events = flight.events
    panels: list[tuple[str, float, Callable[[Axes], None]]] = [
        ("faults", FAULT_IN * len(flight.case.faults), partial(draw_faults, flight=flight))
    ]
    if events:
        panels.append(
            ("events", ROW_IN * len(events), partial(draw_events, flight=flight, names=events))
        )
    for name in texts:
        rows = 2 + len(flight.limits(name))
        panels.append((name, ROW_IN * rows, partial(draw_bands, flight=flight, channel=name)))
    for name in numbers:
        panels.append((name, CHANNEL_IN, partial(draw_channel, flight=flight, channel=name)))
    height_in = sum(TITLE_IN + size + GAP_IN for _, size, _ in panels) + AXIS_IN
    figure = Figure(figsize=(WIDTH_IN, height_in))
    top_in = height_in
    for index, (name, size_in, fill) in enumerate(panels):
        top_in -= TITLE_IN + size_in
        axes = figure.add_axes(
            (
                LEFT_IN / WIDTH_IN,
                top_in / height_in,
                1 - (LEFT_IN + RIGHT_IN) / WIDTH_IN,
                size_in / height_in,
            )
        )
        top_in -= GAP_IN
        axes.set_title(name, loc="left", fontsize=9, fontweight="bold", pad=3)
        axes.set_xlim(*flight.view_s())
        axes.xaxis.set_major_locator(MaxNLocator(10, steps=[1, 2, 5, 10]))
        begins_and_ends(axes, flight)
        fill(axes)
        axes.set_axisbelow(True)
        last = index == len(panels) - 1
        axes.tick_params(axis="x", labelbottom=last, length=3 if last else 0)
        if last:
            axes.set_xlabel("simulated time (s)", labelpad=2)
    return figure
