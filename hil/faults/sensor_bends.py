"""Sensors that show something else than they measure.

The vector of `sim.channels` is taken apart and put together again for the channels that a fault
bends; it is bent after quantisation, in engineering values, and saturates at the channel's ends.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from hil.faults.effect import Effect
from sim.channels import RACK_BYTES, RACK_CHANNELS, TRAY_BYTES, TRAY_CHANNELS, Channel

RACK = {channel.name: channel for channel in RACK_CHANNELS}
TRAY = {channel.name: channel for channel in TRAY_CHANNELS}

Bend = Callable[[float, int], float]  # value measured, time in ns → value shown


@dataclass(frozen=True)
class Place:
    """Where a channel stands in the vector."""

    channel: Channel
    first: int  # byte of its 32-bit word
    label: str

    def raw(self, vector: bytes | bytearray) -> int:
        """The channel's count."""
        word = int.from_bytes(vector[self.first : self.first + 4], "big")
        return word >> self.channel.lsb & self.full

    def put(self, vector: bytearray, raw: int) -> None:
        """Replace the channel's count."""
        word = int.from_bytes(vector[self.first : self.first + 4], "big")
        word &= ~(self.full << self.channel.lsb)
        word |= raw << self.channel.lsb
        vector[self.first : self.first + 4] = word.to_bytes(4, "big")

    @property
    def full(self) -> int:
        """The largest count."""
        return (1 << self.channel.width) - 1

    def value(self, raw: int) -> float:
        """Engineering value of a count."""
        return raw * self.channel.scale + self.channel.offset

    def count(self, value: float) -> int:
        """Count that comes closest to a value."""
        raw = (value - self.channel.offset) / self.channel.scale
        return self.full if math.isnan(raw) else round(min(max(raw, 0.0), float(self.full)))


def places(channel: str, tray: int | None, trays: int) -> list[Place]:
    """Where a channel stands; a tray's channel without `tray` stands in all of them."""
    if channel in RACK:
        found = RACK[channel]
        return [Place(found, 4 * found.word, channel)]
    found = TRAY[channel]
    which = range(trays) if tray is None else (tray,)
    return [
        Place(found, RACK_BYTES + TRAY_BYTES * t + 4 * found.word, f"tray {t} {channel}")
        for t in which
    ]


class SensorBends:
    """The bends in force, in the order in which they came."""

    def __init__(self) -> None:
        self._bends: list[tuple[Place, Bend, Effect]] = []

    def bend(self, place: Place, bend: Bend, effect: Effect) -> None:
        """Bend one channel from now on, on behalf of an effect."""
        self._bends.append((place, bend, effect))
        effect.stop = lambda: self._release(effect)

    def shown(self, vector: bytes, time_ns: int) -> bytes:
        """The vector as the controller is shown it."""
        if not self._bends:
            return vector
        bent = bytearray(vector)
        for place, bend, effect in self._bends:
            before = place.raw(bent)
            after = place.count(bend(place.value(before), time_ns))
            if after != before:
                place.put(bent, after)
                effect.prove(
                    f"{place.label} shows {place.value(after):g} {place.channel.unit} where it "
                    f"measured {place.value(before):g}"
                )
        return bytes(bent)

    def _release(self, effect: Effect) -> None:
        self._bends = [bend for bend in self._bends if bend[2] is not effect]
