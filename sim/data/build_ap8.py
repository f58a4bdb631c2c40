"""Builds `ap8.npz`, the table of belt protons: `python -m sim.data.build_ap8`, about a minute.

Needs the package `aep8` (IRBEM's AP8), which nothing else in the project does. AP8 is always run
in the geomagnetic field it was made with (Jensen-Cain 1960 for MIN, GSFC 12/66 of 1970 for MAX), so
the table knows no date and the South Atlantic Anomaly stands where it stood then; it drifts west by
some 0.3° a year, which puts today's 15 to 20° further west.

Arrays in the file:
    latitude_deg  (61,)   geodetic, -75 to 75; AP8 has no protons above 10 MeV beyond
    longitude_deg (145,)  -180 to 180, both ends
    altitude_km   (20,)   geodetic, 300 to 1250
    energy_mev    (3,)    integral flux above 10, 30, 100 MeV
    minimum, maximum (61, 145, 20, 3)  float32, omnidirectional p/cm²/s, 0 where AP8 gives none
    tool          name and version of what computed it
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

LATITUDE_DEG = np.arange(-75.0, 75.1, 2.5)
LONGITUDE_DEG = np.arange(-180.0, 180.1, 2.5)
ALTITUDE_KM = np.arange(300.0, 1250.1, 50.0)
ENERGY_MEV = np.array([10.0, 30.0, 100.0])
TABLE = Path(__file__).with_name("ap8.npz")


def ap8_flux(
    activity: Literal["min", "max"],
    latitude_deg: NDArray[np.float64],
    longitude_deg: NDArray[np.float64],
    altitude_km: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Integral proton flux (N, 3), p/cm²/s, of AP8 "min" or "max" at geodetic points (N,)."""
    import aep8
    from astropy import units
    from astropy.coordinates import EarthLocation
    from astropy.time import Time
    from astropy.utils import iers

    iers.conf.auto_download = False
    iers.conf.iers_degraded_accuracy = "ignore"
    model = aep8.model(particle="p", solar=activity)
    place = EarthLocation.from_geodetic(
        longitude_deg * units.deg, latitude_deg * units.deg, altitude_km * units.km
    )
    when = Time("2025-01-01", scale="utc")  # of no effect: the field models carry their own epoch
    with np.errstate(invalid="ignore"):
        shell, field_ratio = model.geomagnetic_coordinates(place, when)
        columns = [
            model.integral_flux_for_geomagnetic_coordinates(
                shell, field_ratio, energy * units.MeV
            ).value
            for energy in ENERGY_MEV
        ]
    # Over the magnetic poles L is not defined and the flux comes out as NaN: there are no belts.
    return np.asarray(np.nan_to_num(np.stack(columns, axis=-1), nan=0.0))


def main() -> None:
    """Compute both tables and write them."""
    import aep8

    shape = (LATITUDE_DEG.size, LONGITUDE_DEG.size, ALTITUDE_KM.size, ENERGY_MEV.size)
    grid = np.meshgrid(LATITUDE_DEG, LONGITUDE_DEG, ALTITUDE_KM, indexing="ij")
    points = [axis.ravel() for axis in grid]
    tables = []
    activities: tuple[Literal["min", "max"], ...] = ("min", "max")
    for activity in activities:
        table = ap8_flux(activity, *points).reshape(shape).astype(np.float32)
        if np.any(table[[0, -1]] > 0):
            raise ValueError("AP8 has flux at the table's edge latitudes; widen LATITUDE_DEG")
        table[:, -1] = table[:, 0]  # one meridian, one value
        tables.append(table)
    np.savez_compressed(
        TABLE,
        latitude_deg=LATITUDE_DEG,
        longitude_deg=LONGITUDE_DEG,
        altitude_km=ALTITUDE_KM,
        energy_mev=ENERGY_MEV,
        tool=np.array(f"aep8 {aep8.__version__}"),
        minimum=tables[0],
        maximum=tables[1],
    )
    print(f"{TABLE.name}: {TABLE.stat().st_size} bytes")


if __name__ == "__main__":
    main()
