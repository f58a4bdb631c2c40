"""Why a serial port does not open, and what to do about it."""

from __future__ import annotations

import errno
import os
import stat
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from urllib.parse import urlsplit

import serial
from serial.tools import list_ports

from hil.errors import PortUrlError, UsageError


class PortError(UsageError):
    """A port that does not open. `reason` says in a few words why."""

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(text)
        self.reason = reason


class PortNotReady(PortError):
    """A device that was there is not there yet, or not usable yet: try again later."""


def explained(error: Exception, url: str, scheme: str, device: str, baud: int) -> UsageError:
    """The error to raise for what pyserial raised; `device` is empty where there is none."""
    text, number = str(error), _errno(error)
    if scheme not in ("", *schemes()):
        return PortUrlError(
            f"port {url!r}: unknown kind {scheme}://; expected the name of a device, or one of "
            + ", ".join(f"{known}://" for known in schemes())
        )
    if scheme == "hwgrep" and not device:
        if "no ports found" in text:
            return PortError(f"{url}: no port matches; {listing()}", "no port matches")
        return PortUrlError(f"port {url!r}: {text}; expected hwgrep://REGULAR-EXPRESSION")
    if scheme and not device:
        return _unreachable(url, number, text)
    if number in (errno.ENOENT, errno.ENODEV, errno.ENXIO) or "FileNotFoundError" in text:
        return PortError(f"{device}: no such device; {listing()}", "no such device")
    if number in (errno.EACCES, errno.EPERM):
        return PortError(f"{device}: no permission; {permission(Path(device))}", "no permission")
    # Windows has one user for a port, and says so with a PermissionError.
    if number in (errno.EBUSY, errno.EAGAIN) or "PermissionError" in text:
        return _busy(device)
    if number == errno.EIO:
        return PortError(
            f"{device}: nobody at the other end: the device was unplugged, or the program behind "
            "this pseudo terminal has ended",
            "nobody at the other end",
        )
    if Path(device).exists() and not _is_terminal(device):
        return PortError(f"{device}: not a serial device; {listing()}", "not a serial device")
    return PortError(
        f"{device}: does not open at {baud} baud, 8N1: {text}", f"does not open at {baud} baud"
    )


def schemes() -> list[str]:
    """The kinds of URLs that pyserial knows."""
    return sorted(
        module.name.removeprefix("protocol_")
        for package in serial.protocol_handler_packages
        for module in iter_modules(import_module(package).__path__)
        if module.name.startswith("protocol_")
    )


def listing() -> str:
    """The ports there are, as part of a sentence."""
    ports = sorted(list_ports.comports())
    if not ports:
        return "this machine has no serial port: is the board plugged in, with a cable for data?"
    return "ports here: " + ", ".join(f"{port.device} ({port.description})" for port in ports)


def permission(device: Path) -> str:
    """Who may open a device, and how to become one of them."""
    try:
        import grp

        state = device.stat()
        group = grp.getgrgid(state.st_gid).gr_name
    except (ImportError, OSError, KeyError):
        return "ask who administers this machine"
    read_write = stat.S_IRGRP | stat.S_IWGRP
    if state.st_mode & read_write != read_write or group == "root":
        return (
            f"it belongs to group {group} with mode {stat.filemode(state.st_mode)}: no group of "
            "users may open it; give it one by a udev rule, such as "
            f'KERNEL=="{device.resolve().name}", GROUP="dialout", MODE="0660"'
        )
    return (
        f"it belongs to group {group}: `sudo usermod -aG {group} $USER`, then log out and in "
        "again (groups are read at login)"
    )


def holders(device: str, proc: Path = Path("/proc")) -> list[str]:
    """The processes that have a device open, as `minicom (pid 4711)`; those of others only as far
    as this user may look. Empty where the system has no /proc."""
    real = os.path.realpath(device)
    found = []
    for process in sorted(proc.glob("[0-9]*"), key=lambda path: int(path.name)):
        try:
            if any(os.path.realpath(entry) == real for entry in (process / "fd").iterdir()):
                found.append(f"{(process / 'comm').read_text().strip()} (pid {process.name})")
        except OSError:
            continue  # ended meanwhile, or of another user
    return found


def _busy(device: str) -> PortError:
    users = holders(device)
    if users:
        return PortError(
            f"{device}: busy: held by {', '.join(users)}; end that program first",
            f"busy: {users[0]}",
        )
    which = f"; to see which: `sudo fuser -v {device}`" if os.name == "posix" else ""
    return PortError(f"{device}: busy: another program holds it{which}", "busy")


def _unreachable(url: str, number: int | None, text: str) -> UsageError:
    if number == errno.ECONNREFUSED:
        return PortError(
            f"{url}: connection refused: nothing listens there; is `racksat serve --tcp`, or what "
            "serves the port, running, and is this its number?",
            "connection refused",
        )
    try:
        told = urlsplit(url).port is not None
    except ValueError:
        told = False
    if not told and url.startswith(("socket:", "rfc2217:")):
        return PortUrlError(f"port {url!r}: expected {url.partition(':')[0]}://HOST:PORT")
    return PortError(f"{url}: {text}", "does not open")


def _is_terminal(device: str) -> bool:
    try:
        flags = os.O_RDWR | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_NONBLOCK", 0)
        descriptor = os.open(device, flags)
    except OSError:
        return False
    try:
        return os.isatty(descriptor)
    finally:
        os.close(descriptor)


def _errno(error: Exception) -> int | None:
    """The number of the system's error; pyserial leaves some in the context of its own. No deeper:
    beyond lies what the caller is just recovering from."""
    for cause in (error, error.__context__):
        if isinstance(cause, OSError) and cause.errno is not None:
            return cause.errno
    return None
