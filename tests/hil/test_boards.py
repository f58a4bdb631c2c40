"""`racksat boards`: ports, boards, channels, and who answers."""

from __future__ import annotations

import os
import re
import sys
import threading
import tty
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from serial.tools import list_ports
from serial.tools.list_ports_common import ListPortInfo

from gateware.model import ControllerModel
from hil import board_files, cli
from hil.boards import board_port

KNOWN = [board_files.load(name) for name in board_files.names()]


@dataclass(frozen=True)
class Device:
    """A USB device as a system lists it."""

    product: str | None
    manufacturer: str | None
    pid: int = 0x6010
    vid: int = 0x0403
    serial_number: str | None = "77"

    def port(self, device: str, location: str | None) -> ListPortInfo:
        info = ListPortInfo(device)
        info.vid, info.pid, info.serial_number = self.vid, self.pid, self.serial_number
        info.product, info.manufacturer, info.location = self.product, self.manufacturer, location
        info.apply_usb_info()
        return info


# As the devices' descriptors have them.
ICEBREAKER = Device("iCEBreaker V1.0e", "1BitSquared")
TANG = Device("JTAG Debugger", "SIPEED", serial_number="FactoryAIOT Pro")
ULX3S = Device("ULX3S FPGA 85K v3.0.8", "FER-RADIONA-EMARD", 0x6015)
BARE_FT2232 = Device("Dual RS232-HS", "FTDI")
BARE_FT231X = Device("FT231X USB UART", "FTDI", 0x6015)
ARDUINO = Device("Arduino Uno", "Arduino", 0x0043, 0x2341)


@pytest.mark.parametrize(
    ("device", "location", "text", "candidate"),
    [
        (ICEBREAKER, "1-2:1.0", "iCEBreaker v1.0, channel A: programming", False),
        (ICEBREAKER, "1-2:1.1", "iCEBreaker v1.0, channel B: serial", True),
        (TANG, "3-1.4:1.0", "Sipeed Tang Nano 9K, channel A: programming", False),
        (TANG, "3-1.4:1.1", "Sipeed Tang Nano 9K, channel B: serial", True),
        (ULX3S, "1-2", "ULX3S v2 and v3", True),
        (
            BARE_FT2232,
            "1-2:1.1",
            "iCEBreaker v1.0 or Sipeed Tang Nano 9K?, channel B: serial",
            True,
        ),
        (
            BARE_FT2232,
            "1-2:1.0",
            "iCEBreaker v1.0 or Sipeed Tang Nano 9K?, channel A: programming",
            False,
        ),
        (ICEBREAKER, "20-2", "iCEBreaker v1.0, which channel is not told: serial is B", True),
        (BARE_FT231X, "1-2", "ULX3S v2 and v3?", True),
        (ARDUINO, "1-2:1.0", "", False),
    ],
)
def test_a_board_is_told_by_its_ids_and_its_names(
    device: Device, location: str, text: str, candidate: bool
) -> None:
    found = board_port(device.port("/dev/ttyUSB0", location), KNOWN)
    assert (found.board_text, found.is_candidate) == (text, candidate)


def test_windows_tells_the_channel_in_the_serial_number() -> None:
    for letter, candidate in (("A", False), ("B", True)):
        device = Device(None, "FTDI", serial_number=f"ib000001{letter}")
        found = board_port(device.port("COM5", None), KNOWN)
        assert (found.channel, found.is_candidate) == (letter, candidate)


def test_a_port_without_usb() -> None:
    found = board_port(ListPortInfo("/dev/ttyS0"), KNOWN)
    assert (found.board_text, found.is_candidate, found.baud) == ("", False, 1_000_000)


# -- the command


@pytest.fixture
def controller() -> Iterator[str]:
    """The golden model behind a pty; the name of the device."""
    master, slave = os.openpty()
    tty.setraw(slave)
    model = ControllerModel(18)

    def serve() -> None:
        while True:
            try:
                os.write(master, model.put(os.read(master, 4096)))
            except OSError:
                return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield os.ttyname(slave)
    os.close(slave)
    thread.join(5)
    os.close(master)


@pytest.fixture
def silent() -> Iterator[str]:
    """A pty at whose other end nobody answers."""
    master, slave = os.openpty()
    yield os.ttyname(slave)
    os.close(slave)
    os.close(master)


def racksat_boards(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setenv("COLUMNS", "250")
    monkeypatch.setattr(sys, "argv", ["racksat", "boards", *words])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


def plug(monkeypatch: pytest.MonkeyPatch, *ports: ListPortInfo) -> None:
    monkeypatch.setattr(list_ports, "comports", lambda *_: list(ports))


def test_the_list(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    plug(
        monkeypatch,
        ULX3S.port("/dev/ttyUSB10", "1-3"),
        ICEBREAKER.port("/dev/ttyUSB1", "1-2:1.1"),
        ListPortInfo("/dev/ttyS0"),
    )
    assert racksat_boards(monkeypatch) == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split("  ")[0] == "port" and "answer" not in head
    assert [row.split()[0] for row in rows] == ["/dev/ttyS0", "/dev/ttyUSB1", "/dev/ttyUSB10"]
    for word in ("0403:6010", "77", "iCEBreaker V1.0e", "channel B: serial", "none"):
        assert word in rows[1]


def test_no_port(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    plug(monkeypatch)
    assert racksat_boards(monkeypatch) == 0
    assert capsys.readouterr().out == (
        "no serial port on this machine\nno known board is plugged in; known are iCEBreaker v1.0, "
        "Sipeed Tang Nano 9K, ULX3S v2 and v3\n"
    )
    assert racksat_boards(monkeypatch, "--probe") == 1
    assert capsys.readouterr().out.endswith("no controller found\n")


def test_the_serial_channel_alone_is_asked(
    controller: str,
    silent: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    plug(
        monkeypatch,
        ICEBREAKER.port("/dev/ttyUSB0", "1-2:1.0"),  # opening it would fail
        ICEBREAKER.port(controller, "1-2:1.1"),
        ULX3S.port(silent, "1-3"),
        ULX3S.port("/dev/ttyUSB9", "1-4"),
    )
    assert racksat_boards(monkeypatch, "--probe") == 0
    _, *rows = capsys.readouterr().out.splitlines()
    answers = {row.split()[0]: row for row in rows if row.split()[0].endswith(":")}
    table = {row.split()[0]: row.rstrip() for row in rows[:4]}
    assert table["/dev/ttyUSB0"].endswith("not asked")
    assert table[controller].endswith("  controller")
    assert re.search(
        r": racksat controller 1\.\d+\.\d+, build 0x00000000, 18 trays, .* injection built in$",
        answers[f"{controller}:"],
    )
    assert table[silent].endswith("nothing answers")
    assert table["/dev/ttyUSB9"].endswith("no such device")
    assert "check that the board has power" in answers[f"{silent}:"]  # what to do, at length
    assert "ports here:" in answers["/dev/ttyUSB9:"]


def test_nobody_answers(
    silent: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plug(monkeypatch, ULX3S.port(silent, "1-3"))
    assert racksat_boards(monkeypatch, "--probe") == 1
    assert "no controller found" in capsys.readouterr().out


def test_one_port_that_is_not_listed(
    controller: str,
    silent: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for url in (controller, "model://"):
        assert racksat_boards(monkeypatch, "--probe", "--port", url) == 0
        out = capsys.readouterr().out
        assert out.startswith(f"{url}: racksat controller 1.")
        assert out.endswith("\nlatency timer: none\n")
    assert racksat_boards(monkeypatch, "--probe", "--port", silent) == 1
    assert capsys.readouterr().out.startswith(f"{silent}: nothing answers: ")


def test_bad_usage(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert racksat_boards(monkeypatch, "--port", "/dev/ttyUSB0") == 2
    assert "only together with --probe" in capsys.readouterr().err
    assert racksat_boards(monkeypatch, "--probe", "--port", "/dev/ttyUSB77") == 2
    assert "no such device" in capsys.readouterr().err
    assert racksat_boards(monkeypatch, "--probe", "--port", "foo://") == 2
