"""What space does to the satellite along its orbit: one table of everything, over time.

Radiator fluxes are *incident*, per square metre of face, the mean of both faces; what is absorbed
is the radiator's business. The attitude behind them (vertical plate turned edge-on to the Sun) is
stated in `sim/earth.py`. Time is seconds since the orbit's epoch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from sim import earth, eclipse, sun
from sim.belts import ENERGIES_MEV, proton_flux
from sim.constants import SOLAR_CONSTANT_W_M2
from sim.eclipse import eclipse_intervals
from sim.orbit import Orbit, beta, position_velocity
from sim.solar_storm import SolarStorm, storm_flux

__all__ = (
    "COLD",
    "HOT",
    "Conditions",
    "Environment",
    "EnvironmentTable",
    "SolarStorm",
    "eclipse_intervals",
    "environment_table",
    "start_in_saa",
)

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Conditions:
    """The state of Sun and Earth. Raises ValueError on a value out of its range."""

    solar_constant_w_m2: float = SOLAR_CONSTANT_W_M2  # at 1 AU; the table scales it by distance
    albedo: float = 0.30  # orbit mean, SSP 41000
    olr_w_m2: float = 241.0  # outgoing longwave radiation, mean, SSP 41000
    solar_activity: str = "max"  # "min" or "max": which AP8 holds; MIN has more protons
    storm: SolarStorm | None = None
    radiator_pointing_error_rad: float = math.radians(1.0)  # mean, off edge-on; assumed

    def __post_init__(self) -> None:
        ranges = {
            "solar_constant_w_m2": (0.0, 2000.0),
            "albedo": (0.0, 1.0),
            "olr_w_m2": (0.0, 1000.0),
            "radiator_pointing_error_rad": (0.0, math.pi / 2),
        }
        for name, (low, high) in ranges.items():
            if not low <= getattr(self, name) <= high:
                raise ValueError(
                    f"conditions: {name} = {getattr(self, name)}, must be {low:g} to {high:g}"
                )
        if self.solar_activity not in ("min", "max"):
            raise ValueError(
                f'conditions: solar_activity = {self.solar_activity!r}, must be "min" or "max"'
            )


# SSP 41000 gives 1321 W/m² at aphelion (1.01671 AU) with 0.20 and 206, and 1423 W/m² at perihelion
# (0.98329 AU) with 0.40 and 286; here referred to 1 AU.
COLD = Conditions(solar_constant_w_m2=1321.0 * 1.01671**2, albedo=0.20, olr_w_m2=206.0)
HOT = Conditions(solar_constant_w_m2=1423.0 * 0.98329**2, albedo=0.40, olr_w_m2=286.0)


@dataclass(frozen=True, slots=True)
class Environment:
    """The environment at one instant; fields as in `EnvironmentTable`."""

    time_s: float
    sunlit: float
    solar_flux_w_m2: float
    earth_ir_w_m2: float
    albedo_w_m2: float
    radiator_sun_w_m2: float
    proton_flux_10mev_cm2_s: float
    proton_flux_30mev_cm2_s: float
    proton_flux_100mev_cm2_s: float
    latitude_deg: float
    longitude_deg: float
    altitude_km: float
    beta_deg: float
    orbit_phase_deg: float


@dataclass(frozen=True)
class EnvironmentTable:
    """The environment at N instants; every field is (N,)."""

    time_s: FloatArray  # since the orbit's epoch
    sunlit: FloatArray  # visible share of the Sun's disc, 0 to 1
    solar_flux_w_m2: FloatArray  # on a plate that faces the Sun, at this distance, *unshadowed*
    earth_ir_w_m2: FloatArray  # incident on a radiator face, mean of both
    albedo_w_m2: FloatArray  # incident on a radiator face, mean of both
    radiator_sun_w_m2: FloatArray  # direct Sun incident on a radiator face, mean of both, shadowed
    proton_flux_10mev_cm2_s: FloatArray  # omnidirectional above 10 MeV, belts and storm
    proton_flux_30mev_cm2_s: FloatArray  # above 30 MeV
    proton_flux_100mev_cm2_s: FloatArray  # above 100 MeV
    latitude_deg: FloatArray  # geodetic
    longitude_deg: FloatArray  # -180 to 180
    altitude_km: FloatArray  # geodetic, above WGS 84
    beta_deg: FloatArray  # Sun above the orbit plane, positive on the side of its normal
    orbit_phase_deg: FloatArray  # argument of latitude: 0 to 360 from the ascending node

    def __len__(self) -> int:
        return int(self.time_s.size)

    def at(self, i: int) -> Environment:
        """Row `i` as floats."""
        return Environment(*(float(getattr(self, name)[i]) for name in _FIELDS))


_FIELDS = tuple(field.name for field in fields(EnvironmentTable))


def environment_table(
    orbit: Orbit, time_s: FloatArray, conditions: Conditions | None = None
) -> EnvironmentTable:
    """The environment at times (N,), s since the epoch, in any order.

    Every row is computed at its own time; nothing is interpolated over time, so eclipse edges are
    as sharp as the rows are dense. Raises ValueError on times that are not (N,) and finite, and
    where the orbit leaves the belt table (300 to 1,250 km).
    """
    conditions = Conditions() if conditions is None else conditions
    time_s = np.asarray(time_s, dtype=np.float64)
    if time_s.ndim != 1 or not np.all(np.isfinite(time_s)):
        raise ValueError(f"environment_table: time_s of shape {time_s.shape}, must be finite, (N,)")
    days = orbit.days(time_s)
    position, _ = position_velocity(orbit, time_s)
    sun_eci, sun_distance_au = sun.direction_distance(days)
    sunlit = eclipse.visible_fraction(position, sun_eci, sun_distance_au)
    solar_flux = conditions.solar_constant_w_m2 / sun_distance_au**2

    position_ecef = earth.earth_fixed(position, days)
    latitude, longitude, height_m = earth.geodetic(position_ecef)
    latitude_deg, longitude_deg = np.degrees(latitude), np.degrees(longitude)
    protons = proton_flux(latitude_deg, longitude_deg, height_m / 1e3, conditions.solar_activity)
    if conditions.storm is not None:
        protons = protons + storm_flux(conditions.storm, time_s, position_ecef, ENERGIES_MEV)

    radius_m = orbit.semi_major_axis_m
    cos_sun_zenith = np.sum(position * sun_eci, axis=-1) / radius_m
    view_factor = earth.vertical_plate_view_factor(radius_m)
    albedo_factor = earth.vertical_plate_albedo_factor(radius_m, cos_sun_zenith)
    edge_share = 0.5 * math.sin(conditions.radiator_pointing_error_rad)  # one face of two is lit

    return EnvironmentTable(
        time_s=time_s,
        sunlit=sunlit,
        solar_flux_w_m2=solar_flux,
        earth_ir_w_m2=np.full_like(time_s, conditions.olr_w_m2 * view_factor),
        albedo_w_m2=conditions.albedo * solar_flux * albedo_factor,
        radiator_sun_w_m2=edge_share * solar_flux * sunlit,
        proton_flux_10mev_cm2_s=protons[:, 0],
        proton_flux_30mev_cm2_s=protons[:, 1],
        proton_flux_100mev_cm2_s=protons[:, 2],
        latitude_deg=latitude_deg,
        longitude_deg=longitude_deg,
        altitude_km=height_m / 1e3,
        beta_deg=np.degrees(beta(orbit, time_s)),
        orbit_phase_deg=np.degrees(orbit.argument_of_latitude_at(time_s)) % 360.0,
    )


def start_in_saa(orbit: Orbit, conditions: Conditions, lead_s: float = 600.0) -> float:
    """Start time, s since the epoch (0 or more), of a run that soon meets the anomaly.

    The run enters the first pass through the South Atlantic Anomaly, of those that reach half the
    peak flux of three days, `lead_s` after its start. The storm is left out of the search. Raises
    ValueError when the orbit meets no trapped protons above 30 MeV, or lead_s is negative.
    """
    if not lead_s >= 0:
        raise ValueError(f"start_in_saa: lead_s = {lead_s}, must be 0 or more")
    step_s, days = 10.0, 3
    time_s = lead_s + np.arange(0.0, days * 86_400.0, step_s)
    position_ecef = earth.earth_fixed(position_velocity(orbit, time_s)[0], orbit.days(time_s))
    latitude, longitude, height_m = earth.geodetic(position_ecef)
    flux = proton_flux(
        np.degrees(latitude), np.degrees(longitude), height_m / 1e3, conditions.solar_activity
    )[:, 1]
    peak = float(flux.max())
    if peak <= 0:
        raise ValueError(
            f"orbit at {orbit.altitude_m / 1e3:.0f} km, "
            f"{math.degrees(orbit.inclination_rad):.1f} deg meets no protons "
            "above 30 MeV in three days; raise its altitude or inclination"
        )
    inside = flux > 0.01 * peak
    enters = np.flatnonzero(inside[1:] & ~inside[:-1]) + 1
    for enter in enters.tolist():
        outside = np.flatnonzero(~inside[enter:])
        leave = enter + int(outside[0]) if outside.size else flux.size
        if flux[enter:leave].max() >= 0.5 * peak:
            return float(time_s[enter]) - lead_s
    raise ValueError(
        f"orbit at {orbit.altitude_m / 1e3:.0f} km enters no strong pass of the anomaly in "
        "three days; choose another node or epoch"
    )
