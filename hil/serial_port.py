"""Opening a serial port by its URL, with errors that say what is wrong and what to do; and finding
the same device again after it was unplugged.

What may stand for a port: a device (`/dev/ttyUSB0`, `COM5`), a pseudo terminal, a link to either,
`hwgrep://`, `socket://`, `rfc2217://`, and the lockstep URLs of `hil.ports`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import serial
from serial.tools import list_ports
from serial.tools.list_ports_common import ListPortInfo

import hil.ports  # noqa: F401  makes model:// and the like known to pyserial
from hil import latency_timer
from hil.errors import RacksatError
from hil.port_errors import PortError, PortNotReady, explained

READ_TIMEOUT_S = 0.1  # until somebody sets another; never None, which waits forever
WRITE_TIMEOUT_S = 1.0  # a pseudo terminal whose other end reads nothing takes no more bytes


def open_port(url: str, baud: int) -> serial.SerialBase:
    """An open port, for this process alone where the system can do that (an advisory lock on
    POSIX), its latency timer lowered where that is allowed.

    Raises PortError, or PortUrlError on a URL that names no port.
    """
    scheme = url.partition("://")[0].lower() if "://" in url else ""
    device = "" if scheme else url
    try:
        port = serial.serial_for_url(url, do_not_open=True, exclusive=True)
        port.baudrate = baud
        port.timeout = READ_TIMEOUT_S
        if scheme != "rfc2217":  # has no such timeout
            port.write_timeout = WRITE_TIMEOUT_S
        if scheme == "hwgrep":
            device = str(port.port)  # what it found
        port.open()
    except RacksatError:
        raise
    except Exception as error:  # termios.error and re.error are of no common kind
        raise explained(error, url, scheme, device, baud) from error
    latency_timer.lower(port)
    return port


@dataclass(frozen=True)
class PortAddress:
    """How to find the same device again. Only `url` is set where it is no USB device."""

    url: str
    vendor_id: int | None = None
    product_id: int | None = None
    serial_number: str | None = None
    location: str | None = None  # of the USB socket, as the system names it

    @classmethod
    def of(cls, url: str) -> PortAddress:
        """Of a URL, while the device is plugged in."""
        info = _port_info(url)
        if info is None or info.vid is None:
            return cls(url)
        return cls(url, info.vid, info.pid, info.serial_number, info.location)

    def find(self) -> str | None:
        """Where the device is now: the URL itself, or another name; None when it is not there.

        The same serial number, VID:PID and interface make it the same device. Serial numbers are
        not always unique, nor always there: then the socket it is plugged into decides.
        """
        if self.vendor_id is None:
            return self.url
        found = [info for info in list_ports.comports() if self._may_be(info)]
        here = [info for info in found if info.location == self.location]
        if not here and self.serial_number:
            here = found
        return self._name(here[0]) if len(here) == 1 else None

    def reopen(self, baud: int) -> serial.SerialBase:
        """The device, opened again. Raises PortNotReady while it is not there or not usable,
        as in the moment before the system has given it its permissions: try again later."""
        url = self.find()
        if url is None:
            raise PortNotReady(f"{self}: not plugged in", "not plugged in")
        try:
            return open_port(url, baud)
        except PortError as error:
            raise PortNotReady(str(error), error.reason) from error

    def __str__(self) -> str:
        if self.vendor_id is None:
            return self.url
        number = f" serial number {self.serial_number}" if self.serial_number else ""
        place = f" at USB {self.location}" if self.location else ""
        return f"{self.url} ({self.vendor_id:04X}:{self.product_id:04X}{number}{place})"

    def _may_be(self, info: ListPortInfo) -> bool:
        return (info.vid, info.pid, info.serial_number, interface_number(info.location)) == (
            self.vendor_id,
            self.product_id,
            self.serial_number,
            interface_number(self.location),
        )

    def _name(self, info: ListPortInfo) -> str:
        """The URL as it was given while it still leads to the device."""
        same = _real(self.url) == _real(info.device)
        return self.url if same else str(info.device)


def interface_number(location: str | None) -> int | None:
    """Number of the USB interface in a location such as `1-2:1.1`; None where it is not told."""
    told = re.search(r":(?:\d+|x)\.(\d+)$", location or "")
    return int(told[1]) if told else None


def _port_info(url: str) -> ListPortInfo | None:
    """What the system lists under this name of a device, links resolved."""
    if "://" in url:
        return None
    real = _real(url)
    return next((info for info in list_ports.comports() if _real(info.device) == real), None)


def _real(device: str) -> str:
    """A device's own name; COM5 stays what it is."""
    path = Path(device)
    return str(path.resolve()) if path.exists() else device
