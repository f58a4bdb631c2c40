"""Flight software of the rack-satellite: apps, their rates, and one minor cycle.

A minor cycle is: telemetry in over the link, the apps that are due, registers and commands out. The
apps see raw counts and registers, never what the spacecraft is really doing.

| rate | apps, in the order they run |
| --- | --- |
| 10 Hz | commanding, acquisition, watch (counts, emergency cut) |
| 1 Hz | checks, faults, modes, power, thermal, compute, trays, scrubbing, charge |
| 0.1 Hz | upkeep (protected store, golden copies, counters) |

The 1 Hz apps run in the minor cycle that reads the tray block, so they act on fresh values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from fsw import registers as r
from fsw.acquisition import Acquisition
from fsw.bus import Bus
from fsw.checks import CheckApp
from fsw.commanding import Commanding
from fsw.controller import KICK_KEY, Controller, configuration
from fsw.current_check import CurrentSensor
from fsw.events import Event, EventLog, Severity
from fsw.executive import EVERY_CYCLE, EVERY_SECOND, EVERY_TEN_SECONDS, App, Executive
from fsw.frame_care import FrameCare
from fsw.golden_image import GoldenImage
from fsw.housekeeping import housekeeping
from fsw.laws import ComputeApp, PowerApp, ThermalApp
from fsw.link_cycle import LinkCycle
from fsw.mission_clock import MissionClock
from fsw.modes import Mode
from fsw.parameters import Parameters
from fsw.payload_link import LinkCounters, PayloadLink, Port
from fsw.protected_memory import MemoryCounters, ProtectedMemory
from fsw.rack import Rack
from fsw.stored_state import StoredState
from fsw.supervision import FaultApp, ModeApp
from fsw.telemetry import encode_housekeeping
from fsw.upkeep import ScrubApp, TrayApp

KICK_NS = 1_000_000_000  # between kicks of the controller's watchdog
STORE_SCRUB_WORDS = 32  # of the protected store, each second


class FlightSoftware:
    """One instance flies one rack; what must survive it is in `store`.

    `port` is an open pyserial port, `parameters` overrides the table's defaults. Raises
    ParameterError on parameters that are unknown or out of range.
    """

    def __init__(
        self,
        port: Port,
        store: ProtectedMemory | bytearray,
        trays: int,
        parameters: Mapping[str, float] | None = None,
        open_loop: bool = False,
    ) -> None:
        if not 1 <= trays <= r.TRAY_CONTROL_CAP.count:
            raise ValueError(f"trays = {trays}, must be 1 to {r.TRAY_CONTROL_CAP.count}")
        self.events = EventLog()
        report = self.events.report
        self.clock = MissionClock(self.events)
        self.parameters = Parameters(parameters)
        self.memory = store if isinstance(store, ProtectedMemory) else ProtectedMemory(store)
        self.memory.report = report
        self._store_base = MemoryCounters()
        self.stored = StoredState.load(self.memory)
        self.stored.starts += 1
        self.commanding = Commanding(self)
        self.link = PayloadLink(port)
        self.controller = Controller(self.link, trays, report)
        self.golden = GoldenImage(self.parameters, report)
        self.frames = FrameCare(self.parameters, self.controller, report)
        self.link_cycle = LinkCycle(
            self.controller,
            (self.golden, self.frames),
            self.parameters,
            report,
            self._configured,
        )
        self.bus = Bus()
        self._trays = trays
        self._packets = 0  # sent down
        self._kicked_ns = -KICK_NS  # when the controller last acknowledged a kick
        self._resumed = False
        self._ready = False  # identified, configured, protected memory as it should be
        self.rack = Rack(
            self.parameters,
            trays,
            self.bus,
            self.controller,
            report,
            self._next_eclipse,
            self._forecast_until_s,
            open_loop,
            self.stored.load_limit,
            self.stored.pump_b,
            [self.stored.pump_a_failed, self.stored.pump_b_failed],
            self.stored.given_up,
            self.stored.flow_sensor_failed,
        )
        self._start_acquisition(self.stored.soc, self.stored.time_ns, self.stored.current_failed)
        self.checks = CheckApp(self.rack)
        self.modes = ModeApp(self.rack, self.stored, self._is_configured, self.save_mode)
        self.power = PowerApp(self.rack)
        self.thermal = ThermalApp(self.rack)
        self.compute = ComputeApp(self.rack, self.thermal)
        self.trays = TrayApp(self.rack)
        self.scrubbing = ScrubApp(self.rack, self.frames)
        self.faults = FaultApp(self.rack, self.link_cycle, self.modes)
        self.corrected_met = 0
        self.executive = Executive(self._apps(), report)
        self._base = (self.stored.cycles, self.stored.app_failures, self.stored.monitor_trips)
        self.stored.save_counters(self.memory)

    @property
    def store_counters(self) -> MemoryCounters:
        """Of the protected store, since the last ResetCounters."""
        return self.memory.counters.since(self._store_base)

    @property
    def cycles_total(self) -> int:
        """Minor cycles of this start and all before."""
        return self._base[0] + self.executive.cycle

    def uplink(self, packet: bytes) -> None:
        """A telecommand packet; refused ones are counted and reported."""
        self.commanding.receive(packet)

    def minor_cycle(self, mission_ns: int) -> None:
        """One minor cycle at this mission time. Never raises for link trouble or a clock's jump."""
        time_ns = self.clock.advance(mission_ns)
        if self.clock.jumped:
            self._kicked_ns = time_ns - KICK_NS  # it may have been a long pause
        slot = self.executive.cycle % EVERY_SECOND
        self.link_cycle.inputs(time_ns, with_trays=slot == 0)
        self.executive.minor_cycle(time_ns)
        due = self.link_cycle.fast is not None and time_ns - self._kicked_ns >= KICK_NS
        compare = self.executive.cycle % EVERY_TEN_SECONDS == 5
        if due and self.executive.all_ran():
            self.controller.command(r.COMMAND_WATCHDOG_KICK, KICK_KEY, self._kicked)
        self.link_cycle.outputs(compare)

    def housekeeping(self) -> dict[str, float | int | str]:
        """Flat values, names prefixed fsw_; see `fsw/housekeeping.py`."""
        return housekeeping(self)

    def downlink(self) -> bytes:
        """The housekeeping packet of now, TM[3,25]; see `fsw/telemetry.py`."""
        self._packets += 1
        return encode_housekeeping(self.housekeeping(), self.clock.mission_ns, self._packets)

    def drain_events(self) -> list[Event]:
        """Events since the last call."""
        return self.events.drain()

    def reset_counters(self) -> None:
        """Zero the counters of events, link, protected store and telecommands in housekeeping.

        The store's own counters go on: only what housekeeping shows of them starts anew.
        """
        self.events.reset_counters()
        self._store_base = replace(self.memory.counters)
        self.link.counters = LinkCounters()
        self.commanding.accepted = 0
        self.commanding.refused.clear()

    def parameters_changed(self) -> None:
        """Have the controller's limits and protected memory follow the parameters."""
        self.controller.want_all(configuration(self.parameters))
        self.golden.rebuild()

    def _apps(self) -> list[App]:
        return [
            App("commanding", EVERY_CYCLE, self._command, _nothing),
            App("acquisition", EVERY_CYCLE, self._acquire, self._restart_acquisition),
            App("watch", EVERY_CYCLE, self._watch, self._restart_watch),
            App("checks", EVERY_SECOND, self.checks.step, self.checks.start),
            App("faults", EVERY_SECOND, self.faults.step, self.faults.start),
            App("modes", EVERY_SECOND, self.modes.step, self.modes.start),
            App("power", EVERY_SECOND, self.power.step, self.power.start),
            App("thermal", EVERY_SECOND, self.thermal.step, self.thermal.start),
            App("compute", EVERY_SECOND, self.compute.step, self.compute.start),
            App("trays", EVERY_SECOND, self.trays.step, self.trays.start),
            App("scrubbing", EVERY_SECOND, self.scrubbing.step, self.scrubbing.start),
            App("charge", EVERY_SECOND, self._keep_charge, _nothing, phase=5),
            App("upkeep", EVERY_TEN_SECONDS, self._upkeep, _nothing, phase=7),
        ]

    def _start_acquisition(
        self, soc: float | None, soc_ns: int, current_failed: CurrentSensor | None
    ) -> None:
        self.acquisition = Acquisition(
            self.parameters, self._trays, soc, None if soc is None else soc_ns, current_failed
        )

    def _restart_acquisition(self) -> None:
        acquisition = self.acquisition
        steady_ns = self.clock.steady_ns
        self._start_acquisition(acquisition.charge.soc, steady_ns, acquisition.current.failed)

    def _command(self, _steady_ns: int) -> None:
        self.commanding.step(self.clock.mission_ns)

    def _acquire(self, time_ns: int) -> None:
        link = self.link_cycle
        if link.fast is not None:
            telemetry = self.acquisition.fast(link.fast, time_ns)
            self.bus.publish(telemetry, time_ns)
            self.corrected_met += telemetry.memory_corrected
            if telemetry.memory_uncorrectable:
                self.golden.uncorrectable(telemetry.memory_uncorrectable)
            self.frames.notice(telemetry.config_damaged)
        if link.trays is not None:
            self.bus.publish(self.acquisition.trays(link.trays, time_ns), time_ns)

    def _watch(self, time_ns: int) -> None:
        self.scrubbing.count(time_ns)
        self.faults.count(time_ns)
        self.thermal.watch(time_ns)
        self.compute.watch(time_ns)

    def _restart_watch(self) -> None:
        self.thermal.start()
        self.scrubbing.start()

    def _keep_charge(self, time_ns: int) -> None:
        """The charge, what was decided, and a part of the protected store's own scrub."""
        stored, rack = self.stored, self.rack
        self.memory.scrub(STORE_SCRUB_WORDS)
        if time_ns // 1_000_000_000 % 5 == 0:
            stored.soc = self.acquisition.charge.soc
            stored.time_ns = self.clock.mission_ns
            stored.save_charge(self.memory)
        decided = (
            rack.pump_b,
            *rack.pump_failed,
            rack.flow_sensor_failed,
            self.acquisition.current.failed,
            rack.given_up,
            rack.load_limit,
        )
        known = (
            stored.pump_b,
            stored.pump_a_failed,
            stored.pump_b_failed,
            stored.flow_sensor_failed,
            stored.current_failed,
            stored.given_up,
            stored.load_limit,
        )
        if decided != known:
            self.save_mode()

    def save_mode(self) -> None:
        """Store what was decided once."""
        stored, rack = self.stored, self.rack
        stored.pump_b = rack.pump_b
        stored.pump_a_failed, stored.pump_b_failed = rack.pump_failed
        stored.flow_sensor_failed = rack.flow_sensor_failed
        stored.current_failed = self.acquisition.current.failed
        stored.given_up = rack.given_up
        stored.load_limit = rack.load_limit
        stored.save_mode(self.memory)

    def _upkeep(self, time_ns: int) -> None:
        self.golden.check()
        self.golden.patrol()
        self.frames.check()
        stored = self.stored
        cycles, failures, trips = self._base
        stored.cycles = cycles + self.executive.cycle
        stored.app_failures = failures + self.executive.failures
        stored.monitor_trips = trips + self.faults.protection.trips
        stored.controller_resets += self.link_cycle.take_resets()
        stored.save_counters(self.memory)

    def _kicked(self) -> None:
        self._kicked_ns = self.clock.steady_ns

    def _is_configured(self) -> bool:
        """Once it is, a change of parameters does not take the rack back to boot."""
        self._ready = self._ready or self.golden.verified
        return self._ready

    def _configured(self, kept: bool) -> None:
        """The link was synchronised: take up what the controller holds, or start it afresh."""
        controller, stored = self.controller, self.stored
        self._ready = kept
        if not kept:
            self.acquisition.forget_counters()
            controller.want(r.CONTROL_POWER_SWITCH, 0)
            self.rack.switches = 0
            self.trays.care.lost_power()
            if self.modes.modes.mode is not Mode.BOOT:
                return  # the mode table goes back to boot by itself
        if self._resumed:
            return
        self._resumed = True
        if not kept:
            drive = r.CONTROL_PUMP_DRIVE.field("a").raw(self.parameters["pump_drive_min"])
            pumps = drive if self.rack.pump_b else drive << 16
            controller.want(r.CONTROL_PUMP_DRIVE, pumps)
            return
        for register in (
            r.CONTROL_POWER_SWITCH,
            r.CONTROL_PUMP_DRIVE,
            r.CONTROL_THERMAL_DRIVE,
            r.CONTROL_SCRUB,
        ):
            controller.want(register, controller.known[register.address])
        self.rack.switches = controller.known[r.CONTROL_POWER_SWITCH.address]
        self.thermal.start()
        self.trays.take_over(self.rack.switches)
        mode = stored.mode
        if mode is None:
            mode = Mode.NOMINAL if self.rack.switches else Mode.STANDBY
        self.modes.resume(mode, self.clock.steady_ns)
        self.events.report(
            Severity.INFO,
            "RESUMED",
            f"resumed in mode {mode} with {self.rack.switches.bit_count()} trays on",
            mode=str(mode),
            trays=self.rack.switches.bit_count(),
        )

    def _next_eclipse(self, time_s: float) -> tuple[float, float] | None:
        offset_s = self.clock.offset_s
        eclipse = self.commanding.forecast.next_eclipse(time_s + offset_s)
        return None if eclipse is None else (eclipse[0] - offset_s, eclipse[1] - offset_s)

    def _forecast_until_s(self) -> float:
        return self.commanding.forecast.until_s - self.clock.offset_s


def _nothing() -> None:
    """Restart of an app without a state of its own."""
