"""The bench's side of a controller in lockstep: sensors, ticks, upsets, actuators.

Upsets strike beside the link where the target is transparent, else through the test key.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct

import pytest

from fsw import registers as r
from gateware.triplication import COPIES, triplicated_register
from hil.targets.lockstep import LockstepTarget
from sim.channels import RACK_BYTES, RACK_CHANNELS, TRAY_BYTES, TRAY_CHANNELS

from .wire import TEST_KEY, WRITE_SAME, Link

_HEAD = Struct(">4I4HI")


@dataclass(frozen=True)
class Actuators:
    """Raw actuator values; bit i of the lines is tray i."""

    power: int
    reset: int
    scrub: int
    reload: int
    pump_a: int
    pump_b: int
    bypass: int
    heater: int
    flags: int
    caps: tuple[int, ...]


class InstantPort:
    """The target's link without the wire: no time passes on it."""

    timeout = 0

    def __init__(self, target: LockstepTarget) -> None:
        self._target = target
        self._received = b""

    def write(self, data: bytes) -> None:
        self._received += self._target.exchange(data)

    def read(self, size: int) -> bytes:
        data, self._received = self._received[:size], self._received[size:]
        return data


class Stimulus:
    """Sets raw sensor values by channel name, lets ticks pass, flips bits."""

    def __init__(self, target: LockstepTarget) -> None:
        self.target = target
        self._link = Link(InstantPort(target))
        self.trays = target.trays
        self._vector = bytearray(RACK_BYTES + TRAY_BYTES * target.trays)

    def ticks(self, count: int) -> None:
        """Let exactly that many ticks pass; afterwards the next one is a whole tick away."""
        target = self.target
        target.advance_to((target.now_ns // target.tick_ns + count) * target.tick_ns)

    def rack(self, **raw: int) -> None:
        """Set rack channels, raw."""
        self._put(0, RACK_CHANNELS, raw)
        self.present()

    def tray(self, tray: int, **raw: int) -> None:
        """Set channels of one tray, raw."""
        self._put(RACK_BYTES + TRAY_BYTES * tray, TRAY_CHANNELS, raw)
        self.present()

    def present(self, vector: bytes | None = None) -> None:
        """Present a whole sensor vector; without one, the one built so far."""
        if vector is not None:
            self._vector[:] = vector
        self.target.set_sensors(bytes(self._vector))

    def actuators(self) -> Actuators:
        """Actuators as they are now."""
        raw = self.target.actuators()
        assert len(raw) == 28 + 4 * self.trays
        caps = Struct(f">{self.trays}I").unpack_from(raw, _HEAD.size)
        return Actuators(*_HEAD.unpack_from(raw), caps)

    def flip(self, word: int, *bits: int) -> None:
        """Flip bits of a stored codeword."""
        mask = sum(1 << bit for bit in bits)
        if self.target.transparent:
            self.target.flip_memory(word, mask)
            return
        for region, part in ((r.FLIP_MEMORY, mask & 0xFFFF_FFFF), (r.FLIP_CHECK, mask >> 32)):
            if part:
                self._inject(region.base + 4 * word, part)

    def flip_register(self, name: str, copy: str, bit: int, times: int = 1) -> None:
        """Flip a bit in one copy of a triplicated register; `times`: and again once repaired."""
        if self.target.transparent:
            for _ in range(times):
                self.target.flip_register(name, copy, 1 << bit)
            return
        number = triplicated_register(name, self.trays).number
        address = r.FLIP_REGISTERS.base + 256 * COPIES.index(copy) + 4 * number
        self._inject(address, 1 << bit, times)

    def flip_frames(self, *places: int) -> None:
        """Flip bits of the configuration frames: 512 times the frame plus place.

        A place is 32 times the word in the frame plus the bit in the word.
        """
        for place in places:
            self.flip_frame_word(place // 32, 1 << place % 32)

    def flip_frame_word(self, word: int, mask: int) -> None:
        """Flip bits of one of the 256 words of the configuration frames."""
        if self.target.transparent:
            self.target.flip_config(word, mask)
        else:
            self._inject(r.FLIP_CONFIG.base + 4 * word, mask)

    def codeword(self, word: int) -> int:
        """A stored codeword; skips the test where it cannot be seen."""
        self.need_transparency()
        return self.target.peek_memory(word)

    def frames(self) -> bytes:
        """All words of the configuration frames as they are stored."""
        if self.target.transparent:
            words = map(self.target.peek_config, range(256))
            return b"".join(word.to_bytes(4, "big") for word in words)
        base = r.CONFIG_FRAMES.base
        return self._link.read(base, 512) + self._link.read(base + 512, 512)

    def need_transparency(self) -> None:
        """Skip the test where nothing can be reached beside the link."""
        if not self.target.transparent:
            pytest.skip(f"{self.target.name}: memory and registers cannot be seen from outside")

    def _inject(self, address: int, word: int, times: int = 1) -> None:
        """Write a word with the test key, again and again."""
        data = word.to_bytes(4, "big")
        while times:
            count = min(times, 64)
            self._link.execute(WRITE_SAME, address, 4 * count, data * count, TEST_KEY)
            times -= count

    def _put(self, base: int, channels: tuple, raw: dict[str, int]) -> None:
        for channel in channels:
            if channel.name not in raw:
                continue
            value = raw.pop(channel.name)
            assert 0 <= value < 1 << channel.width, f"{channel.name} = {value}"
            at = base + 4 * channel.word
            word = int.from_bytes(self._vector[at : at + 4], "big")
            word &= ~((1 << channel.width) - 1 << channel.lsb)
            word |= value << channel.lsb
            self._vector[at : at + 4] = word.to_bytes(4, "big")
        assert not raw, f"no such channels: {', '.join(raw)}"
