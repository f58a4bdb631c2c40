"""The frame scanner between frames: CRC over all of them, pace, bus, states."""

from __future__ import annotations

import random
from typing import Any

import cocotb
from cocotb.handle import Immediate
from config_bench import (
    ESSENTIAL,
    FATAL,
    IDLE,
    INJECTION,
    OBSERVATION,
    ConfigBench,
    Events,
    LastError,
)
from frame_code import FRAMES, image, place, sealed


@cocotb.test()
async def crc_over_all_frames(dut: Any) -> None:
    """It finds a frame that is valid but not the one it should be."""
    bench = await ConfigBench(dut).start()
    words = image(random.Random(1))
    await bench.load(words)
    await bench.scan(FRAMES)
    assert not dut.frames_crc_error.value
    for frame in (0, 7, 14):
        other = sealed([word ^ 1 << frame for word in words[16 * frame : 16 * frame + 15]])
        passes = bench.events.passes
        wrong = bench.events.crc_wrong
        await bench.load(other, 16 * frame)
        await bench.scan(FRAMES)
        assert dut.frames_crc_error.value and dut.frames_damaged.value
        await bench.scan(FRAMES)
        assert dut.frames_crc_error.value
        assert bench.events.crc_wrong == wrong + 2  # once a pass
        await bench.load(words)
        await bench.scan(FRAMES - 1)
        assert dut.frames_crc_error.value  # the last verdict holds until there is another
        await bench.scan()
        assert not dut.frames_crc_error.value and not dut.frames_damaged.value
        assert bench.events == Events(crc_wrong=wrong + 2, passes=passes + 3)


@cocotb.test()
async def crc_compares_word_14_of_frame_15(dut: Any) -> None:
    bench = await ConfigBench(dut).start()
    words = image(random.Random(2))
    for bit in (0, 31):
        last = sealed([*words[240:254], words[254] ^ 1 << bit])
        await bench.load(words[:240] + last)
        await bench.scan(FRAMES)
        assert dut.frames_crc_error.value
    last = sealed([word ^ 0xFFFF_FFFF for word in words[240:254]] + [words[254]])
    await bench.load(words[:240] + last)  # the rest of frame 15 is in its own code only
    await bench.scan(FRAMES)
    assert not dut.frames_crc_error.value
    assert bench.events == Events(crc_wrong=2, passes=3)


@cocotb.test()
async def check_words_count_as_they_are_when_scanned(dut: Any) -> None:
    bench = await ConfigBench(dut).start()
    await bench.load(image(random.Random(3)))
    await bench.scan(6)
    await bench.upset(5, (3,))  # scanned already
    await bench.upset(9, (4,))  # to be corrected before it is taken
    await bench.upset(15, (32, 33))  # word 14 of frame 15, to be corrected before it is compared
    await bench.scan(10)
    assert not dut.frames_crc_error.value
    assert bench.events == Events(corrected=2, passes=1)


@cocotb.test()
async def passes_that_are_not_compared(dut: Any) -> None:
    bench = await ConfigBench(dut).start()
    words = image(random.Random(4))
    wrong = sealed([word ^ 1 for word in words[:15]]) + words[16:]
    await bench.load(wrong)

    async def compared(what: str, expected: bool) -> None:
        """Finish the pass; whether it was compared shows, since the CRC is wrong."""
        before = bench.events.crc_wrong
        await bench.scan(FRAMES - bench.next_frame)
        assert bench.events.crc_wrong == before + expected, what

    await compared("untouched", True)
    await bench.upset(0, (5, 9))
    await compared("first frame lost", False)
    await bench.upset(0, (5, 9))
    await compared("frame good again", True)
    await bench.upset(15, (5, 9))
    await compared("last frame lost", False)
    await bench.upset(15, (5, 9))
    await compared("last frame good again", True)
    for scanned in (0, 4, 15):
        await bench.scan(scanned)
        await bench.write(200, wrong[200])
        await compared(f"written after {scanned} frames", False)
        await compared("the pass after a write", True)
    await bench.scan(3)
    await bench.write_essential(0, 1)
    await bench.read(0)
    await bench.flip(16 * 12, 1)
    await compared("mask written, frame read and flipped", True)
    await bench.scan(3)
    await bench.configure(False)
    await bench.step(50)
    await bench.configure(True)
    await compared("interrupted", True)
    assert bench.events.corrected == 1


@cocotb.test()
async def pace(dut: Any) -> None:
    bench = await ConfigBench(dut).start(period=10)

    async def ticks(count: int) -> int:
        for _ in range(count):
            await bench.tick()
            await bench.finish()
        return bench.next_frame

    assert await ticks(9) == 0
    assert await ticks(1) == 1
    assert await ticks(9) == 1
    assert await ticks(1) == 2
    await ticks(9)
    await bench.configure(True, 3)  # the period starts anew
    assert await ticks(2) == 2
    assert await ticks(1) == 3
    assert await ticks(3) == 4
    await ticks(2)
    await bench.configure(False, 3)
    assert await ticks(20) == 4
    await bench.configure(True, 3)
    assert await ticks(2) == 4
    assert await ticks(1) == 5
    for period in (0, 1):
        await bench.configure(True, period)
        assert await ticks(4) == 9 + 4 * period
    await bench.configure(True, 0xFF)  # the longest
    assert await ticks(254) == 13
    assert await ticks(1) == 14
    assert bench.events == Events()


@cocotb.test()
async def ticks_in_a_row_lose_no_scan(dut: Any) -> None:
    bench = await ConfigBench(dut).start()
    dut.frames_tick.value = 1
    await bench.step(12)
    dut.frames_tick.value = 0
    assert await bench.finish() <= 12 * 23
    assert bench.next_frame == 12


@cocotb.test()
async def a_scan_waits_for_quiet(dut: Any) -> None:
    bench = await ConfigBench(dut).start()
    dut.frames_quiet.value = 0
    await bench.tick()
    await bench.step(200)
    assert dut.frames_due.value and not dut.frames_busy.value
    assert bench.next_frame == 0
    await bench.write(3, 0x1234_5678)  # the command that it waits for
    assert await bench.read(3) == 0x1234_5678
    await bench.write(3, 0)
    dut.frames_quiet.value = 1
    await bench.step()
    assert dut.frames_busy.value  # in the next clock: before a packet that follows is executed
    dut.frames_quiet.value = 0  # which does not stop it
    await bench.finish()
    assert bench.next_frame == 1 and not dut.frames_due.value


@cocotb.test()
async def the_bus_waits_for_a_scan(dut: Any) -> None:
    bench = await ConfigBench(dut).start()
    await bench.load(image(random.Random(5)))
    frame = bench.frame(0)
    await bench.upset(0, (100,))
    await bench.tick()
    await bench.step(5)
    assert dut.frames_busy.value
    await bench.write(16 * 8, 0)  # comes to rest when the scan has ended
    assert bench.frame(0) == frame and bench.next_frame == 1
    assert bench.events.corrected == 1
    assert bench.stored(16 * 8) == 0


@cocotb.test()
async def bus(dut: Any) -> None:
    bench = await ConfigBench(dut).start(period=100)
    rng = random.Random(6)
    frames = [rng.getrandbits(32) for _ in range(256)]
    mask = [rng.getrandbits(32) for _ in range(256)]
    for word in range(256):
        await bench.write(word, frames[word])
        await bench.write_essential(word, mask[word])
    for word in rng.sample(range(256), 60):
        flips = rng.getrandbits(32)
        frames[word] ^= flips
        await bench.flip(word, flips)
    stored = [bench.stored(word) for word in range(1024)]
    assert stored == frames + mask + [0] * 512
    assert [await bench.read(word) for word in range(256)] == frames
    assert [await bench.read_essential(word) for word in range(256)] == mask
    start = bench.clocks
    await bench.read(1)
    assert bench.clocks - start == 2
    start = bench.clocks
    await bench.write(1, 1)
    assert bench.clocks - start == 4


@cocotb.test()
async def states(dut: Any) -> None:
    bench = await ConfigBench(dut).start()
    assert bench.state == OBSERVATION
    await bench.flip(0, 1)
    assert bench.state == OBSERVATION  # it acts all the same
    await bench.scan()
    assert bench.state == OBSERVATION
    assert bench.last_error == LastError(False, False, False, 0, place(480))
    await bench.configure(False)
    assert bench.state == IDLE
    await bench.write(40, 1)
    await bench.write(40, 0)
    await bench.write_essential(40, 1)
    assert bench.state == IDLE
    await bench.flip(33, 1 << 31)
    assert bench.state == INJECTION
    await bench.tick()
    await bench.step(100)
    assert bench.stored(33) == 1 << 31 and not dut.frames_due.value
    await bench.configure(False)
    assert bench.state == INJECTION
    await bench.configure(True)
    assert bench.state == OBSERVATION
    await bench.configure(False)
    assert bench.state == IDLE  # nothing flipped since
    await bench.configure(True)
    await bench.scan(2)
    assert bench.stored(33) == 0
    assert bench.events.corrected == 2
    assert bench.last_error == LastError(False, False, False, 2, place(479))


@cocotb.test()
async def a_correction_that_does_not_hold(dut: Any) -> None:
    """A stuck bit: it is wrong again when the frame is read after the correction."""
    bench = await ConfigBench(dut).start()
    words = image(random.Random(7))
    await bench.load(words)
    await bench.scan(5)
    await bench.upset(5, (200,))
    await bench.tick()
    while not int(dut.frames_events.value) >> 4:
        await bench.step()
    await bench.upset(5, (200,))
    await bench.finish()
    assert bench.state == FATAL and dut.frames_damaged.value
    assert bench.events == Events(corrected=1)
    assert bench.next_frame == 5 and bench.lost == 0
    for _ in range(5):
        await bench.tick()
        await bench.step(50)
    assert bench.state == FATAL and bench.next_frame == 5  # nothing is scanned
    await bench.configure(True)
    assert bench.state == FATAL  # only clearing `enable` helps
    await bench.flip(16 * 7, 1)
    assert bench.state == FATAL and bench.stored(16 * 7) == words[16 * 7] ^ 1
    await bench.configure(False)
    assert bench.state == IDLE and not dut.frames_damaged.value
    await bench.configure(True)
    await bench.step(100)
    assert bench.state == OBSERVATION and bench.next_frame == 5
    await bench.scan(FRAMES - 5)
    assert bench.frames() == words
    assert bench.events == Events(corrected=3, passes=1)  # and the CRC so far was kept


@cocotb.test()
async def reset_during_a_scan(dut: Any) -> None:
    bench = await ConfigBench(dut).start()
    words = image(random.Random(8))
    for clocks in (1, 2, 9, 19, 21, 100, 540, 560, 590, 600, 610):
        await bench.load(words)
        await bench.put(ESSENTIAL + 3, 0xFFFF_FFFF)
        await bench.scan(3)
        await bench.upset(3, (31, 32))
        await bench.upset(4, (1, 3))
        dut.frames_tick.value = 1
        await bench.step(2)
        dut.frames_tick.value = 0
        await bench.step(clocks)
        assert dut.frames_busy.value, f"no scan after {clocks} clocks"
        assert await bench.reset() == 1024
        assert [bench.stored(word) for word in range(1024)] == [0] * 1024
        assert (bench.state, bench.lost, bench.next_frame) == (OBSERVATION, 0, 0)
        assert bench.last_error is None and bench.events == Events()
        assert not dut.frames_due.value and not dut.frames_damaged.value
        await bench.scan(FRAMES)  # zeros are a valid image
        assert bench.events == Events(passes=1)


@cocotb.test()
async def memory_is_cleared_whatever_it_held(dut: Any) -> None:
    bench = await ConfigBench(dut).start()
    for word in range(1024):
        dut.config_frames.words[word].value = Immediate(0xFFFF_FFFF)
    await bench.step()
    assert bench.stored(1023) == 0xFFFF_FFFF
    assert await bench.reset() == 1024
    assert [bench.stored(word) for word in range(1024)] == [0] * 1024
