"""Storm protons against Störmer's formula, IGRF coefficients and GOES figures."""

import math

import numpy as np
import pytest

from sim import solar_storm
from sim.constants import EARTH_MEAN_RADIUS_M
from sim.solar_storm import SolarStorm

ENERGIES = (10.0, 30.0, 100.0)
POLE = np.radians((80.59, -72.68))


def at_magnetic_latitude(degrees: float, radii: float = 1.1) -> np.ndarray:
    """An Earth-fixed position (1, 3) on the meridian through both poles, away from the magnetic."""
    latitude, longitude = POLE
    pole = np.array(
        [
            math.cos(latitude) * math.cos(longitude),
            math.cos(latitude) * math.sin(longitude),
            math.sin(latitude),
        ]
    )
    across = np.cross(pole, [0.0, 0.0, 1.0])
    side = np.cross(across / np.linalg.norm(across), pole)
    angle = math.radians(degrees)
    return radii * EARTH_MEAN_RADIUS_M * (math.sin(angle) * pole + math.cos(angle) * side)[None, :]


def test_dipole_axis_follows_from_the_igrf_coefficients() -> None:
    g10, g11, h11 = -29404.8, -1450.9, 4652.5  # nT, IGRF-13, 2020.0
    latitude = math.degrees(math.atan2(-g10, math.hypot(g11, h11)))
    longitude = math.degrees(math.atan2(-h11, -g11))
    assert pytest.approx((latitude, longitude), abs=0.01) == (
        solar_storm.DIPOLE_LATITUDE_DEG,
        solar_storm.DIPOLE_LONGITUDE_DEG,
    )
    # The cutoff of this dipole, B0 R c / 4, lies within 5 % of Störmer's classical figure.
    field_t = 1e-9 * math.hypot(g10, g11, h11)
    cutoff_gv = field_t * EARTH_MEAN_RADIUS_M * 299_792_458.0 / 4.0 / 1e9
    assert cutoff_gv == pytest.approx(solar_storm.STORMER_CUTOFF_GV, rel=0.05)


@pytest.mark.parametrize(
    ("latitude_deg", "radii", "cutoff_mv"),
    # 14.9 cos⁴ / r²: equator on the ground; L = 4 on the ground, where cos² = 1/4; the pole.
    [(0.0, 1.0, 14_900.0), (60.0, 1.0, 931.25), (-60.0, 2.0, 232.8125), (90.0, 1.1, 0.0)],
)
def test_cutoff_rigidity(latitude_deg: float, radii: float, cutoff_mv: float) -> None:
    cutoff = solar_storm.cutoff_rigidity_mv(at_magnetic_latitude(latitude_deg, radii))
    assert cutoff[0] == pytest.approx(cutoff_mv, abs=1e-6)


@pytest.mark.parametrize(("energy_mev", "mv"), [(10.0, 137.3), (30.0, 239.2), (100.0, 444.6)])
def test_rigidity_of_protons(energy_mev: float, mv: float) -> None:
    assert solar_storm.rigidity_mv(energy_mev) == pytest.approx(mv, abs=0.15)


def test_open_field_has_the_spectrum_of_october_2003() -> None:
    storm = SolarStorm(0.0, 100_000.0, 29_500.0)
    flux = solar_storm.storm_flux(storm, np.array([10_000.0]), at_magnetic_latitude(88.0), ENERGIES)
    assert flux[0, 2] / flux[0, 0] == pytest.approx(186.0 / 29_500.0, rel=0.05)  # GOES-11
    # Share of the sky that is not Earth, by counting directions.
    rng = np.random.default_rng(2)
    ray = rng.normal(size=(200_000, 3))
    cosine = ray[:, 2] / np.linalg.norm(ray, axis=-1)
    free = np.mean(cosine > -math.sqrt(1.0 - 1.0 / 1.1**2))
    assert flux[0, 0] / 29_500.0 == pytest.approx(free, abs=0.005)


def test_field_keeps_storm_protons_to_high_latitudes() -> None:
    storm = SolarStorm(0.0, 100_000.0, 1e5)
    flux = np.concatenate(
        [
            solar_storm.storm_flux(storm, np.array([10_000.0]), at_magnetic_latitude(lat), ENERGIES)
            for lat in (0.0, 30.0, 50.0, 60.0, 65.0, 70.0, 75.0, 85.0)
        ]
    )
    assert flux[0, 0] < 1e-40
    assert flux[2, 0] < 1.0
    assert (np.diff(flux, axis=0) >= -1e-9).all()
    assert (np.diff(flux, axis=1) <= 0.0).all()
    # At 1.1 radii the 100 MeV cutoff (444.6 MV) stands where cos⁴ = 0.4446·1.21/14.9, 64.1°.
    assert flux[4, 2] == pytest.approx(flux[7, 2])
    assert flux[3, 2] < flux[7, 2]
    # Below its cutoff latitude all energies are admitted from the same rigidity up.
    assert flux[3, 0] == flux[3, 2]


def test_profile_rises_and_decays() -> None:
    storm = SolarStorm(1_000.0, 50_000.0, 1.0)
    profile = storm.profile(np.array([0.0, 1_000.0, 3_500.0, 6_000.0, 51_000.0, 96_000.0]))
    assert profile == pytest.approx([0.0, 0.0, 0.5, 1.0, 0.01, 1e-4], abs=1e-9)


@pytest.mark.parametrize(
    ("storm", "message"),
    [
        ((0.0, 0.0, 1.0), "storm: duration_s = 0.0, must be above 0"),
        ((0.0, 10.0, -1.0), "storm: peak_flux_10mev_cm2_s = -1.0, must be 0 or more"),
        ((0.0, 10.0, 1.0, 0.0), "storm: rigidity_mv = 0.0, must be above 0"),
        ((math.nan, 10.0, 1.0), "storm: start_s = nan, must be finite"),
    ],
)
def test_storms_that_cannot_be(storm: tuple[float, ...], message: str) -> None:
    with pytest.raises(ValueError) as caught:
        SolarStorm(*storm)
    assert str(caught.value) == message
