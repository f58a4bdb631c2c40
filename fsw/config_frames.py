"""Content of the controller's configuration frames: a stand-in bitstream, and its essential bits.

A frame is a polynomial over GF(2): word 0 first, bit 31 of each word first. Its last word is the
remainder of the words before it divided by CRC-32C's polynomial, which lets the scanner correct it;
word 14 of the last frame is the same remainder over the check words of all frames before it. See
docs/controller.md, "Configuration frames".
"""

from __future__ import annotations

import hashlib
import struct

from fsw.registers import CONFIG_FRAMES, ESSENTIAL_BITS

POLYNOMIAL = 0x1EDC6F41  # CRC-32C, Castagnoli et al., IEEE Trans. Commun. 41 (1993)
FRAMES = 16
FRAME_BYTES = CONFIG_FRAMES.size // FRAMES
WORD_BYTES = 4
CONTENT_BYTES = FRAME_BYTES - WORD_BYTES

# "On average 5 %, never above 10 % of configuration bits matter to a design": AMD UG116, Device
# Reliability Report. Taken of the content; no design depends on check words and CRC.
ESSENTIAL_SHARE = 0.05
DESIGN = b"racksat payload controller"  # what the stand-in bitstream is derived from


def _table() -> tuple[int, ...]:
    rows = []
    for byte in range(256):
        remainder = byte << 24
        for _ in range(8):
            remainder = remainder << 1 ^ (POLYNOMIAL if remainder >> 31 else 0)
            remainder &= 0xFFFFFFFF
        rows.append(remainder)
    return tuple(rows)


_TABLE = _table()


def check_word(data: bytes) -> bytes:
    """Remainder of `data` times x^32: nothing reflected or inverted, initial value 0."""
    remainder = 0
    for byte in data:
        remainder = (remainder << 8 & 0xFFFFFFFF) ^ _TABLE[remainder >> 24 ^ byte]
    return remainder.to_bytes(WORD_BYTES, "big")


def golden_frames(design: bytes = DESIGN) -> bytes:
    """All frames with their check words and the CRC over them."""
    content = hashlib.shake_256(design + b": frames").digest(FRAMES * CONTENT_BYTES)
    frames = b""
    checks = b""
    for start in range(0, len(content), CONTENT_BYTES):
        frame = content[start : start + CONTENT_BYTES]
        if start + CONTENT_BYTES == len(content):
            frame = frame[:-WORD_BYTES] + check_word(checks)
        checks += check_word(frame)
        frames += frame + checks[-WORD_BYTES:]
    return frames


def essential_bits(design: bytes = DESIGN) -> bytes:
    """The mask of essential bits, with the same places as the frames."""
    draws = hashlib.shake_256(design + b": essential bits").digest(2 * 8 * ESSENTIAL_BITS.size)
    limit = round(ESSENTIAL_SHARE * 65536)
    digits = ("1" if draw < limit else "0" for (draw,) in struct.iter_unpack(">H", draws))
    bits = bytearray(int("".join(digits), 2).to_bytes(ESSENTIAL_BITS.size, "big"))
    for end in range(FRAME_BYTES, len(bits) + 1, FRAME_BYTES):
        bits[end - WORD_BYTES : end] = bytes(WORD_BYTES)
    bits[-2 * WORD_BYTES : -WORD_BYTES] = bytes(WORD_BYTES)
    return bytes(bits)
