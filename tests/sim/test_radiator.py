"""Radiator against published and closed-form temperatures, and scipy's integrator."""

from __future__ import annotations

import math

import numpy as np
import pytest
from plant_cases import surroundings
from scipy.integrate import solve_ivp

from sim import radiator
from sim.vehicle import Radiator, load_vehicle

SIGMA = 5.670374419e-8
RADIATOR = load_vehicle("rack_100kw").radiator


def ideal(area_m2: float) -> Radiator:
    return RADIATOR.model_copy(
        update={"panels": 1, "panel_area_m2": area_m2, "fin_effectiveness": 1.0}
    )


@pytest.mark.parametrize(
    ("heat_w", "area_m2", "expected_c"),
    [(120e3, 110.0, 56.0), (120e3, 200.0, 15.0), (120e3, 220.0, 9.0), (20e3, 220.0, -64.0)],
)
def test_published_steady_temperatures(heat_w: float, area_m2: float, expected_c: float) -> None:
    """Two-sided, emittance 0.9, vertical at 650 km, outgoing infrared 241 W/m2, no Sun."""
    one = ideal(area_m2)
    absorbed = radiator.absorbed_w(one, surroundings())
    fourth = (heat_w + absorbed) / radiator.emission_w_k4(one)
    assert fourth**0.25 - 273.15 == pytest.approx(expected_c, abs=1.0)


def test_absorbed_heat_is_emittance_for_infrared_and_absorptance_for_sunlight() -> None:
    case = surroundings(earth_ir_w_m2=50.0, albedo_w_m2=30.0, radiator_sun_w_m2=10.0)
    assert radiator.absorbed_w(RADIATOR, case) == pytest.approx(
        2 * 50.0 * (0.9 * 50.0 + 0.24 * (30.0 + 10.0))
    )


def test_outlet_approaches_the_panel_exponentially() -> None:
    panels = np.full((1, 4), 280.0)
    response = radiator.respond(
        RADIATOR, panels, np.zeros(1), np.array([14000.0]), surroundings(), 0.1
    )
    flow = 14000.0 / 4
    expected = flow * (1 - math.exp(-7000.0 / flow))
    np.testing.assert_allclose(response.conductance_w_k, expected)


def test_a_lost_panel_carries_nothing_and_the_others_its_flow() -> None:
    panels = np.full((1, 4), 280.0)
    response = radiator.respond(
        RADIATOR, panels, np.ones(1), np.array([12000.0]), surroundings(), 0.1
    )
    assert response.conductance_w_k[0, 0] == 0.0
    expected = 4000.0 * (1 - math.exp(-7000.0 / 4000.0))
    np.testing.assert_allclose(response.conductance_w_k[0, 1:], expected)


def test_all_panels_lost_is_no_error() -> None:
    response = radiator.respond(
        RADIATOR, np.full((1, 4), 280.0), np.full(1, 4.0), np.array([12000.0]), surroundings(), 1.0
    )
    assert np.all(response.conductance_w_k == 0.0)
    assert np.all(np.isfinite(response.offset_k))


def test_panel_follows_runge_kutta() -> None:
    """Ammonia held at 300 K through one panel, from cold."""
    flow, hot = 3500.0, 300.0
    conductance = flow * (1 - math.exp(-7000.0 / flow))
    emission = 2 * 50.0 * 0.9 * 0.92 * SIGMA
    absorbed = 2 * 50.0 * 0.9 * 241.0 * 0.241
    capacity = 50.0 * 7200.0

    def slope(_: float, panel: np.ndarray) -> np.ndarray:
        return (conductance * (hot - panel) + absorbed - emission * panel**4) / capacity

    oracle = solve_ivp(slope, (0.0, 300.0), [220.0], rtol=1e-10, atol=1e-9).y[0, -1]
    panels = np.full((1, 4), 220.0)
    for _ in range(3000):
        response = radiator.respond(
            RADIATOR, panels, np.zeros(1), np.array([4 * flow]), surroundings(), 0.1
        )
        panels = response.offset_k + response.slope * hot
    np.testing.assert_allclose(panels, oracle, atol=0.02)


def test_time_constant_is_that_of_the_station_s_radiators() -> None:
    """540 to 1,200 s for an isolated panel near 0 degC."""
    panels = np.full((1, 4), 273.15)
    response = radiator.respond(RADIATOR, panels, np.full(1, 4.0), np.zeros(1), surroundings(), 1.0)
    tau = response.capacity_w_k / (4 * response.cube_w_k[0, 0])
    assert 540.0 <= tau <= 1200.0


def test_linearised_emission_is_exact_where_it_starts() -> None:
    panels = np.full((1, 4), 290.0)
    response = radiator.respond(RADIATOR, panels, np.zeros(1), np.zeros(1), surroundings(), 1.0)
    expected = 2 * 50.0 * 0.9 * 0.92 * SIGMA * 290.0**4
    np.testing.assert_allclose(response.emitted_w(panels), expected)
