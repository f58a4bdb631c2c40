"""Opening ports, what is said when they do not open, and finding a device again."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from serial.tools import list_ports
from serial.tools.list_ports_common import ListPortInfo

from hil import latency_timer, port_errors
from hil.errors import PortUrlError, UsageError
from hil.port_errors import PortError, PortNotReady, holders
from hil.serial_port import PortAddress, interface_number, open_port

BAUD = 1_000_000


@pytest.fixture
def pty() -> Iterator[tuple[int, str]]:
    """The master of a pty, and the name of the other end, which stays alive meanwhile."""
    master, slave = os.openpty()
    yield master, os.ttyname(slave)
    os.close(slave)
    os.close(master)


def usb(device: str, location: str | None, number: str | None = "ib7", pid: int = 0x6010):
    info = ListPortInfo(device)
    info.vid, info.pid = 0x0403, pid
    info.serial_number, info.location = number, location
    info.product = "iCEBreaker V1.0e"
    info.apply_usb_info()
    return info


def plug(monkeypatch: pytest.MonkeyPatch, *ports: ListPortInfo) -> None:
    monkeypatch.setattr(list_ports, "comports", lambda *_: list(ports))


def failure(url: str, baud: int = BAUD) -> UsageError:
    with pytest.raises(UsageError) as caught:
        open_port(url, baud)
    assert caught.value.exit_code == 2
    return caught.value


def fails_with(monkeypatch: pytest.MonkeyPatch, device: str, number: int) -> PortError:
    """The error for a device whose opening the system refuses with `number`."""
    real = os.open

    def refuse(path: str, *arguments: int) -> int:
        if path == device:
            raise OSError(number, os.strerror(number), path)
        return real(path, *arguments)

    monkeypatch.setattr(os, "open", refuse)
    error = failure(device)
    assert isinstance(error, PortError)
    return error


# -- ports that open


def test_a_pty_carries_every_byte(pty: tuple[int, str]) -> None:
    master, name = pty
    every = bytes(range(256))
    with open_port(name, BAUD) as port:
        port.timeout = 5.0
        os.write(master, every)
        assert port.read(256) == every
        port.write(every)
        heard = b""
        while len(heard) < 256:
            heard += os.read(master, 256)
        assert heard == every
        assert port.baudrate == BAUD and port.write_timeout


def test_a_link_to_a_device(pty: tuple[int, str], tmp_path: Path) -> None:
    link = tmp_path / "controller"
    link.symlink_to(pty[1])
    with open_port(str(link), BAUD) as port:
        os.write(pty[0], b"x")
        port.timeout = 5.0
        assert port.read(1) == b"x"


def test_a_socket() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = open_port(f"socket://127.0.0.1:{server.getsockname()[1]}", BAUD)
        connection, _ = server.accept()
    with port, connection:
        connection.sendall(b"hello")
        port.timeout = 5.0
        assert port.read(5) == b"hello"


def test_a_controller_in_lockstep() -> None:
    with open_port("model://?trays=3", BAUD) as port:
        assert port.target.trays == 3


def test_hwgrep(pty: tuple[int, str], monkeypatch: pytest.MonkeyPatch) -> None:
    plug(monkeypatch, usb(pty[1], "1-2:1.1"))
    with open_port("hwgrep://iCEBreaker", BAUD) as port:
        assert port.port == pty[1]


def test_the_latency_timer_is_lowered(
    pty: tuple[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lowered = []
    monkeypatch.setattr(latency_timer, "lower", lambda port: lowered.append(port.is_open))
    open_port(pty[1], BAUD).close()
    assert lowered == [True]


# -- ports that do not


def test_no_such_device(monkeypatch: pytest.MonkeyPatch) -> None:
    plug(monkeypatch, usb("/dev/ttyUSB8", "1-2:1.0"), usb("/dev/ttyUSB9", "1-2:1.1"))
    error = failure("/dev/ttyUSB77")
    assert str(error) == (
        "/dev/ttyUSB77: no such device; ports here: /dev/ttyUSB8 (iCEBreaker V1.0e), "
        "/dev/ttyUSB9 (iCEBreaker V1.0e)"
    )
    plug(monkeypatch)
    assert "this machine has no serial port" in str(failure("/dev/ttyUSB77"))


def test_no_permission(pty: tuple[int, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The group is that of the device, as the system says: here tty's own."""
    group = Path(pty[1]).group()
    Path(pty[1]).chmod(0o660)
    error = fails_with(monkeypatch, pty[1], errno.EACCES)
    assert error.reason == "no permission"
    if group != "root":
        assert f"belongs to group {group}: `sudo usermod -aG {group} $USER`" in str(error)
        assert "log out and in again" in str(error)
    Path(pty[1]).chmod(0o620)
    assert "mode crw--w----" in str(fails_with(monkeypatch, pty[1], errno.EACCES))
    assert "udev rule" in str(fails_with(monkeypatch, pty[1], errno.EACCES))


HOLDER = """
import fcntl, sys
port = open(sys.argv[1], "r+b", buffering=0)
if sys.argv[2] == "lock":
    fcntl.flock(port, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


def hold(device: str, how: str) -> subprocess.Popen[str]:
    """Another program that has the device open, until its input is closed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, device, how],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None and process.stdout.readline() == "held\n"
    return process


def test_a_port_that_another_program_has_locked(pty: tuple[int, str]) -> None:
    with hold(pty[1], "lock") as process:
        error = failure(pty[1])
        assert isinstance(error, PortError)
        assert re.search(rf"busy: held by .*python.* \(pid {process.pid}\)", str(error))
        assert error.reason.startswith("busy: ")
        process.communicate("")
    open_port(pty[1], BAUD).close()


def test_a_port_that_another_program_has_for_itself(
    pty: tuple[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """TIOCEXCL does not stop root, so the refusal is made; the holder is real."""
    with hold(pty[1], "open") as process:
        error = fails_with(monkeypatch, pty[1], errno.EBUSY)
        assert f"(pid {process.pid})" in str(error)
        process.communicate("")


def test_this_port_is_locked_against_others(pty: tuple[int, str]) -> None:
    with open_port(pty[1], BAUD), Path(pty[1]).open("rb", buffering=0) as other:
        with pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        assert f"(pid {os.getpid()})" in str(failure(pty[1]))


def test_a_holder_that_may_not_be_looked_at(
    pty: tuple[int, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert holders(pty[1], tmp_path) == []
    monkeypatch.setattr(port_errors, "holders", lambda device: [])
    assert f"`sudo fuser -v {pty[1]}`" in str(fails_with(monkeypatch, pty[1], errno.EBUSY))


def test_what_is_no_serial_device(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a port")
    for path in (tmp_path, tmp_path / "notes.txt", Path("/dev/null")):
        assert str(failure(str(path))).startswith(f"{path}: not a serial device; ")


def test_a_device_whose_other_end_is_gone(
    pty: tuple[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    error = fails_with(monkeypatch, pty[1], errno.EIO)
    assert error.reason == "nobody at the other end"


def test_hwgrep_without_a_match(monkeypatch: pytest.MonkeyPatch) -> None:
    plug(monkeypatch, usb("/dev/ttyUSB9", "1-2:1.1"))
    assert str(failure("hwgrep://ULX3S")) == (
        "hwgrep://ULX3S: no port matches; ports here: /dev/ttyUSB9 (iCEBreaker V1.0e)"
    )
    assert "expected hwgrep://REGULAR-EXPRESSION" in str(failure("hwgrep://("))


def test_nothing_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = server.getsockname()[1]
    for scheme in ("socket", "rfc2217"):
        error = failure(f"{scheme}://127.0.0.1:{number}")
        assert isinstance(error, PortError) and error.reason == "connection refused"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("tcp://localhost:5000", r"unknown kind tcp://; expected .* model://.* socket://"),
        ("socket://localhost", "expected socket://HOST:PORT"),
        ("socket://localhost:99999", "expected socket://HOST:PORT"),
        ("model://?trays=99", "trays=99: must be a whole number from 1 to 32"),
    ],
)
def test_a_wrong_url(url: str, message: str) -> None:
    error = failure(url)
    assert isinstance(error, PortUrlError)
    assert re.search(message, str(error))


# -- the same device again


def test_a_url_that_is_no_device_is_its_own_address() -> None:
    for url in ("socket://localhost:5000", "hwgrep://iCE", "/dev/pts/77", "COM5"):
        address = PortAddress.of(url)
        assert (address, address.find(), str(address)) == (PortAddress(url), url, url)


def test_a_device_is_found_under_another_name(
    pty: tuple[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    plug(monkeypatch, usb("/dev/ttyUSB0", "1-2:1.0"), usb("/dev/ttyUSB1", "1-2:1.1"))
    address = PortAddress.of("/dev/ttyUSB1")
    assert address.find() == "/dev/ttyUSB1"
    assert str(address) == "/dev/ttyUSB1 (0403:6010 serial number ib7 at USB 1-2:1.1)"
    plug(monkeypatch)
    with pytest.raises(PortNotReady, match="ib7 at USB 1-2:1.1.: not plugged in"):
        address.reopen(BAUD)
    # Into another socket, while a board of the same kind stands at its old place.
    others = usb("/dev/ttyUSB0", "1-2:1.0", "ib9"), usb("/dev/ttyUSB1", "1-2:1.1", "ib9")
    plug(monkeypatch, *others, usb("/dev/ttyUSB2", "1-3:1.0"), usb(pty[1], "1-3:1.1"))
    assert address.find() == pty[1]
    with address.reopen(BAUD) as port:
        assert port.port == pty[1]


def test_serial_numbers_that_are_not_unique(monkeypatch: pytest.MonkeyPatch) -> None:
    """All Tang Nano 9K say the same: the socket decides, or nothing does."""
    first, second = usb("/dev/ttyUSB1", "1-2:1.1"), usb("/dev/ttyUSB3", "1-3:1.1")
    plug(monkeypatch, first, second)
    address = PortAddress.of("/dev/ttyUSB3")
    plug(monkeypatch, first, usb("/dev/ttyUSB9", "1-3:1.1"))
    assert address.find() == "/dev/ttyUSB9"
    plug(monkeypatch, first, usb("/dev/ttyUSB9", "1-4:1.1"))
    assert address.find() is None


def test_without_a_serial_number_the_socket_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    plug(monkeypatch, usb("/dev/ttyUSB0", "1-2", None, 0x6015))
    address = PortAddress.of("/dev/ttyUSB0")
    plug(monkeypatch, usb("/dev/ttyUSB4", "1-2", None, 0x6015))
    assert address.find() == "/dev/ttyUSB4"
    plug(monkeypatch, usb("/dev/ttyUSB4", "1-3", None, 0x6015))
    assert address.find() is None


def test_a_link_stays_the_name_while_it_leads_there(
    pty: tuple[int, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    link = tmp_path / "by-id"
    link.symlink_to(pty[1])
    plug(monkeypatch, usb(pty[1], "1-2:1.1"))
    address = PortAddress.of(str(link))
    assert (address.serial_number, address.find()) == ("ib7", str(link))
    link.unlink()
    assert address.find() == pty[1]


def test_a_device_that_is_there_and_not_usable_yet(
    pty: tuple[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    address = PortAddress.of(pty[1])
    with open_port(pty[1], BAUD), pytest.raises(PortNotReady) as caught:
        address.reopen(BAUD)
    assert caught.value.reason.startswith("busy")
    gone = PortAddress("/dev/ttyUSB77")
    with pytest.raises(PortNotReady, match="no such device"):
        gone.reopen(BAUD)


@pytest.mark.parametrize(
    ("location", "number"),
    [("1-2:1.1", 1), ("3-1.4:1.0", 0), ("1-2", None), (None, None), ("1-2:x.1", 1)],
)
def test_interface_number(location: str | None, number: int | None) -> None:
    assert interface_number(location) == number
