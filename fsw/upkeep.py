"""Upkeep of the rack as apps: care of its trays, and scrubbing.

As with the other laws, an app holds a law and builds it anew when the executive restarts it.
"""

from __future__ import annotations

from fsw import registers as r
from fsw.acquisition import RackTelemetry, TrayTelemetry
from fsw.frame_care import FrameCare
from fsw.latchup_check import LatchUpCheck
from fsw.modes import COMPUTING, Mode
from fsw.power import PowerBudget
from fsw.rack import Rack
from fsw.scrubbing import ScrubCommand, ScrubLaw
from fsw.trays import TrayCare


class TrayApp:
    """1 Hz: which trays may run, and their care."""

    def __init__(self, rack: Rack) -> None:
        self._rack = rack
        self._care: TrayCare | None = None
        self.start()

    def start(self) -> None:
        rack = self._rack
        switches = rack.switches if self._care is None else self._care.switches
        self._care = TrayCare(rack.parameters, rack.trays, rack.report, switches, rack.given_up)
        self._latchups = LatchUpCheck(rack.parameters, rack.trays, rack.report)
        self._looked_ns = -1

    def take_over(self, switches: int) -> None:
        """The controller kept these load switches closed over a restart of this software."""
        self._rack.switches = switches
        self._care = None
        self.start()

    def retry(self, mask: int) -> None:
        """The ground wants these trays tried again."""
        self.care.forgive(mask)
        self._rack.given_up = self.care.given_up

    @property
    def care(self) -> TrayCare:
        """The law itself."""
        assert self._care is not None
        return self._care

    def step(self, time_ns: int) -> None:
        rack = self._rack
        block = rack.tray_telemetry(time_ns)
        telemetry = rack.telemetry(time_ns)
        if block is None or telemetry is None or rack.mode is Mode.BOOT:
            return
        care = self.care
        if rack.mode is Mode.SAFE:
            care.lost_power()
        care.too_hot(rack.too_hot_trays)
        if block.time_ns != self._looked_ns:  # a look is taken once
            self._looked_ns = block.time_ns
            care.latched_up(self._latchups.look(block.trays), time_ns / 1e9)
        commands = care.step(block.trays, time_ns / 1e9, self._may_run(), block.time_ns / 1e9)
        rack.given_up = care.given_up
        controller = rack.controller
        controller.want(r.CONTROL_POWER_SWITCH, commands.power_switch)
        for register, mask in (
            (r.COMMAND_TRAY_RESET, commands.reset),
            (r.COMMAND_OVER_CURRENT_CLEAR, commands.clear_over_current),
            (r.COMMAND_OVER_TEMPERATURE_CLEAR, commands.clear_over_temperature),
        ):
            if mask:
                controller.command(register, mask)

    def _may_run(self) -> int:
        rack = self._rack
        if rack.mode not in COMPUTING:
            return 0
        budget = rack.bus.latest(PowerBudget)
        count = rack.trays
        if budget is not None:
            count = min(count - budget.shed_trays, budget.trays_affordable)
        mask = 0
        for index in range(rack.trays):
            if count > 0 and not rack.given_up >> index & 1:
                mask |= 1 << index
                count -= 1
        return mask


class ScrubApp:
    """1 Hz: the counts of a second, the scrub registers, digests and reloads."""

    def __init__(self, rack: Rack, frames: FrameCare) -> None:
        self._rack = rack
        self._frames = frames
        self.start()

    def start(self) -> None:
        self._law = ScrubLaw(self._rack.parameters, self._rack.trays, self._rack.report)
        self._protons = 0
        self._corrected = 0
        self._seen_ns = -1
        self._block_ns = -1
        self._last_ns: int | None = None

    def count(self, time_ns: int) -> None:
        """10 Hz: add up what the samples counted."""
        telemetry = self._rack.bus.latest(RackTelemetry)
        if telemetry is not None and telemetry.time_ns != self._seen_ns:
            self._seen_ns = telemetry.time_ns
            self._protons += telemetry.protons
            self._corrected += telemetry.memory_corrected

    def step(self, time_ns: int) -> None:
        rack = self._rack
        if rack.telemetry(time_ns) is None or self._seen_ns < 0:
            return
        if self._last_ns is None:
            self._last_ns = time_ns - 1_000_000_000
        dt_s = (time_ns - self._last_ns) / 1e9
        self._last_ns = time_ns
        block = rack.tray_telemetry(time_ns)
        trays: tuple[TrayTelemetry, ...] = ()
        if block is not None and block.time_ns != self._block_ns:  # counts are taken once
            self._block_ns = block.time_ns
            trays = block.trays
        command = self._law.step(time_ns / 1e9, dt_s, self._protons, self._corrected, trays)
        self._protons = self._corrected = 0
        if rack.open_loop:
            period, config_period = (
                int(rack.parameters[name])
                for name in ("scrub_period_0_ticks", "config_period_0_ticks")
            )
            command = ScrubCommand(command.flux_cm2_s, 0, period, config_period, 0, 0)
        rack.bus.publish(command, time_ns)
        register = r.CONTROL_SCRUB
        rack.controller.want(register, register.pack(enable=1, period=command.period_ticks))
        self._frames.pace(command.config_period_ticks)
        if command.digest:
            rack.controller.command(r.COMMAND_TRAY_SCRUB, command.digest)
        if command.reload:
            rack.controller.command(r.COMMAND_TRAY_RELOAD, command.reload)
