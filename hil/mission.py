"""A flight laid out in advance: orbit, environment, demand and upsets for every minor cycle.

All of it follows from scenario, vehicle and seed; the loop only looks it up. Mission time counts
from the first minor cycle, orbit time from the orbit's epoch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hil.errors import UsageError
from hil.scenario import OrbitStart, Scenario
from sim.environment import (
    Conditions,
    Environment,
    EnvironmentTable,
    SolarStorm,
    eclipse_intervals,
    environment_table,
    start_in_saa,
)
from sim.orbit import Orbit, orbit_with_beta, sun_synchronous
from sim.upsets import Upset, UpsetRates, draw_upsets
from sim.vehicle import DesignOrbit, Vehicle, VehicleError, load_vehicle

CYCLE_NS = 100_000_000  # minor cycle
CYCLE_S = 0.1
EPOCH_DEFAULT = datetime(2026, 6, 21, tzinfo=UTC)
RATES = {  # fields of UpsetRates that make up the rate of an element
    "controller_memory": ("controller_memory_cm2_bit",),
    "flight_memory": ("flight_memory_cm2_bit",),
    "config_frames": ("config_frames_cm2_bit",),
    "hbm_corrected": ("hbm_corrected_cm2_chip",),
    "hbm_uncorrectable": ("hbm_uncorrectable_cm2_chip",),
    "weights": ("weights_cm2_chip",),
    "compute": ("compute_cm2_chip",),
    "tray_hang": ("chip_hang_cm2_chip", "host_hang_cm2_host"),
    "tray_latchup": ("latchup_cm2_tray", "latchup_polar_tray_s", "latchup_elsewhere_tray_s"),
}
ENVIRONMENT_FIELDS = tuple(field.name for field in fields(Environment))


@dataclass(frozen=True)
class Mission:
    """What is flown."""

    scenario: Scenario
    vehicle: Vehicle
    orbit: Orbit
    start_s: float  # orbit time of the first minor cycle
    environment: EnvironmentTable  # (cycles,), its time_s is mission time
    demand: NDArray[np.float64]  # (cycles,), asked for, 0 to 1 of the rack
    upsets: tuple[Upset, ...]  # in order of mission time
    sensor_noise: np.random.Generator

    @cached_property
    def _rows(self) -> list[tuple[float, ...]]:
        columns = (getattr(self.environment, name).tolist() for name in ENVIRONMENT_FIELDS)
        return list(zip(*columns, strict=True))

    def environment_at(self, cycle: int) -> Environment:
        """The environment of a minor cycle."""
        return Environment(*self._rows[cycle])

    @property
    def cycles(self) -> int:
        """Number of minor cycles."""
        return len(self.demand)

    @property
    def duration_ns(self) -> int:
        """Simulated time."""
        return self.cycles * CYCLE_NS

    def eclipses(self, from_s: float, until_s: float) -> list[tuple[float, float]]:
        """Eclipses (enter, leave) that touch a span of mission time."""
        found = eclipse_intervals(self.orbit, self.start_s + from_s, self.start_s + until_s)
        return [(enter - self.start_s, leave - self.start_s) for enter, leave in found]


def load_vehicle_of(scenario: Scenario, folder: Path) -> Vehicle:
    """The vehicle of a scenario whose file lies in `folder`, with the scenario's faults.

    Raises UsageError on an unknown preset and a file that cannot be used.
    """
    name: str | Path = scenario.vehicle
    if scenario.vehicle.endswith(".toml"):
        name = folder / scenario.vehicle
    lost = scenario.faults.panels_lost
    try:
        return load_vehicle(name, {"radiator": {"panels_lost": lost}} if lost else None)
    except VehicleError as error:
        raise UsageError(str(error)) from error


def plan(scenario: Scenario, vehicle: Vehicle) -> Mission:
    """Work out everything that can be known before the flight.

    Raises UsageError where orbit, conditions or start contradict each other.
    """
    try:
        orbit = choose_orbit(scenario.orbit, vehicle.orbit)
        conditions = _conditions(scenario)
        start_s = scenario.orbit.start_s
        if scenario.orbit.start == "saa":
            start_s = start_in_saa(orbit, conditions)
        seconds = (
            scenario.duration.seconds or (scenario.duration.orbits or 0) * orbit.nodal_period_s
        )
        cycles = max(1, round(seconds / CYCLE_S))
        time_s = np.arange(cycles) * CYCLE_NS / 1e9
        if conditions.storm is not None:  # the scenario counts from the first minor cycle
            storm = replace(conditions.storm, start_s=conditions.storm.start_s + start_s)
            conditions = replace(conditions, storm=storm)
        environment = environment_table(orbit, start_s + time_s, conditions)
    except ValueError as error:
        raise UsageError(f"scenario {scenario.name}: {error}") from error
    environment = replace(environment, time_s=time_s)
    upset_seed, sensor_seed = np.random.SeedSequence(scenario.seed).spawn(2)
    upsets = draw_upsets(
        environment,
        upset_rates(scenario, vehicle),
        vehicle.rack.trays,
        np.random.Generator(np.random.PCG64(upset_seed)),
    )
    return Mission(
        scenario=scenario,
        vehicle=vehicle,
        orbit=orbit,
        start_s=start_s,
        environment=environment,
        demand=_demand(scenario, time_s),
        upsets=tuple(upsets),
        sensor_noise=np.random.Generator(np.random.PCG64(sensor_seed)),
    )


def choose_orbit(wanted: OrbitStart, design: DesignOrbit) -> Orbit:
    """The design orbit with what the scenario says instead. Raises ValueError when none is such."""
    altitude_m = 1e3 * (design.altitude_km if wanted.altitude_km is None else wanted.altitude_km)
    epoch = wanted.epoch or EPOCH_DEFAULT
    local_time_h = wanted.local_time_h
    if local_time_h is None:
        local_time_h = design.local_time_ascending_node_h
    inclination_deg = wanted.inclination_deg
    if inclination_deg is None and wanted.local_time_h is None:
        inclination_deg = design.inclination_deg
    if inclination_deg is None and wanted.beta_deg is None and local_time_h is not None:
        return sun_synchronous(altitude_m, local_time_h, epoch)
    if inclination_deg is None:
        inclination_rad = sun_synchronous(altitude_m, 0.0, epoch).inclination_rad
    else:
        inclination_rad = math.radians(inclination_deg)
    return orbit_with_beta(altitude_m, inclination_rad, math.radians(wanted.beta_deg or 0.0), epoch)


def upset_rates(scenario: Scenario, vehicle: Vehicle) -> UpsetRates:
    """Rates of the vehicle, scaled as the scenario asks."""
    rates = UpsetRates(
        scale=vehicle.upsets.scale * scenario.conditions.upset_scale,
        chips_per_tray=vehicle.rack.gpus_per_tray,
    )
    changes: dict[str, Any] = {}
    for element, factor in scenario.conditions.upset_scales.items():
        for name in RATES[element]:
            changes[name] = getattr(rates, name) * factor
    return replace(rates, **changes)


def _conditions(scenario: Scenario) -> Conditions:
    wanted = scenario.conditions
    return Conditions(
        solar_constant_w_m2=wanted.solar_constant_w_m2,
        albedo=wanted.albedo,
        olr_w_m2=wanted.olr_w_m2,
        solar_activity=wanted.solar_activity,
        storm=None
        if wanted.storm is None
        else SolarStorm(
            wanted.storm.start_s, wanted.storm.duration_s, wanted.storm.peak_flux_10mev_cm2_s
        ),
    )


def _demand(scenario: Scenario, time_s: NDArray[np.float64]) -> NDArray[np.float64]:
    demand = np.empty_like(time_s)
    for step in scenario.demand:
        demand[time_s >= step.at_s] = step.level
    return demand
