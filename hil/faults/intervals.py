"""Statistics of rare outcomes: exact intervals, and how many samples a campaign needs."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.stats import beta

CONFIDENCE = 0.95
NORMAL_95 = 1.96  # quantile of the normal distribution that Leveugle et al. use for 95 %


@dataclass(frozen=True)
class Share:
    """An outcome's share of the samples, with its interval. All from 0 to 1."""

    count: int
    samples: int
    low: float
    high: float

    @property
    def value(self) -> float:
        """The estimate; 0 without samples."""
        return self.count / self.samples if self.samples else 0.0

    @property
    def half_width(self) -> float:
        """Half of the interval's width."""
        return (self.high - self.low) / 2

    def __str__(self) -> str:
        return f"{100 * self.value:.2f} % ({100 * self.low:.2f} to {100 * self.high:.2f})"


def share(count: int, samples: int, confidence: float = CONFIDENCE) -> Share:
    """Share with its exact interval (Clopper and Pearson, Biometrika 26, 1934).

    Where nothing or everything was counted the interval is one-sided: 0 of 3,000 is below 0.1 %
    at 95 %. Raises ValueError unless 0 <= count <= samples.
    """
    if not 0 <= count <= samples:
        raise ValueError(f"{count} of {samples}: must be from 0 to {samples}")
    if not samples:
        return Share(0, 0, 0.0, 1.0)
    tail = 1 - confidence if count in (0, samples) else (1 - confidence) / 2
    low = 0.0 if not count else float(beta.ppf(tail, count, samples - count + 1))
    high = 1.0 if count == samples else float(beta.ppf(1 - tail, count + 1, samples - count))
    return Share(count, samples, low, high)


def samples_needed(half_width: float, population: float = math.inf, p: float = 0.5) -> int:
    """Samples for an interval of this half-width at 95 % (Leveugle et al., DATE 2009, eq. 3)."""
    factor = half_width**2 / (NORMAL_95**2 * p * (1 - p))
    if math.isinf(population):
        return math.ceil(1 / factor)
    return math.ceil(population / (1 + factor * (population - 1)))
