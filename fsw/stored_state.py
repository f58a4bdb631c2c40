"""What flight software takes up again after a restart, as records of the protected store."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from fsw.current_check import CurrentSensor
from fsw.modes import COMMANDABLE, Mode
from fsw.protected_memory import ProtectedMemory

_MODE = struct.Struct(">BBBBIf")  # mode, allowed, found, safe recoveries, given up, load limit
_CHARGE = struct.Struct(">dQ")  # state of charge, mission time
_COUNTERS = struct.Struct(">6I")

_PUMP_B = 1
_PUMP_A_FAILED = 2
_PUMP_B_FAILED = 4
_FLOW_SENSOR_FAILED = 8
_CURRENT_FAILED = {
    CurrentSensor.BATTERY: 16,
    CurrentSensor.ARRAY: 32,
    CurrentSensor.LOADS: 64,
}


@dataclass
class StoredState:
    """Values that survive a restart of the flight software."""

    mode: Mode | None = None  # None: nothing was stored
    allowed: Mode = Mode.NOMINAL
    pump_b: bool = False
    pump_a_failed: bool = False
    pump_b_failed: bool = False
    flow_sensor_failed: bool = False
    current_failed: CurrentSensor | None = None
    safe_recoveries: int = 0
    given_up: int = 0  # trays, bit i = tray i
    load_limit: float = 1.0
    soc: float | None = None
    time_ns: int = 0  # mission time when the charge was stored
    starts: int = 0
    cycles: int = 0
    app_failures: int = 0
    transitions: int = 0
    monitor_trips: int = 0
    controller_resets: int = 0

    @classmethod
    def load(cls, memory: ProtectedMemory) -> StoredState:
        """From the store; what is lost or does not make sense has its default."""
        state = cls()
        data = memory.read("mode")
        if data is not None and len(data) == _MODE.size:
            mode, allowed, found, recoveries, given_up, load_limit = _MODE.unpack(data)
            if mode in set(Mode) and allowed in COMMANDABLE:
                state.mode, state.allowed = Mode(mode), Mode(allowed)
            state.pump_b = bool(found & _PUMP_B)
            state.pump_a_failed = bool(found & _PUMP_A_FAILED)
            state.pump_b_failed = bool(found & _PUMP_B_FAILED)
            state.flow_sensor_failed = bool(found & _FLOW_SENSOR_FAILED)
            for sensor, bit in _CURRENT_FAILED.items():
                if found & bit:
                    state.current_failed = sensor
            state.safe_recoveries = recoveries
            state.given_up = given_up
            if 0.0 <= load_limit <= 1.0:
                state.load_limit = load_limit
        data = memory.read("charge")
        if data is not None and len(data) == _CHARGE.size:
            soc, state.time_ns = _CHARGE.unpack(data)
            state.soc = soc if 0.0 <= soc <= 1.0 else None
        data = memory.read("counters")
        if data is not None and len(data) == _COUNTERS.size:
            (
                state.starts,
                state.cycles,
                state.app_failures,
                state.transitions,
                state.monitor_trips,
                state.controller_resets,
            ) = _COUNTERS.unpack(data)
        return state

    def save_mode(self, memory: ProtectedMemory) -> None:
        """Mode and everything decided once."""
        found = (
            _PUMP_B * self.pump_b
            | _PUMP_A_FAILED * self.pump_a_failed
            | _PUMP_B_FAILED * self.pump_b_failed
            | _FLOW_SENSOR_FAILED * self.flow_sensor_failed
            | (_CURRENT_FAILED[self.current_failed] if self.current_failed else 0)
        )
        mode = Mode.BOOT if self.mode is None else self.mode
        memory.write(
            "mode",
            _MODE.pack(
                mode,
                self.allowed,
                found,
                min(self.safe_recoveries, 255),
                self.given_up,
                self.load_limit,
            ),
        )

    def save_charge(self, memory: ProtectedMemory) -> None:
        """State of charge, once it is known."""
        if self.soc is not None:
            memory.write("charge", _CHARGE.pack(self.soc, self.time_ns))

    def save_counters(self, memory: ProtectedMemory) -> None:
        """Counters."""
        memory.write(
            "counters",
            _COUNTERS.pack(
                self.starts & 0xFFFFFFFF,
                self.cycles & 0xFFFFFFFF,
                self.app_failures & 0xFFFFFFFF,
                self.transitions & 0xFFFFFFFF,
                self.monitor_trips & 0xFFFFFFFF,
                self.controller_resets & 0xFFFFFFFF,
            ),
        )
