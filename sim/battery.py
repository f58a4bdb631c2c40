"""Battery pack: equivalent circuit of a published cell, in series and parallel.

Cell: LG M50 (5 Ah, 21700, NMC 811 / graphite-SiOx) of Chen et al. 2020, J. Electrochem. Soc. 167
080534, the set `Chen2020` of PyBaMM. The pack is an ideal multiple of one cell:

    terminal voltage = OCV(SoC) + v1 + R0 * I        I positive while charging
    dv1/dt = I / C1 - v1 / (R1 * C1)
    dSoC/dt = efficiency * I / capacity

Not modelled: ageing, self-discharge, resistance against temperature, spread between cells.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sim.actuators import FloatArray
from sim.vehicle import Battery

CELL_CAPACITY_AH = 5.0  # Chen2020
# Open-circuit voltage at state of charge 0, 0.05, ... 1: U_positive(y) - U_negative(x), the fits of
# Chen et al. eq. 8 and 9, x = 0.0263 ... 0.9106 and y = 0.8540 ... 0.2638 (2.5 V and 4.2 V).
OCV_SOC = np.linspace(0.0, 1.0, 21)
OCV_CELL_V = np.array([
    2.4987, 3.1092, 3.2957, 3.4338, 3.4852, 3.5285, 3.5814, 3.6290, 3.6670, 3.7054, 3.7509,
    3.7984, 3.8406, 3.8896, 3.9479, 3.9943, 4.0421, 4.0809, 4.0967, 4.1236, 4.2001,
])  # fmt: skip
MEAN_OCV_CELL_V = float(np.trapezoid(OCV_CELL_V, OCV_SOC))  # energy over charge
CELL_R0_OHM = 0.026  # assumed, representative of 21700 energy cells (1 s pulse)
CELL_R1_OHM = 0.014  # assumed, as is the relaxation over a minute
CELL_TAU_S = 40.0
COULOMBIC_EFFICIENCY = 0.999  # of charging; assumed, NMC
SPECIFIC_HEAT_J_KG_K = 1000.0  # assumed; lithium-ion packs lie at 900 to 1,100


@dataclass(frozen=True, slots=True)
class BatteryState:
    """Pack state, arrays (S,)."""

    soc: FloatArray  # 0..1 of the capacity
    polarisation_v: FloatArray  # v1, positive after charging
    temperature_k: FloatArray


def capacity_c(battery: Battery) -> float:
    """Charge between SoC 0 and 1, in coulomb."""
    return battery.capacity_kwh * 3.6e6 / (battery.cells_in_series * MEAN_OCV_CELL_V)


def cells_in_parallel(battery: Battery) -> float:
    """Strings in parallel; not rounded, the capacity is what was asked for."""
    return capacity_c(battery) / (CELL_CAPACITY_AH * 3600.0)


def series_resistance_ohm(battery: Battery) -> float:
    """R0 of the pack."""
    return CELL_R0_OHM * battery.cells_in_series / cells_in_parallel(battery)


def polarisation_resistance_ohm(battery: Battery) -> float:
    """R1 of the pack."""
    return CELL_R1_OHM * battery.cells_in_series / cells_in_parallel(battery)


def heat_capacity_j_k(battery: Battery) -> float:
    """Heat capacity of the pack."""
    mass_kg = battery.capacity_kwh * 1000.0 / battery.specific_energy_wh_kg
    return mass_kg * SPECIFIC_HEAT_J_KG_K


def open_circuit_v(battery: Battery, soc: FloatArray) -> FloatArray:
    """Open-circuit voltage of the pack (S,)."""
    cell_v: FloatArray = np.interp(soc, OCV_SOC, OCV_CELL_V)
    return cell_v * float(battery.cells_in_series)


def current_a(
    electromotive_v: FloatArray, resistance_ohm: float, power_w: FloatArray
) -> FloatArray:
    """Current I with (E + R * I) * I = P, positive while charging.

    The power must be above -E^2 / 4R, where the voltage collapses (see `discharge_limit_w`).
    """
    root = np.sqrt(
        np.maximum(electromotive_v * electromotive_v + 4.0 * resistance_ohm * power_w, 0.0)
    )
    return 2.0 * power_w / (electromotive_v + root)


def charge_limit_a(battery: Battery, electromotive_v: FloatArray) -> FloatArray:
    """Largest charge current (S,): constant current, then tapering at the charge voltage."""
    taper = (
        battery.cells_in_series * battery.charge_voltage_v - electromotive_v
    ) / series_resistance_ohm(battery)
    limit = battery.charge_limit_c * capacity_c(battery) / 3600.0
    return np.minimum(np.maximum(taper, 0.0), limit)


def discharge_limit_w(battery: Battery, electromotive_v: FloatArray) -> FloatArray:
    """Largest discharge power (S,): current limit, and short of voltage collapse."""
    resistance = series_resistance_ohm(battery)
    limit = battery.discharge_limit_c * capacity_c(battery) / 3600.0
    current = np.minimum(limit, electromotive_v * (0.4 / resistance))
    return (electromotive_v - resistance * current) * current


def step_charge(
    battery: Battery, state: BatteryState, current: FloatArray, dt_s: float
) -> tuple[FloatArray, FloatArray]:
    """State of charge and polarisation voltage after `dt_s` of constant current (exact)."""
    stored = np.minimum(current, COULOMBIC_EFFICIENCY * current)
    soc = state.soc + stored * (dt_s / capacity_c(battery))
    decay = math.exp(-dt_s / CELL_TAU_S)
    settled = current * (polarisation_resistance_ohm(battery) * (1.0 - decay))
    return soc, state.polarisation_v * decay + settled


def heat_w(
    battery: Battery, state: BatteryState, current: FloatArray, open_circuit: FloatArray
) -> FloatArray:
    """Heat in the pack (S,): both resistances, and charge that was not stored."""
    unstored = np.maximum((1.0 - COULOMBIC_EFFICIENCY) * current, 0.0)
    polarisation = state.polarisation_v * state.polarisation_v
    return (
        current * current * series_resistance_ohm(battery)
        + polarisation * (1.0 / polarisation_resistance_ohm(battery))
        + unstored * open_circuit
    )
