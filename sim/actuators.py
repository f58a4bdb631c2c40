"""The actuator vector as it leaves the payload controller, and its physical meaning.

Big-endian: four 32-bit tray masks (bit i = tray i), four 16-bit drives, one word of flags (bit 0 =
safe, bit 1 = a trip is latched), then one cap word a tray, laid out as `tray_control.cap` of the
register map.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

_HEAD = struct.Struct(">IIIIHHHHI")
HEAD_BYTES = _HEAD.size
FULL_DRIVE = 65535.0  # raw drive of 1
POWER_CAP_SCALE_W = 0.2  # tray_control.cap.power
SAFE_FLAG = 1


@dataclass(frozen=True, slots=True)
class Actuators:
    """What the controller drives; satellites on the leading axis."""

    tray_power: BoolArray  # (S, T) load switch closed
    tray_reset: BoolArray  # (S, T) reset line high
    tray_scrub: BoolArray  # (S, T) digest request line high
    tray_reload: BoolArray  # (S, T) reload request line high
    pump_a: FloatArray  # (S,) 0..1 of full speed
    pump_b: FloatArray  # (S,) 0..1 of full speed
    bypass: FloatArray  # (S,) 0 = all ammonia through the radiator, 1 = all past it
    heater: FloatArray  # (S,) 0..1 of full power
    safe: BoolArray  # (S,) controller is in its safe state
    power_cap_w: FloatArray  # (S, T)
    clock_cap_mhz: FloatArray  # (S, T)


@lru_cache(maxsize=256)
def decode(raw: bytes, trays: int) -> Actuators:
    """Actuators of one satellite from its vector. The arrays are read-only.

    Equal vectors give the same object, which lets the plant skip what did not change.
    Raises ValueError on a vector of another length than 28 + 4 * trays.
    """
    expected = HEAD_BYTES + 4 * trays
    if len(raw) != expected:
        raise ValueError(
            f"actuator vector of {len(raw)} bytes, must be {expected} for {trays} trays"
        )
    power, reset, scrub, reload, pump_a, pump_b, bypass, heater, flags = _HEAD.unpack_from(raw)
    bits = np.arange(trays, dtype=np.uint32)
    caps = np.frombuffer(raw, dtype=">u2", offset=HEAD_BYTES).reshape(1, trays, 2)

    def lines(mask: int) -> BoolArray:
        return _frozen(((np.uint32(mask) >> bits) & 1).astype(np.bool_)[None])

    def drive(value: int) -> FloatArray:
        return _frozen(np.array([value / FULL_DRIVE]))

    return Actuators(
        tray_power=lines(power),
        tray_reset=lines(reset),
        tray_scrub=lines(scrub),
        tray_reload=lines(reload),
        pump_a=drive(pump_a),
        pump_b=drive(pump_b),
        bypass=drive(bypass),
        heater=drive(heater),
        safe=_frozen(np.array([bool(flags & SAFE_FLAG)])),
        power_cap_w=_frozen(caps[:, :, 0] * POWER_CAP_SCALE_W),
        clock_cap_mhz=_frozen(caps[:, :, 1].astype(np.float64)),
    )


def _frozen(array: npt.NDArray) -> npt.NDArray:  # type: ignore[type-arg]
    array.setflags(write=False)
    return array
