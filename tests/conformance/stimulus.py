"""The bench's side of a controller in lockstep: sensors, ticks, upsets, actuators."""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct

from hil.targets.lockstep import LockstepTarget
from sim.channels import RACK_BYTES, RACK_CHANNELS, TRAY_BYTES, TRAY_CHANNELS

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


class Stimulus:
    """Sets raw sensor values by channel name, lets ticks pass, flips memory bits."""

    def __init__(self, target: LockstepTarget) -> None:
        self.target = target
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

    def flip(self, word: int, *bits: int) -> int:
        """Flip bits of a stored codeword; the codeword as it is then."""
        return self.target.flip_memory(word, sum(1 << bit for bit in bits))

    def flip_register(self, name: str, copy: str, bit: int) -> int:
        """Flip a bit in one copy of a triplicated register; the copy as it was then."""
        return self.target.flip_register(name, copy, 1 << bit)

    def codeword(self, word: int) -> int:
        """A stored codeword."""
        return self.target.peek_memory(word)

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
