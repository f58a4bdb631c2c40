"""Defects of flight software: sensors that lie are believed, or sound ones are not."""

from __future__ import annotations

from typing import Any

from pytest import MonkeyPatch

import fsw.acquisition
import fsw.current_check
import fsw.flow_check
import fsw.supply_vote
import fsw.tray_check
from tests.faults.mutants.flight_mutant import FlightMutant, entering
from tests.faults.mutants.flight_mutant import nothing as _nothing
from tests.faults.mutants.flight_mutant import replace as _replace

SENSOR_MUTANTS: list[FlightMutant] = []
_mutant = entering(SENSOR_MUTANTS)


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


@_mutant("ranges not checked", "a broken sensor's end of range is a measurement")
def _(patch: MonkeyPatch) -> None:
    wide = tuple((*row[:3], -1e12, 1e12, row[5]) for row in fsw.acquisition._CHANNELS)
    _replace(patch, fsw.acquisition, "_CHANNELS", wide)
