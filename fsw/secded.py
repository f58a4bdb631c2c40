"""SECDED (39,32): a Hamming code with an overall parity bit, as the payload controller's memory.

Codeword: bits 31:0 data, 37:32 check bits c0 to c5, 38 overall parity (even over all 39 bits).
Data bit k stands at the k-th Hamming position that is not a power of two (3, 5, 6, 7, 9, ...);
c_j is the XOR of the data bits whose position has bit j set. R. W. Hamming, "Error detecting and
error correcting codes", Bell System Technical Journal 29 (1950).
"""

from __future__ import annotations

DATA_BITS = 32
CODEWORD_BITS = 39
DATA_MASK = (1 << DATA_BITS) - 1
CODEWORD_MASK = (1 << CODEWORD_BITS) - 1
PARITY_BIT = 1 << 38

POSITIONS: tuple[int, ...] = tuple(p for p in range(3, 39) if p & (p - 1))  # of data bits 0 to 31


def _check_table(byte: int) -> tuple[int, ...]:
    """Check bits of each value of byte `byte` of the data, 0 the least significant."""
    table = []
    for value in range(256):
        check = 0
        for bit in range(8):
            if value >> bit & 1:
                check ^= POSITIONS[8 * byte + bit]
        table.append(check)
    return tuple(table)


_CHECK_0, _CHECK_1, _CHECK_2, _CHECK_3 = (_check_table(byte) for byte in range(4))


def _corrections() -> tuple[int | None, ...]:
    """For each syndrome {overall, s5..s0} the bits to flip, or None where nothing can be done."""
    table: list[int | None] = [None] * 128
    table[0] = 0
    table[64] = PARITY_BIT
    for j in range(6):
        table[64 | 1 << j] = 1 << DATA_BITS + j
    for bit, position in enumerate(POSITIONS):
        table[64 | position] = 1 << bit
    return tuple(table)


CORRECTIONS = _corrections()


def encode(data: int) -> int:
    """Codeword of 32 data bits."""
    word = (
        data
        | (
            _CHECK_0[data & 0xFF]
            ^ _CHECK_1[data >> 8 & 0xFF]
            ^ _CHECK_2[data >> 16 & 0xFF]
            ^ _CHECK_3[data >> 24]
        )
        << 32
    )
    return word | PARITY_BIT if word.bit_count() & 1 else word


def syndrome(word: int) -> int:
    """Syndrome of a codeword, 0 when it is clean: bit 6 overall parity, bits 5:0 Hamming."""
    return (
        word >> 32 & 0x3F
        ^ _CHECK_0[word & 0xFF]
        ^ _CHECK_1[word >> 8 & 0xFF]
        ^ _CHECK_2[word >> 16 & 0xFF]
        ^ _CHECK_3[word >> 24 & 0xFF]
    ) | (word.bit_count() & 1) << 6
