"""Golden model of the controller's sensor side: the store of samples, compared with the limits.

Laid out as the sensor vector, big-endian: 32 bytes of rack channels, then 16 bytes a tray laid out
as the tray block. A channel is a halfword of it, numbered from 0 on.
"""

from __future__ import annotations

from struct import Struct

RACK_BYTES = 32
TRAY_BYTES = 16

_COOLANT_SUPPLY_A = Struct(">12xH")  # where it lies among the rack channels
_HALVES_PER_TRAY = TRAY_BYTES // 2
_CURRENT_HALF, _GPU_HALF, _HBM_HALF = 3, 4, 5  # halfwords of a tray
_CONTROLLER_BITS = 0x0E00_0000  # powered, over-temperature, over-current in a tray's first word
_FREEZE, _SKEW = 1, 2  # injection.sensor_fault.kind


class SensorStore:
    """The newest sample of every channel, raw; bit i of every mask is tray i."""

    def __init__(self, trays: int) -> None:
        self.trays = trays
        self.length = RACK_BYTES + TRAY_BYTES * trays
        self.stimulus_only = False  # nothing is taken from the front end
        self._fault = self._channel = self._offset = 0
        self._tray_halves = Struct(f">{_HALVES_PER_TRAY * trays}H")
        self._all_trays = (1 << trays) - 1
        self._keep(bytes(self.length))

    def present(self, vector: bytes) -> None:
        """Samples of the front end. Raises ValueError when their length does not fit the trays."""
        if len(vector) != self.length:
            raise ValueError(
                f"sensor vector has {len(vector)} bytes, must be {self.length} "
                f"for {self.trays} trays"
            )
        if not self.stimulus_only:
            self._keep(self._taken(0, bytes(vector)))

    def stimulate(self, word: int, value: int) -> None:
        """Samples of the two channels in a word of the vector."""
        at = 4 * word
        samples = self._taken(2 * word, value.to_bytes(4, "big"))
        self._keep(self._store[:at] + samples + self._store[at + 4 :])

    def set_fault(self, kind: int, channel: int, offset: int) -> None:
        """As register injection.sensor_fault; it acts on samples taken from now on."""
        self._fault, self._channel, self._offset = kind, channel, offset

    def _taken(self, first: int, samples: bytes) -> bytes:
        """Samples from channel `first` on, as they are after the fault."""
        at = 2 * (self._channel - first)
        if self._fault not in (_FREEZE, _SKEW) or not 0 <= at < len(samples):
            return samples
        if self._fault == _FREEZE:
            sample = self._store[2 * self._channel : 2 * self._channel + 2]
        else:
            skewed = int.from_bytes(samples[at : at + 2], "big") + self._offset & 0xFFFF
            sample = skewed.to_bytes(2, "big")
        return samples[:at] + sample + samples[at + 2 :]

    def _keep(self, store: bytes) -> None:
        self._store = store
        self.rack = store[:RACK_BYTES]
        halves = self._tray_halves.unpack_from(store, RACK_BYTES)
        self._currents = halves[_CURRENT_HALF::_HALVES_PER_TRAY]
        self._gpus = halves[_GPU_HALF::_HALVES_PER_TRAY]
        self._hbms = halves[_HBM_HALF::_HALVES_PER_TRAY]
        self.coolant_supply_a: int = _COOLANT_SUPPLY_A.unpack_from(store)[0]

    def above_temperature(self, gpu_limit: int, hbm_limit: int) -> int:
        """Trays above either limit."""
        return _above(self._gpus, gpu_limit) | _above(self._hbms, hbm_limit)

    def above_current(self, limit: int) -> int:
        """Trays above the limit."""
        return _above(self._currents, limit)

    def hottest(self, powered: int) -> bytes:
        """Register fast.hottest: over the powered trays, 0 when there is none."""
        gpu = hbm = 0
        if powered == self._all_trays:
            gpu, hbm = max(self._gpus), max(self._hbms)
        elif powered:
            on = [tray for tray in range(self.trays) if powered >> tray & 1]
            gpu, hbm = max(self._gpus[tray] for tray in on), max(self._hbms[tray] for tray in on)
        return (gpu << 16 | hbm).to_bytes(4, "big")

    def tray_block(self, powered: int, over_temperature: int, over_current: int) -> bytes:
        """Region trays: the sensors' words with the controller's own bits put in."""
        block = bytearray(self._store[RACK_BYTES:])
        for tray in range(self.trays):
            at = TRAY_BYTES * tray
            word = int.from_bytes(block[at : at + 4], "big") & ~_CONTROLLER_BITS
            word |= (powered >> tray & 1) << 27
            word |= (over_temperature >> tray & 1) << 26
            word |= (over_current >> tray & 1) << 25
            block[at : at + 4] = word.to_bytes(4, "big")
        return bytes(block)


def _above(values: tuple[int, ...], limit: int) -> int:
    """Bit i set where value i lies above the limit."""
    if max(values) <= limit:
        return 0
    return sum(1 << i for i, value in enumerate(values) if value > limit)
