"""The controller as a serial device in wall time: bytes, minor cycles and replies, each when due.

Bytes act on the controller at the simulated time at which they were received; their reply is handed
over when its last byte would have come over the wire. While bytes are on the wire no more are
received, so a client cannot send faster than the line. All of it happens in one thread.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection

from hil import clock
from hil.mission import CYCLE_NS
from hil.pace import Pace
from hil.ports.lockstep import TURNAROUND_NS
from hil.recording import FROM_CONTROLLER, TO_CONTROLLER
from hil.served_port import ServedPort
from hil.targets.lockstep import LockstepTarget

WAIT_MAX_S = 0.1  # of wall time: how long a stop may have to wait
# Received at once: the controller drops a frame in which nothing comes for 30 ms.
RECEIVED_NS_MAX = 5_000_000


class Server:
    """Serves a target on a port.

    `minor_cycle(k)` moves the surroundings of the target to the end of minor cycle k and the target
    with them; `record(time_ns, direction, data)` is told of the bytes on the link.
    """

    def __init__(
        self,
        target: LockstepTarget,
        port: ServedPort,
        byte_ns: int,
        pace: Pace,
        minor_cycle: Callable[[int], None],
        record: Callable[[int, int, bytes], None],
    ) -> None:
        self.port = port
        self.cycle = 0  # the one under way
        self.bytes_received = 0  # from the client
        self.bytes_sent = 0
        self.bytes_lost = 0  # replies that nobody took
        self._target = target
        self._pace = pace
        self._byte_ns = byte_ns
        self._minor_cycle = minor_cycle
        self._record = record
        self._outgoing: deque[tuple[int, bytes]] = deque()  # when its last byte arrives, reply
        self._free_ns = 0  # when the line to the controller is
        self._back_free_ns = 0  # when the line from it is

    def round(self, also: Collection[int] = ()) -> list[int]:
        """Do what is due, then wait until something is, or one of the files `also` is readable.

        Gives those of `also` that are. Never waits longer than WAIT_MAX_S.
        """
        self._pace.hold(self._due_ns)
        now_ns = self._pace.now_ns()
        self._receive(now_ns)
        if now_ns >= self._due_ns:
            self._minor_cycle(self.cycle)
            self.cycle += 1
        self._send(self._pace.now_ns())
        return self._wait(also)

    @property
    def _due_ns(self) -> int:
        """The end of the minor cycle under way."""
        return (self.cycle + 1) * CYCLE_NS

    def _receive(self, now_ns: int) -> None:
        if now_ns < self._free_ns:
            return
        was_in_session = self.port.in_session
        data = self.port.receive(max(1, RECEIVED_NS_MAX // self._byte_ns))
        if was_in_session and not self.port.in_session:
            self.bytes_lost += sum(len(reply) for _, reply in self._outgoing)
            self._outgoing.clear()
        if not data:
            return
        # Not beyond the end of a minor cycle that is late: its sensor values come first.
        time_ns = min(max(now_ns, self._target.now_ns), self._due_ns)
        self._target.advance_to(time_ns)
        reply = self._target.exchange(data)
        self.bytes_received += len(data)
        self._record(time_ns, TO_CONTROLLER, data)
        self._free_ns = now_ns + len(data) * self._byte_ns
        if reply:
            began_ns = max(self._free_ns + TURNAROUND_NS, self._back_free_ns)
            self._back_free_ns = began_ns + len(reply) * self._byte_ns
            self._outgoing.append((self._back_free_ns, reply))
            self._record(began_ns, FROM_CONTROLLER, reply)

    def _send(self, now_ns: int) -> None:
        while self._outgoing and self._outgoing[0][0] <= now_ns:
            reply = self._outgoing.popleft()[1]
            taken = self.port.send(reply)
            self.bytes_sent += taken
            self.bytes_lost += len(reply) - taken

    def _wait(self, also: Collection[int]) -> list[int]:
        due_ns = self._due_ns
        if self._outgoing:
            due_ns = min(due_ns, self._outgoing[0][0])
        files = list(also)
        if self._pace.now_ns() < self._free_ns:
            due_ns = min(due_ns, self._free_ns)
        else:
            files += self.port.files()
        timeout_s = min(self._pace.until_s(due_ns), WAIT_MAX_S, self.port.poll_s or WAIT_MAX_S)
        readable = clock.wait_readable(files, timeout_s)
        return [file for file in readable if file in also]
