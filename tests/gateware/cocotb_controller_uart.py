"""The controller behind its UART: bits in, bits out, its own ticks. 12 clocks of 10 ns a bit."""

from __future__ import annotations

from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge, Timer
from controller_bench import unframe

from tests.conformance import wire

BIT_NS = 120
TICK_CLOCKS = 1200


class UartBench:
    """A serial line of one byte after the other to `controller_uart`."""

    def __init__(self, dut: Any) -> None:
        self.dut = dut
        self.received = bytearray()

    async def start(self) -> UartBench:
        dut = self.dut
        Clock(dut.clk, 10, "ns").start()
        dut.uart_rx_line.value = 1
        dut.rst.value = 1
        await Timer(30, "ns")
        dut.rst.value = 0
        await Timer(11, "us")  # the memory clears itself
        assert dut.uart_idle.value == 1
        cocotb.start_soon(self._listen())
        return self

    async def _listen(self) -> None:
        """Bytes off the line, sampled in the middle of their bits."""
        line = self.dut.uart_tx_line
        while True:
            await FallingEdge(line)
            await Timer(BIT_NS // 2, "ns")
            assert line.value == 0
            byte = 0
            for bit in range(8):
                await Timer(BIT_NS, "ns")
                byte |= int(line.value) << bit
            await Timer(BIT_NS, "ns")
            assert line.value == 1
            self.received.append(byte)

    async def send(self, data: bytes, stop: int = 1) -> None:
        for byte in data:
            for bit in (0, *(byte >> k & 1 for k in range(8)), stop):
                self.dut.uart_rx_line.value = bit
                await Timer(BIT_NS, "ns")
        self.dut.uart_rx_line.value = 1

    async def exchange(self, data: bytes, reply_bytes: int) -> bytes:
        """Reply of a length that is known, within its time on the line and little more."""
        self.received.clear()
        await self.send(data)
        await Timer((reply_bytes * 10 + 5) * BIT_NS, "ns")
        return bytes(self.received)

    async def word(self, address: int) -> int:
        reply = await self.exchange(wire.frame(wire.command(wire.READ, address, 4)), 24)
        return int.from_bytes(unframe(reply)[12:16], "big")


@cocotb.test()
async def identity_over_the_line(dut: Any) -> None:
    bench = await UartBench(dut).start()
    # the literal frame and reply of cocotb_frames; the reply leaves without a gap
    command = bytes.fromhex("C0 FE014C2067000100 00000000000004 49 2551 C0")
    reply = bytes.fromhex("C0 67010C00FE000100 000004 76 524B5354 E2 5D43 C0")
    assert await bench.exchange(command, len(reply)) == reply
    assert await bench.word(0x0008) == 0x27100401


@cocotb.test()
async def ticks_come_from_the_clock(dut: Any) -> None:
    bench = await UartBench(dut).start()
    first = await bench.word(0x0010)
    await Timer(100 * TICK_CLOCKS * 10, "ns")
    between = await bench.word(0x0010) - first
    # 100 ticks of waiting and one transaction of (20 + 24) bytes, 10 bits of 12 clocks each
    expected = 100 + 44 * 120 / TICK_CLOCKS
    assert expected - 2 <= between <= expected + 2


@cocotb.test()
async def framing_error_on_the_line_drops_the_frame(dut: Any) -> None:
    bench = await UartBench(dut).start()
    frame = wire.frame(wire.command(wire.READ, 0, 4))
    await bench.send(frame[:10])
    await bench.send(frame[10:11], stop=0)
    await Timer(BIT_NS, "ns")
    assert await bench.exchange(frame[11:], 0) == b""
    assert await bench.word(0x0180) == 0x00000001


@cocotb.test()
async def silence_inside_a_frame_drops_it(dut: Any) -> None:
    bench = await UartBench(dut).start()
    frame = wire.frame(wire.command(wire.READ, 0, 4))
    await bench.send(frame[:10])
    await Timer(4 * TICK_CLOCKS * 10, "ns")
    assert await bench.exchange(frame[10:], 0) == b""
    assert await bench.word(0x0180) == 0x00010001  # a timeout, and the rest with no good CRC


@cocotb.test()
async def commands_back_to_back_are_all_answered(dut: Any) -> None:
    bench = await UartBench(dut).start()
    frames = [
        wire.frame(wire.command(wire.READ, 0x10000, 64, transaction=0x4100 + k)) for k in range(6)
    ]
    bench.received.clear()
    await bench.send(b"".join(frames))
    await Timer(6 * 85 * 10 * BIT_NS, "ns")
    replies = [part for part in bytes(bench.received).split(b"\xc0") if part]
    assert [reply[5:7] for reply in replies] == [(0x4100 + k).to_bytes(2, "big") for k in range(6)]
    assert await bench.word(0x0180) == 0


@cocotb.test()
async def overrun_of_the_input_is_a_framing_error(dut: Any) -> None:
    bench = await UartBench(dut).start()
    # While a reply of 529 bytes leaves, 552 come in, for which there is no room.
    silent = wire.WRITE & ~wire.REPLY_BIT
    writes = [wire.command(silent, 0x68, 4, bytes((0, 0, 0, k))) for k in range(1, 24)]
    burst = b"".join(wire.frame(packet)[1:] for packet in writes)
    assert len(burst) == 23 * 24 and 0xDB not in burst
    await bench.send(wire.frame(wire.command(wire.READ, 0x10000, 512)) + burst)
    await Timer(30 * 10 * BIT_NS, "ns")
    assert await bench.word(0x0180) == 0x00000001  # one frame, for its framing and not its CRC
    assert await bench.word(0x0184) == 0  # nothing was taken for a command that is none
    assert await bench.word(0x0068) == 23  # the frame behind the gap is whole again
    executed = await bench.word(0x013C) & 0xFFFF
    assert executed == 1 + 22 + 3  # the long read, all writes but one, the three reads since
