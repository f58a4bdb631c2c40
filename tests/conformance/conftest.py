"""One suite for every realisation of the controller: model, RTL, netlist, or a board.

`--target` says which. What needs more than a byte stream (sensors, ticks, bit flips, actuators)
takes the fixture `stimulus` and is skipped where the port offers none.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import serial

import hil.ports  # noqa: F401  makes model:// and the like known to pyserial
from fsw import registers as r

from .stimulus import Stimulus
from .wire import REPLY_TIMEOUT_S, Link

BAUD = 1_000_000


@pytest.fixture(scope="session")
def url(request: pytest.FixtureRequest) -> str:
    """pyserial URL of the controller under test."""
    target: str = request.config.getoption("--target")
    return f"{target}://" if target in ("model", "rtl", "gates") else target


@pytest.fixture(scope="session")
def port(url: str) -> Iterator[serial.SerialBase]:
    """The controller's port, open for the whole session."""
    with serial.serial_for_url(url, baudrate=BAUD, timeout=REPLY_TIMEOUT_S) as port:
        yield port


@pytest.fixture(scope="session")
def trays_fitted(port: serial.SerialBase) -> int:
    """Number of trays fitted, before any test looks."""
    target = getattr(port, "target", None)
    return target.trays if target else Link(port).fields(r.IDENTITY_CONFIG)["trays"]


@pytest.fixture(autouse=True)
def enough_trays(request: pytest.FixtureRequest) -> None:
    """Skip a test marked `trays(n)` where fewer are fitted."""
    marker = request.node.get_closest_marker("trays")
    if marker:
        fitted = request.getfixturevalue("trays_fitted")
        if fitted < marker.args[0]:
            pytest.skip(f"needs {marker.args[0]} trays: {fitted} fitted")


@pytest.fixture
def link(port: serial.SerialBase) -> Link:
    """Link to a controller in its reset state, at the beginning of a tick.

    A board is brought as near to its reset state as writes can: its counters run on.
    """
    target = getattr(port, "target", None)
    link = Link(port)
    if target is not None:
        target.advance_to((target.now_ns // target.tick_ns + 2) * target.tick_ns)
    port.reset_input_buffer()  # what an earlier test left behind
    if target is not None:
        target.reset()
    else:
        link.set(r.COMMAND_SAFE, 0x5AFE_0000)
        if link.fields(r.IDENTITY_FEATURES)["injection"]:
            link.inject(r.INJECTION.base, 0, 0, 0, 0)
        for register in r.REGISTERS:
            if register.access == "rw" and register.count == 1:
                link.set(register, register.reset)
        link.set(r.COMMAND_OVER_TEMPERATURE_CLEAR, 0xFFFF_FFFF)
        link.set(r.COMMAND_OVER_CURRENT_CLEAR, 0xFFFF_FFFF)
    return link


@pytest.fixture
def trays(link: Link) -> int:
    """Number of trays fitted."""
    return link.fields(r.IDENTITY_CONFIG)["trays"]


@pytest.fixture
def injection(link: Link, url: str) -> Link:
    """The link to a controller that serves the test key."""
    if not link.fields(r.IDENTITY_FEATURES)["injection"]:
        pytest.skip(f"{url} is a flight build: it serves no test key")
    return link


@pytest.fixture
def stimulus(link: Link, url: str) -> Stimulus:
    """Sensors, ticks, bit flips and actuators of a controller in lockstep, in its reset state."""
    target = getattr(link.port, "target", None)
    if target is None:
        pytest.skip(f"{url} is a byte stream: it offers no sensors, ticks, bit flips or actuators")
    return Stimulus(target)
