"""Protected memory and scrubber: upsets injected into the stored codewords."""

from __future__ import annotations

import random
from typing import Any

import cocotb
from controller_bench import ControllerBench

from fsw import registers as r
from tests.conformance import wire

BASE = 0x10000
ENABLE = 1 << 31
WORD = 0x12345678
# Hamming position of each codeword bit; the parity bit sums to nothing.
POSITIONS = [p for p in range(1, 39) if p & (p - 1)] + [1, 2, 4, 8, 16, 32, 0]


async def errors(bench: ControllerBench) -> tuple[int, int]:
    fields = await bench.fields(r.FAST_MEMORY_ERRORS)
    return fields["corrected"], fields["uncorrectable"]


@cocotb.test()
async def clears_itself_after_reset(dut: Any) -> None:
    bench = await ControllerBench(dut).start()
    assert 1024 <= bench.clocks <= 1032
    assert [bench.codeword(word) for word in (0, 1, 511, 1023)] == [0, 0, 0, 0]
    assert await bench.read(BASE + 4096 - 512, 512) == bytes(512)
    assert (await bench.fields(r.FAST_STATUS))["memory_error"] == 0


@cocotb.test()
async def stores_codewords(dut: Any) -> None:
    bench = await ControllerBench(dut).start()
    await bench.write(BASE, 0x00000001)
    await bench.write(BASE + 4 * 1023, 0x80000000)
    assert bench.codeword(0) == 0x43_0000_0001  # as worked out by hand in cocotb_codes
    assert bench.codeword(1023) == 0x26_8000_0000


@cocotb.test()
async def a_read_corrects_any_single_bit_in_place(dut: Any) -> None:
    bench = await ControllerBench(dut).start()
    for bit in range(39):
        word = 20 * bit
        await bench.write(BASE + 4 * word, WORD)
        stored = bench.codeword(word)
        await bench.flip(word, 1 << bit)
        assert await bench.word(BASE + 4 * word) == WORD
        assert bench.codeword(word) == stored
        assert await errors(bench) == (bit + 1, 0)
        assert await bench.fields(r.DIAGNOSTICS_MEMORY_ERROR) == {
            "valid": 1,
            "uncorrectable": 0,
            "syndrome": 0x40 | POSITIONS[bit],
            "word": word,
        }
        assert await bench.word(BASE + 4 * word) == WORD
        assert await errors(bench) == (bit + 1, 0)
    assert (await bench.fields(r.FAST_STATUS))["memory_error"] == 1
    assert (await bench.fields(r.DIAGNOSTICS_MEMORY_UNCORRECTABLE))["valid"] == 0


@cocotb.test()
async def a_double_error_is_reported_and_left_alone(dut: Any) -> None:
    bench = await ControllerBench(dut).start()
    await bench.write(BASE + 4 * 777, WORD)
    flipped = await bench.flip(777, 0b11)
    assert await bench.word(BASE + 4 * 777) == WORD ^ 0b11  # the bits as they are stored
    assert bench.codeword(777) == flipped
    assert await errors(bench) == (0, 1)
    assert await bench.fields(r.DIAGNOSTICS_MEMORY_ERROR) == {
        "valid": 1,
        "uncorrectable": 1,
        "syndrome": POSITIONS[0] ^ POSITIONS[1],
        "word": 777,
    }
    assert await bench.fields(r.DIAGNOSTICS_MEMORY_UNCORRECTABLE) == {"valid": 1, "word": 777}
    await bench.word(BASE + 4 * 777)
    assert await errors(bench) == (0, 2)  # met again
    await bench.write(BASE + 4 * 777, WORD)  # a write asks nothing of the old content
    assert await bench.word(BASE + 4 * 777) == WORD
    await bench.flip(3, 1)
    await bench.word(BASE + 4 * 3)
    assert await errors(bench) == (1, 2)
    assert await bench.fields(r.DIAGNOSTICS_MEMORY_UNCORRECTABLE) == {"valid": 1, "word": 777}
    assert (await bench.fields(r.DIAGNOSTICS_MEMORY_ERROR))["uncorrectable"] == 0


@cocotb.test()
async def upsets_in_one_long_read(dut: Any) -> None:
    bench = await ControllerBench(dut).start()
    rng = random.Random(39)
    data = rng.randbytes(512)
    await bench.execute(wire.WRITE, BASE, 256, data[:256])
    await bench.execute(wire.WRITE, BASE + 256, 256, data[256:])
    for word in range(128):
        await bench.flip(word, 1 << rng.randrange(39))
    assert await bench.read(BASE, 512) == data
    assert await errors(bench) == (128, 0)
    assert await bench.execute(wire.READ_SAME, BASE, 64) == data[:4] * 16
    assert await errors(bench) == (128, 0)
    await bench.flip(0, 1 << 7)
    assert await bench.execute(wire.READ_SAME, BASE, 64) == data[:4] * 16
    assert await errors(bench) == (129, 0)  # the first read of the sixteen corrects it


@cocotb.test()
async def read_modify_write_on_an_upset_word(dut: Any) -> None:
    bench = await ControllerBench(dut).start()
    await bench.write(BASE + 40, WORD)
    await bench.flip(10, 1 << 31)
    operands = bytes.fromhex("FFFFFFFF 000000FF")
    reply = await bench.execute(wire.READ_MODIFY_WRITE, BASE + 40, 8, operands)
    assert reply == WORD.to_bytes(4, "big")
    assert await bench.word(BASE + 40) == 0x123456FF
    assert await errors(bench) == (1, 0)


@cocotb.test()
async def scrubber_paces_itself_by_ticks(dut: Any) -> None:
    bench = await ControllerBench(dut).start()
    progress = r.DIAGNOSTICS_SCRUB_PROGRESS
    await bench.tick(99)  # reset value: enabled, 8 words every 100 ticks
    assert await bench.fields(progress) == {"passes": 0, "next_word": 0}
    await bench.tick()
    assert await bench.fields(progress) == {"passes": 0, "next_word": 8}
    await bench.tick(99)
    await bench.write(r.CONTROL_SCRUB, ENABLE | 3)  # starts the period anew
    await bench.tick(2)
    assert await bench.fields(progress) == {"passes": 0, "next_word": 8}
    await bench.tick()
    assert await bench.fields(progress) == {"passes": 0, "next_word": 16}
    await bench.write(r.CONTROL_SCRUB, 3)
    await bench.tick(10)
    assert await bench.fields(progress) == {"passes": 0, "next_word": 16}
    for period in (0, 1):
        await bench.write(r.CONTROL_SCRUB, ENABLE | period)
        await bench.tick(2)
    assert await bench.fields(progress) == {"passes": 0, "next_word": 48}


@cocotb.test()
async def scrubber_corrects_and_counts(dut: Any) -> None:
    bench = await ControllerBench(dut).start()
    upsets = {0: 1 << 0, 7: 1 << 38, 8: 1 << 33, 500: 1 << 12, 1023: 1 << 31}
    for word, mask in upsets.items():
        await bench.flip(word, mask)
    lost = await bench.flip(600, 1 << 4 | 1 << 20)
    await bench.write(r.CONTROL_SCRUB, ENABLE | 1)
    await bench.tick()
    assert await errors(bench) == (2, 0)
    assert [bench.codeword(word) for word in (0, 7)] == [0, 0]
    assert bench.codeword(8) != 0
    await bench.tick()
    assert await errors(bench) == (3, 0)
    await bench.tick(126)
    assert await errors(bench) == (5, 1)
    assert all(bench.codeword(word) == 0 for word in upsets)
    assert bench.codeword(600) == lost
    assert await bench.fields(r.DIAGNOSTICS_SCRUB_PROGRESS) == {"passes": 1, "next_word": 0}
    assert await bench.fields(r.DIAGNOSTICS_MEMORY_UNCORRECTABLE) == {"valid": 1, "word": 600}
    assert (await bench.fields(r.DIAGNOSTICS_MEMORY_ERROR))["word"] == 1023


@cocotb.test()
async def burst_is_finished_before_a_command_is_executed(dut: Any) -> None:
    bench = await ControllerBench(dut).start()
    await bench.write(r.CONTROL_SCRUB, ENABLE | 1)
    await bench.flip(7, 1)
    bench.received.clear()
    frame = wire.frame(wire.command(wire.READ, r.FAST_MEMORY_ERRORS.address, 4))
    await bench.feed(frame[:-1])
    dut.tick.value = 1  # in the clock of the last byte
    await bench.feed(frame[-1:])
    dut.tick.value = 0
    await bench.until_idle()
    assert bytes(bench.received)[13:17] == bytes.fromhex("00010000")


@cocotb.test()
async def ticks_in_a_row_lose_no_burst(dut: Any) -> None:
    bench = await ControllerBench(dut).start()
    await bench.write(r.CONTROL_SCRUB, ENABLE | 1)
    dut.tick.value = 1
    await bench.step(5)
    dut.tick.value = 0
    assert await bench.until_idle() <= 5 * 8 * 2 + 4
    assert (await bench.fields(r.DIAGNOSTICS_SCRUB_PROGRESS))["next_word"] == 40


@cocotb.test()
async def clocks_of_a_tick(dut: Any) -> None:
    bench = await ControllerBench(dut).start()
    start = bench.clocks
    await bench.tick()
    plain = bench.clocks - start
    await bench.write(r.CONTROL_SCRUB, ENABLE | 1)
    start = bench.clocks
    await bench.tick()
    scrubbing = bench.clocks - start
    cocotb.log.info("a tick takes %d clocks, %d with a scrub burst", plain, scrubbing)
    assert plain <= 2
    assert scrubbing <= 20
