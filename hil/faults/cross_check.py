"""Scrubbing and triplication measured on the controller, beside what `hil.faults.theory` says.

A memory is exposed to Poisson upsets, drawn by `sim.upsets` as in a flight but under a steady
flux, while its scrubber makes whole passes. Every word of every pass is a trial: between two visits
of the scrubber lies exactly one interval, whatever the word's place in the pass. What the scrubber
reports is its own counter; a block of eight words in which a word was lost is rewritten from the
golden image before time goes on, by the same write that flight software does, so that each interval
begins with sound words.

Voted registers are struck in the RTL between two clocks, in all three copies, once for each repair
interval: what one clock does to copies that gathered strikes for a time is measured, at rates at
which strikes do meet. One interval is a time without repair: the clock stands still, then it votes.
The golden model repairs within the call of a flip and cannot hold two wrong copies.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from scipy import stats

from fsw import registers as r
from fsw.payload_link import PayloadLink
from fsw.register_map import Register
from hil.errors import InternalError
from hil.faults import theory
from hil.targets.lockstep import MEMORY, LockstepTarget
from hil.targets.rtl import RtlTarget
from sim.environment import EnvironmentTable
from sim.upsets import Upset, UpsetRates, draw_upsets

BLOCK_WORDS = 8  # that the scrubber visits at a time
BLOCKS = MEMORY.words // BLOCK_WORDS
BLOCK_BYTES = 4 * BLOCK_WORDS
CONFIDENCE = 0.95  # of the intervals
SMALLEST_P = 1e-300  # of a point: its logarithm is wanted
_COUNTER = 1 << 16


@dataclass(frozen=True)
class MemoryExposure:
    """A scrubbed memory under a steady flux."""

    scrub_ticks: int  # register control.scrub.period
    strikes_word: float  # mean strikes on a word between two visits of the scrubber
    passes: int  # that count; one more goes before them
    adjacent_share: float = 0.0  # of strikes, on two neighbours

    @property
    def interval_s(self) -> float:
        """Between two visits of a word."""
        return self.scrub_ticks * BLOCKS * LockstepTarget.tick_ns * 1e-9

    @property
    def strikes_bit_s(self) -> float:
        """Strikes per bit and second."""
        return self.strikes_word / theory.CODEWORD_BITS / self.interval_s

    def __str__(self) -> str:
        return (
            f"T = {self.interval_s:g} s, q = {self.adjacent_share:g}, "
            f"{self.strikes_word:g} strikes a word"
        )


@dataclass(frozen=True)
class VoteExposure:
    """Voted bits under a steady flux."""

    strikes_flop: float  # mean strikes on a flip-flop over the whole time
    intervals: int  # into which repairs cut it; 1 is a time without repair
    trials: int

    def __str__(self) -> str:
        repair = f"{self.intervals} repairs" if self.intervals > 1 else "no repair"
        return f"{repair}, {self.strikes_flop:g} strikes a flop"


@dataclass(frozen=True)
class Measured:
    """Events in independent trials, and the probability of one that theory gives."""

    what: str  # "reported", "silent" or "wrong vote"
    target: str  # "model" or "rtl"
    exposure: MemoryExposure | VoteExposure
    trials: int
    events: int
    probability: float

    @property
    def share(self) -> float:
        """Of trials with an event."""
        return self.events / self.trials

    @property
    def interval(self) -> tuple[float, float]:
        """Exact (Clopper-Pearson) 95 % interval of the share."""
        found = stats.binomtest(self.events, self.trials).proportion_ci(CONFIDENCE, "exact")
        return float(found.low), float(found.high)

    @property
    def p_value(self) -> float:
        """How probable events at least as far from theory are: exact binomial test, two-sided."""
        return float(stats.binomtest(self.events, self.trials, self.probability).pvalue)

    @property
    def inside(self) -> bool:
        """Whether theory lies in the 95 % interval."""
        low, high = self.interval
        return low <= self.probability <= high


def joint_p_value(points: Sequence[Measured]) -> float:
    """Of all points together, by Fisher's combination of their p-values.

    Counts are whole numbers, which makes it somewhat larger than its name says: a true theory is
    rejected less often.
    """
    p_values = [max(point.p_value, SMALLEST_P) for point in points]
    return float(stats.combine_pvalues(p_values, "fisher").pvalue)


def expose_memory(
    target: LockstepTarget, exposure: MemoryExposure, rng: np.random.Generator
) -> list[Measured]:
    """Words that the scrubber reported, and of the others those that are wrong and were not.

    The second is a share of the words that were not reported, which makes the two independent.
    Raises InternalError when the scrubber did not go where it should have been.
    """
    target.reset()
    link = target.side_door()
    golden = rng.bytes(r.MEMORY.size)
    link.write(r.MEMORY.base, golden)
    codewords = [target.peek_memory(word) for word in range(MEMORY.words)]
    _write(link, r.CONTROL_CONFIG_SCAN, 0)
    _write(link, r.CONTROL_SCRUB, r.CONTROL_SCRUB.pack(enable=1, period=exposure.scrub_ticks))

    blocks = (exposure.passes + 1) * BLOCKS
    begin_ns = target.now_ns
    block_ns = exposure.scrub_ticks * target.tick_ns
    upsets = iter(upsets_of(exposure, blocks * block_ns * 1e-9, rng))
    upset = next(upsets, None)
    struck: defaultdict[int, set[int]] = defaultdict(set)  # words since the last visit, by block
    counted, reported, silent = 0, 0, 0
    for visit in range(blocks):
        visit_ns = begin_ns + (visit + 1) * block_ns
        while upset is not None and (time_ns := begin_ns + int(upset.time_s * 1e9)) < visit_ns:
            target.advance_to(time_ns)
            target.flip_memory(upset.index, sum(1 << bit for bit in upset.bits))
            struck[upset.index // BLOCK_WORDS].add(upset.index)
            upset = next(upsets, None)
        target.advance_to(visit_ns)
        block = visit % BLOCKS
        words = struck.pop(block, None)
        if not words:
            continue
        errors = _read(link, r.FAST_MEMORY_ERRORS)["uncorrectable"]
        told = (errors - counted) % _COUNTER
        counted = errors
        wrong = sum(target.peek_memory(word) != codewords[word] for word in words)
        if told > wrong:
            raise InternalError(f"{told} words reported in block {block}, {wrong} are wrong")
        if wrong:
            start = BLOCK_BYTES * block
            link.write(r.MEMORY.base + start, golden[start : start + BLOCK_BYTES])
        if visit >= BLOCKS:
            reported += told
            silent += wrong - told
    progress = _read(link, r.DIAGNOSTICS_SCRUB_PROGRESS)
    if progress != {"passes": exposure.passes + 1, "next_word": 0}:
        raise InternalError(f"the scrubber is at {progress} after {exposure.passes + 1} passes")
    fates = theory.word_fates(exposure.strikes_bit_s, exposure.interval_s, exposure.adjacent_share)
    trials = exposure.passes * MEMORY.words
    left = fates.silent / (1.0 - fates.reported)
    return [
        Measured("reported", target.name, exposure, trials, reported, fates.reported),
        Measured("silent", target.name, exposure, trials - reported, silent, left),
    ]


def expose_registers(
    target: RtlTarget, exposure: VoteExposure, rng: np.random.Generator
) -> Measured:
    """Bits of voted registers that are wrong after the time, each bit of each trial by itself.

    `target` was built with names of registers.
    """
    target.reset()
    link = target.side_door()
    registers = {
        "pump_drive": r.CONTROL_PUMP_DRIVE.address,
        "thermal_drive": r.CONTROL_THERMAL_DRIVE.address,
        "safe_drive": r.CONTROL_SAFE_DRIVE.address,
    }
    registers |= {f"gen_cap[{i}].cap": r.TRAY_CONTROL_CAP.at(i) for i in range(target.trays)}
    copies = [f"control_registers.{name}.copy_{copy}_q" for name in registers for copy in "abc"]

    def voted() -> list[int]:
        return [int.from_bytes(link.read(address, 4), "big") for address in registers.values()]

    strikes = exposure.strikes_flop / exposure.intervals
    wrong = 0
    before = voted()
    for _ in range(exposure.trials):
        for _ in range(exposure.intervals):
            odd = rng.poisson(strikes, (len(copies), 32)) & 1
            masks = (odd << np.arange(32)).sum(axis=1).tolist()
            target.flip_flops({name: m for name, m in zip(copies, masks, strict=True) if m})
        after = voted()
        wrong += sum((a ^ b).bit_count() for a, b in zip(after, before, strict=True))
        before = after
    probability = theory.wrong_after_repairs(strikes, 1.0, exposure.intervals)
    trials = 32 * len(registers) * exposure.trials
    return Measured("wrong vote", target.name, exposure, trials, wrong, probability)


def upsets_of(exposure: MemoryExposure, time_s: float, rng: np.random.Generator) -> list[Upset]:
    """Upsets of the controller's memory alone, with a flux of 1 proton/cm²/s."""
    columns = {field.name: np.ones(2) for field in fields(EnvironmentTable)}
    table = EnvironmentTable(**(columns | {"time_s": np.array([0.0, time_s])}))
    none: dict[str, Any] = {
        field.name: 0.0
        for field in fields(UpsetRates)
        if "_cm2_" in field.name or field.name.startswith("latchup_")
    }
    mine = {"controller_memory_cm2_bit": exposure.strikes_bit_s}
    rates = UpsetRates(**(none | mine | {"adjacent_share": exposure.adjacent_share}))
    return draw_upsets(table, rates, trays=1, rng=rng, memory_words=MEMORY.words)


def _read(link: PayloadLink, register: Register) -> dict[str, int]:
    return register.unpack(int.from_bytes(link.read(register.address, 4), "big"))


def _write(link: PayloadLink, register: Register, word: int) -> None:
    link.write(register.address, word.to_bytes(4, "big"))
