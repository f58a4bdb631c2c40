"""Upsets of the frame scanner's own registers: illegal states, and what else may be hit."""

from __future__ import annotations

import random
from typing import Any

import cocotb
from cocotb.handle import Immediate
from config_bench import FATAL, IDLE, OBSERVATION, ConfigBench, Events
from frame_code import FRAMES, image

STATES = 12
WATCH = 1 << 3
WIDTHS = {
    "position_q": 9,
    "frame_q": 4,
    "store_q": 32,
    "bus_step_q": 3,
    "found_q": 1,
    "was_lost_q": 1,
    "change_q": 1,
    "error_adjacent_q": 1,
    "error_place_q": 9,
    "lost_q": 16,
}


def force(handle: Any, value: int) -> None:
    """Set a register, which must take."""
    handle.value = Immediate(value)
    assert int(handle.value) == value, f"{handle._name} did not take {value:#x}"


async def begin(bench: ConfigBench) -> None:
    """A tick, until the scan runs."""
    await bench.tick()
    while not bench.dut.frames_busy.value:
        await bench.step()


async def recover(bench: ConfigBench) -> None:
    """What flight software does."""
    await bench.configure(False)
    assert bench.state == IDLE
    await bench.configure(True)
    assert bench.state == OBSERVATION


@cocotb.test()
async def every_illegal_state_is_fatal(dut: Any) -> None:
    """It acts on nothing, whatever is on the ports, and only clearing `enable` leads out."""
    bench = await ConfigBench(dut).start()
    await bench.load(image(random.Random(1)))
    await bench.scan(3)
    before = [bench.stored(word) for word in range(1024)]
    state = dut.config_frames.state_q
    assert len(state) == STATES and int(state.value) == WATCH
    dut.frames_write.value = 1
    dut.frames_word.value = 77
    dut.frames_data.value = 0xFFFF_FFFF
    forced = 0
    for value in range(1 << STATES):
        if value.bit_count() == 1:
            continue
        force(state, value)
        dut.frames_valid.value = 1
        dut.frames_tick.value = 1
        await bench.step()
        assert int(state.value) == 0x800, f"{value:#x} leads to {int(state.value):#x}"
        dut.frames_valid.value = 0
        dut.frames_tick.value = 0
        assert bench.state == FATAL and dut.frames_damaged.value
        await bench.step()
        assert bench.state == FATAL and not dut.frames_due.value
        force(state, WATCH)
        await bench.step()
        forced += 1
    assert forced == 4096 - 12
    assert [bench.stored(word) for word in range(1024)] == before
    assert (bench.events, bench.lost, bench.next_frame) == (Events(), 0, 3)
    assert bench.last_error is None
    await recover(bench)
    await bench.scan(FRAMES - 3)
    assert bench.events == Events(passes=1)


@cocotb.test()
async def fatal_and_recovery(dut: Any) -> None:
    bench = await ConfigBench(dut).start()
    await bench.load(image(random.Random(2)))
    for bit in range(STATES):
        force(dut.config_frames.state_q, WATCH ^ 1 << bit)
        await bench.step()
        assert bench.state == FATAL
        for _ in range(3):
            await bench.tick()
            await bench.step(40)
        await bench.configure(True)
        assert bench.state == FATAL and bench.next_frame == bit
        await recover(bench)
        await bench.scan()
        assert bench.next_frame == bit + 1


@cocotb.test()
async def an_upset_of_the_state_in_a_correction(dut: Any) -> None:
    """In any of its clocks, by any bit: fatal, and the frame is never worse than it was."""
    bench = await ConfigBench(dut).start()
    words = image(random.Random(3))
    await bench.load(words)
    rng = random.Random(4)
    state = dut.config_frames.state_q
    clocks = [*range(24), *rng.sample(range(24, 528), 20), *range(528, 630, 2)]
    for clock in clocks:
        for bit in rng.sample(range(STATES), 3):
            frame = bench.next_frame
            await bench.upset(frame, (63, 64))
            whole = {tuple(words), tuple(bench.frames())}
            await bench.upset(frame, (63,))
            whole.add(tuple(bench.frames()))
            await bench.upset(frame, (63, 64))
            whole.add(tuple(bench.frames()))
            await bench.upset(frame, (64,))
            await begin(bench)
            await bench.step(clock)
            if not dut.frames_busy.value:
                await bench.finish()
                continue
            force(state, int(state.value) ^ 1 << bit)
            await bench.step()
            assert bench.state == FATAL, f"bit {bit} in clock {clock}"
            await bench.step(700)
            assert tuple(bench.frames()) in whole, f"bit {bit} in clock {clock}"
            await recover(bench)
            await bench.scan(FRAMES)
            assert bench.frames() == words and bench.lost == 0


@cocotb.test()
async def an_upset_while_a_good_frame_is_scanned_writes_nothing(dut: Any) -> None:
    """Of the syndrome in every clock and bit, and of whatever else steers a correction."""
    bench = await ConfigBench(dut).start()
    words = image(random.Random(5))
    await bench.load(words)
    syndrome = dut.config_frames.config_syndrome.syndrome_q
    targets = [(syndrome, 1 << bit) for bit in range(32)]
    for name, width in WIDTHS.items():
        targets += [(getattr(dut.config_frames, name), 1 << bit) for bit in range(width)]
    for clock in range(22):
        for handle, mask in targets:
            await begin(bench)
            await bench.step(clock)
            force(handle, int(handle.value) ^ mask)
            await bench.finish()
            assert bench.frames() == words, f"{handle._name} ^ {mask:#x} in clock {clock}"
            assert bench.state == OBSERVATION
            assert bench.events.corrected == 0
    await bench.scan(2 * FRAMES)  # what the upsets of `lost` and of the CRC have left
    assert bench.lost == 0 and not dut.frames_damaged.value


@cocotb.test()
async def an_upset_of_the_syndrome_in_a_correction(dut: Any) -> None:
    """Until the second scan has ended it only costs time; after that it is found."""
    bench = await ConfigBench(dut).start()
    words = image(random.Random(6))
    await bench.load(words)
    rng = random.Random(7)
    syndrome = dut.config_frames.config_syndrome.syndrome_q
    place = dut.config_frames.error_place_q
    fatal = 0
    for clock in [*range(0, 550, 5), *range(549, 590)]:
        frame = bench.next_frame
        await bench.upset(frame, (rng.randrange(512),))
        await begin(bench)
        await bench.step(clock)
        if not dut.frames_busy.value:
            break
        force(syndrome, int(syndrome.value) ^ 1 << rng.randrange(32))
        confirmed = int(dut.config_frames.state_q.value) >> 7 & 7
        await bench.finish()
        if bench.state == FATAL:
            fatal += 1
            assert confirmed, f"fatal by an upset in clock {clock}"
            await recover(bench)
            await bench.load(words[16 * frame : 16 * frame + 16], 16 * frame)
            await bench.scan()
        assert bench.frames() == words, f"clock {clock}"
        assert bench.lost == 0
    assert fatal > 10
    for bit in range(9):
        frame = bench.next_frame
        await bench.upset(frame, (100,))
        await begin(bench)
        await bench.step(545)  # found, not yet repaired
        force(place, int(place.value) ^ 1 << bit)
        await bench.finish()
        assert bench.state == FATAL
        await recover(bench)
        await bench.load(words)
        await bench.scan()


@cocotb.test()
async def upsets_between_scans_leave_the_memory_alone(dut: Any) -> None:
    """Also under a write: what is left in a register does not get into the word."""
    bench = await ConfigBench(dut).start(period=255)
    words = image(random.Random(8))
    await bench.load(words)
    syndrome = dut.config_frames.config_syndrome.syndrome_q
    targets = [(syndrome, 1 << bit) for bit in range(32)]
    for name, width in WIDTHS.items():
        if name != "frame_q":
            targets += [(getattr(dut.config_frames, name), 1 << bit) for bit in range(width)]
    for index, (handle, mask) in enumerate(targets):
        force(handle, int(handle.value) ^ mask)
        words[index] ^= 0x8000_0001
        await bench.write(index, words[index])
        await bench.step(4)
        assert bench.frames() == words, f"{handle._name} ^ {mask:#x}"
