"""A controller on a dev board, in real time: sensors in and actuators out over its serial link.

Speaks to the controller as the bench's RMAP initiator, beside flight software. What a lockstep
target does beside the link goes through the test key here: stimulus instead of sensors, the
actuator read-back, injection. What is lost on the way costs the samples of a cycle, not the flight.
"""

from __future__ import annotations

import contextlib
import struct
from collections import deque
from collections.abc import Callable
from typing import ClassVar

from fsw import registers as r
from fsw.register_map import Region
from gateware.triplication import COPIES, triplicated_register
from hil.errors import InjectionError, Stopped, Unreachable
from hil.identity import Identity
from hil.pace import Pace
from hil.targets.bench_link import BenchLink
from hil.targets.lockstep import FRAMES
from hil.targets.struck_memory import StruckMemory
from hil.timing import Histogram
from sim.actuators import HEAD_BYTES
from sim.channels import RACK_BYTES, TRAY_BYTES

WATCH_NS = 1_000_000_000  # between looks at the identity
RESETS, RESETS_NS = 5, 30_000_000_000  # more resets than that in that time are a brown-out loop
FRAME_WORDS = 16
REGISTERS_OF_A_COPY = 256  # bytes of flip_registers
FRAME_KEPT_NS = 100_000_000  # a frame read is believed for the rest of the cycle
SOURCE_STIMULUS = 1
SAFE_LEAVE_KEY = 0x5AFE0000
ALL_TRAYS = 0xFFFFFFFF
CONTROL_RESET = b"".join(
    register.reset.to_bytes(4, "big")
    for register in r.REGISTERS
    if r.CONTROL.base <= register.address < r.CONTROL.base + r.CONTROL.size
)


class BoardTarget:
    """Sensors, actuators and memories of the controller behind `link`, paced by `pace`.

    Sensor and actuator vectors are those of a lockstep target. While the board cannot be reached
    it keeps the sensors it has, and its actuators are believed to be as they were last seen.
    """

    name: ClassVar[str] = "board"
    transparent: ClassVar[bool] = False

    def __init__(self, link: BenchLink, identity: Identity, pace: Pace) -> None:
        self.identity = identity
        self.trays = identity.trays
        self.pace = pace
        self.lateness = Histogram()  # of the beginning of flight software's cycles
        self.resets = 0
        self.on_reset: Callable[[], None] = lambda: None
        self.attend: Callable[[int], None] = lambda time_ns: None  # at the beginning of a cycle
        self._link = link
        self._memory = StruckMemory(link)
        self._actuators = bytes(HEAD_BYTES + 4 * self.trays)
        self._watch_ns = 0
        self._uptime: tuple[int, int] | None = None  # ticks, at mission time
        self._reset_times_ns: deque[int] = deque(maxlen=RESETS)
        self._frame: tuple[int, int, bytes] | None = None  # number, cycle, content as last read

    @property
    def now_ns(self) -> int:
        """Mission time on the wall clock."""
        return self.pace.now_ns()

    def prepare(self) -> None:
        """Bring the controller as near to its reset state as writes can. Raises Unreachable."""
        self._link.write(r.INJECTION, 0, struct.pack(">4I", SOURCE_STIMULUS, 0, 0, 0))
        self._write_sensors(bytes(RACK_BYTES + TRAY_BYTES * self.trays))
        self._link.write(r.CONTROL, 0, CONTROL_RESET)
        caps = struct.pack(">I", r.TRAY_CONTROL_CAP.reset) * self.trays
        self._link.write(r.TRAY_CONTROL, 0, caps)
        for register, word in (
            (r.COMMAND_SAFE, SAFE_LEAVE_KEY),
            (r.COMMAND_OVER_TEMPERATURE_CLEAR, ALL_TRAYS),
            (r.COMMAND_OVER_CURRENT_CLEAR, ALL_TRAYS),
        ):
            start = register.address - r.COMMAND.base
            self._link.write(r.COMMAND, start, word.to_bytes(4, "big"))
        self._take_actuators()

    def set_sensors(self, sensors: bytes) -> None:
        """Write the sensor vector into the stimulus registers.

        Raises Stopped when another board answers, or this one keeps resetting.
        """
        with contextlib.suppress(Unreachable):
            self._write_sensors(sensors)
            if self.now_ns >= self._watch_ns:
                self._watch()

    def actuators(self) -> bytes:
        """Actuator vector as it is now, or was last seen."""
        with contextlib.suppress(Unreachable):
            self._take_actuators()
        return self._actuators

    def advance_to(self, time_ns: int) -> None:
        """Wait for that mission time, when a cycle of flight software begins. Raises Stopped."""
        self.pace.wait_until(time_ns)
        self.lateness.add((self.now_ns - time_ns) / 1e9 / self.pace.speed)
        self.attend(time_ns)

    def flip_memory(self, word: int, mask: int) -> int:
        """XOR `mask` (39 bits) into a stored codeword; the codeword as it should be now.

        Raises Unreachable; then it may have been struck all the same.
        """
        return self._memory.flip(word, mask)

    def peek_memory(self, word: int) -> int:
        """A codeword as far as the link shows it, for `hil.faults.ledger`."""
        return self._memory.peek(word, self.now_ns)

    def flip_config(self, word: int, mask: int) -> int:
        """XOR `mask` into a word of the configuration frames; the word read back.

        Raises InjectionError when the flip did not take and nothing was corrected meanwhile,
        Unreachable when it may or may not have been done.
        """
        FRAMES.check_word(word)
        FRAMES.check_mask(mask)
        corrected = self._config_corrected()
        self._frame = None
        before = self.peek_config(word)
        self._link.write(r.FLIP_CONFIG, 4 * word, mask.to_bytes(4, "big"))
        self._frame = None
        after = self.peek_config(word)
        if after != before ^ mask and self._config_corrected() == corrected:
            raise InjectionError(
                f"flip of frame word {word}: read back {after:#010x}, "
                f"expected {before:#010x} ^ {mask:#010x} = {before ^ mask:#010x}"
            )
        return after

    def peek_config(self, word: int) -> int:
        """A stored word, 0 to 255, of the configuration frames; whole frames are read at once."""
        FRAMES.check_word(word)
        number, place = divmod(word, FRAME_WORDS)
        if self._frame is None or self._frame[0] != number or self._frame[1] != self._cycle:
            start = 4 * FRAME_WORDS * number
            content = self._link.read(r.CONFIG_FRAMES, start, 4 * FRAME_WORDS)
            self._frame = number, self._cycle, content
        return int.from_bytes(self._frame[2][4 * place : 4 * place + 4], "big")

    def flip_register(self, name: str, copy: str, mask: int) -> None:
        """XOR `mask` into one copy of a triplicated register; what proves it is the voter's count.

        Raises KeyError or ValueError for what does not exist, Unreachable when it may or may not
        have been done.
        """
        register = triplicated_register(name, self.trays)
        register.check(copy, mask)
        start = REGISTERS_OF_A_COPY * COPIES.index(copy) + 4 * register.number
        self._link.write(r.FLIP_REGISTERS, start, mask.to_bytes(4, "big"))

    def look(self, region: Region, start: int, length: int) -> bytes:
        """Registers, read beside flight software. Raises Unreachable."""
        return self._link.read(region, start, length)

    @property
    def _cycle(self) -> int:
        return self.now_ns // FRAME_KEPT_NS

    def _watch(self) -> None:
        """See whether the board was reset, and have it take stimulus again if it was."""
        asked_ns = self.now_ns
        identity = Identity.from_bytes(self._link.read(r.IDENTITY, 0, r.IDENTITY.size))
        if not identity.same_board(self.identity):
            raise Stopped(
                f"another board answers: {identity}; this flight began on {self.identity}"
            )
        if self._uptime is not None:
            ticks, at_ns = self._uptime
            passed = (asked_ns - at_ns) * identity.tick_hz // 1_000_000_000
            if identity.uptime_ticks < max(ticks, passed):  # it began anew since then
                self._was_reset()
        self._uptime = identity.uptime_ticks, asked_ns
        self._watch_ns = asked_ns + WATCH_NS

    def _was_reset(self) -> None:
        now_ns = self.now_ns
        self.resets += 1
        self._memory.forget()
        self._link.write(r.INJECTION, 0, SOURCE_STIMULUS.to_bytes(4, "big"))
        self.on_reset()
        times = self._reset_times_ns
        if len(times) == RESETS and now_ns - times[0] < RESETS_NS:
            raise Stopped(
                f"the board keeps resetting: {RESETS + 1} times in "
                f"{(now_ns - times[0]) / 1e9:.0f} s. Check its supply: another cable, a powered hub"
            )
        times.append(now_ns)

    def _take_actuators(self) -> None:
        head = self._link.read(r.ACTUATORS, 0, HEAD_BYTES)
        self._actuators = head + self._link.read(r.TRAY_CONTROL, 0, 4 * self.trays)

    def _write_sensors(self, sensors: bytes) -> None:
        self._link.write(r.STIMULUS_RACK, 0, sensors[:RACK_BYTES])
        self._link.write(r.STIMULUS_TRAYS, 0, sensors[RACK_BYTES:])

    def _config_corrected(self) -> int:
        start = r.DIAGNOSTICS_CONFIG_ERRORS.address - r.DIAGNOSTICS.base
        word = self._link.read(r.DIAGNOSTICS, start, 4)
        return r.DIAGNOSTICS_CONFIG_ERRORS.unpack(int.from_bytes(word, "big"))["corrected"]
