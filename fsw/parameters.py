"""Parameters of the flight software: one table, validated on every way in.

A row is a name, the default (for the vehicle rack_100kw), the allowed range, the unit, and what the
parameter means with the source of its default. Marks of sources: P primary, S secondary, D derived
or chosen here.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from fsw.slip import crc16


class ParameterError(ValueError):
    """An unknown parameter, or a value outside its range."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A row of the table."""

    name: str
    default: float
    minimum: float
    maximum: float
    unit: str
    description: str

    @property
    def id(self) -> int:
        """Number in telecommands and in the protected store: CRC-16 of the name, so that rows can
        be added anywhere without renumbering the others."""
        return crc16(self.name.encode())

    def check(self, value: float) -> float:
        """The value. Raises ParameterError unless it is a number within the range."""
        if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
            raise ParameterError(f"parameter {self.name} = {value!r}, must be a number")
        if not self.minimum <= value <= self.maximum:
            unit = f" {self.unit}" if self.unit else ""
            raise ParameterError(
                f"parameter {self.name} = {value:g}{unit}, "
                f"must be {self.minimum:g} to {self.maximum:g}{unit}"
            )
        return float(value)


_P = Parameter

# Open-circuit voltage at 0, 5, ... 100 % charge: 108 cells of the Chen2020 NMC cell
# (P: J. Electrochem. Soc. 167 080534, eq. 8 and 9).
_AT_REST_V = (
    269.9, 335.8, 355.9, 370.9, 376.4, 381.1, 386.8, 391.9, 396.0, 400.2, 405.1,
    410.2, 414.8, 420.1, 426.4, 431.4, 436.5, 440.7, 442.4, 445.3, 453.6,
)  # fmt: skip

TABLE: tuple[Parameter, ...] = (
    # Battery.
    _P("battery_capacity_ah", 249.0, 1, 1e5, "A h", "capacity; D: 100 kWh at 401 V"),
    _P("battery_resistance_ohm", 0.056, 1e-4, 10, "ohm", "at once; D: 26 mohm a cell, 108 by 50"),
    _P("battery_polarisation_ohm", 0.030, 0, 10, "ohm", "in time; D: 14 mohm a cell"),
    _P("battery_relaxation_s", 40.0, 0.1, 1e5, "s", "time constant of the polarisation; D"),
    _P("battery_charge_max_w", 70e3, 100, 1e7, "W", "charge limit; S: 0.7 C"),
    _P("battery_charge_limit_v", 442.8, 1, 2000, "V", "taper begins here; D: 4.1 V a cell"),
    *(
        _P(f"battery_ocv_{5 * step:03d}_v", volts, 1, 2000, "V", f"at rest at {5 * step} % charge")
        for step, volts in enumerate(_AT_REST_V)
    ),
    _P("charge_efficiency", 0.95, 0.5, 1, "", "energy stored per energy in; D"),
    _P("discharge_efficiency", 0.97, 0.5, 1, "", "energy out per energy taken; D"),
    _P("soc_floor", 0.70, 0, 0.95, "", "lowest charge; S: LEO cycle life wants <= 30 % depth"),
    _P("soc_margin", 0.02, 0, 0.3, "", "kept above the floor by plan; D"),
    _P("soc_full", 0.98, 0.1, 1, "", "charge taken for full; D"),
    _P("soc_critical", 0.15, 0, 0.9, "", "below it all trays go off; D"),
    _P("soc_start", 0.25, 0, 0.99, "", "charge needed to power trays; D"),
    _P("soc_fit_s", 30.0, 1, 3600, "s", "voltage tells the charge so long after a start; D"),
    _P("soc_quiet_current_a", 12.0, 0, 1000, "A", "below it the voltage tells the charge; D: C/20"),
    _P("soc_quiet_s", 60.0, 0, 1e5, "s", "how long it must be below; D"),
    _P("soc_correction_s", 300.0, 1, 1e6, "s", "time constant of the correction; D"),
    _P("current_tolerance_c", 0.04, 0.001, 1, "1/h", "of capacity: bus currents disagree; D"),
    _P("current_check_s", 2.0, 0.1, 600, "s", "disagreeing so long, sensor failed; D"),
    _P("current_good_s", 10.0, 0.1, 3600, "s", "agreeing so long, sensor is used again; D"),
    # Power.
    _P("tray_path_efficiency", 0.965, 0.1, 1, "", "bus to trays; D: converter and harness"),
    _P("overhead_power_w", 8000.0, 0, 1e5, "W", "everything but trays, losses included; D"),
    _P("array_dark_a", 5.0, 0, 1000, "A", "array current below it, discharging, is darkness; D"),
    _P("bus_undervoltage_share", 0.93, 0, 1, "", "of battery_ocv_010_v: trays go off below; D"),
    _P("orbit_period_s", 5862.0, 3000, 1e5, "s", "nodal period; D: 650 km circular"),
    _P("eclipse_worst_s", 2130.0, 0, 1e4, "s", "longest eclipse, taken when unknown; D: beta 0"),
    _P("eclipse_lead_s", 30.0, 0, 1000, "s", "cap is down this long before entry; D"),
    _P("cap_ramp_w_per_s", 500.0, 1, 1e6, "W/s", "ramp of the power cap; D"),
    _P("power_cut_share", 0.9, 0.1, 1, "", "of full power: a cut is told below it; D"),
    _P("power_cut_s", 5.0, 0, 600, "s", "a cut lasts so long before it is told; D"),
    _P("power_cut_end_s", 30.0, 0, 600, "s", "free so long before its end is told; D"),
    _P("cap_step_w", 20.0, 0.2, 1000, "W", "smallest change of a cap worth a write; D"),
    # Trays.
    _P("tray_power_max_w", 5555.0, 1, 13e3, "W", "full power of a tray; D: 100 kW / 18"),
    _P("tray_power_min_w", 900.0, 0, 13e3, "W", "idle power of a tray; D"),
    _P("clock_min_mhz", 210.0, 1, 65535, "MHz", "lowest clock; S"),
    _P("clock_max_mhz", 1980.0, 1, 65535, "MHz", "highest clock; S"),
    _P("tray_stagger_s", 2.0, 0, 600, "s", "between power-ons of two trays; D"),
    _P("tray_boot_s", 90.0, 1, 3600, "s", "longest boot; D: twice 40 s"),
    _P("tray_hang_s", 5.0, 1, 3600, "s", "heartbeat silent so long means hung; D"),
    _P("tray_resets_max", 2.0, 0, 100, "", "resets before a power cycle; D"),
    _P("tray_reset_grace_s", 60.0, 1, 3600, "s", "after a reset nothing is expected; D"),
    _P("tray_cycles_max", 3.0, 0, 100, "", "power cycles before a tray is given up; D"),
    _P("tray_off_s", 10.0, 0.1, 3600, "s", "off time of a power cycle; D"),
    _P("tray_trips_max", 3.0, 0, 100, "", "trips before a tray is given up; D"),
    _P("tray_rearm_s", 30.0, 0, 3600, "s", "wait before a trip is re-armed; D"),
    _P("tray_forgive_s", 3600.0, 1, 1e6, "s", "well so long: its past is forgotten; D"),
    _P("tray_busbar_v", 54.0, 1, 1000, "V", "input voltage of the trays; S"),
    _P("tray_latchup_share", 0.04, 0.001, 1, "", "of full power, more than explained: latch-up; D"),
    _P("tray_latchup_looks", 5.0, 1, 100, "", "looks in a row that show it; D: 3 s of ramp and 2"),
    _P("tray_cool_k", 20.0, 0, 100, "K", "below slowdown before a hot tray is re-armed; D"),
    _P("tray_suspect_k", 8.0, 0.5, 100, "K", "hotter than power and neighbours explain; D"),
    _P("tray_suspect_s", 3.0, 0.1, 600, "s", "so long, and it is throttled alone; D"),
    _P("tray_clear_s", 30.0, 0.1, 3600, "s", "half of that so long: one of the rack again; D"),
    # Temperatures.
    _P("gpu_slowdown_k", 360.15, 273, 423, "K", "hardware slowdown of GPUs; S: 83 to 87 degC"),
    _P("hbm_limit_k", 368.15, 273, 423, "K", "hardware slowdown of HBM; S: 95 degC"),
    _P("governor_margin_k", 5.0, 0, 50, "K", "target this far below the limit; D"),
    _P("governor_gain_per_k", 0.04, 0, 1, "1/K", "cap per kelvin; D"),
    _P("governor_integral_per_k_s", 0.002, 0, 1, "1/(K s)", "integral of the cap; D"),
    _P("emergency_fraction", 0.3, 0.01, 1, "", "cap after loss of flow; D"),
    _P("emergency_margin_k", 1.0, 0, 50, "K", "emergency cut this far below slowdown; D"),
    _P("trip_gpu_k", 373.15, 273, 473, "K", "over-temperature trip of GPUs; D"),
    _P("trip_hbm_k", 378.15, 273, 473, "K", "over-temperature trip of HBM; D"),
    _P("trip_debounce_ticks", 15.0, 0, 255, "ticks", "over-temperature; D: above a 0.1 s sample"),
    _P("trip_current_a", 130.0, 1, 327, "A", "over-current trip; D: 1.26 of full load"),
    # Coolant loop.
    _P("coolant_setpoint_k", 298.15, 263, 323, "K", "supply to the trays; S: about 25 degC"),
    _P("coolant_supply_max_k", 313.15, 273, 333, "K", "supply above which load is cut; S: 45 degC"),
    _P("coolant_supply_min_k", 283.15, 253, 313, "K", "supply below which all flow bypasses; D"),
    _P("coolant_freezing_k", 263.15, 200, 280, "K", "freezing point; S: PG25, -10 degC"),
    _P("freeze_margin_k", 8.0, 0, 50, "K", "nearer to freezing than this is reported; D"),
    _P("coolant_rise_max_k", 14.0, 1, 60, "K", "rise over the trays; S: typically 10 K"),
    _P("flow_l_min_per_kw", 1.5, 0.1, 5, "L/min/kW", "flow by load; S: 1.25 to 2.0"),
    _P("flow_min_l_min", 40.0, 0, 1000, "L/min", "lowest flow; D"),
    _P("pump_flow_full_l_min", 200.0, 1, 1e4, "L/min", "flow at full speed; D"),
    _P("flow_tolerance", 0.25, 0.01, 1, "", "of the pumps' flow: sensor and pumps disagree; D"),
    _P("flow_check_s", 4.0, 1, 600, "s", "disagreeing so long, sensor failed; D: below flow_lost"),
    _P("flow_check_cold_s", 30.0, 1, 3600, "s", "the same without heat to tell by; D"),
    _P("flow_heat_tolerance_k", 2.0, 0.1, 50, "K", "GPUs as warm as the flow leaves them; D"),
    _P("flow_heat_growth_k", 1.0, 0.1, 50, "K", "more in disagreement: no flow; D"),
    _P("flow_model_error", 0.3, 0, 1, "", "of the GPUs' rise: plates and chips as built; D"),
    _P("flow_learned_error", 0.05, 0, 1, "", "of it, once their error is learned; D"),
    _P("plate_heat_share", 0.94, 0.1, 1, "", "of a tray's power, the rest warms its air; S"),
    _P("plate_w_k", 222.0, 1, 1e5, "W/K", "cold plates of a tray to coolant; D: 0.018 K/W a GPU"),
    _P("plate_j_k", 1000.0, 1, 1e6, "J/K", "cold plates of a tray; D: 2.6 kg of copper"),
    _P("tray_coolant_l", 1.2, 0.01, 100, "L", "coolant in a tray; D"),
    _P("plate_flow_l_min", 150.0, 1, 1e4, "L/min", "rack flow at which plate_w_k holds; D"),
    _P("gpu_k_per_kw", 2.74, 0, 100, "K/kW", "hottest GPU above its plate, by tray power; D"),
    _P("hbm_k_per_kw", 3.49, 0, 100, "K/kW", "hottest HBM above its plate, by tray power; D"),
    _P("pump_drive_min", 0.2, 0, 1, "", "lowest pump drive; D"),
    _P("pump_rate_per_s", 0.05, 0.001, 1, "1/s", "slew of the pump drive; D"),
    _P("pump_rpm_full", 6000.0, 1, 65535, "rpm", "speed at full drive; D"),
    _P("pump_tolerance", 0.1, 0.01, 1, "", "of full speed, between drive and tachometer; D"),
    _P("pump_lag_s", 3.0, 0.1, 60, "s", "lag of the slowest healthy pump; D: 1.5 times spin-up"),
    _P("pump_failed_s", 3.0, 0.1, 600, "s", "out of tolerance so long means failed; D"),
    _P("bypass_feed_forward", 0.9, 0, 1, "", "share of the mixing rule applied; D"),
    _P("bypass_gain_per_k", 0.02, 0, 1, "1/K", "bypass per kelvin; D"),
    _P("bypass_integral_per_k_s", 0.0003, 0, 1, "1/(K s)", "integral of the bypass; D"),
    _P("bypass_max", 1.0, 0, 1, "", "most that may bypass the radiator; D"),
    _P("bypass_rate_per_s", 0.025, 0.0001, 1, "1/s", "slew of the bypass; D: 40 s stroke"),
    _P("heater_on_k", 281.15, 253, 313, "K", "supply at which the heater starts; D"),
    _P("heater_full_k", 277.15, 253, 313, "K", "supply at which it is full; D"),
    _P("thermostat_k", 275.15, 0, 313, "K", "controller's survival thermostat; D"),
    _P("supply_disagreement_k", 2.0, 0.01, 50, "K", "sensors further apart are voted out; D"),
    # Scrubbing. Flux levels: quiet, slopes of the anomaly, its heart, a storm.
    _P("monitor_area_cm2", 1.0, 1e-3, 1e3, "cm2", "proton monitor; D"),
    _P("monitor_background_counts_s", 4.0, 0, 1e4, "1/s", "counts without belts; D: cosmic rays"),
    _P("scrub_flux_1_cm2_s", 50.0, 0, 1e7, "1/(cm2 s)", "flux that enters level 1; D"),
    _P("scrub_flux_2_cm2_s", 500.0, 0, 1e7, "1/(cm2 s)", "flux that enters level 2; D"),
    _P("scrub_flux_3_cm2_s", 5000.0, 0, 1e7, "1/(cm2 s)", "flux that enters level 3; D"),
    _P("scrub_period_0_ticks", 100.0, 1, 65535, "ticks", "memory scrub period, level 0; D"),
    _P("scrub_period_1_ticks", 20.0, 1, 65535, "ticks", "memory scrub period, level 1; D"),
    _P("scrub_period_2_ticks", 5.0, 1, 65535, "ticks", "memory scrub period, level 2; D"),
    _P("scrub_period_3_ticks", 1.0, 1, 65535, "ticks", "memory scrub period, level 3; D"),
    _P("config_period_0_ticks", 10.0, 1, 255, "ticks", "between two frames scanned, level 0; D"),
    _P("config_period_1_ticks", 5.0, 1, 255, "ticks", "between two frames scanned, level 1; D"),
    _P("config_period_2_ticks", 2.0, 1, 255, "ticks", "between two frames scanned, level 2; D"),
    _P("config_period_3_ticks", 1.0, 1, 255, "ticks", "between two frames scanned, level 3; D"),
    _P("config_attempts_max", 3.0, 0, 100, "", "repairs of frames in vain before giving up; D"),
    _P("scrub_errors_per_s", 0.2, 0, 1e3, "1/s", "corrected errors that force level 2; D"),
    _P("scrub_calm_s", 60.0, 0, 1e5, "s", "calm before a level is left; D"),
    _P("digest_interval_0_s", 600.0, 1, 1e6, "s", "between weight digests, level 0; D"),
    _P("digest_interval_1_s", 300.0, 1, 1e6, "s", "between weight digests, level 1; D"),
    _P("digest_interval_2_s", 120.0, 1, 1e6, "s", "between weight digests, level 2; D"),
    _P("digest_interval_3_s", 60.0, 1, 1e6, "s", "between weight digests, level 3; D"),
    _P("reload_settle_s", 60.0, 0, 1e5, "s", "after a reload its evidence is ignored; D"),
    # Controller watchdog.
    _P("watchdog_period_ticks", 800.0, 1, 65535, "ticks", "watchdog; D: a restart takes 5 s"),
    _P("safe_pump", 0.375, 0, 1, "", "pump A drive in the controller's safe state; D"),
    _P("safe_bypass", 1.0, 0, 1, "", "bypass valve in the controller's safe state; D"),
    _P("safe_recovery_s", 30.0, 1, 1e6, "s", "wait before the safe state is left; D"),
    _P("safe_recoveries_max", 3.0, 0, 100, "", "times it is left without the ground; D"),
    # Fault protection.
    _P("persistence_now_s", 0.0, 0, 600, "s", "persistence of monitors that act at once; D"),
    _P("persistence_short_s", 3.0, 0, 600, "s", "persistence of most monitors; D"),
    _P("persistence_long_s", 10.0, 0, 600, "s", "persistence of slow monitors; D"),
    _P("overtemperature_escalate_s", 15.0, 1, 3600, "s", "too hot so long: trays go off; D"),
    _P("config_escalate_s", 60.0, 1, 3600, "s", "frames damaged so long: mode degraded; D"),
    _P("flow_lost_s", 8.0, 1, 600, "s", "no flow so long: trays go off; S: under a minute is left"),
    _P("link_lost_s", 2.0, 0.2, 600, "s", "silent so long means lost; D"),
    _P("trays_stale_s", 5.0, 1, 600, "s", "age at which the tray block is stale; D"),
    # Open loop: the laws hold these.
    _P("open_loop_pump", 0.8, 0, 1, "", "pump A drive; D"),
)

_CHANGE = struct.Struct(">Hd")  # parameter id, value

BY_NAME: dict[str, Parameter] = {row.name: row for row in TABLE}
BY_ID: dict[int, Parameter] = {row.id: row for row in TABLE}


def known(name: str) -> Parameter:
    """The row of that name. Raises ParameterError, with near misses, when there is none."""
    row = BY_NAME.get(name)
    if row is None:
        near = get_close_matches(name, BY_NAME, n=3)
        hint = f"; did you mean {' or '.join(near)}?" if near else "; see fsw/parameters.py"
        raise ParameterError(f"parameter {name!r} is not known{hint}")
    return row


class Parameters(Mapping[str, float]):
    """The values in force. `overrides` are the vehicle's; later changes are the ground's.

    Raises ParameterError on an unknown name or a value out of range.
    """

    def __init__(self, overrides: Mapping[str, float] | None = None) -> None:
        self._values = {row.name: row.default for row in TABLE}
        for name, value in (overrides or {}).items():
            self._values[name] = known(name).check(value)
        self._base = dict(self._values)

    def __getitem__(self, name: str) -> float:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def set(self, name: str, value: float) -> None:
        """Change one. Raises ParameterError and changes nothing when it is not allowed."""
        self._values[name] = known(name).check(value)

    def changes(self) -> dict[str, float]:
        """What was set since construction, where it differs."""
        return {name: v for name, v in self._values.items() if v != self._base[name]}

    def encode_changes(self) -> bytes:
        """The changes for the protected store, 10 bytes each."""
        return b"".join(_CHANGE.pack(BY_NAME[n].id, v) for n, v in self.changes().items())

    def load_changes(self, data: bytes) -> None:
        """Set what `encode_changes` gave. Raises ParameterError on what cannot be such, and then
        changes nothing."""
        if len(data) % _CHANGE.size:
            raise ParameterError(f"stored changes of {len(data)} bytes, must be a multiple of 10")
        checked = []
        for number, value in _CHANGE.iter_unpack(data):
            if number not in BY_ID:
                raise ParameterError(f"stored parameter id 0x{number:04X} is not in the table")
            checked.append((BY_ID[number].name, BY_ID[number].check(value)))
        self._values.update(checked)
