"""The latency timer of FTDI bridges, in a sysfs of our own around a real pty."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial
from serial.tools import list_ports
from serial.tools.list_ports_common import ListPortInfo

from hil import latency_timer
from hil.latency_timer import LatencyTimer, lower, read


@pytest.fixture
def port() -> Iterator[serial.Serial]:
    master, slave = os.openpty()
    with serial.Serial(os.ttyname(slave)) as port:
        yield port
    os.close(slave)
    os.close(master)


@pytest.fixture
def file(port: serial.Serial, tmp_path: Path) -> Path:
    """Where the driver would show the latency timer of the port; 16 ms to begin with."""
    folder = tmp_path / "class" / "tty" / Path(port.port).name / "device"
    folder.mkdir(parents=True)
    (folder / "latency_timer").write_text("16\n")
    return folder / "latency_timer"


@pytest.fixture
def read_only(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """sysfs as it is for anybody but root; tests may run as root."""

    def refuse(path: Path, *_: object) -> int:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "write_text", refuse)


def test_it_is_lowered_where_that_is_permitted(
    port: serial.Serial, file: Path, tmp_path: Path
) -> None:
    assert lower(port, tmp_path) == LatencyTimer(16, 1)
    assert file.read_text() == "1\n"
    assert str(LatencyTimer(16, 1)) == "1 ms, was 16 ms"
    assert lower(port, tmp_path) == LatencyTimer(1, 1)
    assert str(LatencyTimer(1, 1)) == "1 ms"


@pytest.mark.usefixtures("read_only")
def test_the_driver_is_asked_for_low_latency_otherwise(
    port: serial.Serial, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def driver(low: bool) -> None:
        asked.append(low)
        file.write_bytes(b"1\n")

    monkeypatch.setattr(port, "set_low_latency_mode", driver)
    assert lower(port, tmp_path) == LatencyTimer(16, 1)
    assert asked == [True]


@pytest.mark.usefixtures("read_only")
@pytest.mark.parametrize("agrees", [True, False])
def test_the_remedy_is_told_where_nothing_helps(
    agrees: bool, port: serial.Serial, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pty's driver refuses low latency; another may agree, and do nothing."""
    if agrees:
        monkeypatch.setattr(port, "set_low_latency_mode", lambda low: None)
    result = lower(port, tmp_path)
    assert (result.before_ms, result.after_ms) == (16, 16)
    name = Path(port.port).name
    assert str(result) == (
        f"16 ms: `echo 1 | sudo tee {tmp_path}/class/tty/{name}/device/latency_timer`, or for good "
        'in /etc/udev/rules.d/99-ftdi.rules: ACTION=="add", SUBSYSTEM=="usb-serial", '
        'DRIVER=="ftdi_sio", ATTR{latency_timer}="1"'
    )
    assert result == read(port.port, tmp_path)


def test_a_link_leads_to_the_device(port: serial.Serial, file: Path, tmp_path: Path) -> None:
    link = tmp_path / "by-id"
    link.symlink_to(port.port)
    file.write_text("7\n")
    assert read(str(link), tmp_path).after_ms == 7


def test_there_is_none_without_ftdi(port: serial.Serial, tmp_path: Path) -> None:
    assert str(lower(port, tmp_path)) == str(read("socket://localhost:5000")) == "none"
    assert lower(port, tmp_path) == LatencyTimer()


def test_windows_tells_it_in_the_device_manager_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ftdi, other = ListPortInfo("COM5"), ListPortInfo("COM6")
    ftdi.vid = 0x0403
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(list_ports, "comports", lambda *_: [ftdi, other])
    assert str(read("COM5", tmp_path)) == (
        "not told: device manager > Ports > COM5 > Properties > Port Settings > Advanced > "
        "Latency Timer: set it to 1 ms"
    )
    assert str(read("COM6", tmp_path)) == "none"


def test_the_figure_wanted_is_the_least_ftdi_offers() -> None:
    assert latency_timer.WANTED_MS == 1
