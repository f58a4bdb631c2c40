"""Coolant loops: PG25 through the rack, ammonia through the radiator, a heat exchanger between.

    supply -> cold plates of all trays in parallel -> return -> heat exchanger -> supply   (PG25)
    mix -> heat exchanger -> hot -> radiator panels or bypass -> mix                     (ammonia)

As on the International Space Station, the bypass valve sends part of the ammonia past the radiator
so that the mix entering the heat exchanger stays above the freezing point of the rack's coolant.
The battery sits on the supply line; air-cooled electronics, converters and pumps heat the return
line; the heater heats the supply line.

One step is implicit Euler in all temperatures at once, with emission linearised. The network is a
ring with short branches (trays, battery, panels): the branches are eliminated first and four
equations remain, solved in closed form. So any flow and valve position is exact without a matrix,
steps of 0.1 s to 10 s are stable, and flows follow from the new temperatures: heat is conserved
by construction.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from sim.actuators import Actuators, FloatArray
from sim.constants import ZERO_CELSIUS_K
from sim.radiator import PanelResponse
from sim.vehicle import Coolant

# Propylene glycol 25 % by volume in water near 20 degC, manufacturers' tables to about 1 %
PG25_DENSITY_KG_M3 = 1020.0
PG25_SPECIFIC_HEAT_J_KG_K = 3930.0
PG25_FREEZING_K = ZERO_CELSIUS_K - 10.0
# Saturated liquid ammonia near 10 degC, property tables to about 1 %
AMMONIA_SPECIFIC_HEAT_J_KG_K = 4680.0
AMMONIA_FREEZING_K = ZERO_CELSIUS_K - 77.7
CONVECTION_EXPONENT = 0.8  # Dittus-Boelter, turbulent flow
CONVECTION_FLOOR = 0.1  # of the nominal flow: conduction and free convection in a still plate
STILL_EXCHANGER = 0.005  # of the exchanger's conductance, left without rack flow


@dataclass(frozen=True, slots=True)
class CoolantState:
    """Loop state: arrays (S,), trays (S, T)."""

    pump_a: FloatArray  # 0..1 of full speed
    pump_b: FloatArray
    bypass: FloatArray  # valve position, 0 = all ammonia through the radiator
    supply_k: FloatArray
    return_k: FloatArray
    mix_k: FloatArray  # ammonia into the heat exchanger
    hot_k: FloatArray  # ammonia out of it
    plate_k: FloatArray  # cold plates of a tray
    tray_k: FloatArray  # coolant in a tray


class Drives(NamedTuple):
    """Pumps and valve after a step, and what they cause."""

    pump_a: FloatArray
    pump_b: FloatArray
    bypass: FloatArray
    flow_l_min: FloatArray
    pump_power_w: FloatArray


class LoopHeat(NamedTuple):
    """Heat that enters the loops in a step, (S,) or (S, T), W."""

    plates_w: FloatArray  # (S, T)
    return_w: FloatArray
    heater_w: FloatArray
    battery_w: FloatArray


class LoopStep(NamedTuple):
    """End of a step."""

    state: CoolantState
    panel_k: FloatArray
    battery_k: FloatArray
    radiator_outlet_k: FloatArray
    emitted_w: FloatArray
    absorbed_w: float | FloatArray
    stored_w: FloatArray  # rise of all heat contents per second, from the temperatures


def heat_rate_w_k(flow_l_min: FloatArray) -> FloatArray:
    """Heat capacity rate of the rack loop at a volume flow."""
    return flow_l_min * (PG25_DENSITY_KG_M3 * PG25_SPECIFIC_HEAT_J_KG_K / 60000.0)


def litres_j_k(volume_l: float) -> float:
    """Heat capacity of a volume of rack coolant."""
    return volume_l * 1e-3 * PG25_DENSITY_KG_M3 * PG25_SPECIFIC_HEAT_J_KG_K


def drive(
    coolant: Coolant, state: CoolantState, actuators: Actuators, supplied: FloatArray, dt_s: float
) -> Drives:
    """Pump speeds (first-order spin-up) and valve position (rate-limited) after `dt_s`.

    Each pump's power goes with the cube of its speed. Two pumps with check valves share one loop:
    flow = cbrt(a^3 + b^3) of one pump's, proportional to speed for one pump, 1.26 times one pump's
    for two (equal pump and loop resistance), and always the cube root of the power.
    """
    follow = -math.expm1(-dt_s / coolant.pump_spin_up_s)
    pump_a = state.pump_a + follow * (actuators.pump_a * supplied - state.pump_a)
    pump_b = state.pump_b + follow * (actuators.pump_b * supplied - state.pump_b)
    stroke = dt_s / coolant.bypass_stroke_s
    move = np.minimum(np.maximum(actuators.bypass - state.bypass, -stroke), stroke)
    cubes = pump_a * pump_a * pump_a + pump_b * pump_b * pump_b
    return Drives(
        pump_a=pump_a,
        pump_b=pump_b,
        bypass=state.bypass + move * supplied,
        flow_l_min=np.cbrt(cubes) * coolant.pump_flow_l_min,
        pump_power_w=cubes * coolant.pump_power_w,
    )


def radiator_share(coolant: Coolant, bypass: FloatArray) -> FloatArray:
    """Part of the ammonia that goes through the panels."""
    return 1.0 - (1.0 - coolant.bypass_leak) * bypass


def ammonia_rate_w_k(coolant: Coolant, supplied: FloatArray) -> FloatArray:
    """Heat capacity rate of the ammonia loop; its pump runs whenever it is supplied."""
    return supplied * (coolant.ammonia_flow_kg_s * AMMONIA_SPECIFIC_HEAT_J_KG_K)


def exchange_w_k(coolant: Coolant, rack_rate: FloatArray, ammonia_rate: FloatArray) -> FloatArray:
    """Effectiveness times the smaller heat rate of the counterflow exchanger (NTU method).

    Kays and London: e = (1 - exp(-N (1 - c))) / (1 - c exp(-N (1 - c))).
    """
    small = np.maximum(np.minimum(rack_rate, ammonia_rate), 1e-6)
    ratio = np.minimum(small / (np.maximum(rack_rate, ammonia_rate) + 1e-6), 0.999999)
    decay = np.exp((ratio - 1.0) * (coolant.exchanger_w_k / small))
    return small * ((1.0 - decay) / (1.0 - ratio * decay))


def plate_conductance_w_k(coolant: Coolant, flow_l_min: FloatArray) -> FloatArray:
    """Cold plates of one tray to its coolant (S,), at a flow through the rack."""
    ratio = np.maximum(flow_l_min / coolant.nominal_flow_l_min, CONVECTION_FLOOR)
    return coolant.plate_conductance_w_k * ratio**CONVECTION_EXPONENT


def step(
    coolant: Coolant,
    state: CoolantState,
    drives: Drives,
    battery_k: FloatArray,
    battery_j_k: float,
    battery_w_k: float,
    panels: PanelResponse,
    ammonia_rate: FloatArray,
    heat: LoopHeat,
    dt_s: float,
) -> LoopStep:
    """Temperatures of both loops, trays, battery and panels after `dt_s`."""
    trays = state.plate_k.shape[1]
    rate = heat_rate_w_k(drives.flow_l_min)
    tray_rate = rate / trays
    plate_wk = plate_conductance_w_k(coolant, drives.flow_l_min)
    exchange = exchange_w_k(coolant, rate, ammonia_rate)
    still = coolant.exchanger_w_k * STILL_EXCHANGER
    to_mix = exchange + still
    supply_c = litres_j_k(coolant.supply_volume_l) / dt_s
    return_c = litres_j_k(coolant.return_volume_l) / dt_s
    tray_c = litres_j_k(coolant.tray_volume_l) / dt_s
    plate_c = coolant.plate_heat_capacity_j_k / dt_s
    ammonia_c = 0.5 * coolant.ammonia_mass_kg * AMMONIA_SPECIFIC_HEAT_J_KG_K / dt_s
    battery_c = battery_j_k / dt_s

    # Trays: coolant of a tray = tray_0 + tray_1 * supply
    plate_0 = state.plate_k * plate_c + heat.plates_w
    through = plate_wk / (plate_c + plate_wk)
    tray_denominator = tray_c + tray_rate + plate_c * through
    tray_1 = tray_rate / tray_denominator
    tray_0 = state.tray_k * (tray_c / tray_denominator)[:, None]
    tray_0 += plate_0 * (through / tray_denominator)[:, None]

    # Battery = battery_0 + battery_1 * supply
    battery_d = battery_c + battery_w_k
    battery_0 = (battery_c * battery_k + heat.battery_w) / battery_d
    battery_1 = battery_w_k / battery_d

    # Return = return_0 + return_1 * supply
    return_d = return_c + rate
    return_0 = return_c * state.return_k + heat.return_w
    return_0 = (return_0 + tray_rate * np.add.reduce(tray_0, 1)) / return_d
    return_1 = rate * tray_1 / return_d

    # Panels take panels_1 * hot - panels_0 from the ammonia; mix = mix_0 + mix_1 * hot
    conductance = panels.conductance_w_k
    panels_0 = np.add.reduce(conductance * panels.offset_k, 1)
    panels_1 = np.add.reduce(conductance * (1.0 - panels.slope), 1)
    mix_d = ammonia_c + ammonia_rate
    mix_0 = (ammonia_c * state.mix_k + panels_0) / mix_d
    mix_1 = (ammonia_rate - panels_1) / mix_d

    # What is left: supply and hot
    back = rate - exchange
    forth = ammonia_rate - to_mix
    s_s = supply_c + rate + still + battery_w_k * (1.0 - battery_1) - back * return_1
    s_h = -to_mix * mix_1
    s_0 = supply_c * state.supply_k + heat.heater_w + battery_w_k * battery_0
    s_0 = s_0 + back * return_0 + to_mix * mix_0
    h_s = -exchange * return_1 - still
    h_h = mix_d - forth * mix_1
    h_0 = ammonia_c * state.hot_k + forth * mix_0 + exchange * return_0
    determinant = s_s * h_h - s_h * h_s
    supply = (s_0 * h_h - s_h * h_0) / determinant
    hot = (s_s * h_0 - h_s * s_0) / determinant

    returned = return_0 + return_1 * supply
    mix = mix_0 + mix_1 * hot
    battery = battery_0 + battery_1 * supply
    tray = tray_0 + (tray_1 * supply)[:, None]
    plate = (plate_0 + plate_wk[:, None] * tray) / (plate_c + plate_wk)[:, None]
    panel = panels.offset_k + panels.slope * hot[:, None]

    taken = panels_1 * hot - panels_0
    stored = (
        supply_c * (supply - state.supply_k)
        + return_c * (returned - state.return_k)
        + ammonia_c * ((mix - state.mix_k) + (hot - state.hot_k))
        + battery_c * (battery - battery_k)
        + plate_c * np.add.reduce(plate - state.plate_k, 1)
        + tray_c * np.add.reduce(tray - state.tray_k, 1)
        + panels.capacity_w_k * np.add.reduce(panel - panels.start_k, 1)
    )
    flow = np.maximum(radiator_share(coolant, drives.bypass) * ammonia_rate, 1e-3)
    return LoopStep(
        state=CoolantState(
            drives.pump_a,
            drives.pump_b,
            drives.bypass,
            supply,
            returned,
            mix,
            hot,
            plate,
            tray,
        ),
        panel_k=panel,
        battery_k=battery,
        radiator_outlet_k=hot - taken / flow,
        emitted_w=np.add.reduce(panels.emitted_w(panel), 1),
        absorbed_w=panels.absorbed_w * panel.shape[1],
        stored_w=stored,
    )
