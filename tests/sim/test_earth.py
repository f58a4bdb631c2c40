"""Ground track and Earth light against skyfield and traced rays."""

import math

import numpy as np
import pytest
from sgp4.api import WGS72, Satrec
from skyfield.api import EarthSatellite, Loader, wgs84
from skyfield_data import get_skyfield_data_path

from sim import earth
from sim.constants import EARTH_RADIUS_M

load = Loader(get_skyfield_data_path(), verbose=False)


def test_sidereal_time_agrees_with_skyfield() -> None:
    days = np.linspace(0.0, 15_000.0, 501)
    when = load.timescale(builtin=True).ut1_jd(2_451_545.0 + days)
    difference = earth.gmst(days) - np.asarray(when.gmst) * math.pi / 12.0
    error_deg = np.degrees((difference + math.pi) % (2.0 * math.pi) - math.pi)
    assert np.abs(error_deg).max() < 0.005


def test_sidereal_time_of_the_textbook() -> None:
    # Meeus, Astronomical Algorithms, example 12.a: 1987 April 10, 0 h UT, 13 h 10 m 46.3668 s.
    expected = (13 + 10 / 60 + 46.3668 / 3600) * math.pi / 12
    day = np.array([2_446_895.5 - 2_451_545.0])
    assert earth.gmst(day)[0] == pytest.approx(expected, abs=1e-8)  # the printed digits


def test_subsatellite_point_agrees_with_skyfield() -> None:
    timescale = load.timescale(builtin=True)
    model = Satrec()
    model.sgp4init(
        WGS72, "i", 1, 27_836.0, 0.0, 0.0, 0.0, 1e-6, 0.0, math.radians(98), 1.0, 0.0643, 0.3
    )
    julian = 2_433_281.5 + 27_836.0 + np.arange(0.0, 1.0, 60.0 / 86_400.0)
    place = wgs84.geographic_position_of(
        EarthSatellite.from_satrec(model, timescale).at(timescale.ut1_jd(julian))
    )
    _, position_km, _ = model.sgp4_array(julian, np.zeros_like(julian))
    fixed = earth.earth_fixed(position_km * 1e3, julian - 2_451_545.0)
    latitude, longitude, height_m = earth.geodetic(fixed)
    # sgp4 took UT1 for the epoch's scale in both; its frame differs from ours by under 0.01°.
    turn = np.degrees((longitude - place.longitude.radians + math.pi) % (2 * math.pi) - math.pi)
    assert np.abs(np.degrees(latitude) - place.latitude.degrees).max() < 0.01
    assert np.abs(turn * np.cos(latitude)).max() < 0.01
    assert np.abs(height_m - place.elevation.m).max() < 50.0


def test_geodetic_round_trip_of_skyfields_ellipsoid() -> None:
    latitude_deg, longitude_deg = np.meshgrid(np.linspace(-90, 90, 37), np.linspace(-179, 180, 12))
    for height_m in (0.0, 650e3, 1_200e3):
        place = wgs84.latlon(latitude_deg.ravel(), longitude_deg.ravel(), height_m)
        latitude, longitude, height = earth.geodetic(place.itrs_xyz.m.T)
        assert np.degrees(latitude) == pytest.approx(latitude_deg.ravel(), abs=1e-7)
        off_pole = np.abs(latitude_deg.ravel()) < 90
        assert np.degrees(longitude)[off_pole] == pytest.approx(
            longitude_deg.ravel()[off_pole], abs=1e-9
        )
        assert height == pytest.approx(np.full(height.size, height_m), abs=1e-2)


def seen_from_plate(radius_m: float, number: int = 400_000) -> tuple[np.ndarray, np.ndarray]:
    """Ground normals met by rays of one face, cosine-distributed about its normal (y), and whether
    each ray meets the Earth; the satellite stands on z."""
    rng = np.random.default_rng(11)
    sine, turn = np.sqrt(rng.random(number)), 2 * math.pi * rng.random(number)
    ray = np.stack((sine * np.cos(turn), np.sqrt(1 - sine**2), sine * np.sin(turn)), axis=-1)
    start = np.array([0.0, 0.0, radius_m])
    along = ray @ start
    root = along**2 - (radius_m**2 - EARTH_RADIUS_M**2)
    hit = (root > 0) & (along < 0)
    ground = start + (-along - np.sqrt(np.maximum(root, 0.0)))[:, None] * ray
    return ground / EARTH_RADIUS_M, hit


@pytest.mark.parametrize("altitude_m", [400e3, 650e3, 1_150e3])
def test_view_factor_and_albedo_of_a_vertical_plate_by_traced_rays(altitude_m: float) -> None:
    radius_m = EARTH_RADIUS_M + altitude_m
    ground, hit = seen_from_plate(radius_m)
    assert earth.vertical_plate_view_factor(radius_m) == pytest.approx(hit.mean(), abs=0.003)
    zenith = np.radians([0.0, 35.0, 60.5, 85.0, 95.0, 105.0, 150.0])
    traced = []
    for angle in zenith.tolist():
        lit = np.maximum(0.0, ground @ np.array([math.sin(angle), 0.0, math.cos(angle)]))
        traced.append(float(np.mean(np.where(hit, lit, 0.0))))
    factor = earth.vertical_plate_albedo_factor(radius_m, np.cos(zenith))
    assert factor == pytest.approx(traced, abs=0.002)
    assert factor[-1] == 0.0
    assert (np.diff(factor[:-1]) < 0).all()


def test_view_factor_of_the_reference() -> None:
    assert earth.vertical_plate_view_factor(7_028_137.0) == pytest.approx(0.241, abs=5e-4)


def test_ground_level_plate_sees_half_earth() -> None:
    assert earth.vertical_plate_view_factor(EARTH_RADIUS_M * (1 + 1e-9)) == pytest.approx(
        0.5, abs=1e-4
    )


def test_an_altitude_in_place_of_a_radius() -> None:
    with pytest.raises(ValueError, match="is it an altitude"):
        earth.vertical_plate_view_factor(650e3)
