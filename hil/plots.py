"""Plots over mission time in one manner: same axes rectangle, same colours, same shading.

Plots line up under each other and have their legends beside the axes. The SVG of a recording is
always the same bytes.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from hil.run_folder import RunFolder

FloatArray = NDArray[np.float64]

# Okabe and Ito's palette: told apart by colour-blind eyes too. One thing, one colour, everywhere.
ORANGE, SKY, GREEN, YELLOW = "#E69F00", "#56B4E9", "#009E73", "#CCAA00"
BLUE, RED, PINK, BLACK, GREY = "#0072B2", "#D55E00", "#CC79A7", "#222222", "#888888"
ECLIPSE_SHADE, PROTON_SHADE = "#D9DEE8", "#F8D7D0"

WIDTH_IN = 11.0
LEFT_IN, RIGHT_IN, TOP_IN, BOTTOM_IN = 0.8, 2.1, 0.12, 0.45
BINS = 700  # of the time axis; each shows its smallest and its largest value
PROTON_SHADE_CM2_S = 50.0  # above 30 MeV

STYLE: dict[Any, Any] = {
    "svg.hashsalt": "racksat",
    "svg.fonttype": "path",
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "axes.labelcolor": BLACK,
    "axes.grid": True,
    "grid.color": "#E6E6E6",
    "grid.linewidth": 0.6,
    "xtick.color": BLACK,
    "ytick.color": BLACK,
    "lines.linewidth": 1.3,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
}


@dataclass(frozen=True)
class Curve:
    """A channel as a line."""

    channel: str
    label: str
    colour: str
    scale: float = 1.0
    style: str = "-"
    topic: str = "truth"


@dataclass(frozen=True)
class Picture:
    """A plot with its heading."""

    title: str
    caption: str
    svg: str


def envelope(
    time_s: FloatArray, values: FloatArray, bins: int = BINS
) -> tuple[FloatArray, FloatArray]:
    """Fewer points that draw the same line: the smallest and the largest of each bin, in order."""
    if len(time_s) <= 2 * bins:
        return time_s, values
    chosen: list[int] = []
    for part in np.array_split(np.arange(len(time_s)), bins):
        block = values[part]
        if np.all(np.isnan(block)):
            chosen.append(int(part[0]))
            continue
        low, high = int(part[np.nanargmin(block)]), int(part[np.nanargmax(block)])
        chosen += sorted({low, high})
    return time_s[chosen], values[chosen]


def spans(time_s: FloatArray, inside: NDArray[np.bool_]) -> list[tuple[float, float]]:
    """(from, to) of the stretches in which `inside` holds."""
    edges = np.diff(np.concatenate(([False], inside, [False])).astype(np.int8))
    begins, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1
    return [(float(time_s[a]), float(time_s[b])) for a, b in zip(begins, ends, strict=True)]


def new_figure(height_in: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(WIDTH_IN, height_in))
    axes = figure.add_axes(
        (
            LEFT_IN / WIDTH_IN,
            BOTTOM_IN / height_in,
            1 - (LEFT_IN + RIGHT_IN) / WIDTH_IN,
            1 - (TOP_IN + BOTTOM_IN) / height_in,
        )
    )
    axes.set_axisbelow(True)
    return figure, axes


def shade(axes: Axes, run: RunFolder) -> None:
    space = run.topic("environment")
    time_min = space.time_s / 60
    for begin, end in spans(time_min, space.series("sunlit") < 0.5):
        axes.axvspan(begin, end, color=ECLIPSE_SHADE, linewidth=0, zorder=0)
    flux = space.series("proton_flux_30mev_cm2_s")
    for begin, end in spans(time_min, flux > PROTON_SHADE_CM2_S):
        axes.axvspan(begin, end, color=PROTON_SHADE, linewidth=0, zorder=0.1, alpha=0.7)


def finish(
    figure: Figure, axes: Axes, run: RunFolder, title: str, caption: str, unit: str
) -> Picture:
    end_min = max(float(run.topic("truth").time_s[-1]) / 60, 1e-3)
    axes.set_xlim(0, end_min)
    axes.xaxis.set_major_locator(MaxNLocator(10, steps=[1, 2, 5, 10]))
    axes.set_xlabel("mission time (min)", labelpad=2)
    axes.set_ylabel(unit)
    axes.yaxis.set_label_coords(-0.062, 0.5)
    return Picture(title, caption, svg_of(figure))


def svg_of(figure: Figure) -> str:
    """The figure as an SVG element, the same bytes for the same figure."""
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    svg = text.getvalue()
    return svg[svg.index("<svg") :]


def place_legend(axes: Axes) -> None:
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="upper left", bbox_to_anchor=(1.015, 1.02), borderaxespad=0.0)


def draw_lines(axes: Axes, run: RunFolder, curves: Sequence[Curve]) -> None:
    for curve in curves:
        topic = run.topic(curve.topic)
        if curve.channel not in topic.channels:
            continue
        time_s, values = envelope(topic.time_s, topic.series(curve.channel) * curve.scale)
        axes.plot(time_s / 60, values, label=curve.label, color=curve.colour, linestyle=curve.style)


def draw_limits(axes: Axes, run: RunFolder, channel: str, scale: float = 1.0) -> None:
    """Dotted lines where the scenario's requirements on a channel lie."""
    for requirement in run.scenario.get("require", []):
        if requirement.get("channel") != channel:
            continue
        for key in ("above", "at_least", "below", "at_most"):
            if isinstance(requirement.get(key), int | float):
                axes.axhline(
                    requirement[key] * scale, color=RED, linestyle=":", linewidth=1.1, zorder=1
                )
