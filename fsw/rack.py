"""What the apps of the rack share: parameters, bus, controller, and what was decided once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from fsw.acquisition import RackTelemetry, TrayBlockTelemetry
from fsw.bus import Bus
from fsw.controller import Controller
from fsw.events import Report
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

    @property
    def mode(self) -> Mode:
        """The present mode, boot before there is one."""
        state = self.bus.latest(ModeState)
        return Mode.BOOT if state is None else state.mode
