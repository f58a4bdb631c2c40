"""Memory of the compute trays: model weights with real bits, and the HBM error counters.

Each tray holds a sample of 256 words of its weights. An upset flips bits of them; a digest over
the words, compared with that of the good copy, finds it; a reload writes the good copy again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Protocol

import numpy as np
import numpy.typing as npt

from sim.actuators import BoolArray

WEIGHT_WORDS = 256
_GOOD_SEED = 20260101  # the weights are the same in every run
IntArray = npt.NDArray[np.int64]
WordArray = npt.NDArray[np.uint32]


class UpsetLike(Protocol):
    """What a tray needs to know of an upset (`sim.upsets.Upset` has it)."""

    @property
    def element(self) -> str: ...
    @property
    def tray(self) -> int: ...
    @property
    def index(self) -> int: ...
    @property
    def bits(self) -> tuple[int, ...]: ...


@dataclass(frozen=True, slots=True)
class TrayMemory:
    """Arrays (S, T), weights (S, T, 256)."""

    weights: WordArray
    hbm_corrected: IntArray
    hbm_uncorrectable: IntArray
    digest_errors: IntArray  # wrong digests found
    suspect: BoolArray  # output not to be trusted until the weights are reloaded
    wrong_results: IntArray  # silent compute errors so far: truth, no sensor shows it


@lru_cache(maxsize=8)
def good_weights(trays: int) -> WordArray:
    """The good copy (T, 256), read-only."""
    rng = np.random.Generator(np.random.PCG64(_GOOD_SEED))
    words = rng.integers(0, 1 << 32, size=(trays, WEIGHT_WORDS), dtype=np.uint32)
    words.setflags(write=False)
    return words


@lru_cache(maxsize=1)
def _multipliers() -> npt.NDArray[np.uint64]:
    rng = np.random.Generator(np.random.PCG64(_GOOD_SEED + 1))
    return rng.integers(0, 1 << 64, size=WEIGHT_WORDS, dtype=np.uint64) | np.uint64(1)


def digest(weights: WordArray) -> npt.NDArray[np.uint64]:
    """Digest over the last axis: sum of words times odd 64-bit constants, modulo 2^64.

    Odd constants have inverses modulo 2^64, so a change of one word always shows; changes of
    several words cancel with a chance of about 2^-64.
    """
    total: npt.NDArray[np.uint64] = np.add.reduce(weights * _multipliers(), axis=-1)
    return total


def initial_memory(satellites: int, trays: int) -> TrayMemory:
    """Good weights, counters at zero. The weights are one shared copy until an upset."""
    shape = (satellites, trays)
    zeros = np.zeros(shape, np.int64)
    return TrayMemory(
        weights=np.broadcast_to(good_weights(trays), (satellites, trays, WEIGHT_WORDS)),
        hbm_corrected=zeros,
        hbm_uncorrectable=zeros,
        digest_errors=zeros,
        suspect=np.zeros(shape, np.bool_),
        wrong_results=zeros,
    )


def corrupted_words(memory: TrayMemory) -> IntArray:
    """Words that differ from the good copy (S, T)."""
    wrong = memory.weights != good_weights(memory.weights.shape[1])
    count: IntArray = np.add.reduce(wrong, axis=-1, dtype=np.int64)
    return count


def check_digests(memory: TrayMemory, trays: BoolArray) -> TrayMemory:
    """Compare digests of the trays in the mask (S, T); wrong ones are counted."""
    good = digest(good_weights(memory.weights.shape[1]))
    wrong = (digest(memory.weights) != good) & trays
    if not wrong.any():
        return memory
    return replace(memory, digest_errors=memory.digest_errors + wrong)


def reload(memory: TrayMemory, trays: BoolArray) -> TrayMemory:
    """Write the good copy into the trays of the mask (S, T)."""
    weights = memory.weights
    if weights.flags.writeable:  # else still the shared good copy
        weights = np.where(trays[:, :, None], good_weights(weights.shape[1]), weights)
    return replace(memory, weights=weights, suspect=memory.suspect & ~trays)


def upset(memory: TrayMemory, event: UpsetLike, where: tuple[int, int]) -> TrayMemory:
    """Memory after an upset of the tray at `where` (satellite, tray).

    Raises ValueError on an element that is not in tray memory.
    """
    one = np.zeros(memory.suspect.shape, np.int64)
    one[where] = 1
    if event.element == "weights":
        mask = 0
        for bit in event.bits:
            mask |= 1 << (bit % 32)
        weights = memory.weights.copy()
        weights[(*where, event.index % WEIGHT_WORDS)] ^= np.uint32(mask)
        return replace(memory, weights=weights)
    if event.element == "hbm_corrected":
        return replace(memory, hbm_corrected=memory.hbm_corrected + one)
    if event.element == "hbm_uncorrectable":
        return replace(
            memory,
            hbm_uncorrectable=memory.hbm_uncorrectable + one,
            suspect=memory.suspect | (one > 0),
        )
    if event.element == "compute":
        return replace(memory, wrong_results=memory.wrong_results + one)
    raise ValueError(f"upset of element {event.element!r} is not in tray memory")
