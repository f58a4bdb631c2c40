"""RMAP commands: the standard's vectors, transfers of every length, clocks they take."""

from __future__ import annotations

import random
from typing import Any

import cocotb
from controller_bench import TRAYS, ControllerBench, unframe

from fsw import registers as r
from tests.conformance import wire

ECSS_WRITE = bytes.fromhex("FE016C0067000000A00000000000109F 0123456789ABCDEF101112131415161756")
ECSS_READ = bytes.fromhex("FE014C0067000100A0000000000010C9")


@cocotb.test()
async def ecss_vectors_are_well_formed_for_another_key(dut: Any) -> None:
    # The vectors carry key 0: refused with status 3, which says that both headers were accepted.
    bench = await ControllerBench(dut).start()
    reply = unframe(await bench.exchange(wire.frame(ECSS_WRITE)))
    assert reply[:7] == bytes.fromhex("67012C03FE0000")
    assert reply[7:] == bytes((wire.crc8(reply[:7]),))
    reply = unframe(await bench.exchange(wire.frame(ECSS_READ)))
    assert reply[:11] == bytes.fromhex("67010C03FE000100000000")
    assert reply[11:] == bytes((wire.crc8(reply[:11]), 0x00))
    assert await bench.fields(r.DIAGNOSTICS_COMMANDS_REFUSED) == {"refused": 2, "last_status": 3}
    assert (await bench.fields(r.DIAGNOSTICS_FRAME_ERRORS_2))["discarded"] == 0


@cocotb.test()
async def write_reply_is_the_vector_of_the_standard(dut: Any) -> None:
    bench = await ControllerBench(dut).start()
    packet = wire.command(wire.WRITE_UNVERIFIED, 0x10000, 16, ECSS_WRITE[16:32], transaction=0x0000)
    reply = await bench.exchange(wire.frame(packet))
    assert unframe(reply) == bytes.fromhex("67012C00FE0000ED")
    packet = wire.command(wire.READ, 0x10000, 16, transaction=0x0001)
    reply = unframe(await bench.exchange(wire.frame(packet)))
    assert reply == bytes.fromhex("67010C00FE000100000010 6D") + ECSS_WRITE[16:]


@cocotb.test()
async def identity(dut: Any) -> None:
    bench = await ControllerBench(dut).start()
    assert await bench.read(0x0000, 16) == bytes.fromhex("524B5354 01030000 00640403 0BADCAFE")
    await bench.tick(3)
    assert await bench.read(0x0010, 8) == bytes.fromhex("00000003 00000001")


@cocotb.test()
async def transfers_of_every_length(dut: Any) -> None:
    bench = await ControllerBench(dut).start()
    rng = random.Random(5052)
    for words in (0, 1, 2, 3, 31, 63, 64):
        data = rng.randbytes(4 * words)
        base = 0x10000 + 4 * rng.randrange(1024 - 128)
        await bench.execute(wire.WRITE, base, len(data), data)
        assert await bench.read(base, len(data)) == data
    data = rng.randbytes(512)
    await bench.execute(wire.WRITE, 0x10E00, 256, data[:256])
    await bench.execute(wire.WRITE, 0x10F00, 256, data[256:])
    assert await bench.read(0x10E00, 512) == data


@cocotb.test()
async def non_incrementing_transfers(dut: Any) -> None:
    bench = await ControllerBench(dut).start()
    data = bytes(range(1, 13))
    await bench.execute(wire.WRITE & ~0x04, 0x68, 12, data)
    assert await bench.word(r.CONTROL_SCRATCH) == 0x090A0B0C
    assert await bench.execute(wire.READ_SAME, 0x68, 12) == data[8:] * 3
    # at the last word of a region there is room for any number
    assert await bench.execute(wire.READ_SAME, 0x10, 512) == bytes(512)


@cocotb.test()
async def read_modify_write(dut: Any) -> None:
    bench = await ControllerBench(dut).start()
    for address in (0x68, 0x10004, 0x208):
        await bench.write(address, 0x12345678)
        operands = bytes.fromhex("AAAAAAAA 0000FFFF")
        assert await bench.execute(wire.READ_MODIFY_WRITE, address, 8, operands) == bytes.fromhex(
            "12345678"
        )
        assert await bench.word(address) == 0x1234AAAA


@cocotb.test()
async def control_registers_keep_the_bits_that_exist(dut: Any) -> None:
    bench = await ControllerBench(dut).start()
    for register in r.REGISTERS:
        if register.access != "rw":
            continue
        for index in range(min(register.count, TRAYS)):
            address = register.address + index * register.stride
            assert await bench.word(address) == register.reset, register.name
            defined = 0
            for field in register.fields:
                defined |= field.maximum << field.lsb
            if register is r.CONTROL_POWER_SWITCH:
                defined = (1 << TRAYS) - 1
            for pattern in (0xFFFFFFFF, 0xA5A5A5A5, 0x00000000):
                await bench.write(address, pattern)
                assert await bench.word(address) == pattern & defined, register.name


@cocotb.test()
async def unreplied_write_is_silent_and_counted(dut: Any) -> None:
    bench = await ControllerBench(dut).start()
    packet = wire.command(wire.WRITE & ~wire.REPLY_BIT, 0x68, 4, b"\x01\x02\x03\x04")
    assert await bench.exchange(wire.frame(packet)) == b""
    assert await bench.word(r.CONTROL_SCRATCH) == 0x01020304
    packet = wire.command(wire.WRITE & ~wire.REPLY_BIT, 0x70, 4, b"\x01\x02\x03\x04")
    assert await bench.exchange(wire.frame(packet)) == b""
    assert (await bench.fields(r.FAST_ACTIVITY))["commands"] == 2
    assert await bench.fields(r.DIAGNOSTICS_COMMANDS_REFUSED) == {"refused": 1, "last_status": 10}


@cocotb.test()
async def nothing_is_written_before_the_data_crc(dut: Any) -> None:
    bench = await ControllerBench(dut).start()
    packet = bytearray(wire.command(wire.WRITE, 0x10000, 256, b"\xff" * 256))
    packet[-1] ^= 0x01
    reply = unframe(await bench.exchange(wire.frame(bytes(packet))))
    assert reply[3] == 4
    assert await bench.read(0x10000, 256) == bytes(256)


@cocotb.test()
async def every_wrong_header_or_data_crc_is_found(dut: Any) -> None:
    bench = await ControllerBench(dut).start()
    good = wire.command(wire.WRITE, 0x68, 4, b"\x01\x02\x03\x04")
    for difference in range(1, 256):
        packet = bytearray(good)
        packet[15] ^= difference
        assert await bench.exchange(wire.frame(bytes(packet))) == b""
        packet = bytearray(good)
        packet[-1] ^= difference
        assert unframe(await bench.exchange(wire.frame(bytes(packet))))[3] == 4
    assert (await bench.fields(r.DIAGNOSTICS_FRAME_ERRORS_2))["discarded"] == 255
    assert await bench.fields(r.DIAGNOSTICS_COMMANDS_REFUSED) == {"refused": 255, "last_status": 4}
    assert await bench.word(r.CONTROL_SCRATCH) == 0


@cocotb.test()
async def sensors_and_trays_in_the_telemetry(dut: Any) -> None:
    bench = await ControllerBench(dut).start()
    bench.sensors[:] = random.Random(18).randbytes(len(bench.sensors))
    for tray in range(TRAYS):
        bench.sensors[32 + 16 * tray + 6] = 0  # no over-current
        bench.sensors[32 + 16 * tray] |= 0x0E  # to be replaced by the controller
    bench.apply_sensors()
    await bench.write(r.CONTROL_POWER_SWITCH, 0b101)
    fast = await bench.read(0x100, 64)
    assert fast[16:28] == bench.sensors[0:12]
    assert fast[32:52] == bench.sensors[12:32]
    hottest = [
        max(
            int.from_bytes(bench.sensors[32 + 16 * tray + at : 32 + 16 * tray + at + 2], "big")
            for tray in (0, 2)
        )
        for at in (8, 10)
    ]
    assert r.FAST_HOTTEST.unpack(int.from_bytes(fast[28:32], "big")) == {
        "gpu": hottest[0],
        "hbm": hottest[1],
    }
    trays = await bench.read(0x1000, 16 * TRAYS)
    for tray in range(TRAYS):
        sensed = bytearray(bench.sensors[32 + 16 * tray : 48 + 16 * tray])
        sensed[0] = sensed[0] & 0xF1 | (0x08 if tray != 1 else 0)
        assert trays[16 * tray : 16 * tray + 16] == sensed


@cocotb.test()
async def hottest_is_of_the_powered_trays_only(dut: Any) -> None:
    bench = await ControllerBench(dut).start()
    await bench.set_tray(0, gpu=0x1200, hbm=0x2100)
    await bench.set_tray(1, gpu=0xFFFF, hbm=0xFFFF)
    await bench.set_tray(2, gpu=0x1100, hbm=0x2200)
    for switches, hottest in ((0b000, 0), (0b001, 0x12002100), (0b101, 0x12002200)):
        await bench.write(r.CONTROL_POWER_SWITCH, switches)
        assert await bench.word(r.FAST_HOTTEST) == hottest
    await bench.write(r.CONTROL_POWER_SWITCH, 0b111)
    assert await bench.word(r.FAST_HOTTEST) == 0xFFFFFFFF


@cocotb.test()
async def clocks_of_a_transaction(dut: Any) -> None:
    """From the END of a command to the first byte of its reply, and then a byte a clock."""
    bench = await ControllerBench(dut).start()
    frames, memory, scratch = 0x11000, 0x10000, 0x68
    for packet, latency in (
        (wire.command(wire.READ, 0x100, 4), 7),
        (wire.command(wire.READ, 0x100, 64), 7),
        (wire.command(wire.READ, 0x1000, 16 * TRAYS), 7),
        (wire.command(wire.READ, memory, 512), 7),
        (wire.command(wire.READ, frames, 512), 7),
        (wire.command(wire.READ_MODIFY_WRITE, scratch, 8, bytes(8)), 7 + 4),
        (wire.command(wire.READ_MODIFY_WRITE, memory, 8, bytes(8)), 7 + 3),
        (wire.command(wire.READ_MODIFY_WRITE, frames, 8, bytes(8)), 7 + 6),
        (wire.command(wire.WRITE, scratch, 0, b""), 7),
        (wire.command(wire.WRITE, 0x40, 40, bytes(40)), 7 + 2 * 10),
        (wire.command(wire.WRITE, memory, 256, bytes(256)), 7 + 64),
        (wire.command(wire.WRITE, frames, 256, bytes(256)), 7 + 4 * 64),
        (wire.command(wire.WRITE, 0x00, 4, bytes(4)), 7),  # refused
    ):
        bench.received.clear()
        await bench.feed(wire.frame(packet))
        end = bench.clocks - 1  # the clock in which END was at the input
        while not dut.tx_valid.value:
            await bench.step()
        assert bench.clocks - end == latency, packet.hex()
        first = bench.clocks
        await bench.until_idle()
        reply = bytes(bench.received)
        assert len(unframe(reply)) >= 8
        assert bench.clocks - first == len(reply), packet.hex()
