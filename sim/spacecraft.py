"""The whole spacecraft: state, one step of its physics, and its true telemetry.

A step runs once round: drives -> trays' power -> array and bus -> wing -> loops, radiator, battery
-> junctions. Every function is pure and vectorised over a leading axis of satellites, so one
satellite and 3,000 run the same lines. Kelvin and watt inside; telemetry is in the units of names.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim import battery as pack
from sim import compute_rack, coolant_loop, power_bus, radiator, solar_array
from sim.actuators import Actuators, BoolArray, FloatArray
from sim.battery import BatteryState
from sim.compute_rack import HasRack
from sim.constants import ZERO_CELSIUS_K
from sim.coolant_loop import (
    AMMONIA_FREEZING_K,
    PG25_FREEZING_K,
    CoolantState,
    LoopHeat,
)
from sim.environment import Environment
from sim.power_bus import BusFlows
from sim.vehicle import Vehicle

JOULE_PER_KWH = 3.6e6


@dataclass(frozen=True, slots=True)
class State(HasRack):
    """Everything that lasts from step to step; arrays with a leading axis (S,)."""

    wing_k: FloatArray  # (S,)
    battery: BatteryState
    coolant: CoolantState
    panel_k: FloatArray  # (S, N)
    panels_lost: FloatArray  # (S,) whole numbers
    shed: BoolArray  # (S,) trays are off at the battery's cut-off
    tokens: FloatArray  # (S,) so far
    payload_energy_j: FloatArray  # (S,) so far


@dataclass(frozen=True, slots=True)
class Flows:
    """What flowed during the last step; arrays (S,), trays (S, T)."""

    dt_s: float
    array_available_w: FloatArray
    bus: BusFlows
    tray_w: FloatArray  # (S, T) at the trays
    tokens_per_s: FloatArray
    coolant_flow_l_min: FloatArray
    pump_w: FloatArray
    heater_w: FloatArray
    radiator_outlet_k: FloatArray
    heat_rejected_w: FloatArray  # emitted less absorbed by the panels
    heat_residual: FloatArray  # imbalance of all heat over the throughput


def initial_state(
    vehicle: Vehicle,
    satellites: int = 1,
    soc: float = 0.9,
    coolant_c: float = 20.0,
    trays_on: bool = False,
    panels_lost: int | None = None,
) -> State:
    """State at rest: everything at the coolant's temperature, pumps still, valve open.

    `panels_lost` replaces the vehicle file's number. With `trays_on`, trays start running at idle
    and pump A at the flow the rack needs.
    """
    count = satellites
    temperature = coolant_c + ZERO_CELSIUS_K
    lost = vehicle.radiator.panels_lost if panels_lost is None else panels_lost
    if not 0 <= lost <= vehicle.radiator.panels:
        raise ValueError(f"panels_lost = {lost}, must be 0 to {vehicle.radiator.panels}")
    coolant = vehicle.coolant
    speed = min(coolant.nominal_flow_l_min / coolant.pump_flow_l_min, 1.0) if trays_on else 0.0

    def all_at(value: float) -> FloatArray:
        return np.full(count, value)

    return State(
        wing_k=all_at(temperature),
        battery=BatteryState(all_at(soc), all_at(0.0), all_at(temperature)),
        coolant=CoolantState(
            pump_a=all_at(speed),
            pump_b=all_at(0.0),
            bypass=all_at(0.0),
            supply_k=all_at(temperature),
            return_k=all_at(temperature),
            mix_k=all_at(temperature),
            hot_k=all_at(temperature),
            plate_k=np.full((count, vehicle.rack.trays), temperature),
            tray_k=np.full((count, vehicle.rack.trays), temperature),
        ),
        panel_k=np.full((count, vehicle.radiator.panels), temperature),
        panels_lost=all_at(float(lost)),
        rack=compute_rack.initial_rack(vehicle.rack, count, trays_on, temperature),
        shed=np.zeros(count, np.bool_),
        tokens=all_at(0.0),
        payload_energy_j=all_at(0.0),
    )


def step(
    vehicle: Vehicle,
    state: State,
    actuators: Actuators,
    environment: Environment,
    demand: float | FloatArray,
    dt_s: float,
) -> tuple[State, Flows]:
    """State after `dt_s` (0.1 s to 10 s) and what flowed meanwhile.

    `demand` is the requested load 0..1, a number or (S,); so is every field of `environment`.
    """
    bus, coolant = vehicle.bus, vehicle.coolant
    if isinstance(demand, np.ndarray):
        demand = demand.reshape(-1, 1)

    available = solar_array.available_power_w(vehicle.array, state.wing_k, environment)
    supplied = power_bus.auxiliary_supplied(vehicle, state.battery, available)
    drives = coolant_loop.drive(coolant, state.coolant, actuators, supplied, dt_s)
    power = compute_rack.step_power(vehicle.rack, state.rack, actuators, state.shed, demand, dt_s)

    heater = actuators.heater * bus.heater_power_w * supplied
    base = (bus.avionics_power_w + bus.ammonia_pump_w) * supplied
    pumps = drives.pump_power_w * supplied
    flows = power_bus.balance(
        vehicle,
        state.battery,
        state.shed,
        available,
        np.add.reduce(power.total_w, 1),
        base + pumps + heater,
    )
    tray_w = power.total_w * flows.served[:, None]
    soc, polarisation = pack.step_charge(
        vehicle.battery, state.battery, flows.battery_current_a, dt_s
    )

    wing = solar_array.step_temperature(
        vehicle.array, state.wing_k, flows.array_w, environment, dt_s
    )
    ammonia = coolant_loop.ammonia_rate_w_k(coolant, supplied)
    panels = radiator.respond(
        vehicle.radiator,
        state.panel_k,
        state.panels_lost,
        coolant_loop.radiator_share(coolant, drives.bypass) * ammonia,
        environment,
        dt_s,
    )
    heat = LoopHeat(
        plates_w=tray_w * (1.0 - coolant.air_share),
        return_w=flows.payload_w * coolant.air_share + flows.loss_w + base + pumps,
        heater_w=heater,
        battery_w=flows.battery_heat_w,
    )
    loop = coolant_loop.step(
        coolant,
        state.coolant,
        drives,
        state.battery.temperature_k,
        pack.heat_capacity_j_k(vehicle.battery),
        vehicle.battery.coldplate_w_k,
        panels,
        ammonia,
        heat,
        dt_s,
    )

    electric = flows.load_w + flows.loss_w + flows.battery_heat_w
    net = electric + wing.absorbed_w - wing.emitted_w + loop.absorbed_w - loop.emitted_w
    throughput = electric + wing.emitted_w + loop.emitted_w
    after = State(
        wing_k=wing.temperature_k,
        battery=BatteryState(soc, polarisation, loop.battery_k),
        coolant=loop.state,
        panel_k=loop.panel_k,
        panels_lost=state.panels_lost,
        rack=compute_rack.with_temperatures(
            vehicle.rack, power.state, loop.state.plate_k, flows.served
        ),
        shed=flows.shed,
        tokens=state.tokens + power.tokens_per_s * flows.served * dt_s,
        payload_energy_j=state.payload_energy_j + flows.payload_w * dt_s,
    )
    return after, Flows(
        dt_s=dt_s,
        array_available_w=available,
        bus=flows,
        tray_w=tray_w,
        tokens_per_s=power.tokens_per_s * flows.served,
        coolant_flow_l_min=drives.flow_l_min,
        pump_w=pumps,
        heater_w=heater,
        radiator_outlet_k=loop.radiator_outlet_k,
        heat_rejected_w=loop.emitted_w - loop.absorbed_w,
        heat_residual=np.abs(wing.stored_w + loop.stored_w - net) / throughput,
    )


def telemetry(vehicle: Vehicle, state: State, flows: Flows) -> dict[str, float]:
    """The truth about satellite 0, by name."""
    rack, coolant, bus = state.rack, state.coolant, flows.bus
    modes = rack.modes
    powered = modes.powered[0]
    running = modes.active[0] > 0.0
    nominal = vehicle.rack.clock_nominal_mhz
    clock = rack.clock_mhz[0]
    gpu_max = float(rack.gpu_k[0].max()) - ZERO_CELSIUS_K
    in_service = int(state.panels_lost[0])
    supply, mix = float(coolant.supply_k[0]), float(coolant.mix_k[0])
    film = 0.5 * (supply + mix)  # cold end of the heat exchanger, between its two fluids
    tray_min = float(coolant.tray_k[0].min())
    coldest = min(supply, float(coolant.return_k[0]), tray_min, film)
    outlet = float(flows.radiator_outlet_k[0])
    ammonia = min(mix, float(coolant.hot_k[0]), outlet)
    running_count = int(np.count_nonzero(running))
    clock_mean = float(clock[running].mean()) if running_count else 0.0
    slowest = float(clock[running].min()) if running_count else nominal
    panels = (
        state.panel_k[0, in_service:]
        if in_service < vehicle.radiator.panels
        else (state.panel_k[0])
    )
    return {
        "array_power_w": float(bus.array_w[0]),
        "array_available_w": float(flows.array_available_w[0]),
        "array_temp_c": float(state.wing_k[0]) - ZERO_CELSIUS_K,
        "battery_power_w": float(bus.battery_w[0]),
        "load_power_w": float(bus.load_w[0]),
        "payload_power_w": float(bus.payload_w[0]),
        "loss_power_w": float(bus.loss_w[0]),
        "soc": float(state.battery.soc[0]),
        "bus_voltage_v": float(bus.voltage_v[0]),
        "battery_current_a": float(bus.battery_current_a[0]),
        "battery_temp_c": float(state.battery.temperature_k[0]) - ZERO_CELSIUS_K,
        "gpu_temp_max_c": gpu_max,
        "hbm_temp_max_c": float(rack.hbm_k[0].max()) - ZERO_CELSIUS_K,
        "coolant_supply_c": supply - ZERO_CELSIUS_K,
        "coolant_return_c": float(coolant.return_k[0]) - ZERO_CELSIUS_K,
        "coolant_min_c": coldest - ZERO_CELSIUS_K,
        "coolant_freeze_margin_k": min(coldest - PG25_FREEZING_K, ammonia - AMMONIA_FREEZING_K),
        "coolant_flow_l_min": float(flows.coolant_flow_l_min[0]),
        "radiator_mean_c": float(panels.mean()) - ZERO_CELSIUS_K,
        "radiator_outlet_c": outlet - ZERO_CELSIUS_K,
        "ammonia_mix_c": mix - ZERO_CELSIUS_K,
        "bypass": float(coolant.bypass[0]),
        "pump_a_rpm": float(coolant.pump_a[0]) * vehicle.coolant.pump_speed_rpm,
        "pump_b_rpm": float(coolant.pump_b[0]) * vehicle.coolant.pump_speed_rpm,
        "heater_w": float(flows.heater_w[0]),
        "heat_rejected_w": float(flows.heat_rejected_w[0]),
        "clock_mean_mhz": clock_mean,
        "power_cap_mean_w": _mean_cap_w(vehicle, state),
        "trays_powered": float(np.count_nonzero(powered)),
        "trays_running": float(running_count),
        "trays_hung": float(np.count_nonzero(modes.hung[0])),
        "tokens_per_s": float(flows.tokens_per_s[0]),
        "tokens": float(state.tokens[0]),
        "energy_kwh": float(state.payload_energy_j[0]) / JOULE_PER_KWH,
        "energy_residual": float(bus.residual[0]),
        "heat_residual": float(flows.heat_residual[0]),
        "gpu_over_slowdown": float(gpu_max > vehicle.rack.gpu_slowdown_c),
        "throttled": float(slowest < nominal),
        "battery_empty": float(state.shed[0]),
    }


def _mean_cap_w(vehicle: Vehicle, state: State) -> float:
    lines = state.rack.modes.lines
    if lines is None:
        return vehicle.rack.tray_power_w
    return float(np.minimum(lines.power_cap_w[0], vehicle.rack.tray_power_w).mean())
