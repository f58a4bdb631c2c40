"""Parameters of flight software that follow from the vehicle file.

What a spacecraft's data base would hold: capacities, limits and design figures, not the physics'
truth. Control gains and margins stay at flight software's own defaults.
"""

from __future__ import annotations

import numpy as np

from fsw.parameters import Parameters
from fsw.state_of_charge import OCV_NAMES, SOC_STEPS
from hil.errors import UsageError
from hil.scenario import Scenario
from sim import battery
from sim.constants import ZERO_CELSIUS_K
from sim.coolant_loop import PG25_FREEZING_K
from sim.eclipse import cylinder_duration_s
from sim.orbit import Orbit
from sim.vehicle import Vehicle

LEAST_FLOW = 0.2  # of one pump's: its drive is never lower
PUMP_MARGIN = 1.5  # lag of the slowest healthy pump over the expected one
BOOT_MARGIN = 1.5  # longest boot over the expected one, loading of weights included


def flight_parameters(vehicle: Vehicle, orbit: Orbit, scenario: Scenario) -> dict[str, float]:
    """Values by name, those of the scenario last. Raises UsageError on an unknown or wrong one."""
    rack, coolant, pack = vehicle.rack, vehicle.coolant, vehicle.battery
    capacity_ah = battery.capacity_c(pack) / 3600.0
    mean_v = pack.cells_in_series * battery.MEAN_OCV_CELL_V
    chips = rack.hottest_spread / rack.gpus_per_tray  # part of a tray's power in its hottest
    values = {
        "battery_capacity_ah": capacity_ah,
        "battery_resistance_ohm": battery.series_resistance_ohm(pack),
        "battery_polarisation_ohm": battery.polarisation_resistance_ohm(pack),
        "battery_relaxation_s": battery.CELL_TAU_S,
        "battery_charge_limit_v": pack.charge_voltage_v * pack.cells_in_series,
        "battery_charge_max_w": pack.charge_limit_c * capacity_ah * mean_v,
        "orbit_period_s": orbit.nodal_period_s,
        "eclipse_worst_s": cylinder_duration_s(orbit.semi_major_axis_m, orbit.period_s, 0.0),
        "tray_path_efficiency": vehicle.bus.rack_converter_efficiency
        * vehicle.bus.harness_efficiency,
        "tray_power_max_w": rack.tray_power_w,
        "tray_power_min_w": rack.tray_idle_w,
        "clock_min_mhz": rack.clock_min_mhz,
        "clock_max_mhz": rack.clock_nominal_mhz,
        "tray_boot_s": BOOT_MARGIN * (rack.boot_s + rack.reload_s),
        "tray_busbar_v": rack.busbar_voltage_v,
        "trip_current_a": rack.over_current_limit_a,
        "gpu_slowdown_k": rack.gpu_slowdown_c + ZERO_CELSIUS_K,
        "hbm_limit_k": rack.hbm_slowdown_c + ZERO_CELSIUS_K,
        "coolant_freezing_k": PG25_FREEZING_K,
        "pump_flow_full_l_min": coolant.pump_flow_l_min,
        "flow_min_l_min": LEAST_FLOW * coolant.pump_flow_l_min,
        "pump_rpm_full": coolant.pump_speed_rpm,
        "pump_lag_s": PUMP_MARGIN * coolant.pump_spin_up_s,
        "plate_w_k": coolant.plate_conductance_w_k,
        "plate_heat_share": 1.0 - coolant.air_share,
        "plate_j_k": coolant.plate_heat_capacity_j_k,
        "tray_coolant_l": coolant.tray_volume_l,
        "plate_flow_l_min": coolant.nominal_flow_l_min,
        "gpu_k_per_kw": 1000.0 * rack.gpu_k_w * rack.gpu_power_share * chips,
        "hbm_k_per_kw": 1000.0 * rack.hbm_k_w * rack.hbm_power_share * chips,
        "bypass_rate_per_s": 1.0 / coolant.bypass_stroke_s,
        "monitor_area_cm2": vehicle.monitor.area_cm2,
        "monitor_background_counts_s": vehicle.monitor.background_counts_s,
    }
    for step, name in enumerate(OCV_NAMES):
        values[name] = float(battery.open_circuit_v(pack, np.array([step / SOC_STEPS]))[0])
    try:
        Parameters(values)
    except ValueError as error:
        raise UsageError(f"vehicle {vehicle.name}: {error}") from error
    try:
        Parameters(values | scenario.parameters)
    except ValueError as error:
        raise UsageError(f"scenario {scenario.name}: parameters: {error}") from error
    return values | scenario.parameters
