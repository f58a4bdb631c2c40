"""Upsets of the front end: it starts anew, and no channel comes under another's name."""

from __future__ import annotations

import random
from typing import Any

import cocotb
from adc_scan import AdcScan
from cocotb.handle import Immediate

STATE = ("cs_n", "sclk", "mosi", "bit", "primed", "channel", "device")  # and the parity


def flops(scan: AdcScan) -> list[tuple[Any, int]]:
    """Handle and bit of every flop that the parity covers, and the parity."""
    front = scan.lane.front
    handles = [getattr(front, f"{name}_q") for name in (*STATE, "parity")]
    return [(handle, bit) for handle in handles for bit in range(len(handle))]


def flip(handle: Any, bit: int) -> None:
    """Invert a flop at once."""
    handle.value = Immediate(int(handle.value) ^ 1 << bit)


@cocotb.test()
async def every_flop_of_the_state(dut: Any) -> None:
    """At once idle, then a start as after reset; not one wrong word, not even a late one."""
    scan = await AdcScan(dut, 1).start()
    draw = random.Random(8688)
    await scan.clocks(scan.start_clocks)
    assert len(flops(scan)) == 16
    for handle, bit in flops(scan):
        for _ in range(6):
            await scan.clocks(1 + draw.randrange(scan.round_clocks))
            place = f"bit {bit} of {handle._path} after {len(scan.words)} words"
            scan.words.clear()
            flip(handle, bit)
            await scan.clocks(1)
            assert scan.lane.cs_n.value == 1 and scan.lane.sclk.value == 0, place
            assert scan.lane.device.value == 0, place
            await scan.clocks(scan.start_clocks - 1)
            assert not scan.words, place
            await scan.clocks(1)
            assert [word.index for word in scan.words] == [0], place
    assert not scan.wrong


@cocotb.test(timeout_time=10, timeout_unit="ms")
async def every_flop_in_the_clock_of_a_word(dut: Any) -> None:
    """That word is not given."""
    scan = await AdcScan(dut, 1).start()
    for handle, bit in flops(scan):
        await scan.clocks(scan.start_clocks + 1)
        while not scan.lane.valid.value:
            await scan.clocks(1)
        scan.words.clear()
        flip(handle, bit)
        await scan.clocks(2)
        assert not scan.words, f"bit {bit} of {handle._path}"
    assert not scan.wrong


@cocotb.test()
async def flops_without_parity(dut: Any) -> None:
    """The divider moves an edge: no harm. A bit of the data: in one word, once."""
    scan = await AdcScan(dut, 1).start()
    draw = random.Random(1)
    await scan.clocks(scan.start_clocks)
    for _ in range(100):
        await scan.clocks(1 + draw.randrange(2 * scan.frame_clocks))
        flip(scan.lane.front.divide_q, 0)
    assert not scan.wrong and not scan.board.violations
    hits = 0
    for bit in range(32):
        await scan.clocks(1 + draw.randrange(scan.round_clocks))
        scan.wrong.clear()
        flip(scan.lane.front.data_q, bit)
        await scan.clocks(3 * scan.frame_clocks)
        assert len(scan.wrong) <= 1, f"bit {bit}"
        hits += len(scan.wrong)
    assert hits > 8
    assert not scan.board.violations


@cocotb.test()
async def any_state_is_left(dut: Any) -> None:
    """Any values of the state, of right parity: two rounds later every word comes, and is right."""
    scan = await AdcScan(dut, 1).start()
    draw = random.Random(2)
    front = scan.lane.front
    await scan.clocks(scan.start_clocks)
    for _ in range(25):
        ones = 0
        for handle in (getattr(front, f"{name}_q") for name in STATE):
            value = draw.getrandbits(len(handle))
            ones += value.bit_count()
            handle.value = Immediate(value)
        front.parity_q.value = Immediate(ones % 2)
        await scan.clocks(scan.start_clocks + scan.round_clocks)
        scan.words.clear()
        scan.wrong.clear()
        await scan.clocks(scan.round_clocks)
        assert sorted(word.index for word in scan.words) == scan.indexes, str(scan.words)
        assert not scan.wrong
