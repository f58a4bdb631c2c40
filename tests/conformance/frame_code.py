"""Configuration frames worked out with fastcrc's CRC-32/ISCSI, which is CRC-32C.

ISCSI reflects bits and inverts at both ends. Over a message with the bits of each byte reversed,
and XORed with its value over zeros, it is the plain remainder, bits reversed.
"""

from __future__ import annotations

from random import Random

from fastcrc import crc32

FRAMES = 16
FRAME_BYTES = 64
FRAME_BITS = 512
IMAGE_BYTES = FRAMES * FRAME_BYTES

_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def remainder(message: bytes) -> bytes:
    """Remainder of a message times x^32, as a word."""
    crc = crc32.iscsi(message.translate(_REVERSED)) ^ crc32.iscsi(bytes(len(message)))
    return crc.to_bytes(4, "little").translate(_REVERSED)


def frame(content: bytes) -> bytes:
    """The frame of 60 bytes of content."""
    assert len(content) == FRAME_BYTES - 4
    return content + remainder(content)


def image(seed: int, crc_error: int = 0) -> bytes:
    """Random frames, good ones; the CRC over them is wrong by `crc_error`."""
    draw = Random(seed)
    frames = [frame(draw.randbytes(60)) for _ in range(FRAMES - 1)]
    crc = int.from_bytes(remainder(b"".join(each[-4:] for each in frames)), "big") ^ crc_error
    return b"".join([*frames, frame(draw.randbytes(56) + crc.to_bytes(4, "big"))])


def place_in_order(position: int) -> int:
    """Place of a bit of a frame by its position on the line: bit 31 of word 0 first."""
    return position // 32 * 32 + 31 - position % 32


def flipped(content: bytes, *places: int) -> bytes:
    """Words with bits inverted: place 32 times the word plus the bit in the word."""
    changed = bytearray(content)
    for place in places:
        changed[place // 32 * 4 + 3 - place % 32 // 8] ^= 1 << place % 8
    return bytes(changed)
