"""UART receiver and transmitter, 12 clocks of 10 ns a bit."""

from __future__ import annotations

from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge, Timer

CLOCKS_PER_BIT = 12
BIT_PS = 120_000


async def start(dut: Any) -> None:
    Clock(dut.clk, 10, "ns").start()
    dut.line_in.value = 1
    dut.send_valid.value = 0
    dut.rst.value = 1
    for _ in range(3):
        await FallingEdge(dut.clk)
    dut.rst.value = 0
    for _ in range(3):
        await FallingEdge(dut.clk)


class Watch:
    """What the receiver says, clock by clock."""

    def __init__(self, dut: Any) -> None:
        self.data = bytearray()
        self.errors = 0
        cocotb.start_soon(self._run(dut))

    async def _run(self, dut: Any) -> None:
        edge = FallingEdge(dut.clk)
        while True:
            await edge
            if dut.line_valid.value:
                self.data.append(int(dut.line_data.value))
            if dut.line_error.value:
                self.errors += 1


async def drive(dut: Any, bits: str, bit_ps: int = BIT_PS) -> None:
    for bit in bits:
        dut.line_in.value = int(bit)
        await Timer(bit_ps, "ps")


def framed(byte: int, stop: str = "1") -> str:
    """Bits on the line, first one first."""
    return "0" + f"{byte:08b}"[::-1] + stop


@cocotb.test()
async def transmitter_bit_timing(dut: Any) -> None:
    await start(dut)
    line = []
    sent = [0x55, 0x00, 0xC0, 0xFF]
    expected = "".join(framed(byte) for byte in sent)
    queue = list(sent)
    assert dut.line_out.value == 1
    for _ in range(len(expected) * CLOCKS_PER_BIT):
        dut.send_valid.value = int(bool(queue))
        dut.send_data.value = queue[0] if queue else 0
        if dut.send_ready.value and queue:  # taken at the rising edge that comes next
            queue.pop(0)
        await FallingEdge(dut.clk)
        line.append(str(dut.line_out.value))
    # 12 clocks of each bit, and no gap between the bytes
    assert "".join(line) == "".join(bit * CLOCKS_PER_BIT for bit in expected)
    await FallingEdge(dut.clk)
    assert dut.line_out.value == 1
    assert dut.send_ready.value == 1


@cocotb.test()
async def receiver_takes_every_byte_back_to_back(dut: Any) -> None:
    await start(dut)
    watch = Watch(dut)
    await drive(dut, "".join(framed(byte) for byte in range(256)) + "11")
    assert bytes(watch.data) == bytes(range(256))
    assert watch.errors == 0


@cocotb.test()
async def receiver_stands_three_percent_and_any_phase(dut: Any) -> None:
    await start(dut)
    watch = Watch(dut)
    sent = bytearray()
    for percent in (-3, 3):
        for phase_ps in range(0, 10_000, 1_300):
            byte = 0xA6 ^ phase_ps // 100
            sent.append(byte & 0xFF)
            await Timer(phase_ps + 1, "ps")
            await drive(dut, framed(byte & 0xFF) + "1", BIT_PS * (100 + percent) // 100)
    assert watch.data == sent
    assert watch.errors == 0


@cocotb.test()
async def missing_stop_bit_is_an_error_and_no_byte(dut: Any) -> None:
    await start(dut)
    watch = Watch(dut)
    await drive(dut, framed(0x41, stop="0") + "11" + framed(0x42) + "1")
    assert watch.errors == 1
    assert watch.data == b"\x42"


@cocotb.test()
async def break_is_one_error(dut: Any) -> None:
    await start(dut)
    watch = Watch(dut)
    await drive(dut, "0" * 50 + "1" + framed(0x43) + "1")
    assert watch.errors == 1
    assert watch.data == b"\x43"


@cocotb.test()
async def spike_is_no_start_bit(dut: Any) -> None:
    await start(dut)
    watch = Watch(dut)
    dut.line_in.value = 0
    await Timer(BIT_PS // 3, "ps")
    await drive(dut, "1" * 12 + framed(0x44) + "1")
    assert watch.errors == 0
    assert watch.data == b"\x44"


@cocotb.test()
async def line_low_at_reset_is_no_start_bit(dut: Any) -> None:
    await start(dut)
    dut.line_in.value = 0
    dut.rst.value = 1
    await Timer(BIT_PS, "ps")
    dut.rst.value = 0
    watch = Watch(dut)
    await drive(dut, "0" * 20 + "1" + framed(0x45) + "1")
    assert watch.errors == 0
    assert watch.data == b"\x45"
