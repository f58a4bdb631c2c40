"""Closed forms of scrubbing and triplication, and what is measured beside them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import linalg, stats
from typer.testing import CliRunner

from gateware.model_memory import ProtectedMemory, correction, syndrome_of
from hil.cli import app
from hil.faults import theory, theory_comparison, theory_plot
from hil.faults.cross_check import (
    Measured,
    MemoryExposure,
    VoteExposure,
    expose_memory,
    expose_registers,
    joint_p_value,
    upsets_of,
)
from hil.targets.model import ModelTarget
from hil.targets.rtl import RtlTarget

DOCS = Path(__file__).resolve().parents[2] / "docs"
SEED = 1
AGREES, REFUTED = 0.01, 1e-4  # joint p-values


# --- closed forms ---------------------------------------------------------------------------------


@pytest.mark.parametrize("strikes", [1e-9, 0.01, 0.5, 2.0, 40.0])
def test_a_bit_is_wrong_after_an_odd_number_of_strikes(strikes: float) -> None:
    odd = stats.poisson.pmf(np.arange(1, 400, 2), strikes).sum()
    assert theory.flip_probability(strikes / 8, 8.0) == pytest.approx(odd, rel=1e-9)


def test_the_code_is_that_of_the_controller() -> None:
    assert [syndrome_of(1 << bit) for bit in range(39)] == list(theory.SYNDROMES)
    for syndrome in range(128):
        assert theory.reports(syndrome) == (correction(syndrome) is None)


@pytest.mark.parametrize("strikes_word", [1e-6, 0.01, 0.3, 1.0, 4.0])
def test_single_strikes_make_a_binomial_number_of_wrong_bits(strikes_word: float) -> None:
    rate, time_s = strikes_word / 39 / 7.0, 7.0
    p = theory.flip_probability(rate, time_s)
    fates = theory.word_fates(rate, time_s)
    assert fates.clean == pytest.approx(stats.binom.pmf(0, 39, p), rel=1e-9)
    assert fates.corrected == pytest.approx(stats.binom.pmf(1, 39, p), rel=1e-9)
    assert fates.lost == pytest.approx(stats.binom.sf(1, 39, p), rel=1e-9)
    assert theory.lost_word(rate, time_s) == pytest.approx(fates.lost, rel=1e-3)


def markov_fates(bits: int, strikes_bit: float, share: float) -> list[float]:
    """Clean, corrected, reported, silent from the chain over every pattern of wrong bits."""
    rates = {1 << bit: strikes_bit * (1 - share) for bit in range(bits)}
    for bit in range(bits - 1):
        rates[3 << bit] = bits * strikes_bit * share / (bits - 1)
    size = 1 << bits
    generator = -sum(rates.values()) * np.eye(size)
    for pattern, (mask, rate) in itertools.product(range(size), rates.items()):
        generator[pattern, pattern ^ mask] += rate
    fates = [0.0] * 4
    for pattern, probability in enumerate(linalg.expm(generator)[0]):
        told = correction(syndrome_of(pattern)) is None
        place = min(pattern.bit_count(), 2) if pattern.bit_count() < 2 else 2 if told else 3
        fates[place] += probability
    return fates


@pytest.mark.parametrize("bits", [2, 5, 8])
@pytest.mark.parametrize("share", [0.0, 0.014, 0.5, 1.0])
def test_fates_are_those_of_a_markov_chain(bits: int, share: float) -> None:
    fates = theory.word_fates(0.2, 1.0, share, bits)
    found = [fates.clean, fates.corrected, fates.reported, fates.silent]
    assert found == pytest.approx(markov_fates(bits, 0.2, share), abs=1e-12)


@pytest.mark.parametrize("share", [0.0, 0.014, 0.3])
@pytest.mark.parametrize("strikes_word", [0.05, 1.0, 5.0])
def test_reports_are_those_of_a_walk_over_syndromes(share: float, strikes_word: float) -> None:
    """All 39 bits: the syndrome is a compound Poisson walk, solved by its characters."""
    syndromes = np.array(theory.SYNDROMES)
    odd = np.array([[(a & b).bit_count() % 2 for b in range(128)] for a in range(128)])
    characters = 1 - 2 * odd
    single = characters[:, syndromes].mean(axis=1)
    pair = characters[:, syndromes[:-1] ^ syndromes[1:]].mean(axis=1)
    decay = np.exp(-strikes_word * (1 - (1 - share) * single - share * pair))
    probability = characters @ decay / 128
    told = [correction(syndrome) is None for syndrome in range(128)]
    fates = theory.word_fates(strikes_word / 39, 1.0, share)
    assert fates.reported == pytest.approx(probability[told].sum(), abs=1e-13)


@pytest.mark.parametrize("share", [0.0, 0.01])
def test_rare_strikes_follow_the_simple_formula(share: float) -> None:
    exact = theory.reported_words_s(1024, 1e-9, 128.0, share)
    assert theory.reported_words_s_small(1024, 1e-9, 128.0, share) == pytest.approx(exact, rel=1e-3)
    assert theory.reported_words_s_small(1024, 2e-9, 128.0) == pytest.approx(
        1024 * 39 * 38 / 2 * 4e-18 * 128.0, rel=1e-12
    )


def test_after_a_long_time_every_syndrome_is_alike() -> None:
    told = sum(theory.reports(syndrome) for syndrome in range(128))
    assert theory.word_fates(50.0, 1.0).reported == pytest.approx(told / 128)


def test_impossible_words_are_refused() -> None:
    with pytest.raises(ValueError, match=r"adjacent_share = 1.5, must be 0 to 1"):
        theory.word_fates(1.0, 1.0, 1.5)
    with pytest.raises(ValueError, match=r"bits = 40, must be 2 to 39"):
        theory.word_fates(1.0, 1.0, bits=40)


def markov_vote(strikes: float, intervals: int) -> float:
    """A voted bit is wrong, from the chain over its three copies."""
    generator = -3 * strikes * np.eye(8)
    for copies, bit in itertools.product(range(8), range(3)):
        generator[copies, copies ^ 1 << bit] += strikes
    vote = np.zeros((8, 8))
    for copies in range(8):
        vote[copies, 7 if copies.bit_count() >= 2 else 0] = 1.0
    step = linalg.expm(generator) @ vote
    return float(np.linalg.matrix_power(step, intervals)[0, 7])


@pytest.mark.parametrize("intervals", [1, 2, 30])
@pytest.mark.parametrize("strikes", [1e-3, 0.1, 1.0])
def test_votes_are_those_of_a_markov_chain(strikes: float, intervals: int) -> None:
    found = theory.wrong_after_repairs(strikes, 1.0, intervals)
    assert found == pytest.approx(markov_vote(strikes, intervals), rel=1e-9)


def test_votes_have_the_limits_they_should() -> None:
    assert theory.wrong_vote(1e-6, 2.0) == pytest.approx(3 * (2e-6) ** 2, rel=1e-4)
    assert theory.wrong_vote(1e3, 1.0) == pytest.approx(0.5)
    assert theory.wrong_after_repairs(1e3, 1.0, 9) == pytest.approx(0.5)
    assert theory.wrong_after_repairs(1e-5, 1.0, 100) == pytest.approx(3e-10 * 100, rel=1e-3)
    assert theory.wrong_register(0.1, 3) == pytest.approx(1 - 0.9**3)
    assert theory.wrong_register(1e-18, 32) == pytest.approx(3.2e-17)


# --- statistics -----------------------------------------------------------------------------------


def counted(events: int, trials: int, probability: float) -> Measured:
    return Measured("reported", "model", MemoryExposure(1, 1.0, 1), trials, events, probability)


def test_intervals_are_exact() -> None:
    low, high = counted(7, 400, 0.02).interval
    assert stats.binom.sf(6, 400, low) == pytest.approx(0.025)
    assert stats.binom.cdf(7, 400, high) == pytest.approx(0.025)
    assert counted(0, 3000, 0.0).interval == pytest.approx((0.0, 1 - 0.025 ** (1 / 3000)))
    assert counted(7, 400, 0.02).inside
    assert not counted(7, 400, 0.04).inside


def test_a_true_theory_is_rejected_as_seldom_as_said() -> None:
    rng = np.random.default_rng(SEED)
    probabilities = (0.001, 0.01, 0.1, 0.4)
    joint = [
        joint_p_value([counted(int(rng.binomial(2000, p)), 2000, p) for p in probabilities])
        for _ in range(400)
    ]
    assert 0.01 < np.mean(np.array(joint) < 0.05) < 0.075


# --- the golden model -----------------------------------------------------------------------------

MODEL = (
    MemoryExposure(1, 1.0, 90),
    MemoryExposure(10, 0.3, 200),
    MemoryExposure(100, 0.1, 150),
    MemoryExposure(100, 0.1, 100, 0.2),
)


@pytest.fixture(scope="module")
def model_points() -> list[Measured]:
    points = []
    with ModelTarget(2) as target:
        for number, exposure in enumerate(MODEL):
            points += expose_memory(target, exposure, np.random.default_rng([SEED, number]))
    return points


def test_the_model_loses_words_as_calculated(model_points: list[Measured]) -> None:
    assert sum(point.events for point in model_points) > 30_000
    assert joint_p_value(model_points) > AGREES


def reported(fates: Callable[[MemoryExposure], theory.WordFates]) -> Callable[[Measured], float]:
    return lambda point: fates(point.exposure).reported


WRONG = {
    "38 bits": reported(
        lambda e: theory.word_fates(e.strikes_bit_s, e.interval_s, e.adjacent_share, 38)
    ),
    "half the interval": reported(
        lambda e: theory.word_fates(e.strikes_bit_s, e.interval_s / 2, e.adjacent_share)
    ),
    "no neighbours": reported(lambda e: theory.word_fates(e.strikes_bit_s, e.interval_s)),
    "all lost words are reported": lambda point: (
        theory.word_fates(
            point.exposure.strikes_bit_s, point.exposure.interval_s, point.exposure.adjacent_share
        ).lost
    ),
    "two strikes, on whatever bits": lambda point: float(
        stats.poisson.sf(1, point.exposure.strikes_word)
    ),
    "rare strikes": lambda point: (
        theory.reported_words_s_small(
            1, point.exposure.strikes_bit_s, point.exposure.interval_s,
            point.exposure.adjacent_share,
        )
        * point.exposure.interval_s
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_formula_is_refuted(model_points: list[Measured], name: str) -> None:
    told = [point for point in model_points if point.what == "reported"]
    assert joint_p_value([replace(p, probability=WRONG[name](p)) for p in told]) < REFUTED


def test_a_scrubber_that_skips_a_word_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def scrub(memory: ProtectedMemory, whole: Callable[..., None] = ProtectedMemory.scrub) -> None:
        last = memory.next_word + 7
        kept, memory.codewords[last] = memory.codewords[last], 0
        whole(memory)
        memory.codewords[last] = kept

    exposure = MemoryExposure(10, 0.1, 20)
    with ModelTarget(2) as target:
        sound = expose_memory(target, exposure, np.random.default_rng(SEED))
        monkeypatch.setattr(ProtectedMemory, "scrub", scrub)
        skipping = expose_memory(target, exposure, np.random.default_rng(SEED))
    assert joint_p_value(sound) > AGREES
    assert joint_p_value(skipping) < REFUTED


def test_every_lost_word_of_the_draw_is_found() -> None:
    """The same upsets, counted without a controller: words with two or more wrong bits."""
    exposure = MemoryExposure(10, 0.8, 6, 0.1)
    with ModelTarget(2) as target:
        points = expose_memory(target, exposure, np.random.default_rng(SEED))
    rng = np.random.default_rng(SEED)
    rng.bytes(4096)  # the golden image
    patterns: dict[tuple[int, int], int] = {}
    for upset in upsets_of(exposure, 7 * exposure.interval_s, rng):
        first_visit_s = (upset.index // 8 + 1) * exposure.interval_s / 128
        visits = int((upset.time_s - first_visit_s) // exposure.interval_s) + 1
        if 1 <= visits <= 6:
            mask = sum(1 << bit for bit in upset.bits)
            patterns[visits, upset.index] = patterns.get((visits, upset.index), 0) ^ mask
    lost = sum(pattern.bit_count() > 1 for pattern in patterns.values())
    assert lost > 1000
    assert sum(point.events for point in points) == lost


# --- the RTL --------------------------------------------------------------------------------------


def test_the_rtl_loses_words_as_calculated() -> None:
    with RtlTarget(2) as target:
        exposure = MemoryExposure(10, 1.0, 5, 0.1)
        points = expose_memory(target, exposure, np.random.default_rng(SEED))
    assert points[0].events > 1000
    assert joint_p_value(points) > AGREES
    half = theory.word_fates(exposure.strikes_bit_s, exposure.interval_s / 2, 0.1)
    assert joint_p_value([replace(points[0], probability=half.reported)]) < REFUTED


@pytest.fixture(scope="module")
def votes() -> Iterator[list[Measured]]:
    exposures = (VoteExposure(0.1, 1, 300), VoteExposure(1.0, 1, 100), VoteExposure(1.0, 10, 60))
    with RtlTarget(2, names=True) as target:
        yield [
            expose_registers(target, exposure, np.random.default_rng([SEED, number]))
            for number, exposure in enumerate(exposures)
        ]


def test_the_rtl_votes_as_calculated(votes: list[Measured]) -> None:
    assert min(point.events for point in votes) > 1000
    assert joint_p_value(votes) > AGREES


def test_wrong_formulas_of_votes_are_refuted(votes: list[Measured]) -> None:
    strikes = [point.exposure.strikes_flop / point.exposure.intervals for point in votes]
    repairs = [point.exposure.intervals for point in votes]
    kept = [1 - np.exp(-each) for each in strikes]  # strikes that do not cancel
    wrong = {
        "strikes do not cancel": [
            (1 - (1 - 2 * (3 * p**2 - 2 * p**3)) ** k) / 2
            for p, k in zip(kept, repairs, strict=True)
        ],
        "never repaired": [
            theory.wrong_vote(each * k, 1.0) for each, k in zip(strikes, repairs, strict=True)
        ],
        "one copy": [
            theory.flip_probability(each * k, 1.0) for each, k in zip(strikes, repairs, strict=True)
        ],
    }
    for name, probabilities in wrong.items():
        points = [replace(p, probability=q) for p, q in zip(votes, probabilities, strict=True)]
        assert joint_p_value(points) < REFUTED, name


# --- command and documentation --------------------------------------------------------------------


def test_the_command_says_whether_they_agree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exposure = MemoryExposure(100, 1.0, 10, 0.2)
    vote = Measured("wrong vote", "rtl", VoteExposure(1.0, 10, 5), 800, 150, 0.189)
    pictures = {0: lambda points: "<svg/>", 1: theory_plot.theory_svg}
    for events, code in ((2500, 0), (2900, 1)):
        monkeypatch.setattr(theory_plot, "theory_svg", pictures[code])
        told = Measured("reported", "model", exposure, 10_240, events, 0.247)
        monkeypatch.setattr(theory_comparison, "measure", lambda seed, t=told: iter([t, vote]))
        done = CliRunner().invoke(app, ["faults", "theory", "--out", str(tmp_path), "--seed", "5"])
        assert done.exit_code == code, done.output
        assert ("do NOT agree" in done.output) == bool(code)
    page = (tmp_path / "fault_theory_points.md").read_text()
    assert "racksat faults theory --seed 5" in page
    assert "| reported | model | T = 128 s, q = 0.2, 1 strikes a word | 10,240 | 2,900 |" in page
    assert "| wrong vote | rtl | 10 repairs, 1 strikes a flop | 800 | 150 | 0.188 |" in page
    assert len((tmp_path / "fault_theory.svg").read_text()) > 50_000


def test_the_documented_points_are_those_of_today_s_theory() -> None:
    """Every exposure is in the table, with the probability that the closed forms give it now."""
    page = (DOCS / "fault_theory_points.md").read_text()
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in page.splitlines()
        if line.startswith(("| reported", "| silent", "| wrong vote"))
    ]
    wanted = set()
    for exposure in (*theory_comparison.MEMORY_ON_MODEL, *theory_comparison.MEMORY_ON_RTL):
        fates = theory.word_fates(
            exposure.strikes_bit_s, exposure.interval_s, exposure.adjacent_share
        )
        wanted.add((str(exposure), f"{fates.reported:.3g}"))
        wanted.add((str(exposure), f"{fates.silent / (1 - fates.reported):.3g}"))
    for votes in theory_comparison.VOTES_ON_RTL:
        strikes = votes.strikes_flop / votes.intervals
        wrong = theory.wrong_after_repairs(strikes, 1.0, votes.intervals)
        wanted.add((str(votes), f"{wrong:.3g}"))
    assert {(row[2], row[7]) for row in rows} == wanted
    summary = (DOCS / "fault_theory.md").read_text()
    for line in page.splitlines():
        if line.startswith("- "):  # kind: N points, N events, joint p = P, N outside ...
            points, events, joint, outside = line.split(": ")[1].split(", ")
            cells = (points.split()[0], events.split()[0], joint.split()[-1], outside.split()[0])
            assert f"| {' | '.join(cells)} |" in summary
