"""The frames' code, by enumeration: what is corrected is never taken for something else."""

from __future__ import annotations

import itertools

import fastcrc
import numpy as np
from frame_code import FRAME_BITS, crc32c, pattern, syndrome

POLYNOMIAL = 0x1_1EDC_6F41
BITS = np.array([syndrome(pattern((exponent,))) for exponent in range(FRAME_BITS)], np.uint32)
PAIRS = BITS[1:] ^ BITS[:-1]
CORRECTABLE = np.concatenate([BITS, PAIRS])


def remainder(polynomial: int) -> int:
    """Long division by CRC-32C's polynomial."""
    while polynomial.bit_length() > 32:
        polynomial ^= POLYNOMIAL << polynomial.bit_length() - 33
    return polynomial


def correctable(syndromes: np.ndarray) -> np.ndarray:
    """Which of them are 0, that of one bit, or that of two adjacent ones."""
    known = np.sort(np.append(CORRECTABLE, np.uint32(0)))
    return known[np.searchsorted(known, syndromes).clip(max=known.size - 1)] == syndromes


def test_the_library_has_the_published_check_value() -> None:
    assert fastcrc.crc32.iscsi(b"123456789") == 0xE306_9283


def test_the_check_word_is_the_remainder_of_a_long_division() -> None:
    words = [0x0123_4567 * (index + 1) & 0xFFFF_FFFF for index in range(15)]
    value = 0
    for word in words:
        value = value << 32 | word
    assert crc32c(words) == remainder(value << 32)
    assert [remainder(1 << exponent) for exponent in range(FRAME_BITS)] == BITS.tolist()


def test_every_correctable_syndrome_is_its_own() -> None:
    assert np.unique(CORRECTABLE).size == CORRECTABLE.size == 512 + 511
    assert not np.any(CORRECTABLE == 0)


def test_no_other_double_is_taken_for_a_correctable_one() -> None:
    first, second = np.triu_indices(FRAME_BITS, k=2)  # all but the adjacent ones
    assert first.size == 512 * 511 // 2 - 511
    assert not np.any(correctable(BITS[first] ^ BITS[second]))
    assert np.all(correctable(PAIRS))


def test_no_triple_is_taken_for_a_correctable_one() -> None:
    seen = 0
    for lowest in range(FRAME_BITS - 2):
        first, second = np.triu_indices(FRAME_BITS - 1 - lowest, k=1)
        above = BITS[lowest + 1 :]
        assert not np.any(correctable(BITS[lowest] ^ above[first] ^ above[second]))
        seen += first.size
    assert seen == 512 * 511 * 510 // 6


def test_the_distance_is_six() -> None:
    """No codeword of five bits or fewer; there is one of six."""
    first, second = np.triu_indices(FRAME_BITS, k=1)
    doubles = BITS[first] ^ BITS[second]
    assert np.unique(doubles).size == doubles.size  # none of four
    # The polynomial has the factor x + 1, so that codewords have an even number of bits.
    assert POLYNOMIAL.bit_count() % 2 == 0
    with_one = set((doubles ^ BITS[0]).tolist())
    triples = (
        int(BITS[a] ^ BITS[b] ^ BITS[c]) for a, b, c in itertools.combinations(range(1, 200), 3)
    )
    assert any(triple in with_one for triple in triples)
