"""How a flight reaches its payload controller: the target in its loop, the port of its software."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import serial

import hil.ports  # noqa: F401  makes model:// and rtl:// known
from fsw.payload_link import LinkError, PayloadLink
from hil.arbiter import BENCH_ADDRESS, Arbiter
from hil.errors import Stopped, UsageError
from hil.identity import Identity, IdentityError, identify
from hil.latency_timer import read as read_latency_timer
from hil.link_tap import LinkTap
from hil.pace import Pace
from hil.port_errors import PortNotReady
from hil.ports.lockstep import BAUD_DEFAULT, BITS_PER_BYTE, LockstepPort
from hil.recording import (
    BENCH_FROM_CONTROLLER,
    BENCH_TO_CONTROLLER,
    PORT_EVENT,
    UNAWAITED,
    Recording,
)
from hil.serial_port import PortAddress, open_port
from hil.targets.board import BoardTarget
from hil.targets.target import Target

TARGETS = ("model", "rtl")
BENCH_TIMEOUT_S = 0.02  # of a reply to the bench; as flight software's
REOPEN_NS = 500_000_000  # between two attempts
GONE_NS = 60_000_000_000  # without the port until the flight is given up

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
    """A simulated controller. Raises UsageError for an unknown target."""

    def __init__(self, target: str, trays: int) -> None:
        self.port = open_target(target, trays)
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


@dataclass(frozen=True)
class BoardOrder:
    """Which board is to be flown, and what it is expected to be."""

    url: str
    baud: int = BAUD_DEFAULT
    trays: int | None = None  # expected
    build: int | None = None  # expected
    speed: float = 1.0  # mission time over wall time; other than 1 for served controllers only


class BoardConnection:
    """A controller at the end of a serial port, in real time.

    The port is shared by flight software and the bench. When it fails, as a cable does that is
    pulled, it is looked for and opened again while the flight goes on.

    Raises PortError, IdentityError, or UsageError for a board that is not the one expected or that
    the bench cannot reach, as it has no injection.
    """

    def __init__(self, order: BoardOrder) -> None:
        self.order = order
        self._address = PortAddress.of(order.url)
        self._port = open_port(order.url, order.baud)
        try:
            self.identity = _expected(identify(self._port), order)
            self._arbiter = Arbiter(self._port, unclaimed=self._unclaimed)
            self._pace = Pace(order.speed)
            link = PayloadLink(
                self._arbiter.bench, BENCH_TIMEOUT_S, 0, initiator_address=BENCH_ADDRESS
            )
            board = BoardTarget(link, self.identity, self._pace)
            _prepare(board, order.url)
        except BaseException:
            self._port.close()
            raise
        board.revive = self._revive
        self.target: Target = board
        self._board = board
        self._recording: Recording | None = None
        self._tell: Tell | None = None
        self._gone_since_ns: int | None = None
        self._look_ns = 0
        self.outages: list[float] = []  # seconds, each
        byte_ns = round(BITS_PER_BYTE * 1e9 / order.baud)
        now_ns = self._pace.now_ns
        self.tap = LinkTap(self._arbiter.flight, now_ns, byte_ns)
        self._bench_tap = LinkTap(
            self._arbiter.bench, now_ns, byte_ns, BENCH_TO_CONTROLLER, BENCH_FROM_CONTROLLER
        )
        link.port = self._bench_tap
        self._bench_tap.timeout = BENCH_TIMEOUT_S

    def record_into(self, recording: Recording, tell: Tell) -> None:
        """Record the link, and `tell` what happens to it."""
        self._recording, self._tell = recording, tell
        self.tap.record_into(recording)
        self._bench_tap.record_into(recording)
        self._board.report = self._report

    def start(self) -> None:
        """Mission time begins now."""
        self._pace.start()

    def figures(self) -> Mapping[str, Any]:
        """Time on the wall, as measured."""
        arbiter, board, order = self._arbiter, self._board, self.order
        elapsed_s = max(self._pace.now_ns() / 1e9 / order.speed, 1e-9)
        byte_s = BITS_PER_BYTE / order.baud
        sent = arbiter.flight.bytes_sent + arbiter.bench.bytes_sent
        received = (
            arbiter.flight.bytes_received + arbiter.bench.bytes_received + arbiter.unclaimed_bytes
        )
        timer = read_latency_timer(str(self._port.port))
        return {
            "timing": {
                "port": order.url,
                "identity": str(self.identity),
                "baud": order.baud,
                "speed": order.speed,
                "latency_timer": str(timer),
                "cycle_begin_late": board.lateness.as_dict(),
                "latency": {
                    each.name: each.latency.as_dict() for each in (arbiter.flight, arbiter.bench)
                },
                "wait_for_wire": {
                    each.name: each.wait.as_dict() for each in (arbiter.flight, arbiter.bench)
                },
                "unanswered": {
                    each.name: each.unanswered for each in (arbiter.flight, arbiter.bench)
                },
                "utilisation": {
                    "to_board": round(sent * byte_s / elapsed_s, 6),
                    "from_board": round(received * byte_s / elapsed_s, 6),
                },
                "unawaited_bytes": arbiter.unclaimed_bytes,
                "bench_bytes": {
                    "sent": self._bench_tap.bytes_sent,
                    "received": self._bench_tap.bytes_received,
                },
                "resets": board.resets,
                "outages_s": [round(outage_s, 2) for outage_s in self.outages],
            }
        }

    def close(self) -> None:
        """Close the port."""
        self._port.close()

    def _revive(self) -> None:
        """Look for a port that failed. Raises Stopped when it stays away, or is another board."""
        failure = self._arbiter.failure
        if not failure:
            return
        now_ns = self._pace.now_ns()
        if self._gone_since_ns is None:
            self._gone_since_ns = now_ns
            self._port.close()
            self._event("high", "board.gone", "failed", f"the port failed: {failure}")
        if now_ns < self._look_ns:
            return
        self._look_ns = now_ns + REOPEN_NS
        try:
            port = self._address.reopen(self.order.baud)
        except PortNotReady as error:
            if now_ns - self._gone_since_ns > GONE_NS:
                raise Stopped(f"the port stayed away for {GONE_NS / 1e9:.0f} s: {error}") from error
            return
        try:
            identity = identify(port)
        except IdentityError:  # as while an FPGA is configured: look again
            port.close()
            return
        if (identity.trays, identity.build) != (self.identity.trays, self.identity.build):
            port.close()
            raise Stopped(f"another board is at {port.port} now: {identity}; was {self.identity}")
        self._port = port
        self._arbiter.connect(port)
        outage_s = (now_ns - self._gone_since_ns) / 1e9
        self.outages.append(outage_s)
        self._gone_since_ns = None
        self._event(
            "medium", "board.back", "reopened", f"{port.port} opened again after {outage_s:.1f} s"
        )

    def _unclaimed(self, data: bytes) -> None:
        if self._recording is not None:
            self._recording.link(self._pace.now_ns(), UNAWAITED, data)

    def _event(self, severity: str, name: str, word: str, text: str) -> None:
        if self._recording is not None:
            note = f"{word}: {text}".encode()
            self._recording.link(self._pace.now_ns(), PORT_EVENT, note)
        self._report(severity, name, text)

    def _report(self, severity: str, name: str, text: str) -> None:
        if self._tell is not None:
            self._tell(self._pace.now_ns(), "bench", severity, name, text)


def open_target(target: str, trays: int) -> LockstepPort:
    """The port of a controller with that many trays. Raises UsageError for an unknown target."""
    if target not in TARGETS:
        raise UsageError(
            f"unknown target {target!r}; known are {', '.join(TARGETS)}, or the URL of a board"
        )
    port = serial.serial_for_url(f"{target}://?trays={trays}&baud={BAUD_DEFAULT}")
    assert isinstance(port, LockstepPort)
    return port


def _expected(identity: Identity, order: BoardOrder) -> Identity:
    """The identity. Raises UsageError where it is not as expected."""
    complaints = identity.complaints(order.trays, order.build)
    if not identity.injection:
        complaints.append(
            "injection: found a flight build, expected one that serves the test key: without it "
            "the bench reaches neither sensors nor actuators; flash a bench bitstream"
        )
    if complaints:
        raise UsageError("\n".join([f"{order.url}: {identity}", *complaints]))
    return identity


def _prepare(board: BoardTarget, url: str) -> None:
    try:
        board.prepare()
    except LinkError as error:
        raise UsageError(
            f"{url}: identified, and then lost: {error}; try `racksat selftest --port {url}`"
        ) from error
