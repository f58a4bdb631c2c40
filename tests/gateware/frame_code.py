"""The code of the configuration frames, independent of the gateware: CRC-32C of a library."""

from __future__ import annotations

import random

import fastcrc

FRAMES = 16
FRAME_WORDS = 16
FRAME_BITS = 32 * FRAME_WORDS


def crc32c(words: list[int]) -> int:
    """Remainder of the words times x^32, initial value 0, nothing reflected, nothing inverted.

    From the usual CRC-32C (iSCSI: reflected, inverted at both ends) by reversing bits, and by
    linearity: what the initial value and the inversion add is what they make of zeros.
    """
    message = b"".join(reverse(word).to_bytes(4, "little") for word in words)
    iscsi = fastcrc.crc32.iscsi
    return reverse(iscsi(message) ^ iscsi(bytes(len(message))))


def reverse(word: int) -> int:
    """The 32 bits of a word in reverse order."""
    return int(f"{word:032b}"[::-1], 2)


def sealed(content: list[int]) -> list[int]:
    """A frame of 15 words of content and their check word."""
    return [*content, crc32c(content)]


def syndrome(frame: list[int]) -> int:
    """Remainder of a whole frame: the check word it should have, against the one it has."""
    return crc32c(frame[:-1]) ^ frame[-1]


def image(rng: random.Random) -> list[int]:
    """256 words of random valid frames, with the CRC over all of them in its place."""
    frames = [sealed([rng.getrandbits(32) for _ in range(15)]) for _ in range(15)]
    total = crc32c([frame[15] for frame in frames])
    frames.append(sealed([*(rng.getrandbits(32) for _ in range(14)), total]))
    return [word for frame in frames for word in frame]


def pattern(exponents: tuple[int, ...]) -> list[int]:
    """The frame with the bits of some powers of x set."""
    frame = [0] * FRAME_WORDS
    for exponent in exponents:
        frame[15 - exponent // 32] ^= 1 << exponent % 32
    return frame


def place(exponent: int) -> int:
    """Place of the bit of a power of x: 32 times its word in the frame plus its place in that."""
    return 32 * (15 - exponent // 32) + exponent % 32
