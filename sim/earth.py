"""The Earth under the satellite: where it is over, and what its glow and shine put on a radiator.

Attitude assumed for the radiator: a flat two-sided plate that stays *vertical* (its plane contains
the zenith) and is turned about the vertical until its plane contains the Sun too. That is possible
at every point of every orbit, so the plate is edge-on to the Sun but for a pointing error, and
both faces see the Earth alike: the Sun-zenith plane is a plane of symmetry. With the Sun in the
zenith any turn does.

The Earth is a sphere of equatorial radius that glows and reflects evenly and diffusely (Lambert).
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sim.constants import EARTH_FLATTENING, EARTH_RADIUS_M

FloatArray = NDArray[np.float64]

ZENITH_STEPS = 181  # tabulated Sun zenith angles, 1° apart
QUADRATURE_STEPS = 96  # midpoints in nadir angle and in azimuth


def gmst(days: FloatArray) -> FloatArray:
    """Greenwich mean sidereal time (N,), rad, 0 to 2 pi, at `days` (N,) since J2000.0, UT1.

    Meeus, Astronomical Algorithms, eq. 12.4 (IAU 1982). UTC serves as UT1: within 0.9 s, 0.004°.
    """
    days = np.asarray(days, dtype=np.float64)
    centuries = days / 36525.0
    degrees = 280.46061837 + 0.98564736629 * days + 360.0 * (days % 1.0)
    degrees = degrees + centuries**2 * (0.000387933 - centuries / 38710000.0)
    return np.radians(degrees % 360.0)


def earth_fixed(position_eci_m: FloatArray, days: FloatArray) -> FloatArray:
    """Position (N, 3) turned from `eci` into the Earth-fixed frame; polar motion left out."""
    angle = gmst(days)
    cosine, sine = np.cos(angle), np.sin(angle)
    x, y, z = np.moveaxis(position_eci_m, -1, 0)
    return np.stack((cosine * x + sine * y, cosine * y - sine * x, z), axis=-1)


def geodetic(position_ecef_m: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Geodetic latitude and longitude (rad, -pi to pi) and height (m) above WGS 84, each (N,).

    Bowring 1976, one step: better than 1e-9 rad below 1,200 km.
    """
    x, y, z = np.moveaxis(position_ecef_m, -1, 0)
    a, f = EARTH_RADIUS_M, EARTH_FLATTENING
    b, e2 = a * (1.0 - f), f * (2.0 - f)
    ring = np.hypot(x, y)
    reduced = np.arctan2(a * z, b * ring)
    latitude = np.arctan2(
        z + e2 / (1.0 - e2) * b * np.sin(reduced) ** 3, ring - e2 * a * np.cos(reduced) ** 3
    )
    sine, cosine = np.sin(latitude), np.cos(latitude)
    height = ring * cosine + z * sine - a * np.sqrt(1.0 - e2 * sine**2)
    return latitude, np.arctan2(y, x), height


def vertical_plate_view_factor(orbit_radius_m: float) -> float:
    """View factor to the Earth of each face of a vertical plate: (rho - sin rho cos rho) / pi.

    That is (1/pi) ∫ cos(face angle) dω over the Earth's disc of angular radius rho, in closed form;
    0.241 at 650 km.
    """
    rho = math.asin(EARTH_RADIUS_M / _above_ground(orbit_radius_m))
    return (rho - math.sin(rho) * math.cos(rho)) / math.pi


@lru_cache(maxsize=64)
def _albedo_table(orbit_radius_m: float) -> tuple[FloatArray, FloatArray]:
    """Sun zenith angles (Z,), rad, and the albedo factor of a face at each.

    Factor = (1/pi) ∫ max(0, ground normal · Sun) cos(face angle) dω over the visible Earth.
    """
    rho = math.asin(EARTH_RADIUS_M / _above_ground(orbit_radius_m))
    middle = (np.arange(QUADRATURE_STEPS) + 0.5) / QUADRATURE_STEPS
    nadir = (rho * middle)[:, None]
    azimuth = (math.pi * middle)[None, :]  # from the Sun's side, over the half that the face sees
    ground = np.arcsin(np.minimum(orbit_radius_m * np.sin(nadir) / EARTH_RADIUS_M, 1.0)) - nadir
    cell = rho * math.pi / QUADRATURE_STEPS**2
    weight = np.sin(nadir) ** 2 * np.sin(azimuth) * (cell / math.pi)
    sunward, upward = np.sin(ground) * np.cos(azimuth), np.cos(ground)
    zenith = np.linspace(0.0, math.pi, ZENITH_STEPS)
    factor = [
        float(np.sum(weight * np.maximum(0.0, math.sin(z) * sunward + math.cos(z) * upward)))
        for z in zenith.tolist()
    ]
    return zenith, np.array(factor)


def vertical_plate_albedo_factor(orbit_radius_m: float, cos_sun_zenith: FloatArray) -> FloatArray:
    """Albedo light on each face (N,), as a share of albedo × solar flux.

    `cos_sun_zenith` (N,) is taken at the point under the satellite. High over the day side the
    factor goes with it; near the terminator the lit part of the horizon still shines. Integrated
    once per orbit radius and interpolated in the angle, to 0.1 % of its noon value.
    """
    zenith, factor = _albedo_table(orbit_radius_m)
    return np.interp(np.arccos(np.clip(cos_sun_zenith, -1.0, 1.0)), zenith, factor)


def _above_ground(orbit_radius_m: float) -> float:
    if not orbit_radius_m > EARTH_RADIUS_M:
        raise ValueError(
            f"orbit_radius_m = {orbit_radius_m}, must be above the Earth's {EARTH_RADIUS_M:.0f} "
            "(is it an altitude?)"
        )
    return orbit_radius_m
