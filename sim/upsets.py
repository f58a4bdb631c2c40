"""Single-event upsets: when radiation strikes which element, drawn in advance from the proton flux.

Every element has a cross-section; events are Poisson in the fluence of *shielded* protons, those
above 48 MeV, which 10 mm of aluminium lets through (range 2.7 g/cm²). That flux is read
between the table's 30 and 100 MeV. Latch-ups have a part of their own from cosmic rays. What a
strike does to the vehicle is its element's business: only time, place and bits are drawn here.

Expected events per orbit (97.8 min) for 18 trays of 4 chips at the default rates, 650 km dawn-dusk,
AP8 MAX: mean over 20 days; an orbit that starts 10 min before a deep pass of the anomaly; the same
orbit, started at the peak of a storm of 28 October 2003's size (3.7e5 p/cm²/s above 10 MeV outside
the geomagnetic field, one day long).

| element           | mean    | anomaly | storm |
| ----------------- | ------- | ------- | ----- |
| controller_memory | 0.00077 | 0.0024  | 0.065 |
| flight_memory     | 0.00019 | 0.0006  | 0.016 |
| config_frames     | 0.00016 | 0.0005  | 0.013 |
| hbm_corrected     | 2.8     | 8.8     | 240   |
| hbm_uncorrectable | 0.040   | 0.13    | 3.4   |
| weights           | 0.041   | 0.13    | 3.4   |
| compute           | 0.061   | 0.19    | 5.2   |
| tray_hang         | 0.0045  | 0.014   | 0.38  |
| tray_latchup      | 0.0085  | 0.017   | 0.34  |

At scale 1 a single orbit shows corrected HBM errors and little else; the controller's 39,936 bits
are struck four times a year and hardly ever within one orbit, storm or not.
`UpsetRates.scale` raises all rates alike; it is a property of the test, not of space.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.constants import DAY_S
from sim.environment import EnvironmentTable

FloatArray = NDArray[np.float64]

CODEWORD_BITS = 39  # SECDED (39,32)
WORD_BITS = 32
FRAME_BITS = 512  # of a configuration frame: 16 words
POLAR_LATITUDE_DEG = 60.0

# --- dose -------------------------------------------------------------------------------------
SHIELDED_ENERGY_MEV = 48.0  # range 2.7 g/cm² in aluminium: Bethe formula, I = 166 eV (ICRU 49)
# Orbit averages above 48 MeV of the bundled table, mean of AP8 MIN and MAX, p/cm²/s.
REFERENCE_FLUX_650KM_CM2_S = 33.2  # 650 km sun-synchronous (MIN 37.5, MAX 28.9)
REFERENCE_FLUX_686KM_CM2_S = 41.3  # 686 km sun-synchronous, Alsat-1's orbit (MIN 46.5, MAX 36.1)
YEAR_S = 365.25 * DAY_S
DOSE_RAD_YEAR = 150.0  # 650 km behind 10 mm Al, arXiv 2511.19468
# Calibrated so that the reference flux gives that dose: 1 rad per 7.0e6 p/cm². With the published
# 7.9e6 p/cm² per rad(Si) at 67 MeV the table alone would give 133 rad a year.
RAD_CM2 = DOSE_RAD_YEAR / (REFERENCE_FLUX_650KM_CM2_S * YEAR_S)

# --- dose per event, arXiv 2511.19468 (67 MeV protons) --------------------------------------------
HBM_UNCORRECTABLE_RAD = 44.0  # per accelerator chip
SILENT_CORRUPTION_RAD = 17.2  # per accelerator chip, middle of 14.4 to 20
CHIP_SEFI_RAD = 5000.0
HOST_SEFI_RAD = 450.0  # per host CPU
HOST_MEMORY_SEFI_RAD = 400.0  # per host
# Under 40 % of silent corruptions are single-bit (arXiv 2605.04213): these are taken to be stored
# weights, the rest to be logic and transient. The split is an assumption.
WEIGHT_SHARE = 0.4

# --- memory -----------------------------------------------------------------------------------
# Alsat-1: 4.04e-7 upsets/bit/day, 98.6 % of them single-bit; all laid to protons (the anomaly's
# share is 90 to 97.5 %).
MEMORY_CM2_BIT = 4.04e-7 / DAY_S / REFERENCE_FLUX_686KM_CM2_S
ADJACENT_SHARE = 0.014
# Configuration memory is taken to be struck like that, for want of a figure per bit for a device.
# Its cells lie in rows of a word: a strike on two takes the neighbour in the row or the one in the
# next word, equally often. That is an assumption.
COLUMN_SHARE = 0.5
# HBM's corrected errors have no published figure here: taken as Alsat-1's single to multiple ratio.
HBM_CORRECTED_PER_UNCORRECTABLE = (1.0 - ADJACENT_SHARE) / ADJACENT_SHARE

# --- latch-up ---------------------------------------------------------------------------------
# 0.134 a day for one LEO satellite, anomaly : polar : elsewhere = 3 : 2 : 1. The anomaly's half
# follows the protons, the rest is a background of cosmic rays. Taken for a rack of 18 trays at
# 650 km sun-synchronous, which spends 32 % of its time beyond 60° of latitude.
LATCHUP_TRAY_S = 0.134 / DAY_S / 18
LATCHUP_SHARES = (3 / 6, 2 / 6, 1 / 6)
POLAR_TIME_SHARE = 0.32

ELEMENTS = (
    "controller_memory",  # index = word, bits of its 39-bit codeword
    "flight_memory",  # index = word of flight software's protected store, bits of its codeword
    "config_frames",  # index = frame of the controller, bits = places, 32 a word
    "hbm_corrected",  # tray, index = chip
    "hbm_uncorrectable",  # tray, index = chip; detected by HBM's own code
    "weights",  # tray, index = word, one bit of 32; silent
    "compute",  # tray, index = chip; one wrong result, transient, silent
    "tray_hang",  # tray; functional interrupt, cured by a reset
    "tray_latchup",  # tray; over-current, cured by a power cycle
)


@dataclass(frozen=True)
class Upset:
    """One strike."""

    time_s: float  # since the orbit's epoch, as in the environment table
    element: str  # one of ELEMENTS
    tray: int  # -1 outside the trays
    index: int  # word or chip, -1 where the element has none
    bits: tuple[int, ...]  # flipped bits, empty where the element has none


@dataclass(frozen=True)
class UpsetRates:
    """Cross-sections, cm² (events per shielded proton/cm²), and background rates.

    Raises ValueError on a negative one.
    """

    controller_memory_cm2_bit: float = MEMORY_CM2_BIT
    flight_memory_cm2_bit: float = MEMORY_CM2_BIT
    config_frames_cm2_bit: float = MEMORY_CM2_BIT
    hbm_corrected_cm2_chip: float = (
        HBM_CORRECTED_PER_UNCORRECTABLE * RAD_CM2 / HBM_UNCORRECTABLE_RAD
    )
    hbm_uncorrectable_cm2_chip: float = RAD_CM2 / HBM_UNCORRECTABLE_RAD
    weights_cm2_chip: float = WEIGHT_SHARE * RAD_CM2 / SILENT_CORRUPTION_RAD
    compute_cm2_chip: float = (1.0 - WEIGHT_SHARE) * RAD_CM2 / SILENT_CORRUPTION_RAD
    chip_hang_cm2_chip: float = RAD_CM2 / CHIP_SEFI_RAD
    host_hang_cm2_host: float = RAD_CM2 / HOST_SEFI_RAD + RAD_CM2 / HOST_MEMORY_SEFI_RAD
    latchup_cm2_tray: float = LATCHUP_TRAY_S * LATCHUP_SHARES[0] / REFERENCE_FLUX_650KM_CM2_S
    latchup_polar_tray_s: float = LATCHUP_TRAY_S * LATCHUP_SHARES[1] / POLAR_TIME_SHARE  # events/s
    latchup_elsewhere_tray_s: float = (
        LATCHUP_TRAY_S * LATCHUP_SHARES[2] / (1.0 - POLAR_TIME_SHARE)
    )  # events/s
    adjacent_share: float = ADJACENT_SHARE  # of memory events that flip two neighbouring bits
    chips_per_tray: int = 4
    hosts_per_tray: int = 2
    scale: float = 1.0  # on every rate; 1 is space as it is

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not (np.isfinite(value) and value >= 0):
                raise ValueError(f"upset rates: {name} = {value}, must be 0 or more")
        if self.adjacent_share > 1:
            raise ValueError(f"upset rates: adjacent_share = {self.adjacent_share}, must be 0 to 1")
        if self.chips_per_tray < 1:
            raise ValueError(
                f"upset rates: chips_per_tray = {self.chips_per_tray}, must be 1 or more"
            )


def shielded_flux(table: EnvironmentTable) -> FloatArray:
    """Protons (N,), p/cm²/s, above 48 MeV: a power law between the table's 30 and 100 MeV."""
    weight = np.log(SHIELDED_ENERGY_MEV / 30.0) / np.log(100.0 / 30.0)
    return np.asarray(
        table.proton_flux_30mev_cm2_s ** (1.0 - weight) * table.proton_flux_100mev_cm2_s**weight
    )


def event_rates(
    table: EnvironmentTable,
    rates: UpsetRates,
    trays: int,
    memory_words: int = 1024,
    flight_words: int = 256,
    frames: int = 16,
) -> dict[str, FloatArray]:
    """Events per second (N,) of every element, all trays together, in the order of ELEMENTS."""
    flux = rates.scale * shielded_flux(table)
    polar = np.abs(table.latitude_deg) > POLAR_LATITUDE_DEG
    background = np.where(polar, rates.latchup_polar_tray_s, rates.latchup_elsewhere_tray_s)
    chips, hosts = trays * rates.chips_per_tray, trays * rates.hosts_per_tray
    hang_cm2 = chips * rates.chip_hang_cm2_chip + hosts * rates.host_hang_cm2_host
    memory_bits, flight_bits = (CODEWORD_BITS * words for words in (memory_words, flight_words))
    return {
        "controller_memory": flux * (memory_bits * rates.controller_memory_cm2_bit),
        "flight_memory": flux * (flight_bits * rates.flight_memory_cm2_bit),
        "config_frames": flux * (FRAME_BITS * frames * rates.config_frames_cm2_bit),
        "hbm_corrected": flux * (chips * rates.hbm_corrected_cm2_chip),
        "hbm_uncorrectable": flux * (chips * rates.hbm_uncorrectable_cm2_chip),
        "weights": flux * (chips * rates.weights_cm2_chip),
        "compute": flux * (chips * rates.compute_cm2_chip),
        "tray_hang": flux * hang_cm2,
        "tray_latchup": trays * (flux * rates.latchup_cm2_tray + rates.scale * background),
    }


def _cumulative(time_s: FloatArray, rate: FloatArray) -> FloatArray:
    """Expected events (N,) since the first row, by the trapezoidal rule."""
    steps = 0.5 * (rate[1:] + rate[:-1]) * np.diff(time_s)
    return np.concatenate(([0.0], np.cumsum(steps)))


def expected_events(
    table: EnvironmentTable,
    rates: UpsetRates,
    trays: int,
    memory_words: int = 1024,
    flight_words: int = 256,
    frames: int = 16,
) -> dict[str, float]:
    """Mean number of events of every element over the table."""
    per_second = event_rates(table, rates, trays, memory_words, flight_words, frames)
    return {name: float(_cumulative(table.time_s, rate)[-1]) for name, rate in per_second.items()}


def draw_upsets(
    table: EnvironmentTable,
    rates: UpsetRates,
    trays: int,
    rng: np.random.Generator,
    memory_words: int = 1024,
    flight_words: int = 256,
    weight_words: int = 256,
    frames: int = 16,
) -> list[Upset]:
    """Every upset over the table's span, sorted by time; equal times in the order of ELEMENTS.

    Each element draws from a stream of its own, named after it and seeded by one draw from `rng`:
    changing, adding or dropping an element changes no other's events. Raises ValueError unless the
    table has a row or more in ascending time, and every count is 1 or more.
    """
    counts = {
        "trays": trays,
        "memory_words": memory_words,
        "flight_words": flight_words,
        "weight_words": weight_words,
        "frames": frames,
    }
    for name, count in counts.items():
        if count < 1:
            raise ValueError(f"draw_upsets: {name} = {count}, must be 1 or more")
    if len(table) < 1 or not np.all(np.diff(table.time_s) > 0):
        raise ValueError("draw_upsets: the table must hold one row or more, in ascending time")
    root = [int(word) for word in rng.integers(0, 2**32, size=4)]
    per_second = event_rates(table, rates, trays, memory_words, flight_words, frames)
    upsets: list[Upset] = []
    for element in ELEMENTS:
        stream = np.random.default_rng([*root, zlib.crc32(element.encode())])
        cumulative = _cumulative(table.time_s, per_second[element])
        number = int(stream.poisson(cumulative[-1]))
        # The n-th event falls where the cumulative rate passes a uniform share of its end.
        times = np.interp(stream.uniform(0.0, cumulative[-1], number), cumulative, table.time_s)
        places = _places(element, number, stream, rates, counts)
        upsets.extend(
            Upset(time_s, element, *place)
            for time_s, place in zip(times.tolist(), places, strict=True)
        )
    upsets.sort(key=lambda upset: upset.time_s)
    return upsets


def _places(
    element: str,
    number: int,
    stream: np.random.Generator,
    rates: UpsetRates,
    counts: dict[str, int],
) -> list[tuple[int, int, tuple[int, ...]]]:
    """Tray, index and bits of each of `number` events."""
    if element in ("controller_memory", "flight_memory"):
        words = counts["memory_words" if element == "controller_memory" else "flight_words"]
        index = stream.integers(0, words, number).tolist()
        double = stream.random(number) < rates.adjacent_share
        bit = np.where(
            double,
            stream.integers(0, CODEWORD_BITS - 1, number),
            stream.integers(0, CODEWORD_BITS, number),
        )
        return [
            (-1, word, (first, first + 1) if two else (first,))
            for word, first, two in zip(index, bit.tolist(), double.tolist(), strict=True)
        ]
    if element == "config_frames":
        index = stream.integers(0, counts["frames"], number).tolist()
        struck = (_frame_bits(stream, rates.adjacent_share) for _ in range(number))
        return [(-1, frame, bits) for frame, bits in zip(index, struck, strict=True)]
    tray = stream.integers(0, counts["trays"], number).tolist()
    if element == "weights":
        index = stream.integers(0, counts["weight_words"], number).tolist()
        bits = stream.integers(0, WORD_BITS, number).tolist()
        return [(t, word, (b,)) for t, word, b in zip(tray, index, bits, strict=True)]
    if element in ("tray_hang", "tray_latchup"):
        return [(t, -1, ()) for t in tray]
    index = stream.integers(0, rates.chips_per_tray, number).tolist()
    return [(t, chip, ()) for t, chip in zip(tray, index, strict=True)]


def _frame_bits(stream: np.random.Generator, double_share: float) -> tuple[int, ...]:
    """Places in a frame that one strike takes: a cell, or two neighbours in a row or a column."""
    if stream.random() >= double_share:
        return (int(stream.integers(0, FRAME_BITS)),)
    if stream.random() < COLUMN_SHARE:
        first = int(stream.integers(0, FRAME_BITS - WORD_BITS))
        return (first, first + WORD_BITS)
    row, column = divmod(
        int(stream.integers(0, FRAME_BITS // WORD_BITS * (WORD_BITS - 1))), WORD_BITS - 1
    )
    first = WORD_BITS * row + column
    return (first, first + 1)
