"""By what a fault is noticed, beside events of flight software."""

from __future__ import annotations

# Counters that rise when something is noticed, and who notices.
SIGNS = {
    "fsw_memory_corrected": "controller",
    "fsw_memory_uncorrectable": "controller",
    "fsw_config_corrected": "controller",
    "fsw_config_uncorrectable": "controller",
    "fsw_config_crc_errors": "controller",
    "fsw_controller_safe": "controller",
    "fsw_store_corrected": "flight software",
    "fsw_store_uncorrectable": "flight software",
    "fsw_link_retries": "flight software",
    "fsw_link_timeouts": "flight software",
    "fsw_link_crc_errors": "flight software",
    "fsw_link_bad_replies": "flight software",
    "fsw_link_refused": "flight software",
    "fsw_link_failures": "flight software",
    "fsw_app_failures": "flight software",
    "fsw_irregular_cycles": "flight software",
    "fsw_registers_repaired": "flight software",
    "fsw_supply_outliers": "flight software",
    "fsw_sensors_invalid": "flight software",
    "fsw_controller_resets": "flight software",
    "fsw_starts": "flight software",
}
# Events and counters that tell of a memory, and so of no tray, by the begin of their names.
OF_MEMORIES = ("MEMORY_", "CONFIG_", "RECORD_", "fsw_memory_", "fsw_config_", "fsw_store_")
VOTER = "controller (voter)"  # it outvoted a copy
CODE = "the memory's own code"  # it corrected what was struck


def counted(counter: str) -> str:
    """Who noticed something, by the counter that rose."""
    return f"{SIGNS[counter]} ({counter})"
