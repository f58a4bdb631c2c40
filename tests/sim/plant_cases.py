"""Actuators and environments the plant tests start from."""

from __future__ import annotations

import numpy as np

from sim.actuators import Actuators
from sim.environment import Environment
from sim.spacecraft import Flows, State, step
from sim.vehicle import Vehicle

VIEW_FACTOR = 0.241  # vertical plate at 650 km, per face


def surroundings(
    sunlit: float = 0.0,
    earth_ir_w_m2: float = 241.0 * VIEW_FACTOR,
    albedo_w_m2: float = 0.0,
    radiator_sun_w_m2: float = 0.0,
    solar_flux_w_m2: float = 1361.0,
    proton_flux: float = 0.0,
) -> Environment:
    return Environment(
        time_s=0.0,
        sunlit=sunlit,
        solar_flux_w_m2=solar_flux_w_m2,
        earth_ir_w_m2=earth_ir_w_m2,
        albedo_w_m2=albedo_w_m2,
        radiator_sun_w_m2=radiator_sun_w_m2,
        proton_flux_10mev_cm2_s=proton_flux,
        proton_flux_30mev_cm2_s=proton_flux,
        proton_flux_100mev_cm2_s=proton_flux,
        latitude_deg=0.0,
        longitude_deg=0.0,
        altitude_km=650.0,
        beta_deg=0.0,
        orbit_phase_deg=0.0,
    )


HOT = surroundings(
    sunlit=1.0,
    earth_ir_w_m2=286.0 * VIEW_FACTOR,
    albedo_w_m2=43.0,  # orbit mean at beta 0, albedo 0.4
    radiator_sun_w_m2=12.0,
    solar_flux_w_m2=1423.0,
)
COLD = surroundings(earth_ir_w_m2=206.0 * VIEW_FACTOR, solar_flux_w_m2=1321.0)


def drives(
    vehicle: Vehicle,
    satellites: int = 1,
    on: bool = True,
    pump_a: float = 0.75,
    pump_b: float = 0.0,
    bypass: float = 0.0,
    heater: float = 0.0,
    power_cap_w: float = 13107.0,
    clock_cap_mhz: float = 65535.0,
    reset: tuple[int, ...] = (),
    scrub: tuple[int, ...] = (),
    reload: tuple[int, ...] = (),
) -> Actuators:
    shape = (satellites, vehicle.rack.trays)

    def lines(trays: tuple[int, ...]) -> np.ndarray:
        mask = np.zeros(shape, np.bool_)
        mask[:, list(trays)] = True
        return mask

    def each(value: float) -> np.ndarray:
        return np.full(satellites, value)

    return Actuators(
        tray_power=np.full(shape, on),
        tray_reset=lines(reset),
        tray_scrub=lines(scrub),
        tray_reload=lines(reload),
        pump_a=each(pump_a),
        pump_b=each(pump_b),
        bypass=each(bypass),
        heater=each(heater),
        safe=np.zeros(satellites, np.bool_),
        power_cap_w=np.full(shape, power_cap_w),
        clock_cap_mhz=np.full(shape, clock_cap_mhz),
    )


def fly(
    vehicle: Vehicle,
    state: State,
    actuators: Actuators,
    environment: Environment,
    demand: float,
    duration_s: float,
    dt_s: float = 0.1,
) -> tuple[State, Flows]:
    """Hold everything for a while."""
    flows = None
    for _ in range(round(duration_s / dt_s)):
        state, flows = step(vehicle, state, actuators, environment, demand, dt_s)
    assert flows is not None
    return state, flows
