"""A solar particle event: protons from the Sun, as far as the geomagnetic field lets them in.

Profile: rise, then exponential decay. Spectrum outside the field: exponential in rigidity,
J(>R) ~ exp(-R/R0) (Freier and Webber, J. Geophys. Res. 68, 1605, 1963). A proton arrives where its
rigidity exceeds Störmer's vertical cutoff in a centred dipole, R_c = 14.9 GV cos⁴(lambda)/r² with r
in Earth radii (14.9 GV / L²), taken for all directions of the sky; the part of the sky that the
Earth covers sends none. Left out: the lowering of the cutoff during a magnetic storm (observed
cutoffs lie some degrees nearer the equator), the penumbra of allowed rigidities, heavy ions.

Sizes (NOAA scale, >10 MeV in /cm²/s/sr): S1 10, S2 100, S3 1,000, S4 10,000, S5 100,000. The event
of 28 October 2003 peaked at 29,500 above 10 MeV and 186 above 100 MeV (GOES-11), whose ratio makes
R0 = 61 MV. Omnidirectional flux is 4 pi times these figures.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.constants import EARTH_MEAN_RADIUS_M

FloatArray = NDArray[np.float64]

PROTON_REST_ENERGY_MEV = 938.27209  # CODATA 2018
STORMER_CUTOFF_GV = 14.9  # vertical, at the magnetic equator on the ground; Störmer 1955
# North pole of the centred dipole, geocentric, from IGRF-13 of 2020.0: g10 -29404.8, g11 -1450.9,
# h11 4652.5 nT.
DIPOLE_LATITUDE_DEG = 80.59
DIPOLE_LONGITUDE_DEG = -72.68
RISE_SHARE = 0.1  # of the duration, from onset to peak; assumed, typical of well-connected events
END_LEVEL = 0.01  # of the peak, left when the duration has passed; assumed


@dataclass(frozen=True)
class SolarStorm:
    """One event. Raises ValueError on a size that makes none."""

    start_s: float  # onset, since the orbit's epoch
    duration_s: float  # from the onset until 1 % of the peak is left
    peak_flux_10mev_cm2_s: float  # above 10 MeV, omnidirectional, outside the geomagnetic field
    rigidity_mv: float = 61.0  # R0 of the spectrum; 40 is soft, 200 is hard

    def __post_init__(self) -> None:
        for name in ("duration_s", "rigidity_mv"):
            if not (math.isfinite(getattr(self, name)) and getattr(self, name) > 0):
                raise ValueError(f"storm: {name} = {getattr(self, name)}, must be above 0")
        if not (math.isfinite(self.peak_flux_10mev_cm2_s) and self.peak_flux_10mev_cm2_s >= 0):
            raise ValueError(
                f"storm: peak_flux_10mev_cm2_s = {self.peak_flux_10mev_cm2_s}, must be 0 or more"
            )
        if not math.isfinite(self.start_s):
            raise ValueError(f"storm: start_s = {self.start_s}, must be finite")

    def profile(self, time_s: FloatArray) -> FloatArray:
        """Share of the peak (N,) at times (N,) since the epoch."""
        since = np.asarray(time_s, dtype=np.float64) - self.start_s
        rise_s = RISE_SHARE * self.duration_s
        decay_s = (self.duration_s - rise_s) / math.log(1.0 / END_LEVEL)
        decay = np.exp(-np.maximum(since - rise_s, 0.0) / decay_s)
        return np.asarray(np.clip(since / rise_s, 0.0, 1.0) * decay)


def rigidity_mv(energy_mev: float) -> float:
    """Rigidity of a proton of that kinetic energy, MV."""
    return math.sqrt(energy_mev * (energy_mev + 2.0 * PROTON_REST_ENERGY_MEV))


def magnetic_latitude(position_ecef_m: FloatArray) -> FloatArray:
    """Latitude (N,), rad, about the axis of the centred dipole, of Earth-fixed positions (N, 3)."""
    latitude, longitude = math.radians(DIPOLE_LATITUDE_DEG), math.radians(DIPOLE_LONGITUDE_DEG)
    pole = np.array(
        (
            math.cos(latitude) * math.cos(longitude),
            math.cos(latitude) * math.sin(longitude),
            math.sin(latitude),
        )
    )
    sine = position_ecef_m @ pole / np.linalg.norm(position_ecef_m, axis=-1)
    return np.asarray(np.arcsin(np.clip(sine, -1.0, 1.0)))


def cutoff_rigidity_mv(position_ecef_m: FloatArray) -> FloatArray:
    """Vertical cutoff rigidity (N,), MV, at Earth-fixed positions (N, 3)."""
    radii = np.linalg.norm(position_ecef_m, axis=-1) / EARTH_MEAN_RADIUS_M
    cosine = np.cos(magnetic_latitude(position_ecef_m))
    return np.asarray(1e3 * STORMER_CUTOFF_GV * cosine**4 / radii**2)


def admitted_share(
    position_ecef_m: FloatArray, energies_mev: tuple[float, ...], rigidity_scale_mv: float
) -> FloatArray:
    """Protons above each energy (N, E) at positions (N, 3), per proton above 10 MeV far outside.

    `rigidity_scale_mv` is R0 of the spectrum.
    """
    radius_m = np.linalg.norm(position_ecef_m, axis=-1)
    open_sky = 0.5 * (1.0 + np.sqrt(1.0 - np.minimum(EARTH_MEAN_RADIUS_M / radius_m, 1.0) ** 2))
    cutoff = cutoff_rigidity_mv(position_ecef_m)[:, None]
    admitted = np.maximum(cutoff, np.array([rigidity_mv(energy) for energy in energies_mev]))
    spectrum = np.exp(-(admitted - rigidity_mv(10.0)) / rigidity_scale_mv)
    return np.asarray(open_sky[:, None] * spectrum)


def storm_flux(
    storm: SolarStorm,
    time_s: FloatArray,
    position_ecef_m: FloatArray,
    energies_mev: tuple[float, ...],
) -> FloatArray:
    """Storm protons (N, E), p/cm²/s, above each energy at times (N,) and positions (N, 3)."""
    peak = storm.peak_flux_10mev_cm2_s * storm.profile(time_s)
    return peak[:, None] * admitted_share(position_ecef_m, energies_mev, storm.rigidity_mv)
