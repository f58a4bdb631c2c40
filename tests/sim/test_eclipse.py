"""Shadow against closed forms, skyfield, and rays traced to points of the Sun's disc."""

import math
from datetime import UTC, datetime

import numpy as np
import pytest
from sgp4.api import WGS72, Satrec
from skyfield.api import EarthSatellite, Loader
from skyfield_data import get_skyfield_data_path

from sim import eclipse, sun
from sim.constants import ASTRONOMICAL_UNIT_M, EARTH_RADIUS_M, SUN_RADIUS_M
from sim.orbit import Orbit, beta, orbit_with_beta, position_velocity, sun_synchronous

EPOCH = datetime(2026, 3, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("altitude_km", "beta_deg", "minutes"),
    [
        (400, 0, 36.108), (400, 30, 34.451), (400, 60, 24.374), (400, 70.23, 0.0),
        (600, 0, 35.488), (600, 30, 33.340), (600, 60, 19.215), (600, 66.08, 0.0),
    ],
)  # fmt: skip
def test_cylinder_closed_form(altitude_km: float, beta_deg: float, minutes: float) -> None:
    orbit = Orbit(altitude_km * 1e3, 1.0, 0.0, 0.0, EPOCH)
    duration_s = eclipse.cylinder_duration_s(
        orbit.semi_major_axis_m, orbit.period_s, math.radians(beta_deg)
    )
    assert duration_s / 60.0 == pytest.approx(minutes, abs=6e-4)


def fraction_by_rays(position: np.ndarray, sun_eci: np.ndarray, distance_au: float) -> float:
    """Share of points spread evenly over the Sun's disc whose ray misses the Earth."""
    number = 20_000
    spiral = np.arange(number) + 0.5
    radius = SUN_RADIUS_M * np.sqrt(spiral / number)
    angle = spiral * math.pi * (1.0 + math.sqrt(5.0))
    centre = sun_eci * distance_au * ASTRONOMICAL_UNIT_M
    axis = centre - position
    axis /= np.linalg.norm(axis)
    side = np.cross(axis, [0.0, 0.0, 1.0])
    side /= np.linalg.norm(side)
    over = np.cross(axis, side)
    rays = centre + np.outer(radius * np.cos(angle), side) + np.outer(radius * np.sin(angle), over)
    rays -= position
    rays /= np.linalg.norm(rays, axis=-1)[:, None]
    nearest = -(rays @ position)
    miss = np.linalg.norm(position + nearest[:, None] * rays, axis=-1)
    return float(np.mean((nearest < 0) | (miss > EARTH_RADIUS_M)))


@pytest.mark.parametrize("beta_deg", [0.0, 62.0])
def test_partial_sunlight_agrees_with_traced_rays(beta_deg: float) -> None:
    orbit = orbit_with_beta(650e3, math.radians(98.0), math.radians(beta_deg), EPOCH)
    enter_s, leave_s = eclipse.eclipse_intervals(orbit, 0.0, 6000.0)[0]
    time_s = np.concatenate(
        (np.linspace(enter_s - 5, enter_s + 25, 13), np.linspace(leave_s - 25, leave_s + 5, 13))
    )
    position, _ = position_velocity(orbit, time_s)
    sun_eci, distance_au = sun.direction_distance(orbit.days(time_s))
    fraction = eclipse.visible_fraction(position, sun_eci, distance_au)
    traced = [
        fraction_by_rays(*row) for row in zip(position, sun_eci, distance_au.tolist(), strict=True)
    ]
    assert fraction == pytest.approx(traced, abs=2e-3)
    assert ((fraction > 0.02) & (fraction < 0.98)).sum() >= 4  # the penumbra was met


def test_agrees_with_skyfield_on_who_is_sunlit() -> None:
    load = Loader(get_skyfield_data_path(), verbose=False)
    timescale, ephemeris = load.timescale(builtin=True), load("de421.bsp")
    model = Satrec()
    model.sgp4init(
        WGS72, "i", 1, 27836.0, 0.0, 0.0, 0.0, 1e-6, 0.0, math.radians(53), 1.0, 0.0655, 0.3
    )
    satellite = EarthSatellite.from_satrec(model, timescale)
    julian = 2_433_281.5 + 27_836.0 + np.arange(0.0, 1.0, 20.0 / 86_400.0)
    when = timescale.ut1_jd(julian)
    expected = satellite.at(when).is_sunlit(ephemeris)

    _, position_km, _ = model.sgp4_array(julian, np.zeros_like(julian))
    sun_eci, distance_au = sun.direction_distance(julian - 2_451_545.0)
    fraction = eclipse.visible_fraction(position_km * 1e3, sun_eci, distance_au)
    differ = (fraction > 0.5) != expected
    assert 0.3 < (fraction < 0.5).mean() < 0.42
    # skyfield asks for the Sun's centre: only inside the penumbra may the two differ.
    assert not np.any(differ & ((fraction == 0.0) | (fraction == 1.0)))
    assert differ.sum() <= 4


def test_conical_shadow_brackets_the_cylinder() -> None:
    orbit = orbit_with_beta(600e3, math.radians(97.8), 0.0, EPOCH)
    (enter_s, leave_s), *_ = eclipse.eclipse_intervals(orbit, 1.0, 2.0 + orbit.period_s)
    cylinder_s = eclipse.cylinder_duration_s(orbit.semi_major_axis_m, orbit.nodal_period_s, 0.0)
    # At beta 0 the limb is crossed at right angles: the Sun's radius, 0.267°, at one turn an orbit.
    half_penumbra_s = 0.2666 * orbit.nodal_period_s / 360.0
    # Left over: the Sun itself moves on by 0.02° meanwhile.
    assert leave_s - enter_s - cylinder_s == pytest.approx(2.0 * half_penumbra_s, abs=0.5)
    time_s = np.arange(enter_s, leave_s, 0.01)
    position, _ = position_velocity(orbit, time_s)
    fraction = eclipse.visible_fraction(position, *sun.direction_distance(orbit.days(time_s)))
    umbra_s = 0.01 * np.count_nonzero(fraction == 0.0)
    assert umbra_s - cylinder_s == pytest.approx(-2.0 * half_penumbra_s, abs=0.5)


def test_interval_edges_are_where_the_disc_is_first_and_last_touched() -> None:
    orbit = sun_synchronous(650e3, 18.0, datetime(2026, 6, 1, tzinfo=UTC))
    intervals = eclipse.eclipse_intervals(orbit, 0.0, 4 * orbit.period_s)
    assert len(intervals) in (4, 5)
    edges = np.array(intervals)
    for shift_s, expected in ((-0.05, True), (0.05, False)):
        for column, sign in ((0, 1.0), (1, -1.0)):
            time_s = edges[:, column] + sign * shift_s
            position, _ = position_velocity(orbit, time_s)
            fraction = eclipse.visible_fraction(
                position, *sun.direction_distance(orbit.days(time_s))
            )
            assert ((fraction == 1.0) == expected).all()
    assert np.diff(edges[:, 0]) == pytest.approx(orbit.nodal_period_s, abs=2.0)


def test_an_eclipse_under_way_is_given_whole() -> None:
    orbit = orbit_with_beta(650e3, math.radians(98.0), 0.0, EPOCH)
    first, second = eclipse.eclipse_intervals(orbit, 0.0, 2 * orbit.period_s)[:2]
    middle = 0.5 * (second[0] + second[1])
    assert eclipse.eclipse_intervals(orbit, middle, middle)[0] == pytest.approx(second, abs=1e-3)
    again = eclipse.eclipse_intervals(orbit, first[1] + 1.0, middle)
    assert len(again) == 1
    assert again[0] == pytest.approx(second, abs=1e-3)
    assert eclipse.eclipse_intervals(orbit, first[1] + 1.0, second[0] - 1.0) == []


def test_times_the_wrong_way_round() -> None:
    with pytest.raises(ValueError) as caught:
        eclipse.eclipse_intervals(Orbit(650e3, 1.0, 0.0, 0.0, EPOCH), 10.0, 5.0)
    assert str(caught.value) == "eclipse_intervals: end_s = 5.0, must be start_s = 10.0 or later"


@pytest.mark.parametrize(
    ("altitude_km", "days", "longest_min"), [(600, (92, 96), 20.7), (650, (86, 90), 19.7)]
)
@pytest.mark.parametrize("local_time_h", [6.0, 18.0])
def test_eclipse_season_of_dawn_dusk(
    altitude_km: float, days: tuple[int, int], longest_min: float, local_time_h: float
) -> None:
    orbit = sun_synchronous(altitude_km * 1e3, local_time_h, datetime(2026, 1, 1, tzinfo=UTC))
    start_s = 86_400.0 * np.arange(365)
    cylinder_s = np.array(
        [
            eclipse.cylinder_duration_s(orbit.semi_major_axis_m, orbit.nodal_period_s, angle)
            for angle in beta(orbit, start_s).tolist()
        ]
    )
    assert days[0] <= np.count_nonzero(cylinder_s) <= days[1]
    assert cylinder_s.max() / 60.0 == pytest.approx(longest_min, abs=0.06)

    whole_s = np.array(
        [
            max((leave - enter for enter, leave in found), default=0.0)
            for found in (
                eclipse.eclipse_intervals(orbit, start, start + 6000.0)
                for start in start_s.tolist()
            )
        ]
    )
    # The penumbra adds a day at each end of the season and half a minute to the longest.
    assert 1 <= np.count_nonzero(whole_s) - np.count_nonzero(cylinder_s) <= 3
    assert 15.0 < whole_s.max() - cylinder_s.max() < 40.0
