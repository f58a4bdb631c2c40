"""Housekeeping as a PUS-C packet TM[3,25] (ECSS-E-ST-70-41C, service 3), declared once.

The structure is a row per value of `fsw/housekeeping.py`: its name, and how it travels. Floats
travel in single precision, counters in 32 bits that wrap. The time stamp is mission time in
nanoseconds, 64 bits.
"""

from __future__ import annotations

from collections.abc import Mapping
from struct import error as StructError
from typing import Any

from construct import Construct, ConstructError, Enum, Float32b, Int8ub, Int32ub, Struct, Terminated
from spacepackets.ecss.tm import InvalidTmCrc16Error, PusTm
from spacepackets.exceptions import BytesTooShortError

from fsw.commands import APID
from fsw.frame_care import ScanState
from fsw.modes import Mode

SERVICE, SUBTYPE = 3, 25  # housekeeping parameter report
STRUCTURE_ID = 1
TIME_BYTES = 8

Value = float | int | str


class TelemetryError(ValueError):
    """Values that do not fit the structure, or a packet that is not a housekeeping report."""


FLOAT = Float32b
COUNTER = Int32ub
SMALL = Int8ub  # flags, and counts of trays or sensors
MODE = Enum(Int8ub, **{str(mode): int(mode) for mode in Mode})
PUMP = Enum(Int8ub, a=0, b=1)
SCAN = Enum(Int8ub, **{str(state): int(state) for state in ScanState})

HOUSEKEEPING: tuple[tuple[str, Construct], ...] = (
    ("fsw_mode", MODE),
    ("fsw_mode_allowed", MODE),
    ("fsw_cycle", COUNTER),
    ("fsw_cycles_total", COUNTER),
    ("fsw_starts", COUNTER),
    ("fsw_app_failures", COUNTER),
    ("fsw_app_restarts", COUNTER),
    ("fsw_irregular_cycles", COUNTER),
    ("fsw_transitions", COUNTER),
    ("fsw_faults", SMALL),
    ("fsw_events", COUNTER),
    ("fsw_events_high", COUNTER),
    ("fsw_store_corrected", COUNTER),
    ("fsw_store_uncorrectable", COUNTER),
    ("fsw_store_recovered", COUNTER),
    ("fsw_store_lost", COUNTER),
    ("fsw_soc", FLOAT),
    ("fsw_battery_power_w", FLOAT),
    ("fsw_array_power_w", FLOAT),
    ("fsw_coolant_supply_k", FLOAT),
    ("fsw_coolant_return_k", FLOAT),
    ("fsw_radiator_outlet_k", FLOAT),
    ("fsw_coolant_flow_l_min", FLOAT),
    ("fsw_gpu_k", FLOAT),
    ("fsw_hbm_k", FLOAT),
    ("fsw_sensors_invalid", SMALL),
    ("fsw_supply_outliers", SMALL),
    ("fsw_controller_safe", SMALL),
    ("fsw_trays_on", SMALL),
    ("fsw_trays_running", SMALL),
    ("fsw_trays_given_up", SMALL),
    ("fsw_tray_power_w", FLOAT),
    ("fsw_pump_in_use", PUMP),
    ("fsw_load_limit", FLOAT),
    ("fsw_budget_w", FLOAT),
    ("fsw_eclipse_cap_w", FLOAT),
    ("fsw_sunlit_cap_w", FLOAT),
    ("fsw_overhead_w", FLOAT),
    ("fsw_ready_soc", FLOAT),
    ("fsw_trays_affordable", SMALL),
    ("fsw_shed_trays", SMALL),
    ("fsw_dark", SMALL),
    ("fsw_cap_w", FLOAT),
    ("fsw_clock_cap_mhz", FLOAT),
    ("fsw_emergency", SMALL),
    ("fsw_thermal_fraction", FLOAT),
    ("fsw_pump", FLOAT),
    ("fsw_bypass", FLOAT),
    ("fsw_heater", FLOAT),
    ("fsw_freeze_override", SMALL),
    ("fsw_flux", FLOAT),
    ("fsw_scrub_level", SMALL),
    ("fsw_scrub_period", COUNTER),
    ("fsw_memory_corrected", COUNTER),
    ("fsw_memory_uncorrectable", COUNTER),
    ("fsw_memory_verified", SMALL),
    ("fsw_memory_rewritten", COUNTER),
    ("fsw_memory_chunks", COUNTER),
    ("fsw_config_state", SCAN),
    ("fsw_config_damaged", SMALL),
    ("fsw_config_period", COUNTER),
    ("fsw_config_verified", SMALL),
    ("fsw_config_corrected", COUNTER),
    ("fsw_config_essential", COUNTER),
    ("fsw_config_uncorrectable", COUNTER),
    ("fsw_config_crc_errors", COUNTER),
    ("fsw_config_reloaded", COUNTER),
    ("fsw_config_chunks", COUNTER),
    ("fsw_config_restarts", COUNTER),
    ("fsw_config_given_up", SMALL),
    ("fsw_link_transactions", COUNTER),
    ("fsw_link_retries", COUNTER),
    ("fsw_link_timeouts", COUNTER),
    ("fsw_link_crc_errors", COUNTER),
    ("fsw_link_bad_replies", COUNTER),
    ("fsw_link_refused", COUNTER),
    ("fsw_link_failed", COUNTER),
    ("fsw_link_failures", COUNTER),
    ("fsw_controller_resets", COUNTER),
    ("fsw_registers_repaired", COUNTER),
    ("fsw_commands_lost", COUNTER),
    ("fsw_commands_accepted", COUNTER),
    ("fsw_commands_refused", COUNTER),
)

NAMES = tuple(name for name, _ in HOUSEKEEPING)
STRUCTURE = Struct("structure_id" / Int8ub, *(name / type_ for name, type_ in HOUSEKEEPING))
_PARSER = Struct("structure" / STRUCTURE, Terminated).compile()  # a quarter of the time
_COUNTERS = frozenset(name for name, type_ in HOUSEKEEPING if type_ is COUNTER)


def encode_housekeeping(
    values: Mapping[str, Value], time_ns: int, sequence_count: int = 0
) -> bytes:
    """The packet. Raises TelemetryError unless `values` are those of the structure, and fit."""
    missing = [name for name in NAMES if name not in values]
    unknown = [name for name in values if name not in NAMES]
    if missing or unknown:
        raise TelemetryError(
            f"housekeeping differs from the structure in fsw/telemetry.py: "
            f"missing {', '.join(missing) or 'nothing'}; unknown {', '.join(unknown) or 'nothing'}"
        )
    fields: dict[str, Any] = {
        name: int(value) & 0xFFFFFFFF if name in _COUNTERS else value
        for name, value in values.items()
    }
    try:
        data = STRUCTURE.build({"structure_id": STRUCTURE_ID, **fields})
    except ConstructError as error:
        raise TelemetryError(f"housekeeping: {str(error).strip()}") from None
    packet = PusTm(
        service=SERVICE,
        message_subtype=SUBTYPE,
        apid=APID,
        seq_count=sequence_count & 0x3FFF,
        timestamp=time_ns.to_bytes(TIME_BYTES, "big"),
        source_data=data,
    )
    return bytes(packet.pack())


def decode_housekeeping(packet: bytes) -> tuple[int, dict[str, Value]]:
    """Mission time (ns) and values. Raises TelemetryError."""
    try:
        tm = PusTm.unpack(packet, TIME_BYTES)
    except InvalidTmCrc16Error:
        raise TelemetryError(f"housekeeping of {len(packet)} bytes: checksum wrong") from None
    except (BytesTooShortError, ValueError) as error:
        raise TelemetryError(f"housekeeping of {len(packet)} bytes: {error}") from None
    if (tm.apid, tm.service, tm.message_subtype) != (APID, SERVICE, SUBTYPE):
        raise TelemetryError(
            f"TM[{tm.service},{tm.message_subtype}] of APID 0x{tm.apid:03X}, "
            f"expected TM[{SERVICE},{SUBTYPE}] of APID 0x{APID:03X}"
        )
    try:
        parsed = _PARSER.parse(bytes(tm.source_data)).structure
    except (ConstructError, StructError) as error:
        raise TelemetryError(f"housekeeping: {str(error).strip()}") from None
    if parsed.structure_id != STRUCTURE_ID:
        raise TelemetryError(f"structure {parsed.structure_id}, expected {STRUCTURE_ID}")
    values: dict[str, Value] = {
        name: str(parsed[name]) if isinstance(parsed[name], str) else parsed[name] for name in NAMES
    }
    return int.from_bytes(tm.timestamp, "big"), values
