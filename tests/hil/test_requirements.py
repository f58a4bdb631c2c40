"""Limits over telemetry: when they break, and by how much."""

from typing import Any

import pytest

from hil.errors import UsageError
from hil.requirements import RequirementsCheck, Verdict, Watch
from hil.scenario import Requirement

CYCLE_NS = 100_000_000


def fly(values: list[Any], **keys: Any) -> tuple[list[int], Verdict]:
    """Cycles at which the requirement failed, and the verdict, for a value a cycle."""
    watch = Watch(Requirement(channel="x", **keys))
    failed = [
        cycle
        for cycle, value in enumerate(values, start=1)
        if watch.sample(cycle * CYCLE_NS, CYCLE_NS, value)
    ]
    return failed, watch.verdict(len(values) * CYCLE_NS)


def test_a_limit_that_is_kept() -> None:
    failed, verdict = fly([80.0, 86.9, 85.0], below=87)
    assert failed == []
    assert verdict.held and verdict.failed_at_s is None and verdict.broken_s == 0
    assert (verdict.worst, verdict.worst_at_s) == (86.9, 0.2)
    assert str(verdict) == "x below 87: 86.9 at 0.2 s"


def test_a_limit_that_is_broken_says_when_and_by_how_much() -> None:
    failed, verdict = fly([80.0, 87.0, 91.5, 80.0], below=87, name="cool")
    assert failed == [2]
    assert not verdict.held
    assert verdict.broken_s == pytest.approx(0.2)
    assert str(verdict) == "cool: x below 87: 91.5 at 0.3 s, failed at 0.2 s, broken for 0.2 s"


@pytest.mark.parametrize(
    ("operator", "limit", "meets", "breaks"),
    [
        ("above", 3, 3.1, 3.0),
        ("at_least", 3, 3.0, 2.9),
        ("below", 3, 2.9, 3.0),
        ("at_most", 3, 3.0, 3.1),
        ("equals", 3, 3.0, 2.9),
        ("differs", 3, 2.9, 3.0),
        ("equals", "nominal", "nominal", "safe"),
        ("differs", "safe", "nominal", "safe"),
    ],
)
def test_operators(operator: str, limit: Any, meets: Any, breaks: Any) -> None:
    assert fly([meets], **{operator: limit})[1].held
    assert not fly([breaks], **{operator: limit})[1].held


def test_nan_meets_nothing() -> None:
    for operator in ("above", "below", "equals", "differs", "at_most", "at_least"):
        assert not fly([float("nan")], **{operator: 0})[1].held


def test_a_limit_may_be_broken_for_a_while_at_a_stretch() -> None:
    # 0.5 s tolerated: five cycles in a row are still good, the sixth fails.
    assert fly([90] * 5 + [80] + [90] * 5, below=87, for_s=0.5)[1].held
    failed, verdict = fly([80] + [90] * 6, below=87, for_s=0.5)
    assert failed == [7]
    assert verdict.failed_at_s == pytest.approx(0.7)


def test_nothing_counts_before_after_s() -> None:
    _, verdict = fly([90.0, 90.0, 80.0], below=87, after_s=0.25)
    assert verdict.held
    assert verdict.worst == 80.0


def test_once_is_enough() -> None:
    assert fly([0, 0, 1, 0], above=0.5, holds="once")[1].held
    failed, verdict = fly([0, 0.2, 0.1], above=0.5, holds="once")
    assert failed == []  # only known at the end
    assert not verdict.held
    assert (verdict.worst, verdict.failed_at_s) == (0.2, pytest.approx(0.3))


def test_only_the_end_counts() -> None:
    assert fly([5, 5, 0], equals=0, holds="end")[1].held
    _, verdict = fly([0, 0, 5], equals=0, holds="end")
    assert not verdict.held
    assert verdict.worst == 5


def test_a_channel_that_was_never_sampled_fails() -> None:
    _, verdict = fly([], below=87)
    assert not verdict.held
    assert str(verdict).startswith("x below 87: no sample")


def test_unknown_channel_suggests_its_neighbours() -> None:
    check = RequirementsCheck([Requirement(channel="gpu_temp_c", below=87)])
    with pytest.raises(UsageError, match=r"require\.1\.channel = 'gpu_temp_c'.*gpu_temp_max_c"):
        check.bind({"truth": ["gpu_temp_max_c", "soc"], "bench": ["deadline_misses"]})


def test_each_source_samples_its_own_channels() -> None:
    check = RequirementsCheck(
        [Requirement(channel="soc", above=0.2), Requirement(channel="fsw_mode", differs="safe")]
    )
    check.bind({"truth": ["soc"], "housekeeping": ["fsw_mode"]})
    assert check.sample("truth", 1, CYCLE_NS, {"soc": 0.5}) == []
    (failed,) = check.sample("housekeeping", 1, CYCLE_NS, {"fsw_mode": "safe"})
    assert failed.channel == "fsw_mode"
    assert [verdict.held for verdict in check.verdicts(1)] == [True, False]
