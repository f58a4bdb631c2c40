"""Exact intervals and sample sizes against published figures."""

from __future__ import annotations

import pytest
from scipy.stats import binom

from hil.faults.intervals import samples_needed, share


def test_nothing_in_three_thousand_is_below_a_per_mille() -> None:
    none = share(0, 3_000)
    assert none.low == 0.0
    assert none.high <= 0.001 < share(0, 2_900).high


@pytest.mark.parametrize(
    ("count", "samples", "low", "high"),
    [(1, 10, 0.0025, 0.4450), (5, 10, 0.1871, 0.8129), (10, 100, 0.0490, 0.1762)],
)
def test_tables_of_clopper_and_pearson(count: int, samples: int, low: float, high: float) -> None:
    found = share(count, samples)
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(("count", "samples"), [(3, 40), (17, 18), (1, 5_000)])
def test_ends_are_where_the_tails_hold_a_fortieth(count: int, samples: int) -> None:
    """The definition: at each end the count seen, or one further out, has 2.5 %."""
    found = share(count, samples)
    assert binom.sf(count - 1, samples, found.low) == pytest.approx(0.025)
    assert binom.cdf(count, samples, found.high) == pytest.approx(0.025)


def test_all_is_the_mirror_of_none() -> None:
    assert share(20, 20).low == pytest.approx(1 - share(0, 20).high)
    assert share(20, 20).high == 1.0


def test_no_sample_says_nothing() -> None:
    assert (share(0, 0).value, share(0, 0).low, share(0, 0).high) == (0.0, 0.0, 1.0)


def test_more_than_all_is_refused() -> None:
    with pytest.raises(ValueError, match="5 of 4: must be from 0 to 4"):
        share(5, 4)


def test_text() -> None:
    assert str(share(5, 10)) == "50.00 % (18.71 to 81.29)"


def test_leveugles_sample_sizes() -> None:
    assert samples_needed(0.05) == 385
    assert samples_needed(0.01, 1e6) == 9_513
