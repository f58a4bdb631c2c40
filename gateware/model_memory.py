"""Golden model of the controller's protected memory: SECDED (39,32) code and scrubber.

A codeword holds the data in bits 31:0, Hamming check bits c0 to c5 in bits 37:32 and the overall
(even) parity in bit 38. Data bit k stands at Hamming position p(k), the k-th integer from 3 on that
is no power of two; c_j is the parity of the data bits whose position has bit j set. The syndrome is
{parity of all 39 bits, stored check bits XOR computed ones}.
"""

from __future__ import annotations

WORDS = 1024
CODEWORD_BITS = 39
CODEWORD_MASK = (1 << CODEWORD_BITS) - 1
DATA_MASK = 0xFFFF_FFFF
SCRUB_BURST_WORDS = 8

_PARITY_ERROR = 0x40
_COUNTER_MASK = 0xFFFF
_VALID = 1 << 31
_UNCORRECTABLE = 1 << 30

# Syndrome of an error in each of the 39 bits alone; the code is linear, so a codeword's syndrome is
# the XOR over its set bits.
_BIT_SYNDROMES = tuple(
    _PARITY_ERROR | position
    for position in (
        *(p for p in range(3, 39) if p & (p - 1)),  # data bits
        *(1 << j for j in range(6)),  # check bits
        0,  # overall parity
    )
)


def _byte_table(lsb: int) -> tuple[int, ...]:
    """Syndromes of the 256 values of the codeword's byte that starts at bit `lsb`."""
    table = []
    for value in range(256):
        syndrome = 0
        for bit in range(min(8, CODEWORD_BITS - lsb)):
            if value >> bit & 1:
                syndrome ^= _BIT_SYNDROMES[lsb + bit]
        table.append(syndrome)
    return tuple(table)


_T0, _T1, _T2, _T3, _T4 = (_byte_table(lsb) for lsb in range(0, 40, 8))
_CORRECTIONS = {syndrome: 1 << bit for bit, syndrome in enumerate(_BIT_SYNDROMES)}


def syndrome_of(codeword: int) -> int:
    """7-bit syndrome {overall error, s5..s0} of a 39-bit codeword; 0 when it is clean."""
    return (
        _T0[codeword & 0xFF]
        ^ _T1[codeword >> 8 & 0xFF]
        ^ _T2[codeword >> 16 & 0xFF]
        ^ _T3[codeword >> 24 & 0xFF]
        ^ _T4[codeword >> 32]
    )


def encode(data: int) -> int:
    """39-bit codeword of a 32-bit word."""
    codeword = data | (syndrome_of(data) & 0x3F) << 32
    return codeword | (syndrome_of(codeword) >> 6) << 38


def correction(syndrome: int) -> int | None:
    """Mask that repairs a codeword with this syndrome: 0 when clean, None when uncorrectable."""
    return _CORRECTIONS.get(syndrome) if syndrome else 0


class ProtectedMemory:
    """1024 codewords with error counters, last-error registers and the scrubber's place."""

    def __init__(self) -> None:
        self.codewords = [0] * WORDS
        self.corrected = 0
        self.uncorrectable = 0
        self.memory_error = 0  # as register diagnostics.memory_error
        self.memory_uncorrectable = 0  # as register diagnostics.memory_uncorrectable
        self.passes = 0
        self.next_word = 0

    def read(self, word: int) -> int:
        """Data of a word; an error met on the way is corrected in place or reported."""
        codeword = self.codewords[word]
        syndrome = syndrome_of(codeword)
        if not syndrome:
            return codeword & DATA_MASK
        repair = correction(syndrome)
        if repair is None:
            self.uncorrectable = self.uncorrectable + 1 & _COUNTER_MASK
            self.memory_error = _VALID | _UNCORRECTABLE | syndrome << 16 | word
            self.memory_uncorrectable = _VALID | word
        else:
            codeword ^= repair
            self.codewords[word] = codeword
            self.corrected = self.corrected + 1 & _COUNTER_MASK
            self.memory_error = _VALID | syndrome << 16 | word
        return codeword & DATA_MASK

    def write(self, word: int, data: int) -> None:
        """Overwrite a word, whatever was there."""
        self.codewords[word] = encode(data)

    def flip(self, word: int, mask: int) -> None:
        """Invert bits of a stored codeword."""
        self.codewords[word] ^= mask

    def scrub(self) -> None:
        """Read one burst of words and step on; a full round counts as a pass."""
        for word in range(self.next_word, self.next_word + SCRUB_BURST_WORDS):
            self.read(word)
        self.next_word += SCRUB_BURST_WORDS
        if self.next_word == WORDS:
            self.next_word = 0
            self.passes = self.passes + 1 & _COUNTER_MASK
