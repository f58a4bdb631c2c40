"""Scan of the ADCs: every channel in its place, in time, within the limits of the datasheet."""

from __future__ import annotations

from typing import Any

import cocotb
from adc_scan import AdcScan
from cocotb.triggers import FallingEdge, RisingEdge
from cocotb.utils import get_sim_time


async def every_channel(dut: Any, trays: int, mhz: int) -> AdcScan:
    """Two sets of inputs, each seen in one round; all of it in the order and time of the scan."""
    scan = await AdcScan(dut, trays, mhz).start()
    await scan.clocks(scan.start_clocks)
    for _ in range(2):
        scan.new_inputs()
        await scan.clocks(scan.round_clocks + 2 * scan.frame_clocks)
        seen = scan.words[-len(scan.indexes) :]
        assert {word.index: word.data for word in seen} == scan.at_inputs()
    pairs = scan.words[: len(scan.words) - len(scan.indexes)], scan.words[len(scan.indexes) :]
    for word, again in zip(*pairs, strict=True):
        assert again.index == word.index
        assert again.time_ps - word.time_ps == scan.round_clocks * scan.period_ps
    assert [word.index for word in scan.words[: len(scan.indexes)]] == scan.indexes
    assert not scan.wrong
    assert not scan.board.violations
    assert scan.board.fastest_sclk_ps == 2 * scan.half_clocks * scan.period_ps
    return scan


@cocotb.test()
async def one_tray_at_12_mhz(dut: Any) -> None:
    scan = await every_channel(dut, 1, 12)
    assert scan.round_clocks == 2680  # 223 us


@cocotb.test()
async def one_tray_at_27_mhz(dut: Any) -> None:
    await every_channel(dut, 1, 27)


@cocotb.test()
async def two_trays_at_27_mhz(dut: Any) -> None:
    """SCLK at half the clock."""
    scan = await every_channel(dut, 2, 27)
    assert scan.round_clocks == 1608


@cocotb.test()
async def eighteen_trays_at_12_mhz(dut: Any) -> None:
    scan = await every_channel(dut, 18, 12)
    assert scan.round_clocks == 11792  # 983 us


@cocotb.test()
async def eighteen_trays_at_27_mhz(dut: Any) -> None:
    await every_channel(dut, 18, 27)


@cocotb.test()
async def a_word_is_what_was_sampled(dut: Any) -> None:
    """Inputs that change in every frame, several times."""
    scan = await AdcScan(dut, 2).start()
    await scan.clocks(scan.start_clocks)
    for _ in range(25 * scan.frames):
        scan.new_inputs()
        await scan.clocks(scan.frame_clocks // 4)
    assert len(scan.words) >= 5 * len(scan.indexes)
    assert len({word.data for word in scan.words}) == len(scan.words)
    assert not scan.wrong


@cocotb.test()
async def starts_with_a_reset_of_every_adc(dut: Any) -> None:
    """Nothing is given in the first round. The first word comes when it should, for one clock."""
    scan = await AdcScan(dut, 1).start()
    released_ps = int(get_sim_time("ps"))
    await scan.clocks(2)
    await RisingEdge(scan.lane.taken_q)
    edges = (int(get_sim_time("ps")) - released_ps + scan.period_ps // 2) // scan.period_ps
    assert edges == scan.start_clocks
    assert [adc.resets for adc in scan.board.adcs] == [1, 1, 1]
    await FallingEdge(dut.clk)
    assert scan.lane.taken_q.value == 1 and scan.lane.valid.value == 0
    await scan.clocks(3 * scan.round_clocks)
    assert [adc.resets for adc in scan.board.adcs] == [1, 1, 1]
    assert scan.words[0].index == 0
    assert not scan.wrong and not scan.board.violations


@cocotb.test()
async def reset_in_the_middle_of_a_frame(dut: Any) -> None:
    scan = await AdcScan(dut, 1).start()
    aborts = 0
    for phase in range(0, 2 * scan.frame_clocks, 23):
        await scan.clocks(scan.start_clocks + phase)
        assert scan.words and not scan.wrong
        dut.rst.value = 1
        await scan.clocks(1)
        assert scan.lane.cs_n.value == 1 and scan.lane.sclk.value == 0
        dut.rst.value = 0
        scan.words.clear()
        aborts = sum(adc.aborts for adc in scan.board.adcs)
        await scan.clocks(scan.start_clocks - 1)
        assert not scan.words
        await scan.clocks(1)
        assert scan.words[0].index == 0
    assert aborts > 5


@cocotb.test()
async def stuck_sdo(dut: Any) -> None:
    scan = await AdcScan(dut, 1).start()
    for level in (1, 0):
        scan.board.stuck = level
        await scan.clocks(scan.start_clocks)
        scan.words.clear()
        await scan.clocks(scan.round_clocks)
        assert len(scan.words) == len(scan.indexes)
        assert {word.data for word in scan.words} == {0xFFFF_FFFF * level}
    assert not scan.board.violations


@cocotb.test(timeout_time=10, timeout_unit="ms")
async def an_adc_that_loses_its_selection(dut: Any) -> None:
    """One word is wrong, the first of that device; then all are right again."""
    scan = await AdcScan(dut, 1).start()
    await scan.clocks(scan.start_clocks)
    for device, index in ((0, 0), (1, 4), (2, 9)):
        other = (device + 1) % 3
        while not (scan.lane.cs_n.value == 0 and scan.lane.device.value == other):
            await scan.clocks(1)
        scan.board.adcs[device].power_cycle()
        scan.wrong.clear()
        await scan.clocks(2 * scan.round_clocks)
        assert len(scan.wrong) == 1
        assert scan.wrong[0].startswith(f"half word {2 * index} is DEAD")
    assert not scan.board.violations


@cocotb.test()
async def too_fast_a_clock_is_told(dut: Any) -> None:
    """The ADCs of these tests do refuse: 50 MHz give SCLK 25 MHz, the other front ends 12.5 MHz."""
    scan = await AdcScan(dut, 2, 50).start()
    await scan.clocks(10 * scan.frame_clocks)
    broken = " ".join(scan.board.violations)
    for limit in ("SCLK falls", "result is asked for", "ps apart", "decoder is set"):
        assert limit in broken, limit


@cocotb.test()
async def thirty_three_mhz_is_the_limit(dut: Any) -> None:
    scan = await every_channel(dut, 2, 33)
    assert scan.board.fastest_sclk_ps > 58_824
