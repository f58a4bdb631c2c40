"""A controller that is a byte stream and nothing else: a board, a pseudo-terminal, a socket.

Nobody can reset it, and its time is its own. What a test has changed is taken back by writes; what
no write takes back, as counters, is looked at as a difference (`Link.count_from_here`).
"""

from __future__ import annotations

from collections.abc import Iterator

import serial

from fsw import registers as r
from fsw.register_map import Region
from hil import clock
from hil.identity import identify
from hil.targets.lockstep import LockstepTarget
from sim.channels import RACK_BYTES, TRAY_BYTES

from .stimulus import HEAD, Stimulus
from .wire import (
    END,
    ESC,
    ESC_END,
    ESC_ESC,
    READ_MODIFY_WRITE,
    REPLY_TIMEOUT_S,
    TEST_KEY,
    WRITE,
    Link,
    command,
)

HANG_S = 2.0  # the longest hang of the link that a test leaves behind, and some more
LINES_S = 2.0  # command lines fall after 0.2 s
BLOCK = 256  # bytes of a write
KICK, LEAVE_SAFE = 0x5AFE_C0DE, 0x5AFE_0000
ALL = 0xFFFF_FFFF
# Memories that are 0 after reset, with what strikes them.
MEMORIES: tuple[tuple[Region, tuple[Region, ...]], ...] = (
    (r.MEMORY, (r.FLIP_MEMORY, r.FLIP_CHECK)),
    (r.CONFIG_FRAMES, (r.FLIP_CONFIG,)),
    (r.ESSENTIAL_BITS, ()),
)


class TrackedLink(Link):
    """A link that remembers which spans of addresses its writes may have changed."""

    def __init__(self, port: serial.SerialBase) -> None:
        super().__init__(port)
        self.touched = {(region.base, region.base + region.size) for region in r.REGIONS}

    def send_raw(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.touched |= set(spans_written(data))
        super().send_raw(data)

    def changed(self, start: int, end: int) -> bool:
        """Whether a write may have changed something from `start` to before `end`."""
        return any(first < end and start < behind for first, behind in self.touched)


class ByteStream:
    """The controller at an open port, from one test to the next."""

    def __init__(self, port: serial.SerialBase, url: str) -> None:
        """Raises IdentityError when no controller answers: it says what does."""
        self.url = url
        self.link = TrackedLink(port)
        identity = identify(port)
        port.timeout = REPLY_TIMEOUT_S
        self.trays = identity.trays
        self.injection = identity.injection

    def restore(self) -> Link:
        """Bring the controller as near to its reset state as writes can; its link."""
        link = self.link
        link.port.reset_input_buffer()  # type: ignore[attr-defined]  # missing in the stubs
        if self.injection:
            # No reply fault hits this reply. Stimulus is the source, as a dev board has no ADC.
            data, fresh = words(1, 0, 0, 0), link.next_transaction()
            self._await_answer(
                command(WRITE, r.INJECTION.base, 16, data, transaction=fresh, key=TEST_KEY)
            )
        if self.injection and link.changed(r.STIMULUS_RACK.base, r.INJECTION.base):
            stimulate(link, bytes(RACK_BYTES + TRAY_BYTES * self.trays))
        control = [reg.reset for reg in r.REGISTERS if reg.name.startswith("control.")]
        link.write(r.CONTROL.base, words(*control))
        link.write(r.COMMAND.base, words(KICK, LEAVE_SAFE, ALL, ALL, 0, 0, 0))
        if link.changed(r.TRAY_CONTROL.base, r.TRAY_CONTROL.end(self.trays)):
            link.write(r.TRAY_CONTROL.base, words(*[ALL] * self.trays))
        for memory, strikes in MEMORIES:
            self._clear(memory, strikes)
        self._await_lines()
        link.touched.clear()
        link.count_from_here()
        return link

    def _clear(self, memory: Region, strikes: tuple[Region, ...]) -> None:
        for offset in range(0, memory.size, BLOCK):
            regions = (memory, *strikes)
            if any(
                self.link.changed(reg.base + offset, reg.base + offset + BLOCK) for reg in regions
            ):
                self.link.write(memory.base + offset, bytes(BLOCK))

    def _await_lines(self) -> None:
        """Wait until the command lines of the trays have fallen; only the test key sees them."""
        if not self.link.changed(r.COMMAND_TRAY_RESET.address, r.COMMAND.end(self.trays)):
            return
        lines = r.ACTUATORS_RESET_LINES.address
        deadline_s = clock.wall_s() + LINES_S
        while self.injection and self.link.read(lines, 12, TEST_KEY) != bytes(12):
            assert clock.wall_s() < deadline_s, f"{self.url}: command lines do not fall"

    def _await_answer(self, packet: bytes) -> None:
        """Send until there is an answer, past a hang of the link and past older replies."""
        deadline_s = clock.wall_s() + HANG_S
        while True:
            self.link.send(packet)
            try:
                while self.link.reply()[5:7] != packet[5:7]:
                    pass
                return
            except AssertionError as error:
                assert clock.wall_s() < deadline_s, f"{self.url}: {error}"


class StreamStimulus(Stimulus):
    """Stimulus, flips and read-back through the test key."""

    lacks = {
        "exact ticks": "simulated time only",
        "a reset": "no write makes one",
        "a front end": "all samples are stimulus",
        "transparency": "memory and registers cannot be seen from outside",
        "simulation": "this is a byte stream",
    }

    def __init__(self, stream: ByteStream) -> None:
        super().__init__(stream.trays)
        self._stream = stream

    @property
    def target(self) -> LockstepTarget:
        self.need("simulation")
        raise AssertionError("a byte stream has no target")

    @property
    def _link(self) -> Link:
        return self._stream.link

    def _present(self, vector: bytes) -> None:
        stimulate(self._link, vector)

    def head(self) -> bytes:
        return self._link.read(r.ACTUATORS.base, HEAD.size, TEST_KEY)

    def caps(self) -> bytes:
        return self._link.read(r.TRAY_CONTROL.base, 4 * self.trays)

    def ticks(self, count: int) -> None:
        self.need("exact ticks")

    def reset(self) -> None:
        self.need("a reset")


def stimulate(link: Link, vector: bytes) -> None:
    """Write a sensor vector as stimulus."""
    rack, trays = vector[:RACK_BYTES], vector[RACK_BYTES:]
    link.write(r.STIMULUS_RACK.base, rack, TEST_KEY)
    for start in range(0, len(trays), BLOCK):
        link.write(r.STIMULUS_TRAYS.base + start, trays[start : start + BLOCK], TEST_KEY)


def words(*values: int) -> bytes:
    """Words as they are on the wire."""
    return b"".join(value.to_bytes(4, "big") for value in values)


def spans_written(data: bytes) -> Iterator[tuple[int, int]]:
    """Addresses from and behind of every write in these bytes, damaged ones among them."""
    for body in data.split(bytes((END,))):
        packet = body.replace(bytes((ESC, ESC_END)), bytes((END,)))
        packet = packet.replace(bytes((ESC, ESC_ESC)), bytes((ESC,)))
        if len(packet) > 16 and (packet[2] & 0x20 or packet[2] & 0x3C == READ_MODIFY_WRITE & 0x3C):
            address = int.from_bytes(packet[8:12], "big")
            yield address, address + max(int.from_bytes(packet[12:15], "big"), 4)
