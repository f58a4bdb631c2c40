"""A pyserial port onto a lockstep target: every byte costs its time at the configured baud.

Time is the target's simulated time and moves only when the port is used: writing takes the time of
the bytes on the wire, reading waits for the arrival of the bytes or for its timeout.
"""

from __future__ import annotations

from abc import abstractmethod
from collections import deque
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

import serial
from serial.serialutil import to_bytes  # type: ignore[attr-defined]  # missing in the stubs

from hil.errors import PortUrlError
from hil.targets.lockstep import LockstepTarget

BAUD_DEFAULT = 1_000_000
BITS_PER_BYTE = 10  # 8N1: start bit, 8 data bits, stop bit
TURNAROUND_NS = 50_000  # end of a command's last byte to the start of its reply


class LockstepPort(serial.SerialBase):
    """Serial port in simulated time.

    A timeout is one of simulated time. A poll (`in_waiting`, or a read with `timeout=0`) that finds
    bytes still on their way takes one byte time after it has answered, so that polling loops end.
    Line settings other than the baud rate are accepted and have no effect.
    """

    scheme: ClassVar[str]
    options: ClassVar[tuple[str, ...]]  # what may follow `?` in the URL

    _port: str | None  # these three belong to SerialBase
    _baudrate: int
    _timeout: float | None

    def __init__(self, port: str | None = None, *args: Any, **kwargs: Any) -> None:
        self._target: LockstepTarget | None = None
        self._received = bytearray()  # arrived or on the way, oldest first
        self._arrivals: deque[tuple[int, int, int]] = deque()  # first_ns, byte_ns, bytes
        self._byte_ns = 0
        if not args:
            kwargs.setdefault("baudrate", BAUD_DEFAULT)
        super().__init__(port, *args, **kwargs)

    @abstractmethod
    def create_target(self, options: dict[str, str]) -> LockstepTarget:
        """The controller for the options of the URL."""

    @property
    def target(self) -> LockstepTarget:
        """The controller at the other end. Raises PortNotOpenError on a closed port."""
        if self._target is None:
            raise serial.PortNotOpenError()
        return self._target

    def open(self) -> None:
        """Create the target the URL names. Raises PortUrlError on a URL that names none."""
        if self.is_open:
            raise serial.SerialException("Port is already open.")
        if self._port is None:
            raise serial.SerialException("Port must be configured before it can be used.")
        options = self._parse(self._port)
        if "baud" in options:
            self._baudrate = integer_option(options, "baud", BAUD_DEFAULT, 1, 1_000_000_000)
        self._reconfigure_port()
        self._target = self.create_target(options)
        self.is_open = True

    def close(self) -> None:
        """Close the port and its target."""
        target, self._target = self._target, None
        self.is_open = False
        self._received.clear()
        self._arrivals.clear()
        if target is not None:
            target.close()

    def write(self, data: Any, /) -> int:
        """Send bytes; returns when the last one is on the wire. They enter the target at once."""
        target = self._target
        if target is None:
            raise serial.PortNotOpenError()
        if type(data) is not bytes:
            data = to_bytes(data)
        count = len(data)
        if not count:
            return 0
        reply = target.exchange(data)
        end_ns = target.now_ns + count * self._byte_ns
        target.advance_to(end_ns)
        if reply:
            first_ns = end_ns + TURNAROUND_NS
            if self._arrivals:
                last_first_ns, byte_ns, waiting = self._arrivals[-1]
                first_ns = max(first_ns, last_first_ns + (waiting - 1) * byte_ns)
            self._received += reply
            self._arrivals.append((first_ns + self._byte_ns, self._byte_ns, len(reply)))
        return count

    def read(self, size: int = 1) -> bytes:
        """Up to `size` bytes, fewer when the timeout passes first.

        Raises SerialException when there is no timeout and the bytes will never come.
        """
        target = self._target
        if target is None:
            raise serial.PortNotOpenError()
        if size <= 0:
            return b""
        timeout_s = self._timeout
        if timeout_s is None:
            if size > len(self._received):
                raise serial.SerialException(
                    f"read of {size} bytes without a timeout, {len(self._received)} on their way: "
                    "it would wait forever in lockstep; set timeout=, or ask for fewer bytes"
                )
            target.advance_to(self._arrival_ns(size))
            return self._take(size)
        deadline_ns = target.now_ns + round(timeout_s * 1e9)
        if size <= len(self._received):
            arrival_ns = self._arrival_ns(size)
            if arrival_ns <= deadline_ns:
                target.advance_to(arrival_ns)
                return self._take(size)
        target.advance_to(deadline_ns)
        data = self._take(min(size, self._arrived(deadline_ns)))
        if not timeout_s and self._received:
            target.advance_to(deadline_ns + self._byte_ns)
        return data

    def read_until(self, expected: bytes = b"\n", size: int | None = None) -> bytes:
        """Up to and with `expected`, or `size` bytes, or what came before the timeout passed.

        As pyserial's, which looks at the wall clock for the timeout.
        """
        timeout_s = self._timeout
        data = bytearray()
        end_ns = None if timeout_s is None else self.target.now_ns + round(timeout_s * 1e9)
        try:
            while not data.endswith(expected) and (size is None or len(data) < size):
                if end_ns is not None:
                    self._timeout = max(end_ns - self.target.now_ns, 0) / 1e9
                byte = self.read(1)
                if not byte:
                    break
                data += byte
        finally:
            self._timeout = timeout_s
        return bytes(data)

    @property
    def in_waiting(self) -> int:
        """Bytes that have arrived and were not read."""
        target = self.target
        count = self._arrived(target.now_ns)
        if count < len(self._received):
            target.advance_to(target.now_ns + self._byte_ns)
        return count

    @property
    def out_waiting(self) -> int:
        """Bytes not yet sent: none, `write` returns when they are."""
        self.target  # noqa: B018  raises on a closed port
        return 0

    def reset_input_buffer(self) -> None:
        """Forget what has arrived; bytes still on their way arrive later, as on a wire."""
        self._take(self._arrived(self.target.now_ns))

    def reset_output_buffer(self) -> None:
        """Nothing to forget: `write` leaves nothing unsent."""
        self.target  # noqa: B018  raises on a closed port

    def flush(self) -> None:
        """Nothing to wait for: `write` returns when the bytes are sent."""
        self.target  # noqa: B018  raises on a closed port

    def send_break(self, duration: float = 0.25) -> None:
        """Let that time pass; the target does not see the break."""
        self.target.advance_to(self.target.now_ns + round(duration * 1e9))

    def cancel_read(self) -> None:
        """No effect: no read is ever under way while another call is made."""

    def cancel_write(self) -> None:
        """No effect: no write is ever under way while another call is made."""

    def fileno(self) -> int:
        """Raises io.UnsupportedOperation: there is no file behind the port."""
        return super(serial.SerialBase, self).fileno()

    @property
    def cts(self) -> bool:
        """Clear to send, always."""
        return True

    @property
    def dsr(self) -> bool:
        """Data set ready, always."""
        return True

    @property
    def ri(self) -> bool:
        """Ring indicator, never."""
        return False

    @property
    def cd(self) -> bool:
        """Carrier detect, always."""
        return True

    def _reconfigure_port(self, force_update: bool = False) -> None:
        self._byte_ns = round(BITS_PER_BYTE * 1e9 / self._baudrate)

    def _update_rts_state(self) -> None: ...

    def _update_dtr_state(self) -> None: ...

    def _update_break_state(self) -> None: ...

    def _arrival_ns(self, count: int) -> int:
        """When the `count`-th byte not yet read arrives; there are at least `count`."""
        for first_ns, byte_ns, waiting in self._arrivals:
            if count <= waiting:
                return first_ns + (count - 1) * byte_ns
            count -= waiting
        raise AssertionError("more bytes than are on their way")

    def _arrived(self, time_ns: int) -> int:
        """Bytes not yet read that have arrived by `time_ns`."""
        count = 0
        for first_ns, byte_ns, waiting in self._arrivals:
            if time_ns < first_ns:
                break
            count += min(waiting, (time_ns - first_ns) // byte_ns + 1)
        return count

    def _take(self, count: int) -> bytes:
        """Remove the oldest `count` bytes."""
        data = bytes(self._received[:count])
        del self._received[:count]
        while count:
            first_ns, byte_ns, waiting = self._arrivals.popleft()
            if count < waiting:
                self._arrivals.appendleft((first_ns + count * byte_ns, byte_ns, waiting - count))
                break
            count -= waiting
        return data

    def _parse(self, url: str) -> dict[str, str]:
        """Options of the URL. Raises PortUrlError, which lists the known ones."""
        parts = urlsplit(url)
        known = ", ".join(self.options)
        if parts.scheme != self.scheme or parts.netloc or parts.path not in ("", "/"):
            raise PortUrlError(
                f"port {url!r}: expected {self.scheme}://, or {self.scheme}://?name=value with "
                f"names out of {known}"
            )
        try:
            pairs = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
        except ValueError:
            raise PortUrlError(
                f"port {url!r}: {parts.query!r} is not name=value pairs joined by &"
            ) from None
        options = dict(pairs)
        for name in options:
            if name not in self.options:
                raise PortUrlError(f"port {url!r}: unknown parameter {name!r}; known: {known}")
        return options


def integer_option(
    options: Mapping[str, str], name: str, default: int, minimum: int, maximum: int
) -> int:
    """An integer out of a URL's options. Raises PortUrlError unless minimum <= it <= maximum."""
    text = options.get(name)
    if text is None:
        return default
    try:
        value = int(text)
    except ValueError:
        value = minimum - 1
    if not minimum <= value <= maximum:
        raise PortUrlError(f"{name}={text}: must be a whole number from {minimum} to {maximum}")
    return value
