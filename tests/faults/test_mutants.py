"""The tables of mutants fit today's sources, and a controller in which none acts is the controller.

That the suites kill them is shown by `make mutants`; tests/conformance runs on the simulation with
all gateware mutants in it through `-p tests.faults.mutants.mutated_rtl`.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import hil.targets.rtl
from gateware.triplication import triplicated
from hil.faults.case_flight import connected
from hil.faults.kinds import Needs
from hil.targets.model import ModelTarget
from tests.faults.mutants.apply import FLIGHT, FLIGHT_TABLES, GATEWARE, applied
from tests.faults.mutants.gateware_build import MutantTarget, mutated_files, number_of
from tests.faults.mutants.gateware_table import GATEWARE_MUTANTS, Change
from tests.faults.mutants.kill import fly

TRAYS = 4
BIT = 1 << 3
SPIKES = "return temperature has spikes"


def test_every_gateware_mutant_has_its_place(tmp_path: Path) -> None:
    changed = {path.name for path in mutated_files(tmp_path)}
    assert {change.file for mutant in GATEWARE_MUTANTS for change in mutant.changes} < changed
    for number, mutant in enumerate(GATEWARE_MUTANTS, 1):
        for change in mutant.changes:
            text = (tmp_path / change.file).read_text(encoding="utf-8")
            assert f"mutant == 8'd{number}) ? ({change.new}) :" in text, mutant.name


def test_a_mutant_whose_text_is_gone_is_an_error(tmp_path: Path) -> None:
    gone = dataclasses.replace(
        GATEWARE_MUTANTS[0], changes=(Change("voter.v", "i_a ^ i_b", "i_a"),)
    )
    with pytest.raises(ValueError, match="'voter ORs': voter.v has 'i_a .* 0 times"):
        mutated_files(tmp_path, [gone])


@pytest.mark.parametrize("name", FLIGHT)
def test_every_flight_mutant_is_put_in_and_taken_out(name: str) -> None:
    before = {kind: dict(vars(kind)) for kind in touched()}
    with applied(name):
        changed = [kind for kind, members in before.items() if dict(vars(kind)) != members]
        assert changed or modules_changed(name), name
    assert all(dict(vars(kind)) == members for kind, members in before.items())


def touched() -> list[type]:
    """Every class of flight software's modules."""
    modules = [module for name, module in sys.modules.items() if name.startswith("fsw.")]
    kinds = {
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and value.__module__.startswith("fsw.")
    }
    return sorted(kinds, key=lambda kind: (kind.__module__, kind.__qualname__))


def modules_changed(name: str) -> bool:
    """Whether the mutant, which is in, is a constant of a module."""
    patch = pytest.MonkeyPatch()
    FLIGHT[name].put(patch)
    changed = bool(patch._setattr)
    patch.undo()
    return changed


def test_names_differ() -> None:
    defined = sum(map(len, FLIGHT_TABLES)) + len(GATEWARE_MUTANTS)
    assert len(FLIGHT) + len(GATEWARE) == defined
    assert not set(FLIGHT) & set(GATEWARE)


def test_an_unknown_name_says_what_there_is() -> None:
    known = "no gateware mutant 'voter NORs'; there is voter ORs, "
    with pytest.raises(KeyError, match=known), applied("voter NORs"):
        pass


@pytest.fixture(scope="module")
def target() -> Iterator[MutantTarget]:
    made = MutantTarget(TRAYS)
    yield made
    made.close()


def struck(target: MutantTarget, name: str) -> int:
    """The switches driven after bit 3 of copy B of an open power switch was struck."""
    target.select(number_of(name) if name else 0)
    target.reset()
    assert target.flip_register("power_switch", "b", BIT)
    switches = int.from_bytes(target.actuators()[:4], "big")
    target.select(0)
    return switches


def test_the_mutant_that_acts_is_chosen_at_run_time(target: MutantTarget) -> None:
    assert struck(target, "") == 0
    assert struck(target, "copies not repaired") == 0  # the vote still holds
    assert struck(target, "") == 0
    target.select(number_of("copies not repaired"))
    target.reset()
    for copy in "bc":
        target.flip_register("power_switch", copy, BIT)
    assert int.from_bytes(target.actuators()[:4], "big") == BIT
    target.select(0)


def test_none_acts_as_the_controller_does(target: MutantTarget) -> None:
    model = ModelTarget(TRAYS)
    target.reset()
    model.reset()
    sensors = bytes(range(256))[: target.sensor_bytes]
    for each in (target, model):
        each.set_sensors(sensors)
        each.advance_to(each.now_ns + 1_000_000_000)
        for register in triplicated(TRAYS):
            each.flip_register(register, "a", 1)
    assert target.actuators() == model.actuators()


def test_applied_makes_every_rtl_target_a_mutant() -> None:
    with applied("watchdog never expires"):
        made = hil.targets.rtl.RtlTarget(TRAYS)
        assert isinstance(made, MutantTarget)
        assert made.mutant == number_of("watchdog never expires")
        made.close()
    assert hil.targets.rtl.RtlTarget is not MutantTarget


def test_a_mutant_is_in_simulations_with_names_too() -> None:
    """As cases fly them that strike flip-flops."""
    with applied("thermostat dead"), connected("rtl", TRAYS, Needs.NAMES) as connection:
        made = connection.target
        assert isinstance(made, MutantTarget)
        assert made.mutant == number_of("thermostat dead")
        assert "rmap_target.state_q" in made.flops()


@pytest.mark.parametrize(
    "name",
    [
        "over-current trips the neighbour",
        "supply vote takes sensor A",
        "app exception not isolated",
    ],
)
def test_a_mutant_is_noticed(name: str) -> None:
    verdict = fly(name)
    assert verdict.killed_by, verdict.how


def test_a_case_that_holds_lets_a_mutant_survive(monkeypatch: pytest.MonkeyPatch) -> None:
    """Though another one notices it."""
    cases = {"spikes believed": ("sensors", (SPIKES, "bus voltage is noisy"))}
    monkeypatch.setattr("tests.faults.mutants.kill.KILLED_BY", cases)
    verdict = fly("spikes believed")
    assert (verdict.killed_by, verdict.how) == ((), "held: bus voltage is noisy")
