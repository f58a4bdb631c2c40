"""Circular orbit with the secular drift of J2, as a closed form of time.

The node regresses and the argument of latitude advances at constant rates (Vallado, Fundamentals
of Astrodynamics, 4th edition, section 9.6, with e = 0); short-period terms (under 10 km),
drag and manoeuvres are left out: the orbit is the design orbit, held by station-keeping. Any time
can be asked for in any order.

Frame `eci`: mean equator and equinox of date. Time: seconds since `Orbit.epoch`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from sim import sun
from sim.constants import DAY_S, EARTH_J2, EARTH_MU_M3_S2, EARTH_RADIUS_M, TROPICAL_YEAR_DAYS

FloatArray = NDArray[np.float64]

J2000 = datetime(2000, 1, 1, 12, tzinfo=UTC)
SUN_SYNCHRONOUS_RATE_RAD_S = 2.0 * math.pi / (TROPICAL_YEAR_DAYS * DAY_S)


@dataclass(frozen=True)
class Orbit:
    """A circular orbit. Raises ValueError on an altitude, inclination or epoch that makes none."""

    altitude_m: float  # above the equatorial radius
    inclination_rad: float  # 0 to pi
    raan_rad: float  # right ascension of the ascending node at the epoch
    argument_of_latitude_rad: float  # at the epoch, from the ascending node
    epoch: datetime  # with a time zone

    def __post_init__(self) -> None:
        if not (math.isfinite(self.altitude_m) and self.altitude_m > 0):
            raise ValueError(f"orbit: altitude_m = {self.altitude_m}, must be above 0")
        if not 0 <= self.inclination_rad <= math.pi:
            raise ValueError(
                f"orbit: inclination_rad = {self.inclination_rad}, must be 0 to pi (in radians)"
            )
        for name in ("raan_rad", "argument_of_latitude_rad"):
            if not math.isfinite(getattr(self, name)):
                raise ValueError(f"orbit: {name} = {getattr(self, name)}, must be finite")
        if self.epoch.tzinfo is None:
            raise ValueError(
                f"orbit: epoch = {self.epoch.isoformat()} has no time zone; add one, such as +00:00"
            )

    @property
    def semi_major_axis_m(self) -> float:
        """Radius of the circle."""
        return EARTH_RADIUS_M + self.altitude_m

    @property
    def mean_motion_rad_s(self) -> float:
        """Two-body angular rate."""
        return math.sqrt(EARTH_MU_M3_S2 / self.semi_major_axis_m**3)

    @property
    def period_s(self) -> float:
        """Two-body period."""
        return 2.0 * math.pi / self.mean_motion_rad_s

    @property
    def nodal_period_s(self) -> float:
        """Time from one ascending node to the next."""
        return 2.0 * math.pi / self.argument_of_latitude_rate_rad_s

    @property
    def raan_rate_rad_s(self) -> float:
        """Drift of the node, positive eastward."""
        return -1.5 * self._j2_rate_rad_s * math.cos(self.inclination_rad)

    @property
    def argument_of_latitude_rate_rad_s(self) -> float:
        """Angular rate from the node: mean motion and both J2 drifts (perigee and anomaly)."""
        sin2 = math.sin(self.inclination_rad) ** 2
        return self.mean_motion_rad_s + 1.5 * self._j2_rate_rad_s * (3.0 - 4.0 * sin2)

    @property
    def epoch_days(self) -> float:
        """The epoch as days since J2000.0, universal time."""
        return (self.epoch - J2000).total_seconds() / DAY_S

    @property
    def _j2_rate_rad_s(self) -> float:
        ratio = EARTH_RADIUS_M / self.semi_major_axis_m
        return self.mean_motion_rad_s * EARTH_J2 * ratio**2

    def days(self, time_s: FloatArray) -> FloatArray:
        """Days since J2000.0, universal time, of times (N,) since the epoch."""
        return self.epoch_days + time_s / DAY_S

    def raan_at(self, time_s: FloatArray) -> FloatArray:
        """Right ascension of the ascending node (N,), rad."""
        return self.raan_rad + self.raan_rate_rad_s * time_s

    def argument_of_latitude_at(self, time_s: FloatArray) -> FloatArray:
        """Argument of latitude (N,), rad, not wrapped."""
        return self.argument_of_latitude_rad + self.argument_of_latitude_rate_rad_s * time_s


def position_velocity(orbit: Orbit, time_s: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Position (N, 3), m, and velocity (N, 3), m/s, in `eci` at times (N,) since the epoch.

    The velocity is the exact time derivative of the position, drift of the node included.
    """
    time_s = np.asarray(time_s, dtype=np.float64)
    raan, u = orbit.raan_at(time_s), orbit.argument_of_latitude_at(time_s)
    cos_raan, sin_raan, cos_u, sin_u = np.cos(raan), np.sin(raan), np.cos(u), np.sin(u)
    cos_i, sin_i = math.cos(orbit.inclination_rad), math.sin(orbit.inclination_rad)
    radius = orbit.semi_major_axis_m

    outward = np.stack(
        (
            cos_raan * cos_u - sin_raan * cos_i * sin_u,
            sin_raan * cos_u + cos_raan * cos_i * sin_u,
            sin_i * sin_u,
        ),
        axis=-1,
    )
    along = np.stack(
        (
            -cos_raan * sin_u - sin_raan * cos_i * cos_u,
            -sin_raan * sin_u + cos_raan * cos_i * cos_u,
            sin_i * cos_u,
        ),
        axis=-1,
    )
    turning = np.stack((-outward[..., 1], outward[..., 0], np.zeros_like(u)), axis=-1)
    velocity = orbit.argument_of_latitude_rate_rad_s * along + orbit.raan_rate_rad_s * turning
    return radius * outward, radius * velocity


def normal(orbit: Orbit, time_s: FloatArray) -> FloatArray:
    """Unit orbit normal (N, 3) in `eci`, along the angular momentum."""
    raan = orbit.raan_at(np.asarray(time_s, dtype=np.float64))
    cos_i, sin_i = math.cos(orbit.inclination_rad), math.sin(orbit.inclination_rad)
    return np.stack(
        (sin_i * np.sin(raan), -sin_i * np.cos(raan), np.full_like(raan, cos_i)), axis=-1
    )


def beta(orbit: Orbit, time_s: FloatArray) -> FloatArray:
    """Angle of the Sun above the orbit plane (N,), rad, positive on the side of the normal."""
    time_s = np.asarray(time_s, dtype=np.float64)
    sun_eci, _ = sun.direction_distance(orbit.days(time_s))
    sine = np.sum(normal(orbit, time_s) * sun_eci, axis=-1)
    return np.asarray(np.arcsin(np.clip(sine, -1.0, 1.0)))


def sun_synchronous(
    altitude_m: float,
    local_time_ascending_node_h: float,
    epoch: datetime,
    argument_of_latitude_rad: float = 0.0,
) -> Orbit:
    """Sun-synchronous orbit whose ascending node stands at this *mean* local solar time.

    Dawn-dusk is 18 h (or 6 h); the true Sun runs up to 16 minutes before or behind the mean one.
    Raises ValueError where no inclination makes the node keep pace with the Sun (above 5,974 km).
    """
    if not 0 <= local_time_ascending_node_h <= 24:
        raise ValueError(
            f"local_time_ascending_node_h = {local_time_ascending_node_h}, must be 0 to 24"
        )
    polar = Orbit(altitude_m, math.pi / 2, 0.0, argument_of_latitude_rad, epoch)
    cos_i = -SUN_SYNCHRONOUS_RATE_RAD_S / (1.5 * polar._j2_rate_rad_s)
    if cos_i < -1.0:
        raise ValueError(
            f"altitude_m = {altitude_m}: too high to be sun-synchronous, must be below 5,974 km"
        )
    hour_angle = math.radians(15.0 * (local_time_ascending_node_h - 12.0))
    raan = (sun.mean_longitude(polar.epoch_days) + hour_angle) % (2.0 * math.pi)
    return Orbit(altitude_m, math.acos(cos_i), raan, argument_of_latitude_rad, epoch)


def orbit_with_beta(
    altitude_m: float,
    inclination_rad: float,
    beta_rad: float,
    epoch: datetime,
    argument_of_latitude_rad: float = 0.0,
) -> Orbit:
    """Orbit whose beta angle is `beta_rad` at the epoch, by choice of its node.

    Of the two nodes that do, the one within 90° of the Sun's right ascension is taken.
    Raises ValueError, with the reachable range, where the inclination allows no such angle.
    """
    level = Orbit(altitude_m, inclination_rad, 0.0, argument_of_latitude_rad, epoch)
    sun_eci, _ = sun.direction_distance(np.array([level.epoch_days]))
    x, y, z = (float(c) for c in sun_eci[0])
    swing = math.hypot(x, y) * math.sin(inclination_rad)
    centre = z * math.cos(inclination_rad)
    wanted = math.sin(beta_rad) - centre
    if abs(beta_rad) > math.pi / 2 or abs(wanted) > swing + 1e-12:
        low = math.degrees(math.asin(max(-1.0, centre - swing)))
        high = math.degrees(math.asin(min(1.0, centre + swing)))
        raise ValueError(
            f"beta = {math.degrees(beta_rad):.2f} deg cannot be had on {epoch.date()} with "
            f"inclination {math.degrees(inclination_rad):.2f} deg, must be {low:.2f} to {high:.2f} "
            "deg; change the inclination or the epoch"
        )
    offset = math.asin(max(-1.0, min(1.0, wanted / swing))) if swing > 0 else 0.0
    raan = (math.atan2(y, x) + offset) % (2.0 * math.pi)
    return Orbit(altitude_m, inclination_rad, raan, argument_of_latitude_rad, epoch)
