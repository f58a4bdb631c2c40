"""A case of every outcome, the ledger that goes with it, and what fails a case."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fsw.mission_clock import MissionClock
from hil.errors import InjectionError, SimulatorDied
from hil.faults import run as runs
from hil.faults.case_flight import assemble, connected, fly
from hil.faults.case_flight import flown as laid_out
from hil.faults.golden import key
from hil.faults.outcome import Outcome
from hil.faults.pytest_items import Satellite
from hil.faults.run import Result
from hil.targets.kept import cache_directory
from hil.targets.model import ModelTarget

Inject = Callable[..., None]
Expect = Callable[..., None]


@pytest.fixture
def quick(satellite: Satellite) -> Satellite:
    """A rack that is up after half a minute, flown on the model for 70 s."""
    satellite.target = "model"
    satellite.vehicle_values = {"rack": {"boot_s": 3.0, "reload_s": 3.0}}
    satellite.duration_s = 70.0
    satellite.expected.append("energy_residual < 1e-6 always")
    return satellite


def flown(satellite: Satellite, kind: str, **parameters: Any) -> Result:
    satellite.faults.append({"kind": kind, "at_s": 40.0, **parameters})
    return satellite.fly(check=False)


def test_masked(quick: Satellite) -> None:
    result = flown(quick, "sensor.bias", channel="bus_current", bias=0.1, for_s=5)
    assert result.outcome is Outcome.MASKED
    (injection,) = result.injections
    assert injection.detected_ns is None and not injection.present
    assert injection.ended_ns == 45_000_000_000


def test_latent(quick: Satellite) -> None:
    result = flown(quick, "sensor.bias", channel="bus_current", bias=0.1)
    assert result.outcome is Outcome.LATENT
    assert result.injections[0].present


def test_latent_bits(quick: Satellite) -> None:
    quick.duration_s = 42.0  # the scrubber has not come by yet
    result = flown(quick, "upset.controller_memory", word=1000, bit=1)
    assert result.outcome is Outcome.LATENT


def test_corrected_by_a_code(quick: Satellite) -> None:
    result = flown(quick, "upset.flight_memory", word=1, bit=3)
    assert result.outcome is Outcome.CORRECTED
    (injection,) = result.injections
    assert injection.detected_by == "flight software (fsw_store_corrected)"
    assert injection.fate is not None and injection.fate.value == "corrected"


def test_corrected_by_a_voter(quick: Satellite) -> None:
    result = flown(quick, "upset.triplicated_copy", register="cap_3", copy="b", bit=2)
    assert result.outcome is Outcome.CORRECTED
    assert result.injections[0].detected_by == "controller (voter)"


def test_corrected_by_a_retry(quick: Satellite) -> None:
    result = flown(quick, "link.drop", direction="from_controller", frames=1)
    assert result.outcome is Outcome.CORRECTED
    assert "fsw_link" in result.injections[0].detected_by


def test_detected_and_recovered(quick: Satellite) -> None:
    quick.duration_s = 90.0
    result = flown(quick, "upset.tray_latchup", tray=3)
    assert result.outcome is Outcome.RECOVERED
    (injection,) = result.injections
    assert injection.detected_by == "TRAY_TRIP"
    assert injection.latency_s("detected") == pytest.approx(0.1, abs=0.1)
    assert injection.recovered_ns is not None
    assert "detected by TRAY_TRIP after 0.1 s" in str(injection)


def test_detected_and_lost(quick: Satellite) -> None:
    for pump in "ab":
        quick.faults.append({"kind": "actuator.pump_seized", "pump": pump, "at_s": 40.0})
    result = quick.fly(check=False)
    assert result.outcome is Outcome.LOST
    assert all(injection.recovered_ns is None for injection in result.injections)


def test_silent_corruption(quick: Satellite) -> None:
    result = flown(quick, "upset.tray_result", tray=2)
    assert result.outcome is Outcome.SILENT


@pytest.mark.parametrize("kind", ["link.unplugged", "link.silence"])
def test_hang(quick: Satellite, kind: str) -> None:
    result = flown(quick, kind)
    assert result.outcome is Outcome.HANG


def test_tool_error_when_the_bench_fails(quick: Satellite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ModelTarget, "_flip", lambda self, store, word, mask: 0)
    result = flown(quick, "upset.controller_memory", word=1, bit=1)
    assert result.outcome is Outcome.TOOL_ERROR
    assert not result.held
    assert InjectionError.__name__ in result.error
    assert "read back" in result.explained()


def test_tool_error_when_the_bench_fails_otherwise_than_foreseen(
    quick: Satellite, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: ModelTarget, store: object, word: int, mask: int) -> int:
        raise ZeroDivisionError("nobody thought of it")

    monkeypatch.setattr(ModelTarget, "_flip", broken)
    result = flown(quick, "upset.controller_memory", word=1, bit=1)
    assert result.outcome is Outcome.TOOL_ERROR and not result.held
    assert "ZeroDivisionError: nobody thought of it (test_outcomes.py:" in result.explained()


@pytest.mark.parametrize(
    ("other", "where", "sign"),
    [
        ("upset.tray_sefi", {"tray": 3}, "TRAY_RESET"),
        ("upset.flight_memory", {"word": 1, "bit": 3}, "flight software (fsw_store_corrected)"),
    ],
)
def test_a_silent_corruption_is_not_hidden_by_a_fault_that_is_noticed(
    quick: Satellite, other: str, where: dict[str, int], sign: str
) -> None:
    quick.duration_s = 90.0
    quick.faults.append({"kind": "upset.tray_result", "tray": 5, "at_s": 40.0})
    result = flown(quick, other, **where)
    silent, noticed = result.injections
    assert (silent.detected_by, noticed.detected_by) == ("", sign)
    assert result.outcome is Outcome.SILENT


def test_what_is_not_undone_is_not_recovered(quick: Satellite) -> None:
    quick.duration_s = 48.0  # the scrubber has not come by yet
    quick.faults.append({"kind": "upset.controller_memory", "word": 1000, "bit": 1, "at_s": 46.0})
    result = flown(quick, "link.drop", direction="from_controller", frames=1)
    memory, link = result.injections
    assert memory.present and not link.present
    assert result.outcome is Outcome.LOST


def test_masked_when_the_last_frame_of_a_fault_is_through(quick: Satellite) -> None:
    late = {"direction": "to_controller", "frames": 3, "delay_s": 0.001}
    result = flown(quick, "link.delay", **late)
    assert result.injections[0].detected_ns is None
    assert result.outcome is Outcome.MASKED


def test_an_app_that_takes_seconds_costs_the_cycles_it_takes(quick: Satellite) -> None:
    result = flown(quick, "computing.app_overrun", app="thermal", overrun_s=3.0, runs=1)
    fired_ns = result.injections[0].fired_ns
    assert fired_ns is not None
    second = fired_ns // 10**9  # of the row in which it ends
    before, after = result.trace.rows[second - 1], result.trace.rows[second + 4]
    assert int(after["deadline_misses"]) - int(before["deadline_misses"]) == 30
    assert int(after["fsw_irregular_cycles"]) - int(before["fsw_irregular_cycles"]) == 1
    # The spacecraft went on meanwhile: trays that boot as they would without it.
    assert after["trays_running"] == result.golden.rows[second + 4]["trays_running"]


def test_flight_software_tells_a_jump_of_its_clock_and_goes_on(quick: Satellite) -> None:
    result = flown(quick, "computing.clock_jump", jump_s=-30.0)
    (injection,) = result.injections
    assert (injection.detected_by, injection.latency_s("detected")) == ("CLOCK_JUMPED", 0.1)
    assert result.trace.rows[-1]["fsw_starts"] == 1
    assert result.outcome is Outcome.RECOVERED  # nor is it taken for silence of the link


def test_a_clock_jumps_to_before_the_mission(quick: Satellite) -> None:
    result = flown(quick, "computing.clock_jump", jump_s=-1e6)
    assert result.error == ""
    assert result.injections[0].evidence == "flight software is told -40 s more"
    assert result.outcome is Outcome.RECOVERED


def test_a_fault_that_never_fires_fails_its_case(quick: Satellite) -> None:
    result = flown(quick, "actuator.stuck", actuator="heater", value=0)  # it is off
    assert result.outcome is Outcome.TOOL_ERROR
    assert all(finding.held for finding in result.findings) and not result.held
    assert "never fired" in result.explained()


def test_a_condition_that_never_comes_fails_its_case(quick: Satellite) -> None:
    result = flown(quick, "plant.shadow", when='mode == "safe"')
    assert not result.held
    assert result.injections[0].begun_ns is None


def test_what_fails_is_explained(quick: Satellite, expect: Expect) -> None:
    expect('event "TRAY_TRIPPED" within 2 s', "soc < 0.5 always", "outcome == masked")
    quick.seed = 5
    result = flown(quick, "sensor.bias", channel="coolant_supply_b", bias=9)
    text = result.explained()
    assert not result.held
    for words in (
        "sensor.bias (channel coolant_supply_b, bias 9.0) at 40 s",
        "seed 5",
        'expected: event "TRAY_TRIPPED" within 2 s',
        "observed: not seen",
        "expected at 0.1 s: soc < 0.5 always",
        "observed: soc = 0.900",
        "observed: the outcome is detected and recovered",
        "to fly it again: racksat faults run",
    ):
        assert words in text, text


def test_faults_come_when_their_condition_is_met(quick: Satellite, inject: Inject) -> None:
    inject("sensor.bias", channel="bus_current", bias=1, when="trays_running >= 10", at_s=5)
    inject("upset.flight_memory", word=2, bit=1, when="transaction in flight", at_s=50)
    result = quick.fly(check=False)
    first, second = result.injections
    assert first.begun_ns is not None and 10e9 < first.begun_ns < 40e9
    # Not at the begin of the minor cycle that begins at 50 s, but when flight software flies it.
    assert second.begun_ns == second.fired_ns == 50_100_000_000


def test_what_a_fault_in_flight_brings_at_once_is_its_sign(quick: Satellite) -> None:
    result = flown(quick, "link.unplugged", when="transaction in flight", for_s=2)
    (injection,) = result.injections
    assert injection.begun_ns is not None and injection.fired_ns is not None
    assert injection.begun_ns <= injection.fired_ns
    assert (injection.detected_by, injection.latency_s("detected")) == ("LINK_FAILED", 0.0)


def test_a_reboot_in_mid_transaction(quick: Satellite) -> None:
    result = flown(quick, "computing.reboot", down_s=1.0)
    assert result.injections[0].evidence.endswith("between a command and its reply")
    assert result.outcome is Outcome.RECOVERED
    assert any(seen.id == "RESUMED" for seen in result.trace.events)
    assert result.trace.rows[-1]["fsw_starts"] == 2


def test_flight_software_that_dies_is_started_again(
    quick: Satellite, monkeypatch: pytest.MonkeyPatch
) -> None:
    advance = MissionClock.advance

    def brittle(self: MissionClock, mission_ns: int) -> int:
        if 0 < mission_ns < self.mission_ns:
            raise ValueError("time must advance")
        return advance(self, mission_ns)

    monkeypatch.setattr(MissionClock, "advance", brittle)
    result = flown(quick, "computing.clock_jump", jump_s=-5.0)
    assert len(result.deaths) >= 1 and "time must advance" in result.deaths[0]
    assert "flight software died" in result.explained()


def test_a_mission_flies_the_same_again(quick: Satellite) -> None:
    first = flown(quick, "link.bit_errors", rate=2e-4, for_s=10)
    second = quick.fly(check=False)
    assert first.trace == second.trace
    assert first.as_dict() == second.as_dict()


def test_golden_runs_are_kept_by_content(quick: Satellite, monkeypatch: pytest.MonkeyPatch) -> None:
    flown(quick, "plant.shadow", for_s=1)
    flights: list[object] = []
    plain = runs.fly
    monkeypatch.setattr(runs, "fly", lambda loop: (flights.append(loop), plain(loop)))
    quick.fly(check=False)
    assert len(flights) == 1  # the golden run was there
    what = laid_out(quick.case(), Path())
    kept = key(what.scenario, what.vehicle, "model")
    assert key(what.scenario, what.vehicle, "rtl") != kept
    for attribute, value in (("seed", 2), ("duration_s", 71.0), ("vehicle_values", {})):
        setattr(quick, attribute, value)
        other = laid_out(quick.case(), Path())
        assert key(other.scenario, other.vehicle, "model") != kept


def test_a_torn_golden_run_is_made_anew(quick: Satellite) -> None:
    first = flown(quick, "plant.shadow", for_s=1)
    what = laid_out(quick.case(), Path())
    path = cache_directory("golden") / f"{key(what.scenario, what.vehicle, 'model')}.json.gz"
    whole = path.read_bytes()
    for torn in (b"", whole[: len(whole) // 2], whole[:-4] + b"none"):
        path.write_bytes(torn)
        assert quick.fly(check=False).golden == first.golden
        assert path.read_bytes() == whole


def test_tool_error_when_the_golden_run_fails(
    quick: Satellite, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: ModelTarget, count: int) -> None:
        raise SimulatorDied("gone")

    quick.seed = 987_654  # of which no golden run is kept
    monkeypatch.setattr(ModelTarget, "_tick", broken)
    result = flown(quick, "plant.shadow")
    assert result.outcome is Outcome.TOOL_ERROR and not result.held
    assert "the golden run: SimulatorDied: gone" in result.explained()


def test_a_flight_without_faults_is_its_golden_run(quick: Satellite) -> None:
    quick.faults.append({"kind": "plant.shadow"})
    quick.expected.append("soc > 0 always")
    what = laid_out(quick.case(), Path())
    quick.faults.clear()
    traces = []
    for _ in range(2):  # of one mission, one after the other
        with connected("model", what.vehicle.rack.trays) as port:
            loop = assemble(what, port)
            fly(loop)
            traces.append(loop.trace)
    assert traces[0] == traces[1]
    assert traces[0] == runs.golden_of(what, "model")
