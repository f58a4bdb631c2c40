"""`racksat selftest`: all is well with model, RTL and a virtual board; each lie has its check."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import serial
from virtual_board import VirtualBoard

from fsw import registers as r
from fsw.register_map import Region
from gateware.model import ControllerModel
from gateware.model_memory import syndrome_of
from hil import cli
from hil.errors import UsageError
from hil.selftest import CHECKS, Outcome, Verdict, selftest
from hil.selftest.board import BoardUnderTest
from hil.serial_port import open_port

TRAYS = 3
SCRATCH = (r.CONTROL_SCRATCH.address - r.CONTROL.base) // 4


@pytest.fixture
def port() -> Iterator[serial.SerialBase]:
    with open_port(f"model://?trays={TRAYS}", 1_000_000) as port:
        yield port


@pytest.fixture
def model(port: serial.SerialBase) -> ControllerModel:
    return port.target._model


def failed(verdicts: Iterator[Verdict]) -> list[str]:
    return [verdict.name for verdict in verdicts if verdict.outcome is Outcome.FAILED]


@pytest.mark.parametrize("url", ["model://", "rtl://", "model://?trays=1"])
def test_all_is_well(url: str) -> None:
    with open_port(url, 1_000_000) as port:
        verdicts = list(selftest(port))
        assert [verdict.name for verdict in verdicts] == [check.name for check in CHECKS]
        bad = [str(verdict) for verdict in verdicts if verdict.outcome is not Outcome.OK]
        assert not bad
        assert port.target.now_ns < 10e9  # simulated: what a board would take at least


@pytest.mark.parametrize("safe", [False, True])
def test_leaves_the_board_as_it_was(
    port: serial.SerialBase, model: ControllerModel, safe: bool
) -> None:
    board = BoardUnderTest(port)
    control = [reg for reg in r.REGISTERS if reg.name.startswith("control.")]
    for number, register in enumerate(control[1:], 1):
        board.set(register, 0x0102_0304 * number)
    board.set(r.CONTROL_WATCHDOG, 0x8000_FFFF)
    board.set(r.CONTROL_OVER_CURRENT_LIMIT, 0xFFFF)
    board.set(r.CONTROL_OVER_TEMPERATURE_LIMIT, 0xFFFF_FFFF)
    board.set(r.CONTROL_POWER_SWITCH, 0b101)
    board.set(r.COMMAND_SAFE, 0x5AFE_0000 + safe)
    board.set(r.TRAY_CONTROL_CAP.at(1), 0x1234_5678)
    board.write(r.MEMORY.base + 3900, bytes(range(1, 197)))
    vector = bytes((i * 3 + 1) & 0xF1 for i in range(32 + 16 * TRAYS))
    board.stimulate(vector)

    def state() -> tuple[object, ...]:
        blocks = r.CONTROL, r.TRAY_CONTROL
        registers = [board.read(block.base, block.end(TRAYS) - block.base) for block in blocks]
        codewords = model.memory.codewords
        assert not any(map(syndrome_of, codewords))
        return registers, list(codewords), board.samples(), model.actuators(), model.frames.words

    before = state()
    assert failed(selftest(port)) == []
    assert state() == before


def test_a_flight_build(port: serial.SerialBase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(port.target, "_model", ControllerModel(TRAYS, flight=True))
    for verdict, check in zip(selftest(port), CHECKS, strict=True):
        expected = Outcome.NOT_POSSIBLE if check.injects else Outcome.OK
        assert verdict.outcome is expected, str(verdict)


def swallow(region: Region, monkeypatch: pytest.MonkeyPatch, model: ControllerModel) -> None:
    """Writes to a region are acknowledged, and lost."""
    sound = model.write_word

    def write_word(address: int, word: int) -> None:
        if not region.base <= address < region.base + region.size:
            sound(address, word)

    monkeypatch.setattr(model, "write_word", write_word)


def no_flip_of_memory(monkeypatch: pytest.MonkeyPatch, model: ControllerModel) -> None:
    swallow(r.FLIP_MEMORY, monkeypatch, model)


def no_flip_of_frames(monkeypatch: pytest.MonkeyPatch, model: ControllerModel) -> None:
    swallow(r.FLIP_CONFIG, monkeypatch, model)


def no_flip_of_copies(monkeypatch: pytest.MonkeyPatch, model: ControllerModel) -> None:
    swallow(r.FLIP_REGISTERS, monkeypatch, model)


def no_correction_of_frames(monkeypatch: pytest.MonkeyPatch, model: ControllerModel) -> None:
    monkeypatch.setattr(model.frames, "_scan", lambda: None)


def a_stuck_memory_bit(monkeypatch: pytest.MonkeyPatch, model: ControllerModel) -> None:
    sound = model.memory.write
    monkeypatch.setattr(
        model.memory, "write", lambda word, data: sound(word, data | 4 if word == 77 else data)
    )


def a_stuck_scratch_bit(monkeypatch: pytest.MonkeyPatch, model: ControllerModel) -> None:
    sound = model._write_control
    monkeypatch.setattr(
        model,
        "_write_control",
        lambda index, word: sound(index, word & ~2 if index == SCRATCH else word),
    )


def an_open_lock(monkeypatch: pytest.MonkeyPatch, model: ControllerModel) -> None:
    """Another key is taken for the flight key."""
    rmap = model._rmap
    sound = rmap.execute

    def execute(packet: bytes) -> bytes | None:
        if packet[3] != 0x21:
            return sound(packet)
        from gateware.model_link import crc8

        header = packet[:3] + b"\x20" + packet[4:15]
        return sound(header + bytes((crc8(header),)) + packet[16:])

    monkeypatch.setattr(rmap, "execute", execute)


def drops_that_do_not_count(monkeypatch: pytest.MonkeyPatch, model: ControllerModel) -> None:
    monkeypatch.setattr(type(model._receiver), "dropped", property(lambda self: 0))


def two_channels_swapped(monkeypatch: pytest.MonkeyPatch, model: ControllerModel) -> None:
    sensors = model._sensors
    sound = sensors._taken

    def taken(first: int, samples: bytes) -> bytes:
        if len(samples) == 4 and first == 14:
            samples = samples[2:] + samples[:2]
        return sound(first, samples)

    monkeypatch.setattr(sensors, "_taken", taken)


def no_over_current_trip_of_the_last_tray(
    monkeypatch: pytest.MonkeyPatch, model: ControllerModel
) -> None:
    sensors = model._sensors
    sound = sensors.above_current
    monkeypatch.setattr(sensors, "above_current", lambda limit: sound(limit) & 0b011)


def a_limit_that_trips(monkeypatch: pytest.MonkeyPatch, model: ControllerModel) -> None:
    sensors = model._sensors
    sound = sensors.above_current
    monkeypatch.setattr(sensors, "above_current", lambda limit: sound(limit - 1))


def no_thermostat(monkeypatch: pytest.MonkeyPatch, model: ControllerModel) -> None:
    drive = (r.CONTROL_THERMAL_DRIVE.address - r.CONTROL.base) // 4
    monkeypatch.setattr(model, "_heater", lambda: model._control[drive] & 0xFFFF)


def changed_period(change: int) -> Callable[[pytest.MonkeyPatch, ControllerModel], None]:
    """The watchdog's period is another one than was written."""

    def mutate(monkeypatch: pytest.MonkeyPatch, model: ControllerModel) -> None:
        index = (r.CONTROL_WATCHDOG.address - r.CONTROL.base) // 4
        sound = model._write_control
        monkeypatch.setattr(
            model,
            "_write_control",
            lambda at, word: sound(at, word + change if at == index and word >> 31 else word),
        )

    return mutate


def kicks_that_do_not_help(monkeypatch: pytest.MonkeyPatch, model: ControllerModel) -> None:
    sound = model._command
    kick = r.COMMAND_WATCHDOG_KICK.address
    monkeypatch.setattr(
        model, "_command", lambda address, word: None if address == kick else sound(address, word)
    )


def no_leaving_of_the_safe_state(monkeypatch: pytest.MonkeyPatch, model: ControllerModel) -> None:
    sound = model._command

    def command(address: int, word: int) -> None:
        if not (address == r.COMMAND_SAFE.address and model._watchdog.expired):
            sound(address, word)

    monkeypatch.setattr(model, "_command", command)


def pumps_run_on_when_safe(monkeypatch: pytest.MonkeyPatch, model: ControllerModel) -> None:
    sound = model.actuators
    monkeypatch.setattr(model, "actuators", lambda: sound()[:18] + b"\x12\x34" + sound()[20:])


def one_damaged_reply(monkeypatch: pytest.MonkeyPatch, model: ControllerModel) -> None:
    faults = model._link_faults
    sound = faults.frame
    count = 0

    def frame(reply: bytes) -> bytes:
        nonlocal count
        count += 1
        wire = sound(reply)
        return wire[:-3] + bytes((wire[-3] ^ 0x10,)) + wire[-2:] if count == 30 else wire

    monkeypatch.setattr(faults, "frame", frame)


@pytest.mark.parametrize(
    ("lie", "checks"),
    [
        (no_flip_of_memory, ["one bit flipped", "two bits flipped"]),
        (no_flip_of_frames, ["frame flipped"]),
        (no_correction_of_frames, ["frame flipped"]),
        (no_flip_of_copies, ["voter"]),
        (a_stuck_memory_bit, ["protected memory"]),
        (a_stuck_scratch_bit, ["echo"]),
        (an_open_lock, ["wrong key"]),
        (drops_that_do_not_count, ["damaged frame"]),
        (two_channels_swapped, ["stimulus"]),
        (no_over_current_trip_of_the_last_tray, ["over-current"]),
        (a_limit_that_trips, ["over-current"]),
        (no_thermostat, ["thermostat"]),
        (changed_period(15), ["watchdog"]),
        (changed_period(-5), ["watchdog"]),
        (kicks_that_do_not_help, ["watchdog"]),
        (no_leaving_of_the_safe_state, ["watchdog"]),
        (pumps_run_on_when_safe, ["watchdog"]),
        (one_damaged_reply, ["line"]),
    ],
)
def test_a_lie_has_its_check(
    port: serial.SerialBase,
    model: ControllerModel,
    monkeypatch: pytest.MonkeyPatch,
    lie: Callable[[pytest.MonkeyPatch, ControllerModel], None],
    checks: list[str],
) -> None:
    lie(monkeypatch, model)
    assert failed(selftest(port)) == checks


def test_a_slow_line() -> None:
    with open_port("model://?trays=1", 38_400) as port:
        verdicts = {verdict.name: verdict for verdict in selftest(port)}
        slow = verdicts["reply time"]
        assert slow.outcome is Outcome.FAILED
        assert "flight software waits 20 ms" in slow.detail


def test_a_verdict_as_text() -> None:
    verdict = Verdict("echo", Outcome.FAILED, "scratch: 0x0004, expected 0x0006")
    assert str(verdict) == "FAIL          echo              scratch: 0x0004, expected 0x0006"


def test_a_port_that_fails(port: serial.SerialBase, monkeypatch: pytest.MonkeyPatch) -> None:
    verdicts = selftest(port)
    next(verdicts)

    def write(data: bytes) -> int:
        raise serial.SerialException("device disconnected")

    monkeypatch.setattr(port, "write", write)
    with pytest.raises(UsageError, match="device disconnected; is it still plugged in"):
        list(verdicts)


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["racksat", "selftest", *words])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


def test_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "--port", "model://") == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(CHECKS) + 1
    assert lines[0].startswith("ok            identity          racksat controller 1.3.0, build")
    assert lines[-1] == f"{len(CHECKS)} ok"


def test_command_on_a_line_that_is_slow(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "--port", "model://?trays=1", "--baud", "38400") == 1
    assert f"{len(CHECKS) - 1} ok, 1 FAIL" in capsys.readouterr().out


def test_nobody_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(monkeypatch, "--port", str(tmp_path / "tty")) == 2
    assert "no such device" in capsys.readouterr().err


def test_a_board_in_real_time(tmp_path: Path) -> None:
    """Behind a pseudo-terminal, in wall time; on a loaded machine replies may be late."""
    with (
        VirtualBoard(tmp_path / "tty", "model", trays=TRAYS) as board,
        open_port(board.url, 1_000_000) as port,
    ):
        verdicts = list(selftest(port))
    bad = [str(verdict) for verdict in verdicts if verdict.outcome is not Outcome.OK]
    assert not [line for line in bad if "reply time" not in line and " line " not in line], bad
    assert len(verdicts) == len(CHECKS)
