"""The whole spacecraft: balances, the design cases, loss of flow, and many satellites at once."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np
import pytest
from plant_cases import COLD, HOT, drives, fly, surroundings

from sim.actuators import Actuators
from sim.compute_rack import apply_upset
from sim.environment import Environment
from sim.spacecraft import (
    Flows,
    State,
    initial_state,
    step,
    telemetry,
)
from sim.vehicle import Vehicle, load_vehicle, preset_names

VEHICLE = load_vehicle("rack_100kw")
UNSLOWED = load_vehicle("rack_100kw", {"rack": {"slowdown_delay_s": 1e9}})

TRUTH_NAMES = {
    "array_power_w",
    "battery_power_w",
    "load_power_w",
    "payload_power_w",
    "loss_power_w",
    "soc",
    "bus_voltage_v",
    "battery_current_a",
    "battery_temp_c",
    "gpu_temp_max_c",
    "hbm_temp_max_c",
    "coolant_supply_c",
    "coolant_return_c",
    "coolant_min_c",
    "coolant_freeze_margin_k",
    "coolant_flow_l_min",
    "radiator_mean_c",
    "radiator_outlet_c",
    "bypass",
    "pump_a_rpm",
    "pump_b_rpm",
    "heater_w",
    "heat_rejected_w",
    "clock_mean_mhz",
    "power_cap_mean_w",
    "trays_powered",
    "trays_running",
    "trays_hung",
    "tokens_per_s",
    "tokens",
    "energy_kwh",
    "energy_residual",
    "heat_residual",
    "gpu_over_slowdown",
    "throttled",
    "battery_empty",
}


def steady(
    vehicle: Vehicle,
    environment: Environment,
    demand: float,
    panels_lost: int = 0,
    duration_s: float = 10000.0,
    **actuators: float,
) -> dict[str, float]:
    """Telemetry after a long time, with the battery kept half full and at rest."""
    state = initial_state(vehicle, soc=0.5, trays_on=True, panels_lost=panels_lost)
    commands = drives(vehicle, **actuators)  # type: ignore[arg-type]
    flows = None
    for _ in range(round(duration_s / 10.0)):
        battery = replace(state.battery, soc=np.array([0.5]))
        state, flows = step(
            vehicle, replace(state, battery=battery), commands, environment, demand, 10.0
        )
    assert flows is not None
    return telemetry(vehicle, state, flows)


def test_telemetry_has_every_name() -> None:
    state, flows = fly(VEHICLE, initial_state(VEHICLE), drives(VEHICLE), HOT, 1.0, 0.1)
    seen = telemetry(VEHICLE, state, flows)
    assert set(seen) >= TRUTH_NAMES
    assert all(type(value) is float for value in seen.values())
    assert all(np.isfinite(value) for value in seen.values())


def test_full_load_needs_no_throttling_in_the_design_case() -> None:
    seen = steady(VEHICLE, surroundings(), 1.0)
    assert seen["payload_power_w"] == pytest.approx(100e3, rel=1e-3)
    assert seen["coolant_flow_l_min"] == pytest.approx(150.0, abs=0.1)
    assert 15.0 < seen["coolant_supply_c"] < 30.0
    assert 9.0 < seen["coolant_return_c"] - seen["coolant_supply_c"] < 13.0
    assert 35.0 < seen["gpu_temp_max_c"] - seen["coolant_supply_c"] < 50.0
    assert seen["throttled"] == 0.0


def test_hot_case_with_a_lost_panel_overheats_and_a_cap_holds_it() -> None:
    free = steady(UNSLOWED, HOT, 1.0, panels_lost=1)
    assert 90.0 < free["gpu_temp_max_c"] < 100.0
    assert free["gpu_over_slowdown"] == 1.0
    capped = steady(VEHICLE, HOT, 1.0, panels_lost=1, power_cap_w=0.88 * 5555.0)
    assert capped["gpu_temp_max_c"] < 83.0
    assert capped["throttled"] == 1.0
    assert capped["tokens_per_s"] > 0.95 * free["tokens_per_s"]


def test_the_trays_own_slowdown_does_not_hold_the_limit() -> None:
    """Longest time above the limit, without flight software: more than 5 s."""
    state = initial_state(VEHICLE, trays_on=True, panels_lost=1, coolant_c=45.0)
    commands, longest, now = drives(VEHICLE), 0.0, 0.0
    for _ in range(2400):
        state, _ = step(VEHICLE, state, commands, HOT, 1.0, 0.5)
        now = now + 0.5 if state.rack.gpu_k.max() > 273.15 + 87.0 else 0.0
        longest = max(longest, now)
    assert 5.0 < longest < 60.0


def test_cold_case_freezes_without_the_bypass_and_not_with_it() -> None:
    free = steady(VEHICLE, COLD, 0.2)
    assert free["coolant_min_c"] < -20.0
    assert free["coolant_freeze_margin_k"] < -10.0
    held = steady(VEHICLE, COLD, 0.2, bypass=0.95)
    assert held["coolant_min_c"] > 0.0
    assert held["coolant_freeze_margin_k"] > 10.0


def test_heater_and_bypass_hold_the_loop_with_all_trays_off() -> None:
    seen = steady(
        VEHICLE, COLD, 0.0, on=False, pump_a=0.375, bypass=1.0, heater=0.4, duration_s=20000.0
    )
    assert seen["trays_powered"] == 0.0
    assert seen["coolant_min_c"] > 0.0


def test_loss_of_flow_reaches_the_slowdown_limit_within_a_minute() -> None:
    state, _ = fly(
        UNSLOWED, initial_state(UNSLOWED, trays_on=True), drives(UNSLOWED), HOT, 1.0, 60.0
    )
    seconds = 0.0
    while state.rack.gpu_k.max() < 273.15 + 87.0:
        state, _ = step(UNSLOWED, state, drives(UNSLOWED, pump_a=0.0), HOT, 1.0, 0.1)
        seconds += 0.1
        assert seconds < 60.0
    assert seconds > 3.0


def test_balances_close_through_a_wild_ride() -> None:
    """Eclipse edges, random commands, upsets, steps of 0.1 s to 10 s."""
    rng = np.random.default_rng(17)
    state = initial_state(VEHICLE, soc=0.3)
    worst = np.zeros(2)
    for k in range(1500):
        commands = drives(
            VEHICLE,
            on=bool(rng.random() < 0.98),
            pump_a=float(rng.random()),
            pump_b=float(rng.random() < 0.3),
            bypass=float(rng.random()),
            heater=float(rng.random()),
            power_cap_w=float(rng.uniform(0, 7000)),
        )
        environment = replace(HOT, sunlit=float(k // 300 % 2))
        state, flows = step(
            VEHICLE,
            state,
            commands,
            environment,
            float(rng.random()),
            float(rng.choice([0.1, 1.0, 10.0])),
        )
        worst = np.maximum(worst, [flows.bus.residual[0], flows.heat_residual[0]])
    assert worst[0] < 1e-12
    assert worst[1] < 1e-9


def test_a_full_orbits_energy_goes_into_heat_charge_and_space() -> None:
    """Electric energy taken = heat from electricity + charge stored; counted outside the model."""
    state = initial_state(VEHICLE, soc=0.6, trays_on=True)
    commands = drives(VEHICLE)
    array = dissipated = stored = 0.0
    for k in range(2930):
        environment = replace(HOT, sunlit=0.0 if k > 1850 else 1.0)
        before = state
        state, flows = step(VEHICLE, state, commands, environment, 0.7, 2.0)
        bus = flows.bus
        array += 2.0 * bus.array_w[0]
        dissipated += 2.0 * (bus.load_w + bus.loss_w + bus.battery_heat_w)[0]
        open_circuit = 108 * np.interp(before.battery.soc[0], np.linspace(0, 1, 21), OCV_CELL_V)
        charge = 100e3 * 3600.0 / (108 * np.trapezoid(OCV_CELL_V, np.linspace(0, 1, 21)))
        stored += open_circuit * (state.battery.soc[0] - before.battery.soc[0]) * charge
    assert array == pytest.approx(dissipated + stored, rel=1e-3)


OCV_CELL_V = [
    2.4987, 3.1092, 3.2957, 3.4338, 3.4852, 3.5285, 3.5814, 3.6290, 3.6670, 3.7054, 3.7509,
    3.7984, 3.8406, 3.8896, 3.9479, 3.9943, 4.0421, 4.0809, 4.0967, 4.1236, 4.2001,
]  # fmt: skip


def test_battery_empties_sheds_the_rack_and_comes_back() -> None:
    state = initial_state(VEHICLE, soc=0.06, trays_on=True)
    state, flows = fly(VEHICLE, state, drives(VEHICLE), surroundings(), 1.0, 120.0)
    seen = telemetry(VEHICLE, state, flows)
    assert seen["battery_empty"] == 1.0
    assert seen["payload_power_w"] == 0.0
    assert seen["trays_powered"] == 0.0
    assert seen["coolant_flow_l_min"] > 100.0  # pumps live on
    state, flows = fly(
        VEHICLE, state, drives(VEHICLE), surroundings(sunlit=1.0), 1.0, 900.0, dt_s=1.0
    )
    seen = telemetry(VEHICLE, state, flows)
    assert seen["battery_empty"] == 0.0
    assert seen["trays_running"] == 18.0


def test_a_dead_bus_stops_the_pumps_and_stays_finite() -> None:
    state = initial_state(VEHICLE, soc=0.001, trays_on=True)
    state, flows = fly(VEHICLE, state, drives(VEHICLE), COLD, 1.0, 4000.0, dt_s=4.0)
    seen = telemetry(VEHICLE, state, flows)
    assert seen["soc"] > -0.01
    assert seen["load_power_w"] == 0.0
    assert seen["coolant_flow_l_min"] < 0.1
    assert all(np.isfinite(value) for value in seen.values())
    state, flows = fly(
        VEHICLE, state, drives(VEHICLE), surroundings(sunlit=1.0), 1.0, 600.0, dt_s=1.0
    )
    assert state.battery.soc[0] > 0.05


def test_losing_a_panel_warms_the_loop() -> None:
    state = initial_state(VEHICLE, trays_on=True)
    whole, _ = fly(VEHICLE, state, drives(VEHICLE), HOT, 1.0, 600.0, dt_s=1.0)
    one_less = replace(state, panels_lost=np.array([1.0]))
    lost, _ = fly(VEHICLE, one_less, drives(VEHICLE), HOT, 1.0, 600.0, dt_s=1.0)
    assert lost.coolant.supply_k[0] > whole.coolant.supply_k[0] + 1.0
    by_file = load_vehicle("rack_100kw", {"radiator": {"panels_lost": 1}})
    assert initial_state(by_file).panels_lost.tolist() == [1.0]
    with pytest.raises(ValueError, match="panels_lost = 5, must be 0 to 4"):
        initial_state(VEHICLE, panels_lost=5)


def arrays(value: Any) -> list[np.ndarray]:
    if isinstance(value, np.ndarray):
        return [value]
    if is_dataclass(value) and not isinstance(value, Actuators):
        return [array for field in fields(value) for array in arrays(getattr(value, field.name))]
    return []


class Upset:
    element = "weights"
    tray = 3
    index = 77
    bits = (12,)


def test_the_mean_clock_is_that_of_the_trays_that_run() -> None:
    """A tray that hangs after its clock was set does not count."""

    class Hang(Upset):
        element = "tray_hang"

    state = initial_state(VEHICLE, trays_on=True)
    state, _ = fly(VEHICLE, state, drives(VEHICLE), surroundings(), 1.0, 1.0)
    state, flows = step(VEHICLE, state, drives(VEHICLE), surroundings(), 1.0, 0.1)
    seen = telemetry(VEHICLE, apply_upset(state, Hang()), flows)
    assert seen["trays_running"] == VEHICLE.rack.trays - 1
    assert 0.0 < seen["clock_mean_mhz"] <= VEHICLE.rack.clock_nominal_mhz


def test_three_satellites_are_three_times_one() -> None:
    """Different charge, temperatures, commands, demand and environment; an upset in the second."""
    socs, temperatures, demands = (0.9, 0.3, 0.055), (20.0, 45.0, -5.0), (1.0, 0.4, 0.9)
    skies = (HOT, COLD, replace(HOT, sunlit=0.4))

    def one(i: int) -> list[np.ndarray]:
        state = initial_state(VEHICLE, soc=socs[i], coolant_c=temperatures[i], trays_on=i != 1)
        commands = drives(VEHICLE, pump_a=0.3 * (i + 1), bypass=0.4 * i)
        flows = None
        for k in range(700):
            if i == 1 and k == 650:
                state = apply_upset(state, Upset())
            state, flows = step(VEHICLE, state, commands, skies[i], demands[i], 0.1)
        return arrays(state) + arrays(flows)

    singles = [one(i) for i in range(3)]

    parts = [
        initial_state(VEHICLE, soc=socs[i], coolant_c=temperatures[i], trays_on=i != 1)
        for i in range(3)
    ]
    state = join(parts)
    commands = join([drives(VEHICLE, pump_a=0.3 * (i + 1), bypass=0.4 * i) for i in range(3)])
    sky = Environment(
        *(
            np.array([getattr(one_sky, field.name) for one_sky in skies])  # type: ignore[arg-type]
            for field in fields(Environment)
        )
    )
    flows: Flows | None = None
    for k in range(700):
        if k == 650:
            state = apply_upset(state, Upset(), satellite=1)
        state, flows = step(VEHICLE, state, commands, sky, np.array(demands), 0.1)
    together = arrays(state) + arrays(flows)
    assert len(together) == len(singles[0]) > 50
    for position, array in enumerate(together):
        apart = np.concatenate([single[position] for single in singles])
        np.testing.assert_allclose(array, apart, rtol=1e-12, atol=1e-9)


def join(parts: list[Any]) -> Any:
    """One object with satellites stacked, from several with one satellite each."""
    first = parts[0]
    if isinstance(first, np.ndarray):
        return np.concatenate(parts)
    if is_dataclass(first) and not isinstance(first, type):
        return type(first)(
            **{
                field.name: join([getattr(part, field.name) for part in parts])
                for field in fields(first)
            }
        )
    return first


def test_a_fleet_takes_the_same_step() -> None:
    state: State = initial_state(VEHICLE, satellites=300, trays_on=True)
    state, flows = fly(VEHICLE, state, drives(VEHICLE, satellites=300), HOT, 1.0, 10.0, dt_s=1.0)
    assert flows.heat_residual.shape == (300,)
    assert flows.heat_residual.max() < 1e-9
    assert np.ptp(state.coolant.supply_k) == 0.0


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_flies(name: str) -> None:
    vehicle = load_vehicle(name)
    state, flows = fly(
        vehicle, initial_state(vehicle), drives(vehicle), surroundings(sunlit=1.0), 1.0, 120.0
    )
    seen = telemetry(vehicle, state, flows)
    assert seen["trays_running"] == vehicle.rack.trays
    assert seen["payload_power_w"] == pytest.approx(vehicle.payload_power_w)
    assert seen["array_power_w"] > seen["load_power_w"]
    assert max(seen["energy_residual"], seen["heat_residual"]) < 1e-9
