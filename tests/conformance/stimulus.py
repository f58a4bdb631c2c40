"""The bench's side of a controller: sensors, ticks, upsets, actuators.

`LockstepStimulus` reaches a controller in simulation beside the link; of one behind a byte stream
see `byte_stream`. What a controller cannot offer skips the test that asks for it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from struct import Struct

import pytest

from fsw import registers as r
from gateware.triplication import COPIES, triplicated_register
from hil.targets.lockstep import LockstepTarget
from sim.channels import RACK_BYTES, RACK_CHANNELS, TRAY_BYTES, TRAY_CHANNELS

from .wire import TEST_KEY, WRITE_SAME, Link

HEAD = Struct(">4I4HI")


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


class Stimulus(ABC):
    """Sets raw sensor values by channel name, lets ticks pass, flips bits, sees actuators."""

    lacks: Mapping[str, str]  # what it cannot offer, and why

    def __init__(self, trays: int) -> None:
        self.trays = trays
        self._vector = bytearray(RACK_BYTES + TRAY_BYTES * trays)

    @property
    @abstractmethod
    def target(self) -> LockstepTarget:
        """The controller in simulation."""

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
        self._present(bytes(self._vector))

    def actuators(self) -> Actuators:
        """Actuators as they are now."""
        caps = Struct(f">{self.trays}I").unpack(self.caps())
        return Actuators(*HEAD.unpack(self.head()), caps)

    @abstractmethod
    def _present(self, vector: bytes) -> None:
        """Make samples of a sensor vector."""

    @abstractmethod
    def head(self) -> bytes:
        """The actuator vector before its caps."""

    @abstractmethod
    def caps(self) -> bytes:
        """The caps of the actuator vector."""

    @abstractmethod
    def ticks(self, count: int) -> None:
        """Let exactly that many ticks pass; afterwards the next one is a whole tick away."""

    @abstractmethod
    def reset(self) -> None:
        """Reset the controller."""

    def need(self, what: str) -> None:
        """Skip the test, before it does any harm, where the controller does not offer that."""
        why = self.lacks.get(what)
        if why is not None:
            pytest.skip(f"needs {what}: {why}")

    def flip(self, word: int, *bits: int) -> None:
        """Flip bits of a stored codeword."""
        mask = sum(1 << bit for bit in bits)
        for region, part in ((r.FLIP_MEMORY, mask & 0xFFFF_FFFF), (r.FLIP_CHECK, mask >> 32)):
            if part:
                self._inject(region.base + 4 * word, part)

    def flip_register(self, name: str, copy: str, bit: int, times: int = 1) -> None:
        """Flip a bit in one copy of a triplicated register; `times`: and again once repaired."""
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
        self._inject(r.FLIP_CONFIG.base + 4 * word, mask)

    def codeword(self, word: int) -> int:
        """A stored codeword; skips the test where it cannot be seen."""
        self.need("transparency")
        return self.target.peek_memory(word)

    def frames(self) -> bytes:
        """All words of the configuration frames as they are stored."""
        base = r.CONFIG_FRAMES.base
        return self._link.read(base, 512) + self._link.read(base + 512, 512)

    @property
    @abstractmethod
    def _link(self) -> Link:
        """For what goes through the link."""

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


class LockstepStimulus(Stimulus):
    """Of a controller in lockstep.

    Upsets strike beside the link where the target is transparent, else through the test key.
    """

    lacks: Mapping[str, str] = {}

    def __init__(self, target: LockstepTarget) -> None:
        super().__init__(target.trays)
        self._target = target
        if not target.transparent:
            seen = f"{target.name}: memory and registers cannot be seen from outside"
            self.lacks = {"transparency": seen}
        self._instant_link = Link(InstantPort(target))

    @property
    def target(self) -> LockstepTarget:
        return self._target

    @property
    def _link(self) -> Link:
        return self._instant_link

    def ticks(self, count: int) -> None:
        target = self.target
        target.advance_to((target.now_ns // target.tick_ns + count) * target.tick_ns)

    def reset(self) -> None:
        self.target.reset()

    def _present(self, vector: bytes) -> None:
        self.target.set_sensors(vector)

    def head(self) -> bytes:
        return self.target.actuators()[: HEAD.size]

    def caps(self) -> bytes:
        raw = self.target.actuators()
        assert len(raw) == HEAD.size + 4 * self.trays
        return raw[HEAD.size :]

    def flip(self, word: int, *bits: int) -> None:
        if self.target.transparent:
            self.target.flip_memory(word, sum(1 << bit for bit in bits))
        else:
            super().flip(word, *bits)

    def flip_register(self, name: str, copy: str, bit: int, times: int = 1) -> None:
        if not self.target.transparent:
            super().flip_register(name, copy, bit, times)
            return
        for _ in range(times):
            self.target.flip_register(name, copy, 1 << bit)

    def flip_frame_word(self, word: int, mask: int) -> None:
        if self.target.transparent:
            self.target.flip_config(word, mask)
        else:
            super().flip_frame_word(word, mask)

    def frames(self) -> bytes:
        if not self.target.transparent:
            return super().frames()
        words = map(self.target.peek_config, range(256))
        return b"".join(word.to_bytes(4, "big") for word in words)
