"""Delta debugging: less input that still fails.

A. Zeller and R. Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", IEEE Transactions
on Software Engineering 28 (2), 2002, https://doi.org/10.1109/32.988498.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


def ddmin(items: Sequence[T], fails: Callable[[Sequence[T]], bool]) -> list[T]:
    """A part of `items`, in their order, that fails, and does not when any one is left out.

    `fails` answers for a part; for all `items` it is taken to be true, and the empty part is not
    tried. This is the algorithm ddmin of the paper, figure 5: parts, complements, finer parts.
    """
    rest, parts = list(items), 2
    while len(rest) >= 2:
        cut = _split(rest, parts)
        complements = [[x for p in cut[:i] + cut[i + 1 :] for x in p] for i in range(len(cut))]
        if (part := next((p for p in cut if fails(p)), None)) is not None:
            rest, parts = part, 2
        elif parts > 2 and (left := next((c for c in complements if fails(c)), None)) is not None:
            rest, parts = left, max(parts - 1, 2)
        elif parts < len(rest):
            parts = min(2 * parts, len(rest))
        else:
            break
    return rest


def least(low: int, high: int, fails: Callable[[int], bool]) -> int:
    """The smallest number from `low` to `high` that fails, by bisection; `high` is known to.

    Exact where everything above a number that fails does so too. Otherwise a boundary: the number
    fails, and the next smaller one does not, or is below `low`.
    """
    if low >= high or fails(low):
        return min(low, high)
    while high - low > 1:
        middle = (low + high) // 2
        if fails(middle):
            high = middle
        else:
            low = middle
    return high


def _split(items: list[T], parts: int) -> list[list[T]]:
    """Parts of nearly the same length, none of them empty."""
    edges = [len(items) * i // parts for i in range(parts + 1)]
    return [items[a:b] for a, b in zip(edges, edges[1:], strict=False)]
