"""Time on the wall, measured: latencies in a histogram of constant size."""

from __future__ import annotations

import math
from typing import Any

FIRST_S = 1e-5  # everything shorter is in the first bin
BINS_PER_DECADE = 24  # a bin is 10 % wide
DECADES = 7


class Histogram:
    """Durations in bins of equal width on a logarithmic scale; the extremes are exact."""

    def __init__(self) -> None:
        self.counts = [0] * (BINS_PER_DECADE * DECADES)
        self.count = 0
        self.sum_s = 0.0
        self.largest_s = 0.0

    def add(self, duration_s: float) -> None:
        """Count one; a negative duration counts as 0."""
        self.count += 1
        self.sum_s += max(duration_s, 0.0)
        self.largest_s = max(self.largest_s, duration_s)
        place = 0
        if duration_s > FIRST_S:
            place = int(BINS_PER_DECADE * math.log10(duration_s / FIRST_S))
        self.counts[min(place, len(self.counts) - 1)] += 1

    def quantile_s(self, share: float) -> float:
        """Duration that `share` of the counted did not exceed, to a bin's width; NaN for none."""
        if not self.count:
            return math.nan
        wanted, seen = share * self.count, 0
        for place, count in enumerate(self.counts):
            seen += count
            if count and seen >= wanted:
                return min(bin_end_s(place), self.largest_s)
        return self.largest_s

    def as_dict(self) -> dict[str, Any]:
        """For summary.json: count, mean, quantiles and largest in ms, and the bins in use."""
        if not self.count:
            return {"count": 0}
        figures = {"mean": self.sum_s / self.count} | {
            f"p{round(100 * share)}": self.quantile_s(share) for share in (0.5, 0.9, 0.99)
        }
        return {
            "count": self.count,
            **{f"{name}_ms": round(1e3 * value, 3) for name, value in figures.items()},
            "max_ms": round(1e3 * self.largest_s, 3),
            "bins": [
                [round(1e3 * bin_end_s(place), 4), count]
                for place, count in enumerate(self.counts)
                if count
            ],
        }


def bin_end_s(place: int) -> float:
    """Upper end of a bin."""
    return FIRST_S * 10 ** ((place + 1) / BINS_PER_DECADE)
