"""A vehicle in the size of fewer trays behaves as the whole one."""

from __future__ import annotations

from functools import cache

import pytest
from plant_cases import HOT, drives, fly, surroundings

from hil.smaller_scenario import COUNTS, POWERS_AND_FLOWS
from sim.smaller_rack import SIZES, with_trays
from sim.spacecraft import initial_state, telemetry
from sim.vehicle import load_vehicle, preset_names

# Every number of a vehicle file that is not of a size, and why it stays.
KINDS = {
    "orbit": {"altitude_km", "local_time_ascending_node_h", "inclination_deg"},  # where it flies
    "upsets": {"scale"},  # a device's
    "monitor": {"area_cm2", "background_counts_s"},  # one instrument, whatever the satellite's size
    "array": {  # of an area, of a converter, of an attitude
        "area_convention",
        "packing",
        "degradation",
        "pointing_error_deg",
        "converter_efficiency",
        "heat_capacity_j_m2_k",
        "absorptance",
        "emittance_front",
        "emittance_back",
    },
    "battery": {  # of a cell, of a string (the bus voltage stays), per capacity, per mass
        "cells_in_series",
        "charge_limit_c",
        "discharge_limit_c",
        "charge_voltage_v",
        "cutoff_soc",
        "restore_soc",
        "specific_energy_wh_kg",
    },
    "bus": {
        "harness_efficiency",
        "rack_converter_efficiency",
        "auxiliary_converter_efficiency",
    },
    "rack": {  # of a tray, of a chip, of time
        "trays",
        "tray_power_w",
        "tray_idle_w",
        "gpus_per_tray",
        "gpu_power_share",
        "hbm_power_share",
        "hottest_spread",
        "gpu_k_w",
        "hbm_k_w",
        "clock_nominal_mhz",
        "clock_min_mhz",
        "prefill_share",
        "power_ramp_up_w_s",
        "power_ramp_down_w_s",
        "boot_s",
        "reload_s",
        "gpu_slowdown_c",
        "hbm_slowdown_c",
        "slowdown_hysteresis_k",
        "slowdown_delay_s",
        "slowdown_clock_ratio",
        "shutdown_c",
        "busbar_voltage_v",
        "over_current_limit_a",
        "latchup_current_a",
        "digest_period_s",
    },
    "coolant": {  # of a tray, of time, shares
        "pump_speed_rpm",
        "pump_spin_up_s",
        "tray_volume_l",
        "plate_heat_capacity_j_k",
        "plate_conductance_w_k",
        "air_share",
        "bypass_stroke_s",
        "bypass_leak",
    },
    "radiator": {  # as many panels, each smaller: one of four lost is a quarter
        "panels",
        "area_convention",
        "panels_lost",
        "emittance",
        "absorptance",
        "fin_effectiveness",
        "heat_capacity_j_m2_k",
    },
}
SUNLIT = surroundings(sunlit=1.0)
CASES = {"sunlit": SUNLIT, "eclipse": surroundings(), "hot": HOT}


def test_every_number_is_of_a_size_or_of_a_kind() -> None:
    for name in preset_names():
        vehicle = load_vehicle(name)
        for section, values in vehicle.model_dump().items():
            if isinstance(values, dict):
                sizes = set(SIZES.get(section, ()))
                assert set(values) == sizes | KINDS[section], section
                assert not sizes & KINDS[section]


def test_the_name_says_it_and_the_whole_stays_what_it_is() -> None:
    whole = load_vehicle("rack_100kw")
    assert with_trays(whole, 18) is whole
    one = with_trays(whole, 1)
    assert one.name == "rack_100kw, 1 of 18 trays"
    assert one.payload_power_w == 5555.0
    assert one.array.area_m2 == pytest.approx(550 / 18)


@cache
def flown(trays: int, case: str) -> dict[str, float]:
    vehicle = with_trays(load_vehicle("rack_100kw"), trays)
    state = initial_state(vehicle, soc=0.85, coolant_c=22.0, trays_on=True)
    state, flows = fly(vehicle, state, drives(vehicle, bypass=0.3), CASES[case], 1.0, 400.0, 0.5)
    return telemetry(vehicle, state, flows)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("trays", [1, 4])
def test_temperatures_and_charge_are_those_of_the_whole(trays: int, case: str) -> None:
    """The equations are homogeneous in size: nothing but rounding parts the two."""
    small, large = flown(trays, case), flown(18, case)
    for name, value in large.items():
        if name.endswith("_residual"):
            assert small[name] < 1e-6 > value, name
        elif name in POWERS_AND_FLOWS | COUNTS:
            share = trays / 18
            assert small[name] == pytest.approx(share * value, rel=1e-3, abs=1.0), name
        else:
            assert small[name] == pytest.approx(value, rel=1e-3, abs=0.05), name
