"""campaign.html: one self-contained page of a campaign, made from its samples."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from pathlib import Path

import matplotlib
import numpy as np

from hil.faults.campaign.order import Order
from hil.faults.campaign.sample import Sample
from hil.faults.campaign.summary import SEEN, Group, group, groups, holds
from hil.faults.outcome import Outcome
from hil.page import render_page
from hil.plots import (
    BLACK,
    GREEN,
    GREY,
    ORANGE,
    PINK,
    RED,
    SKY,
    STYLE,
    WIDTH_IN,
    Picture,
    new_figure,
    place_legend,
    svg_of,
)

COLOURS = {
    Outcome.MASKED: "#DDDDDD",
    Outcome.LATENT: GREY,
    Outcome.CORRECTED: GREEN,
    Outcome.RECOVERED: SKY,
    Outcome.LOST: ORANGE,
    Outcome.SILENT: RED,
    Outcome.HANG: PINK,
    Outcome.TOOL_ERROR: BLACK,
}
GROUPINGS = (  # heading, field of a sample
    ("By element", "element"),
    ("By class", "kind"),
    ("By phase", "phase"),
    ("By mode", "mode"),
)
ROW_IN = 0.22
SILENT_SHOWN = 500
LATENCY_BINS = 40


def write_report(folder: Path, order: Order, samples: Sequence[Sample]) -> Path:
    """Write report.html into the folder of a campaign."""
    silent = [sample for sample in samples if sample.outcome is Outcome.SILENT]
    stop = order.file.stop
    page = render_page(
        "campaign_report.html.j2",
        order=order,
        whole=group("all", samples),
        outcomes=[outcome for outcome in Outcome if any(s.outcome is outcome for s in samples)],
        stop=stop,
        stopped=stop is not None and holds(stop, samples),
        groupings=[(heading, groups(samples, attrgetter(name))) for heading, name in GROUPINGS],
        vulnerability=vulnerability(order, samples),
        latencies=latencies(samples),
        silent=[(sample, order.replay(sample.sample)) for sample in silent[:SILENT_SHOWN]],
        silent_left_out=max(0, len(silent) - SILENT_SHOWN),
    )
    path = folder / "report.html"
    path.write_text(page, encoding="utf-8")
    return path


def vulnerability(order: Order, samples: Sequence[Sample]) -> Picture | None:
    """Share of the upsets of each block that are seen as an error, every bit of it alike.

    S. S. Mukherjee et al., "A Systematic Methodology to Compute the Architectural Vulnerability
    Factors for a High-Performance Microprocessor", MICRO-36, 2003: what is masked or corrected is
    no error. Of a latent upset it is not known.
    """
    space = order.file.flops
    if order.file.experiment != "flops" or space is None or not samples:
        return None
    if space.weights != "bits" and space.registers:  # a block has wide and narrow ones
        return None
    blocks = sorted(groups(samples, attrgetter("element")), key=_vulnerable)
    with matplotlib.rc_context(STYLE):
        figure, axes = new_figure(0.7 + ROW_IN * len(blocks))
        figure.set_size_inches(WIDTH_IN, 0.7 + ROW_IN * len(blocks))
        axes.set_position((0.27, axes.get_position().y0, 0.54, axes.get_position().height))
        places = np.arange(len(blocks))
        shares = [block.seen for block in blocks]
        values = np.array([each.value for each in shares])
        reach = np.array([[each.value - each.low, each.high - each.value] for each in shares]).T
        left = np.zeros(len(blocks))
        for outcome in (*SEEN, Outcome.LATENT):
            parts = np.array([100 * block.outcomes[outcome].value for block in blocks])
            if parts.any():
                axes.barh(
                    places,
                    parts,
                    left=left,
                    color=COLOURS[outcome],
                    height=0.65,
                    label=outcome.value,
                )
            left += parts
        axes.errorbar(
            100 * values, places, xerr=100 * reach, fmt="none", ecolor=BLACK, elinewidth=0.8
        )
        axes.set_yticks(places, [f"{block.name} ({block.samples})" for block in blocks])
        axes.set_ylim(-0.6, len(blocks) - 0.4)
        axes.set_xlim(0, 100)
        axes.grid(axis="y", visible=False)
        axes.set_xlabel("architectural vulnerability factor (%)", labelpad=2)
        axes.legend(loc="upper left", bbox_to_anchor=(1.015, 1.0), borderaxespad=0.0)
        return Picture(
            "Architectural vulnerability factor",
            "Share of upsets of a block's bits that flight software or the actuators see as an "
            "error, by what became of them, with 95 % intervals (Clopper-Pearson). Grey: latent "
            "ones, which may yet become one. In brackets: upsets sampled.",
            svg_of(figure),
        )


def latencies(samples: Sequence[Sample]) -> Picture | None:
    """Distribution of the simulated time from strike to detection, by outcome."""
    by_outcome = {
        outcome: [
            sample.latency_s
            for sample in samples
            if sample.outcome is outcome and sample.latency_s is not None
        ]
        for outcome in Outcome
    }
    known = {outcome: values for outcome, values in by_outcome.items() if values}
    if not known:
        return None
    longest = max(max(values) for values in known.values())
    with matplotlib.rc_context(STYLE):
        figure, axes = new_figure(2.8)
        axes.hist(
            list(known.values()),
            bins=np.linspace(0, longest or 1.0, LATENCY_BINS + 1).tolist(),
            stacked=True,
            color=[COLOURS[outcome] for outcome in known],
            label=[outcome.value for outcome in known],
        )
        axes.set_xlabel("detection latency (s of simulated time)", labelpad=2)
        axes.set_ylabel("samples")
        axes.set_xlim(left=0)
        place_legend(axes)
        everything = sorted(value for values in known.values() for value in values)
        return Picture(
            "Detection latency",
            f"{len(everything)} of {len(samples)} samples were detected; median "
            f"{everything[len(everything) // 2]:.3f} s, longest {everything[-1]:.3f} s.",
            svg_of(figure),
        )


def _vulnerable(block: Group) -> tuple[float, str]:
    return block.seen.value, block.name
