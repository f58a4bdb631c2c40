"""Shrinking: against brute force on a stub that knows the answer, and once on the model."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hil.cli import app
from hil.errors import UsageError
from hil.faults.ddmin import ddmin, least
from hil.faults.injections import Injection
from hil.faults.judge import Finding
from hil.faults.outcome import Outcome
from hil.faults.run import Result
from hil.faults.shrink import Attempt, Shrinker, as_text, conclusion, write_case
from hil.faults.suite import Case, load
from hil.faults.trace import Seen, Trace

ALWAYS = "gpu_temp_max_c < 87 always"
CHANNELS = (
    "bus_current",
    "bus_voltage",
    "coolant_flow",
    "coolant_return",
    "array_current",
    "load_current",
)


def subsets(items: Sequence[int]) -> list[tuple[int, ...]]:
    return [c for n in range(len(items) + 1) for c in itertools.combinations(items, n)]


@pytest.mark.parametrize("seed", range(40))
def test_ddmin_leaves_nothing_that_could_go(seed: int) -> None:
    """Any test that fails for all items: no smaller part by one fails, by brute force."""
    rng = random.Random(seed)
    items = list(range(rng.randint(1, 7)))
    failing = {part for part in subsets(items) if rng.random() < 0.25} | {tuple(items)}
    found = tuple(ddmin(items, lambda part: tuple(part) in failing))
    assert found in failing
    for left in itertools.combinations(found, len(found) - 1):
        assert not left or left not in failing


@pytest.mark.parametrize("pair", list(itertools.combinations(range(6), 2)))
def test_ddmin_finds_the_pair(pair: tuple[int, int]) -> None:
    assert ddmin(range(6), lambda part: set(pair) <= set(part)) == list(pair)


@pytest.mark.parametrize("boundary", [1, 2, 37, 99, 100])
def test_least_finds_the_boundary(boundary: int) -> None:
    tried: list[int] = []

    def fails(number: int) -> bool:
        tried.append(number)
        return number >= boundary

    assert least(1, 100, fails) == boundary
    assert len(tried) <= 8


class Stub:
    """Flies nothing: fails as `fails` says, at the moment it says, and counts."""

    def __init__(self, fails: Callable[[Case], float | None], golden: Trace | None = None) -> None:
        self.fails = fails
        self.golden = golden or Trace()
        self.flown: list[str] = []

    def __call__(self, case: Case) -> Result:
        self.flown.append(as_text(case))
        injections = [
            Injection(n, fault, 0, begun_ns=_ns(fault), fired_ns=_ns(fault))
            for n, fault in enumerate(case.fault, start=1)
        ]
        at_s = self.fails(case)
        findings = [Finding(text, at_s is None, "", at_s) for text in case.expect]
        trace, seconds = Trace(), case.duration_s
        return Result(
            case,
            "stub",
            Outcome.LOST,
            injections,
            findings,
            seconds,
            "",
            "",
            (),
            trace,
            self.golden,
        )


def _ns(fault: Any) -> int:
    return round((25.0 if fault.when else fault.at_s) * 1e9)


def six(**values: Any) -> Case:
    faults = [
        {"kind": "sensor.bias", "channel": channel, "bias": 1.0, "at_s": 50.0 + n, "for_s": 30.0}
        for n, channel in enumerate(CHANNELS)
    ]
    table = {"name": "six", "duration_s": 200.0, "fault": faults, "expect": [ALWAYS]}
    return Case.model_validate(table | values)


def faults_of(case: Case) -> dict[str, Any]:
    return {fault.kind.channel: fault for fault in case.fault}  # type: ignore[attr-defined]


def shrunk(case: Case, stub: Stub) -> tuple[Case, list[Attempt]]:
    attempts: list[Attempt] = []
    shrinker = Shrinker(case, stub, attempts.append)
    found = shrinker.shrink()
    assert len(stub.flown) == len(set(stub.flown))  # nothing is flown twice
    assert len(attempts) == len(stub.flown) - 1
    return found, attempts


def pair_fails(case: Case) -> float | None:
    """Both of two faults, one for at least 4.2 s, of a flight of at least 90 s; at 90 s."""
    found = faults_of(case)
    if not {"bus_voltage", "array_current"} <= found.keys() or case.duration_s < 90:
        return None
    return 90.0 if found["bus_voltage"].for_s >= 4.2 else None


def test_a_pair_out_of_six_is_found_and_its_times_shortened_to_the_boundary() -> None:
    stub = Stub(pair_fails)
    found, attempts = shrunk(six(), stub)
    faults = faults_of(found)
    assert list(faults) == ["bus_voltage", "array_current"]
    assert faults["bus_voltage"].for_s == 4.2  # 4.1 holds
    assert faults["array_current"].for_s == 0.1  # a minor cycle
    assert found.duration_s == 90.0
    assert all(pair_fails(found.model_copy(update={"fault": (f,)})) is None for f in found.fault)
    assert attempts[-1].told in ("holds", "fails") and len(attempts) < 60


def test_the_start_is_made_simpler() -> None:
    def fails(case: Case) -> float | None:
        found = faults_of(case)
        if "bus_voltage" not in found or found["bus_voltage"].at_s < 12.3:
            return None
        return found["bus_voltage"].at_s + 5

    faults = [
        {"kind": "sensor.bias", "channel": "bus_voltage", "bias": 1.0, "when": "soc > 0.5"},
        {"kind": "sensor.bias", "channel": "bus_current", "bias": 1.0, "at_s": 60.0},
    ]
    stub = Stub(lambda case: 30.0 if any(f.when for f in case.fault) else fails(case))
    case = six(fault=faults, scenario_values={"description": "x"})
    found, attempts = shrunk(case, stub)
    (fault,) = found.fault
    assert (fault.when, fault.at_s) == (None, 12.3)
    assert found.duration_s == pytest.approx(12.3 + 5)
    assert found.scenario_values == {}
    assert any(attempt.what == "fault 1 at 25 s" for attempt in attempts)


def test_it_is_deterministic() -> None:
    first, second = (shrunk(six(), Stub(pair_fails)) for _ in range(2))
    assert as_text(first[0]) == as_text(second[0])
    assert [a.what for a in first[1]] == [a.what for a in second[1]]


@pytest.mark.parametrize(
    "expected",
    ['mode == "nominal" at the end', 'event "TRAY_TRIPPED"', "outcome == masked", "soc > 0 once"],
)
def test_what_is_said_of_the_end_keeps_its_flight(expected: str) -> None:
    """A flight that is over sooner would fail all the more."""
    found, _ = shrunk(six(expect=[expected]), Stub(lambda case: case.duration_s))
    assert len(found.fault) == 1
    after_s = found.duration_s - found.fault[0].at_s
    assert after_s >= 200.0 - 55.0  # only what came before the fault is gone


def test_a_window_is_flown_to_its_end() -> None:
    text = 'event "TRAY_TRIPPED" within 20 s'
    found, _ = shrunk(six(expect=[text, ALWAYS]), Stub(lambda case: case.duration_s))
    assert found.expect == (text,)  # the first that failed
    assert found.duration_s == pytest.approx(found.fault[0].at_s + 20.1)


def test_another_failure_is_not_the_same() -> None:
    def fly(case: Case) -> Result:
        result = Stub(lambda _: 60.0)(case)
        if len(case.fault) == 1:  # alone it never fires, and the expectation fails with it
            result.injections[0].fired_ns = None
        return result

    attempts: list[Attempt] = []
    found = Shrinker(six(), fly, attempts.append).shrink()
    assert len(found.fault) == 2
    assert any("fails otherwise: never fired: sensor.bias" in a.told for a in attempts)


def test_a_case_that_holds_is_refused() -> None:
    with pytest.raises(UsageError, match='"six" holds on stub, there is nothing to shrink: give'):
        Shrinker(six(), Stub(lambda case: None), lambda attempt: None)


def test_faults_that_are_not_to_blame() -> None:
    golden = Trace([{"gpu_temp_max_c": 90.0}] * 200)
    with pytest.raises(UsageError, match="does not hold without the faults either"):
        Shrinker(six(), Stub(lambda case: 60.0, golden), lambda attempt: None)
    seen = Trace(events=[Seen(3_000_000_000, "MODE_SAFE", 3, "")])
    never = six(expect=['no event "MODE_SAFE"'])
    with pytest.raises(UsageError, match="does not hold without the faults either"):
        Shrinker(never, Stub(lambda case: 60.0, seen), lambda attempt: None)


def test_the_case_written_is_the_case_found(tmp_path: Path) -> None:
    suite = tmp_path / "suites" / "mine.toml"
    case = six(
        scenario="own.toml",
        vehicle_values={"rack": {"boot_s": 3.0}},
        expect=['event "TRAY_TRIPPED" within 2 s'],
        fault=[{"kind": "upset.triplicated_copy", "register": "cap_3", "copy": "b", "bit": 2}],
    )
    path = tmp_path / "out" / "minimal.toml"
    write_case(path, case, suite, ["why"])
    (read,) = load(path).case
    assert path.read_text().startswith("# why\n")
    assert (path.parent / read.scenario).resolve() == suite.parent / "own.toml"
    assert read.model_copy(update={"scenario": "own.toml"}) == case


SUITE = """
[suite]
name = "little"
duration_s = 16
[suite.vehicle_values.rack]
boot_s = 1.0
reload_s = 1.0

[[case]]
name = "holds"
expect = ["soc > 0 always"]
[[case.fault]]
kind = "plant.shadow"

[[case]]
name = "a trip too many"
expect = ["soc > 0 always", 'no event "TRAY_TRIPPED"']
[[case.fault]]
kind = "sensor.bias"
channel = "bus_current"
bias = 0.1
at_s = 3
for_s = 5
[[case.fault]]
kind = "upset.tray_latchup"
tray = 0
at_s = 12
[[case.fault]]
kind = "plant.shadow"
at_s = 5
"""


def test_on_the_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "little.toml").write_text(SUITE)
    words = ["faults", "shrink", "little.toml", "--target", "model", "--case"]
    result = CliRunner().invoke(app, [*words, "a trip too many"])
    assert result.exit_code == 0, result.output
    assert "faults 2 of 3: fails" in result.output and "3 faults to 1" in result.output
    path = tmp_path / "runs" / "minimal-a-trip-too-many.toml"
    (case,) = load(path).case
    assert [fault.kind.name for fault in case.fault] == ["upset.tray_latchup"]
    assert case.expect == ('no event "TRAY_TRIPPED"',)
    assert case.duration_s < 13
    again = CliRunner().invoke(app, ["faults", "run", str(path), "--target", "model"])
    assert again.exit_code == 1 and 'no event "TRAY_TRIPPED"' in again.output
    refused = CliRunner().invoke(app, [*words, "holds"])
    assert isinstance(refused.exception, UsageError) and "holds on model" in str(refused.exception)
    unknown = CliRunner().invoke(app, [*words, "hold"])
    assert "did you mean holds" in str(unknown.exception)


def test_the_conclusion_says_by_how_much() -> None:
    shrinker = Shrinker(six(), Stub(pair_fails), lambda attempt: None)
    shrinker.shrink()
    words = "6 faults to 2, 200 s of flight to 90 s, 180 s of for_s to 4.3 s, in "
    assert conclusion(shrinker).startswith(words)
