"""Golden model of the controller's sensor side: the vector compared with the limits and shown.

Big-endian: 32 bytes of rack channels, then 16 bytes a tray laid out as the tray block.
"""

from __future__ import annotations

from struct import Struct

RACK_BYTES = 32
TRAY_BYTES = 16

_COOLANT_SUPPLY_A = Struct(">12xH")  # where it lies among the rack channels
_HALVES_PER_TRAY = TRAY_BYTES // 2
_CURRENT_HALF, _GPU_HALF, _HBM_HALF = 3, 4, 5  # halfwords of a tray
_CONTROLLER_BITS = 0x0E00_0000  # powered, over-temperature, over-current in a tray's first word


class SensorVector:
    """What the sensors show, raw; bit i of every mask is tray i."""

    def __init__(self, trays: int) -> None:
        self.trays = trays
        self.length = RACK_BYTES + TRAY_BYTES * trays
        self._tray_halves = Struct(f">{_HALVES_PER_TRAY * trays}H")
        self._all_trays = (1 << trays) - 1
        self.present(bytes(self.length))

    def present(self, vector: bytes) -> None:
        """Take a new vector. Raises ValueError when its length does not fit the trays."""
        if len(vector) != self.length:
            raise ValueError(
                f"sensor vector has {len(vector)} bytes, must be {self.length} "
                f"for {self.trays} trays"
            )
        self.rack = bytes(vector[:RACK_BYTES])
        self._tray_bytes = bytes(vector[RACK_BYTES:])
        halves = self._tray_halves.unpack(self._tray_bytes)
        self._currents = halves[_CURRENT_HALF::_HALVES_PER_TRAY]
        self._gpus = halves[_GPU_HALF::_HALVES_PER_TRAY]
        self._hbms = halves[_HBM_HALF::_HALVES_PER_TRAY]
        self.coolant_supply_a: int = _COOLANT_SUPPLY_A.unpack_from(self.rack)[0]

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
        block = bytearray(self._tray_bytes)
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
