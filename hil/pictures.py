"""The pictures of a report: what is plotted, in which order."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import matplotlib
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from hil.plots import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PINK,
    RED,
    SKY,
    STYLE,
    YELLOW,
    Curve,
    Picture,
    draw_limits,
    draw_lines,
    finish,
    new_figure,
    place_legend,
    shade,
)
from hil.run_folder import RunFolder


def pictures(run: RunFolder) -> list[Picture]:
    """The pictures of a run; empty for one without telemetry."""
    if not len(run.topic("truth")):
        return []
    with matplotlib.rc_context(STYLE):
        return [picture for make in PICTURES if (picture := make(run)) is not None]


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
        figure, axes = new_figure(height_in)
        shade(axes, run)
        draw_lines(axes, run, curves)
        for channel, scale in limits:
            draw_limits(axes, run, channel, scale)
        if zero:
            axes.axhline(0, color=GREY, linewidth=0.8)
        if adjust is not None:
            adjust(axes)
        place_legend(axes)
        return finish(figure, axes, run, title, caption, unit)

    return make


def _modes(run: RunFolder) -> Picture | None:
    board = run.topic("housekeeping")
    if "fsw_mode" not in board.channels:
        return None
    modes = board.channels["fsw_mode"]
    figure, axes = new_figure(0.95)
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
    return finish(figure, axes, run, "Mode", caption, "")


MODE_COLOURS = {
    "boot": YELLOW,
    "safe": RED,
    "standby": GREY,
    "nominal": GREEN,
    "eclipse": BLUE,
    "degraded": ORANGE,
}


def _flux(run: RunFolder) -> Picture | None:
    figure, axes = new_figure(2.4)
    shade(axes, run)
    draw_lines(
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
    place_legend(axes)
    caption = "Omnidirectional flux. Grey: what flight software makes of the counts of its monitor."
    return finish(figure, axes, run, "Protons", caption, "protons / cm² / s")


def _upset_rows(run: RunFolder) -> Picture | None:
    upsets = run.upsets
    if not upsets:
        return None
    elements = sorted({upset["element"] for upset in upsets}, reverse=True)
    figure, axes = new_figure(0.75 + 0.27 * len(elements))
    shade(axes, run)
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
    place_legend(axes)
    caption = "A mark for each upset, in the colour of what became of it."
    return finish(figure, axes, run, "Upsets", caption, "")


FATE_COLOURS = {
    "corrected": GREEN,
    "recovered": BLUE,
    "uncorrectable": RED,
    "silent": BLACK,
    "open": GREY,
}


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
