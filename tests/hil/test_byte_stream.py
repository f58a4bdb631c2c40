"""The conformance suite on a byte stream: a slice of it, and how a board is restored."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from virtual_board import VirtualBoard

from fsw import registers as r
from gateware.model import ControllerModel
from hil.serial_port import open_port
from tests.conformance.byte_stream import ByteStream, StreamStimulus, spans_written
from tests.conformance.wire import REPLY_TIMEOUT_S, TEST_KEY, WRITE, command, frame

ROOT = Path(__file__).resolve().parents[2]
SUITE = "tests/conformance"
RUN_S = 300.0


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VirtualBoard]:
    """Of three trays, with the model behind it."""
    with VirtualBoard(tmp_path_factory.mktemp("board") / "tty", "model", trays=3) as board:
        yield board


@pytest.fixture
def stream(board: VirtualBoard) -> Iterator[ByteStream]:
    with open_port(board.url, 1_000_000) as port:
        port.timeout = REPLY_TIMEOUT_S
        stream = ByteStream(port, board.url)
        stream.restore()
        yield stream


def run_suite(url: str, *files: str) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--target", url]
    words += [f"{SUITE}/{file}" for file in files] or [SUITE]
    return subprocess.run(
        words, cwd=ROOT, capture_output=True, text=True, timeout=RUN_S, check=False
    )


def test_a_slice_of_the_suite(board: VirtualBoard) -> None:
    files = ("test_identity.py", "test_actuators.py", "test_command_lines.py", "test_watchdog.py")
    run = run_suite(board.url, *files)
    assert run.returncode == 0, run.stdout
    assert "needs exact ticks: simulated time only" in run.stdout
    assert "needs a reset: no write makes one" in run.stdout
    passed = int(run.stdout.rsplit(" passed", 1)[0].split()[-1])
    assert passed >= 30, run.stdout


@pytest.mark.wall_clock
def test_the_whole_suite_on_the_rtl_of_a_whole_rack(tmp_path: Path) -> None:
    """Conformance as on a board: 822 cases, of which those that need simulation are left out."""
    with VirtualBoard(tmp_path / "tty", "rtl") as board:
        run = run_suite(board.url)
    assert run.returncode == 0, run.stdout
    found = re.search(r"(\d+) passed, (\d+) skipped", run.stdout)
    assert found, run.stdout
    assert int(found[1]) >= 600, run.stdout
    named = re.findall(r"^SKIPPED \[(\d+)\] .*: needs ", run.stdout, re.MULTILINE)
    assert sum(map(int, named)) == int(found[2]), run.stdout  # each of them by name


def test_nobody_at_the_port_is_an_error(tmp_path: Path) -> None:
    run = run_suite(str(tmp_path / "tty"), "test_identity.py")
    assert run.returncode == 1
    assert "no such device" in run.stdout


def test_what_a_test_did_is_taken_back(stream: ByteStream) -> None:
    link, stimulus = stream.link, StreamStimulus(stream)
    before = stimulus.head(), link.read(r.CONTROL.base, 48), stimulus.caps()
    link.set(r.CONTROL_POWER_SWITCH, 0b111)
    link.set(r.TRAY_CONTROL_CAP.at(2), 7)
    link.set(r.COMMAND_TRAY_RELOAD, 0b11)
    stimulus.tray(1, load_current=0xFFFF)
    link.set(r.MEMORY.base + 0x404, 0x1234)
    stimulus.flip(700, 1, 2)
    stimulus.flip_frames(1000, 1005)
    link.set(r.COMMAND_SAFE, 0x5AFE_0001)
    link.inject(r.INJECTION_LINK_HANG, 30)
    link.send(command(WRITE, r.CONTROL_SCRATCH.address, 4, bytes(4)))  # is not heard
    stream.restore()
    assert (stimulus.head(), link.read(r.CONTROL.base, 48), stimulus.caps()) == before
    assert link.word(r.FAST_OVER_CURRENT) == 0
    assert link.fields(r.FAST_STATUS)["safe"] == 0
    assert link.read(r.TRAYS.base, 48) == bytes(48)
    assert all(link.read(r.MEMORY.base + at, 512) == bytes(512) for at in range(0, 4096, 512))
    assert stimulus.frames() == bytes(1024)
    assert link.word(r.FAST_MEMORY_ERRORS) == 0


def test_reply_faults_end(stream: ByteStream) -> None:
    stream.link.inject(r.INJECTION_REPLY_FAULT, 1 << 30 | 200)
    stream.restore()
    stream.link.assert_silent()


def test_counters_are_differences(stream: ByteStream) -> None:
    link = stream.link
    for _ in range(2):
        stream.restore()
        link.send_raw(b"\xc0\x01\x02\x03\xc0")
        assert link.fields(r.FAST_FRAMES)["dropped"] == 1
        assert link.fields(r.DIAGNOSTICS_FRAME_ERRORS) == {"crc": 1, "framing": 0}


def test_spans_written() -> None:
    write = frame(command(WRITE, 0xC0DB, 8, b"\xc0\xdb" * 4))
    modify = frame(command(0x5C, 0x10000, 8, bytes(8), key=TEST_KEY))
    read = frame(command(0x4C, 0x100, 4))
    assert list(spans_written(write + read + modify)) == [(0xC0DB, 0xC0E3), (0x10000, 0x10008)]


def test_a_flight_build_is_restored_by_its_own_key(monkeypatch: pytest.MonkeyPatch) -> None:
    with open_port("model://?trays=2", 1_000_000) as port:
        port.timeout = REPLY_TIMEOUT_S
        monkeypatch.setattr(port.target, "_model", ControllerModel(2, flight=True))
        stream = ByteStream(port, "model://")
        assert not stream.injection
        link = stream.restore()
        link.set(r.CONTROL_POWER_SWITCH, 3)
        link.set(r.COMMAND_TRAY_RESET, 3)
        link.set(r.COMMAND_SAFE, 0x5AFE_0001)
        stream.restore()
        assert link.word(r.CONTROL_POWER_SWITCH) == 0
        assert link.fields(r.FAST_STATUS)["safe"] == 0
        assert link.fields(r.DIAGNOSTICS_COMMANDS_REFUSED)["refused"] == 0
