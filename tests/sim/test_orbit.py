"""The orbit against SGP4, published figures and its own derivative."""

import math
from datetime import UTC, datetime

import numpy as np
import pytest
from sgp4.api import WGS72, Satrec
from skyfield.api import Loader
from skyfield_data import get_skyfield_data_path

from sim.orbit import Orbit, beta, orbit_with_beta, position_velocity, sun_synchronous

EPOCH = datetime(2026, 6, 1, tzinfo=UTC)
load = Loader(get_skyfield_data_path(), verbose=False)


def sgp4_node_passages(orbit: Orbit, days: float) -> tuple[np.ndarray, np.ndarray]:
    """Times, s, and right ascensions, rad, of SGP4's ascending node passages on the same orbit."""
    motion = orbit.mean_motion_rad_s * 60.0
    satellite = Satrec()
    for _ in range(6):  # to the mean motion (Kozai's) that has our mean semi-major axis
        satellite.sgp4init(
            WGS72,
            "i",
            1,
            27910.0,
            0.0,
            0.0,
            0.0,
            1e-7,
            0.0,
            orbit.inclination_rad,
            0.0,
            motion,
            0.0,
        )
        motion *= (satellite.a * 6378.135e3 / orbit.semi_major_axis_m) ** 1.5
    time_s = np.arange(0.0, days * 86_400.0, 20.0)
    start = 2433281.5 + 27910.0
    error, position_km, _ = satellite.sgp4_array(np.full(time_s.size, start), time_s / 86_400.0)
    assert not error.any()
    x, y, z = position_km.T
    up = np.flatnonzero((z[:-1] < 0) & (z[1:] >= 0))
    share = z[up] / (z[up] - z[up + 1])
    ascension = np.arctan2(y[up] + share * (y[up + 1] - y[up]), x[up] + share * (x[up + 1] - x[up]))
    return time_s[up] + share * 20.0, np.unwrap(ascension)


@pytest.mark.parametrize(
    ("altitude_km", "inclination_deg"), [(420, 51.6), (650, 97.99), (550, 53.0)]
)
def test_node_drift_and_nodal_period_follow_sgp4(
    altitude_km: float, inclination_deg: float
) -> None:
    orbit = Orbit(altitude_km * 1e3, math.radians(inclination_deg), 0.0, 0.0, EPOCH)
    time_s, ascension = sgp4_node_passages(orbit, days=10.0)
    drift = np.polyfit(time_s, ascension, 1)[0]
    period_s = np.polyfit(np.arange(time_s.size), time_s, 1)[0]
    # SGP4 carries J4 and J2² on top: a few parts in a thousand of the drift.
    assert orbit.raan_rate_rad_s == pytest.approx(drift, rel=4e-3)
    assert orbit.nodal_period_s == pytest.approx(period_s, rel=1e-5)


@pytest.mark.parametrize(("altitude_km", "period_min"), [(400, 92.560), (600, 96.687)])
def test_two_body_period(altitude_km: float, period_min: float) -> None:
    orbit = Orbit(altitude_km * 1e3, 1.0, 0.0, 0.0, EPOCH)
    assert orbit.period_s / 60.0 == pytest.approx(period_min, abs=5e-4)


def test_velocity_is_the_derivative_of_position() -> None:
    orbit = Orbit(650e3, 1.7, 2.0, 0.3, EPOCH)
    time_s = np.array([0.0, 1234.5, 80_000.0])
    _, velocity = position_velocity(orbit, time_s)
    ahead, _ = position_velocity(orbit, time_s + 0.5)
    behind, _ = position_velocity(orbit, time_s - 0.5)
    assert ahead - behind == pytest.approx(velocity, abs=0.01)
    radius = np.linalg.norm(ahead, axis=-1)
    assert radius == pytest.approx([7_028_137.0] * 3, rel=1e-12)


def test_starts_where_it_is_told() -> None:
    orbit = Orbit(650e3, math.pi / 2, 0.0, 0.0, EPOCH)
    position, velocity = position_velocity(orbit, np.array([0.0]))
    assert position[0] == pytest.approx([7_028_137.0, 0.0, 0.0], abs=1e-6)
    assert velocity[0, 2] == pytest.approx(7_526.0, rel=2e-3)  # sqrt(mu / a), northward


def test_sun_synchronous_inclination_and_drift() -> None:
    orbit = sun_synchronous(650e3, 18.0, EPOCH)
    # 97.99° for 650 km is the textbook figure.
    assert math.degrees(orbit.inclination_rad) == pytest.approx(97.99, abs=0.01)
    assert math.degrees(orbit.raan_rate_rad_s) * 86_400 == pytest.approx(360 / 365.24219, rel=1e-9)


@pytest.mark.parametrize("local_time_h", [6.0, 10.5, 18.0])
def test_node_keeps_its_local_time_over_the_year(local_time_h: float) -> None:
    ephemeris = load("de421.bsp")
    time_s = np.arange(0.0, 365.0, 1.0) * 86_400.0
    orbit = sun_synchronous(650e3, local_time_h, EPOCH)
    when = load.timescale(builtin=True).ut1_jd(2_451_545.0 + orbit.days(time_s))
    seen = ephemeris["earth"].at(when).observe(ephemeris["sun"]).apparent()
    hour = (orbit.raan_at(time_s) - seen.radec(epoch="date")[0].radians) * 12.0 / math.pi + 12.0
    error_min = 60.0 * ((hour - local_time_h + 12.0) % 24.0 - 12.0)
    # The true Sun is up to 16.5 minutes off the mean one, and as often before as behind.
    assert np.abs(error_min).max() == pytest.approx(16.45, abs=0.2)
    assert error_min.mean() == pytest.approx(0.0, abs=0.2)


def test_beta_is_the_elevation_of_the_sun_over_the_orbit_plane() -> None:
    orbit = sun_synchronous(650e3, 18.0, EPOCH)
    time_s = np.array([0.0, 86_400.0 * 40])
    position, velocity = position_velocity(orbit, time_s)
    normal = np.cross(position, velocity)
    normal /= np.linalg.norm(normal, axis=-1)[:, None]
    ephemeris = load("de421.bsp")
    when = load.timescale(builtin=True).ut1_jd(2_451_545.0 + orbit.days(time_s))
    seen = ephemeris["earth"].at(when).observe(ephemeris["sun"]).apparent().radec(epoch="date")
    ra, dec = seen[0].radians, seen[1].radians
    toward = np.stack((np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)), axis=-1)
    expected = 90.0 - np.degrees(np.arccos(np.sum(normal * toward, axis=-1)))
    assert np.degrees(beta(orbit, time_s)) == pytest.approx(expected, abs=0.02)
    assert (np.degrees(beta(orbit, time_s)) > 55).all()


@pytest.mark.parametrize("beta_deg", [-25.0, 0.0, 40.0, 70.0])
def test_orbit_with_beta_has_it(beta_deg: float) -> None:
    orbit = orbit_with_beta(550e3, math.radians(53.0), math.radians(beta_deg), EPOCH)
    assert np.degrees(beta(orbit, np.array([0.0])))[0] == pytest.approx(beta_deg, abs=1e-9)


def test_unreachable_beta_names_the_range() -> None:
    with pytest.raises(ValueError) as caught:
        orbit_with_beta(550e3, math.radians(53.0), math.radians(86.0), EPOCH)
    assert str(caught.value) == (
        "beta = 86.00 deg cannot be had on 2026-06-01 with inclination 53.00 deg, "
        "must be -30.98 to 75.02 deg; change the inclination or the epoch"
    )
    with pytest.raises(ValueError, match="change the inclination"):
        orbit_with_beta(550e3, math.radians(53.0), math.radians(100.0), EPOCH)


def test_orbits_that_cannot_be() -> None:
    with pytest.raises(ValueError) as caught:
        Orbit(-5.0, 1.0, 0.0, 0.0, EPOCH)
    assert str(caught.value) == "orbit: altitude_m = -5.0, must be above 0"
    with pytest.raises(ValueError, match=r"inclination_rad = 98.0, must be 0 to pi"):
        Orbit(650e3, 98.0, 0.0, 0.0, EPOCH)
    with pytest.raises(ValueError, match="has no time zone"):
        Orbit(650e3, 1.0, 0.0, 0.0, datetime(2026, 6, 1))
    with pytest.raises(ValueError, match="must be 0 to 24"):
        sun_synchronous(650e3, 25.0, EPOCH)
    with pytest.raises(ValueError, match="too high to be sun-synchronous"):
        sun_synchronous(6_000e3, 18.0, EPOCH)
    assert sun_synchronous(5_950e3, 18.0, EPOCH).inclination_rad > 3.0
