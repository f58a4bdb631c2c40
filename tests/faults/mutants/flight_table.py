"""Defects of flight software: its laws, supervision and care of trays.

Each says what it breaks. The other tables: sensors, memories and link, protections.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from pytest import MonkeyPatch

import fsw.executive
import fsw.fault_protection
import fsw.laws
import fsw.link_cycle
import fsw.modes
import fsw.power
import fsw.power_cut
import fsw.scrubbing
import fsw.thermal
import fsw.trays
from tests.faults.mutants.flight_mutant import FlightMutant, entering
from tests.faults.mutants.flight_mutant import nothing as _nothing
from tests.faults.mutants.flight_mutant import replace as _replace

FLIGHT_MUTANTS: list[FlightMutant] = []
_mutant = entering(FLIGHT_MUTANTS)


# -- thermal


@_mutant("no anti-windup", "a governor that was cold for long does not cut in time")
def _(patch: MonkeyPatch) -> None:
    def step(self: Any, excess_k: float, drawn: float, dt_s: float) -> float:
        self._integral -= self.integral_per_k_s * excess_k * dt_s
        wanted = self._integral - self.gain_per_k * excess_k
        self.output = fsw.thermal.clamp(wanted, self.lowest, 1.0)
        return float(self.output)

    _replace(patch, fsw.thermal.Governor, "step", step)


@_mutant("HBM ignored", "trays with hot memory are not throttled")
def _(patch: MonkeyPatch) -> None:
    law, cut = fsw.thermal.ThermalLaw.step, fsw.thermal.EmergencyCut.step

    def blind(self: Any, inputs: Any, dt_s: float) -> Any:
        cold = tuple(0.0 for _ in inputs.tray_hbm_k)
        return law(self, dataclasses.replace(inputs, tray_hbm_k=cold, hottest_hbm_k=0.0), dt_s)

    _replace(patch, fsw.thermal.ThermalLaw, "step", blind)
    _replace(patch, fsw.thermal.EmergencyCut, "step", lambda self, gpu, _: cut(self, gpu, 0.0))


@_mutant("no emergency cut", "heat that comes fast meets only the slow governors")
def _(patch: MonkeyPatch) -> None:
    _replace(patch, fsw.thermal.EmergencyCut, "step", lambda self, gpu, hbm: False)


@_mutant("bypass valve reversed", "the coolant is cooled when it is cold")
def _(patch: MonkeyPatch) -> None:
    valve = fsw.thermal.ThermalLaw._bypass_valve

    def reversed_valve(self: Any, inputs: Any, override: bool, dt_s: float) -> float:
        mirrored_k = 2.0 * self._parameters["coolant_setpoint_k"] - inputs.coolant_supply_k
        mirrored = dataclasses.replace(inputs, coolant_supply_k=mirrored_k)
        return valve(self, mirrored, override, dt_s)

    _replace(patch, fsw.thermal.ThermalLaw, "_bypass_valve", reversed_valve)


@_mutant("pump failure not noticed", "nobody changes over to the other pump")
def _(patch: MonkeyPatch) -> None:
    _replace(patch, fsw.laws.ThermalApp, "_check_pump", _nothing)


@_mutant("a pump that spins up is a failed one", "a stall of the last pump switches the rack off")
def _(patch: MonkeyPatch) -> None:
    _replace(patch, fsw.thermal.PumpMonitor, "_spun_up_s", lambda self, _: 0.0)


@_mutant("watchdog shorter than a start", "a restart of the flight computer ends in the safe state")
def _(patch: MonkeyPatch) -> None:
    setup = fsw.link_cycle.configuration

    def hasty(parameters: Any) -> Any:
        return setup({**parameters, "watchdog_period_ticks": 500.0})

    _replace(patch, fsw.link_cycle, "configuration", hasty)


# -- power


@_mutant("eclipse ignored", "the rack computes through the dark as if there were light")
def _(patch: MonkeyPatch) -> None:
    law = fsw.power.PowerLaw.step

    def bright(self: Any, inputs: Any) -> Any:
        never = (inputs.time_s + 1e6, inputs.time_s + 1e6 + 60.0)
        return law(self, dataclasses.replace(inputs, dark=False, eclipse=never))

    _replace(patch, fsw.power.PowerLaw, "step", bright)


@_mutant("cuts for want of power not told", "compute is taken away and nobody says why")
def _(patch: MonkeyPatch) -> None:
    _replace(patch, fsw.power_cut.PowerCut, "step", _nothing)


@_mutant("low battery ignored", "no tray is shed below the floor")
def _(patch: MonkeyPatch) -> None:
    _replace(patch, fsw.power.PowerLaw, "_shed_load", _nothing)


# -- supervision


@_mutant("persistence ignored", "monitors trip on what lasts no time")
def _(patch: MonkeyPatch) -> None:
    start = fsw.fault_protection.FaultProtection.__init__

    def hasty(
        self: Any, parameters: Any, report: Any, monitors: Any = fsw.monitors.MONITORS
    ) -> None:
        at_once = tuple(dataclasses.replace(m, persistence="persistence_now_s") for m in monitors)
        start(self, parameters, report, at_once)

    _replace(patch, fsw.fault_protection.FaultProtection, "__init__", hasty)


@_mutant("monitors blind", "no condition ever trips a monitor")
def _(patch: MonkeyPatch) -> None:
    _replace(patch, fsw.fault_protection.FaultProtection, "_judge", _nothing)


@_mutant("safe state never left", "one fall to safe ends the mission")
def _(patch: MonkeyPatch) -> None:
    kept = tuple(
        dataclasses.replace(row, guard=lambda c, allowed: False)
        if row.source is fsw.modes.Mode.SAFE
        else row
        for row in fsw.modes.TRANSITIONS
    )
    _replace(patch, fsw.modes, "TRANSITIONS", kept)


@_mutant("app exception not isolated", "one failing app takes the others with it")
def _(patch: MonkeyPatch) -> None:
    def failed(self: Any, app: Any, error: Exception) -> None:
        raise RuntimeError(f"{app.name} failed") from error

    _replace(patch, fsw.executive.Executive, "_failed", failed)


@_mutant("apps not restarted", "an app whose state is bad fails for ever")
def _(patch: MonkeyPatch) -> None:
    start = fsw.executive.Executive.__init__

    def patient(self: Any, apps: Any, report: Any, failures_before_restart: int = 1 << 40) -> None:
        start(self, apps, report, failures_before_restart)

    _replace(patch, fsw.executive.Executive, "__init__", patient)


@_mutant("watchdog kicked though an app hangs", "a dead app is never noticed")
def _(patch: MonkeyPatch) -> None:
    _replace(patch, fsw.executive.Executive, "all_ran", lambda self: True)


# -- trays


@_mutant("tripped trays re-armed at once, without end", "a latched-up tray is switched on for ever")
def _(patch: MonkeyPatch) -> None:
    def tripped(self: Any, index: int, care: Any, tray: Any, time_s: float, masks: Any) -> None:
        care.on = False
        masks.clear_over_current |= tray.over_current << index
        masks.clear_over_temperature |= tray.over_temperature << index

    _replace(patch, fsw.trays.TrayCare, "_tripped", tripped)


@_mutant("hung trays not reset", "a hung tray hangs for ever")
def _(patch: MonkeyPatch) -> None:
    _replace(patch, fsw.trays.TrayCare, "_watch", _nothing)


@_mutant("weights never reloaded", "a tray goes on with weights known to be wrong")
def _(patch: MonkeyPatch) -> None:
    _replace(patch, fsw.scrubbing.ScrubLaw, "_reload", lambda self, time_s, trays: 0)


@_mutant("weights never checked", "wrong weights are never noticed")
def _(patch: MonkeyPatch) -> None:
    _replace(patch, fsw.scrubbing.ScrubLaw, "_digest", lambda self, time_s, trays: 0)
