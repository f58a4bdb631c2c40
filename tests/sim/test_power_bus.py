"""Bus: power closes in every case, converters cost what they should, the cut-off sheds the rack."""

from __future__ import annotations

import numpy as np
import pytest

from sim import battery as pack
from sim import power_bus
from sim.battery import BatteryState
from sim.vehicle import load_vehicle

VEHICLE = load_vehicle("rack_100kw")
ARRAY_PATH = 0.975 * 0.99  # tracker, harness
RACK_PATH = 0.975 * 0.99
AUXILIARY_PATH = 0.94 * 0.99


def solve(
    soc: float = 0.5,
    available_w: float = 0.0,
    payload_w: float = 100e3,
    auxiliary_w: float = 3e3,
    shed: bool = False,
) -> power_bus.BusFlows:
    battery = BatteryState(np.array([soc]), np.array([0.0]), np.array([293.15]))
    return power_bus.balance(
        VEHICLE,
        battery,
        np.array([shed]),
        np.array([available_w]),
        np.array([payload_w]),
        np.array([auxiliary_w]),
    )


def test_power_closes_for_a_thousand_random_cases() -> None:
    rng = np.random.default_rng(11)
    battery = BatteryState(rng.uniform(0, 1, 1000), rng.uniform(-9, 9, 1000), np.full(1000, 290.0))
    available = rng.uniform(0, 200e3, 1000)
    flows = power_bus.balance(
        VEHICLE,
        battery,
        rng.random(1000) < 0.2,
        available,
        rng.uniform(0, 140e3, 1000),
        rng.uniform(1e3, 15e3, 1000),
    )
    imbalance = flows.array_w - flows.battery_w - flows.load_w - flows.loss_w
    assert np.abs(imbalance).max() < 1e-6
    assert flows.residual.max() < 1e-12
    assert np.all(flows.array_w <= available * (1 + 1e-12))
    assert np.all(flows.loss_w >= 0)
    assert np.all(flows.battery_heat_w >= -1e-9)
    np.testing.assert_allclose(flows.battery_w, flows.voltage_v * flows.battery_current_a)
    currents = flows.array_current_a - flows.load_current_a - flows.battery_current_a
    assert np.abs(currents).max() < 1e-9  # Kirchhoff at the bus


def test_losses_in_the_dark_are_those_of_the_converters() -> None:
    flows = solve()
    expected = 100e3 * (1 / RACK_PATH - 1) + 3e3 * (1 / AUXILIARY_PATH - 1)
    assert flows.loss_w[0] == pytest.approx(expected)
    assert flows.battery_w[0] == pytest.approx(-(103e3 + expected))
    assert flows.array_w[0] == 0.0


def test_full_battery_leaves_the_rest_in_the_wings() -> None:
    flows = solve(soc=1.0, available_w=200e3)
    need = 100e3 / RACK_PATH + 3e3 / AUXILIARY_PATH
    assert flows.array_w[0] == pytest.approx(need / ARRAY_PATH)
    assert flows.battery_w[0] == pytest.approx(0.0, abs=1e-9)


def test_surplus_charges_up_to_the_current_limit() -> None:
    some = solve(available_w=120e3)
    need = 100e3 / RACK_PATH + 3e3 / AUXILIARY_PATH
    assert some.battery_w[0] == pytest.approx(120e3 * ARRAY_PATH - need)
    much = solve(available_w=400e3)
    limit_a = 0.7 * pack.capacity_c(VEHICLE.battery) / 3600.0
    assert much.battery_current_a[0] == pytest.approx(limit_a)


def test_cut_off_sheds_the_trays_until_the_charge_is_restored() -> None:
    at_cutoff = solve(soc=0.05)
    assert at_cutoff.payload_w[0] == 0.0
    assert at_cutoff.served[0] == 0.0
    assert at_cutoff.shed[0]
    assert at_cutoff.load_w[0] == pytest.approx(3e3)  # avionics and pumps live on
    below = solve(soc=0.08, payload_w=0.0, shed=True)
    above = solve(soc=0.11, payload_w=0.0, shed=True)
    assert below.shed[0]
    assert not above.shed[0]


def test_cut_off_does_not_shed_what_sunlight_carries() -> None:
    flows = solve(soc=0.04, available_w=150e3)
    assert flows.payload_w[0] == 100e3
    assert not flows.shed[0]
    assert flows.battery_w[0] > 0.0


def test_a_load_beyond_the_battery_is_dropped_at_once() -> None:
    flows = solve(payload_w=300e3)
    assert flows.payload_w[0] == 0.0
    assert flows.shed[0]


def test_everything_stops_with_an_empty_battery_in_the_dark() -> None:
    empty = BatteryState(np.array([0.0, 0.0, 0.01]), np.zeros(3), np.full(3, 290.0))
    supplied = power_bus.auxiliary_supplied(VEHICLE, empty, np.array([0.0, 50e3, 0.0]))
    assert supplied.tolist() == [0.0, 1.0, 1.0]
