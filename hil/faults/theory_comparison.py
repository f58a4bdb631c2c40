"""What is measured for docs/fault_theory.md, in which order, and how it is written down."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from gateware.triplication import triplicated
from hil.faults import theory
from hil.faults.cross_check import (
    Measured,
    MemoryExposure,
    VoteExposure,
    expose_memory,
    expose_registers,
    joint_p_value,
)
from hil.targets.lockstep import MEMORY, TRAYS_DEFAULT
from hil.targets.model import ModelTarget
from hil.targets.rtl import RtlTarget
from sim.constants import DAY_S
from sim.upsets import ADJACENT_SHARE, MEMORY_CM2_BIT, REFERENCE_FLUX_650KM_CM2_S

LEVEL = 0.01  # joint p-value below which measurement and theory do not agree
TRAYS = 2  # of the controller: more make nothing here different

SCRUB_TICKS = (1, 10, 100)  # the last is the reset value
LARGE_SHARE = 0.2  # of strikes on two neighbours: enough of them to be measured well
ORBIT_STRIKES_BIT_S = MEMORY_CM2_BIT * REFERENCE_FLUX_650KM_CM2_S  # mean of an orbit at 650 km
CLOCK_HZ = 12e6  # of the slowest board: repairs of triplicated registers a second

_PASSES = {0.01: 2000, 0.03: 800, 0.1: 300, 0.3: 150, 1.0: 60, 3.0: 20}  # by strikes a word
MEMORY_ON_MODEL = (
    *(MemoryExposure(ticks, *item) for ticks in SCRUB_TICKS for item in _PASSES.items()),
    *(
        MemoryExposure(SCRUB_TICKS[-1], *item, share)
        for share in (ADJACENT_SHARE, LARGE_SHARE)
        for item in {0.001: 3000, 0.01: 1000, 0.1: 300, 1.0: 50}.items()
    ),
)
MEMORY_ON_RTL = (
    *(MemoryExposure(10, *item) for item in {0.1: 100, 0.3: 40, 1.0: 12}.items()),
    MemoryExposure(SCRUB_TICKS[-1], 0.1, 40, LARGE_SHARE),
)
REPAIRS = (1, 10, 100)
VOTES_ON_RTL = (
    *(VoteExposure(x, 1, n) for x, n in {0.01: 2500, 0.03: 1000, 0.1: 300, 0.3: 150}.items()),
    *(VoteExposure(x, 1, 150) for x in (1.0, 3.0)),
    *(VoteExposure(x, 10, n) for x, n in {0.03: 800, 0.1: 300, 0.3: 150, 1.0: 100}.items()),
    VoteExposure(3.0, 10, 100),
    *(VoteExposure(x, 100, n) for x, n in {0.3: 100, 1.0: 50, 3.0: 30}.items()),
)


def measure(seed: int) -> Iterator[Measured]:
    """Every point, as soon as it is measured. Each exposure draws from a stream of its own.

    Raises SimulatorDied, and UsageError where the RTL cannot be built.
    """
    streams = iter(
        np.random.SeedSequence(seed).spawn(
            len(MEMORY_ON_MODEL) + len(MEMORY_ON_RTL) + len(VOTES_ON_RTL)
        )
    )
    with ModelTarget(TRAYS) as model:
        for exposure in MEMORY_ON_MODEL:
            yield from expose_memory(model, exposure, np.random.default_rng(next(streams)))
    with RtlTarget(TRAYS) as rtl:
        for exposure in MEMORY_ON_RTL:
            yield from expose_memory(rtl, exposure, np.random.default_rng(next(streams)))
    with RtlTarget(TRAYS, names=True) as named:
        for votes in VOTES_ON_RTL:
            yield expose_registers(named, votes, np.random.default_rng(next(streams)))


HEADINGS = ("event", "on", "setting", "trials", "events", "measured", "95 %", "theory", "p")


def row(point: Measured) -> tuple[str, ...]:
    """A point under HEADINGS; an asterisk where theory lies outside the interval."""
    low, high = point.interval
    return (
        point.what,
        point.target,
        str(point.exposure),
        f"{point.trials:,}",
        f"{point.events:,}",
        f"{point.share:.3g}",
        f"{low:.3g} to {high:.3g}",
        f"{point.probability:.3g}",
        f"{point.p_value:.2g}{'' if point.inside else ' *'}",
    )


def conclusion(points: Sequence[Measured]) -> list[str]:
    """How well measurement and theory agree, by kind of event and altogether."""
    kinds: dict[str, list[Measured]] = {}
    for point in points:
        kinds.setdefault(f"{point.what}, {point.target}", []).append(point)
    kinds["all"] = list(points)
    lines = []
    for kind, members in kinds.items():
        outside = sum(not point.inside for point in members)
        lines.append(
            f"{kind}: {len(members)} points, {sum(point.events for point in members):,} events, "
            f"joint p = {joint_p_value(members):.2g}, {outside} outside their 95 % interval"
        )
    return lines


def markdown(points: Sequence[Measured], seed: int) -> str:
    """The points as a page."""
    lines = [
        "# Rates measured and rates calculated",
        "",
        f"Written by `racksat faults theory --seed {seed}`. [fault_theory.md](fault_theory.md) "
        "says what it means.",
        "",
        *(f"- {line}" for line in conclusion(points)),
        "",
        f"| {' | '.join(HEADINGS)} |",
        f"|{' --- |' * len(HEADINGS)}",
        *(f"| {' | '.join(row(point))} |" for point in points),
        "",
    ]
    return "\n".join(lines)


def in_orbit() -> list[str]:
    """What the closed forms say at the mean rate of an orbit, where nothing can be measured."""
    year_s = 365.25 * DAY_S
    interval_s = MemoryExposure(SCRUB_TICKS[-1], 0.0, 0).interval_s
    fast_s = MemoryExposure(SCRUB_TICKS[0], 0.0, 0).interval_s

    flops = sum(register.width for register in triplicated(TRAYS_DEFAULT).values())
    clocks = round(year_s * CLOCK_HZ)

    def words(share: float, time_s: float) -> float:
        return year_s * theory.reported_words_s(MEMORY.words, ORBIT_STRIKES_BIT_S, time_s, share)

    def votes(intervals: int) -> float:
        wrong = theory.wrong_after_repairs(ORBIT_STRIKES_BIT_S, year_s / intervals, intervals)
        return theory.wrong_register(wrong, flops)

    return [
        f"strikes: {ORBIT_STRIKES_BIT_S:.2g} a bit and second",
        f"reported words a year, T = {interval_s:g} s, q = {ADJACENT_SHARE:g}: "
        f"{words(ADJACENT_SHARE, interval_s):.2g}",
        f"the same at T = {fast_s:g} s: {words(ADJACENT_SHARE, fast_s):.2g}",
        f"the same at T = {interval_s:g} s, interleaved (q = 0): {words(0.0, interval_s):.2g}",
        f"the same, not scrubbed for a year: {words(0.0, year_s):.2g}",
        f"one of {flops} voted bits is wrong after a year, never repaired: {votes(1):.2g}",
        f"the same, repaired in each clock of {CLOCK_HZ / 1e6:g} MHz: {votes(clocks):.2g}",
    ]
