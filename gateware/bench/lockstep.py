"""cocotb module inside the simulator: puts the messages of the bench to `request_driver`.

Python runs once a segment: it writes the request, toggles `go`, sleeps until `done` toggles, and
reads the answer. Simulated time stands still while it waits for a message. Wide vectors cross as
strings of binary digits, straight through cocotb's simulator handles: no LogicArray is made.
"""

from __future__ import annotations

import hashlib
import os
import socket
from typing import Any

import cocotb
from cocotb.handle import (
    ArrayObject,
    HierarchyArrayObject,
    HierarchyObject,
    Immediate,
    LogicArrayObject,
    LogicObject,
    PackedObject,
)
from cocotb.triggers import Timer, ValueChange
from cocotb.types import LogicArray
from cocotb.utils import get_sim_time

from gateware.bench import message

CLOCK_NS = 10  # simulated, of the tops
DEPOSIT = 0  # cocotb's action number of an ordinary write
GO, RESET, SENSORS = 1 << 31, 1 << 30, 1 << 29  # bits of `control`
BYTES_LSB = 19
TICKS_MOST = (1 << BYTES_LSB) - 1
REPLY_BYTES_MOST = 1 << 17  # to one request; 30 reads of 512 bytes, all escaped, are 32,000
MORE, MOVED = 1 << 17, 1 << 16  # bits of `status`


class Bench:
    """The signals of `request_driver`, as bytes."""

    def __init__(self, dut: Any) -> None:
        driver = dut.driver
        board = getattr(dut, "board", dut)  # with or without a UART around the controller
        controller: Any = getattr(board, "controller", None)  # None: a netlist, without names
        self._stores: tuple[Any, ...] = ()
        self._controller = controller
        self._registers: dict[str, Any] = {}
        self._arrays: dict[str, Any] = {}
        self._memories: dict[str, list[Any]] = {}
        self._armed: Any = None  # the task that waits to flip a register
        self.struck = b""
        if controller is not None:
            self._stores = (controller.memory.words, controller.config_frames.words)
        self._request = [row._handle for row in driver.request]
        self._reply = [row._handle for row in driver.reply]
        self._row_bytes = len(driver.request[0]) // 8
        self._capacity = self._row_bytes * len(self._request)
        self._sensors = driver.sensors._handle
        self._sensor_bits = len(driver.sensors)
        self.sensor_bytes = self._sensor_bits // 8
        self._control = driver.control._handle
        self._status = driver.status._handle
        self._actuators = driver.actuators._handle
        self._done = ValueChange(driver.done)
        self._injector: Any = getattr(dut, "injector", None)  # not every top has one
        self._go = 0
        self.actuators = bytes(len(driver.actuators) // 8)

    async def reset(self) -> None:
        """Power-on state, sensors at zero; a flip that is ahead is forgotten."""
        if self._armed is not None:
            self._armed.cancel()
            self._armed = None
        self.struck = b""
        await self._run(RESET)

    async def run(self, sensors: bytes, ticks: int, data: bytes) -> bytes:
        """One segment (no sensors: b""); the reply bytes."""
        flags = 0
        if sensors:
            self._write(self._sensors, sensors, self._sensor_bits)
            flags = SENSORS
        while ticks > TICKS_MOST:
            await self._run(flags | TICKS_MOST)
            ticks -= TICKS_MOST
        if len(data) <= self._capacity:
            return await self._run(flags | ticks, data)
        reply = await self._run(flags | ticks)
        for start in range(0, len(data), self._capacity):
            reply += await self._run(0, data[start : start + self._capacity])
        return reply

    async def _run(self, control: int, data: bytes = b"") -> bytes:
        size = self._row_bytes
        for row in range((len(data) + size - 1) // size):
            self._write(
                self._request[row], data[row * size : (row + 1) * size].ljust(size, b"\0"), 8 * size
            )
        control |= len(data) << BYTES_LSB
        reply = b""
        while True:
            self._go ^= GO
            word = control | self._go
            self._control.set_signal_val_int(DEPOSIT, word - (1 << 32) if word >> 31 else word)
            await self._done
            status = self._status.get_signal_val_long()
            count = status & 0xFFFF
            if count:
                rows = self._reply[: (count + size - 1) // size]
                reply += b"".join([self._read(row, size) for row in rows])[:count]
            if status & MOVED:
                self.actuators = self._read(self._actuators, len(self.actuators))
            if not status & MORE:
                return reply
            if len(reply) > REPLY_BYTES_MOST:  # the driver's own guard waits for silence
                raise RuntimeError(
                    f"the controller does not stop: {len(reply)} bytes to a request of {len(data)}"
                )

    def peek(self, store: int, word: int) -> int:
        """A word of a store, numbered as in `message`."""
        return int(self._stores[store][word].value.to_unsigned())

    async def flip(self, store: int, word: int, mask: int) -> int:
        """XOR `mask` into a stored word; what is read back a moment later."""
        stored = self._stores[store][word]
        stored.value = Immediate(stored.value.to_unsigned() ^ mask)
        await self._run(0)
        return self.peek(store, word)

    async def flip_register(self, number: int, copy: int, mask: int) -> tuple[int, int]:
        """XOR `mask` into a copy of a triplicated register; a sound copy and the flipped one.

        The clocks that take this are without a tick; they repair the copy too.
        """
        injector = self._injector
        injector.register.value = number
        injector.copy.value = copy
        injector.mask.value = mask
        injector.strike.value = not injector.strike.value
        await self._run(0)
        return int(injector.sound.value), int(injector.flipped.value)

    def flops(self) -> dict[str, Any]:
        """Every register of the controller by its name in the Verilog, seen from there.

        A register is what its name says, as all of this RTL does: it ends in `_q`.
        """
        if not self._registers:
            scopes = [self._controller]
            above = len(f"{self._controller._path}.")
            while scopes:
                for child in scopes.pop():
                    if isinstance(child, HierarchyObject | HierarchyArrayObject):
                        scopes.append(child)
                    elif isinstance(child, ArrayObject):
                        self._arrays[child._path[above:]] = child
                    elif child._name.endswith("_q") and isinstance(
                        child, LogicObject | LogicArrayObject | PackedObject
                    ):
                        self._registers[child._path[above:]] = child
        return dict(sorted(self._registers.items()))

    def arrays(self) -> dict[str, Any]:
        """Every memory of the controller, an array of words, by its name seen from there."""
        self.flops()
        return dict(sorted(self._arrays.items()))

    def _place(self, name: str) -> Any:
        """A register, or a word of a memory as `memory.words[5]`."""
        memory, bracket, index = name.partition("[")
        if name in self.flops() or not bracket:
            return self._registers[name]
        return self._arrays[memory][int(index.rstrip("]"))]

    async def flip_flops(self, masks: list[tuple[str, int]]) -> list[tuple[int, int]]:
        """XOR masks into registers, all between the same two clocks; before and after of each.

        Clocks follow.
        """
        seen = [_flip(self._place(name), mask) for name, mask in masks]
        await self._run(0)
        return seen

    def arm(self, name: str, mask: int, clocks: int) -> None:
        """XOR `mask` into a register or word half a clock after that many clocks from now."""
        register = self._place(name)

        async def strike() -> None:
            await Timer(clocks * CLOCK_NS + CLOCK_NS // 2, "ns")
            self.struck = b"%x %x" % _flip(register, mask)

        self._armed = cocotb.start_soon(strike())

    def state(self) -> dict[str, str]:
        """Registers, and digests of memories, by name. What a FIFO once held is no state."""
        values = {name: f"{_number(register):x}" for name, register in self.flops().items()}
        for name, words in self._all_memories().items():
            text = "".join([word.get_signal_val_binstr() for word in words])
            values[name] = hashlib.sha256(text.encode()).hexdigest()[:16]
        return values

    def _all_memories(self) -> dict[str, list[Any]]:
        if not self._memories:
            memory, frames = self._stores
            counters = self._controller.event_counters
            arrays = {
                "memory.words": memory,
                "config_frames.words": frames,
                "event_counters.upper": counters.upper,
                "event_counters.lower": counters.lower,
            }
            self._memories = {
                name: [word._handle for word in words] for name, words in arrays.items()
            }
        return self._memories

    @staticmethod
    def _write(handle: Any, data: bytes, bits: int) -> None:
        handle.set_signal_val_binstr(DEPOSIT, f"{int.from_bytes(data, 'big'):0{bits}b}")

    @staticmethod
    def _read(handle: Any, size: int) -> bytes:
        return int(handle.get_signal_val_binstr(), 2).to_bytes(size, "big")


def _flip(register: Any, mask: int) -> tuple[int, int]:
    """XOR `mask` into a register; before and after."""
    before = _number(register)
    flipped = before ^ mask
    width = _width(register)
    register.value = Immediate(LogicArray(flipped, width) if width > 1 else flipped)
    return before, _number(register)


def _number(register: Any) -> int:
    """A register's value as an unsigned number."""
    value = register.value
    return int(value.to_unsigned()) if isinstance(value, LogicArray) else int(value)


def _width(register: Any) -> int:
    return 1 if isinstance(register, LogicObject) else len(register)


@cocotb.test()
async def serve(dut: Any) -> None:
    """Answer messages until the other end of the socket is closed."""
    connection = socket.socket(fileno=int(os.environ[message.SOCKET_VARIABLE]))
    await Timer(1, "ns")  # past the initial blocks
    bench = Bench(dut)
    while True:
        try:
            kind, payload = message.receive(connection)
        except EOFError:
            return
        if kind == message.RUN:
            reply = await _run_segments(bench, payload)
            answer = bench.actuators + reply
        elif kind == message.RESET:
            await bench.reset()
            answer = bench.actuators
        elif kind == message.FLIP:
            answer = message.WORD.pack(await bench.flip(*message.STORED.unpack(payload)))
        elif kind == message.FLIP_REGISTER:
            copies = await bench.flip_register(*message.REGISTER.unpack(payload))
            answer = message.COPIES.pack(*copies) + bench.actuators
        elif kind == message.FLOPS:
            lines = [f"{name} {_width(each):x}" for name, each in bench.flops().items()]
            answer = "\n".join(lines).encode()
        elif kind == message.ARRAYS:
            lines = [
                f"{name} {len(each):x} {_width(each[0]):x}" for name, each in bench.arrays().items()
            ]
            answer = "\n".join(lines).encode()
        elif kind == message.FLIP_FLOP:
            asked = [line.split() for line in payload.decode().splitlines()]
            seen = await bench.flip_flops([(name, int(mask, 16)) for name, mask in asked])
            lines = [f"{before:x} {after:x}" for before, after in seen]
            answer = bench.actuators + "\n".join(lines).encode()
        elif kind == message.ARM:
            name, mask, clocks = payload.decode().split()
            bench.arm(name, int(mask, 16), int(clocks, 16))
            answer = b""
        elif kind == message.STRUCK:
            answer = bench.struck
        elif kind == message.STATE:
            answer = "\n".join(f"{name} {value}" for name, value in bench.state().items()).encode()
        elif kind == message.CLOCKS:
            answer = message.WORD.pack(int(get_sim_time("ns")) // CLOCK_NS)
        else:
            store, word, _ = message.STORED.unpack(payload)
            answer = message.WORD.pack(bench.peek(store, word))
        message.send(connection, kind, answer)


async def _run_segments(bench: Bench, payload: bytes) -> bytes:
    reply = b""
    offset = 0
    sensor_bytes = bench.sensor_bytes
    while offset < len(payload):
        has_sensors, ticks, count = message.SEGMENT.unpack_from(payload, offset)
        offset += message.SEGMENT.size
        sensors = b""
        if has_sensors:
            sensors = payload[offset : offset + sensor_bytes]
            offset += sensor_bytes
        reply += await bench.run(sensors, ticks, payload[offset : offset + count])
        offset += count
    return reply
