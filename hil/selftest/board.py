"""A controller at an open port, as the bench uses it to try it out: registers by name, stimulus,
upsets, and the way back to what it was."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import serial

from fsw import registers as r
from fsw.payload_link import PayloadLink
from fsw.register_map import Register
from gateware.triplication import COPIES
from hil import clock
from hil.arbiter import BENCH_ADDRESS
from hil.identity import Identity, identify
from sim.channels import RACK_BYTES, TRAY_BYTES

TIMEOUT_S = 0.2
COPY_BYTES = 256  # of region flip_registers
ENTER_SAFE, LEAVE_SAFE = 0x5AFE_0001, 0x5AFE_0000
ALL_TRAYS = 0xFFFF_FFFF


@dataclass(frozen=True)
class Found:
    """What is put back at the end."""

    control: bytes  # region
    safe: bool
    samples: bytes  # as a sensor vector


class BoardUnderTest:
    """Reads and writes what a check needs. All of it raises LinkError when the link fails."""

    def __init__(self, port: serial.SerialBase) -> None:
        """Raises IdentityError when no controller answers."""
        self.port = port
        self.identity: Identity = identify(port)
        self.trays = self.identity.trays
        self.link = PayloadLink(port, TIMEOUT_S, initiator_address=BENCH_ADDRESS)
        self.now_s: Callable[[], float] = clock.wall_s
        target = getattr(port, "target", None)
        if target is not None:  # in lockstep the time is the target's
            self.now_s = lambda: cast(int, target.now_ns) / 1e9

    def read(self, address: int, length: int, key: int = r.FLIGHT_KEY) -> bytes:
        """Bytes from `address` on."""
        self.link.key = key
        return self.link.read(address, length)

    def write(self, address: int, data: bytes, key: int = r.FLIGHT_KEY) -> None:
        """Write words. Twice, when a reply is lost."""
        self.link.key = key
        self.link.write(address, data)

    def word(self, register: Register | int) -> int:
        """A register of flight, or a word of memory."""
        address = register if isinstance(register, int) else register.address
        return int.from_bytes(self.read(address, 4), "big")

    def fields(self, register: Register) -> dict[str, int]:
        """The raw fields of a register of flight."""
        return register.unpack(self.word(register))

    def set(self, register: Register | int, word: int) -> None:
        """Write a register of flight, or a word of memory."""
        address = register if isinstance(register, int) else register.address
        self.write(address, word.to_bytes(4, "big"))

    def inject(self, address: int, word: int) -> None:
        """Write a word with the test key. Once: a flip that is written twice is none."""
        self.link.key = r.TEST_KEY
        self.link.write(address, word.to_bytes(4, "big"), retries=0)

    def flip_copy(self, number: int, copy: str, mask: int) -> None:
        """Flip bits in one copy of a triplicated register."""
        self.inject(r.FLIP_REGISTERS.base + COPY_BYTES * COPIES.index(copy) + 4 * number, mask)

    def driven(self, register: Register) -> dict[str, int]:
        """The raw fields of a register of region `actuators`."""
        return register.unpack(int.from_bytes(self.read(register.address, 4, r.TEST_KEY), "big"))

    def stimulate(self, samples: bytes) -> None:
        """Samples of all channels, laid out as the sensor vector."""
        self.write(r.STIMULUS_RACK.base, samples[:RACK_BYTES], r.TEST_KEY)
        self.write(r.STIMULUS_TRAYS.base, samples[RACK_BYTES:], r.TEST_KEY)

    def stimulate_word(self, number: int, word: int) -> None:
        """One word of the sensor vector."""
        self.write(r.STIMULUS_RACK.base + 4 * number, word.to_bytes(4, "big"), r.TEST_KEY)

    def samples(self) -> bytes:
        """The sensor vector as telemetry shows it; bits of the controller's own are 0."""
        fast = self.read(r.FAST.base, r.FAST.size)
        start, split, end = (
            register.address - r.FAST.base
            for register in (r.FAST_BUS, r.FAST_HOTTEST, r.FAST_MEMORY_ERRORS)
        )
        trays = bytearray(self.read(r.TRAYS.base, TRAY_BYTES * self.trays))
        for at in range(0, len(trays), TRAY_BYTES):
            trays[at] &= 0xF1
        return fast[start:split] + fast[split + 4 : end] + bytes(trays)

    def wait(self, seconds: float) -> bytes:
        """Let time of the port pass; what came in meanwhile, which should be nothing."""
        port = self.port
        port.timeout = seconds
        try:
            heard = bytes(port.read(1))
            if heard:
                heard += port.read(256)
            return heard
        finally:
            port.timeout = TIMEOUT_S

    def ticks(self) -> int:
        """The controller's uptime, modulo 2^16."""
        return self.fields(r.FAST_STATUS)["uptime"]

    def take_over(self) -> Found:
        """Note what is to be put back, and begin with all trays off and stimulus as the source."""
        found = Found(
            self.read(r.CONTROL.base, r.CONTROL.size),
            bool(self.fields(r.FAST_STATUS)["safe"]),
            self.samples(),
        )
        self.set(r.CONTROL_POWER_SWITCH, 0)
        self.set(r.CONTROL_WATCHDOG, r.CONTROL_WATCHDOG.pack(enable=0))
        self.set(r.COMMAND_SAFE, LEAVE_SAFE)
        if self.identity.injection:
            self.write(r.INJECTION.base, (1).to_bytes(4, "big") + bytes(8), r.TEST_KEY)
        return found

    def put_back(self, found: Found) -> None:
        """Samples, control registers and safe state as they were. Trips of the checks are cleared;
        counters have counted, and the source of samples is stimulus."""
        self.set(r.CONTROL_POWER_SWITCH, 0)
        if self.identity.injection:
            self.write(r.INJECTION.base, (1).to_bytes(4, "big") + bytes(8), r.TEST_KEY)
            self.stimulate(found.samples)
        self.set(r.COMMAND_OVER_CURRENT_CLEAR, ALL_TRAYS)
        self.set(r.COMMAND_SAFE, ENTER_SAFE if found.safe else LEAVE_SAFE)
        limits = found.control[4:]  # and all that lies behind power_switch: before trays are on
        self.write(r.CONTROL_PUMP_DRIVE.address, limits)
        self.write(r.CONTROL_POWER_SWITCH.address, found.control[:4])
