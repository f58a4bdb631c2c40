"""Generated from gateware/registers.rdl by `python -m gateware.generate`. Do not edit.

The sensor vector is big-endian: the rack channels, 16 bits each, in this order, then
16 bytes a tray laid out as the tray block of the register map.
Engineering value = raw * scale + offset.
"""

from typing import NamedTuple


class Channel(NamedTuple):
    """Where a channel lies (32-bit word and bit, in its tray), and its calibration."""

    name: str
    word: int
    lsb: int
    width: int
    scale: float
    offset: float
    unit: str


RACK_CHANNELS = (
    Channel("bus_voltage", 0, 16, 16, 0.02, 0.0, "V"),
    Channel("bus_current", 0, 0, 16, 0.02, 0.0, "A"),
    Channel("battery_voltage", 1, 16, 16, 0.02, 0.0, "V"),
    Channel("battery_current", 1, 0, 16, 0.04, -1310.72, "A"),
    Channel("array_current", 2, 16, 16, 0.02, 0.0, "A"),
    Channel("battery_temperature", 2, 0, 16, 0.01, 0.0, "K"),
    Channel("coolant_supply_a", 3, 16, 16, 0.01, 0.0, "K"),
    Channel("coolant_supply_b", 3, 0, 16, 0.01, 0.0, "K"),
    Channel("coolant_supply_c", 4, 16, 16, 0.01, 0.0, "K"),
    Channel("coolant_return", 4, 0, 16, 0.01, 0.0, "K"),
    Channel("coolant_flow", 5, 16, 16, 0.01, 0.0, "L/min"),
    Channel("radiator_outlet", 5, 0, 16, 0.01, 0.0, "K"),
    Channel("pump_speed_a", 6, 16, 16, 1.0, 0.0, "rpm"),
    Channel("pump_speed_b", 6, 0, 16, 1.0, 0.0, "rpm"),
    Channel("bypass_position", 7, 16, 16, 1.5259021896696422e-05, 0.0, ""),
    Channel("protons", 7, 0, 16, 1.0, 0.0, ""),
)
TRAY_CHANNELS = (
    Channel("status_state", 0, 28, 4, 1.0, 0.0, ""),
    Channel("status_slowdown", 0, 24, 1, 1.0, 0.0, ""),
    Channel("status_heartbeat", 0, 16, 8, 1.0, 0.0, ""),
    Channel("status_clock", 0, 0, 16, 1.0, 0.0, "MHz"),
    Channel("load_power", 1, 16, 16, 0.2, 0.0, "W"),
    Channel("load_current", 1, 0, 16, 0.005, 0.0, "A"),
    Channel("temperature_gpu", 2, 16, 16, 0.01, 0.0, "K"),
    Channel("temperature_hbm", 2, 0, 16, 0.01, 0.0, "K"),
    Channel("errors_corrected", 3, 16, 16, 1.0, 0.0, ""),
    Channel("errors_uncorrectable", 3, 8, 8, 1.0, 0.0, ""),
    Channel("errors_digest", 3, 0, 8, 1.0, 0.0, ""),
)

RACK_BYTES = 2 * len(RACK_CHANNELS)
TRAY_BYTES = 16
