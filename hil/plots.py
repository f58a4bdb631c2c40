"""The pictures of a report: stacked over one time axis, with eclipse and anomaly shaded.

Every picture has the same axes rectangle, so that they line up under each other; legends stand
beside the axes. The SVG of a recording is always the same bytes.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
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


def pictures(run: RunFolder) -> list[Picture]:
    """The pictures of a run; empty for one without telemetry."""
    if not len(run.topic("truth")):
        return []
    with matplotlib.rc_context(STYLE):
        return [picture for make in PICTURES if (picture := make(run)) is not None]


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


def _figure(height_in: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(WIDTH_IN, height_in))
    axes = figure.add_axes(
        (
            LEFT_IN / WIDTH_IN,
            BOTTOM_IN / height_in,
            1 - (LEFT_IN + RIGHT_IN) / WIDTH_IN,
            1 - (TOP_IN + BOTTOM_IN) / height_in,
        )
    )
    return figure, axes


def _shade(axes: Axes, run: RunFolder) -> None:
    space = run.topic("environment")
    time_min = space.time_s / 60
    for begin, end in spans(time_min, space.series("sunlit") < 0.5):
        axes.axvspan(begin, end, color=ECLIPSE_SHADE, linewidth=0, zorder=0)
    flux = space.series("proton_flux_30mev_cm2_s")
    for begin, end in spans(time_min, flux > PROTON_SHADE_CM2_S):
        axes.axvspan(begin, end, color=PROTON_SHADE, linewidth=0, zorder=0.1, alpha=0.7)


def _finish(
    figure: Figure, axes: Axes, run: RunFolder, title: str, caption: str, unit: str
) -> Picture:
    end_min = max(float(run.topic("truth").time_s[-1]) / 60, 1e-3)
    axes.set_xlim(0, end_min)
    axes.xaxis.set_major_locator(MaxNLocator(10, steps=[1, 2, 5, 10]))
    axes.set_xlabel("mission time (min)", labelpad=2)
    axes.set_ylabel(unit)
    axes.yaxis.set_label_coords(-0.062, 0.5)
    axes.set_axisbelow(True)
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    svg = text.getvalue()
    return Picture(title, caption, svg[svg.index("<svg") :])


def _legend(axes: Axes) -> None:
    axes.legend(loc="upper left", bbox_to_anchor=(1.015, 1.02), borderaxespad=0.0)


def _lines(axes: Axes, run: RunFolder, curves: Sequence[Curve]) -> None:
    for curve in curves:
        topic = run.topic(curve.topic)
        if curve.channel not in topic.channels:
            continue
        time_s, values = envelope(topic.time_s, topic.series(curve.channel) * curve.scale)
        axes.plot(time_s / 60, values, label=curve.label, color=curve.colour, linestyle=curve.style)


def _limit(axes: Axes, run: RunFolder, channel: str, scale: float = 1.0) -> None:
    """Dotted lines where the scenario's requirements on a channel lie."""
    for requirement in run.scenario.get("require", []):
        if requirement.get("channel") != channel:
            continue
        for key in ("above", "at_least", "below", "at_most"):
            if isinstance(requirement.get(key), int | float):
                axes.axhline(
                    requirement[key] * scale, color=RED, linestyle=":", linewidth=1.1, zorder=1
                )


def _plain(
    title: str,
    caption: str,
    unit: str,
    curves: Sequence[Curve],
    height_in: float = 2.6,
    zero: bool = False,
    limits: Sequence[tuple[str, float]] = (),
    adjust: Callable[[Axes], None] | None = None,
) -> Callable[[RunFolder], Picture | None]:
    def make(run: RunFolder) -> Picture | None:
        figure, axes = _figure(height_in)
        _shade(axes, run)
        _lines(axes, run, curves)
        for channel, scale in limits:
            _limit(axes, run, channel, scale)
        if zero:
            axes.axhline(0, color=GREY, linewidth=0.8)
        if adjust is not None:
            adjust(axes)
        _legend(axes)
        return _finish(figure, axes, run, title, caption, unit)

    return make


def _modes(run: RunFolder) -> Picture | None:
    board = run.topic("housekeeping")
    if "fsw_mode" not in board.channels:
        return None
    modes = board.channels["fsw_mode"]
    figure, axes = _figure(0.95)
    time_min = board.time_s / 60
    begin = 0
    for index in range(1, len(modes) + 1):
        if index < len(modes) and modes[index] == modes[begin]:
            continue
        start = 0.0 if begin == 0 else time_min[begin]
        stop = time_min[min(index, len(modes) - 1)]
        axes.axvspan(start, stop, color=MODE_COLOURS.get(modes[begin], GREY), linewidth=0)
        begin = index
    axes.set_yticks([])
    axes.grid(False)
    seen = list(dict.fromkeys(modes))
    handles = [
        Line2D([], [], color=MODE_COLOURS.get(mode, GREY), linewidth=6, label=mode) for mode in seen
    ]
    axes.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(1.015, 1.1),
        borderaxespad=0.0,
        ncols=1 if len(seen) < 4 else 2,
        columnspacing=1.0,
        handlelength=1.2,
        labelspacing=0.25,
    )
    caption = "Mode of flight software."
    return _finish(figure, axes, run, "Mode", caption, "")


MODE_COLOURS = {
    "boot": YELLOW,
    "safe": RED,
    "standby": GREY,
    "nominal": GREEN,
    "eclipse": BLUE,
    "degraded": ORANGE,
}


def _flux(run: RunFolder) -> Picture | None:
    figure, axes = _figure(2.4)
    _shade(axes, run)
    _lines(
        axes,
        run,
        [
            Curve("fsw_flux", "> 30 MeV as seen\non board", "#B8B8B8", topic="housekeeping"),
            Curve("proton_flux_10mev_cm2_s", "> 10 MeV", ORANGE, topic="environment"),
            Curve("proton_flux_30mev_cm2_s", "> 30 MeV", RED, topic="environment"),
            Curve("proton_flux_100mev_cm2_s", "> 100 MeV", PINK, topic="environment"),
        ],
    )
    axes.set_yscale("symlog", linthresh=10.0, linscale=0.5)
    axes.set_ylim(0, max(100.0, axes.get_ylim()[1]))
    _legend(axes)
    caption = (
        "Omnidirectional flux. Grey: what flight software makes of the counts of its monitor."
    )
    return _finish(figure, axes, run, "Protons", caption, "protons / cm² / s")


def _upset_rows(run: RunFolder) -> Picture | None:
    upsets = ledger(run)
    if not upsets:
        return None
    elements = sorted({upset["element"] for upset in upsets}, reverse=True)
    figure, axes = _figure(0.75 + 0.27 * len(elements))
    _shade(axes, run)
    for fate, colour in FATE_COLOURS.items():
        hits = [upset for upset in upsets if upset["fate"] == fate]
        if hits:
            axes.plot(
                [upset["struck_s"] / 60 for upset in hits],
                [elements.index(upset["element"]) for upset in hits],
                linestyle="",
                marker="|",
                markersize=9,
                markeredgewidth=1.3,
                color=colour,
                label=f"{fate} ({len(hits)})",
            )
    axes.set_yticks(range(len(elements)), [name.replace("_", "\n") for name in elements])
    axes.tick_params(axis="y", labelsize=6.5)
    axes.set_ylim(-0.7, len(elements) - 0.3)
    axes.grid(axis="x", visible=False)
    _legend(axes)
    caption = "A mark for each upset, in the colour of what became of it."
    return _finish(figure, axes, run, "Upsets", caption, "")


FATE_COLOURS = {
    "corrected": GREEN,
    "recovered": BLUE,
    "uncorrectable": RED,
    "silent": BLACK,
    "open": GREY,
}


def ledger(run: RunFolder) -> list[dict[str, Any]]:
    """Upsets with their fates, out of the events."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for event in run.events:
        if event["name"] in ("upset", "upset.settled"):
            fields = event["fields"]
            key = (
                fields["struck_s"],
                fields["element"],
                fields["tray"],
                fields["index"],
                tuple(fields["bits"]),
            )
            found[key] = fields
    return list(found.values())


def _caps(run: RunFolder) -> Picture | None:
    rack = run.vehicle["rack"]
    curves = [
        Curve("power_cap_mean_w", "power cap", BLUE, 100.0 / rack["tray_power_w"]),
        Curve("clock_mean_mhz", "clock", RED, 100.0 / rack["clock_nominal_mhz"]),
        Curve("trays_running", "trays running", GREEN, 100.0 / rack["trays"]),
        Curve("tokens_per_s", "tokens/s", ORANGE, 100.0 / rack["tokens_per_s"], ":"),
    ]
    caption = (
        "Means over the trays, of full power, nominal clock, trays fitted and full throughput."
    )
    return _plain("Caps and clock", caption, "share (%)", curves, zero=True)(run)


def _drives(run: RunFolder) -> Picture | None:
    vehicle = run.vehicle
    full_rpm = vehicle["coolant"]["pump_speed_rpm"]
    curves = [
        Curve("pump_a_rpm", "pump A speed", BLUE, 100.0 / full_rpm),
        Curve("pump_b_rpm", "pump B speed", SKY, 100.0 / full_rpm, "--"),
        Curve("bypass", "radiator bypass", ORANGE, 100.0),
        Curve("heater_w", "heater", RED, 100.0 / vehicle["bus"]["heater_power_w"]),
    ]
    caption = "Shares of full pump speed, of the flow past the radiator, and of full heater power."
    return _plain("Coolant drives", caption, "share (%)", curves, zero=True)(run)


def _percent(axes: Axes) -> None:
    low, high = axes.get_ylim()
    axes.set_ylim(max(0, min(low, 95)), min(102, max(high, low + 5)))


PICTURES: tuple[Callable[[RunFolder], Picture | None], ...] = (
    _modes,
    _plain(
        "Power",
        "Battery power is positive while charging. Grey: eclipse. Red: protons.",
        "power (kW)",
        [
            Curve("array_power_w", "solar array", ORANGE, 1e-3),
            Curve("load_power_w", "all loads", BLACK, 1e-3),
            Curve("payload_power_w", "compute", RED, 1e-3),
            Curve("battery_power_w", "battery", BLUE, 1e-3),
        ],
        zero=True,
    ),
    _plain(
        "State of charge",
        "The truth, and flight software's estimate of it. Dotted red: what the scenario requires.",
        "charge (%)",
        [
            Curve("soc", "battery", BLUE, 100.0),
            Curve("fsw_soc", "as estimated\non board", BLACK, 100.0, "--", "housekeeping"),
        ],
        limits=[("soc", 100.0)],
        adjust=_percent,
    ),
    _plain(
        "Compute temperatures",
        "Hottest GPU and HBM of the rack. Dotted red: what the scenario requires.",
        "temperature (°C)",
        [
            Curve("gpu_temp_max_c", "hottest GPU", RED),
            Curve("hbm_temp_max_c", "hottest HBM", PINK),
        ],
        limits=[("gpu_temp_max_c", 1.0), ("hbm_temp_max_c", 1.0)],
    ),
    _plain(
        "Coolant and radiator",
        "Rack loop (PG25), its coldest place, and the radiator.",
        "temperature (°C)",
        [
            Curve("coolant_return_c", "return from trays", RED),
            Curve("coolant_supply_c", "supply to trays", SKY),
            Curve("coolant_min_c", "coldest coolant", BLUE),
            Curve("radiator_mean_c", "radiator, mean", BLACK),
            Curve("radiator_outlet_c", "radiator outlet", GREY, style="--"),
            Curve("battery_temp_c", "battery", GREEN),
        ],
    ),
    _caps,
    _drives,
    _flux,
    _upset_rows,
)
