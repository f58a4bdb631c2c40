"""What the apps of the rack share: parameters, bus, controller, and what was decided once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from fsw.acquisition import RackTelemetry, TrayBlockTelemetry
from fsw.bus import Bus
from fsw.controller import Controller
from fsw.events import Report
from fsw.flow_check import pump_flow_l_min
from fsw.modes import Mode, ModeState
from fsw.parameters import Parameters

STALE_S = 2.0  # rack telemetry older than this is not acted on


@dataclass
class Rack:
    """What the apps share."""

    parameters: Parameters
    trays: int
    bus: Bus
    controller: Controller
    report: Report
    next_eclipse: Callable[[float], tuple[float, float] | None]
    forecast_until_s: Callable[[], float]
    open_loop: bool = False
    load_limit: float = 1.0
    pump_b: bool = False  # pump B is the one in use
    pump_failed: list[bool] = field(default_factory=lambda: [False, False])
    given_up: int = 0
    flow_sensor_failed: bool = False
    suspect_trays: int = 0  # hotter than explained: not asked what the rack may draw
    too_hot_trays: int = 0  # suspects that stay above slowdown
    switches: int = 0  # load switches found at start

    def telemetry(self, time_ns: int) -> RackTelemetry | None:
        """The latest fast block, None while it is stale."""
        if self.bus.age_s(RackTelemetry, time_ns) > STALE_S:
            return None
        return self.bus.latest(RackTelemetry)

    def tray_telemetry(self, time_ns: int) -> TrayBlockTelemetry | None:
        """The latest tray block, None while it is stale."""
        if self.bus.age_s(TrayBlockTelemetry, time_ns) > self.parameters["trays_stale_s"]:
            return None
        return self.bus.latest(TrayBlockTelemetry)

    def coolant_flow_l_min(self, telemetry: RackTelemetry) -> float:
        """Flow as measured, or as the pumps make it while the sensor is taken for failed."""
        if not self.flow_sensor_failed:
            return telemetry.coolant_flow_l_min
        return pump_flow_l_min(
            self.parameters, telemetry.pump_speed_a_rpm, telemetry.pump_speed_b_rpm
        )

    def hottest_k(self, telemetry: RackTelemetry) -> tuple[float, float]:
        """Hottest GPU and HBM of the trays that are not suspect."""
        block = self.bus.latest(TrayBlockTelemetry)
        if not self.suspect_trays or block is None:
            return telemetry.hottest_gpu_k, telemetry.hottest_hbm_k
        others = [
            tray
            for index, tray in enumerate(block.trays)
            if tray.powered and not self.suspect_trays >> index & 1
        ]
        return (
            max((tray.gpu_k for tray in others), default=0.0),
            max((tray.hbm_k for tray in others), default=0.0),
        )

    @property
    def mode(self) -> Mode:
        """The present mode, boot before there is one."""
        state = self.bus.latest(ModeState)
        return Mode.BOOT if state is None else state.mode
