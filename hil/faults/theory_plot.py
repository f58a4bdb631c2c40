"""Measured rates over the curves of theory, as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hil.faults import theory
from hil.faults.cross_check import Measured, MemoryExposure, VoteExposure
from hil.faults.theory_comparison import LARGE_SHARE, ORBIT_STRIKES_BIT_S, REPAIRS, SCRUB_TICKS
from hil.plots import BLACK, BLUE, GREEN, GREY, ORANGE, PINK, RED, STYLE, svg_of
from hil.targets.lockstep import MEMORY
from sim.upsets import ADJACENT_SHARE

Corner = Literal["upper left", "upper right", "lower right"]

SIZE_IN = (11.0, 11.5)
_MARKERS = {"model": "o", "rtl": "D"}
EVENTS_FOR_RATIO = 30
_COLOURS = (BLUE, GREEN, ORANGE)


def theory_svg(points: Sequence[Measured]) -> str:
    """The picture of docs/fault_theory.md as an SVG element."""
    with matplotlib.rc_context(STYLE):
        return svg_of(draw(points))


def draw(points: Sequence[Measured]) -> Figure:
    """Panels: reported words, unnoticed ones, neighbours, votes; and below, all beside theory."""
    figure = Figure(figsize=SIZE_IN, layout="constrained")
    grid = figure.add_gridspec(3, 2, height_ratios=(1.0, 1.0, 0.6))
    axes = np.array(
        [[figure.add_subplot(grid[row, column]) for column in (0, 1)] for row in (0, 1)]
    )
    memory = [point for point in points if isinstance(point.exposure, MemoryExposure)]
    _periods(axes[0, 0], memory, "reported", "reported words a second")
    _periods(axes[0, 1], memory, "silent", "wrong words, not reported, a second")
    _neighbours(axes[1, 0], memory)
    _votes(axes[1, 1], [point for point in points if isinstance(point.exposure, VoteExposure)])
    _ratios(figure.add_subplot(grid[2, :]), points)
    return figure


def _periods(axes: Axes, points: Sequence[Measured], what: str, label: str) -> None:
    for ticks, colour in zip(SCRUB_TICKS, _COLOURS, strict=True):
        interval_s = MemoryExposure(ticks, 0.0, 0).interval_s
        strikes = np.geomspace(0.008, 4.0, 30) / theory.CODEWORD_BITS / interval_s
        fates = [theory.word_fates(rate, interval_s) for rate in strikes]
        rates = [MEMORY.words * getattr(each, what) / interval_s for each in fates]
        axes.loglog(strikes, rates, color=colour, label=f"T = {interval_s:g} s")
        if what == "reported":
            small = [
                theory.reported_words_s_small(MEMORY.words, rate, interval_s) for rate in strikes
            ]
            rare = (
                "rare strikes: M n(n\u22121) \u03bb\u00b2 T/2" if ticks == SCRUB_TICKS[-1] else None
            )
            axes.loglog(strikes, small, color=colour, linestyle=":", linewidth=0.9, label=rare)
        _memory_points(axes, points, what, ticks, 0.0, colour)
    title = "Words lost and reported" if what == "reported" else "Words lost and not noticed"
    _finish(axes, f"{title}: every strike hits one bit", "strikes a bit and second", label)


def _neighbours(axes: Axes, points: Sequence[Measured]) -> None:
    ticks = SCRUB_TICKS[-1]
    interval_s = MemoryExposure(ticks, 0.0, 0).interval_s
    strikes = np.geomspace(1e-12, 4.0 / theory.CODEWORD_BITS / interval_s, 40)
    for share, colour in zip((0.0, ADJACENT_SHARE, LARGE_SHARE), (ORANGE, RED, BLACK), strict=True):
        rates = [theory.reported_words_s(MEMORY.words, rate, interval_s, share) for rate in strikes]
        axes.loglog(strikes, rates, color=colour, label=f"q = {share:g}, T = {interval_s:g} s")
        _memory_points(axes, points, "reported", ticks, share, colour)
    fast_s = MemoryExposure(SCRUB_TICKS[0], 0.0, 0).interval_s
    rates = [theory.reported_words_s(MEMORY.words, r, fast_s, ADJACENT_SHARE) for r in strikes]
    label = f"q = {ADJACENT_SHARE:g}, T = {fast_s:g} s"
    axes.loglog(strikes, rates, color=RED, linestyle="--", label=label)
    axes.axvline(ORBIT_STRIKES_BIT_S, color=GREY, linewidth=0.9)
    axes.annotate(
        "mean of an\norbit at 650 km",
        (ORBIT_STRIKES_BIT_S, 0.03),
        xycoords=("data", "axes fraction"),
        xytext=(4, 0),
        textcoords="offset points",
        color=GREY,
        fontsize=8,
    )
    _finish(
        axes,
        "A share q of strikes hits two neighbours",
        "strikes a bit and second",
        "reported words a second",
        "lower right",
    )


def _votes(axes: Axes, points: Sequence[Measured]) -> None:
    strikes = np.geomspace(0.008, 4.0, 80)
    alone = [theory.flip_probability(each, 1.0) for each in strikes]
    axes.loglog(strikes, alone, color=GREY, linestyle="--", label="one copy")
    for repairs, colour in zip(REPAIRS, _COLOURS[::-1], strict=True):
        wrong = [theory.wrong_after_repairs(each / repairs, 1.0, repairs) for each in strikes]
        label = f"{repairs} repairs" if repairs > 1 else "three copies, no repair"
        axes.loglog(strikes, wrong, color=colour, label=label)
        for point in points:
            if isinstance(point.exposure, VoteExposure) and point.exposure.intervals == repairs:
                _point(axes, point, point.exposure.strikes_flop, 1.0, colour)
    label = "strikes a flip-flop, over the whole time"
    _finish(axes, "Voted bits", label, "share of bits wrong", "lower right", ("rtl",))


def _memory_points(
    axes: Axes, points: Sequence[Measured], what: str, ticks: int, share: float, colour: str
) -> None:
    for point in points:
        exposure = point.exposure
        assert isinstance(exposure, MemoryExposure)
        if (point.what, exposure.scrub_ticks, exposure.adjacent_share) == (what, ticks, share):
            scale = MEMORY.words / exposure.interval_s
            if what == "silent":  # a share of the words that were not reported
                fates = theory.word_fates(exposure.strikes_bit_s, exposure.interval_s, share)
                scale *= 1.0 - fates.reported
            _point(axes, point, exposure.strikes_bit_s, scale, colour)


def _point(axes: Axes, point: Measured, x: float, scale: float, colour: str) -> None:
    """A point with its interval; nothing where no event was seen."""
    if not point.events:
        return
    low, high = point.interval
    axes.errorbar(
        x,
        scale * point.share,
        yerr=[[scale * (point.share - low)], [scale * (high - point.share)]],
        color=colour,
        marker=_MARKERS[point.target],
        markersize=4.5,
        markerfacecolor="white",
        capsize=2.5,
        linewidth=1.0,
    )


def _ratios(axes: Axes, points: Sequence[Measured]) -> None:
    """Measured over calculated, points in the order of the table."""
    seen = [point for point in points if point.events >= EVENTS_FOR_RATIO]
    colours = {"reported": BLUE, "silent": PINK, "wrong vote": GREEN}
    for place, point in enumerate(seen):
        _point(axes, point, place, 1.0 / point.probability, colours[point.what])
    axes.axhline(1.0, color=BLACK, linewidth=0.9)
    for what, colour in colours.items():
        axes.plot([], [], color=colour, label={"silent": "not noticed"}.get(what, what))
    axes.set_xticks([])
    axes.set_ylabel("measured / calculated")
    title = f"All points with {EVENTS_FOR_RATIO} events or more, in the order of the table"
    axes.set_title(title, fontsize=10, loc="left")
    _legend(axes, "upper right", ("model", "rtl"), columns=5)


def _finish(
    axes: Axes,
    title: str,
    x_label: str,
    y_label: str,
    place: Corner = "upper left",
    targets: Sequence[str] = ("model", "rtl"),
) -> None:
    axes.set_title(title, fontsize=10, loc="left")
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    axes.minorticks_off()
    _legend(axes, place, targets)


def _legend(axes: Axes, place: Corner, targets: Sequence[str], columns: int = 1) -> None:
    for target in targets:
        label = {"model": "measured, model", "rtl": "measured, RTL"}[target]
        axes.plot([], [], _MARKERS[target], color=BLACK, mfc="white", markersize=4.5, label=label)
    axes.legend(loc=place, ncols=columns)
