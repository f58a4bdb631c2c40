"""A flight build, fed by an ADC: the test key is a wrong key, nothing of injection is left, and
samples that come word by word hold the bus for a clock each.
"""

from __future__ import annotations

import random
from typing import Any

import cocotb
from controller_bench import TRAYS, ControllerBench, unframe

from fsw import registers as r
from tests.conformance import wire

WORDS = 8 + 4 * TRAYS
INVALID_KEY, NOT_AUTHORISED = 3, 10
TEST_REGIONS = [region for region in r.REGIONS if region.key == r.TEST_KEY]


async def refusal(bench: ControllerBench, address: int, key: int) -> int:
    """Status of a write of one word."""
    packet = wire.command(wire.WRITE, address, 4, b"\xff\xff\xff\xff", key=key)
    return unframe(await bench.exchange(wire.frame(packet)))[3]


async def scan(bench: ControllerBench) -> None:
    """All words once, then no more."""
    bench.dut.flight_scan.value = 1
    await bench.step(4 * WORDS)
    bench.dut.flight_scan.value = 0


@cocotb.test()
async def features_are_told(dut: Any) -> None:
    for prefix, features in (
        ("", {"adc": 0, "injection": 1}),
        ("flight_", {"adc": 1, "injection": 0}),
    ):
        bench = await ControllerBench(dut, prefix).start()
        assert await bench.fields(r.IDENTITY_FEATURES) == features


@cocotb.test()
async def the_test_key_is_refused(dut: Any) -> None:
    bench = await ControllerBench(dut, "flight_").start()
    before = bench.actuator_bytes()
    refused = 0
    for region in r.REGIONS:
        for address in (region.base, region.end(TRAYS) - 4):
            assert await refusal(bench, address, wire.TEST_KEY) == INVALID_KEY
            refused += 1
    assert await bench.fields(r.DIAGNOSTICS_COMMANDS_REFUSED) == {
        "refused": refused,
        "last_status": INVALID_KEY,
    }
    assert bench.actuator_bytes() == before
    assert [bench.codeword(word) for word in (0, 1023)] == [0, 0]
    assert await bench.fields(r.DIAGNOSTICS_VOTER) == {"mismatches": 0, "register": 0}


@cocotb.test()
async def test_regions_do_not_exist_for_the_flight_key(dut: Any) -> None:
    assert len(TEST_REGIONS) == 8
    for prefix in ("", "flight_"):
        bench = await ControllerBench(dut, prefix).start()
        for region in TEST_REGIONS:
            for address in (region.base, region.end(TRAYS) - 4):
                assert await refusal(bench, address, wire.FLIGHT_KEY) == NOT_AUTHORISED


@cocotb.test()
async def nothing_of_injection_is_built_in(dut: Any) -> None:
    assert hasattr(dut.controller, "gen_injection")
    assert not hasattr(dut.flight_controller, "gen_injection")
    assert hasattr(dut.flight_controller, "gen_flight")


@cocotb.test()
async def everything_else_is_as_ever(dut: Any) -> None:
    """The same commands, bytes and clocks as the build with injection and vectors of samples."""
    told = []
    for prefix in ("", "flight_"):
        bench = await ControllerBench(dut, prefix).start()
        await bench.set_tray(1, current=100, gpu=0x9000, hbm=0x1234)
        await scan(bench)
        await bench.write(r.CONTROL_POWER_SWITCH, 0b111)
        await bench.flip(3, 1 << 20)
        await bench.write(r.CONTROL_SCRUB, 1 << 31 | 1)
        await bench.tick(12)
        blocks = [(r.CONTROL.base, 48), (r.FAST.base, 64), (r.DIAGNOSTICS.base, 52)]
        blocks += [(r.TRAYS.base, 16 * TRAYS), (r.MEMORY.base, 512), (r.CONFIG_FRAMES.base, 512)]
        answers = [await bench.read(*block) for block in blocks]
        told.append((answers, bench.actuator_bytes(), bench.clocks))
    assert told[0] == told[1]


@cocotb.test()
async def samples_come_word_by_word(dut: Any) -> None:
    """While the front end scans, telemetry is whole, and trips are two clocks from their sample."""
    bench = await ControllerBench(dut, "flight_").start()
    await bench.write(r.CONTROL_OVER_TEMPERATURE_LIMIT, 0xFFFF_FFFF)
    await bench.write(r.CONTROL_OVER_CURRENT_LIMIT, 0xFFFE)
    await bench.write(r.CONTROL_POWER_SWITCH, 0b111)
    draw = random.Random(34)
    dut.flight_scan.value = 1
    waits = 0
    for _ in range(60):
        bench.sensors[:] = draw.randbytes(len(bench.sensors))
        for tray in range(TRAYS):  # bits that the controller replaces: powered, no trip
            status = 32 + 16 * tray
            bench.sensors[status] = bench.sensors[status] & 0xF1 | 0x08
        bench.apply_sensors()
        await bench.step(4 * WORDS + draw.randrange(4))
        fast = await bench.read(r.FAST.base, 64)
        assert fast[16:28] + fast[32:52] == bench.sensors[:32]
        assert await bench.read(r.TRAYS.base, 16 * TRAYS) == bench.sensors[32:]
        await bench.feed(wire.frame(wire.command(wire.READ, r.TRAYS.base, 4)))
        while not dut.flight_tx_valid.value:
            waits += bool(
                dut.flight_controller.storing.value & dut.flight_controller.bus_valid.value
            )
            await bench.step()
        await bench.until_idle()
    assert waits > 10
    word = 8 + 4 * 2 + 1  # power and current of tray 2
    await bench.set_tray(2, current=0xFFFF)
    while int(dut.flight_index.value) != word or not dut.flight_controller.i_sample_valid.value:
        await bench.step()
    await bench.step()
    assert bench.tray_bits(0) == 0b111
    await bench.step()
    assert bench.tray_bits(0) == 0b011
    dut.flight_scan.value = 0
