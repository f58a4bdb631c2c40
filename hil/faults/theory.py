"""What mathematics says that scrubbing and triplication are worth: closed forms, nothing measured.

**Upsets** are Poisson: each bit is struck `strikes_bit_s` times a second, whatever happened before.
A strike inverts, so two of the same bit cancel. After a time t a bit struck at rate λ is wrong when
the number of strikes is odd: p = (1 − e^(−2λt)) / 2, never above one half.

**A scrubbed word** of n = 39 bits is looked at every T seconds, exactly, and is right afterwards:
corrected, or rewritten because it was reported. Intervals are then independent trials. It is the
*deterministic scrubbing* of A. M. Saleh, J. J. Serrano, J. H. Patel, "Reliability of scrubbing
recovery-techniques for memory systems", IEEE Trans. Reliability 39 (1), 1990: Poisson strikes on
words under a SEC-DED code. To first order a memory of M words loses M·n(n−1)·λ²·T/2 of them a
second. Here the bits of a word are followed one by one, so that strikes that cancel, strikes on two
neighbours, and what this very code makes of three and more wrong bits are exact at every rate.

**A voted bit** in three copies is wrong when two or three copies are: 3p² − 2p³ (R. E. Lyons,
W. Vanderkulk, "The use of triple-modular redundancy to improve computer reliability", IBM J. Res.
Dev., 1962, where p is the share of failed modules). With repair all copies are rewritten from the
vote after every interval, so that a wrong vote stays.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

CODEWORD_BITS = 39
_PARITY = 0x40  # of the syndrome: the overall parity is wrong
# Syndrome of each wrong bit alone, as docs/controller.md describes the code: data bits stand at the
# positions that are no power of two, check bits at the powers, the overall parity bit at none.
SYNDROMES = tuple(
    _PARITY | position
    for position in (
        *(place for place in range(3, CODEWORD_BITS) if place.bit_count() > 1),
        *(1 << bit for bit in range(6)),
        0,
    )
)


def reports(syndrome: int) -> bool:
    """Whether the code calls a word with this 7-bit syndrome uncorrectable."""
    return syndrome != 0 and syndrome not in SYNDROMES


def flip_probability(strikes_bit_s: float, time_s: float) -> float:
    """p: probability that a bit has been struck an odd number of times."""
    return float(-np.expm1(-2.0 * strikes_bit_s * time_s) / 2.0)


@dataclass(frozen=True)
class WordFates:
    """Probabilities of what the scrubber finds in a word after an interval; they add up to 1."""

    clean: float  # no bit is wrong
    corrected: float  # one is
    reported: float  # two or more, and the code says so
    silent: float  # two or more, taken for one wrong bit or for none

    @property
    def lost(self) -> float:
        """Two or more bits are wrong."""
        return self.reported + self.silent


def word_fates(
    strikes_bit_s: float, interval_s: float, adjacent_share: float = 0.0, bits: int = CODEWORD_BITS
) -> WordFates:
    """Fates of a word, exact, by a sum over its bits in turn.

    A word is struck `bits * strikes_bit_s` times a second. A share of the strikes hits two
    neighbours in the word, each of the `bits - 1` pairs alike; the others hit one bit, each alike.
    Raises ValueError on a share outside 0 to 1 and on bits outside 2 to 39.
    """
    if not 0.0 <= adjacent_share <= 1.0:
        raise ValueError(f"adjacent_share = {adjacent_share}, must be 0 to 1")
    if not 2 <= bits <= CODEWORD_BITS:
        raise ValueError(f"bits = {bits}, must be 2 to {CODEWORD_BITS}")
    alone = flip_probability(strikes_bit_s * (1.0 - adjacent_share), interval_s)
    pair = flip_probability(bits * strikes_bit_s * adjacent_share / (bits - 1), interval_s)
    # Probability by: the pair that reaches into the next bit was struck an odd number of times;
    # wrong bits so far (0, 1, more); syndrome so far.
    table = np.zeros((2, 3, 128))
    table[0, 0, 0] = 1.0
    order = np.arange(128)
    for bit in range(bits):
        onward = pair if bit < bits - 1 else 0.0
        wrong = np.zeros((2, 3, 128))  # this bit struck alone, and by the pair before it
        for before in (0, 1):
            wrong[0] += table[before] * (alone if before else 1.0 - alone)
            wrong[1] += table[before] * (1.0 - alone if before else alone)
        table = np.zeros((2, 3, 128))
        for after, chance in ((0, 1.0 - onward), (1, onward)):
            table[after] += chance * wrong[after]
            flipped = chance * wrong[1 - after][:, order ^ SYNDROMES[bit]]
            table[after, 1] += flipped[0]
            table[after, 2] += flipped[1] + flipped[2]
    by_wrong_bits = table.sum(axis=0)
    told = np.array([reports(syndrome) for syndrome in range(128)])
    return WordFates(
        clean=float(by_wrong_bits[0].sum()),
        corrected=float(by_wrong_bits[1].sum()),
        reported=float(by_wrong_bits[2, told].sum()),
        silent=float(by_wrong_bits[2, ~told].sum()),
    )


def lost_word(strikes_bit_s: float, interval_s: float, bits: int = CODEWORD_BITS) -> float:
    """1 − (1−p)ⁿ − n·p·(1−p)ⁿ⁻¹: two or more wrong bits, when every strike hits one bit."""
    p = flip_probability(strikes_bit_s, interval_s)
    return float(1.0 - (1.0 - p) ** bits - bits * p * (1.0 - p) ** (bits - 1))


def reported_words_s(
    words: int, strikes_bit_s: float, interval_s: float, adjacent_share: float = 0.0
) -> float:
    """Words a second that the scrubber of a memory of `words` reports as uncorrectable."""
    return words * word_fates(strikes_bit_s, interval_s, adjacent_share).reported / interval_s


def reported_words_s_small(
    words: int, strikes_bit_s: float, interval_s: float, adjacent_share: float = 0.0
) -> float:
    """The same where strikes are rare: M·(n·λ·q + n(n−1)·λ²·T/2), for a small share q.

    The first term is there however fast the scrubber is; the second falls with its period.
    """
    n = CODEWORD_BITS
    at_once = n * strikes_bit_s * adjacent_share
    in_company = n * (n - 1) * strikes_bit_s**2 * interval_s / 2.0
    return words * (at_once + in_company)


def wrong_vote(strikes_flop_s: float, time_s: float) -> float:
    """3p² − 2p³: a bit in three copies, none repaired for a time, is outvoted."""
    p = flip_probability(strikes_flop_s, time_s)
    return p * p * (3.0 - 2.0 * p)


def wrong_after_repairs(strikes_flop_s: float, interval_s: float, intervals: int) -> float:
    """A voted bit is wrong after so many intervals, at the end of each of which it is repaired.

    A wrong vote stays until another one undoes it: (1 − (1−2v)^k) / 2 with v the wrong vote of one
    interval. Where that is rare: 3·λ²·T·t after t = k·T.
    """
    vote = wrong_vote(strikes_flop_s, interval_s)
    return float(-np.expm1(intervals * np.log1p(-2.0 * vote)) / 2.0) if vote < 0.5 else 0.5


def wrong_register(wrong_bit: float, bits: int) -> float:
    """A register has a wrong bit, when each of its bits is wrong with this probability."""
    return float(-np.expm1(bits * np.log1p(-wrong_bit)))
