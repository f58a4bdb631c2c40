"""Triplicated registers, clock by clock: what an upset copy does before it is repaired: nothing."""

from __future__ import annotations

import random
from typing import Any

import cocotb
from cocotb.handle import Immediate
from cocotb.triggers import FallingEdge, Timer
from controller_bench import TRAYS, ControllerBench, unframe

from fsw import registers as r
from gateware.triplication import COPIES, triplicated
from tests.conformance import wire

VOTER_ROW = 8  # of event_counters; an event in its row is counted 3 + 8 clocks later
INSTANCES = {
    "power_switch": "control_registers.power_switch",
    "pump_drive": "control_registers.pump_drive",
    "thermal_drive": "control_registers.thermal_drive",
    "safe_drive": "control_registers.safe_drive",
    "thermostat": "control_registers.thermostat",
    "over_temperature_limit": "control_registers.temperature_limit",
    "over_temperature_debounce": "control_registers.debounce",
    "over_current_limit": "control_registers.current_limit",
    "watchdog": "control_registers.watchdog",
    "scrub": "control_registers.scrub",
    "config_scan": "control_registers.config_scan",
    "safe": "watchdog.safe",
    "watchdog_ticks": "watchdog.counter",
    "over_temperature": "trips.over_temperature",
    "over_current": "trips.over_current",
    "reset_lines": "reset_command.lines",
    "scrub_lines": "scrub_command.lines",
    "reload_lines": "reload_command.lines",
}


def instance(dut: Any, name: str) -> Any:
    """The `triplicated` behind a name."""
    if name.startswith("cap_"):
        return dut.controller.control_registers.gen_cap[int(name[4:])].cap
    handle = dut.controller
    for part in INSTANCES[name].split("."):
        handle = getattr(handle, part)
    return handle


def copies(register: Any) -> list[Any]:
    return [getattr(register, f"copy_{copy}_q") for copy in COPIES]


async def bring_to_work(dut: Any) -> ControllerBench:
    """Registers away from their reset values, tray 0 tripped, tray 1 on and near its limits."""
    bench = await ControllerBench(dut).start()
    draw = random.Random(3)
    for register in (r.CONTROL_PUMP_DRIVE, r.CONTROL_THERMAL_DRIVE, r.CONTROL_SAFE_DRIVE):
        await bench.write(register, draw.getrandbits(32))
    for tray in range(TRAYS):
        await bench.write(r.TRAY_CONTROL_CAP.at(tray), draw.getrandbits(32))
    await bench.write(r.CONTROL_POWER_SWITCH, 0b011)
    await bench.write(r.CONTROL_OVER_CURRENT_LIMIT, 0x7000)
    await bench.write(r.CONTROL_OVER_TEMPERATURE_LIMIT, 0x7000_7000)
    await bench.write(r.CONTROL_THERMOSTAT, 0x4000)
    await bench.set_tray(0, current=0x7001)
    await bench.set_tray(1, current=0x7000, gpu=0x7000, hbm=0x7000)
    bench.sensors[14:16] = bench.sensors[8:10] = bytes.fromhex("4000")
    bench.apply_sensors()
    await bench.write(r.CONTROL_WATCHDOG, 1 << 31 | 0x1234)
    await bench.write(r.COMMAND_TRAY_RESET, 0b010)
    await bench.tick(5)
    return bench


async def sweep(bench: ControllerBench) -> int:
    """Flip every flop of every copy once; how many."""
    dut = bench.dut
    log = dut.controller.repair_log
    mismatches = dut.controller.event_counters.upper[VOTER_ROW]
    before = bench.actuator_bytes()
    flips = 0
    for register in triplicated(TRAYS).values():
        triple = instance(dut, register.name)
        sound = int(triple.o_data.value)
        for copy in copies(triple):
            assert len(copy) == register.width
            for bit in range(register.width):
                place = f"bit {bit} of {copy._path}"
                copy.value = Immediate(sound ^ 1 << bit)
                await Timer(1, "ns")  # the next rising edge is 4 ns away
                assert int(copy.value) == sound ^ 1 << bit, f"{place} did not take"
                assert triple.o_mismatch.value == 1, place
                assert int(triple.o_data.value) == sound, place
                assert bench.actuator_bytes() == before, f"{place} changes the outputs"
                await bench.step()
                flips += 1
                assert int(copy.value) == sound, f"{place} is not repaired"
                assert triple.o_mismatch.value == 0, place
                assert int(log.o_register.value) == register.number, place
                assert bench.actuator_bytes() == before, f"{place} changes the outputs later"
                await bench.step(VOTER_ROW + 1)
                assert int(mismatches.value) == flips - 1, place
                await bench.step()
                assert int(mismatches.value) == flips, place
                assert bench.actuator_bytes() == before, f"{place} changes the outputs later"
    voter = await bench.fields(r.DIAGNOSTICS_VOTER)
    assert voter == {"mismatches": flips, "register": 32 + TRAYS - 1}
    return flips


@cocotb.test()
async def every_flop_once_at_work(dut: Any) -> None:
    bench = await bring_to_work(dut)
    assert bench.tray_bits(0) == 0b010  # tray 0 has tripped
    flips = await sweep(bench)
    cocotb.log.info("%d flops flipped at work", flips)
    assert flips == 3 * (3 + 4 * 32 + 2 * 16 + 8 + 2 * 17 + 9 + 1 + 16 + 5 * 3 + 3 * 32)


@cocotb.test()
async def every_flop_once_in_the_safe_state(dut: Any) -> None:
    bench = await bring_to_work(dut)
    await bench.write(r.COMMAND_SAFE, 0x5AFE0001)
    assert bench.tray_bits(0) == 0
    flips = await sweep(bench)
    cocotb.log.info("%d flops flipped in the safe state", flips)


@cocotb.test()
async def a_whole_copy_is_outvoted(dut: Any) -> None:
    bench = await bring_to_work(dut)
    draw = random.Random(1)
    for register in triplicated(TRAYS).values():
        triple = instance(dut, register.name)
        sound = int(triple.o_data.value)
        for copy in copies(triple):
            copy.value = Immediate(sound ^ draw.randrange(1, 1 << register.width))
            await bench.step()
            assert [int(each.value) for each in copies(triple)] == [sound] * 3


@cocotb.test()
async def upsets_in_one_clock_count_once(dut: Any) -> None:
    bench = await bring_to_work(dut)
    for name in ("cap_2", "safe_drive", "watchdog_ticks"):
        (copy, *_) = copies(instance(dut, name))
        copy.value = Immediate(int(copy.value) ^ 1)
    await bench.step()
    voter = await bench.fields(r.DIAGNOSTICS_VOTER)
    assert voter == {"mismatches": 1, "register": 3}  # the lowest number of the three


@cocotb.test()
async def two_copies_upset_in_one_clock(dut: Any) -> None:
    """What triplication does not cover, so that it is known: the same bit twice wins the vote."""
    bench = await bring_to_work(dut)
    triple = instance(dut, "thermostat")
    first, second, _ = copies(triple)
    first.value = Immediate(0x4001)
    second.value = Immediate(0x4002)
    await bench.step()
    assert int(triple.o_data.value) == 0x4000  # different bits: each is outvoted
    first.value = Immediate(0x4001)
    second.value = Immediate(0x4001)
    await bench.step()
    assert await bench.word(r.CONTROL_THERMOSTAT) == 0x4001
    assert (await bench.fields(r.DIAGNOSTICS_VOTER))["mismatches"] == 2


@cocotb.test()
async def upsets_in_successive_clocks_all_count(dut: Any) -> None:
    bench = await bring_to_work(dut)
    copy = copies(instance(dut, "thermostat"))[0]
    counted = 0
    for clocks in (2, 14, 40, 1, 300):
        for _ in range(clocks):
            copy.value = Immediate(0x4001)
            await bench.step()
        counted += clocks
        await bench.until_idle()
        assert (await bench.fields(r.DIAGNOSTICS_VOTER)) == {"mismatches": counted, "register": 4}


@cocotb.test()
async def a_copy_that_stays_wrong_leaves_the_link_alive(dut: Any) -> None:
    """A flop that is stuck is outvoted for good, counts in every clock, and holds nothing up."""
    bench = await bring_to_work(dut)
    await bench.write(r.CONTROL_SCRUB, 1 << 31 | 1)
    before = bench.actuator_bytes()
    copy = copies(instance(dut, "thermostat"))[0]
    clocks = 0

    async def stick() -> None:
        nonlocal clocks
        while True:
            copy.value = Immediate(0x4001)
            clocks += 1
            await FallingEdge(dut.clk)

    stuck = cocotb.start_soon(stick())
    dut.tick.value = 1
    await bench.step()
    dut.tick.value = 0
    for address, word in (
        (r.CONTROL_SCRATCH.address, 0x11223344),
        (r.MEMORY.base + 4, 0x55667788),
        (r.CONFIG_FRAMES.base + 8, 0x99AABBCC),
    ):
        data = word.to_bytes(4, "big")
        for packet in (
            wire.command(wire.WRITE, address, 4, data),
            wire.command(wire.READ, address, 4),
        ):
            bench.received.clear()
            await bench.feed(wire.frame(packet))
            await bench.step(600)  # 12 clocks a byte: as slow as a UART at a tenth of the clock
            reply = unframe(bytes(bench.received))
            assert reply[3] == 0
        assert reply[12:16] == data
    assert bench.actuator_bytes() == before
    stuck.cancel()
    await bench.until_idle()
    assert await bench.fields(r.DIAGNOSTICS_VOTER) == {"mismatches": clocks, "register": 4}
    assert (await bench.fields(r.DIAGNOSTICS_SCRUB_PROGRESS))["next_word"] == 8


@cocotb.test()
async def an_upset_under_a_write(dut: Any) -> None:
    """The written value holds, whatever the copy was before; the upset is counted."""
    bench = await bring_to_work(dut)
    triple = instance(dut, "pump_drive")
    frame = wire.frame(
        wire.command(wire.WRITE, r.CONTROL_PUMP_DRIVE.address, 4, bytes.fromhex("12345678"))
    )
    await bench.feed(frame)
    for _ in range(100):
        if triple.i_write.value:
            break
        await bench.step()
    else:
        raise AssertionError("the write does not come")
    copies(triple)[2].value = Immediate(0)
    await bench.step()
    assert [int(each.value) for each in copies(triple)] == [0x12345678] * 3
    await bench.until_idle()
    assert (await bench.fields(r.DIAGNOSTICS_VOTER)) == {"mismatches": 1, "register": 1}


@cocotb.test()
async def reset_clears_the_count_and_names_itself(dut: Any) -> None:
    bench = await bring_to_work(dut)
    (copy, *_) = copies(instance(dut, "scrub"))
    copy.value = Immediate(int(copy.value) ^ 1)
    await bench.step()
    assert (await bench.fields(r.DIAGNOSTICS_VOTER)) == {"mismatches": 1, "register": 9}
    bench = await ControllerBench(dut).start()
    assert (await bench.fields(r.DIAGNOSTICS_VOTER)) == {"mismatches": 0, "register": 0}
    cause = await bench.fields(r.DIAGNOSTICS_RESET_CAUSE)
    assert cause == {"power_on": 0, "external_reset": 1}
