"""Drives the controller of `rtl_bench.v` clock by clock.

Everything happens on the falling edge: outputs are settled there, and what is written there is in
place at the next rising edge.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cocotb.clock import Clock
from cocotb.handle import Immediate
from cocotb.triggers import FallingEdge

from fsw.register_map import Register
from tests.conformance import wire

TRAYS = 3
CLOCK_NS = 10
RACK_BYTES = 32


class ControllerBench:
    """The controller's ports as bytes, ticks and clocks."""

    def __init__(self, dut: Any, prefix: str = "") -> None:
        """`prefix` is that of the ports' names: which of the controllers of the bench."""
        self.dut = dut
        self.controller = getattr(dut, f"{prefix}controller")
        ports = ("tick", "rx_data", "rx_valid", "rx_error", "rx_ready", "sensors", "actuators")
        for port in (*ports, "tx_data", "tx_valid", "tx_ready", "idle"):
            setattr(self, f"_{port}", getattr(dut, prefix + port))
        self.clocks = 0
        self.received = bytearray()  # bytes from the controller
        self.sensors = bytearray(RACK_BYTES + 16 * TRAYS)
        self.ready: Callable[[int], bool] = lambda clock: True  # back pressure on replies
        self._falling = FallingEdge(dut.clk)

    async def start(self) -> ControllerBench:
        """Inputs at rest, clock on, reset, wait until the memory is clear."""
        dut = self.dut
        for quiet in (self._tick, self._rx_valid, self._rx_error, self._sensors):
            quiet.value = 0  # an earlier test has left its own
        Clock(dut.clk, CLOCK_NS, "ns").start()
        dut.rst.value = 1
        for _ in range(3):
            await self._falling
        dut.rst.value = 0
        await self.until_idle(2000)
        return self

    async def step(self, clocks: int = 1) -> None:
        """Let clocks go by, taking reply bytes."""
        for _ in range(clocks):
            ready = self.ready(self.clocks)
            self._tx_ready.value = int(ready)
            byte = int(self._tx_data.value) if ready and self._tx_valid.value else None
            await self._falling
            self.clocks += 1
            if byte is not None:
                self.received.append(byte)

    async def until_idle(self, limit: int = 5000) -> int:
        """Let clocks go by until the controller is idle; how many."""
        start = self.clocks
        await self.step()
        while not self._idle.value:
            assert self.clocks - start < limit, f"not idle after {limit} clocks"
            await self.step()
        return self.clocks - start

    async def feed(self, data: bytes) -> None:
        """Bytes into the controller, one a clock as long as it is ready."""
        self._rx_valid.value = 1
        for byte in data:
            self._rx_data.value = byte
            while True:
                taken = bool(self._rx_ready.value)
                await self.step()
                if taken:
                    break
        self._rx_valid.value = 0

    async def exchange(self, data: bytes) -> bytes:
        """Bytes in, what the controller sends until it is idle out."""
        self.received.clear()
        await self.feed(data)
        await self.until_idle()
        return bytes(self.received)

    async def tick(self, count: int = 1) -> None:
        """Ticks, each followed by the wait for idle."""
        for _ in range(count):
            self._tick.value = 1
            await self.step()
            self._tick.value = 0
            await self.until_idle()

    async def mark_error(self) -> None:
        """One clock of i_rx_error."""
        self._rx_error.value = 1
        await self.step()
        self._rx_error.value = 0

    # -- RMAP, in the codec of the conformance tests

    async def execute(
        self,
        instruction: int,
        address: int,
        length: int,
        data: bytes | None = None,
        key: int = wire.FLIGHT_KEY,
    ) -> bytes:
        """One command that must succeed; the data of its reply."""
        packet = wire.command(instruction, address, length, data, key=key)
        reply = unframe(await self.exchange(wire.frame(packet)))
        assert reply[3] == 0, f"status {reply[3]} for {packet.hex()}"
        return b"" if instruction & 0x20 else reply[12:-1]

    async def read(self, address: int, length: int = 4) -> bytes:
        """Bytes of `length` from `address` on."""
        return await self.execute(wire.READ, address, length)

    async def word(self, register: Register | int) -> int:
        """One 32-bit word."""
        address = register if isinstance(register, int) else register.address
        return int.from_bytes(await self.read(address), "big")

    async def fields(self, register: Register) -> dict[str, int]:
        """Raw fields of a register."""
        return register.unpack(await self.word(register))

    async def write(self, register: Register | int, word: int) -> None:
        """Write one 32-bit word."""
        address = register if isinstance(register, int) else register.address
        await self.execute(wire.WRITE, address, 4, word.to_bytes(4, "big"))

    async def inject(self, register: Register | int, word: int) -> None:
        """Write one 32-bit word with the test key."""
        address = register if isinstance(register, int) else register.address
        await self.execute(wire.WRITE, address, 4, word.to_bytes(4, "big"), wire.TEST_KEY)

    # -- rack

    async def set_tray(
        self,
        tray: int,
        *,
        current: int | None = None,
        gpu: int | None = None,
        hbm: int | None = None,
    ) -> None:
        """Raw measurements of a tray, in force from the next rising edge on."""
        base = RACK_BYTES + 16 * tray
        for offset, value in ((6, current), (8, gpu), (10, hbm)):
            if value is not None:
                self.sensors[base + offset : base + offset + 2] = value.to_bytes(2, "big")
        self.apply_sensors()

    def apply_sensors(self) -> None:
        """Put `sensors` on the port."""
        self._sensors.value = int.from_bytes(self.sensors, "big")

    def actuator_bytes(self) -> bytes:
        """The actuator vector as it is."""
        return int(self._actuators.value).to_bytes(28 + 4 * TRAYS, "big")

    def tray_bits(self, index: int) -> int:
        """One of the tray words of the actuators: 0 power, 1 reset, 2 scrub, 3 reload."""
        return int.from_bytes(self.actuator_bytes()[4 * index : 4 * index + 4], "big")

    # -- memory

    async def flip(self, word: int, mask: int) -> int:
        """XOR a mask into a stored codeword; the codeword read back."""
        stored = self.controller.memory.words[word]
        wanted = int(stored.value) ^ mask
        stored.value = Immediate(wanted)
        await self.step()
        assert int(stored.value) == wanted, f"injection into word {word} did not take"
        return wanted

    def codeword(self, word: int) -> int:
        """A stored codeword."""
        return int(self.controller.memory.words[word].value)


def unframe(data: bytes) -> bytes:
    """The packet of exactly one frame on the wire; its CRC-16 is checked."""
    assert data[:1] == b"\xc0" and data[-1:] == b"\xc0" and data.count(0xC0) == 2, data.hex()
    body = data[1:-1].replace(b"\xdb\xdc", b"\xc0").replace(b"\xdb\xdd", b"\xdb")
    packet, crc = body[:-2], int.from_bytes(body[-2:], "big")
    assert crc == wire.crc16(packet), f"CRC-16 {crc:04X} of {packet.hex()}"
    return packet
