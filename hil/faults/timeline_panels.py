"""The panels of a timeline: faults, events, bands of texts, numbers with their limits."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from hil.faults.failed_flight import FailedFlight
from hil.faults.injections import GPU_LIMIT_C
from hil.faults.judge import Finding
from hil.faults.language import EventSeen, Hold, Limit, Span
from hil.faults.results import STAGES, FaultRecord
from hil.pictures import MODE_COLOURS
from hil.plots import (
    BLACK,
    BLUE,
    ECLIPSE_SHADE,
    GREEN,
    GREY,
    ORANGE,
    PINK,
    PROTON_SHADE,
    PROTON_SHADE_CM2_S,
    RED,
    SKY,
    YELLOW,
    FloatArray,
    envelope,
    place_legend,
    spans,
)

# Stages of the ledger: mark, colour, and place within the row, so that none hides another.
MARKERS = {
    "fired": ("v", RED, -0.36),
    "detected": ("o", GREEN, -0.12),
    "contained": ("s", GREEN, 0.12),
    "recovered": ("D", GREEN, 0.36),
}
GOLDEN_GREY = "#B0B0B0"
TEXT_COLOURS = (SKY, PINK, YELLOW, GREEN, BLUE, ORANGE)
LABEL_CHARACTERS = 32


def begins_and_ends(axes: Axes, flight: FailedFlight) -> None:
    """Shading of the orbit, and a line where each fault begins (solid) and ends (dashed)."""
    space = flight.run.topic("environment")
    for begin, end in spans(space.time_s, space.series("sunlit") < 0.5):
        axes.axvspan(begin - 1, end, color=ECLIPSE_SHADE, linewidth=0, zorder=0)
    protons = space.series("proton_flux_30mev_cm2_s") > PROTON_SHADE_CM2_S
    for begin, end in spans(space.time_s, protons):
        axes.axvspan(begin - 1, end, color=PROTON_SHADE, linewidth=0, zorder=0.1, alpha=0.7)
    for fault in flight.case.faults:
        for time_s, style in ((fault.begun_s, "-"), (fault.ended_s, "--")):
            if time_s is not None:
                axes.axvline(time_s, color=ORANGE, linestyle=style, linewidth=1.1, zorder=1.5)


def draw_faults(axes: Axes, flight: FailedFlight) -> None:
    """A row a fault: the time in which it acted, and the stages of its ledger."""
    faults = flight.case.faults
    for row, fault in enumerate(faults):
        if fault.begun_s is not None:
            stays = fault.present and fault.fate is None
            last_s = flight.case.simulated_s if stays else fault.begun_s
            until_s = fault.ended_s if fault.ended_s is not None else last_s
            width_s = max(until_s - fault.begun_s, 1e-3)
            axes.barh(row, width_s, left=fault.begun_s, height=0.5, color=ORANGE, alpha=0.55)
        for stage, time_s in {"fired": fault.fired_s, **_reached(fault)}.items():
            if time_s is not None:
                mark, colour, lane = MARKERS[stage]
                axes.plot(
                    time_s,
                    row + lane,
                    mark,
                    color=colour,
                    markersize=5.5,
                    markeredgecolor="white",
                    markeredgewidth=0.6,
                    zorder=4,
                    clip_on=False,
                )
        never = "" if fault.fired_s is not None else ", never fired"
        label = f"{fault.number}: {fault.kind} {fault.element}".strip() + never
        _row_label(axes, row, label, RED if never else BLACK)
    _rows(axes, len(faults))


def draw_events(axes: Axes, flight: FailedFlight, names: Sequence[str]) -> None:
    """A row an event: ticks of the flight, below them in grey those of the golden run."""
    wanted = {e.event: (e, f) for e, f in flight.expected if isinstance(e, EventSeen)}
    for row, name in enumerate(names):
        seen = [e["time_s"] for e in flight.run.events if e["name"] == name]
        usual = [seen.time_ns / 1e9 for seen in flight.golden.events if seen.id == name]
        axes.vlines(usual, row, row + 0.42, color=GOLDEN_GREY, linewidth=1.6)
        axes.vlines(seen, row - 0.42, row, color=BLACK, linewidth=1.6, zorder=3)
        colour, label = BLACK, name
        if name in wanted:
            expectation, finding = wanted[name]
            never = expectation.span.hold is Hold.NEVER
            span = Span(Hold.NEVER) if never else Span(Hold.ONCE, since_fault=True)
            window = flight.window(span if expectation.span.within_s is None else expectation.span)
            if window is not None:
                axes.barh(
                    row,
                    window[1] - window[0],
                    left=window[0],
                    height=0.84,
                    color=RED if never else GREEN,
                    alpha=0.15,
                    linewidth=0,
                )
            if not finding.held:
                colour, label = RED, f"{name}: {finding.observed}"
                if finding.at_s is not None:
                    _cross(axes, finding.at_s, row)
        _row_label(axes, row, label, colour)
    _rows(axes, len(names))


def draw_bands(axes: Axes, flight: FailedFlight, channel: str) -> None:
    """A text over time: the flight, the golden run, and what is expected."""
    rows = [("flight", *flight.series(channel)), ("golden run", *flight.usual(channel))]
    colours = dict(MODE_COLOURS) if channel == "fsw_mode" else {}
    low_s, high_s = axes.get_xlim()
    shown: list[str] = []
    for row, (label, time_s, values) in enumerate(rows):
        for begin_s, end_s, text in _stretches(time_s, values):
            colour = _colour_of(colours, text)
            axes.barh(
                row,
                end_s - begin_s,
                left=begin_s,
                height=0.7,
                color=colour,
                alpha=1.0 if row == 0 else 0.45,
                linewidth=0,
                zorder=2,
            )
            if begin_s < high_s and end_s > low_s and text not in shown:
                shown.append(text)
        _row_label(axes, row, label, BLACK if row == 0 else GREY)
    for row, (limit, finding) in enumerate(flight.limits(channel), start=len(rows)):
        window = flight.window(limit.span)
        text = str(limit.comparison.limit)
        wrong = (limit.comparison.operator == "differs") != (limit.span.hold is Hold.NEVER)
        if window is not None:
            axes.barh(
                row,
                max(window[1] - window[0], (high_s - low_s) / 200),
                left=window[0],
                height=0.6,
                facecolor="none" if wrong else _colour_of(colours, text),
                edgecolor=RED if wrong else BLACK,
                hatch="////" if wrong else None,
                linewidth=0.8,
                zorder=2,
            )
        if text not in shown:
            shown.append(text)
        if not finding.held and finding.at_s is not None:
            _cross(axes, finding.at_s, 0)
        said = f"{'not ' * wrong}{text} {_when(limit.span)}"
        _row_label(axes, row, said, BLACK if finding.held else RED)
    _rows(axes, len(rows) + len(flight.limits(channel)))
    handles = [Line2D([], [], color=_colour_of(colours, t), linewidth=6, label=t) for t in shown]
    axes.legend(
        handles=handles,
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        ncols=len(handles),
        borderaxespad=0.1,
        handlelength=0.8,
        handletextpad=0.4,
        columnspacing=1.0,
        fontsize=8,
    )


def draw_channel(axes: Axes, flight: FailedFlight, channel: str) -> None:
    """A number over time, the golden run beneath, and its limits."""
    low_s, high_s = axes.get_xlim()
    values_seen: list[float] = []
    for label, colour, order, (time_s, values) in (
        ("golden run", GOLDEN_GREY, 2.0, flight.usual(channel)),
        ("flight", BLUE, 3.0, flight.series(channel)),
    ):
        if not len(time_s):
            continue
        numbers = np.array([np.nan if v is None else float(v) for v in values])
        inside = (time_s >= low_s) & (time_s <= high_s)
        values_seen += numbers[inside & np.isfinite(numbers)].tolist()
        drawn_s, drawn = envelope(time_s[inside], numbers[inside])
        width = 2.4 if label == "golden run" else 1.3
        axes.plot(drawn_s, drawn, color=colour, label=label, linewidth=width, zorder=order)
    limits = flight.limits(channel)
    values_seen += [
        float(limit.comparison.limit)
        for limit, _ in limits
        if not isinstance(limit.comparison.limit, str)
    ]
    if channel == "gpu_temp_max_c" and not limits:
        axes.axhline(GPU_LIMIT_C, color=GREY, linestyle=":", linewidth=1.0)
    low, high = min(values_seen, default=0.0), max(values_seen, default=1.0)
    margin = 0.08 * (high - low) or max(0.05 * abs(high), 0.5)
    axes.set_ylim(low - margin, high + margin)
    for limit, finding in limits:
        _limit(axes, flight, limit, finding)
    whole = all(value.is_integer() for value in values_seen)
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=whole))
    place_legend(axes)


def _limit(axes: Axes, flight: FailedFlight, limit: Limit, finding: Finding) -> None:
    """Its line over the time in which it counts; the forbidden side red, the wanted one green."""
    window, level = flight.window(limit.span), float(limit.comparison.limit)
    if window is None:
        return
    operator, low, high = limit.comparison.operator, *axes.get_ylim()
    if limit.span.hold is Hold.NEVER:
        good = {"below": (level, high), "at_most": (level, high)}.get(operator, (low, level))
    else:
        good = {"below": (low, level), "at_most": (low, level)}.get(operator, (level, high))
    bad = (level, high) if good[0] == low else (low, level)
    verdict = "expected" if finding.held else "FAILED"
    bound = str(limit.comparison).removeprefix(f"{limit.comparison.channel} ")
    axes.plot(
        window,
        (level, level),
        color=RED,
        linestyle=":",
        linewidth=1.4,
        zorder=3.5,
        label=f"{verdict}: {bound}\n{_when(limit.span)}",
    )
    if operator not in ("equals", "differs"):
        once = limit.span.hold is Hold.ONCE
        axes.fill_between(
            window, *(good if once else bad), color=GREEN if once else RED, alpha=0.08, linewidth=0
        )
    if not finding.held and finding.at_s is not None:
        time_s, values = flight.series(limit.comparison.channel)
        if len(time_s):
            nearest = int(np.argmin(np.abs(time_s - finding.at_s)))
            if values[nearest] is not None:
                _cross(axes, finding.at_s, float(values[nearest]))


def _when(span: Span) -> str:
    """The span in the words of a suite."""
    words = "at the end" if span.hold is Hold.END else span.hold.value
    if span.within_s is not None:
        return f"within {span.within_s:g} s after fault"
    if span.tolerated_s:
        words += f" but for {span.tolerated_s:g} s"
    if span.after_s:
        words += f" after {span.after_s:g} s"
    return words + (" after fault" if span.since_fault else "")


def _stretches(time_s: FloatArray, values: Sequence[Any]) -> list[tuple[float, float, str]]:
    """(from, to, text) of stretches of one text; a sample stands for the second before it."""
    found: list[tuple[float, float, str]] = []
    before_s = 0.0
    for at_s, value in zip(time_s.tolist(), values, strict=True):
        if found and found[-1][2] == value:
            found[-1] = (found[-1][0], at_s, value)
        else:
            found.append((before_s, at_s, str(value)))
        before_s = at_s
    return found


def _reached(fault: FaultRecord) -> dict[str, float | None]:
    return {stage: getattr(fault, f"{stage}_s") for stage in STAGES}


def _colour_of(colours: dict[str, str], text: str) -> str:
    return colours.setdefault(text, TEXT_COLOURS[len(colours) % len(TEXT_COLOURS)])


def _cross(axes: Axes, time_s: float, y: float) -> None:
    axes.plot(
        time_s, y, "X", color=RED, markersize=9, markeredgecolor="white", zorder=5, clip_on=False
    )


def _row_label(axes: Axes, row: int, text: str, colour: str) -> None:
    lines = textwrap.wrap(text, LABEL_CHARACTERS)[:2]
    axes.annotate(
        "\n".join(lines),
        (1.0, row),
        (6, 0),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        va="center",
        fontsize=8 if len(lines) == 1 else 6.5,
        linespacing=1.0,
        color=colour,
        annotation_clip=False,
    )


def _rows(axes: Axes, count: int) -> None:
    axes.set_ylim(count - 0.5, -0.5)
    axes.set_yticks([])
    axes.grid(axis="y", visible=False)
