"""The histogram of durations."""

import math
import random

import pytest

from hil.timing import BINS_PER_DECADE, Histogram

BIN = 10 ** (1 / BINS_PER_DECADE)


def test_quantiles_agree_with_the_sorted_samples_to_a_bin():
    draw = random.Random(1)
    samples = sorted(draw.lognormvariate(-6.0, 1.0) for _ in range(5000))
    histogram = Histogram()
    for sample in samples:
        histogram.add(sample)
    for share in (0.5, 0.9, 0.99):
        exact = samples[math.ceil(share * len(samples)) - 1]
        assert exact <= histogram.quantile_s(share) * (1 + 1e-9) < exact * BIN * (1 + 1e-9)
    figures = histogram.as_dict()
    assert figures["count"] == sum(count for _, count in figures["bins"]) == 5000
    assert figures["max_ms"] == round(1e3 * samples[-1], 3)
    assert figures["mean_ms"] == pytest.approx(1e3 * sum(samples) / 5000, abs=1e-3)


def test_one_duration_is_every_quantile():
    histogram = Histogram()
    histogram.add(0.00123)
    assert [histogram.quantile_s(share) for share in (0.0, 0.5, 1.0)] == [0.00123] * 3


def test_what_lies_beyond_the_bins_is_counted_in_the_last_ones():
    histogram = Histogram()
    for duration_s in (-1.0, 0.0, 1e-9, 1e9):
        histogram.add(duration_s)
    assert histogram.counts[0] == 3 and histogram.counts[-1] == 1
    assert histogram.largest_s == 1e9
    assert histogram.quantile_s(0.5) <= 1.2e-5


def test_no_duration_has_no_quantile():
    assert math.isnan(Histogram().quantile_s(0.5))
    assert Histogram().as_dict() == {"count": 0}
