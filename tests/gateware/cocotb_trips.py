"""Over-current and over-temperature trips."""

from __future__ import annotations

from typing import Any

import cocotb
from controller_bench import TRAYS, ControllerBench

from fsw import registers as r

ALL = (1 << TRAYS) - 1
OVER_CURRENT_LIMIT = 40000
GPU_LIMIT = 37315
HBM_LIMIT = 37815


async def powered(dut: Any) -> ControllerBench:
    bench = await ControllerBench(dut).start()
    await bench.write(r.CONTROL_POWER_SWITCH, ALL)
    assert bench.tray_bits(0) == ALL
    return bench


@cocotb.test()
async def over_current_opens_the_switch_after_two_clocks(dut: Any) -> None:
    bench = await powered(dut)
    await bench.set_tray(1, current=OVER_CURRENT_LIMIT)  # at the limit is not over it
    await bench.step(8)
    assert bench.tray_bits(0) == ALL
    await bench.set_tray(1, current=OVER_CURRENT_LIMIT + 1)
    await bench.step()  # into the store
    assert bench.tray_bits(0) == ALL
    await bench.step()
    assert bench.tray_bits(0) == ALL & ~0b010
    await bench.set_tray(1, current=0)
    await bench.step(8)
    assert bench.tray_bits(0) == ALL & ~0b010  # latched
    assert await bench.word(r.FAST_OVER_CURRENT) == 0b010
    assert await bench.word(r.FAST_OVER_TEMPERATURE) == 0
    assert await bench.word(r.FAST_POWERED) == ALL & ~0b010
    assert (await bench.fields(r.FAST_STATUS))["tripped"] == 1
    assert (await bench.fields(r.FAST_ACTIVITY))["trips"] == 1
    await bench.write(r.COMMAND_OVER_CURRENT_CLEAR, 0b101)
    assert bench.tray_bits(0) == ALL & ~0b010  # the others' bits do not clear it
    await bench.write(r.COMMAND_OVER_CURRENT_CLEAR, 0b010)
    assert bench.tray_bits(0) == ALL
    assert (await bench.fields(r.FAST_STATUS))["tripped"] == 0


@cocotb.test()
async def one_clock_of_over_current_is_enough(dut: Any) -> None:
    bench = await powered(dut)
    await bench.set_tray(2, current=0xFFFF)
    await bench.step()
    await bench.set_tray(2, current=0)
    await bench.step()
    assert bench.tray_bits(0) == ALL & ~0b100


@cocotb.test()
async def over_current_of_an_unpowered_tray_is_none(dut: Any) -> None:
    bench = await ControllerBench(dut).start()
    for tray in range(TRAYS):
        await bench.set_tray(tray, current=0xFFFF)
    await bench.step(8)
    assert await bench.word(r.FAST_OVER_CURRENT) == 0
    # switched on into a short: trips at once, each tray counted
    await bench.write(r.CONTROL_POWER_SWITCH, ALL)
    assert bench.tray_bits(0) == 0
    assert await bench.word(r.FAST_OVER_CURRENT) == ALL
    assert (await bench.fields(r.FAST_ACTIVITY))["trips"] == TRAYS
    # a clear with the short still there trips again
    await bench.write(r.COMMAND_OVER_CURRENT_CLEAR, 0b001)
    assert bench.tray_bits(0) == 0
    assert (await bench.fields(r.FAST_ACTIVITY))["trips"] == TRAYS + 1


@cocotb.test()
async def over_temperature_waits_for_the_debounce(dut: Any) -> None:
    bench = await powered(dut)
    await bench.set_tray(0, gpu=GPU_LIMIT, hbm=HBM_LIMIT)
    await bench.tick(20)
    assert bench.tray_bits(0) == ALL
    for field in ("gpu", "hbm"):
        await bench.set_tray(0, **{"gpu": 0, "hbm": 0, field: 37816})
        await bench.tick()  # a sample taken in the clock of a tick is not seen by that tick
        await bench.tick(9)
        assert bench.tray_bits(0) == ALL
        await bench.tick()
        assert bench.tray_bits(0) == ALL & ~0b001
        assert await bench.word(r.FAST_OVER_TEMPERATURE) == 0b001
        # still too hot: re-armed, it takes the whole debounce again
        await bench.write(r.COMMAND_OVER_TEMPERATURE_CLEAR, 0b001)
        await bench.tick(9)
        assert bench.tray_bits(0) == ALL
        await bench.tick()
        assert bench.tray_bits(0) == ALL & ~0b001
        await bench.set_tray(0, gpu=0, hbm=0)
        await bench.write(r.COMMAND_OVER_TEMPERATURE_CLEAR, ALL)
    assert (await bench.fields(r.FAST_ACTIVITY))["trips"] == 4


@cocotb.test()
async def one_cool_tick_starts_the_debounce_anew(dut: Any) -> None:
    bench = await powered(dut)
    for _ in range(3):
        await bench.set_tray(0, gpu=GPU_LIMIT + 1)
        await bench.step()
        await bench.tick(9)
        await bench.set_tray(0, gpu=GPU_LIMIT)
        await bench.step()
        await bench.tick()
    assert bench.tray_bits(0) == ALL


@cocotb.test()
async def debounce_register(dut: Any) -> None:
    bench = await powered(dut)
    await bench.set_tray(0, gpu=GPU_LIMIT + 1)
    for ticks, wait in ((0, 1), (1, 1), (3, 3), (255, 255)):
        await bench.write(r.CONTROL_OVER_TEMPERATURE_DEBOUNCE, ticks)
        await bench.write(r.COMMAND_OVER_TEMPERATURE_CLEAR, ALL)
        await bench.tick(wait - 1)
        assert bench.tray_bits(0) == ALL
        await bench.tick()
        assert bench.tray_bits(0) == ALL & ~0b001


@cocotb.test()
async def debounce_does_not_run_while_the_tray_is_off(dut: Any) -> None:
    bench = await powered(dut)
    await bench.set_tray(0, gpu=GPU_LIMIT + 1)
    await bench.step()
    await bench.tick(9)
    await bench.write(r.CONTROL_POWER_SWITCH, 0b110)
    await bench.tick(1)
    await bench.write(r.CONTROL_POWER_SWITCH, ALL)
    await bench.tick(9)
    assert bench.tray_bits(0) == ALL
    await bench.tick()
    assert bench.tray_bits(0) == ALL & ~0b001


@cocotb.test()
async def over_current_at_the_tick_wins_over_temperature(dut: Any) -> None:
    bench = await powered(dut)
    await bench.write(r.CONTROL_OVER_TEMPERATURE_DEBOUNCE, 1)
    await bench.set_tray(0, gpu=0xFFFF, current=0xFFFF)
    await bench.step()
    await bench.tick()  # both are seen in its clock
    assert await bench.word(r.FAST_OVER_CURRENT) == 0b001
    assert await bench.word(r.FAST_OVER_TEMPERATURE) == 0
    assert (await bench.fields(r.FAST_ACTIVITY))["trips"] == 1


@cocotb.test()
async def limits_are_registers(dut: Any) -> None:
    bench = await powered(dut)
    await bench.write(r.CONTROL_OVER_CURRENT_LIMIT, 100)
    await bench.write(r.CONTROL_OVER_TEMPERATURE_LIMIT, 200 << 16 | 300)
    await bench.write(r.CONTROL_OVER_TEMPERATURE_DEBOUNCE, 1)
    await bench.set_tray(0, current=100, gpu=200, hbm=300)
    await bench.set_tray(1, current=100, gpu=201, hbm=300)
    await bench.set_tray(2, current=100, gpu=200, hbm=301)
    await bench.step()
    await bench.tick()
    assert await bench.word(r.FAST_OVER_TEMPERATURE) == 0b110
    await bench.set_tray(0, current=101)
    await bench.step(2)
    assert await bench.word(r.FAST_OVER_CURRENT) == 0b001


@cocotb.test()
async def clear_and_switch_in_one_write_are_two_words(dut: Any) -> None:
    # over_temperature_clear and over_current_clear are neighbours: an over-current that the first
    # one lets loose is latched before the second one clears it, and trips once more behind it.
    bench = await powered(dut)
    await bench.write(r.CONTROL_OVER_TEMPERATURE_DEBOUNCE, 1)
    await bench.set_tray(0, gpu=0xFFFF)
    await bench.step()
    await bench.tick()
    await bench.set_tray(0, gpu=0, current=0xFFFF)
    await bench.step(2)
    assert await bench.word(r.FAST_OVER_CURRENT) == 0
    await bench.execute(0x7C, 0x88, 8, bytes.fromhex("00000001 00000001"))
    assert await bench.word(r.FAST_OVER_TEMPERATURE) == 0
    assert await bench.word(r.FAST_OVER_CURRENT) == 0b001
    assert (await bench.fields(r.FAST_ACTIVITY))["trips"] == 3
