"""What is laid out before a flight."""

from __future__ import annotations

import math
import tomllib
from datetime import UTC, datetime

import numpy as np
import pytest

from fsw.commands import LoadEclipseForecast, decode_telecommand
from hil import scenario, toml_text
from hil.flight_parameters import flight_parameters
from hil.ground import Ground
from hil.mission import Mission, choose_orbit, load_vehicle_of, plan, upset_rates
from hil.scenario import OrbitStart, Scenario
from sim.orbit import beta
from sim.upsets import ELEMENTS, UpsetRates
from sim.vehicle import DesignOrbit, load_vehicle, preset_names

DAWN_DUSK = DesignOrbit(altitude_km=650, local_time_ascending_node_h=18)
INCLINED = DesignOrbit(altitude_km=550, inclination_deg=53)


def laid_out(**tables: object) -> Mission:
    flown = Scenario.model_validate({"name": "mine", **tables})
    return plan(flown, load_vehicle_of(flown, scenario.SCENARIOS))


def test_forecast_agrees_with_the_light_on_the_array() -> None:
    mission = laid_out(orbit={"epoch": "2026-06-01T00:00:00Z", "start_s": 3000.0})
    table = mission.environment
    assert table.time_s[0] == 0.0
    ((enter_s, leave_s),) = mission.eclipses(0.0, mission.duration_ns / 1e9)
    shadowed_s = table.time_s[table.sunlit < 1.0]
    assert shadowed_s[0] == pytest.approx(enter_s, abs=0.11)
    assert shadowed_s[-1] == pytest.approx(leave_s, abs=0.11)


def test_ground_uplinks_the_forecast_at_the_start_and_once_an_orbit() -> None:
    mission = laid_out(orbit={"epoch": "2026-06-01T00:00:00Z"}, duration={"orbits": 2})
    ground = Ground(mission)
    packets = {}
    for second in range(1, 11_000):
        packet = ground.packet_due(second * 10**9)
        if packet is not None:
            packets[second] = packet
    assert list(packets) == [1, math.ceil(mission.orbit.nodal_period_s)]
    command = decode_telecommand(packets[1])
    assert isinstance(command, LoadEclipseForecast)
    assert len(command.eclipses) >= 2
    assert command.eclipses[0] == pytest.approx(mission.eclipses(0, 6000)[0])


def test_orbit_by_beta() -> None:
    wanted = OrbitStart(beta_deg=-20.0, epoch=datetime(2026, 3, 1, tzinfo=UTC))
    orbit = choose_orbit(wanted, DAWN_DUSK)
    assert math.degrees(beta(orbit, np.zeros(1))[0]) == pytest.approx(-20.0, abs=1e-6)
    assert math.degrees(orbit.inclination_rad) == pytest.approx(97.99, abs=0.02)  # still SSO


def test_orbit_of_the_vehicle_where_the_scenario_says_nothing() -> None:
    assert choose_orbit(OrbitStart(), DAWN_DUSK).altitude_m == 650e3
    orbit = choose_orbit(OrbitStart(altitude_km=500), INCLINED)
    assert orbit.altitude_m == 500e3
    assert math.degrees(orbit.inclination_rad) == pytest.approx(53)


def test_a_local_time_makes_an_inclined_vehicle_sun_synchronous() -> None:
    orbit = choose_orbit(OrbitStart(local_time_h=6.0), INCLINED)
    assert math.degrees(orbit.inclination_rad) == pytest.approx(97.6, abs=0.05)


def test_start_before_the_anomaly() -> None:
    mission = laid_out(orbit={"start": "saa"}, duration={"seconds": 1500})
    flux = mission.environment.proton_flux_30mev_cm2_s
    assert flux[0] < 1.0
    assert flux.max() > 500


def test_storm_counts_from_the_first_minor_cycle() -> None:
    storm = {"start_s": 100, "duration_s": 86400, "peak_flux_10mev_cm2_s": 1e6}
    tables = {"orbit": {"start_s": 50_000.0}, "duration": {"orbits": 1}}
    calm = laid_out(**tables).environment.proton_flux_10mev_cm2_s
    stormy = laid_out(**tables, conditions={"storm": storm}).environment.proton_flux_10mev_cm2_s
    assert np.array_equal(calm[:1000], stormy[:1000])
    assert stormy[1001:].max() > 10 * calm.max()


def test_demand_steps() -> None:
    steps = [{"at_s": 0, "level": 1.0}, {"at_s": 1.0, "level": 0.2}]
    mission = laid_out(demand=steps, duration={"seconds": 2})
    assert mission.demand.tolist() == [1.0] * 10 + [0.2] * 10


@pytest.mark.parametrize("element", ELEMENTS)
def test_upset_scale_of_an_element_raises_that_one_alone(element: str) -> None:
    flown = Scenario.model_validate(
        {"name": "mine", "conditions": {"upset_scales": {element: 7.0}}}
    )
    scaled = upset_rates(flown, load_vehicle("rack_100kw"))
    plain = UpsetRates()
    changed = {name for name, value in vars(plain).items() if getattr(scaled, name) != value}
    assert changed
    for name in changed:
        assert getattr(scaled, name) == pytest.approx(7.0 * getattr(plain, name))
        if element != "tray_hang":  # its rates are named after chip and host
            assert name.startswith(element.removeprefix("tray_"))


def test_upset_rates_count_the_chips_of_the_vehicle() -> None:
    vehicle = load_vehicle("rack_100kw", {"rack": {"gpus_per_tray": 8}})
    assert upset_rates(Scenario.model_validate({"name": "mine"}), vehicle).chips_per_tray == 8


@pytest.mark.parametrize("preset", preset_names())
def test_every_vehicle_gives_flight_software_parameters_it_accepts(preset: str) -> None:
    vehicle = load_vehicle(preset)
    flown = Scenario.model_validate({"name": "mine", "parameters": {"soc_floor": 0.4}})
    values = flight_parameters(vehicle, choose_orbit(flown.orbit, vehicle.orbit), flown)
    assert values["soc_floor"] == 0.4
    assert values["tray_power_max_w"] == vehicle.rack.tray_power_w
    assert values["flow_min_l_min"] < 0.5 * vehicle.coolant.nominal_flow_l_min
    # Mean open-circuit voltage times charge is the capacity.
    curve_v = [values[f"battery_ocv_{percent:03d}_v"] for percent in range(0, 101, 5)]
    assert curve_v == sorted(curve_v)
    capacity_kwh = values["battery_capacity_ah"] * float(np.trapezoid(curve_v, dx=0.05)) / 1e3
    assert capacity_kwh == pytest.approx(vehicle.battery.capacity_kwh, rel=0.01)


def test_toml_text_reads_back() -> None:
    tables = {
        "name": 'a "quoted" name',
        "flag": True,
        "none": None,
        "epoch": datetime(2026, 6, 21, tzinfo=UTC),
        "levels": [1.0, 2.5e-9],
        "inner": {"deep": {"x": 3}, "empty": {}},
        "steps": [{"at_s": 0.0}, {"at_s": 5.0, "more": {"y": "ü"}}],
    }
    read = tomllib.loads(toml_text.dump(tables))
    del tables["none"]
    tables["inner"] = {"deep": {"x": 3}}
    assert read == tables
