"""Injected faults of the link, the sensors and register copies, clock by clock.

What they do command by command is looked at by `tests/conformance/test_injection.py`.
"""

from __future__ import annotations

from typing import Any

import cocotb
from cocotb.handle import Immediate
from cocotb.triggers import Timer
from controller_bench import ControllerBench, unframe

from fsw import registers as r
from tests.conformance import wire

DROP, CORRUPT = 1 << 30, 2 << 30
FREEZE, SKEW = 1 << 30, 2 << 30
PROBE = wire.frame(wire.command(wire.READ, r.IDENTITY_ID.address, 4))
OVER_CURRENT_LIMIT = 40000
CURRENT_OF_TRAY_1 = 16 + 8 + 3  # channel


def write_frame(register: r.Register, word: int, key: int = wire.TEST_KEY) -> bytes:
    data = word.to_bytes(4, "big")
    return wire.frame(wire.command(wire.WRITE, register.address, 4, data, key=key))


async def clocks_with_output(bench: ControllerBench, clocks: int) -> int:
    """Clocks in which a byte is offered, however short."""
    offered = 0
    for _ in range(clocks):
        offered += bool(bench.dut.tx_valid.value)
        await bench.step()
    return offered


@cocotb.test()
async def a_dropped_reply_is_never_seen(dut: Any) -> None:
    """Also when nobody would take it: the encoder runs dry by itself."""
    bench = await ControllerBench(dut).start()
    for ready in (True, False):
        await bench.inject(r.INJECTION_REPLY_FAULT, DROP | 2)
        bench.ready = lambda clock, ready=ready: ready
        for frame in (PROBE, write_frame(r.CONTROL_SCRATCH, 5, wire.FLIGHT_KEY)):
            await bench.feed(frame)
            assert await clocks_with_output(bench, 100) == 0
            assert dut.idle.value
        bench.ready = lambda clock: True
        assert unframe(await bench.exchange(PROBE))[12:16] == b"RKST"
        assert await bench.word(r.CONTROL_SCRATCH) == 5


@cocotb.test()
async def a_dropped_reply_takes_the_clocks_of_one_that_is_sent(dut: Any) -> None:
    bench = await ControllerBench(dut).start()
    clocks = []
    for _ in range(2):
        start = bench.clocks
        sent = await bench.exchange(PROBE)
        clocks.append(bench.clocks - start)
        await bench.inject(r.INJECTION_REPLY_FAULT, DROP | 1)
    assert sent == b""
    assert clocks[0] == clocks[1]


@cocotb.test()
async def replies_are_dropped_to_the_last(dut: Any) -> None:
    bench = await ControllerBench(dut).start()
    await bench.inject(r.INJECTION_REPLY_FAULT, DROP | 0xFF)
    for _ in range(0xFF):
        assert await bench.exchange(PROBE) == b""
    assert unframe(await bench.exchange(PROBE))[12:16] == b"RKST"


@cocotb.test()
async def a_corrupt_reply_differs_in_one_bit(dut: Any) -> None:
    bench = await ControllerBench(dut).start()
    sent = await bench.exchange(PROBE)
    await bench.inject(r.INJECTION_REPLY_FAULT, CORRUPT | 1)
    corrupt = await bench.exchange(PROBE)
    assert len(sent) == len(corrupt) and sent[-1] == corrupt[-1] == wire.END
    difference = int.from_bytes(sent, "big") ^ int.from_bytes(corrupt, "big")
    assert difference == 1 << 8  # the byte before END is the low one of the CRC-16
    assert await bench.exchange(PROBE) == sent


@cocotb.test()
async def a_hang_begins_when_the_reply_has_gone(dut: Any) -> None:
    """From the clock after the one that takes the reply's END; its own reply is whole."""
    bench = await ControllerBench(dut).start()
    injection = dut.controller.gen_injection.injection
    for slow in (1, 7):
        bench.ready = lambda clock, slow=slow: clock % slow == 0
        bench.received.clear()
        await bench.feed(write_frame(r.INJECTION_LINK_HANG, 1))
        while len(bench.received) < 12:
            assert not injection.o_hang.value
            await bench.step()
        assert unframe(bytes(bench.received))[3] == 0
        assert not injection.o_hang.value
        await bench.step()
        assert injection.o_hang.value
        await bench.until_idle()
        bench.ready = lambda clock: True
        await bench.tick()
        assert not injection.o_hang.value


@cocotb.test()
async def ticks_count_from_the_beginning_of_a_hang_on(dut: Any) -> None:
    """Ticks while the reply leaves do not shorten it; the one that ends it does so at once."""
    bench = await ControllerBench(dut).start()
    injection = dut.controller.gen_injection.injection
    for ticks in (1, 2, 5):
        bench.ready = lambda clock: False  # the reply waits
        await bench.feed(write_frame(r.INJECTION_LINK_HANG, ticks))
        await bench.step(30)
        for _ in range(7):
            dut.tick.value = 1
            await bench.step()
            dut.tick.value = 0
            await bench.step(20)
        bench.ready = lambda clock: True
        await bench.until_idle()
        await bench.step()
        for _ in range(ticks):
            assert injection.o_hang.value
            assert await bench.exchange(PROBE) == b""
            dut.tick.value = 1
            await bench.step()
            dut.tick.value = 0
            assert injection.o_hang.value
            await bench.step()
        assert not injection.o_hang.value
        assert unframe(await bench.exchange(PROBE))[12:16] == b"RKST"
    assert (await bench.fields(r.FAST_FRAMES))["dropped"] == 0


@cocotb.test()
async def a_hung_link_takes_every_byte(dut: Any) -> None:
    """Nothing waits for its end: neither bytes nor error marks, nor a frame in progress."""
    bench = await ControllerBench(dut).start()
    received = (await bench.fields(r.FAST_FRAMES))["received"]
    await bench.inject(r.INJECTION_LINK_HANG, 2)
    for byte in PROBE * 60:  # more than the FIFO holds
        assert dut.rx_ready.value
        await bench.feed(bytes((byte,)))
    await bench.mark_error()
    await bench.feed(PROBE[:9])
    await bench.tick(2)
    assert unframe(await bench.exchange(PROBE))[12:16] == b"RKST"
    assert await bench.fields(r.FAST_FRAMES) == {"received": received + 3, "dropped": 0}


@cocotb.test()
async def ticks_in_a_row_end_a_hang_once(dut: Any) -> None:
    bench = await ControllerBench(dut).start()
    await bench.inject(r.INJECTION_LINK_HANG, 2)
    dut.tick.value = 1
    await bench.step(6)
    dut.tick.value = 0
    await bench.until_idle()
    assert unframe(await bench.exchange(PROBE))[12:16] == b"RKST"


@cocotb.test()
async def no_upset_puts_a_fault_in(dut: Any) -> None:
    """Every flop of the unit flipped while nobody tests: nothing acts that was not asked for."""
    bench = await ControllerBench(dut).start()
    injection = dut.controller.gen_injection.injection
    faults = ("hang", "front_end_off", "freeze", "skew", "drop_reply", "corrupt_reply")
    flops = [handle for handle in injection if handle._name.endswith("_q")]
    asked_for = {"front_end_off_q", "front_end_off_again_q"}
    asked_for |= {"sensor_q", "sensor_armed_q", "hang_q", "hang_armed_q", "hanging_q"}
    assert asked_for < {flop._name for flop in flops}
    lost_reply = {"hit_q bit 0": "drop_reply", "hit_q bit 1": "corrupt_reply"}  # until the next one
    for flop in flops:
        sound = int(flop.value)
        for bit in range(len(flop)):
            place = f"{flop._name} bit {bit}"
            flop.value = Immediate(sound ^ 1 << bit)
            await Timer(1, "ns")
            assert int(flop.value) == sound ^ 1 << bit, f"{place} did not take"
            for _ in range(4):
                for fault in faults:
                    acts = bool(getattr(injection, f"o_{fault}").value)
                    assert not acts or fault == lost_reply.get(place), f"{place}: {fault}"
                await bench.step()
            if flop._name in asked_for:
                assert int(flop.value) == sound, f"{place} stays"
            assert unframe(await bench.exchange(PROBE))[12:16] == b"RKST", place
            flop.value = Immediate(sound)
            await bench.step()


@cocotb.test()
async def a_sensor_fault_acts_from_the_next_clock_on(dut: Any) -> None:
    """A skew to one above the limit: sample, store, trip are two clocks, as for a real one."""
    bench = await ControllerBench(dut).start()
    await bench.write(r.CONTROL_POWER_SWITCH, 0b111)
    await bench.set_tray(1, current=OVER_CURRENT_LIMIT)
    await bench.feed(write_frame(r.INJECTION_SENSOR_FAULT, SKEW | CURRENT_OF_TRAY_1 << 16 | 1))
    injection = dut.controller.gen_injection.injection
    while not injection.i_write.value:
        assert bench.tray_bits(0) == 0b111
        await bench.step()
    for _ in range(2):
        await bench.step()
        assert bench.tray_bits(0) == 0b111
    await bench.step()
    assert bench.tray_bits(0) == 0b101
    await bench.until_idle()
    assert await bench.word(r.FAST_OVER_CURRENT) == 0b010


@cocotb.test()
async def a_frozen_channel_hides_an_over_current(dut: Any) -> None:
    bench = await ControllerBench(dut).start()
    await bench.write(r.CONTROL_POWER_SWITCH, 0b111)
    await bench.inject(r.INJECTION_SENSOR_FAULT, FREEZE | CURRENT_OF_TRAY_1 << 16)
    await bench.set_tray(1, current=0xFFFF, gpu=0x1234)
    await bench.step(10)
    assert bench.tray_bits(0) == 0b111
    assert await bench.word(r.FAST_HOTTEST) == 0x1234_0000  # its neighbours are taken
    await bench.feed(write_frame(r.INJECTION_SENSOR_FAULT, 0))
    injection = dut.controller.gen_injection.injection
    while not injection.i_write.value:
        await bench.step()
    await bench.step(2)
    assert bench.tray_bits(0) == 0b111
    await bench.step()
    assert bench.tray_bits(0) == 0b101


@cocotb.test()
async def a_strike_is_repaired_in_the_clock_after_its_write(dut: Any) -> None:
    bench = await ControllerBench(dut).start()
    await bench.write(r.CONTROL_SAFE_DRIVE, 0x1234_5678)
    triple = dut.controller.control_registers.safe_drive
    injection = dut.controller.gen_injection.injection
    struck = 0x1234_5678 ^ 0x8000_0001
    for copy in range(3):
        address = r.FLIP_REGISTERS.base + 256 * copy + 4 * 3
        data = bytes.fromhex("80000001")
        packet = wire.command(wire.WRITE, address, 4, data, key=wire.TEST_KEY)
        await bench.feed(wire.frame(packet))
        while not injection.i_write.value:
            await bench.step()
        assert not triple.o_mismatch.value
        await bench.step()
        flipped = [int(getattr(triple, f"copy_{name}_q").value) for name in "abc"]
        assert flipped == [struck if index == copy else 0x1234_5678 for index in range(3)]
        assert triple.o_mismatch.value and int(triple.o_data.value) == 0x1234_5678
        await bench.step()
        assert not triple.o_mismatch.value
        await bench.until_idle()
    assert await bench.fields(r.DIAGNOSTICS_VOTER) == {"mismatches": 3, "register": 3}


@cocotb.test()
async def a_flip_of_memory_takes_two_clocks(dut: Any) -> None:
    """Read, then written with the bits inverted, without a check; others wait for it."""
    bench = await ControllerBench(dut).start()
    await bench.write(r.MEMORY.base + 4 * 100, 0x12345678)
    sound = bench.codeword(100)
    memory = dut.controller.memory
    for region, inverted in ((r.FLIP_MEMORY, 0xF000_0001), (r.FLIP_CHECK, 0x71 << 32)):
        data = bytes.fromhex("F0000001") if region is r.FLIP_MEMORY else bytes.fromhex("FFFFFFF1")
        packet = wire.command(wire.WRITE, region.base + 400, 4, data, key=wire.TEST_KEY)
        await bench.feed(wire.frame(packet))
        while not memory.i_bus_valid.value:
            await bench.step()
        assert not memory.o_bus_done.value and bench.codeword(100) == sound
        await bench.step()
        assert memory.o_bus_done.value and bench.codeword(100) == sound
        await bench.step()
        assert bench.codeword(100) == sound ^ inverted
        await bench.until_idle()
        await bench.inject(region.base + 400, int.from_bytes(data, "big"))
        assert bench.codeword(100) == sound
    assert await bench.word(r.FAST_MEMORY_ERRORS) == 0
