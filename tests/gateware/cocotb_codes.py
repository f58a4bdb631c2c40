"""SECDED and CRC logic against closed forms and published check values."""

from __future__ import annotations

import itertools
import random
from typing import Any

import cocotb
from cocotb.triggers import Timer

from tests.conformance import wire

# Codeword bit -> position in the classic Hamming arrangement, where a word is valid when the
# exclusive or of the positions of its 1s is 0. The check bits stand at the powers of two.
DATA_POSITIONS = [p for p in range(1, 39) if p & (p - 1)]
POSITIONS = [*DATA_POSITIONS, 1, 2, 4, 8, 16, 32]
PARITY_BIT = 38
WORDS = (0x00000000, 0xFFFFFFFF, 0x00000001, 0x80000000, 0xA5A5A5A5, 0xC0DBDCDD)


async def encode(dut: Any, word: int) -> int:
    dut.plain.value = word
    await Timer(1, "ns")
    return int(dut.encoded.value)


async def decode(dut: Any, code: int) -> tuple[int, int, bool, bool]:
    dut.code.value = code
    await Timer(1, "ns")
    return (
        int(dut.repaired.value),
        int(dut.syndrome.value),
        bool(dut.corrected.value),
        bool(dut.uncorrectable.value),
    )


def position_sum(code: int) -> int:
    total = 0
    for bit, position in enumerate(POSITIONS):
        if code >> bit & 1:
            total ^= position
    return total


@cocotb.test()
async def codewords_by_hand(dut: Any) -> None:
    assert await encode(dut, 0) == 0
    # bit 0 at position 3 = 1 + 2: check bits 0 and 1; three 1s, so parity 1
    assert await encode(dut, 1) == 0x43_0000_0001
    # bit 31 at position 38 = 2 + 4 + 32: check bits 1, 2 and 5; four 1s, so parity 0
    assert await encode(dut, 0x8000_0000) == 0x26_8000_0000


@cocotb.test()
async def codewords_are_hamming_words_of_even_parity(dut: Any) -> None:
    rng = random.Random(39)
    for word in [*WORDS, *(1 << k for k in range(32)), *(rng.getrandbits(32) for _ in range(200))]:
        code = await encode(dut, word)
        assert code & 0xFFFF_FFFF == word
        assert position_sum(code) == 0
        assert code.bit_count() % 2 == 0
        assert await decode(dut, code) == (code, 0, False, False)


@cocotb.test()
async def every_single_error_is_corrected(dut: Any) -> None:
    for word in WORDS:
        code = await encode(dut, word)
        for bit in range(39):
            position = 0 if bit == PARITY_BIT else POSITIONS[bit]
            assert await decode(dut, code ^ 1 << bit) == (code, 0x40 | position, True, False)


@cocotb.test()
async def every_double_error_is_detected(dut: Any) -> None:
    for word in WORDS:
        code = await encode(dut, word)
        for first, second in itertools.combinations(range(39), 2):
            flipped = code ^ 1 << first ^ 1 << second
            positions = [0 if bit == PARITY_BIT else POSITIONS[bit] for bit in (first, second)]
            syndrome = positions[0] ^ positions[1]
            assert await decode(dut, flipped) == (flipped, syndrome, False, True)


@cocotb.test()
async def a_triple_error_outside_the_word_is_uncorrectable(dut: Any) -> None:
    code = await encode(dut, 0x1234_5678)
    # positions 38 and 9 and 16 sum up to 63, where no bit is
    flipped = code ^ 1 << 31 ^ 1 << DATA_POSITIONS.index(9) ^ 1 << 36
    assert await decode(dut, flipped) == (flipped, 0x7F, False, True)


async def crc_of(dut: Any, state: Any, following: Any, start: int, data: bytes) -> int:
    value = start
    for byte in data:
        state.value = value
        dut.crc_data.value = byte
        await Timer(1, "ns")
        value = int(following.value)
    return value


@cocotb.test()
async def crc8_check_value_and_ecss_vectors(dut: Any) -> None:
    for covered, crc in (
        (b"123456789", 0x20),
        (bytes.fromhex("FE016C0067000000A0000000000010"), 0x9F),
        (bytes.fromhex("0123456789ABCDEF1011121314151617"), 0x56),
        (bytes.fromhex("67012C00FE0000"), 0xED),
        (bytes.fromhex("FE014C0067000100A0000000000010"), 0xC9),
        (bytes.fromhex("67010C00FE000100000010"), 0x6D),
    ):
        assert await crc_of(dut, dut.crc8_state, dut.crc8_next, 0, covered) == crc
        whole = covered + bytes((crc,))
        assert await crc_of(dut, dut.crc8_state, dut.crc8_next, 0, whole) == 0


@cocotb.test()
async def crc8_is_the_shift_register_for_every_byte_and_state(dut: Any) -> None:
    for state in range(256):
        dut.crc8_state.value = state
        dut.crc_data.value = 0
        await Timer(1, "ns")
        assert int(dut.crc8_next.value) == wire.crc8(bytes((state,)))  # state and data are summed
        dut.crc8_state.value = 0x5A
        dut.crc_data.value = state
        await Timer(1, "ns")
        assert int(dut.crc8_next.value) == wire.crc8(bytes((state ^ 0x5A,)))


@cocotb.test()
async def crc16_check_value_and_residue(dut: Any) -> None:
    signals = (dut.crc16_state, dut.crc16_next)
    assert await crc_of(dut, *signals, 0xFFFF, b"123456789") == 0x29B1
    assert await crc_of(dut, *signals, 0xFFFF, b"123456789\x29\xb1") == 0
    data = random.Random(16).randbytes(300)
    assert await crc_of(dut, *signals, 0xFFFF, data) == wire.crc16(data)
