"""Generated from gateware/registers.rdl by `python -m gateware.generate`. Do not edit."""

from struct import Struct
from typing import NamedTuple

from fsw.register_map import Field, Region, Register

LOGICAL_ADDRESS = 0xFE
FLIGHT_KEY = 0x20
TEST_KEY = 0x5D
WRITE_MAX = 256
READ_MAX = 512

FAST_WORDS = Struct(">16I")
TRAY_WORDS = Struct(">4I")

IDENTITY = Region("identity", 0x0, 24, "r", key=FLIGHT_KEY)
CONTROL = Region("control", 0x40, 48, "rw", key=FLIGHT_KEY)
COMMAND = Region("command", 0x80, 28, "w", key=FLIGHT_KEY)
FAST = Region("fast", 0x100, 64, "r", key=FLIGHT_KEY)
DIAGNOSTICS = Region("diagnostics", 0x180, 56, "r", key=FLIGHT_KEY)
TRAY_CONTROL = Region("tray_control", 0x200, 128, "rw", per_tray=4, key=FLIGHT_KEY)
TRAYS = Region("trays", 0x1000, 512, "r", per_tray=16, key=FLIGHT_KEY)
MEMORY = Region("memory", 0x10000, 4096, "rw", key=FLIGHT_KEY)
CONFIG_FRAMES = Region("config_frames", 0x11000, 1024, "rw", key=FLIGHT_KEY)
ESSENTIAL_BITS = Region("essential_bits", 0x11400, 1024, "rw", key=FLIGHT_KEY)
STIMULUS_RACK = Region("stimulus_rack", 0x12000, 32, "w", key=TEST_KEY)
STIMULUS_TRAYS = Region("stimulus_trays", 0x12020, 512, "w", per_tray=16, key=TEST_KEY)
INJECTION = Region("injection", 0x13000, 16, "w", key=TEST_KEY)
ACTUATORS = Region("actuators", 0x13100, 28, "r", key=TEST_KEY)
FLIP_REGISTERS = Region("flip_registers", 0x13400, 768, "w", key=TEST_KEY)
FLIP_MEMORY = Region("flip_memory", 0x14000, 4096, "w", key=TEST_KEY)
FLIP_CHECK = Region("flip_check", 0x15000, 4096, "w", key=TEST_KEY)
FLIP_CONFIG = Region("flip_config", 0x16000, 1024, "w", key=TEST_KEY)

REGIONS = (IDENTITY, CONTROL, COMMAND, FAST, DIAGNOSTICS, TRAY_CONTROL, TRAYS, MEMORY, CONFIG_FRAMES, ESSENTIAL_BITS, STIMULUS_RACK, STIMULUS_TRAYS, INJECTION, ACTUATORS, FLIP_REGISTERS, FLIP_MEMORY, FLIP_CHECK, FLIP_CONFIG)

IDENTITY_ID = Register(
    "identity.id",
    0x0,
    "r",
    0x524B5354,
    (
        Field("magic", 0, 32, reset=0x524B5354),
    ),
)

IDENTITY_VERSION = Register(
    "identity.version",
    0x4,
    "r",
    0x1030000,
    (
        Field("major", 24, 8, reset=0x1),
        Field("minor", 16, 8, reset=0x3),
        Field("patch", 0, 16),
    ),
)

IDENTITY_CONFIG = Register(
    "identity.config",
    0x8,
    "r",
    0x640412,
    (
        Field("tick_hz", 16, 16, reset=0x64, unit="Hz"),
        Field("memory_kib", 8, 8, reset=0x4, unit="KiB"),
        Field("trays", 0, 8, reset=0x12),
    ),
)

IDENTITY_BUILD = Register(
    "identity.build",
    0xC,
    "r",
    0x0,
    (
        Field("hash", 0, 32),
    ),
)

IDENTITY_UPTIME = Register(
    "identity.uptime",
    0x10,
    "r",
    0x0,
    (
        Field("ticks", 0, 32, unit="ticks"),
    ),
)

IDENTITY_FEATURES = Register(
    "identity.features",
    0x14,
    "r",
    0x1,
    (
        Field("adc", 1, 1),
        Field("injection", 0, 1, reset=0x1),
    ),
)

CONTROL_POWER_SWITCH = Register(
    "control.power_switch",
    0x40,
    "rw",
    0x0,
    (
        Field("trays", 0, 32),
    ),
)

CONTROL_PUMP_DRIVE = Register(
    "control.pump_drive",
    0x44,
    "rw",
    0x40000000,
    (
        Field("a", 16, 16, reset=0x4000, scale=1.5259021896696422e-05),
        Field("b", 0, 16, scale=1.5259021896696422e-05),
    ),
)

CONTROL_THERMAL_DRIVE = Register(
    "control.thermal_drive",
    0x48,
    "rw",
    0x0,
    (
        Field("bypass", 16, 16, scale=1.5259021896696422e-05),
        Field("heater", 0, 16, scale=1.5259021896696422e-05),
    ),
)

CONTROL_SAFE_DRIVE = Register(
    "control.safe_drive",
    0x4C,
    "rw",
    0x6000FFFF,
    (
        Field("pump", 16, 16, reset=0x6000, scale=1.5259021896696422e-05),
        Field("bypass", 0, 16, reset=0xFFFF, scale=1.5259021896696422e-05),
    ),
)

CONTROL_THERMOSTAT = Register(
    "control.thermostat",
    0x50,
    "rw",
    0x6AB3,
    (
        Field("supply_min", 0, 16, reset=0x6AB3, scale=0.01, unit="K"),
    ),
)

CONTROL_OVER_TEMPERATURE_LIMIT = Register(
    "control.over_temperature_limit",
    0x54,
    "rw",
    0x91C393B7,
    (
        Field("gpu", 16, 16, reset=0x91C3, scale=0.01, unit="K"),
        Field("hbm", 0, 16, reset=0x93B7, scale=0.01, unit="K"),
    ),
)

CONTROL_OVER_TEMPERATURE_DEBOUNCE = Register(
    "control.over_temperature_debounce",
    0x58,
    "rw",
    0xA,
    (
        Field("ticks", 0, 8, reset=0xA, unit="ticks"),
    ),
)

CONTROL_OVER_CURRENT_LIMIT = Register(
    "control.over_current_limit",
    0x5C,
    "rw",
    0x9C40,
    (
        Field("limit", 0, 16, reset=0x9C40, scale=0.005, unit="A"),
    ),
)

CONTROL_WATCHDOG = Register(
    "control.watchdog",
    0x60,
    "rw",
    0x1F4,
    (
        Field("enable", 31, 1),
        Field("period", 0, 16, reset=0x1F4, unit="ticks"),
    ),
)

CONTROL_SCRUB = Register(
    "control.scrub",
    0x64,
    "rw",
    0x80000064,
    (
        Field("enable", 31, 1, reset=0x1),
        Field("period", 0, 16, reset=0x64, unit="ticks"),
    ),
)

CONTROL_SCRATCH = Register(
    "control.scratch",
    0x68,
    "rw",
    0x0,
    (
        Field("value", 0, 32),
    ),
)

CONTROL_CONFIG_SCAN = Register(
    "control.config_scan",
    0x6C,
    "rw",
    0x8000000A,
    (
        Field("enable", 31, 1, reset=0x1),
        Field("period", 0, 8, reset=0xA, unit="ticks"),
    ),
)

COMMAND_WATCHDOG_KICK = Register(
    "command.watchdog_kick",
    0x80,
    "w",
    0x0,
    (
        Field("key", 0, 32),
    ),
)

COMMAND_SAFE = Register(
    "command.safe",
    0x84,
    "w",
    0x0,
    (
        Field("key", 0, 32),
    ),
)

COMMAND_OVER_TEMPERATURE_CLEAR = Register(
    "command.over_temperature_clear",
    0x88,
    "w",
    0x0,
    (
        Field("trays", 0, 32),
    ),
)

COMMAND_OVER_CURRENT_CLEAR = Register(
    "command.over_current_clear",
    0x8C,
    "w",
    0x0,
    (
        Field("trays", 0, 32),
    ),
)

COMMAND_TRAY_RESET = Register(
    "command.tray_reset",
    0x90,
    "w",
    0x0,
    (
        Field("trays", 0, 32),
    ),
)

COMMAND_TRAY_SCRUB = Register(
    "command.tray_scrub",
    0x94,
    "w",
    0x0,
    (
        Field("trays", 0, 32),
    ),
)

COMMAND_TRAY_RELOAD = Register(
    "command.tray_reload",
    0x98,
    "w",
    0x0,
    (
        Field("trays", 0, 32),
    ),
)

FAST_STATUS = Register(
    "fast.status",
    0x100,
    "r",
    0x0,
    (
        Field("uptime", 16, 16, unit="ticks"),
        Field("config_damaged", 6, 1),
        Field("watchdog_expired", 5, 1),
        Field("heater_on", 4, 1),
        Field("memory_error", 3, 1),
        Field("watchdog_enabled", 2, 1),
        Field("tripped", 1, 1),
        Field("safe", 0, 1),
    ),
)

FAST_OVER_TEMPERATURE = Register(
    "fast.over_temperature",
    0x104,
    "r",
    0x0,
    (
        Field("trays", 0, 32),
    ),
)

FAST_OVER_CURRENT = Register(
    "fast.over_current",
    0x108,
    "r",
    0x0,
    (
        Field("trays", 0, 32),
    ),
)

FAST_POWERED = Register(
    "fast.powered",
    0x10C,
    "r",
    0x0,
    (
        Field("trays", 0, 32),
    ),
)

FAST_BUS = Register(
    "fast.bus",
    0x110,
    "r",
    0x0,
    (
        Field("voltage", 16, 16, scale=0.02, unit="V"),
        Field("current", 0, 16, scale=0.02, unit="A"),
    ),
)

FAST_BATTERY = Register(
    "fast.battery",
    0x114,
    "r",
    0x0,
    (
        Field("voltage", 16, 16, scale=0.02, unit="V"),
        Field("current", 0, 16, scale=0.04, offset=-1310.72, unit="A"),
    ),
)

FAST_SUPPLY = Register(
    "fast.supply",
    0x118,
    "r",
    0x0,
    (
        Field("array_current", 16, 16, scale=0.02, unit="A"),
        Field("battery_temperature", 0, 16, scale=0.01, unit="K"),
    ),
)

FAST_HOTTEST = Register(
    "fast.hottest",
    0x11C,
    "r",
    0x0,
    (
        Field("gpu", 16, 16, scale=0.01, unit="K"),
        Field("hbm", 0, 16, scale=0.01, unit="K"),
    ),
)

FAST_COOLANT_SUPPLY = Register(
    "fast.coolant_supply",
    0x120,
    "r",
    0x0,
    (
        Field("a", 16, 16, scale=0.01, unit="K"),
        Field("b", 0, 16, scale=0.01, unit="K"),
    ),
)

FAST_COOLANT_ENDS = Register(
    "fast.coolant_ends",
    0x124,
    "r",
    0x0,
    (
        Field("supply_c", 16, 16, scale=0.01, unit="K"),
        Field("coolant_return", 0, 16, scale=0.01, unit="K"),
    ),
)

FAST_COOLANT = Register(
    "fast.coolant",
    0x128,
    "r",
    0x0,
    (
        Field("flow", 16, 16, scale=0.01, unit="L/min"),
        Field("radiator_outlet", 0, 16, scale=0.01, unit="K"),
    ),
)

FAST_PUMP_SPEED = Register(
    "fast.pump_speed",
    0x12C,
    "r",
    0x0,
    (
        Field("a", 16, 16, unit="rpm"),
        Field("b", 0, 16, unit="rpm"),
    ),
)

FAST_MONITOR = Register(
    "fast.monitor",
    0x130,
    "r",
    0x0,
    (
        Field("bypass_position", 16, 16, scale=1.5259021896696422e-05),
        Field("protons", 0, 16),
    ),
)

FAST_MEMORY_ERRORS = Register(
    "fast.memory_errors",
    0x134,
    "r",
    0x0,
    (
        Field("corrected", 16, 16),
        Field("uncorrectable", 0, 16),
    ),
)

FAST_FRAMES = Register(
    "fast.frames",
    0x138,
    "r",
    0x0,
    (
        Field("received", 16, 16),
        Field("dropped", 0, 16),
    ),
)

FAST_ACTIVITY = Register(
    "fast.activity",
    0x13C,
    "r",
    0x0,
    (
        Field("trips", 16, 16),
        Field("commands", 0, 16),
    ),
)

DIAGNOSTICS_FRAME_ERRORS = Register(
    "diagnostics.frame_errors",
    0x180,
    "r",
    0x0,
    (
        Field("crc", 16, 16),
        Field("framing", 0, 16),
    ),
)

DIAGNOSTICS_FRAME_ERRORS_2 = Register(
    "diagnostics.frame_errors_2",
    0x184,
    "r",
    0x0,
    (
        Field("oversize", 16, 16),
        Field("discarded", 0, 16),
    ),
)

DIAGNOSTICS_COMMANDS_REFUSED = Register(
    "diagnostics.commands_refused",
    0x188,
    "r",
    0x0,
    (
        Field("refused", 16, 16),
        Field("last_status", 0, 8),
    ),
)

DIAGNOSTICS_WATCHDOG_EVENTS = Register(
    "diagnostics.watchdog_events",
    0x18C,
    "r",
    0x0,
    (
        Field("expired", 16, 16),
        Field("bad_kicks", 0, 16),
    ),
)

DIAGNOSTICS_MEMORY_ERROR = Register(
    "diagnostics.memory_error",
    0x190,
    "r",
    0x0,
    (
        Field("valid", 31, 1),
        Field("uncorrectable", 30, 1),
        Field("syndrome", 16, 7),
        Field("word", 0, 16),
    ),
)

DIAGNOSTICS_SCRUB_PROGRESS = Register(
    "diagnostics.scrub_progress",
    0x194,
    "r",
    0x0,
    (
        Field("passes", 16, 16),
        Field("next_word", 0, 16),
    ),
)

DIAGNOSTICS_MEMORY_UNCORRECTABLE = Register(
    "diagnostics.memory_uncorrectable",
    0x198,
    "r",
    0x0,
    (
        Field("valid", 31, 1),
        Field("word", 0, 16),
    ),
)

DIAGNOSTICS_VOTER = Register(
    "diagnostics.voter",
    0x19C,
    "r",
    0x0,
    (
        Field("mismatches", 16, 16),
        Field("register", 0, 8),
    ),
)

DIAGNOSTICS_RESET_CAUSE = Register(
    "diagnostics.reset_cause",
    0x1A0,
    "r",
    0x1,
    (
        Field("external_reset", 1, 1),
        Field("power_on", 0, 1, reset=0x1),
    ),
)

DIAGNOSTICS_CONFIG_STATE = Register(
    "diagnostics.config_state",
    0x1A4,
    "r",
    0x40000000,
    (
        Field("state", 30, 2, reset=0x1),
        Field("crc_error", 29, 1),
        Field("lost", 0, 16),
    ),
)

DIAGNOSTICS_CONFIG_ERROR = Register(
    "diagnostics.config_error",
    0x1A8,
    "r",
    0x0,
    (
        Field("valid", 31, 1),
        Field("uncorrectable", 30, 1),
        Field("adjacent", 29, 1),
        Field("essential", 28, 1),
        Field("frame", 16, 8),
        Field("place", 0, 9),
    ),
)

DIAGNOSTICS_CONFIG_ERRORS = Register(
    "diagnostics.config_errors",
    0x1AC,
    "r",
    0x0,
    (
        Field("corrected", 16, 16),
        Field("uncorrectable", 0, 16),
    ),
)

DIAGNOSTICS_CONFIG_ERRORS_2 = Register(
    "diagnostics.config_errors_2",
    0x1B0,
    "r",
    0x0,
    (
        Field("essential", 16, 16),
        Field("crc", 0, 16),
    ),
)

DIAGNOSTICS_CONFIG_PROGRESS = Register(
    "diagnostics.config_progress",
    0x1B4,
    "r",
    0x0,
    (
        Field("passes", 16, 16),
        Field("next_frame", 0, 16),
    ),
)

TRAY_CONTROL_CAP = Register(
    "tray_control.cap",
    0x200,
    "rw",
    0xFFFFFFFF,
    (
        Field("power", 16, 16, reset=0xFFFF, scale=0.2, unit="W"),
        Field("clock", 0, 16, reset=0xFFFF, unit="MHz"),
    ),
    count=32,
    stride=4,
)

TRAYS_STATUS = Register(
    "trays.status",
    0x1000,
    "r",
    0x0,
    (
        Field("state", 28, 4),
        Field("powered", 27, 1),
        Field("over_temperature", 26, 1),
        Field("over_current", 25, 1),
        Field("slowdown", 24, 1),
        Field("heartbeat", 16, 8),
        Field("clock", 0, 16, unit="MHz"),
    ),
    count=32,
    stride=16,
)

TRAYS_LOAD = Register(
    "trays.load",
    0x1004,
    "r",
    0x0,
    (
        Field("power", 16, 16, scale=0.2, unit="W"),
        Field("current", 0, 16, scale=0.005, unit="A"),
    ),
    count=32,
    stride=16,
)

TRAYS_TEMPERATURE = Register(
    "trays.temperature",
    0x1008,
    "r",
    0x0,
    (
        Field("gpu", 16, 16, scale=0.01, unit="K"),
        Field("hbm", 0, 16, scale=0.01, unit="K"),
    ),
    count=32,
    stride=16,
)

TRAYS_ERRORS = Register(
    "trays.errors",
    0x100C,
    "r",
    0x0,
    (
        Field("corrected", 16, 16),
        Field("uncorrectable", 8, 8),
        Field("digest", 0, 8),
    ),
    count=32,
    stride=16,
)

INJECTION_SOURCE = Register(
    "injection.source",
    0x13000,
    "w",
    0x0,
    (
        Field("stimulus", 0, 1),
    ),
)

INJECTION_SENSOR_FAULT = Register(
    "injection.sensor_fault",
    0x13004,
    "w",
    0x0,
    (
        Field("kind", 30, 2),
        Field("channel", 16, 9),
        Field("offset", 0, 16),
    ),
)

INJECTION_REPLY_FAULT = Register(
    "injection.reply_fault",
    0x13008,
    "w",
    0x0,
    (
        Field("kind", 30, 2),
        Field("count", 0, 8),
    ),
)

INJECTION_LINK_HANG = Register(
    "injection.link_hang",
    0x1300C,
    "w",
    0x0,
    (
        Field("ticks", 0, 16, unit="ticks"),
    ),
)

ACTUATORS_POWER = Register(
    "actuators.power",
    0x13100,
    "r",
    0x0,
    (
        Field("trays", 0, 32),
    ),
)

ACTUATORS_RESET_LINES = Register(
    "actuators.reset_lines",
    0x13104,
    "r",
    0x0,
    (
        Field("trays", 0, 32),
    ),
)

ACTUATORS_SCRUB_LINES = Register(
    "actuators.scrub_lines",
    0x13108,
    "r",
    0x0,
    (
        Field("trays", 0, 32),
    ),
)

ACTUATORS_RELOAD_LINES = Register(
    "actuators.reload_lines",
    0x1310C,
    "r",
    0x0,
    (
        Field("trays", 0, 32),
    ),
)

ACTUATORS_PUMP = Register(
    "actuators.pump",
    0x13110,
    "r",
    0x0,
    (
        Field("a", 16, 16, scale=1.5259021896696422e-05),
        Field("b", 0, 16, scale=1.5259021896696422e-05),
    ),
)

ACTUATORS_THERMAL = Register(
    "actuators.thermal",
    0x13114,
    "r",
    0x0,
    (
        Field("bypass", 16, 16, scale=1.5259021896696422e-05),
        Field("heater", 0, 16, scale=1.5259021896696422e-05),
    ),
)

ACTUATORS_FLAGS = Register(
    "actuators.flags",
    0x13118,
    "r",
    0x0,
    (
        Field("tripped", 1, 1),
        Field("safe", 0, 1),
    ),
)


class FastBlock(NamedTuple):
    """Raw fields of the fast block."""

    status_uptime: int
    status_config_damaged: int
    status_watchdog_expired: int
    status_heater_on: int
    status_memory_error: int
    status_watchdog_enabled: int
    status_tripped: int
    status_safe: int
    over_temperature_trays: int
    over_current_trays: int
    powered_trays: int
    bus_voltage: int
    bus_current: int
    battery_voltage: int
    battery_current: int
    array_current: int
    battery_temperature: int
    hottest_gpu: int
    hottest_hbm: int
    coolant_supply_a: int
    coolant_supply_b: int
    coolant_supply_c: int
    coolant_return: int
    coolant_flow: int
    radiator_outlet: int
    pump_speed_a: int
    pump_speed_b: int
    bypass_position: int
    protons: int
    memory_errors_corrected: int
    memory_errors_uncorrectable: int
    frames_received: int
    frames_dropped: int
    activity_trips: int
    activity_commands: int

    @classmethod
    def from_bytes(cls, data: bytes) -> "FastBlock":
        """Decode 64 bytes; struct.error on another length."""
        w0, w1, w2, w3, w4, w5, w6, w7, w8, w9, w10, w11, w12, w13, w14, w15 = FAST_WORDS.unpack(data)
        return cls(
            w0 >> 16,
            (w0 >> 6) & 0x1,
            (w0 >> 5) & 0x1,
            (w0 >> 4) & 0x1,
            (w0 >> 3) & 0x1,
            (w0 >> 2) & 0x1,
            (w0 >> 1) & 0x1,
            w0 & 0x1,
            w1,
            w2,
            w3,
            w4 >> 16,
            w4 & 0xFFFF,
            w5 >> 16,
            w5 & 0xFFFF,
            w6 >> 16,
            w6 & 0xFFFF,
            w7 >> 16,
            w7 & 0xFFFF,
            w8 >> 16,
            w8 & 0xFFFF,
            w9 >> 16,
            w9 & 0xFFFF,
            w10 >> 16,
            w10 & 0xFFFF,
            w11 >> 16,
            w11 & 0xFFFF,
            w12 >> 16,
            w12 & 0xFFFF,
            w13 >> 16,
            w13 & 0xFFFF,
            w14 >> 16,
            w14 & 0xFFFF,
            w15 >> 16,
            w15 & 0xFFFF,
        )


FAST_FIELDS: dict[str, Field] = {
    "status_uptime": Field("uptime", 16, 16, unit="ticks"),
    "status_config_damaged": Field("config_damaged", 6, 1),
    "status_watchdog_expired": Field("watchdog_expired", 5, 1),
    "status_heater_on": Field("heater_on", 4, 1),
    "status_memory_error": Field("memory_error", 3, 1),
    "status_watchdog_enabled": Field("watchdog_enabled", 2, 1),
    "status_tripped": Field("tripped", 1, 1),
    "status_safe": Field("safe", 0, 1),
    "over_temperature_trays": Field("trays", 0, 32),
    "over_current_trays": Field("trays", 0, 32),
    "powered_trays": Field("trays", 0, 32),
    "bus_voltage": Field("voltage", 16, 16, scale=0.02, unit="V"),
    "bus_current": Field("current", 0, 16, scale=0.02, unit="A"),
    "battery_voltage": Field("voltage", 16, 16, scale=0.02, unit="V"),
    "battery_current": Field("current", 0, 16, scale=0.04, offset=-1310.72, unit="A"),
    "array_current": Field("array_current", 16, 16, scale=0.02, unit="A"),
    "battery_temperature": Field("battery_temperature", 0, 16, scale=0.01, unit="K"),
    "hottest_gpu": Field("gpu", 16, 16, scale=0.01, unit="K"),
    "hottest_hbm": Field("hbm", 0, 16, scale=0.01, unit="K"),
    "coolant_supply_a": Field("a", 16, 16, scale=0.01, unit="K"),
    "coolant_supply_b": Field("b", 0, 16, scale=0.01, unit="K"),
    "coolant_supply_c": Field("supply_c", 16, 16, scale=0.01, unit="K"),
    "coolant_return": Field("coolant_return", 0, 16, scale=0.01, unit="K"),
    "coolant_flow": Field("flow", 16, 16, scale=0.01, unit="L/min"),
    "radiator_outlet": Field("radiator_outlet", 0, 16, scale=0.01, unit="K"),
    "pump_speed_a": Field("a", 16, 16, unit="rpm"),
    "pump_speed_b": Field("b", 0, 16, unit="rpm"),
    "bypass_position": Field("bypass_position", 16, 16, scale=1.5259021896696422e-05),
    "protons": Field("protons", 0, 16),
    "memory_errors_corrected": Field("corrected", 16, 16),
    "memory_errors_uncorrectable": Field("uncorrectable", 0, 16),
    "frames_received": Field("received", 16, 16),
    "frames_dropped": Field("dropped", 0, 16),
    "activity_trips": Field("trips", 16, 16),
    "activity_commands": Field("commands", 0, 16),
}


class TrayBlock(NamedTuple):
    """Raw fields of the tray block."""

    status_state: int
    status_powered: int
    status_over_temperature: int
    status_over_current: int
    status_slowdown: int
    status_heartbeat: int
    status_clock: int
    load_power: int
    load_current: int
    temperature_gpu: int
    temperature_hbm: int
    errors_corrected: int
    errors_uncorrectable: int
    errors_digest: int

    @classmethod
    def from_bytes(cls, data: bytes) -> "TrayBlock":
        """Decode 16 bytes; struct.error on another length."""
        w0, w1, w2, w3 = TRAY_WORDS.unpack(data)
        return cls(
            w0 >> 28,
            (w0 >> 27) & 0x1,
            (w0 >> 26) & 0x1,
            (w0 >> 25) & 0x1,
            (w0 >> 24) & 0x1,
            (w0 >> 16) & 0xFF,
            w0 & 0xFFFF,
            w1 >> 16,
            w1 & 0xFFFF,
            w2 >> 16,
            w2 & 0xFFFF,
            w3 >> 16,
            (w3 >> 8) & 0xFF,
            w3 & 0xFF,
        )


TRAY_FIELDS: dict[str, Field] = {
    "status_state": Field("state", 28, 4),
    "status_powered": Field("powered", 27, 1),
    "status_over_temperature": Field("over_temperature", 26, 1),
    "status_over_current": Field("over_current", 25, 1),
    "status_slowdown": Field("slowdown", 24, 1),
    "status_heartbeat": Field("heartbeat", 16, 8),
    "status_clock": Field("clock", 0, 16, unit="MHz"),
    "load_power": Field("power", 16, 16, scale=0.2, unit="W"),
    "load_current": Field("current", 0, 16, scale=0.005, unit="A"),
    "temperature_gpu": Field("gpu", 16, 16, scale=0.01, unit="K"),
    "temperature_hbm": Field("hbm", 0, 16, scale=0.01, unit="K"),
    "errors_corrected": Field("corrected", 16, 16),
    "errors_uncorrectable": Field("uncorrectable", 8, 8),
    "errors_digest": Field("digest", 0, 8),
}

REGISTERS = (IDENTITY_ID, IDENTITY_VERSION, IDENTITY_CONFIG, IDENTITY_BUILD, IDENTITY_UPTIME, IDENTITY_FEATURES, CONTROL_POWER_SWITCH, CONTROL_PUMP_DRIVE, CONTROL_THERMAL_DRIVE, CONTROL_SAFE_DRIVE, CONTROL_THERMOSTAT, CONTROL_OVER_TEMPERATURE_LIMIT, CONTROL_OVER_TEMPERATURE_DEBOUNCE, CONTROL_OVER_CURRENT_LIMIT, CONTROL_WATCHDOG, CONTROL_SCRUB, CONTROL_SCRATCH, CONTROL_CONFIG_SCAN, COMMAND_WATCHDOG_KICK, COMMAND_SAFE, COMMAND_OVER_TEMPERATURE_CLEAR, COMMAND_OVER_CURRENT_CLEAR, COMMAND_TRAY_RESET, COMMAND_TRAY_SCRUB, COMMAND_TRAY_RELOAD, FAST_STATUS, FAST_OVER_TEMPERATURE, FAST_OVER_CURRENT, FAST_POWERED, FAST_BUS, FAST_BATTERY, FAST_SUPPLY, FAST_HOTTEST, FAST_COOLANT_SUPPLY, FAST_COOLANT_ENDS, FAST_COOLANT, FAST_PUMP_SPEED, FAST_MONITOR, FAST_MEMORY_ERRORS, FAST_FRAMES, FAST_ACTIVITY, DIAGNOSTICS_FRAME_ERRORS, DIAGNOSTICS_FRAME_ERRORS_2, DIAGNOSTICS_COMMANDS_REFUSED, DIAGNOSTICS_WATCHDOG_EVENTS, DIAGNOSTICS_MEMORY_ERROR, DIAGNOSTICS_SCRUB_PROGRESS, DIAGNOSTICS_MEMORY_UNCORRECTABLE, DIAGNOSTICS_VOTER, DIAGNOSTICS_RESET_CAUSE, DIAGNOSTICS_CONFIG_STATE, DIAGNOSTICS_CONFIG_ERROR, DIAGNOSTICS_CONFIG_ERRORS, DIAGNOSTICS_CONFIG_ERRORS_2, DIAGNOSTICS_CONFIG_PROGRESS, TRAY_CONTROL_CAP, TRAYS_STATUS, TRAYS_LOAD, TRAYS_TEMPERATURE, TRAYS_ERRORS, INJECTION_SOURCE, INJECTION_SENSOR_FAULT, INJECTION_REPLY_FAULT, INJECTION_LINK_HANG, ACTUATORS_POWER, ACTUATORS_RESET_LINES, ACTUATORS_SCRUB_LINES, ACTUATORS_RELOAD_LINES, ACTUATORS_PUMP, ACTUATORS_THERMAL, ACTUATORS_FLAGS)
