"""The controller's Verilog, simulated in a process of its own, in lockstep."""

from __future__ import annotations

from typing import ClassVar

from gateware.bench import message
from gateware.triplication import COPIES, triplicated_register
from hil.errors import InjectionError
from hil.targets.lockstep import TRAYS_DEFAULT, LockstepTarget, check_mask, check_word
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
    ) -> None:
        """Build the simulation if need be and start it.

        Raises UsageError when it cannot be built, SimulatorDied when it does not come up.
        """
        super().__init__(trays)
        built = simulation(simulator, {"TRAYS": trays, **(parameters or {})}, top)
        self.simulator = built.simulator
        self._top = top
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

    def flip_memory(self, word: int, mask: int) -> int:
        check_word(word)
        check_mask(mask)
        before = self.peek_memory(word)
        packed = self.process.call(message.FLIP, message.WORD.pack(word, mask))
        after = int(message.CODEWORD.unpack(packed)[0])
        if after != before ^ mask:
            raise InjectionError(
                f"flip of memory word {word}: read back {after:#012x}, "
                f"expected {before:#012x} ^ {mask:#012x} = {before ^ mask:#012x}"
            )
        return after

    def peek_memory(self, word: int) -> int:
        check_word(word)
        self.actuators()  # what is queued comes first
        packed = self.process.call(message.PEEK, message.WORD.pack(word, 0))
        return int(message.CODEWORD.unpack(packed)[0])

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

    def reset(self) -> None:
        self._queue.clear()
        self._sensors = None
        self._ticks = 0
        self._actuators = self.process.call(message.RESET)

    def close(self) -> None:
        self.process.close()
