"""One suite for every realisation of the controller: model, RTL, netlist, or a board.

`--target` says which. Sensors, ticks, bit flips and actuators are the fixture `stimulus`: beside
the link in simulation, through the test key on a board. A test that needs more than a board offers
is skipped there with the reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
import serial

from fsw import registers as r
from hil.serial_port import open_port

from .byte_stream import ByteStream, StreamStimulus
from .stimulus import LockstepStimulus, Stimulus
from .wire import REPLY_TIMEOUT_S, Link

BAUD = 1_000_000
SIMULATED = ("model", "rtl", "gates")


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """What was not tested of a board, and why: a line a reason."""
    if config.getoption("--target") in SIMULATED:
        return
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = Counter(report.longrepr[2].removeprefix("Skipped: ") for report in skipped)
    if reasons:
        terminalreporter.section("skipped", sep="-")
    for reason, cases in reasons.most_common():
        terminalreporter.write_line(f"{cases:5d}  {reason}")


@pytest.fixture(scope="session")
def url(request: pytest.FixtureRequest) -> str:
    """pyserial URL of the controller under test."""
    target: str = request.config.getoption("--target")
    return f"{target}://" if target in SIMULATED else target


@pytest.fixture(scope="session")
def port(url: str) -> Iterator[serial.SerialBase]:
    """The controller's port, open for the whole session."""
    with open_port(url, BAUD) as port:
        port.timeout = REPLY_TIMEOUT_S
        yield port


@pytest.fixture(scope="session")
def stream(port: serial.SerialBase, url: str) -> ByteStream | None:
    """The controller, if it is behind a byte stream; None in lockstep."""
    return None if hasattr(port, "target") else ByteStream(port, url)


@pytest.fixture(scope="session")
def trays_fitted(port: serial.SerialBase, stream: ByteStream | None) -> int:
    """Number of trays fitted, before any test looks."""
    return port.target.trays if stream is None else stream.trays


@pytest.fixture(autouse=True)
def enough_trays(request: pytest.FixtureRequest) -> None:
    """Skip a test marked `trays(n)` where fewer are fitted."""
    marker = request.node.get_closest_marker("trays")
    if marker:
        fitted = request.getfixturevalue("trays_fitted")
        if fitted < marker.args[0]:
            pytest.skip(f"needs {marker.args[0]} trays: {fitted} fitted")


@pytest.fixture
def link(port: serial.SerialBase, stream: ByteStream | None) -> Link:
    """Link to a controller in its reset state, at the beginning of a tick.

    A board is brought as near to its reset state as writes can.
    """
    if stream is not None:
        return stream.restore()
    target = port.target
    target.advance_to((target.now_ns // target.tick_ns + 2) * target.tick_ns)
    port.reset_input_buffer()  # what an earlier test left behind
    target.reset()
    return Link(port)


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
def stimulus(link: Link, stream: ByteStream | None, url: str) -> Stimulus:
    """Sensors, ticks, bit flips and actuators of a controller in its reset state."""
    if stream is None:
        return LockstepStimulus(link.port.target)
    if not stream.injection:
        pytest.skip(f"{url} is a flight build: it serves no test key")
    return StreamStimulus(stream)
