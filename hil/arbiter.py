"""One UART, two RMAP initiators: flight software and the bench take turns, flight software first.

The wire carries one transaction at a time. An initiator gets it with `write` of a whole frame, and
has it until its reply has come, until a read of it has timed out, or until HOLD_S are over. When
it falls free, flight software that waits goes before the bench, so that flight software never
waits longer than for the one bench transaction under way: with the bench's frames (280 bytes at
most) and its reply timeout, that is `bench timeout + SLICE_S` at worst and about 5 ms at 1 Mbaud.

Replies are told apart by the first byte of a frame, the initiator's logical address. A frame that
begins otherwise goes to whoever awaits a reply, as on a wire of its own; to nobody when none is
awaited. There is no thread here: whoever waits for bytes reads the port for both.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import serial

from fsw.slip import END
from hil import clock
from hil.timing import Histogram

FLIGHT_ADDRESS = 0x67  # logical addresses of the initiators, as in docs/registers.md
BENCH_ADDRESS = 0x68
WRITE_TIMEOUT_S = 0.1  # a port that takes no bytes for so long has failed
SLICE_S = 0.01  # longest read of the port by one initiator while another may want to
HOLD_S = 0.1  # a transaction nobody reads the reply of gives the wire back
QUEUE_BYTES = 1 << 16  # kept for an initiator that does not read
INSTRUCTION_BYTE = 3  # of a frame as sent: END, logical address, protocol, instruction
REPLY_BIT = 0x08
END_BYTE = bytes([END])


class Initiator:
    """One initiator's end of a shared port, as `fsw.payload_link.Port` wants it."""

    def __init__(self, arbiter: Arbiter, name: str, address: int) -> None:
        self.name = name
        self.address = address
        self.timeout: float | None = None
        self.latency = Histogram()  # first byte sent to last byte of the reply received
        self.wait = Histogram()  # for the wire
        self.bytes_sent = 0
        self.bytes_received = 0
        self.unanswered = 0  # transactions given up
        self.busy_s = 0.0  # time that it had the wire
        self.overflowed = 0  # bytes dropped because they were not read
        self._arbiter = arbiter
        self.queue = bytearray()
        self.waiting = False
        self.sent_s = 0.0

    @property
    def in_waiting(self) -> int:
        """Bytes that have been received for this initiator and were not read."""
        return len(self.queue)

    def write(self, data: bytes, /) -> int:
        """Send one whole frame once the wire is free. Raises serial.SerialException."""
        return self._arbiter.send(self, data)

    def read(self, size: int = 1, /) -> bytes:
        """Up to `size` bytes, fewer when the timeout passes first, which gives the wire back."""
        return self._arbiter.receive(self, size)


class Arbiter:
    """Shares `port`, an open serial port with a read timeout of SLICE_S or less.

    `now_s` is the clock of timeouts, seconds that never step back; `unclaimed` is called with bytes
    that belong to nobody. A port that fails stays failed, for both initiators, until `connect`.
    """

    def __init__(
        self,
        port: serial.SerialBase,
        now_s: Callable[[], float] = clock.wall_s,
        unclaimed: Callable[[bytes], None] = lambda data: None,
    ) -> None:
        self.flight = Initiator(self, "flight", FLIGHT_ADDRESS)
        self.bench = Initiator(self, "bench", BENCH_ADDRESS)
        self.unclaimed = unclaimed
        self.unclaimed_bytes = 0
        self.failure = ""  # what the port failed with; empty while it works
        self._now_s = now_s
        self._free = threading.Condition()
        self._holder: Initiator | None = None
        self._reading = False  # somebody reads the port
        self.connect(port)

    def connect(self, port: serial.SerialBase) -> None:
        """Go on with another port, as after a cable was put back."""
        with self._free:
            self.failure = ""
            try:
                port.timeout = SLICE_S
                if port.write_timeout is not None:  # rfc2217:// has none
                    port.write_timeout = WRITE_TIMEOUT_S
            except OSError as error:  # gone again
                self.failure = str(error)
            self._port = port
            self._owner: Initiator | None = None  # of the frame being received
            self._addressed = False  # to it, by its first byte
            self._between = True  # frames: the next byte tells whose it is
            self._holder = None
            self._free.notify_all()

    def send(self, initiator: Initiator, frame: bytes) -> int:
        """`Initiator.write`."""
        asked_s = self._now_s()
        with self._free:
            initiator.waiting = True
            try:
                while not self._may_send(initiator):
                    self._free.wait(SLICE_S)
            finally:
                initiator.waiting = False
            self._check()
            self._holder = initiator
            initiator.sent_s = self._now_s()
            port = self._port
        initiator.wait.add(initiator.sent_s - asked_s)
        try:
            port.write(frame)
        except OSError as error:
            raise self._failed(error) from error
        initiator.bytes_sent += len(frame)
        if len(frame) > INSTRUCTION_BYTE and not frame[INSTRUCTION_BYTE] & REPLY_BIT:
            self._release(initiator)
        return len(frame)

    def receive(self, initiator: Initiator, size: int) -> bytes:
        """`Initiator.read`."""
        timeout_s = initiator.timeout
        deadline_s = None if timeout_s is None else self._now_s() + timeout_s
        while True:
            with self._free:
                missing = size - len(initiator.queue)
                over = deadline_s is not None and self._now_s() >= deadline_s
                if missing <= 0 or over:
                    if missing > 0 and self._holder is initiator:
                        initiator.unanswered += 1
                        self._give_back()
                    data = bytes(initiator.queue[:size])
                    del initiator.queue[:size]
                    return data
                self._check()
                if self._reading:
                    self._free.wait(SLICE_S)
                    continue
                self._reading = True
                port = self._port
            try:
                data = port.read(missing)
            except (OSError, TypeError) as error:  # TypeError: pyserial's, closed in mid-read
                raise self._failed(error) from error
            finally:
                with self._free:
                    self._reading = False
                    self._free.notify_all()
            if data:
                with self._free:
                    self._route(data)

    def _may_send(self, initiator: Initiator) -> bool:
        if self.failure:
            return True  # and be told so
        holder = self._holder
        if holder is not None and holder is not initiator:
            if self._now_s() - holder.sent_s < HOLD_S:
                return False
            holder.unanswered += 1
            self._give_back()
        return initiator is self.flight or not self.flight.waiting

    def _check(self) -> None:
        if self.failure:
            raise serial.SerialException(self.failure)

    def _failed(self, error: Exception) -> serial.SerialException:
        with self._free:
            self.failure = str(error) or type(error).__name__
            self._holder = None
            self._free.notify_all()
            return serial.SerialException(self.failure)

    def _release(self, initiator: Initiator) -> None:
        with self._free:
            if self._holder is initiator:
                self._give_back()

    def _give_back(self) -> None:
        if self._holder is not None:
            self._holder.busy_s += self._now_s() - self._holder.sent_s
        self._holder = None
        self._free.notify_all()

    def _route(self, data: bytes) -> None:
        """Give received bytes to those they are for."""
        for piece in data.split(END_BYTE)[:-1] if data else ():
            self._inside(piece)
            self._end()
        self._inside(data[data.rfind(END_BYTE) + 1 :])
        self._free.notify_all()

    def _inside(self, piece: bytes) -> None:
        """Bytes of a frame, without an END."""
        if not piece:
            return
        if self._between:
            self._between = False
            self._owner = self._whose(piece[0])
            piece = END_BYTE + piece  # its own, or a second one behind unfinished bytes of another
        self._deliver(self._owner, piece)

    def _end(self) -> None:
        """An END: of the frame under way, else the beginning of the next one."""
        if self._between:
            return
        self._between = True
        owner = self._owner
        self._deliver(owner, END_BYTE)
        if owner is not None and self._holder is owner and self._addressed:
            owner.latency.add(self._now_s() - owner.sent_s)
            self._give_back()

    def _whose(self, address: int) -> Initiator | None:
        for initiator in (self.flight, self.bench):
            if address == initiator.address:
                self._addressed = True
                return initiator
        self._addressed = False
        return self._holder

    def _deliver(self, owner: Initiator | None, data: bytes) -> None:
        if owner is None:
            self.unclaimed_bytes += len(data)
            self.unclaimed(data)
            return
        owner.bytes_received += len(data)
        owner.queue += data
        excess = len(owner.queue) - QUEUE_BYTES
        if excess > 0:
            owner.overflowed += excess
            del owner.queue[:excess]
