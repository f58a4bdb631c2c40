"""Supervision as apps: the mode table and the fault monitors, from messages to conditions."""

from __future__ import annotations

from collections.abc import Callable

from fsw import registers as r
from fsw.acquisition import RackTelemetry
from fsw.controller import SAFE_ENTER_KEY, SAFE_LEAVE_KEY
from fsw.events import Severity
from fsw.fault_protection import NO_FAULT, FaultProtection, FaultState
from fsw.link_cycle import LinkCycle
from fsw.modes import COMPUTING, Conditions, Mode, Modes, ModeState
from fsw.monitors import Observation
from fsw.power import PowerBudget
from fsw.rack import STALE_S, Rack
from fsw.stored_state import StoredState

LEAVING_S = 3.0  # after asking it to leave the safe state the controller is given this long


class ModeApp:
    """1 Hz. Transitions, and what has to be done when a mode is entered."""

    def __init__(
        self,
        rack: Rack,
        stored: StoredState,
        configured: Callable[[], bool],
        save: Callable[[], None],
    ) -> None:
        self._rack = rack
        self._stored = stored
        self._configured = configured
        self._save = save
        self.modes = Modes(Mode.BOOT, stored.allowed)
        self._entered_ns = 0
        self._left_safe_ns: int | None = None

    def start(self) -> None:
        """A restart keeps the mode."""

    def resume(self, mode: Mode, time_ns: int) -> None:
        """Take up a mode that was left by a restart."""
        self.modes.mode = mode
        self._entered_ns = time_ns
        self._publish(time_ns)

    def command(self, mode: Mode) -> None:
        """From the ground. Raises ValueError on a mode that cannot be commanded."""
        self.modes.command(mode)
        self._stored.allowed = mode
        self._stored.safe_recoveries = 0
        self._save()

    def step(self, time_ns: int) -> None:
        rack = self._rack
        telemetry = rack.telemetry(time_ns)
        if telemetry is None:
            self._publish(time_ns)
            return
        transition = self.modes.step(self._conditions(telemetry, time_ns))
        if transition is not None:
            self._entered_ns = time_ns
            to_safe = transition.target is Mode.SAFE
            severity, name = (
                (Severity.HIGH, "MODE_SAFE") if to_safe else (Severity.INFO, "MODE_CHANGED")
            )
            rack.report(
                severity,
                name,
                f"{transition.source} to {transition.target}: {transition.reason}",
                source=str(transition.source),
                target=str(transition.target),
            )
            if transition.source is Mode.SAFE:
                self._stored.safe_recoveries += 1
            self._stored.mode = transition.target
            self._stored.transitions += 1
            self._save()
        self._hold(telemetry, time_ns)
        self._publish(time_ns)

    def _publish(self, time_ns: int) -> None:
        self._rack.bus.publish(ModeState(self.modes.mode, self.modes.allowed), time_ns)

    def _conditions(self, telemetry: RackTelemetry, time_ns: int) -> Conditions:
        rack, stored = self._rack, self._stored
        parameters = rack.parameters
        faults = rack.bus.latest(FaultState) or NO_FAULT
        budget = rack.bus.latest(PowerBudget)
        in_mode_s = (time_ns - self._entered_ns) / 1e9
        leaving = self.modes.mode is Mode.BOOT or (
            self._left_safe_ns is not None and (time_ns - self._left_safe_ns) / 1e9 < LEAVING_S
        )
        if self.modes.mode in COMPUTING and in_mode_s > parameters["tray_forgive_s"]:
            stored.safe_recoveries = 0
        recoveries_left = stored.safe_recoveries < parameters["safe_recoveries_max"]
        return Conditions(
            configured=self._configured() and not (self.modes.mode is Mode.BOOT and telemetry.safe),
            controller_safe=telemetry.safe and not leaving,
            coolant_running=rack.coolant_flow_l_min(telemetry) > 0.8 * parameters["flow_min_l_min"],
            charge_allows=telemetry.soc > parameters["soc_start"],
            dark=self.modes.mode is Mode.ECLIPSE if budget is None else budget.dark,
            degraded=faults.degraded or rack.given_up != 0,
            standby_wanted=faults.standby,
            safe_wanted=faults.safe,
            recovery_due=recoveries_left and in_mode_s >= parameters["safe_recovery_s"],
        )

    def _hold(self, telemetry: RackTelemetry, time_ns: int) -> None:
        """Have the controller's safe state agree with the mode."""
        mode = self.modes.mode
        if mode is Mode.SAFE and not telemetry.safe:
            self._rack.controller.command(r.COMMAND_SAFE, SAFE_ENTER_KEY)
        elif mode is Mode.BOOT and telemetry.safe:
            self._left_safe_ns = time_ns
            self._rack.controller.want(r.CONTROL_POWER_SWITCH, 0)
            self._rack.controller.command(r.COMMAND_SAFE, SAFE_LEAVE_KEY)


class FaultApp:
    """1 Hz."""

    def __init__(self, rack: Rack, link: LinkCycle, mode: ModeApp) -> None:
        self._rack = rack
        self._link = link
        self._mode = mode
        self._frames_dropped = 0
        self._seen_ns = -1
        self.start()

    def start(self) -> None:
        self.protection = FaultProtection(self._rack.parameters, self._rack.report)
        self._last_ns: int | None = None

    def count(self, time_ns: int) -> None:
        """10 Hz: add up what the samples counted."""
        telemetry = self._rack.bus.latest(RackTelemetry)
        if telemetry is not None and telemetry.time_ns != self._seen_ns:
            self._seen_ns = telemetry.time_ns
            self._frames_dropped += telemetry.frames_dropped

    def step(self, time_ns: int) -> None:
        rack = self._rack
        dt_s = 1.0 if self._last_ns is None else (time_ns - self._last_ns) / 1e9
        self._last_ns = time_ns
        telemetry = rack.bus.latest(RackTelemetry)
        if telemetry is None:
            # Nothing was ever heard: only the monitors of the link can judge.
            observation = _silence(self._link.silent_s(time_ns))
        else:
            observation = self._observation(telemetry, time_ns)
        rack.bus.publish(self.protection.step(observation, dt_s), time_ns)
        self._frames_dropped = 0

    def _observation(self, telemetry: RackTelemetry, time_ns: int) -> Observation:
        rack, link = self._rack, self._link
        blocks = rack.tray_telemetry(time_ns)
        gpu_k, hbm_k = rack.hottest_k(telemetry)
        unasked = telemetry.safe and self._mode.modes.mode not in (Mode.SAFE, Mode.BOOT)
        return Observation(
            link_silent_s=link.silent_s(time_ns),
            uptime_frozen_s=link.frozen_s(time_ns),
            trays_stale_s=float("inf") if blocks is None else (time_ns - blocks.time_ns) / 1e9,
            controller_safe=unasked,
            supply_outliers=len(telemetry.outliers),
            sensors_invalid=len(telemetry.invalid),
            supply_k=telemetry.coolant_supply_k,
            gpu_k=gpu_k,
            hbm_k=hbm_k,
            trays_suspect=rack.suspect_trays.bit_count(),
            bus_voltage_v=telemetry.bus_voltage_v,
            soc=telemetry.soc,
            flow_l_min=rack.coolant_flow_l_min(telemetry),
            flow_sensor_failed=rack.flow_sensor_failed,
            current_failed=telemetry.current_failed,
            currents_unbalanced=telemetry.currents_unbalanced,
            trays_on=telemetry.powered.bit_count(),
            pump_a_failed=rack.pump_failed[0],
            pump_b_failed=rack.pump_failed[1],
            tripped=telemetry.tripped,
            trays_given_up=rack.given_up.bit_count(),
            config_damaged=telemetry.config_damaged,
            frames_dropped=self._frames_dropped,
            fresh=(time_ns - telemetry.time_ns) / 1e9 < STALE_S,
        )


def _silence(silent_s: float) -> Observation:
    return Observation(
        link_silent_s=silent_s,
        uptime_frozen_s=0.0,
        trays_stale_s=0.0,
        controller_safe=False,
        supply_outliers=0,
        sensors_invalid=0,
        supply_k=0.0,
        gpu_k=0.0,
        hbm_k=0.0,
        trays_suspect=0,
        bus_voltage_v=0.0,
        soc=0.0,
        flow_l_min=0.0,
        flow_sensor_failed=False,
        current_failed=None,
        currents_unbalanced=False,
        trays_on=0,
        pump_a_failed=False,
        pump_b_failed=False,
        tripped=False,
        trays_given_up=0,
        config_damaged=False,
        frames_dropped=0,
        fresh=False,
    )
