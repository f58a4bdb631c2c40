"""Battery against the published cell, closed forms and conservation of energy."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim import battery as pack
from sim.battery import BatteryState
from sim.vehicle import load_vehicle

BATTERY = load_vehicle("rack_100kw").battery


def state(soc: float = 0.5, polarisation_v: float = 0.0) -> BatteryState:
    return BatteryState(np.array([soc]), np.array([polarisation_v]), np.array([293.15]))


def chen2020_ocv(soc: float) -> float:
    """Chen et al. 2020, eq. 8 and 9, at the stoichiometries of 2.5 V and 4.2 V."""
    x = 0.0263 + soc * (0.9106 - 0.0263)
    y = 0.8540 + soc * (0.2638 - 0.8540)
    negative = (
        1.9793 * math.exp(-39.3631 * x)
        + 0.2482
        - 0.0909 * math.tanh(29.8538 * (x - 0.1234))
        - 0.04478 * math.tanh(14.9159 * (x - 0.2769))
        - 0.0205 * math.tanh(30.4444 * (x - 0.6103))
    )
    positive = (
        -0.8090 * y
        + 4.4875
        - 0.0428 * math.tanh(18.5138 * (y - 0.5542))
        - 17.7326 * math.tanh(15.7890 * (y - 0.3117))
        + 17.5842 * math.tanh(15.9308 * (y - 0.3120))
    )
    return positive - negative


@pytest.mark.parametrize(("soc", "volt"), [(0.0, 2.50), (0.5, 3.751), (1.0, 4.20)])
def test_literal_cell_voltages(soc: float, volt: float) -> None:
    cell = pack.open_circuit_v(BATTERY, np.array([soc]))[0] / 108
    assert cell == pytest.approx(volt, abs=0.002)


def test_open_circuit_voltage_follows_the_published_fit() -> None:
    for soc in np.linspace(0.05, 1.0, 58):  # below 5 % the table is coarser than the curve
        cell = pack.open_circuit_v(BATTERY, np.array([soc]))[0] / 108
        assert cell == pytest.approx(chen2020_ocv(soc), abs=0.02)


def test_pack_holds_the_energy_it_is_named_after() -> None:
    soc = np.linspace(0, 1, 2001)
    energy = np.trapezoid(pack.open_circuit_v(BATTERY, soc), soc) * pack.capacity_c(BATTERY)
    assert energy / 3.6e6 == pytest.approx(100.0, rel=1e-3)


def test_constant_current_discharge_balances_charge() -> None:
    now = state(soc=0.9)
    soc, polarisation = now.soc, now.polarisation_v
    for _ in range(3600):
        soc, polarisation = pack.step_charge(
            BATTERY, BatteryState(soc, polarisation, now.temperature_k), np.array([-100.0]), 1.0
        )
    assert soc[0] == pytest.approx(0.9 - 100.0 * 3600.0 / pack.capacity_c(BATTERY), abs=1e-12)


def test_charging_loses_a_little_charge() -> None:
    soc, _ = pack.step_charge(BATTERY, state(soc=0.5), np.array([100.0]), 3600.0)
    assert soc[0] == pytest.approx(0.5 + 0.999 * 360000.0 / pack.capacity_c(BATTERY))


@pytest.mark.parametrize("dt_s", [0.1, 1.0, 10.0])
def test_relaxation_is_the_closed_form_at_any_step(dt_s: float) -> None:
    soc, polarisation = np.array([0.9]), np.array([0.0])
    for _ in range(round(60.0 / dt_s)):
        soc, polarisation = pack.step_charge(
            BATTERY, BatteryState(soc, polarisation, soc), np.array([-200.0]), dt_s
        )
    resistance = pack.polarisation_resistance_ohm(BATTERY)
    assert polarisation[0] == pytest.approx(-200.0 * resistance * (1 - math.exp(-60.0 / 40.0)))


def test_resistance_scales_as_series_over_parallel() -> None:
    strings = 100e3 / (108 * pack.MEAN_OCV_CELL_V * 5.0)
    assert pack.series_resistance_ohm(BATTERY) == pytest.approx(0.026 * 108 / strings)


@pytest.mark.parametrize("power_w", [-150e3, -1.0, 0.0, 1.0, 60e3])
def test_current_gives_the_power(power_w: float) -> None:
    current = pack.current_a(np.array([400.0]), 0.055, np.array([power_w]))
    assert (400.0 + 0.055 * current[0]) * current[0] == pytest.approx(power_w, abs=1e-9)


@pytest.mark.parametrize("ampere", [-250.0, 150.0])
def test_energy_closes_over_a_pulse(ampere: float) -> None:
    """Terminal energy = chemistry + heat + what the RC element holds at the end."""
    current, dt_s = np.array([ampere]), 0.1
    r0, r1 = pack.series_resistance_ohm(BATTERY), pack.polarisation_resistance_ohm(BATTERY)
    now = state(soc=0.5)
    terminal = chemistry = heat = 0.0
    for _ in range(600):
        open_circuit = pack.open_circuit_v(BATTERY, now.soc)
        soc, polarisation = pack.step_charge(BATTERY, now, current, dt_s)
        middle_v = 0.5 * (now.polarisation_v + polarisation)
        terminal += ((open_circuit + middle_v + r0 * current) * current * dt_s)[0]
        chemistry += (open_circuit * (soc - now.soc) * pack.capacity_c(BATTERY))[0]
        heat += (pack.heat_w(BATTERY, now, current, open_circuit) * dt_s)[0]
        now = BatteryState(soc, polarisation, now.temperature_k)
    held = 0.5 * (40.0 / r1) * now.polarisation_v[0] ** 2
    assert terminal - chemistry == pytest.approx(heat + held, rel=2e-3)
    assert heat > 0.0


def test_charge_current_tapers_at_the_charge_voltage() -> None:
    full = 108 * 4.1
    far, near, above = pack.charge_limit_a(BATTERY, np.array([350.0, full - 1.0, full + 1.0]))
    assert far == pytest.approx(0.7 * pack.capacity_c(BATTERY) / 3600.0)
    assert near == pytest.approx(1.0 / pack.series_resistance_ohm(BATTERY))
    assert above == 0.0


def test_discharge_limit_stays_short_of_collapse() -> None:
    electromotive = np.array([400.0, 300.0])
    limit = pack.discharge_limit_w(BATTERY, electromotive)
    resistance = pack.series_resistance_ohm(BATTERY)
    assert np.all(limit < electromotive**2 / (4 * resistance))
    ampere = 1.5 * pack.capacity_c(BATTERY) / 3600.0
    np.testing.assert_allclose(limit, (electromotive - resistance * ampere) * ampere)
