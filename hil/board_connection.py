"""A flight's connection to a board: one serial port, in real time, for flight software and bench.

The port may fail in mid-flight, as when its cable is pulled: it is looked for and opened again
while the flight goes on. What no flight can go on with ends it with a verdict.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fsw.payload_link import PayloadLink
from hil.arbiter import BENCH_ADDRESS, Arbiter
from hil.connection import TARGETS, Tell
from hil.errors import Stopped, Unreachable, UsageError
from hil.identity import Identity, identify
from hil.latency_timer import read as read_latency_timer
from hil.link_tap import LinkTap
from hil.mission import CYCLE_NS
from hil.pace import Pace
from hil.port_search import PortSearch
from hil.ports.lockstep import BAUD_DEFAULT, BITS_PER_BYTE, LockstepPort
from hil.recording import (
    BENCH_FROM_CONTROLLER,
    BENCH_TO_CONTROLLER,
    PORT_EVENT,
    UNAWAITED,
    Recording,
)
from hil.serial_port import PortAddress, open_port
from hil.targets.bench_link import BenchLink
from hil.targets.board import BoardTarget
from hil.targets.target import Target

REPLY_S = 0.02  # until a reply to the bench has come, as flight software waits
LONGEST_BYTES = 700  # on the wire, of a command of the bench and its reply
PREPARE_RETRIES = 4  # before the flight there is time to repeat what is lost
SILENT_NS = 60_000_000_000  # without a reply until the flight is given up
BEHIND_S = 1.0  # of wall time, so late that it will not catch up any more


@dataclass(frozen=True)
class BoardOrder:
    """Which board is to be flown, and what it is expected to be."""

    url: str
    baud: int = BAUD_DEFAULT
    trays: int | None = None  # expected
    build: int | None = None  # expected
    speed: float = 1.0  # mission time over wall time; other than 1 for served controllers only


class BoardConnection:
    """A controller at the end of a serial port, as `hil.connection.Connection` wants it.

    Raises PortError, IdentityError, or UsageError for a board that is not the one expected or that
    the bench cannot reach, as it has no injection.
    """

    def __init__(self, order: BoardOrder) -> None:
        self.order = order
        self._recording: Recording | None = None
        self._tell: Tell | None = None
        self._search: PortSearch | None = None
        self._gone_ns = 0  # when the port failed
        self._outages_s: list[float] = []
        self._in_time_ns = 0  # the last cycle that began so
        self._address = PortAddress.of(order.url)
        self._port = open_port(order.url, order.baud)
        self._byte_ns = round(BITS_PER_BYTE * 1e9 / order.baud)
        try:
            if isinstance(self._port, LockstepPort):
                raise UsageError(
                    f"{order.url}: its time stands still between two commands, so that it is not "
                    f"flown in real time; fly it with racksat run --target {' or '.join(TARGETS)}"
                )
            self.identity = _expected(identify(self._port), order)
            self._arbiter = Arbiter(self._port, unclaimed=self._unclaimed)
            self._pace = Pace(order.speed)
            self.tap = LinkTap(self._arbiter.flight, self._pace.now_ns, self._byte_ns)
            self._bench_tap = LinkTap(
                self._arbiter.bench,
                self._pace.now_ns,
                self._byte_ns,
                BENCH_TO_CONTROLLER,
                BENCH_FROM_CONTROLLER,
            )
            timeout_s = max(REPLY_S, REPLY_S / 2 + LONGEST_BYTES * self._byte_ns / 1e9)
            link = PayloadLink(
                self._bench_tap, timeout_s, PREPARE_RETRIES, initiator_address=BENCH_ADDRESS
            )
            self._link = BenchLink(link, self._pace.now_ns)
            self._board = BoardTarget(self._link, self.identity, self._pace)
            _prepare(self._board, order.url)
            link.retries = 0  # in flight what is lost is asked for in the next cycle
        except BaseException:
            self._port.close()
            raise
        self._board.attend = self._attend

    @property
    def target(self) -> Target:
        """The board."""
        return self._board

    def record_into(self, recording: Recording, tell: Tell) -> None:
        """Record the link, and `tell` what happens to it."""
        self._recording, self._tell = recording, tell
        self.tap.record_into(recording)
        self._bench_tap.record_into(recording)
        self._link.report = self._report
        self._board.on_reset = self._tell_reset

    def start(self) -> None:
        """Mission time begins now."""
        self._pace.start()

    def figures(self) -> Mapping[str, Any]:
        """Time on the wall, as measured."""
        arbiter, board, order = self._arbiter, self._board, self.order
        elapsed_s = max(self._pace.now_ns() / 1e9 / order.speed, 1e-9)
        byte_s = self._byte_ns / 1e9
        sent = arbiter.flight.bytes_sent + arbiter.bench.bytes_sent
        received = (
            arbiter.flight.bytes_received + arbiter.bench.bytes_received + arbiter.unclaimed_bytes
        )
        outages_s = [*self._outages_s, *([self._outage_s] if self._search else [])]
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
                "outages_s": [round(outage_s, 2) for outage_s in outages_s],
            }
        }

    def close(self) -> None:
        """Close the port; harmless when it is closed."""
        if self._search is not None:
            self._search.end()
        self._port.close()

    def _attend(self, time_ns: int) -> None:
        """At the beginning of a cycle. Raises Stopped when the flight cannot go on."""
        self._mend()
        now_ns = self._pace.now_ns()
        silent_ns = self._link.silent_since_ns
        if silent_ns is not None and now_ns - silent_ns > SILENT_NS:
            trouble = (self._search and self._search.trouble) or self._link.trouble
            raise Stopped(
                f"no reply from the board for {SILENT_NS / 1e9:.0f} s: check cable and power. "
                f"Last: {trouble}"
            )
        if now_ns - time_ns > BEHIND_S * 1e9 * self.order.speed:
            raise Stopped(self._too_slow(time_ns, now_ns))
        if now_ns - time_ns < CYCLE_NS:
            self._in_time_ns = time_ns

    def _mend(self) -> None:
        """Look for a port that failed. Raises Stopped when another board is there."""
        search = self._search
        if search is None:
            failure = self._arbiter.failure
            if failure:
                self._gone_ns = self._pace.now_ns()
                self._search = PortSearch(self._address, self.order.baud, self._port)
                self._event("high", "board.gone", "failed", f"the port failed: {failure}")
            return
        if search.found is None:
            return
        self._search = None
        self._port, identity = search.found
        if not identity.same_board(self.identity):
            raise Stopped(
                f"another board is at {self._port.port} now: {identity}; "
                f"this flight began on {self.identity}"
            )
        self._arbiter.connect(self._port)
        outage_s = self._outage_s
        self._outages_s.append(outage_s)
        text = f"{self._port.port} opened again after {outage_s:.1f} s"
        self._event("medium", "board.back", "reopened", text)

    @property
    def _outage_s(self) -> float:
        """Mission time since the port failed."""
        return (self._pace.now_ns() - self._gone_ns) / 1e9

    def _tell_reset(self) -> None:
        self._event("high", "board.reset", "reset", "the board was reset")

    def _too_slow(self, time_ns: int, now_ns: int) -> str:
        """What the cycles needed, and what to do."""
        speed, cycles = self.order.speed, self._board.lateness.count
        slot_ms = CYCLE_NS / 1e6 / speed
        behind_cycles = max((time_ns - self._in_time_ns) / CYCLE_NS, 1.0)
        cycle_ms = (now_ns - self._in_time_ns) / 1e6 / speed / behind_cycles
        parts = []
        busy_ms = 0.0
        for name, initiator in (
            ("flight software", self._arbiter.flight),
            ("the bench", self._arbiter.bench),
        ):
            count = initiator.latency.count + initiator.unanswered
            busy_ms += 1e3 * initiator.busy_s / cycles
            parts.append(f"{count / cycles:.1f} of {name}")
            if initiator.latency.count:
                parts[-1] += f" (median {1e3 * initiator.latency.quantile_s(0.5):.1f} ms)"
            if initiator.unanswered:
                parts[-1] += f" ({initiator.unanswered} of {count} unanswered)"
        if busy_ms > slot_ms / 2:
            verdict = (
                "the link is too slow. Raise the baud rate "
                f"({self.order.baud} now), or lower the latency timer (racksat boards)"
            )
        else:
            verdict = "the computer was busy with something else, or slept"
        return (
            f"{(now_ns - time_ns) / 1e9 / speed:.1f} s behind: a cycle took {cycle_ms:.0f} ms and "
            f"has {slot_ms:.0f}. Transactions in a cycle: {' and '.join(parts)}; {busy_ms:.0f} ms "
            f"on the link: {verdict}"
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
    except Unreachable as error:
        raise UsageError(
            f"{url}: identified, and then lost: {error}; try `racksat selftest --port {url}`"
        ) from error
