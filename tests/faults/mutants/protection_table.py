"""Defects that take one protection of flight software away each, beside those of `flight_table`."""

from __future__ import annotations

import dataclasses
from typing import Any

from pytest import MonkeyPatch

import fsw.controller
import fsw.fault_protection
import fsw.frame_care
import fsw.latchup_check
import fsw.link_cycle
import fsw.mission_clock
import fsw.monitors
import fsw.payload_link
import fsw.power
import fsw.protected_memory
import fsw.stored_state
import fsw.thermal
import fsw.trays
from fsw import registers as r
from fsw.monitors import Monitor, Response
from tests.faults.mutants.flight_mutant import FlightMutant, entering, nothing, replace

PROTECTION_MUTANTS: list[FlightMutant] = []
_mutant = entering(PROTECTION_MUTANTS)

# -- what answers the monitors, and the laws


def _without(response: Response) -> tuple[Monitor, ...]:
    """The table of monitors, none of which asks for `response`."""

    def dulled(asked: Response) -> Response:
        return Response.EVENT if asked is response else asked

    return tuple(
        dataclasses.replace(m, response=dulled(m.response), escalation=dulled(m.escalation))
        for m in fsw.monitors.MONITORS
    )


def _monitors(patch: MonkeyPatch, monitors: tuple[Monitor, ...]) -> None:
    start = fsw.fault_protection.FaultProtection.__init__

    def other(self: Any, parameters: Any, report: Any) -> None:
        start(self, parameters, report, monitors)

    replace(patch, fsw.fault_protection.FaultProtection, "__init__", other)


def _blind(patch: MonkeyPatch, name: str) -> None:
    """One monitor sees nothing."""
    names = [monitor.name for monitor in fsw.monitors.MONITORS]
    index = names.index(name)
    blind = dataclasses.replace(fsw.monitors.MONITORS[index], condition=lambda o, p: False)
    _monitors(patch, (*fsw.monitors.MONITORS[:index], blind, *fsw.monitors.MONITORS[index + 1 :]))


@_mutant("no standby on a fault", "trays stay on without coolant, pumps or charge")
def _(patch: MonkeyPatch) -> None:
    _monitors(patch, _without(Response.STANDBY))


@_mutant("no shedding on a fault", "the load stays when the bus sags or the coolant boils")
def _(patch: MonkeyPatch) -> None:
    _monitors(patch, _without(Response.SHED))


@_mutant("no degraded mode on a fault", "the rack counts as whole with a pump or sensors lost")
def _(patch: MonkeyPatch) -> None:
    _monitors(patch, _without(Response.DEGRADED))


@_mutant("no escalation", "a response that does not help is all there is")
def _(patch: MonkeyPatch) -> None:
    _monitors(patch, tuple(dataclasses.replace(m, escalate="") for m in fsw.monitors.MONITORS))


@_mutant("critical charge ignored", "the battery is emptied to its end")
def _(patch: MonkeyPatch) -> None:
    _blind(patch, "CRITICAL_CHARGE")


@_mutant("currents that do not add up ignored", "nobody is told that one of them lies")
def _(patch: MonkeyPatch) -> None:
    _blind(patch, "BUS_BALANCE")


@_mutant("lost flow ignored", "trays stay on in an empty loop")
def _(patch: MonkeyPatch) -> None:
    _blind(patch, "FLOW_LOST")


@_mutant("no freeze override", "coolant near freezing meets only the slow valve")
def _(patch: MonkeyPatch) -> None:
    replace(patch, fsw.thermal.ThermalLaw, "_freezing", lambda self, inputs: False)


@_mutant("load does not follow the array", "the battery pays for wings that are gone")
def _(patch: MonkeyPatch) -> None:
    replace(patch, fsw.power.PowerLaw, "_sunlit_cap", lambda self, *_: float(self._rack_max_w))


# -- trays


@_mutant("tripped trays never re-armed", "one latch-up costs a tray for good")
def _(patch: MonkeyPatch) -> None:
    tripped = fsw.trays.TrayCare._tripped

    def once(self: Any, index: int, care: Any, tray: Any, time_s: float, masks: Any) -> None:
        tripped(self, index, care, tray, time_s, masks)
        masks.clear_over_current = masks.clear_over_temperature = 0

    replace(patch, fsw.trays.TrayCare, "_tripped", once)


@_mutant("trays that stay hot not switched off", "a tray above slowdown stays on, throttled")
def _(patch: MonkeyPatch) -> None:
    replace(patch, fsw.trays.TrayCare, "too_hot", nothing)


@_mutant("small latch-ups not noticed", "a short below the trip heats its tray for ever")
def _(patch: MonkeyPatch) -> None:
    replace(patch, fsw.latchup_check.LatchUpCheck, "look", lambda self, trays: 0)


@_mutant("idle trays allowed full power", "a short of a tray without load hides below full load")
def _(patch: MonkeyPatch) -> None:
    replace(
        patch,
        fsw.latchup_check.LatchUpCheck,
        "allowed_w",
        lambda self, tray: self._parameters["tray_power_max_w"],
    )


@_mutant("clock of a tray not asked", "a short of a throttled tray hides below full load")
def _(patch: MonkeyPatch) -> None:
    replace(patch, fsw.latchup_check, "dynamic_share", lambda clock_share: 1.0)


@_mutant("current of a tray believed alone", "one lying sensor power cycles its tray")
def _(patch: MonkeyPatch) -> None:
    look = fsw.latchup_check.LatchUpCheck.look

    def trusting(self: Any, trays: Any) -> int:
        volts = self._parameters["tray_busbar_v"]
        told = [dataclasses.replace(tray, power_w=tray.current_a * volts) for tray in trays]
        return look(self, told)

    replace(patch, fsw.latchup_check.LatchUpCheck, "look", trusting)


@_mutant("one look tells a latch-up", "every tray that stops computing is power cycled")
def _(patch: MonkeyPatch) -> None:
    start = fsw.latchup_check.LatchUpCheck.__init__

    def hasty(self: Any, parameters: Any, trays: int, report: Any) -> None:
        start(self, {**parameters, "tray_latchup_looks": 1.0}, trays, report)

    replace(patch, fsw.latchup_check.LatchUpCheck, "__init__", hasty)


@_mutant("no power cycles", "a tray whose reset does not help hangs for ever")
def _(patch: MonkeyPatch) -> None:
    replace(patch, fsw.trays.TrayCare, "_cycle", nothing)


@_mutant("trays come on together", "nobody waits between two load switches")
def _(patch: MonkeyPatch) -> None:
    replace(patch, fsw.trays, "HALF_CYCLE_S", 1e9)


# -- memories


@_mutant("fatal scanner not restarted", "one upset of the scanner ends all scanning")
def _(patch: MonkeyPatch) -> None:
    replace(patch, fsw.frame_care.FrameCare, "_restart", nothing)


@_mutant("store without second copy", "a record with a damaged copy is lost")
def _(patch: MonkeyPatch) -> None:
    copy = fsw.protected_memory.ProtectedMemory._copy

    def single(self: Any, record: Any, start: int) -> Any:
        if start >= self._half:
            return fsw.protected_memory._DAMAGED
        return copy(self, record, start)

    replace(patch, fsw.protected_memory.ProtectedMemory, "_copy", single)


@_mutant(
    "lost records kept", "damaged copies of a record stay in the store, and nobody hears of it"
)
def _(patch: MonkeyPatch) -> None:
    replace(patch, fsw.protected_memory.ProtectedMemory, "_lose", nothing)


# -- link and restarts


@_mutant("a port that failed is given up", "one pull at the plug ends the link")
def _(patch: MonkeyPatch) -> None:
    attempt = fsw.payload_link.PayloadLink._try

    def once(self: Any, command: Any, shortest: int, data_bytes: Any) -> Any:
        if self.counters.port_errors:
            raise OSError("given up")
        return attempt(self, command, shortest, data_bytes)

    replace(patch, fsw.payload_link.PayloadLink, "_try", once)


@_mutant("telemetry goes before the kick", "a tray block that does not come holds up all writes")
def _(patch: MonkeyPatch) -> None:
    def writes_first(self: Any, value: bool) -> None:
        pass

    never = property(lambda self: False, writes_first)
    patch.setattr(fsw.link_cycle.LinkCycle, "_writes_first", never, raising=False)


@_mutant("lost configuration not noticed", "a controller whose watchdog is off flies on")
def _(patch: MonkeyPatch) -> None:
    plausible = fsw.link_cycle.LinkCycle._plausible

    def trusting(self: Any, fast: bytes, time_ns: int) -> bool:
        enabled = bytes((fast[3] | fsw.link_cycle.WATCHDOG_ENABLED,))
        return plausible(self, fast[:3] + enabled + fast[4:], time_ns)

    replace(patch, fsw.link_cycle.LinkCycle, "_plausible", trusting)


@_mutant("mission time measures durations", "a clock that jumps back freezes every timer")
def _(patch: MonkeyPatch) -> None:
    advance = fsw.mission_clock.MissionClock.advance

    def trusting(self: Any, mission_ns: int) -> int:
        advance(self, mission_ns)
        self.steady_ns = mission_ns
        return mission_ns

    replace(patch, fsw.mission_clock.MissionClock, "advance", trusting)


@_mutant("kept configuration not recognised", "silence is taken for a reset of the controller")
def _(patch: MonkeyPatch) -> None:
    read_back = fsw.controller.Controller.read_back
    watchdog = r.CONTROL_WATCHDOG

    def wary(self: Any) -> None:
        read_back(self)
        self.known[watchdog.address] &= ~fsw.link_cycle.WATCHDOG_ENABLE_BIT

    replace(patch, fsw.controller.Controller, "read_back", wary)


@_mutant("decisions forgotten at a restart", "the broken pump is used again after every reboot")
def _(patch: MonkeyPatch) -> None:
    load = fsw.stored_state.StoredState.load

    def forgetful(memory: Any) -> Any:
        stored = load(memory)
        return fsw.stored_state.StoredState(
            mode=stored.mode, soc=stored.soc, time_ns=stored.time_ns, starts=stored.starts
        )

    replace(patch, fsw.stored_state.StoredState, "load", forgetful)
