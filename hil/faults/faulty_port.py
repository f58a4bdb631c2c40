"""A serial port whose line is bad: it stands between flight software and any port.

Frames (SLIP, between two 0xC0) pass through the filters in force, in the order in which they came;
each makes of a frame the frames that go on, with the time from which they may be read. Waiting for
a late frame is done by reading the port behind with a shorter timeout, so that a port in simulated
time lets simulated time pass and a real one real time.
"""

from __future__ import annotations

from collections.abc import Callable

import serial

from hil.faults.effect import Effect
from hil.link_tap import Line

END = 0xC0
TO_CONTROLLER, FROM_CONTROLLER = "to_controller", "from_controller"
CHUNK = 1  # bytes fetched at a time while frames are filtered: never wait for what may not come


Frames = list[tuple[bytes, int]]  # with the times, in ns, from which they may go on
Filter = Callable[[bytes, int], Frames]  # a frame → those that go on instead
Proof = Callable[[Frames, Frames], bool]  # frames before and after a filter → whether it acted


def another(before: Frames, after: Frames) -> bool:
    """Whether a filter changed anything at all."""
    return before != after


class FaultyPort:
    """`now_ns` is the time in which frames are late: simulated, where the port behind is."""

    def __init__(self, inner: Line, now_ns: Callable[[], int]) -> None:
        self._inner = inner
        self._now_ns = now_ns
        self._filters: dict[str, list[tuple[Filter, Effect, Proof]]] = {
            TO_CONTROLLER: [],
            FROM_CONTROLLER: [],
        }
        self._partial = {TO_CONTROLLER: bytearray(), FROM_CONTROLLER: bytearray()}
        self._late: list[tuple[int, bytes]] = []  # commands that are not yet due
        self._coming: list[tuple[int, bytearray]] = []  # replies, when they may be read
        self._unplugged: Effect | None = None
        self._in_flight: list[Callable[[], None]] = []
        self.timeout = inner.timeout

    # ---- faults ----------------------------------------------------------------------------

    def filter(self, direction: str, rule: Filter, effect: Effect, proof: Proof = another) -> None:
        """Let frames of a direction pass through `rule` from now on."""
        self._filters[direction].append((rule, effect, proof))

    def release(self, effect: Effect) -> None:
        """Take the filters of an effect away, and plug the port in again."""
        for direction, filters in self._filters.items():
            self._filters[direction] = [each for each in filters if each[1] is not effect]
        if self._unplugged is effect:
            self._unplugged = None

    def unplug(self, effect: Effect) -> None:
        """Fail every call from now on, as pyserial does when a device is gone."""
        self._unplugged = effect

    def when_in_flight(self, action: Callable[[], None]) -> None:
        """Call `action` once, after the next command has gone and before its reply is read."""
        self._in_flight.append(action)

    # ---- the port --------------------------------------------------------------------------

    @property
    def in_waiting(self) -> int:
        """Bytes that have arrived and were not read."""
        self._check_plugged()
        ready = sum(len(data) for due_ns, data in self._coming if due_ns <= self._now_ns())
        return ready + self._inner.in_waiting

    def write(self, data: bytes, /) -> int:
        """Send through the filters."""
        self._check_plugged()
        self._send_late()
        if self._filters[TO_CONTROLLER]:
            for frame in self._frames(TO_CONTROLLER, data):
                for passed, due_ns in self._filtered(TO_CONTROLLER, frame):
                    if due_ns > self._now_ns():
                        self._late.append((due_ns, passed))
                    elif passed:
                        self._inner.write(passed)
        else:
            self._inner.write(data)
        return len(data)

    def read(self, size: int = 1, /) -> bytes:
        """Up to `size` bytes, fewer when the timeout passes first."""
        if self._in_flight:
            actions, self._in_flight = self._in_flight, []
            for action in actions:
                action()
        self._check_plugged()
        if not (self._filters[FROM_CONTROLLER] or self._coming or self._late):
            self._inner.timeout = self.timeout
            return self._inner.read(size)
        taken = bytearray()
        deadline_ns = None if self.timeout is None else self._now_ns() + round(self.timeout * 1e9)
        while len(taken) < size:
            self._send_late()
            taken += self._due(size - len(taken))
            if len(taken) == size:
                break
            before_ns = self._now_ns()
            if not self._fetch(deadline_ns) and self._now_ns() == before_ns:
                break
        return bytes(taken)

    def reset_input_buffer(self) -> None:
        """Forget what has arrived."""
        self._coming = [(due_ns, data) for due_ns, data in self._coming if due_ns > self._now_ns()]
        waiting = self._inner.in_waiting
        if waiting:
            self._inner.read(waiting)

    def _check_plugged(self) -> None:
        if self._unplugged is not None:
            self._unplugged.prove("the port failed when flight software used it")
            raise serial.SerialException("device disconnected (injected)")

    def _send_late(self) -> None:
        now_ns = self._now_ns()
        for due_ns, data in [late for late in self._late if late[0] <= now_ns]:
            self._late.remove((due_ns, data))
            self._inner.write(data)

    def _due(self, size: int) -> bytes:
        """Up to `size` bytes of the replies that may be read now."""
        taken = bytearray()
        now_ns = self._now_ns()
        for due_ns, data in sorted(self._coming, key=lambda item: item[0]):
            if due_ns > now_ns or len(taken) == size:
                break
            part = data[: size - len(taken)]
            taken += part
            del data[: len(part)]
        self._coming = [(due_ns, data) for due_ns, data in self._coming if data]
        return bytes(taken)

    def _fetch(self, deadline_ns: int | None) -> bool:
        """Wait for a byte from behind, at most until a late frame or the deadline is due."""
        now_ns = self._now_ns()
        if deadline_ns is not None and deadline_ns <= now_ns:
            return False
        until = [due_ns for due_ns, _ in (*self._coming, *self._late)]
        until += [] if deadline_ns is None else [deadline_ns]
        self._inner.timeout = max(min(until) - now_ns, 0) / 1e9 if until else None
        data = self._inner.read(CHUNK)
        if self._filters[FROM_CONTROLLER]:
            for frame in self._frames(FROM_CONTROLLER, data):
                for passed, due_ns in self._filtered(FROM_CONTROLLER, frame):
                    self._coming.append((due_ns, bytearray(passed)))
        elif data:
            self._coming.append((now_ns, bytearray(data)))
        return bool(data)

    def _frames(self, direction: str, data: bytes) -> list[bytes]:
        """Whole frames out of a stream, each with both its ends."""
        partial = self._partial[direction]
        frames: list[bytes] = []
        for byte in data:
            partial.append(byte)
            if byte == END and len(partial) > 1:
                if len(partial) == 2:  # the end of one and the begin of the next
                    del partial[0]
                else:
                    frames.append(bytes(partial))
                    partial.clear()
        return frames

    def _filtered(self, direction: str, frame: bytes) -> Frames:
        passing = [(frame, self._now_ns())]
        for rule, effect, proof in list(self._filters[direction]):
            before = passing
            passing = [out for data, due_ns in passing for out in rule(data, due_ns)]
            if proof(before, passing):
                effect.prove(_what_became(direction, before, passing))
        return passing


def _what_became(direction: str, before: Frames, after: Frames) -> str:
    way = direction.replace("_", " ")
    size = sum(len(data) for data, _ in before)
    if not after:
        return f"a frame of {size} bytes {way} was kept back"
    if [data for data, _ in before] == [data for data, _ in after]:
        late_ms = (max(due for _, due in after) - max(due for _, due in before)) / 1e6
        return f"a frame of {size} bytes {way} was {late_ms:g} ms late"
    sizes = " + ".join(str(len(data)) for data, _ in after)
    return f"a frame of {size} bytes {way} went on as {sizes} bytes, not the same"
