"""The frame scanner against the code of its frames: what it corrects, and what it loses."""

from __future__ import annotations

import random
from typing import Any

import cocotb
from config_bench import ESSENTIAL, FATAL, OBSERVATION, ConfigBench, Events, LastError
from frame_code import FRAME_BITS, FRAMES, crc32c, image, pattern, place, syndrome

LONGEST = 660  # clocks of the scan of a damaged frame


@cocotb.test()
async def good_frames(dut: Any) -> None:
    """A valid image passes, and a good frame takes 22 clocks."""
    bench = await ConfigBench(dut).start()
    await bench.load(image(random.Random(1)))
    before = bench.frames()
    for frame in range(FRAMES):
        assert bench.next_frame == frame
        await bench.tick()
        clocks = await bench.finish()
        assert clocks == 22, f"{clocks} clocks for frame {frame}"
    assert bench.next_frame == 0
    assert bench.events == Events(passes=1)
    assert (bench.state, bench.lost, bench.last_error) == (OBSERVATION, 0, None)
    assert not dut.frames_crc_error.value and not dut.frames_damaged.value
    assert bench.frames() == before


@cocotb.test()
async def every_single_bit_is_corrected(dut: Any) -> None:
    bench = await ConfigBench(dut).start()
    await bench.load(image(random.Random(2)))
    before = bench.frames()
    for exponent in range(FRAME_BITS):
        frame = bench.next_frame
        await bench.upset(frame, (exponent,))
        assert bench.frames() != before
        await bench.tick()
        assert await bench.finish() <= LONGEST
        assert bench.frames() == before, f"x^{exponent}"
        assert bench.last_error == LastError(False, False, False, frame, place(exponent))
        assert bench.events.corrected == exponent + 1
    assert bench.events == Events(corrected=FRAME_BITS, passes=FRAME_BITS // FRAMES)
    assert bench.state == OBSERVATION and not dut.frames_damaged.value


@cocotb.test()
async def every_adjacent_pair_is_corrected(dut: Any) -> None:
    bench = await ConfigBench(dut).start()
    await bench.load(image(random.Random(3)))
    before = bench.frames()
    for exponent in range(FRAME_BITS - 1):
        frame = bench.next_frame
        await bench.upset(frame, (exponent, exponent + 1))
        await bench.tick()
        assert await bench.finish() <= LONGEST
        assert bench.frames() == before, f"x^{exponent}"
        assert bench.last_error == LastError(False, True, False, frame, place(exponent))
        assert bench.events.corrected == exponent + 1
    assert bench.events == Events(corrected=FRAME_BITS - 1, passes=(FRAME_BITS - 1) // FRAMES)
    assert bench.state == OBSERVATION and not dut.frames_damaged.value


@cocotb.test()
async def other_doubles_and_triples_are_lost_and_left_alone(dut: Any) -> None:
    bench = await ConfigBench(dut).start()
    await bench.load(image(random.Random(4)))
    whole = bench.frames()
    rng = random.Random(5)
    cases = 0
    while cases < 2400:
        bits = tuple(sorted(rng.sample(range(FRAME_BITS), 2 + cases % 2)))
        if len(bits) == 2 and bits[1] == bits[0] + 1:
            continue
        frame = bench.next_frame
        good = bench.frame(frame)
        await bench.upset(frame, bits)
        damaged = bench.frame(frame)
        assert damaged != good
        await bench.scan()
        cases += 1
        assert bench.frame(frame) == damaged, f"{bits} changed"
        assert bench.lost >> frame & 1, f"{bits} not lost"
        assert bench.events.uncorrectable == cases
        assert bench.last_error == LastError(True, False, False, frame, 0)
        await bench.load(good, 16 * frame)
        if frame == FRAMES - 1:
            assert bench.frames() == whole
            assert bench.lost == 0xFFFF and dut.frames_damaged.value
            await bench.scan(FRAMES)
            assert bench.lost == 0 and not dut.frames_damaged.value
    assert bench.events.corrected == bench.events.crc_wrong == 0


@cocotb.test()
async def syndromes_just_beyond_the_frame_are_lost(dut: Any) -> None:
    """x^512 and x^512 + x^511 follow the last ones that are corrected."""
    bench = await ConfigBench(dut).start()
    await bench.load(image(random.Random(6)))
    last = syndrome(pattern((511,)))
    after = crc32c([1, *[0] * 15])  # x^480 times x^32
    for wanted in (after, after ^ last):
        frame = bench.next_frame
        words = bench.frame(frame)
        await bench.put(16 * frame + 15, words[15] ^ wanted)
        assert syndrome(bench.frame(frame)) == wanted
        damaged = bench.frames()
        await bench.scan()
        assert bench.frames() == damaged
        assert bench.lost >> frame & 1
    assert bench.events == Events(uncorrectable=2)


@cocotb.test()
async def a_loss_counts_once(dut: Any) -> None:
    bench = await ConfigBench(dut).start()
    await bench.load(image(random.Random(7)))
    await bench.upset(3, (10, 20))
    await bench.upset(9, (1, 100, 300))
    await bench.upset(12, (77,))
    await bench.scan(FRAMES)
    assert bench.lost == 1 << 3 | 1 << 9
    assert bench.events == Events(corrected=1, uncorrectable=2, passes=1)
    assert bench.last_error == LastError(False, False, False, 12, place(77))
    await bench.scan(FRAMES)
    assert bench.lost == 1 << 3 | 1 << 9
    assert bench.events == Events(corrected=1, uncorrectable=2, passes=2)
    assert bench.last_error == LastError(False, False, False, 12, place(77))  # not told again
    await bench.upset(3, (10,))  # one of the two falls back: now it can be corrected
    await bench.upset(9, (1, 100))
    await bench.scan(FRAMES)
    assert bench.lost == 0
    assert bench.events == Events(corrected=3, uncorrectable=2, passes=3)
    await bench.upset(3, (10, 20))
    await bench.scan(FRAMES)
    assert bench.lost == 1 << 3
    assert bench.events == Events(corrected=3, uncorrectable=3, passes=4)
    assert bench.last_error == LastError(True, False, False, 3, 0)


@cocotb.test()
async def essential_bits(dut: Any) -> None:
    """A correction is essential when a bit that was inverted is, also the upper one of two."""
    bench = await ConfigBench(dut).start()
    await bench.load(image(random.Random(8)))
    corrected = essential = 0
    for bits, mask, expected in (
        ((40,), (40,), True),
        ((40,), (39, 41, 8, 72), False),
        ((40, 41), (40,), True),
        ((40, 41), (41,), True),
        ((40, 41), (39, 42, 8, 9, 72, 73), False),
        ((63, 64), (63,), True),
        ((63, 64), (64,), True),
        ((63, 64), (32, 95, 62, 65), False),  # the same places in the other word, and beside
        ((479, 480), (480,), True),
        ((0,), (0,), True),
        ((511,), (511,), True),
        ((511,), (0, 31, 510, 480), False),
        ((10, 30), (10, 30), False),  # lost, not corrected
    ):
        frame = bench.next_frame
        words = pattern(mask)
        for index, word in enumerate(words):
            await bench.write_essential(16 * frame + index, word)
        assert [bench.stored(ESSENTIAL + 16 * frame + index) for index in range(16)] == words
        await bench.upset(frame, bits)
        await bench.scan()
        adjacent = len(bits) == 2 and bits[1] == bits[0] + 1
        if len(bits) == 1 or adjacent:
            corrected += 1
            essential += expected
            error = LastError(False, adjacent, expected, frame, place(bits[0]))
            assert bench.last_error == error, f"{bits} in {mask}"
        assert (bench.events.corrected, bench.events.essential) == (corrected, essential)
    assert bench.last_error == LastError(True, False, False, 12, 0)
    assert bench.state != FATAL
