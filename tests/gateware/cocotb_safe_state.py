"""Watchdog, safe state, thermostat, drives and command lines: the actuator vector."""

from __future__ import annotations

from typing import Any

import cocotb
from cocotb.handle import Immediate
from controller_bench import TRAYS, ControllerBench

from fsw import registers as r

ALL = (1 << TRAYS) - 1
KICK = 0x5AFEC0DE
ENTER = 0x5AFE0001
LEAVE = 0x5AFE0000
ENABLE = 1 << 31
WARM = 29815  # 25 degC
DRIVES = slice(16, 24)
FLAGS = slice(24, 28)


async def started(dut: Any) -> ControllerBench:
    bench = await ControllerBench(dut).start()
    bench.sensors[12:14] = WARM.to_bytes(2, "big")  # coolant supply A
    bench.apply_sensors()
    await bench.step(2)
    return bench


async def safe(bench: ControllerBench) -> bool:
    flag = bench.actuator_bytes()[FLAGS] == b"\x00\x00\x00\x01"
    assert flag or bench.actuator_bytes()[FLAGS] == bytes(4)
    assert (await bench.fields(r.FAST_STATUS))["safe"] == flag
    return flag


@cocotb.test()
async def actuators_after_reset(dut: Any) -> None:
    bench = await started(dut)
    expected = bytes(16) + bytes.fromhex("4000 0000 0000 0000 00000000") + b"\xff" * (4 * TRAYS)
    assert bench.actuator_bytes() == expected


@cocotb.test()
async def actuators_follow_the_registers(dut: Any) -> None:
    bench = await started(dut)
    await bench.write(r.CONTROL_POWER_SWITCH, 0b110)
    await bench.write(r.CONTROL_PUMP_DRIVE, 0x11112222)
    await bench.write(r.CONTROL_THERMAL_DRIVE, 0x33334444)
    for tray in range(TRAYS):
        await bench.write(r.TRAY_CONTROL_CAP.at(tray), 0x50005000 + tray)
    expected = "00000006" + 3 * "00000000" + "1111222233334444" + "00000000"
    expected += "500050005000500150005002"
    assert bench.actuator_bytes() == bytes.fromhex(expected)
    assert (await bench.fields(r.FAST_STATUS))["heater_on"] == 1


@cocotb.test()
async def safe_state_by_command(dut: Any) -> None:
    bench = await started(dut)
    await bench.write(r.CONTROL_POWER_SWITCH, ALL)
    await bench.write(r.CONTROL_PUMP_DRIVE, 0x11112222)
    await bench.write(r.CONTROL_THERMAL_DRIVE, 0x33334444)
    before = bench.actuator_bytes()
    await bench.write(r.COMMAND_SAFE, 0x5AFE0002)  # no such key
    assert not await safe(bench)
    await bench.write(r.COMMAND_SAFE, ENTER)
    assert await safe(bench)
    assert bench.tray_bits(0) == 0
    assert bench.actuator_bytes()[DRIVES] == bytes.fromhex("6000 0000 FFFF 0000")
    await bench.write(r.CONTROL_SAFE_DRIVE, 0x77778888)
    assert bench.actuator_bytes()[DRIVES] == bytes.fromhex("7777 0000 8888 0000")
    await bench.tick(50)
    assert await safe(bench)
    await bench.write(r.COMMAND_SAFE, LEAVE)
    assert not await safe(bench)
    assert bench.actuator_bytes() == before
    assert (await bench.fields(r.FAST_STATUS))["watchdog_expired"] == 0


@cocotb.test()
async def thermostat_in_every_state(dut: Any) -> None:
    bench = await started(dut)
    await bench.write(r.CONTROL_THERMAL_DRIVE, 0x00000123)
    for supply, heater in ((27314, 0xFFFF), (27315, 0x0123)):
        bench.sensors[12:14] = supply.to_bytes(2, "big")
        bench.apply_sensors()
        await bench.step(2)
        assert bench.actuator_bytes()[22:24] == heater.to_bytes(2, "big")
    await bench.write(r.COMMAND_SAFE, ENTER)
    assert bench.actuator_bytes()[22:24] == bytes(2)
    assert (await bench.fields(r.FAST_STATUS))["heater_on"] == 0
    bench.sensors[12:14] = bytes(2)
    bench.apply_sensors()
    await bench.step(2)
    assert bench.actuator_bytes()[22:24] == b"\xff\xff"
    await bench.write(r.CONTROL_THERMOSTAT, 0)  # off, even for a sensor that reads 0
    assert bench.actuator_bytes()[22:24] == bytes(2)


@cocotb.test()
async def watchdog_expires_at_its_tick(dut: Any) -> None:
    bench = await started(dut)
    await bench.tick(600)  # disabled after reset
    assert not await safe(bench)
    for period, ticks in ((0, 1), (1, 1), (7, 7)):
        await bench.write(r.COMMAND_SAFE, LEAVE)
        await bench.write(r.CONTROL_WATCHDOG, ENABLE | period)
        await bench.tick(ticks - 1)
        assert not await safe(bench)
        await bench.tick()
        assert await safe(bench)
    assert await bench.fields(r.DIAGNOSTICS_WATCHDOG_EVENTS) == {"expired": 3, "bad_kicks": 0}
    await bench.tick(20)  # no second expiry in the safe state
    assert (await bench.fields(r.DIAGNOSTICS_WATCHDOG_EVENTS))["expired"] == 3
    status = await bench.fields(r.FAST_STATUS)
    assert status["watchdog_expired"] == 1
    assert status["watchdog_enabled"] == 1
    await bench.write(r.COMMAND_SAFE, LEAVE)  # starts a whole period
    await bench.tick(6)
    assert not await safe(bench)
    assert (await bench.fields(r.FAST_STATUS))["watchdog_expired"] == 1


@cocotb.test()
async def kicks(dut: Any) -> None:
    bench = await started(dut)
    await bench.write(r.CONTROL_WATCHDOG, ENABLE | 5)
    for _ in range(5):
        await bench.tick(4)
        await bench.write(r.COMMAND_WATCHDOG_KICK, KICK)
    assert not await safe(bench)
    await bench.tick(3)
    await bench.write(r.CONTROL_WATCHDOG, ENABLE | 5)  # restarts as well
    await bench.tick(4)
    assert not await safe(bench)
    await bench.write(r.COMMAND_WATCHDOG_KICK, KICK ^ 1)
    await bench.tick(1)
    assert await safe(bench)
    assert await bench.fields(r.DIAGNOSTICS_WATCHDOG_EVENTS) == {"expired": 1, "bad_kicks": 1}


@cocotb.test()
async def lines_are_held_for_twenty_ticks(dut: Any) -> None:
    bench = await started(dut)
    commands = (r.COMMAND_TRAY_RESET, r.COMMAND_TRAY_SCRUB, r.COMMAND_TRAY_RELOAD)
    for index, register in enumerate(commands, start=1):
        await bench.write(register, 0b001)
        lines = [bench.tray_bits(k) for k in (1, 2, 3)]
        assert lines == [0b001 if k == index else 0 for k in (1, 2, 3)]
        await bench.tick(19)
        assert bench.tray_bits(index) == 0b001
        await bench.tick()
        assert bench.tray_bits(index) == 0


@cocotb.test()
async def a_second_write_holds_all_lines_of_its_kind_anew(dut: Any) -> None:
    bench = await started(dut)
    await bench.write(r.COMMAND_TRAY_RESET, 0b001)
    await bench.tick(15)
    await bench.write(r.COMMAND_TRAY_RESET, 0b100)
    await bench.write(r.COMMAND_TRAY_SCRUB, 0b010)
    assert bench.tray_bits(1) == 0b101
    await bench.tick(19)
    assert bench.tray_bits(1) == 0b101
    await bench.write(r.COMMAND_TRAY_RESET, 0)  # nothing: does not hold them longer
    await bench.write(r.COMMAND_TRAY_RESET, 1 << TRAYS)  # a tray that is not fitted
    await bench.tick()
    assert bench.tray_bits(1) == 0
    assert bench.tray_bits(2) == 0


@cocotb.test()
async def lines_work_in_the_safe_state(dut: Any) -> None:
    bench = await started(dut)
    await bench.write(r.COMMAND_TRAY_RELOAD, 0b010)
    await bench.write(r.COMMAND_SAFE, ENTER)
    await bench.write(r.COMMAND_TRAY_RESET, 0b100)
    assert bench.tray_bits(3) == 0b010
    assert bench.tray_bits(1) == 0b100
    await bench.tick(20)
    assert bench.tray_bits(3) == 0
    assert bench.tray_bits(1) == 0


@cocotb.test()
async def trays_that_are_not_fitted_do_not_exist(dut: Any) -> None:
    bench = await started(dut)
    await bench.write(r.CONTROL_POWER_SWITCH, 0xFFFFFFFF)
    assert await bench.word(r.CONTROL_POWER_SWITCH) == ALL
    assert bench.tray_bits(0) == ALL


@cocotb.test()
async def reset_restores_everything(dut: Any) -> None:
    bench = await started(dut)
    before = bench.actuator_bytes()
    for register in (r.CONTROL_POWER_SWITCH, r.CONTROL_PUMP_DRIVE, r.CONTROL_THERMAL_DRIVE):
        await bench.write(register, 0x01020307)
    await bench.write(r.COMMAND_TRAY_RESET, ALL)
    await bench.write(r.COMMAND_SAFE, ENTER)
    await bench.write(0x10000, 0xFFFFFFFF)
    await bench.tick(5)
    assert bench.actuator_bytes() != before
    dut.rst.value = 1
    await bench.step(2)
    dut.rst.value = 0
    reset = bench.actuator_bytes()
    assert reset[DRIVES] == bytes.fromhex("4000 0000 0000 FFFF")  # no sample: it heats
    await bench.step()
    assert bench.actuator_bytes() == before
    assert await bench.until_idle() > 1000  # the memory is cleared word by word
    assert await bench.word(0x10000) == 0
    assert await bench.word(r.IDENTITY_UPTIME) == 0
    assert (await bench.fields(r.FAST_FRAMES)) == {"received": 3, "dropped": 0}


@cocotb.test()
async def command_lines_fall_whatever_becomes_of_their_count(dut: Any) -> None:
    """An upset of the ticks that are left: with 0 the lines fall at once, with 31 after so many."""
    bench = await started(dut)
    commands = (
        (r.COMMAND_TRAY_RESET, dut.controller.reset_command.left_q, 1),
        (r.COMMAND_TRAY_SCRUB, dut.controller.scrub_command.left_q, 2),
        (r.COMMAND_TRAY_RELOAD, dut.controller.reload_command.left_q, 3),
    )
    for register, left, line in commands:
        await bench.write(register, 0b101)
        left.value = Immediate(0)
        await bench.step()
        assert bench.tray_bits(line) == 0
        await bench.write(register, 0b101)
        left.value = Immediate(31)
        await bench.tick(30)
        assert bench.tray_bits(line) == 0b101
        await bench.tick()
        assert bench.tray_bits(line) == 0
        left.value = Immediate(7)  # while none is up
        await bench.tick(8)
        assert bench.tray_bits(line) == 0


@cocotb.test()
async def command_lines_are_low_while_nothing_is_left(dut: Any) -> None:
    """Not even two copies, upset in one clock, raise a line for longer than that."""
    bench = await started(dut)
    for command in ("reset_command", "scrub_command", "reload_command"):
        lines = getattr(dut.controller, command).lines
        for copy in (lines.copy_a_q, lines.copy_c_q):
            copy.value = Immediate(0b010)
        await bench.step()
        assert int(lines.o_data.value) == 0
