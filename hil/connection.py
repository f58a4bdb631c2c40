"""How a flight reaches its payload controller: the target in its loop, the port of its software."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import serial

import hil.ports  # noqa: F401  makes model:// and rtl:// known
from hil.errors import UsageError
from hil.link_tap import LinkTap
from hil.ports.lockstep import BAUD_DEFAULT, BITS_PER_BYTE, LockstepPort
from hil.recording import Recording
from hil.targets.target import Target

TARGETS = ("model", "rtl")
PORT = re.compile(r".*[/\\]|COM\d", re.IGNORECASE)  # a board's; not the name of a target

Tell = Callable[[int, str, str, str, str], None]  # mission time, source, severity, name, text


class Connection(Protocol):
    """A controller ready to be flown."""

    @property
    def target(self) -> Target: ...

    @property
    def tap(self) -> LinkTap:
        """Flight software's port."""

    def record_into(self, recording: Recording, tell: Tell) -> None:
        """Record the link, and `tell` what happens to it."""

    def start(self) -> None:
        """Mission time begins now."""

    def figures(self) -> Mapping[str, Any]:
        """What summary.json says of the connection beyond the link's bytes."""

    def close(self) -> None:
        """End the connection; harmless when it has ended."""


class LockstepConnection:
    """A simulated controller, at the end of its port."""

    def __init__(self, port: LockstepPort) -> None:
        self.port = port
        self.target: Target = self.port.target
        byte_ns = round(BITS_PER_BYTE * 1e9 / self.port.baudrate)
        simulated = self.port.target
        self.tap = LinkTap(self.port, lambda: simulated.now_ns, byte_ns)

    def record_into(self, recording: Recording, tell: Tell) -> None:
        """Record the link, with what went through before; there is nothing to tell."""
        self.tap.record_into(recording)

    def start(self) -> None:
        """Nothing to do: time stands still between two cycles."""

    def figures(self) -> Mapping[str, Any]:
        """Nothing but the link's bytes is measured in lockstep."""
        return {}

    def close(self) -> None:
        """Close the port and what is behind it."""
        self.port.close()


def is_port(target: str) -> bool:
    """Whether a target is the port of a board. Raises UsageError for what is no target at all."""
    if target in TARGETS:
        return False
    if PORT.match(target):
        return True
    raise UsageError(
        f"unknown target {target!r}; known are {', '.join(TARGETS)}, or the port of a board, "
        "as /dev/ttyUSB0, COM5 or socket://localhost:4711"
    )


def open_target(target: str, trays: int) -> LockstepPort:
    """The port of a controller with that many trays. Raises UsageError for an unknown target."""
    if target not in TARGETS:
        raise UsageError(f"unknown target {target!r}; known are {', '.join(TARGETS)}")
    port = serial.serial_for_url(f"{target}://?trays={trays}&baud={BAUD_DEFAULT}")
    assert isinstance(port, LockstepPort)
    return port
