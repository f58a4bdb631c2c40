"""A slice of the fuzzer, and that it finds, shrinks and replays what is planted."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import fuzz
import pytest
from fuzz_cases import EPISODE_CASES, episode
from fuzz_comparison import Comparison
from fuzz_steps import Case
from traffic import TRAYS

from fsw import registers as r
from gateware.model import ControllerModel
from gateware.model_watchdog import KICK_KEY
from hil.errors import SimulatorDied
from hil.targets.model import ModelTarget
from hil.targets.rtl import RtlTarget

SLICE = 4000


@pytest.fixture(scope="module")
def slice_of_cases() -> list[Case]:
    return list(itertools.islice(episode(1, 0), SLICE))


@pytest.fixture
def side_by_side() -> Iterator[Comparison]:
    comparison = Comparison(ModelTarget(TRAYS), lambda: RtlTarget(TRAYS))
    yield comparison
    comparison.close()


def test_slice_of_the_fuzzer(side_by_side: Comparison, slice_of_cases: list[Case]) -> None:
    difference = side_by_side.run(slice_of_cases)
    assert difference is None, f"{fuzz.SCRIPT} --frames {SLICE} --seed 1 shows {difference}"
    seen = side_by_side.seen
    assert seen["status 0"] > SLICE / 4
    for count in ("crc", "framing", "oversize", "discarded", "refused"):
        assert seen[count] > 10, f"the slice has hardly any {count}: {dict(seen)}"


def test_half_of_the_cases_are_damaged_and_always_the_same(slice_of_cases: list[Case]) -> None:
    assert 0.45 < sum(bool(case.damage) for case in slice_of_cases) / SLICE < 0.6
    assert list(itertools.islice(episode(1, 0), SLICE)) == slice_of_cases
    assert list(itertools.islice(episode(2, 0), 100)) != slice_of_cases[:100]


class ThirdBadKickIsLost(ControllerModel):
    """The third kick with a wrong key is not counted: it takes three to see it."""

    def _command(self, address: int, word: int) -> None:
        bad = address == r.COMMAND_WATCHDOG_KICK.address and word != KICK_KEY
        if not (bad and self._watchdog.bad_kicks == 2):
            super()._command(address, word)


class FaultyTarget(ModelTarget):
    """A model with a fault in it."""

    def __init__(self, model: type[ControllerModel]) -> None:
        super().__init__(TRAYS)
        self._model = model(TRAYS)


def test_planted_fault_is_found_and_shrunk(
    slice_of_cases: list[Case], capsys: pytest.CaptureFixture[str]
) -> None:
    comparison = Comparison(ModelTarget(TRAYS), lambda: FaultyTarget(ThirdBadKickIsLost))
    difference = comparison.run(slice_of_cases)
    assert difference is not None
    kept, shrunk = comparison.shrink(slice_of_cases, difference)
    assert shrunk.what == "replies differ" and shrunk.model != shrunk.other
    assert 1 <= len(kept) <= 3
    cases = [slice_of_cases[index] for index in kept]
    assert comparison.run(cases) is not None
    for index in range(len(cases)):
        assert comparison.run(cases[:index] + cases[index + 1 :]) is None

    assert fuzz.fuzz(comparison, 1, SLICE) == 1
    numbers = ",".join(map(str, kept))
    assert f"--seed 1 --replay {numbers}" in capsys.readouterr().out
    assert fuzz.replay(comparison, 1, kept) == 1
    out = capsys.readouterr().out
    assert shrunk.model in out and shrunk.other in out


class Fragile(ModelTarget):
    """Dies of an oversize frame, as a simulation does in which the controller hangs."""

    def exchange(self, data: bytes) -> bytes:
        reply = super().exchange(data)
        if self._model._receiver.oversize_errors:
            raise SimulatorDied("the simulator died: the controller hangs")
        return reply


def test_hang_is_a_difference_and_the_simulation_is_started_again(
    slice_of_cases: list[Case],
) -> None:
    started: list[ModelTarget] = []

    def start() -> ModelTarget:
        started.append(Fragile(TRAYS))
        return started[-1]

    comparison = Comparison(ModelTarget(TRAYS), start)
    difference = comparison.run(slice_of_cases)
    assert difference is not None and "hangs" in difference.other
    kept, difference = comparison.shrink(slice_of_cases, difference)
    assert len(kept) == 1 and "hangs" in difference.other
    assert len(started) > 2


class Raising(ControllerModel):
    """A golden model with a bug in it."""

    def put(self, data: bytes) -> bytes:
        if data:
            raise IndexError("list index out of range")
        return b""


def test_model_that_raises_is_a_difference(slice_of_cases: list[Case]) -> None:
    difference = Comparison(FaultyTarget(Raising), lambda: ModelTarget(TRAYS)).run(slice_of_cases)
    assert difference is not None and difference.model == "IndexError: list index out of range"


def test_frames_of_two_episodes_are_no_replay(capsys: pytest.CaptureFixture[str]) -> None:
    comparison = Comparison(ModelTarget(TRAYS), lambda: ModelTarget(TRAYS))
    assert fuzz.replay(comparison, 1, [0, EPISODE_CASES]) == 2
    assert "more than one episode" in capsys.readouterr().err
