"""Solar wings: the power they could give and the temperature they have.

Cells are AzurSpace 3G30A triple-junction ones, described by the data sheet's maximum power point
and its temperature coefficients, scaled with the irradiance. Wings point at the Sun with a small
error; the operating point is moved off the maximum by the bus when it needs less (`taken_w`), and
what is not taken stays in the cells as heat. One thermal node for all wings. Not modelled: voltage
falling with the logarithm of irradiance (matters for seconds in the penumbra), albedo on the cells.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from sim.actuators import FloatArray
from sim.constants import STEFAN_BOLTZMANN_W_M2_K4, ZERO_CELSIUS_K
from sim.environment import Environment
from sim.vehicle import SolarArray

# AzurSpace TJ solar cell assembly 3G30A data sheet, beginning of life, AM0 1367 W/m2, 28 degC
CELL_AREA_M2 = 30.18e-4
CELL_IMP_A = 0.5029
CELL_VMP_V = 2.409
CELL_IMP_A_K = 0.24e-3
CELL_VMP_V_K = -6.7e-3
REFERENCE_IRRADIANCE_W_M2 = 1367.0
REFERENCE_TEMPERATURE_K = ZERO_CELSIUS_K + 28.0


class WingHeat(NamedTuple):
    """Heat of all wings over a step, (S,) in W."""

    temperature_k: FloatArray  # at the end of the step
    absorbed_w: FloatArray  # sunlight and Earth infrared, less the electric power taken
    emitted_w: FloatArray
    stored_w: FloatArray  # rise of the wings' heat content per second


def irradiance_w_m2(array: SolarArray, environment: Environment) -> float:
    """Sunlight on the cells: shadow and pointing error included."""
    cosine = math.cos(math.radians(array.pointing_error_deg))
    return environment.solar_flux_w_m2 * environment.sunlit * cosine


def cell_power_w(temperature_k: FloatArray, irradiance: float) -> FloatArray:
    """Maximum power of one undamaged cell, in W, at that temperature and irradiance (W/m2)."""
    warmth_k = temperature_k - REFERENCE_TEMPERATURE_K
    suns = irradiance / REFERENCE_IRRADIANCE_W_M2
    return suns * (CELL_IMP_A + CELL_IMP_A_K * warmth_k) * (CELL_VMP_V + CELL_VMP_V_K * warmth_k)


def available_power_w(
    array: SolarArray, temperature_k: FloatArray, environment: Environment
) -> FloatArray:
    """Power at the wings' terminals (S,) at the maximum power point."""
    cells = array.area_m2 * array.packing / CELL_AREA_M2
    power = cell_power_w(temperature_k, irradiance_w_m2(array, environment))
    return power * (cells * array.degradation)


def step_temperature(
    array: SolarArray,
    temperature_k: FloatArray,
    taken_w: FloatArray,
    environment: Environment,
    dt_s: float,
) -> WingHeat:
    """Wing temperature after `dt_s`, with `taken_w` (S,) drawn from the terminals.

    Implicit in the linearised emission: stable at any step, and the balance closes exactly.
    """
    earth_ir = (array.emittance_front + array.emittance_back) * environment.earth_ir_w_m2
    sunlight = array.absorptance * irradiance_w_m2(array, environment)
    absorbed = array.area_m2 * (sunlight + earth_ir) - taken_w
    emission = (
        array.area_m2 * (array.emittance_front + array.emittance_back) * STEFAN_BOLTZMANN_W_M2_K4
    )
    cube = emission * temperature_k * temperature_k * temperature_k
    capacity = array.area_m2 * array.heat_capacity_j_m2_k / dt_s
    rise = (absorbed - cube * temperature_k) / (capacity + 4.0 * cube)
    return WingHeat(
        temperature_k=temperature_k + rise,
        absorbed_w=absorbed,
        emitted_w=cube * (temperature_k + 4.0 * rise),
        stored_w=capacity * rise,
    )
