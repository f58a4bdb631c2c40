"""The Sun against JPL's DE421 through skyfield."""

import numpy as np
import pytest
from skyfield.api import Loader
from skyfield_data import get_skyfield_data_path

from sim import sun

load = Loader(get_skyfield_data_path(), verbose=False)


def test_direction_and_distance_agree_with_the_ephemeris() -> None:
    timescale = load.timescale(builtin=True)
    days = np.linspace(0.0, 18_000.0, 997)  # 2000 to 2049
    when = timescale.ut1_jd(2_451_545.0 + days)
    ephemeris = load("de421.bsp")
    seen = ephemeris["earth"].at(when).observe(ephemeris["sun"]).apparent()
    right_ascension, declination, distance = seen.radec(epoch="date")
    ra, dec = right_ascension.radians, declination.radians
    expected = np.stack((np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)), axis=-1)

    direction, distance_au = sun.direction_distance(days)

    error_deg = np.degrees(np.linalg.norm(direction - expected, axis=-1))
    # The almanac's 0.01° and the nutation (0.005°) that a mean equinox leaves out.
    assert error_deg.max() < 0.015
    assert np.abs(distance_au - distance.au).max() < 2e-4
    assert np.linalg.norm(direction, axis=-1) == pytest.approx(np.ones(days.size), abs=1e-12)


def test_the_year_2024_equinox_and_solstice() -> None:
    # USNO: March equinox 2024-03-20 03:06 UT, June solstice 2024-06-20 20:51 UT.
    equinox, solstice = 8844.62917, 8937.36875
    direction, _ = sun.direction_distance(np.array([equinox, solstice]))
    assert np.degrees(np.arcsin(direction[:, 2])) == pytest.approx([0.0, 23.44], abs=0.01)


def test_mean_longitude_goes_round_in_a_tropical_year() -> None:
    assert sun.mean_longitude(365.2422) - sun.mean_longitude(0.0) == pytest.approx(0.0, abs=1e-5)
