"""Earth's shadow: how much of the Sun's disc a satellite sees, and when it does not see all.

Conical shadow: two discs overlap on the sky (Montenbruck and Gill, Satellite Orbits, section
3.4.2). The Earth is a sphere of equatorial radius without atmosphere; refraction, which reddens the
last seconds, and flattening, which moves the edges by some seconds, are left out.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sim import sun
from sim.constants import ASTRONOMICAL_UNIT_M, EARTH_RADIUS_M, SUN_RADIUS_M
from sim.orbit import Orbit, position_velocity

FloatArray = NDArray[np.float64]

SEARCH_STEP_S = 10.0


def _discs(
    position_eci_m: FloatArray, sun_eci: FloatArray, sun_distance_au: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Angular radius of the Sun and of the Earth, and their separation, each (N,), rad."""
    radius_m = np.linalg.norm(position_eci_m, axis=-1)
    to_sun_m = sun_eci * (sun_distance_au * ASTRONOMICAL_UNIT_M)[..., None] - position_eci_m
    distance_m = np.linalg.norm(to_sun_m, axis=-1)
    cosine = -np.sum(to_sun_m * position_eci_m, axis=-1) / (distance_m * radius_m)
    return (
        np.arcsin(SUN_RADIUS_M / distance_m),
        np.arcsin(np.minimum(EARTH_RADIUS_M / radius_m, 1.0)),
        np.arccos(np.clip(cosine, -1.0, 1.0)),
    )


def visible_fraction(
    position_eci_m: FloatArray, sun_eci: FloatArray, sun_distance_au: FloatArray
) -> FloatArray:
    """Visible share of the Sun's disc (N,), 1 in full sunlight and 0 in the umbra.

    Takes positions (N, 3), unit vectors Earth to Sun (N, 3) and distances (N,). The discs are taken
    as flat and evenly bright.
    """
    sun_angle, earth_angle, separation = _discs(position_eci_m, sun_eci, sun_distance_au)
    fraction = np.ones_like(separation)
    fraction[separation <= earth_angle - sun_angle] = 0.0
    partial = (separation < earth_angle + sun_angle) & (separation > earth_angle - sun_angle)
    if np.any(partial):
        a, b, c = sun_angle[partial], earth_angle[partial], separation[partial]
        x = (c**2 + a**2 - b**2) / (2.0 * c)
        y = np.sqrt(np.maximum(a**2 - x**2, 0.0))
        hidden = a**2 * np.arccos(np.clip(x / a, -1.0, 1.0))
        hidden += b**2 * np.arccos(np.clip((c - x) / b, -1.0, 1.0)) - c * y
        fraction[partial] = np.clip(1.0 - hidden / (math.pi * a**2), 0.0, 1.0)
    return fraction


def _penumbra_margin(orbit: Orbit, time_s: FloatArray) -> FloatArray:
    """Angle (N,), rad, between the rims of Earth and Sun: negative while part of it is hidden."""
    position, _ = position_velocity(orbit, time_s)
    sun_eci, sun_distance_au = sun.direction_distance(orbit.days(time_s))
    sun_angle, earth_angle, separation = _discs(position, sun_eci, sun_distance_au)
    return separation - earth_angle - sun_angle


def eclipse_intervals(orbit: Orbit, start_s: float, end_s: float) -> list[tuple[float, float]]:
    """Every (enter, leave), s since the epoch, of an eclipse that touches [start_s, end_s].

    From first to last contact, penumbra included, good to 1 ms. An eclipse under way at either end
    is given whole. Grazes shorter than 10 s, in which little of the Sun is hidden, may be missed.
    Raises ValueError when end_s lies before start_s.
    """
    if not end_s >= start_s:
        raise ValueError(
            f"eclipse_intervals: end_s = {end_s}, must be start_s = {start_s} or later"
        )
    lead = orbit.period_s
    time_s = np.arange(start_s - lead, end_s + lead + SEARCH_STEP_S, SEARCH_STEP_S)
    hidden = _penumbra_margin(orbit, time_s) < 0.0
    change = np.flatnonzero(hidden[1:] != hidden[:-1])
    low, high = time_s[change], time_s[change + 1]
    was_hidden = hidden[change]
    for _ in range(math.ceil(math.log2(SEARCH_STEP_S / 1e-4))):
        middle = 0.5 * (low + high)
        same = (_penumbra_margin(orbit, middle) < 0.0) == was_hidden
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    edges = 0.5 * (low + high)
    if edges.size and was_hidden[0]:  # the search began inside an eclipse that is over by start_s
        edges = edges[1:]
    pairs = zip(edges[0::2].tolist(), edges[1::2].tolist(), strict=False)
    return [(enter, leave) for enter, leave in pairs if leave > start_s and enter < end_s]


def cylinder_duration_s(semi_major_axis_m: float, period_s: float, beta_rad: float) -> float:
    """Eclipse of a circular orbit in a cylindrical shadow, s: the closed form, for
    estimates and as a referee.

    t = (P/pi) acos( sqrt(a² - R²) / (a cos beta) ), nothing beyond |beta| = asin(R/a).
    """
    radius_ratio = math.sqrt(semi_major_axis_m**2 - EARTH_RADIUS_M**2) / semi_major_axis_m
    cosine = math.cos(beta_rad)
    if radius_ratio >= cosine:
        return 0.0
    return period_s / math.pi * math.acos(radius_ratio / cosine)
