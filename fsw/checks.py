"""Checks of sensors against what else is known, as an app: what they find the other apps act on."""

from __future__ import annotations

from fsw.flow_check import FlowCheck, pump_flow_l_min
from fsw.rack import Rack
from fsw.tray_check import TrayCheck
from fsw.tray_heat import TrayHeat


class CheckApp:
    """1 Hz."""

    def __init__(self, rack: Rack) -> None:
        self._rack = rack
        self.start()

    def start(self) -> None:
        rack = self._rack
        self._heat = TrayHeat(rack.parameters, rack.trays)
        self._trays = TrayCheck(rack.parameters, rack.trays)
        self._flow = FlowCheck(rack.parameters, rack.flow_sensor_failed)
        self._last_ns: int | None = None

    def step(self, time_ns: int) -> None:
        rack = self._rack
        telemetry, block = rack.telemetry(time_ns), rack.tray_telemetry(time_ns)
        if telemetry is None or block is None or rack.open_loop:
            return
        dt_s = 1.0 if self._last_ns is None else (time_ns - self._last_ns) / 1e9
        self._last_ns = time_ns
        flow_l_min = pump_flow_l_min(
            rack.parameters, telemetry.pump_speed_a_rpm, telemetry.pump_speed_b_rpm
        )
        excess = self._heat.step(block.trays, telemetry.coolant_supply_k, flow_l_min, dt_s)
        rack.flow_sensor_failed = self._flow.step(telemetry, block.trays, excess, dt_s)
        self._trays.step(block.trays, excess, dt_s)
        rack.suspect_trays, rack.too_hot_trays = self._trays.suspects, self._trays.too_hot
