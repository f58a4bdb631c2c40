"""Golden model and RTL cannot be told apart, and the machine that says so finds planted faults.

Every reply and the actuators are compared on the way, every readable region and the codewords that
were hit at the end. RACKSAT_HYPOTHESIS_EXAMPLES asks for that many examples, drawn at random;
otherwise the examples are few and always the same.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest
from equivalence import Equivalence
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from traffic import TRAYS

from fsw import registers as r
from gateware import model_link
from gateware.model import ControllerModel
from gateware.model_memory import ProtectedMemory
from hil.targets.model import ModelTarget
from hil.targets.rtl import RtlTarget

EXAMPLES_VARIABLE = "RACKSAT_HYPOTHESIS_EXAMPLES"
EXAMPLES = 400
STEPS = 60


def same_examples(count: int) -> settings:
    """Settings for that many examples, the same ones every time."""
    return settings(
        max_examples=count,
        stateful_step_count=STEPS,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


def budget() -> settings:
    """Settings for comparing with the RTL."""
    asked = os.environ.get(EXAMPLES_VARIABLE)
    if asked:
        return settings(same_examples(int(asked)), derandomize=False, print_blob=True)
    return same_examples(EXAMPLES)


@pytest.fixture(scope="module")
def rtl() -> Iterator[RtlTarget]:
    """One simulator process for all examples."""
    with RtlTarget(trays=TRAYS) as target:
        yield target


def test_model_and_rtl_are_not_told_apart(rtl: RtlTarget) -> None:
    model = ModelTarget(trays=TRAYS)
    run_state_machine_as_test(lambda: Equivalence(model, rtl), settings=budget())


# The machine must find faults, or its silence means nothing: each of these is planted in a model
# that then runs against the sound one.


Fault = Callable[[pytest.MonkeyPatch, ControllerModel], None]


def late_trip(monkeypatch: pytest.MonkeyPatch, model: ControllerModel) -> None:
    """Over-temperature needs one tick more than its debounce."""
    sound = model._trips.tick
    monkeypatch.setattr(
        model._trips, "tick", lambda powered, debounce: sound(powered, debounce + 1)
    )


def blind_to_current(monkeypatch: pytest.MonkeyPatch, model: ControllerModel) -> None:
    """Over-current of the last tray is not seen."""
    sound = model._compare_currents

    def compare() -> None:
        sound()
        model._trips.too_much &= ~(1 << TRAYS - 1)

    monkeypatch.setattr(model, "_compare_currents", compare)


def no_watchdog(monkeypatch: pytest.MonkeyPatch, model: ControllerModel) -> None:
    """The watchdog expires without entering the safe state."""
    monkeypatch.setattr(
        model._watchdog, "_enter_safe", lambda: setattr(model._watchdog, "ticks", 0)
    )


def eager_lines(monkeypatch: pytest.MonkeyPatch, model: ControllerModel) -> None:
    """Writing 0 to a command line restarts its time."""
    lines = model._lines
    sound = lines.drive

    def drive(line: int, trays: int) -> None:
        sound(line, trays or lines.driven[line])

    monkeypatch.setattr(lines, "drive", drive)


class NoWriteBack(ProtectedMemory):
    """A corrected word is not written back."""

    def read(self, word: int) -> int:
        before = self.codewords[word]
        data = super().read(word)
        self.codewords[word] = before
        return data


def no_write_back(monkeypatch: pytest.MonkeyPatch, model: ControllerModel) -> None:
    """A corrected word is not written back."""
    monkeypatch.setattr(model, "memory", NoWriteBack())


def status_order(monkeypatch: pytest.MonkeyPatch, model: ControllerModel) -> None:
    """A wrong key goes before a wrong logical address."""
    sound = model._rmap._check

    def check(packet: bytes) -> int:
        if packet[3] not in (r.FLIGHT_KEY, r.TEST_KEY):
            return model_link.STATUS_INVALID_KEY
        return sound(packet)

    monkeypatch.setattr(model._rmap, "_check", check)


def patient_link(monkeypatch: pytest.MonkeyPatch, model: ControllerModel) -> None:
    """The inter-byte timeout is never counted."""
    monkeypatch.setattr(model._receiver, "pass_ticks", lambda count: None)


def one_byte_less(monkeypatch: pytest.MonkeyPatch, model: ControllerModel) -> None:
    """Frames of 275 bytes are oversize already."""
    sound = model._receiver._end_frame

    def end_frame(raw: bytes) -> bytes | None:
        return sound(raw + b"\x01" if len(raw) == model_link.FRAME_MAX else raw)

    monkeypatch.setattr(model._receiver, "_end_frame", end_frame)


def oversize_first(monkeypatch: pytest.MonkeyPatch, model: ControllerModel) -> None:
    """A bad escape in an oversize frame goes under oversize."""
    sound = model._receiver._end_frame

    def end_frame(raw: bytes) -> bytes | None:
        return sound(raw.replace(b"\xdb", b"") if len(raw) > 300 else raw)

    monkeypatch.setattr(model._receiver, "_end_frame", end_frame)


def idle_watchdog_register(monkeypatch: pytest.MonkeyPatch, model: ControllerModel) -> None:
    """Writing control.watchdog does not restart the period."""
    watchdog = model._watchdog
    sound = watchdog.configure

    def configure(setting: int) -> None:
        ticks = watchdog.ticks
        sound(setting)
        if watchdog.enabled:
            watchdog.ticks = min(ticks, max(setting & 0xFFFF, 1) - 1)

    monkeypatch.setattr(watchdog, "configure", configure)


def one_key_for_all(monkeypatch: pytest.MonkeyPatch, model: ControllerModel) -> None:
    """The test key opens what the flight key opens."""
    sound = model.permits

    def permits(key: int, address: int, length: int, read: bool, write: bool) -> bool:
        key = r.FLIGHT_KEY if address < r.STIMULUS_RACK.base else key
        return sound(key, address, length, read, write)

    monkeypatch.setattr(model, "permits", permits)


def upper_of_two(monkeypatch: pytest.MonkeyPatch, model: ControllerModel) -> None:
    """The place of two adjacent bits is that of the upper one."""
    sound = model.frames._correct
    monkeypatch.setattr(model.frames, "_correct", lambda frame, places: sound(frame, places[::-1]))


def lost_again(monkeypatch: pytest.MonkeyPatch, model: ControllerModel) -> None:
    """A frame counts as lost whenever it is met."""
    frames = model.frames
    sound = frames._lose

    def lose(frame: int) -> None:
        frames.lost &= ~(1 << frame)
        sound(frame)

    monkeypatch.setattr(frames, "_lose", lose)


def compared_after_a_write(monkeypatch: pytest.MonkeyPatch, model: ControllerModel) -> None:
    """A pass in which frames were written is compared."""
    frames = model.frames
    sound = frames.write

    def write(index: int, word: int) -> None:
        comparable = frames._comparable
        sound(index, word)
        frames._comparable = comparable

    monkeypatch.setattr(frames, "write", write)


def forgetful_scan(monkeypatch: pytest.MonkeyPatch, model: ControllerModel) -> None:
    """Writing control.config_scan starts the pass anew."""
    frames = model.frames
    sound = frames.configure

    def configure(scan: int) -> None:
        sound(scan)
        frames._crc = 0

    monkeypatch.setattr(frames, "configure", configure)


def inert_injection(monkeypatch: pytest.MonkeyPatch, model: ControllerModel) -> None:
    """A flip of frames in idle does not show in the state."""
    monkeypatch.setattr(model.frames, "inject", model.frames.flip)


def blind_to_essential_neighbours(monkeypatch: pytest.MonkeyPatch, model: ControllerModel) -> None:
    """Only the first of two adjacent bits is looked up in the mask."""
    frames = model.frames
    sound = frames._correct

    def correct(frame: int, places: tuple[int, ...]) -> None:
        essential = frames.essential[:]
        for place in places[1:]:
            frames.essential[16 * frame + place // 32] &= ~(1 << place % 32)
        sound(frame, places)
        frames.essential[:] = essential

    monkeypatch.setattr(frames, "_correct", correct)


def skew_of_both_halves(monkeypatch: pytest.MonkeyPatch, model: ControllerModel) -> None:
    """A stimulus write is skewed as if it were the channel at fault."""
    sensors = model._sensors
    sound = sensors._taken

    def taken(first: int, samples: bytes) -> bytes:
        return sound(sensors._channel if len(samples) == 4 else first, samples)

    monkeypatch.setattr(sensors, "_taken", taken)


def deaf_to_stimulus(monkeypatch: pytest.MonkeyPatch, model: ControllerModel) -> None:
    """A stimulus is shown, but does not trip anything."""
    sound = model._inject

    def inject(address: int, word: int) -> None:
        if address >= r.STIMULUS_TRAYS.end(TRAYS):
            sound(address, word)
        else:
            model._sensors.stimulate((address - r.STIMULUS_RACK.base) // 4, word)

    monkeypatch.setattr(model, "_inject", inject)


def dropped_write(monkeypatch: pytest.MonkeyPatch, model: ControllerModel) -> None:
    """A fault of replies takes its own reply as the first."""
    faults = model._link_faults

    def write(word: int) -> None:
        faults._kind, faults._count = word >> 30, word & 0xFFFF

    monkeypatch.setattr(faults, "write_reply_fault", write)


def longer_hang(monkeypatch: pytest.MonkeyPatch, model: ControllerModel) -> None:
    """The link hangs for a tick more."""
    sound = model._receiver.hang
    monkeypatch.setattr(model._receiver, "hang", lambda ticks: sound(ticks + 1))


def forgotten_repair(monkeypatch: pytest.MonkeyPatch, model: ControllerModel) -> None:
    """Upsets of caps are repaired without being counted."""
    sound = model.flip_register

    def flip(name: str, copy: str, mask: int) -> int:
        count, last = model._mismatches, model._last_repaired
        value = sound(name, copy, mask)
        if name.startswith("cap_"):
            model._mismatches, model._last_repaired = count, last
        return value

    monkeypatch.setattr(model, "flip_register", flip)


class FaultyModelTarget(ModelTarget):
    """The golden model with a fault, planted again at every reset."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, fault: Fault) -> None:
        super().__init__(trays=TRAYS)
        self._plant = lambda: fault(monkeypatch, self._model)

    def reset(self) -> None:
        self._model = ControllerModel(TRAYS)
        self._model.reset()  # so that the reset cause is that of the sound one
        self._plant()


@pytest.mark.parametrize(
    "fault",
    [
        late_trip,
        blind_to_current,
        no_watchdog,
        eager_lines,
        no_write_back,
        status_order,
        patient_link,
        one_byte_less,
        oversize_first,
        idle_watchdog_register,
        forgotten_repair,
        one_key_for_all,
        upper_of_two,
        lost_again,
        compared_after_a_write,
        forgetful_scan,
        inert_injection,
        blind_to_essential_neighbours,
        skew_of_both_halves,
        deaf_to_stimulus,
        dropped_write,
        longer_hang,
    ],
)
def test_machine_finds_a_planted_fault(fault: Fault, monkeypatch: pytest.MonkeyPatch) -> None:
    sound, faulty = ModelTarget(trays=TRAYS), FaultyModelTarget(monkeypatch, fault)
    only_search = settings(same_examples(400), phases=[Phase.generate], report_multiple_bugs=False)
    with pytest.raises(AssertionError, match="model"):
        run_state_machine_as_test(lambda: Equivalence(sound, faulty), settings=only_search)


def test_two_models_are_not_told_apart() -> None:
    one, other = ModelTarget(trays=TRAYS), ModelTarget(trays=TRAYS)
    run_state_machine_as_test(lambda: Equivalence(one, other), settings=same_examples(10))
