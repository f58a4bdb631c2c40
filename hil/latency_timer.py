"""The latency timer of FTDI bridges: how long a byte may wait in the bridge for company.

Its default of 16 ms makes every transaction last 16 ms, where 1 Mbaud needs 1. The system shows it
in sysfs; a user may seldom write there, but may ask the driver for low latency.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import serial
from serial.tools import list_ports

SYSFS = Path("/sys")
WANTED_MS = 1
FTDI_VENDOR_ID = 0x0403


@dataclass(frozen=True)
class LatencyTimer:
    """Before and after an attempt to lower it; None where there is none, or it is not told."""

    before_ms: int | None = None
    after_ms: int | None = None
    remedy: str = ""  # what a person can do, where it stayed as it was

    @property
    def figure(self) -> str:
        """The figure alone."""
        if self.after_ms is None:
            return "not told" if self.remedy else "none"
        return f"{self.after_ms} ms"

    def __str__(self) -> str:
        was = "" if self.before_ms == self.after_ms else f", was {self.before_ms} ms"
        return self.figure + was + (f": {self.remedy}" if self.remedy else "")


def read(device: str, sysfs: Path = SYSFS) -> LatencyTimer:
    """How the latency timer of a device stands; none on anything but FTDI bridges."""
    ms = _read_ms(device, sysfs)
    if ms is None:
        return LatencyTimer(remedy=_windows_remedy(device))
    return LatencyTimer(ms, ms, "" if ms <= WANTED_MS else _remedy(device, sysfs))


def lower(port: serial.SerialBase, sysfs: Path = SYSFS) -> LatencyTimer:
    """Bring the latency timer of an open port down to 1 ms, and see that it is.

    Nothing is raised: a port works with 16 ms too.
    """
    device = str(port.port)
    before = read(device, sysfs)
    if not before.after_ms or before.after_ms <= WANTED_MS:
        return before
    try:
        _file(device, sysfs).write_text(f"{WANTED_MS}\n")
    except OSError:  # root's, as a rule
        # A driver that cannot shows it in the figure below.
        with suppress(AttributeError, NotImplementedError, ValueError):
            port.set_low_latency_mode(True)  # type: ignore[attr-defined]  # of Linux' Serial
    return replace(read(device, sysfs), before_ms=before.before_ms)


def _read_ms(device: str, sysfs: Path) -> int | None:
    try:
        return int(_file(device, sysfs).read_text())
    except (OSError, ValueError):
        return None


def _remedy(device: str, sysfs: Path) -> str:
    """The command that lowers it now, and the rule that does for good."""
    return (
        f"`echo {WANTED_MS} | sudo tee {_file(device, sysfs)}`, or for good in "
        '/etc/udev/rules.d/99-ftdi.rules: ACTION=="add", SUBSYSTEM=="usb-serial", '
        f'DRIVER=="ftdi_sio", ATTR{{latency_timer}}="{WANTED_MS}"'
    )


def _file(device: str, sysfs: Path) -> Path:
    name = Path(os.path.realpath(device)).name
    return sysfs / "class" / "tty" / name / "device" / "latency_timer"


def _windows_remedy(device: str) -> str:
    """Windows tells the figure to nobody but its device manager."""
    if sys.platform != "win32":
        return ""
    ftdi = any(
        info.device == device and info.vid == FTDI_VENDOR_ID for info in list_ports.comports()
    )
    return (
        f"device manager > Ports > {device} > Properties > Port Settings > Advanced > "
        f"Latency Timer: set it to {WANTED_MS} ms"
        if ftdi
        else ""
    )
