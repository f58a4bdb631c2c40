"""The controller's Verilog, simulated in a process of its own, in lockstep."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from gateware.bench import message
from gateware.triplication import COPIES, triplicated_register
from hil.errors import InjectionError
from hil.targets.lockstep import TRAYS_DEFAULT, LockstepTarget, Store
from hil.targets.simulation_build import simulation
from hil.targets.simulator import Simulator

BENCH = "gateware.bench.lockstep"
INJECTOR_TOP = "lockstep_top"  # the bench that can flip registers


class RtlTarget(LockstepTarget):
    """`gateware/rtl/controller.v` under Verilator or Icarus.

    Sensors, ticks and bytes are queued as segments and travel in one message when an answer is
    needed. Every method raises SimulatorDied when the simulator's process has ended.
    """

    name: ClassVar[str] = "rtl"

    def __init__(
        self,
        trays: int = TRAYS_DEFAULT,
        simulator: str | None = None,
        top: str = INJECTOR_TOP,
        parameters: dict[str, int] | None = None,
        netlist: tuple[Path, ...] = (),
        optimisation: str = "-O3",
        names: bool = False,
    ) -> None:
        """Build the simulation if need be and start it.

        With `names`, `flops` and `flip_flop` reach every register, and clocks are slower.
        Raises UsageError when it cannot be built, SimulatorDied when it does not come up.
        """
        super().__init__(trays)
        values = {"TRAYS": trays, **(parameters or {})}
        built = simulation(simulator, values, top, netlist, optimisation, names)
        self.simulator = built.simulator
        self._top = top
        self._names = names
        self._flops: dict[str, int] = {}
        self._arrays: dict[str, tuple[int, int]] = {}
        self.process = Simulator(built, BENCH)
        self._queue = bytearray()
        self._sensors: bytes | None = None  # of the segment not yet queued
        self._ticks = 0
        self._actuators = b""
        try:
            self.reset()
        except BaseException:
            self.close()
            raise

    def _drive_sensors(self, sensors: bytes) -> None:
        if self._sensors is not None or self._ticks:
            self._end_segment(b"")
        self._sensors = sensors

    def _tick(self, count: int) -> None:
        self._ticks += count

    def actuators(self) -> bytes:
        if self._queue or self._ticks or self._sensors is not None:
            self.exchange(b"")
        return self._actuators

    def exchange(self, data: bytes) -> bytes:
        while len(data) > message.SEGMENT_BYTES:
            self._end_segment(data[: message.SEGMENT_BYTES])
            data = data[message.SEGMENT_BYTES :]
        self._end_segment(data)
        payload = bytes(self._queue)
        self._queue.clear()
        answer = self.process.call(message.RUN, payload)
        self._actuators = answer[: self.actuator_bytes]
        return answer[self.actuator_bytes :]

    def _end_segment(self, data: bytes) -> None:
        sensors = self._sensors
        self._queue += message.SEGMENT.pack(sensors is not None, self._ticks, len(data))
        if sensors is not None:
            self._queue += sensors
        self._queue += data
        self._sensors = None
        self._ticks = 0

    def _flip(self, store: Store, word: int, mask: int) -> int:
        request = message.STORED.pack(store.number, word, mask)
        return int(message.WORD.unpack(self.process.call(message.FLIP, request))[0])

    def _peek(self, store: Store, word: int) -> int:
        self.actuators()  # what is queued comes first
        request = message.STORED.pack(store.number, word, 0)
        return int(message.WORD.unpack(self.process.call(message.PEEK, request))[0])

    def flip_register(self, name: str, copy: str, mask: int) -> int:
        register = triplicated_register(name, self.trays)
        register.check(copy, mask)
        if self._top != INJECTOR_TOP:
            raise InjectionError(f"{self._top} has no upset injector, {INJECTOR_TOP} has")
        self.actuators()  # what is queued comes first
        request = message.REGISTER.pack(register.number, COPIES.index(copy), mask)
        answer = self.process.call(message.FLIP_REGISTER, request)
        sound, flipped = message.COPIES.unpack_from(answer)
        self._actuators = answer[message.COPIES.size :]
        if flipped != sound ^ mask:
            raise InjectionError(
                f"flip of copy {copy} of {name}: read back {flipped:#x}, "
                f"expected {sound:#x} ^ {mask:#x} = {sound ^ mask:#x}"
            )
        return int(flipped)

    def flops(self) -> Mapping[str, int]:
        """Width of every register of the controller, by its name in the Verilog.

        Names are paths from the controller down, as `rmap_target.state_q`. Raises InjectionError
        when the simulation was built without names.
        """
        if not self._names:
            raise InjectionError(
                "this simulation was built without names of registers: RtlTarget(names=True)"
            )
        if not self._flops:
            lines = self.process.call(message.FLOPS).decode().splitlines()
            self._flops = {name: int(width, 16) for name, width in map(str.split, lines)}
        return self._flops

    def arrays(self) -> Mapping[str, tuple[int, int]]:
        """Words and width of every memory of the Verilog, by its name; see `flops`."""
        self.flops()
        if not self._arrays:
            lines = self.process.call(message.ARRAYS).decode().splitlines()
            for name, words, width in map(str.split, lines):
                self._arrays[name] = int(words, 16), int(width, 16)
        return self._arrays

    def flip_flop(self, name: str, mask: int) -> int:
        """XOR `mask` into a register, by its name in `flops`, between two clocks.

        As `flip_flops` with one register; returns it as read back.
        """
        return self.flip_flops({name: mask})[name]

    def flip_flops(self, masks: Mapping[str, int]) -> dict[str, int]:
        """XOR a mask into each of several registers, all between the same two clocks.

        Names are those of `flops`, or words of `arrays` such as `memory.words[5]`. Clocks without
        a tick follow. Returns the registers read back before them. Raises KeyError or ValueError
        for what does not exist, before any is flipped, and InjectionError when a flip did not take.
        """
        for name, mask in masks.items():
            self._check_flop(name, mask)
        self.actuators()  # what is queued comes first
        request = "\n".join(f"{name} {mask:x}" for name, mask in masks.items())
        answer = self.process.call(message.FLIP_FLOP, request.encode())
        self._actuators = answer[: self.actuator_bytes]
        lines = answer[self.actuator_bytes :].splitlines()
        return {
            name: _taken(name, mask, line)
            for (name, mask), line in zip(masks.items(), lines, strict=True)
        }

    def arm_flop(self, name: str, mask: int, clocks: int) -> None:
        """XOR `mask` into a register half a clock after that many clocks from now.

        The name may be that of a word, as in `flip_flops`. Clocks are simulated while segments
        run, so the flip falls into any of them, in the middle of a frame too. A reset forgets it.
        Raises KeyError or ValueError for what does not exist.
        """
        self._check_flop(name, mask)
        self.actuators()  # what is queued comes first
        self.process.call(message.ARM, f"{name} {mask:x} {clocks:x}".encode())

    def armed_flop(self, name: str, mask: int) -> int:
        """The register of `arm_flop`, as read back right after the flip.

        Raises InjectionError when the flip did not take, or is still ahead.
        """
        self.actuators()  # what is queued comes first
        answer = self.process.call(message.STRUCK)
        if not answer:
            raise InjectionError(f"flip of {name}: still ahead, too few clocks were simulated")
        return _taken(name, mask, answer)

    def state(self) -> Mapping[str, str]:
        """All that the controller holds: every register's value, every memory's digest, by name.

        Raises InjectionError when the simulation was built without names.
        """
        self.flops()
        self.actuators()  # what is queued comes first
        lines = self.process.call(message.STATE).decode().splitlines()
        pairs = (line.split() for line in lines)
        return {name: value for name, value in pairs}

    def _width(self, name: str) -> int | None:
        """Width of a register or of a word of a memory; None where there is no such place."""
        memory, bracket, index = name.partition("[")
        if not bracket or name in self.flops():
            return self.flops().get(name)
        words, width = self.arrays().get(memory, (0, 0))
        place = index.removesuffix("]")
        return width if place.isdecimal() and int(place) < words else None

    def _check_flop(self, name: str, mask: int) -> None:
        width = self._width(name)
        if width is None:
            near = difflib.get_close_matches(name, [*self.flops(), *self.arrays()], 3) or [
                "rmap_target.state_q"
            ]
            raise KeyError(f"no register {name!r}; there is {', '.join(near)}")
        if not 0 < mask < 1 << width:
            raise ValueError(f"flip mask {mask:#x} for {name}, must be 1 to {(1 << width) - 1:#x}")

    def clocks(self) -> int:
        """How many clocks have been simulated."""
        self.actuators()  # what is queued comes first
        return int(message.WORD.unpack(self.process.call(message.CLOCKS))[0])

    def reset(self) -> None:
        self._queue.clear()
        self._sensors = None
        self._ticks = 0
        self._actuators = self.process.call(message.RESET)

    def close(self) -> None:
        self.process.close()


def _taken(name: str, mask: int, answer: bytes) -> int:
    """The register after a flip. `answer`: before and after. Raises InjectionError."""
    before, after = (int(each, 16) for each in answer.split())
    if after != before ^ mask:
        raise InjectionError(
            f"flip of {name}: read back {after:#x}, "
            f"expected {before:#x} ^ {mask:#x} = {before ^ mask:#x}"
        )
    return after
