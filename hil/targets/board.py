"""A controller on a dev board, in real time: sensors in and actuators out over its serial link.

Speaks to the controller as the bench's RMAP initiator, beside flight software. What a lockstep
target does beside the link goes through the test key here: stimulus instead of sensors, the
actuator read-back, injection. A lost reply costs the bench the samples of a cycle, never the
flight; after one it asks again only every PROBE_NS, so that a silent board makes no late cycles.
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, TypeVar

from fsw import registers as r
from fsw.payload_link import LinkError, PayloadLink
from fsw.register_map import Region
from fsw.secded import encode
from hil.errors import InjectionError, Stopped, Unreachable
from hil.identity import Identity
from hil.pace import Pace
from hil.targets.lockstep import FRAMES, MEMORY
from hil.timing import Histogram
from sim.actuators import HEAD_BYTES
from sim.channels import RACK_BYTES, TRAY_BYTES

PROBE_NS = 500_000_000
WATCH_NS = 1_000_000_000  # between looks at the identity
BEHIND_NS = 1_000_000_000  # so late that the link is given up as too slow
SILENT_NS = 60_000_000_000  # without a reply until the flight is given up
RESETS, RESETS_NS = 5, 30_000_000_000  # more resets than that in that time are a brown-out loop
LEAST_ADVANCE = 0.5  # of the uptime against the wall clock; a slower one began anew
FRAME_WORDS = 16
FRAME_KEPT_NS = 100_000_000  # a frame read is believed for the rest of the cycle
SOURCE_STIMULUS = 1
SAFE_LEAVE_KEY = 0x5AFE0000
ALL_TRAYS = 0xFFFFFFFF
CONTROL_RESET = b"".join(
    register.reset.to_bytes(4, "big")
    for register in r.REGISTERS
    if r.CONTROL.base <= register.address < r.CONTROL.base + r.CONTROL.size
)
Result = TypeVar("Result")
REPORT = Callable[[str, str, str], None]  # severity, name, text


@dataclass
class _Struck:
    """A word of the protected memory that was struck and not seen good since."""

    codeword: int  # as it should be
    mask: int
    corrected: int  # counters at the strike
    uncorrectable: int


class BoardTarget:
    """Sensors, actuators and memories of the controller behind `link`, paced by `pace`.

    `link` is an RMAP initiator of its own with `retries=0`. Sensor and actuator vectors are those
    of a lockstep target.
    """

    name: ClassVar[str] = "board"
    transparent: ClassVar[bool] = False

    def __init__(self, link: PayloadLink, identity: Identity, pace: Pace) -> None:
        self.identity = identity
        self.trays = identity.trays
        self.pace = pace
        self.lateness = Histogram()  # of the beginning of flight software's cycles
        self.lost = 0  # transactions of the bench without a good reply
        self.resets = 0
        self.report: REPORT = lambda severity, name, text: None
        self.revive: Callable[[], None] = lambda: None  # called while the port is down
        self._link = link
        self._actuators = bytes(HEAD_BYTES + 4 * self.trays)
        self._silent_since_ns: int | None = None
        self._probe_ns = 0
        self._watch_ns = 0
        self._uptime: tuple[int, int] | None = None  # ticks, at mission time
        self._reset_times_ns: deque[int] = deque(maxlen=RESETS)
        self._struck: dict[int, _Struck] = {}
        self._frame: tuple[int, int, bytes] | None = None  # number, cycle, content as last read

    @property
    def now_ns(self) -> int:
        """Mission time on the wall clock."""
        return self.pace.now_ns()

    def prepare(self) -> None:
        """Bring the controller as near to its reset state as writes can. Raises LinkError."""
        self._write(r.INJECTION, 0, struct.pack(">4I", SOURCE_STIMULUS, 0, 0, 0))
        self._write_sensors(bytes(RACK_BYTES + TRAY_BYTES * self.trays))
        self._write(r.CONTROL, 0, CONTROL_RESET)
        caps = struct.pack(">I", r.TRAY_CONTROL_CAP.reset) * self.trays
        self._write(r.TRAY_CONTROL, 0, caps)
        for register, word in (
            (r.COMMAND_SAFE, SAFE_LEAVE_KEY),
            (r.COMMAND_OVER_TEMPERATURE_CLEAR, ALL_TRAYS),
            (r.COMMAND_OVER_CURRENT_CLEAR, ALL_TRAYS),
        ):
            self._write(r.COMMAND, register.address - r.COMMAND.base, word.to_bytes(4, "big"))
        self._take_actuators()

    def set_sensors(self, sensors: bytes) -> None:
        """Write the sensor vector into the stimulus registers."""
        self._attempt(lambda: self._write_sensors(sensors))
        if self.now_ns >= self._watch_ns and self._attempt(self._watch):
            self._watch_ns = self.now_ns + WATCH_NS

    def actuators(self) -> bytes:
        """Actuator vector as it is now; while the board is silent, as it was last seen."""
        self._attempt(self._take_actuators)
        return self._actuators

    def advance_to(self, time_ns: int) -> None:
        """Wait for that mission time.

        Raises Stopped when the link cannot carry the cycle, or the board is gone for good.
        """
        self.revive()
        self.pace.wait_until(time_ns)
        late_ns = self.now_ns - time_ns
        self.lateness.add(late_ns / 1e9 / self.pace.speed)
        if self._silent_since_ns is not None and time_ns - self._silent_since_ns > SILENT_NS:
            raise Stopped(
                f"no reply from the board for {SILENT_NS / 1e9:.0f} s: check cable and power"
            )
        if late_ns > BEHIND_NS:
            raise Stopped(
                f"{late_ns / 1e9:.1f} s behind: the link cannot carry the cycle of 100 ms. "
                "Raise the baud rate, lower the latency timer (racksat boards), or free the machine"
            )

    def flip_memory(self, word: int, mask: int) -> int:
        """XOR `mask` (39 bits) into a stored codeword; the codeword as it should be now.

        The link shows data behind the code only, so that the controller's counters have to prove
        the strike. Raises InjectionError when the write is not acknowledged.
        """
        MEMORY.check_word(word)
        MEMORY.check_mask(mask)
        before = self.peek_memory(word)
        struck = self._struck.get(word)
        if struck is None:
            struck = _Struck(before, 0, *self._memory_errors())
            self._struck[word] = struck
        struck.mask ^= mask
        for region, part in ((r.FLIP_MEMORY, mask & 0xFFFFFFFF), (r.FLIP_CHECK, mask >> 32)):
            if part:
                self._inject(region, 4 * word, part)
        return struck.codeword ^ struck.mask

    def peek_memory(self, word: int) -> int:
        """A codeword as far as the link shows it, for `hil.faults.ledger`.

        Struck words are believed wrong until the controller has counted an error since; then they
        are read, which corrects what can be, as the scrubber would have.
        """
        MEMORY.check_word(word)
        struck = self._struck.get(word)
        if struck is None:
            return encode(self._read_memory(word))
        corrected, uncorrectable = self._memory_errors()
        if (corrected, uncorrectable) == (struck.corrected, struck.uncorrectable):
            return struck.codeword ^ struck.mask
        data = self._read_memory(word)
        if self._memory_errors()[1] != uncorrectable:  # this read met it, still wrong
            struck.corrected, struck.uncorrectable = self._memory_errors()
            return struck.codeword ^ struck.mask
        del self._struck[word]
        return encode(data)

    def flip_config(self, word: int, mask: int) -> int:
        """XOR `mask` into a word of the configuration frames; the word read back.

        Raises InjectionError when the flip did not take.
        """
        FRAMES.check_word(word)
        FRAMES.check_mask(mask)
        before = self.peek_config(word)
        corrected = self._config_corrected()
        self._inject(r.FLIP_CONFIG, 4 * word, mask)
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
            content = self._reach(lambda: self._read(r.CONFIG_FRAMES, start, 4 * FRAME_WORDS))
            self._frame = number, self._cycle, content
        return int.from_bytes(self._frame[2][4 * place : 4 * place + 4], "big")

    @property
    def _cycle(self) -> int:
        return self.now_ns // FRAME_KEPT_NS

    def _watch(self) -> None:
        """See whether the board was reset, and have it take stimulus again if it was."""
        asked_ns = self.now_ns
        identity = Identity.from_bytes(self._read(r.IDENTITY, 0, r.IDENTITY.size))
        if identity.complaints(self.trays, self.identity.build):
            raise Stopped(
                f"another board answers: {identity}; this flight began on {self.identity}"
            )
        if self._uptime is not None:
            ticks, at_ns = self._uptime
            passed = (asked_ns - at_ns) * identity.tick_hz / 1e9
            if identity.uptime_ticks < ticks + LEAST_ADVANCE * passed:
                self._was_reset()
        self._uptime = identity.uptime_ticks, asked_ns

    def _was_reset(self) -> None:
        now_ns = self.now_ns
        self.resets += 1
        self._struck.clear()
        self._write(r.INJECTION, 0, SOURCE_STIMULUS.to_bytes(4, "big"))
        self.report("high", "board.reset", "the board was reset")
        times = self._reset_times_ns
        if len(times) == RESETS and now_ns - times[0] < RESETS_NS:
            raise Stopped(
                f"the board keeps resetting: {RESETS + 1} times in "
                f"{(now_ns - times[0]) / 1e9:.0f} s. Check its supply: another cable, a powered hub"
            )
        times.append(now_ns)

    def _attempt(self, action: Callable[[], None]) -> bool:
        """Do it unless the board is silent; False when that failed."""
        if self._silent_since_ns is not None and self.now_ns < self._probe_ns:
            return False
        try:
            action()
        except LinkError as error:
            self.lost += 1
            self._probe_ns = self.now_ns + PROBE_NS
            if self._silent_since_ns is None:
                self._silent_since_ns = self.now_ns
                self.report("medium", "bench.silent", f"the bench gets no reply: {error}")
            return False
        if self._silent_since_ns is not None:
            silent_s = (self.now_ns - self._silent_since_ns) / 1e9
            self.report(
                "info", "bench.back", f"the bench gets replies again after {silent_s:.1f} s"
            )
            self._silent_since_ns = None
        return True

    def _reach(self, action: Callable[[], Result]) -> Result:
        """Do it now. Raises Unreachable when the link does not carry it."""
        try:
            return action()
        except LinkError as error:
            raise Unreachable(f"the board cannot be reached: {error}") from error

    def _write_sensors(self, sensors: bytes) -> None:
        self._write(r.STIMULUS_RACK, 0, sensors[:RACK_BYTES])
        self._write(r.STIMULUS_TRAYS, 0, sensors[RACK_BYTES:])

    def _take_actuators(self) -> None:
        head = self._read(r.ACTUATORS, 0, HEAD_BYTES)
        self._actuators = head + self._read(r.TRAY_CONTROL, 0, 4 * self.trays)

    def _memory_errors(self) -> tuple[int, int]:
        """Corrected and uncorrectable words counted so far."""
        start = r.FAST_MEMORY_ERRORS.address - r.FAST.base
        word = self._reach(lambda: self._read(r.FAST, start, 4))
        counts = r.FAST_MEMORY_ERRORS.unpack(int.from_bytes(word, "big"))
        return counts["corrected"], counts["uncorrectable"]

    def _config_corrected(self) -> int:
        start = r.DIAGNOSTICS_CONFIG_ERRORS.address - r.DIAGNOSTICS.base
        word = self._reach(lambda: self._read(r.DIAGNOSTICS, start, 4))
        return r.DIAGNOSTICS_CONFIG_ERRORS.unpack(int.from_bytes(word, "big"))["corrected"]

    def _read_memory(self, word: int) -> int:
        data = self._reach(lambda: self._read(r.MEMORY, 4 * word, 4))
        return int.from_bytes(data, "big")

    def _inject(self, region: Region, start: int, word: int) -> None:
        self._reach(lambda: self._write(region, start, word.to_bytes(4, "big")))

    def _read(self, region: Region, start: int, length: int) -> bytes:
        self._link.key = region.key
        return self._link.read(region.base + start, length)

    def _write(self, region: Region, start: int, data: bytes) -> None:
        self._link.key = region.key
        self._link.write(region.base + start, data)
