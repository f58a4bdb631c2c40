"""Physical constants shared by the spacecraft models, in SI units, each with its source."""

from __future__ import annotations

# --- radiation and matter -------------------------------------------------------------------
STEFAN_BOLTZMANN_W_M2_K4 = 5.670374419e-8  # CODATA 2018, exact since the SI of 2019
ZERO_CELSIUS_K = 273.15  # definition of the Celsius scale, SI brochure 9th edition

# --- Earth ----------------------------------------------------------------------------------
EARTH_MU_M3_S2 = 3.986004418e14  # WGS 84, NIMA TR8350.2 table 3.1
EARTH_RADIUS_M = 6_378_137.0  # equatorial, WGS 84
EARTH_FLATTENING = 1.0 / 298.257223563  # WGS 84
EARTH_MEAN_RADIUS_M = 6_371_008.8  # (2a + b)/3 of WGS 84, IUGG
EARTH_J2 = 1.08262668e-3  # EGM96, -sqrt(5) * C20; Vallado, 4th edition, appendix D

# --- Sun ------------------------------------------------------------------------------------
ASTRONOMICAL_UNIT_M = 149_597_870_700.0  # exact, IAU 2012 resolution B2
SUN_RADIUS_M = 6.957e8  # nominal solar radius, IAU 2015 resolution B3
SOLAR_CONSTANT_W_M2 = 1361.0  # at 1 AU, nominal total irradiance, IAU 2015 resolution B3
TROPICAL_YEAR_DAYS = 365.24219  # mean tropical year at J2000.0, Astronomical Almanac

# --- time -----------------------------------------------------------------------------------
DAY_S = 86_400.0
