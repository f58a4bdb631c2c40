"""Direction and distance of the Sun, by the low-precision formulas of the Astronomical Almanac.

Good to 0.01° and 0.0001 AU from 1950 to 2050 (The Astronomical Almanac, page C5). Frame `eci`: mean
equator and equinox of date. Days count from J2000.0 in universal time: the minute or so to
terrestrial time moves the Sun by 0.0008°, and annual aberration is in the constants.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def mean_longitude(days: float) -> float:
    """Mean longitude of the Sun, rad: the right ascension of the mean Sun of civil time."""
    return math.radians((280.460 + 0.9856474 * days) % 360.0)


def direction_distance(days: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Unit vector Earth to Sun (N, 3) in `eci` and distance (N,), AU, at `days` (N,)."""
    days = np.asarray(days, dtype=np.float64)
    anomaly = np.radians((357.528 + 0.9856003 * days) % 360.0)
    mean = (280.460 + 0.9856474 * days) % 360.0
    longitude = np.radians(mean + 1.915 * np.sin(anomaly) + 0.020 * np.sin(2.0 * anomaly))
    obliquity = np.radians(23.439 - 0.0000004 * days)
    sine = np.sin(longitude)
    direction = np.stack(
        (np.cos(longitude), np.cos(obliquity) * sine, np.sin(obliquity) * sine), axis=-1
    )
    distance_au = 1.00014 - 0.01671 * np.cos(anomaly) - 0.00014 * np.cos(2.0 * anomaly)
    return direction, distance_au
