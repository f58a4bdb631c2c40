"""The laws of power, heat and compute as apps: from messages to inputs, from outputs to registers.

An app holds a law and builds it anew when the executive restarts it. While telemetry is stale an
app holds its last output. In open loop the laws hold fixed setpoints.
"""

from __future__ import annotations

from fsw import registers as r
from fsw.acquisition import RackTelemetry, TrayBlockTelemetry
from fsw.compute import ComputeLaw
from fsw.events import Severity
from fsw.fault_protection import FaultState
from fsw.power import PowerBudget, PowerInputs, PowerLaw
from fsw.power_cut import PowerCut
from fsw.rack import Rack
from fsw.thermal import EmergencyCut, PumpMonitor, ThermalCommand, ThermalInputs, ThermalLaw
from fsw.trays import TrayState

DARK_CURRENT_A = 1.0  # discharge that goes with darkness
DARK_SAMPLES = 2
UNLIMITED_CAP = r.TRAY_CONTROL_CAP.reset


class PowerApp:
    """1 Hz."""

    def __init__(self, rack: Rack) -> None:
        self._rack = rack
        self.start()

    def start(self) -> None:
        self._law = PowerLaw(self._rack.parameters, self._rack.trays)
        self._cut = PowerCut(self._rack.parameters, self._rack.report)
        self._last_ns: int | None = None
        self._dark_samples = DARK_SAMPLES - 1  # at a start the first sample decides
        self._surprise = False
        self._shed = 0
        self._affordable = self._rack.trays

    def step(self, time_ns: int) -> None:
        rack = self._rack
        parameters = rack.parameters
        telemetry = rack.telemetry(time_ns)
        trays = rack.bus.latest(TrayBlockTelemetry)
        if telemetry is None or trays is None:
            return
        no_light = telemetry.array_current_a < parameters["array_dark_a"]
        if no_light and telemetry.battery_current_a < -DARK_CURRENT_A:
            self._dark_samples += 1
        else:
            self._dark_samples = 0
        dark = self._dark_samples >= DARK_SAMPLES
        time_s = time_ns / 1e9
        faults = rack.bus.latest(FaultState)
        full_v = 0.997 * parameters["battery_charge_limit_v"]
        budget = self._law.step(
            PowerInputs(
                time_s,
                telemetry.soc,
                telemetry.array_power_w,
                telemetry.battery_power_w,
                trays.power_w,
                sum(tray.powered for tray in trays.trays),
                dark,
                telemetry.battery_voltage_v > full_v or telemetry.soc >= parameters["soc_full"],
                rack.next_eclipse(time_s),
                rack.forecast_until_s(),
                faults is not None and faults.shed,
            )
        )
        self._tell(budget)
        dt_s = 1.0 if self._last_ns is None else (time_ns - self._last_ns) / 1e9
        if not rack.open_loop:
            trays_on = sum(tray.powered for tray in trays.trays)
            self._cut.step(budget, trays.power_w, trays_on, dt_s)
        self._last_ns = time_ns
        if rack.open_loop:
            full_w = rack.trays * parameters["tray_power_max_w"]
            budget = PowerBudget(
                full_w, full_w, full_w, budget.overhead_w, 1.0, rack.trays, 0, dark, False
            )
        rack.bus.publish(budget, time_ns)

    def _tell(self, budget: PowerBudget) -> None:
        report = self._rack.report
        if budget.surprise and not self._surprise:
            report(Severity.MEDIUM, "ECLIPSE_UNFORECAST", "dark, and no forecast says so")
        self._surprise = budget.surprise
        if budget.shed_trays != self._shed and not self._rack.open_loop:
            more = budget.shed_trays > self._shed
            severity, name = (
                (Severity.HIGH, "LOAD_SHED") if more else (Severity.INFO, "LOAD_RESTORED")
            )
            report(
                severity,
                name,
                f"{budget.shed_trays} trays are shed",
                trays=budget.shed_trays,
            )
        self._shed = budget.shed_trays
        if budget.trays_affordable != self._affordable:
            report(
                Severity.INFO,
                "TRAYS_AFFORDABLE",
                f"the battery carries {budget.trays_affordable} trays",
                trays=budget.trays_affordable,
            )
        self._affordable = budget.trays_affordable


class ThermalApp:
    """1 Hz, with the pump check; `emergency` runs at 10 Hz."""

    def __init__(self, rack: Rack) -> None:
        self._rack = rack
        self.emergency = False
        self.start()

    def start(self) -> None:
        rack = self._rack
        wanted = rack.controller.wanted
        drive = wanted.get(r.CONTROL_PUMP_DRIVE.address, r.CONTROL_PUMP_DRIVE.reset)
        valve = wanted.get(r.CONTROL_THERMAL_DRIVE.address, r.CONTROL_THERMAL_DRIVE.reset)
        pump = r.CONTROL_PUMP_DRIVE.unpack(drive)["b" if rack.pump_b else "a"] / 0xFFFF
        bypass = r.CONTROL_THERMAL_DRIVE.unpack(valve)["bypass"] / 0xFFFF
        self._law = ThermalLaw(rack.parameters, rack.trays, bypass, pump)
        self._cut = EmergencyCut(rack.parameters)
        self._pump = PumpMonitor(rack.parameters)
        self._pump_drive = pump
        self._last_ns: int | None = None

    def step(self, time_ns: int) -> None:
        rack = self._rack
        telemetry = rack.telemetry(time_ns)
        block = rack.bus.latest(TrayBlockTelemetry)
        if telemetry is None or block is None:
            return
        dt_s = 1.0 if self._last_ns is None else (time_ns - self._last_ns) / 1e9
        self._last_ns = time_ns
        self._check_pump(telemetry, dt_s)
        trays = block.trays
        command = self._law.step(
            ThermalInputs(
                *rack.hottest_k(telemetry),
                tuple(tray.gpu_k for tray in trays),
                tuple(tray.hbm_k for tray in trays),
                tuple(tray.power_w if tray.powered else 0.0 for tray in trays),
                tuple(tray.powered and tray.state == TrayState.RUNNING for tray in trays),
                telemetry.coolant_supply_k,
                telemetry.coolant_return_k,
                rack.coolant_flow_l_min(telemetry),
                telemetry.radiator_outlet_k,
                rack.pump_b,
                rack.tray_telemetry(time_ns) is None,
            ),
            dt_s,
        )
        if rack.open_loop:
            pump = rack.parameters["open_loop_pump"]
            command = ThermalCommand(1.0, (1.0,) * rack.trays, 0.0, pump, 0.0, False, False)
        self._pump_drive = command.pump
        rack.bus.publish(command, time_ns)
        self._drive(command)

    def watch(self, time_ns: int) -> None:
        """10 Hz: the emergency cut."""
        telemetry = self._rack.bus.latest(RackTelemetry)
        if telemetry is None or self._rack.open_loop:
            return
        was = self.emergency
        gpu_k, hbm_k = self._rack.hottest_k(telemetry)
        self.emergency = self._cut.step(gpu_k, hbm_k)
        if self.emergency and not was:
            self._rack.report(
                Severity.MEDIUM,
                "EMERGENCY_CUT",
                f"hottest GPU {gpu_k - 273.15:.1f} degC, "
                f"HBM {hbm_k - 273.15:.1f} degC: compute is cut",
            )

    def _drive(self, command: ThermalCommand) -> None:
        controller = self._rack.controller
        pump = round(command.pump * 0xFFFF)
        a, b = (0, pump) if self._rack.pump_b else (pump, 0)
        controller.want(r.CONTROL_PUMP_DRIVE, a << 16 | b)
        bypass, heater = round(command.bypass * 0xFFFF), round(command.heater * 0xFFFF)
        controller.want(r.CONTROL_THERMAL_DRIVE, bypass << 16 | heater)

    def _check_pump(self, telemetry: RackTelemetry, dt_s: float) -> None:
        """Switch over when the pump in use does not follow its drive."""
        rack = self._rack
        if telemetry.safe or rack.open_loop or self._unsettled(telemetry):
            self._pump.reset()
            return
        speed = telemetry.pump_speed_b_rpm if rack.pump_b else telemetry.pump_speed_a_rpm
        check = self._pump.step(self._pump_drive, speed, dt_s)
        if check.proven:
            rack.pump_failed[rack.pump_b] = False
        if not check.failed:
            return
        name = "B" if rack.pump_b else "A"
        if not rack.pump_failed[rack.pump_b]:
            rack.report(
                Severity.HIGH,
                "PUMP_SWITCHED",
                f"pump {name} turns at {speed:.0f} rpm at drive {self._pump_drive:.2f}; "
                f"pump {'A' if rack.pump_b else 'B'} takes over",
                pump=name,
                speed_rpm=speed,
            )
        rack.pump_failed[rack.pump_b] = True
        rack.pump_b = not rack.pump_b
        self._pump.reset()

    def _unsettled(self, telemetry: RackTelemetry) -> bool:
        return "pump_speed_b" in telemetry.invalid or "pump_speed_a" in telemetry.invalid


class ComputeApp:
    """1 Hz, and at once when the emergency cut begins."""

    def __init__(self, rack: Rack, thermal: ThermalApp) -> None:
        self._rack = rack
        self._thermal = thermal
        self.start()

    def start(self) -> None:
        self._law = ComputeLaw(self._rack.parameters, self._rack.trays)
        self._emergency = False

    def watch(self, time_ns: int) -> None:
        """10 Hz: passes on a new emergency without waiting for the second."""
        if self._thermal.emergency and not self._emergency:
            self.step(time_ns)

    def step(self, time_ns: int) -> None:
        rack = self._rack
        budget = rack.bus.latest(PowerBudget)
        thermal = rack.bus.latest(ThermalCommand)
        telemetry = rack.bus.latest(RackTelemetry)
        if budget is None or thermal is None or telemetry is None:
            return
        self._emergency = self._thermal.emergency
        powered = [bool(telemetry.powered >> index & 1) for index in range(rack.trays)]
        caps = self._law.step(
            budget.tray_cap_w,
            thermal.tray_fraction,
            thermal.rack_fraction,
            rack.load_limit,
            powered,
            self._emergency,
        )
        rack.bus.publish(caps, time_ns)
        words = [UNLIMITED_CAP] * rack.trays if rack.open_loop else caps.words()
        for index, word in enumerate(words):
            rack.controller.want(r.TRAY_CONTROL_CAP, word, index)
