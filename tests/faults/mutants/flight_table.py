"""Defects of flight software: changes of classes and constants of `fsw/`, for as long as asked.

Each says what it breaks. More of them are in `protection_table.py`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from pytest import MonkeyPatch

import fsw.acquisition
import fsw.controller
import fsw.current_check
import fsw.executive
import fsw.fault_protection
import fsw.flight_software
import fsw.flow_check
import fsw.frame_care
import fsw.golden_copy
import fsw.golden_image
import fsw.laws
import fsw.link_cycle
import fsw.modes
import fsw.payload_link
import fsw.power
import fsw.power_cut
import fsw.protected_memory
import fsw.rack
import fsw.scrubbing
import fsw.supervision
import fsw.supply_vote
import fsw.thermal
import fsw.tray_check
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


@_mutant("supply vote takes sensor A", "one lying sensor moves valve, heater and caps")
def _(patch: MonkeyPatch) -> None:
    vote = fsw.supply_vote.SupplyVote.update

    def first(self: Any, values_k: Any, valid: Any) -> float:
        vote(self, values_k, valid)
        return float(values_k[0])

    _replace(patch, fsw.supply_vote.SupplyVote, "update", first)


@_mutant("stuck sensors believed", "a sensor that stands still keeps its vote")
def _(patch: MonkeyPatch) -> None:
    _replace(patch, fsw.supply_vote.SupplyVote, "STUCK_SAMPLES", 1 << 40)


@_mutant("spikes believed", "a step that no plant can make is taken for a measurement")
def _(patch: MonkeyPatch) -> None:
    _replace(patch, fsw.acquisition, "_SPIKE_SAMPLES", 1)


@_mutant("flow sensor always believed", "a dead flow sensor switches the rack off")
def _(patch: MonkeyPatch) -> None:
    _replace(patch, fsw.flow_check.FlowCheck, "step", lambda self, rack, trays, excess, dt_s: False)


@_mutant("heat not asked about the flow", "pumps that turn in an empty loop are taken for flow")
def _(patch: MonkeyPatch) -> None:
    carried = fsw.flow_check.FlowCheck._carried

    def trusting(self: Any, trays: Any, excess: Any, agrees: bool) -> bool | None:
        return None if carried(self, trays, excess, agrees) is None else True

    _replace(patch, fsw.flow_check.FlowCheck, "_carried", trusting)


@_mutant("the loop taken for as designed", "a pump or plate that is not condemns a sound loop")
def _(patch: MonkeyPatch) -> None:
    carried = fsw.flow_check.FlowCheck._carried

    def strict(self: Any, trays: Any, excess: Any, agrees: bool) -> bool | None:
        exact = {"flow_model_error": 0.0, "flow_learned_error": 0.0}
        self._parameters = {**self._parameters, **exact}
        return carried(self, trays, excess, agrees)

    _replace(patch, fsw.flow_check.FlowCheck, "_carried", strict)


@_mutant("cold trays judged as warm ones", "a tray that comes back is taken for too hot")
def _(patch: MonkeyPatch) -> None:
    _replace(patch, fsw.tray_check, "clamp", lambda *_: 1.0)


@_mutant("battery current always believed", "a lying current sensor empties the counted charge")
def _(patch: MonkeyPatch) -> None:
    denied, battery = (
        fsw.current_check.CurrentCheck._denied,
        fsw.current_check.CurrentSensor.BATTERY,
    )

    def others(self: Any) -> Any:
        found = denied(self)
        return None if found is battery else found

    _replace(patch, fsw.current_check.CurrentCheck, "_denied", others)


@_mutant("voltage not asked about the current", "a lying array sensor condemns the battery's")
def _(patch: MonkeyPatch) -> None:
    battery = fsw.current_check.CurrentSensor.BATTERY
    _replace(patch, fsw.current_check.CurrentCheck, "_denied", lambda self: battery)


@_mutant("array current always believed", "a lying array sensor is told and still used")
def _(patch: MonkeyPatch) -> None:
    denied, array = fsw.current_check.CurrentCheck._denied, fsw.current_check.CurrentSensor.ARRAY

    def others(self: Any) -> Any:
        found = denied(self)
        return None if found is array else found

    _replace(patch, fsw.current_check.CurrentCheck, "_denied", others)


@_mutant("trays not asked about the current", "a lying sensor of the loads condemns the array's")
def _(patch: MonkeyPatch) -> None:
    def silent(self: Any, drawn_a: float) -> None:
        self._excess_a = 0.0

    _replace(patch, fsw.current_check.CurrentCheck, "trays", silent)


@_mutant("one hot tray throttles all", "one lying sensor of a tray throttles the rack")
def _(patch: MonkeyPatch) -> None:
    _replace(patch, fsw.tray_check.TrayCheck, "_judge", _nothing)


@_mutant("watchdog shorter than a start", "a restart of the flight computer ends in the safe state")
def _(patch: MonkeyPatch) -> None:
    setup = fsw.link_cycle.configuration

    def hasty(parameters: Any) -> Any:
        return setup({**parameters, "watchdog_period_ticks": 500.0})

    _replace(patch, fsw.link_cycle, "configuration", hasty)


@_mutant("ranges not checked", "a broken sensor's end of range is a measurement")
def _(patch: MonkeyPatch) -> None:
    wide = tuple((*row[:3], -1e12, 1e12, row[5]) for row in fsw.acquisition._CHANNELS)
    _replace(patch, fsw.acquisition, "_CHANNELS", wide)


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


# -- memories


@_mutant("no faster scrub in radiation", "scrubbing keeps its quiet pace in a storm")
def _(patch: MonkeyPatch) -> None:
    _replace(patch, fsw.scrubbing.ScrubLaw, "_choose_level", _nothing)


@_mutant("lost words not rewritten", "an uncorrectable word of the controller stays")
def _(patch: MonkeyPatch) -> None:
    def count(self: Any, count: int) -> None:
        self.uncorrectable_met += count

    _replace(patch, fsw.golden_image.GoldenImage, "uncorrectable", count)


@_mutant("lost frames not rewritten", "an uncorrectable frame of the controller stays")
def _(patch: MonkeyPatch) -> None:
    _replace(patch, fsw.frame_care.FrameCare, "_rewrite", _nothing)


@_mutant("golden copies not compared", "what the controller's codes do not notice stays")
def _(patch: MonkeyPatch) -> None:
    _replace(patch, fsw.golden_copy.GoldenCopy, "patrol", _nothing)


@_mutant("registers not read back", "a register that lost its vote stays wrong")
def _(patch: MonkeyPatch) -> None:
    _replace(patch, fsw.controller.Controller, "compare", _nothing)


@_mutant("protected store not scrubbed", "upsets gather in flight software's store")
def _(patch: MonkeyPatch) -> None:
    _replace(patch, fsw.protected_memory.ProtectedMemory, "scrub", _nothing)


@_mutant("CRC of the store not checked", "what its code miscorrects is taken for a record")
def _(patch: MonkeyPatch) -> None:
    def whole(self: Any, record: Any, start: int) -> Any:
        return _accepted(self, record, start)

    _replace(patch, fsw.protected_memory.ProtectedMemory, "_copy", whole)


def _accepted(memory: Any, record: Any, start: int) -> Any:
    """`ProtectedMemory._copy` without its CRC."""
    store = fsw.protected_memory
    head: Sequence[int] | None = memory._load(start, 1)
    if head is None:
        return store._DAMAGED
    if not head[0]:
        return store._BLANK
    kind, length = head[0] >> 16, head[0] & 0xFFFF
    if kind != record.kind or length > record.capacity_bytes:
        return store._DAMAGED
    words = memory._load(start + 1, (length + 3) // 4 + 1)
    if words is None:
        return store._DAMAGED
    raw = b"".join(word.to_bytes(4, "big") for word in words[:-1])
    return store._Copy(store._State.GOOD, raw[:length])


# -- link


@_mutant("no retries", "one lost frame is one lost transaction")
def _(patch: MonkeyPatch) -> None:
    transact = fsw.payload_link.PayloadLink._transact

    def once(self: Any, command: Any, shortest: int, data_bytes: Any, retries: Any) -> Any:
        return transact(self, command, shortest, data_bytes, 0)

    _replace(patch, fsw.payload_link.PayloadLink, "_transact", once)


@_mutant("stale replies accepted", "the reply to an earlier command is taken for this one's")
def _(patch: MonkeyPatch) -> None:
    awaited = fsw.payload_link.PayloadLink._awaited

    def any_of_them(self: Any, payload: bytes, command: Any, data_bytes: Any) -> Any:
        try:
            reply = fsw.payload_link.decode_reply(payload)
        except fsw.payload_link.RmapError:
            return awaited(self, payload, command, data_bytes)
        taken = dataclasses.replace(command, transaction_id=reply.transaction_id)
        return awaited(self, payload, taken, data_bytes)

    _replace(patch, fsw.payload_link.PayloadLink, "_awaited", any_of_them)


@_mutant("stale telemetry accepted", "laws act on what was true long ago")
def _(patch: MonkeyPatch) -> None:
    telemetry, block = fsw.rack.RackTelemetry, fsw.rack.TrayBlockTelemetry
    _replace(patch, fsw.rack.Rack, "telemetry", lambda self, time_ns: self.bus.latest(telemetry))
    _replace(patch, fsw.rack.Rack, "tray_telemetry", lambda self, time_ns: self.bus.latest(block))


@_mutant("silence ends no slot", "lost replies are waited for until the cycle is late")
def _(patch: MonkeyPatch) -> None:
    for name in ("LOST_MAX", "LOST_BEFORE_TRAYS", "LOST_BEFORE_WRITES", "LOST_BEFORE_UPKEEP"):
        _replace(patch, fsw.link_cycle, name, 1 << 20)


@_mutant("nothing taken over at a start", "a reboot of flight software switches the rack off")
def _(patch: MonkeyPatch) -> None:
    configured = fsw.flight_software.FlightSoftware._configured

    def afresh(self: Any, kept: bool) -> None:
        configured(self, False)

    _replace(patch, fsw.flight_software.FlightSoftware, "_configured", afresh)
