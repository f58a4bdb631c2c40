"""Charge at a start against the physics of the battery, with the noise of its sensors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fsw.parameters import Parameters
from fsw.state_of_charge import OCV_NAMES, StateOfCharge, charge_of, open_circuit_v
from hil.flight_parameters import flight_parameters
from hil.mission import choose_orbit
from hil.scenario import Scenario
from sim import battery as pack
from sim.battery import BatteryState
from sim.sensors import RACK_NOISE
from sim.vehicle import load_vehicle

VEHICLE = load_vehicle("rack_100kw")
BATTERY = VEHICLE.battery
SCENARIO = Scenario.model_validate({"name": "mine"})
PARAMETERS = Parameters(
    flight_parameters(VEHICLE, choose_orbit(SCENARIO.orbit, VEHICLE.orbit), SCENARIO)
)
RESISTANCE_OHM = pack.series_resistance_ohm(BATTERY)
POLARISATION_OHM = pack.polarisation_resistance_ohm(BATTERY)


class Cell:
    """The battery of the physics and its two sensors."""

    def __init__(self, soc: float, before_a: float, resistance: float = 1.0, seed: int = 1) -> None:
        """`before_a` flowed for long; `resistance` is the true one over that of the data base."""
        self.resistance = resistance
        self.state = BatteryState(
            np.array([soc]),
            np.array([POLARISATION_OHM * before_a * resistance]),
            np.array([293.0]),
        )
        self._noise = np.random.default_rng(seed)

    @property
    def soc(self) -> float:
        return float(self.state.soc[0])

    def sample(self, power_w: float, dt_s: float = 0.1) -> tuple[float, float]:
        """Voltage and current that are read after `dt_s` of this power."""
        state, ohm = self.state, RESISTANCE_OHM * self.resistance
        electromotive = pack.open_circuit_v(BATTERY, state.soc) + state.polarisation_v
        current = pack.current_a(electromotive, ohm, np.array([power_w]))
        current = np.minimum(current, pack.charge_limit_a(BATTERY, electromotive))
        soc, polarisation = pack.step_charge(BATTERY, state, current, dt_s)
        polarisation += (polarisation - state.polarisation_v) * (self.resistance - 1.0)
        self.state = replace(state, soc=np.clip(soc, 0.0, 1.0), polarisation_v=polarisation)
        voltage_v = float(electromotive[0] + ohm * current[0])
        noise = self._noise.standard_normal(2)
        return (
            voltage_v + float(noise[0]) * RACK_NOISE["battery_voltage"],
            float(current[0]) + float(noise[1]) * RACK_NOISE["battery_current"],
        )


def start(cell: Cell, power_w: float, seconds: float) -> list[float]:
    """Errors of the charge at 10 Hz, from the first sample on."""
    charge = StateOfCharge(PARAMETERS)
    errors = []
    for _ in range(round(seconds * 10)):
        errors.append(charge.update(*cell.sample(power_w), 0.1) - cell.soc)
    return errors


CHARGES = (0.1, 0.2, 0.25, 0.3, 0.35, 0.45, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.87, 0.9, 0.95, 1.0)
POWERS_W = (-105e3, -60e3, -20e3, -3e3, 0.0, 3e3, 20e3, 70e3)


@pytest.mark.parametrize("soc", CHARGES)
@pytest.mark.parametrize("power_w", POWERS_W)
def test_a_battery_that_was_at_rest(soc: float, power_w: float) -> None:
    errors = np.abs(start(Cell(soc, 0.0), power_w, 45))
    assert errors.max() < 0.03  # from the first sample on
    assert errors[100:].max() < 0.01  # after ten seconds


@pytest.mark.parametrize("soc", CHARGES)
@pytest.mark.parametrize("power_w", [-105e3, -20e3, 3e3, 70e3])
@pytest.mark.parametrize("before_a", [-260.0, -100.0, 170.0])
def test_a_battery_that_was_in_use(soc: float, power_w: float, before_a: float) -> None:
    if before_a > 0.0 and soc > 0.85:
        before_a = 20.0  # so full it is charged no faster
    errors = np.abs(start(Cell(soc, before_a), power_w, 45))
    assert errors[200:].max() < 0.02
    assert errors[300:].max() < 0.01


@pytest.mark.parametrize("seed", range(2, 12))
def test_other_noise(seed: int) -> None:
    errors = np.abs(start(Cell(0.8, -100.0, seed=seed), 70e3, 45))
    assert errors[300:].max() < 0.01


@pytest.mark.parametrize("resistance", [0.8, 1.3])  # warm and cold cells, or old ones
@pytest.mark.parametrize("soc", [0.3, 0.5, 0.8])
@pytest.mark.parametrize("power_w", [-60e3, 20e3, 70e3])
def test_another_resistance_costs_no_more_than_its_drop(
    resistance: float, soc: float, power_w: float
) -> None:
    cell = Cell(soc, 0.0, resistance)
    errors = np.abs(start(cell, power_w, 45))
    current_a = abs(power_w) / 400.0
    drop_v = abs(resistance - 1.0) * (RESISTANCE_OHM + POLARISATION_OHM) * current_a
    flattest_v = 83.0  # per unit of charge, at 40 to 45 %
    assert errors.max() < drop_v / flattest_v + 0.01


def test_the_curve_and_its_inverse() -> None:
    for soc in np.linspace(0.0, 1.0, 101):
        volts = float(pack.open_circuit_v(BATTERY, np.array([soc]))[0])
        assert open_circuit_v(PARAMETERS, soc) == pytest.approx(volts)
        assert charge_of(PARAMETERS, volts) == pytest.approx(soc)
    assert charge_of(PARAMETERS, 0.0) == 0.0 and charge_of(PARAMETERS, 1e4) == 1.0
    assert OCV_NAMES[0] == "battery_ocv_000_v" and OCV_NAMES[-1] == "battery_ocv_100_v"


def test_a_charge_that_is_forgotten_is_told_anew() -> None:
    charge = StateOfCharge(PARAMETERS, 0.9)
    charge.forget()
    cell = Cell(0.5, 0.0)
    assert charge.update(*cell.sample(0.0), 0.1) == pytest.approx(0.5, abs=0.01)
