"""Solar array against the cell's data sheet, a closed form and scipy's integrator."""

from __future__ import annotations

import math

import numpy as np
import pytest
from plant_cases import surroundings
from scipy.integrate import solve_ivp

from sim import solar_array
from sim.vehicle import load_vehicle

ARRAY = load_vehicle("rack_100kw").array


def test_cell_has_the_data_sheets_point_and_coefficient() -> None:
    cold, warm = solar_array.cell_power_w(np.array([301.15, 302.15]), 1367.0)
    assert cold == pytest.approx(0.5029 * 2.409)
    assert warm / cold - 1.0 == pytest.approx(-0.0023, abs=0.0001)  # -0.23 % per kelvin


def test_efficiency_is_that_of_the_cell() -> None:
    power = solar_array.cell_power_w(np.array([301.15]), 1367.0)[0]
    assert power / (30.18e-4 * 1367.0) == pytest.approx(0.2937, abs=0.0005)


def test_array_power_is_area_packing_degradation_and_cosine() -> None:
    available = solar_array.available_power_w(ARRAY, np.array([301.15]), surroundings(sunlit=1.0))
    expected = 550 * 0.85 / 30.18e-4 * 0.89 * 0.5029 * 2.409
    expected *= 1361.0 / 1367.0 * math.cos(math.radians(2.0))
    assert available[0] == pytest.approx(expected)
    half = solar_array.available_power_w(ARRAY, np.array([301.15]), surroundings(sunlit=0.5))
    assert half[0] == pytest.approx(expected / 2)


def test_no_power_in_the_dark() -> None:
    assert solar_array.available_power_w(ARRAY, np.array([200.0]), surroundings())[0] == 0.0


def test_wing_warms_from_minus_80_to_0_in_about_three_minutes() -> None:
    wing, seconds = np.array([193.15]), 0
    environment = surroundings(sunlit=1.0)
    while wing[0] < 273.15:
        taken = solar_array.available_power_w(ARRAY, wing, environment)
        wing = solar_array.step_temperature(ARRAY, wing, taken, environment, 1.0).temperature_k
        seconds += 1
    assert 140 <= seconds <= 220


def test_steady_temperature_is_the_closed_form() -> None:
    environment = surroundings(sunlit=1.0)
    taken = np.array([100e3])
    wing = np.array([250.0])
    for _ in range(2000):
        wing = solar_array.step_temperature(ARRAY, wing, taken, environment, 10.0).temperature_k
    sunlight = 0.92 * 1361.0 * math.cos(math.radians(2.0)) - 100e3 / 550
    expected = ((sunlight + 1.7 * 241.0 * 0.241) / (1.7 * 5.670374419e-8)) ** 0.25
    assert wing[0] == pytest.approx(expected, abs=1e-6)


def test_eclipse_cooling_against_runge_kutta() -> None:
    environment = surroundings()

    def slope(_: float, wing: np.ndarray) -> np.ndarray:
        infrared = 1.7 * environment.earth_ir_w_m2
        return (infrared - 1.7 * 5.670374419e-8 * wing**4) / 1350.0

    oracle = solve_ivp(slope, (0.0, 1200.0), [320.0], rtol=1e-9, atol=1e-9).y[0, -1]
    wing = np.array([320.0])
    for _ in range(12000):
        wing = solar_array.step_temperature(
            ARRAY, wing, np.zeros(1), environment, 0.1
        ).temperature_k
    assert wing[0] == pytest.approx(oracle, abs=0.02)
    assert 170.0 < wing[0] < 200.0


@pytest.mark.parametrize("dt_s", [0.1, 1.0, 10.0])
def test_heat_closes_every_step(dt_s: float) -> None:
    rng = np.random.default_rng(3)
    wing, taken = rng.uniform(150, 350, 50), rng.uniform(0, 160e3, 50)
    heat = solar_array.step_temperature(ARRAY, wing, taken, surroundings(sunlit=1.0), dt_s)
    stored = 550 * 1350.0 * (heat.temperature_k - wing) / dt_s
    np.testing.assert_allclose(stored, heat.absorbed_w - heat.emitted_w, atol=1e-3)
