"""The environment table: that its columns are what they say, in sum and at the edges."""

import math
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from sim.environment import (
    COLD,
    HOT,
    Conditions,
    SolarStorm,
    eclipse_intervals,
    environment_table,
    start_in_saa,
)
from sim.orbit import Orbit, orbit_with_beta, sun_synchronous

EPOCH = datetime(2026, 6, 21, tzinfo=UTC)
DAWN_DUSK = sun_synchronous(650e3, 18.0, EPOCH)
NOON = orbit_with_beta(650e3, math.radians(98.0), 0.0, EPOCH)


def test_sunlight_follows_the_distance_to_the_sun() -> None:
    # USNO: perihelion 2026-01-03 17 h at 0.98330 AU, aphelion 2026-07-06 17 h at 1.01664 AU.
    orbit = sun_synchronous(650e3, 18.0, datetime(2026, 1, 3, 17, tzinfo=UTC))
    time_s = np.array([0.0, 184 * 86_400.0])
    flux = environment_table(orbit, time_s).solar_flux_w_m2
    assert flux == pytest.approx([1361.0 / 0.98330**2, 1361.0 / 1.01664**2], rel=3e-4)
    assert environment_table(orbit, time_s, HOT).solar_flux_w_m2[0] == pytest.approx(1423, abs=0.5)
    assert environment_table(orbit, time_s, COLD).solar_flux_w_m2[1] == pytest.approx(1321, abs=0.5)


def test_sunlit_time_is_what_the_forecast_leaves() -> None:
    end_s = 3 * DAWN_DUSK.period_s
    table = environment_table(DAWN_DUSK, np.arange(0.0, end_s, 0.5))
    hidden = np.zeros(len(table), dtype=bool)
    for enter_s, leave_s in eclipse_intervals(DAWN_DUSK, 0.0, end_s):
        hidden |= (table.time_s > enter_s) & (table.time_s < leave_s)
    assert ((table.sunlit < 1.0) == hidden).all()
    assert 0.1 < hidden.mean() < 0.25  # 19.7 minutes of 97.8
    assert (table.sunlit[hidden] == 0.0).mean() > 0.9


def test_earth_light_on_the_radiator() -> None:
    time_s = np.arange(0.0, NOON.nodal_period_s, 1.0)
    conditions = Conditions(albedo=0.4, olr_w_m2=286.0)
    table = environment_table(NOON, time_s, conditions)
    assert table.earth_ir_w_m2 == pytest.approx(np.full(time_s.size, 286.0 * 0.24069), rel=1e-4)
    # At orbit noon the Sun is in the zenith: all visible Earth is lit, obliquely at its rim.
    brightest = table.albedo_w_m2.max() / (0.4 * table.solar_flux_w_m2[0])
    assert 0.225 < brightest < 0.2407
    assert (table.albedo_w_m2[table.sunlit == 0.0] < 0.02 * table.albedo_w_m2.max()).all()
    assert table.albedo_w_m2[table.albedo_w_m2.argmin()] == 0.0
    darker = environment_table(NOON, time_s, replace(conditions, albedo=0.2))
    assert darker.albedo_w_m2 == pytest.approx(0.5 * table.albedo_w_m2, rel=1e-12)


def test_radiator_meets_the_sun_edge_on() -> None:
    time_s = np.arange(0.0, 6000.0, 1.0)
    table = environment_table(NOON, time_s, Conditions(radiator_pointing_error_rad=math.radians(2)))
    # One face of two gets sin 2° of the Sun.
    expected = 0.5 * 0.0348995 * table.solar_flux_w_m2 * table.sunlit
    assert table.radiator_sun_w_m2 == pytest.approx(expected, rel=1e-5)
    exact = environment_table(NOON, time_s, Conditions(radiator_pointing_error_rad=0.0))
    assert (exact.radiator_sun_w_m2 == 0.0).all()


def test_track_and_phase() -> None:
    table = environment_table(DAWN_DUSK, np.arange(0.0, 6000.0, 1.0))
    assert np.abs(table.latitude_deg).max() == pytest.approx(82.0, abs=0.2)  # 180° - inclination
    assert table.altitude_km.min() == pytest.approx(650.0, abs=0.2)  # over the equator
    assert table.altitude_km.max() == pytest.approx(671.0, abs=0.5)  # the poles are 21.4 km lower
    assert table.orbit_phase_deg[0] == 0.0
    node = np.flatnonzero(np.diff(table.orbit_phase_deg) < 0)[0]
    assert node == pytest.approx(DAWN_DUSK.nodal_period_s, abs=1.0)
    assert table.latitude_deg[node] == pytest.approx(0.0, abs=0.1)
    assert np.abs(table.longitude_deg).max() <= 180.0
    # Earth turns under the orbit: the next node lies 24.5° further west (97.85 min at 360° a day).
    turn = (table.longitude_deg[0] - table.longitude_deg[node] + 360) % 360
    assert turn == pytest.approx(360.0 * DAWN_DUSK.nodal_period_s / 86_400.0, abs=0.2)
    assert table.beta_deg == pytest.approx(np.full(6000, 58.6), abs=0.3)


def test_rows_stand_for_themselves() -> None:
    conditions = Conditions(storm=SolarStorm(100.0, 5000.0, 1e4))
    time_s = np.array([5000.0, 3.0, 777.7])
    table = environment_table(DAWN_DUSK, time_s, conditions)
    for i, moment in enumerate(time_s.tolist()):
        alone = environment_table(DAWN_DUSK, np.array([moment]), conditions)
        assert alone.at(0) == table.at(i)
    row = table.at(2)
    assert row.time_s == 777.7
    assert all(type(getattr(row, name)) is float for name in vars(table))
    assert row.albedo_w_m2 == table.albedo_w_m2[2]
    assert len(table) == 3


def test_a_storm_adds_to_the_belts_at_high_latitude() -> None:
    time_s = np.arange(0.0, 6000.0, 1.0)
    quiet = environment_table(DAWN_DUSK, time_s)
    storm = SolarStorm(-5000.0, 50_000.0, 1e5)
    loud = environment_table(DAWN_DUSK, time_s, Conditions(storm=storm))
    added = loud.proton_flux_30mev_cm2_s - quiet.proton_flux_30mev_cm2_s
    assert added[np.abs(quiet.latitude_deg) < 30].max() < 1e-3
    assert added[np.abs(quiet.latitude_deg) > 80].min() > 1_000.0
    before = environment_table(DAWN_DUSK, time_s, Conditions(storm=replace(storm, start_s=6000.0)))
    assert (before.proton_flux_10mev_cm2_s == quiet.proton_flux_10mev_cm2_s).all()


@pytest.mark.parametrize("lead_s", [0.0, 300.0, 900.0])
@pytest.mark.parametrize(
    "orbit",
    [
        DAWN_DUSK,
        Orbit(420e3, math.radians(51.6), 1.0, 2.0, EPOCH),
        Orbit(550e3, 0.925, 0, 0, EPOCH),
    ],
)
def test_start_in_saa_leads_into_the_anomaly(orbit: Orbit, lead_s: float) -> None:
    start_s = start_in_saa(orbit, Conditions(), lead_s)
    assert start_s >= 0.0
    table = environment_table(orbit, start_s + np.arange(0.0, orbit.period_s, 1.0))
    flux = table.proton_flux_30mev_cm2_s
    day = environment_table(orbit, np.arange(0.0, 86_400.0, 10.0)).proton_flux_30mev_cm2_s
    peak = flux[int(lead_s) : int(lead_s) + 1800].argmax() + int(lead_s)
    assert flux[peak] > 0.4 * day.max()
    assert flux[int(lead_s)] < 0.1 * day.max()  # enters there
    # The anomaly: South America, the South Atlantic and the Cape.
    assert -60 < table.latitude_deg[peak] < 10
    assert -90 < table.longitude_deg[peak] < 30


def test_an_orbit_without_anomaly() -> None:
    orbit = Orbit(310e3, 0.0, 0.0, 0.0, EPOCH)
    with pytest.raises(ValueError) as caught:
        start_in_saa(orbit, Conditions(), 60.0)
    assert str(caught.value) == (
        "orbit at 310 km, 0.0 deg meets no protons above 30 MeV in three days; "
        "raise its altitude or inclination"
    )
    with pytest.raises(ValueError, match=r"lead_s = -1.0, must be 0 or more"):
        start_in_saa(DAWN_DUSK, Conditions(), -1.0)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("albedo", 1.3, "conditions: albedo = 1.3, must be 0 to 1"),
        ("olr_w_m2", -2.0, "conditions: olr_w_m2 = -2.0, must be 0 to 1000"),
        (
            "solar_constant_w_m2",
            math.nan,
            "conditions: solar_constant_w_m2 = nan, must be 0 to 2000",
        ),
        ("solar_activity", "mean", 'conditions: solar_activity = \'mean\', must be "min" or "max"'),
    ],
)
def test_conditions_that_cannot_be(field: str, value: float | str, message: str) -> None:
    with pytest.raises(ValueError) as caught:
        replace(Conditions(), **{field: value})
    assert str(caught.value) == message


def test_times_that_cannot_be() -> None:
    with pytest.raises(ValueError, match=r"shape \(1, 2\), must be finite, \(N,\)"):
        environment_table(DAWN_DUSK, np.array([[0.0, 1.0]]))
    with pytest.raises(ValueError, match="must be finite"):
        environment_table(DAWN_DUSK, np.array([0.0, math.nan]))
    with pytest.raises(ValueError, match="outside the belt table"):
        environment_table(Orbit(1_300e3, 1.0, 0.0, 0.0, EPOCH), np.array([0.0]))
