"""Serial devices that the bench offers: a pseudo-terminal, or a TCP port for one client.

Both behave as a UART without flow control: bytes for a client that does not read are lost once the
operating system's buffer is full, bytes for nobody are lost at once, and whoever opens the device
finds no bytes of the client before.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import sys
import termios
import tty
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from hil.errors import UsageError

POLL_S = 0.002  # a pty does not tell that it was opened: how often it is looked at until then
SEND_BUFFER_BYTES = 64 * 1024
PTS = "/dev/pts/"


class ServedPort(Protocol):
    """A serial device that clients open and close, one at a time."""

    address: str  # what a client opens
    sessions: int  # begun so far

    @property
    def in_session(self) -> bool:
        """Whether a client has it open."""

    @property
    def poll_s(self) -> float | None:
        """How often to look at it while waiting, beside waiting for `files`; None: no need."""

    def files(self) -> Sequence[int]:
        """What becomes readable when there is something to receive."""

    def receive(self, limit: int) -> bytes:
        """Up to `limit` bytes that came, without waiting; sessions begin and end here."""

    def send(self, data: bytes) -> int:
        """Send, without waiting; how many bytes were taken, the others are lost."""

    def close(self) -> None:
        """End the session and take the device away."""


class PtyPort:
    """A pseudo-terminal in raw mode: no echo, 8 bits, nothing translated. Linux alone."""

    def __init__(self, link: Path | None = None) -> None:
        """Create it; `link` becomes a symbolic link to it until it is closed.

        Raises UsageError where something else is in the place of the link.
        """
        self.sessions = 0
        self._in_session = False
        self._master, slave = os.openpty()
        self.device = os.ttyname(slave)
        self.address = self.device
        tty.setraw(slave)
        os.close(slave)  # so that a hang-up tells when the client closes it
        os.set_blocking(self._master, False)
        self._poll = select.poll()
        self._poll.register(self._master, select.POLLIN)
        self._link = None
        if link is not None:
            try:
                make_link(link, self.device)
            except BaseException:
                os.close(self._master)
                raise
            self._link = link

    @property
    def in_session(self) -> bool:
        return self._in_session

    @property
    def poll_s(self) -> float | None:
        return None if self.in_session else POLL_S

    def files(self) -> Sequence[int]:
        return (self._master,) if self.in_session else ()

    def receive(self, limit: int) -> bytes:
        events = dict(self._poll.poll(0)).get(self._master, 0)
        data = b""
        if events & select.POLLIN:
            with contextlib.suppress(OSError):
                data = os.read(self._master, limit)
        hung_up = bool(events & select.POLLHUP)
        if not self.in_session and (data or not hung_up):
            self._in_session = True
            self.sessions += 1
        elif self.in_session and hung_up and not data:
            self._in_session = False
            self._clean()
        return data

    def send(self, data: bytes) -> int:
        if not self.in_session:
            return 0
        try:
            return os.write(self._master, data)
        except OSError:  # full, or closed in this moment
            return 0

    def close(self) -> None:
        if self._master < 0:
            return
        os.close(self._master)
        self._master = -1
        self._in_session = False
        if self._link is not None:
            with contextlib.suppress(OSError):
                if str(self._link.readlink()) == self.device:
                    self._link.unlink()

    def _clean(self) -> None:
        """Drop what the client left unread, and the line settings it made."""
        with contextlib.suppress(OSError, termios.error):
            slave = os.open(self.device, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
            try:
                tty.setraw(slave, termios.TCSAFLUSH)
            finally:
                os.close(slave)


class TcpPort:
    """A TCP port, `socket://` to pyserial. A second client is refused while one is connected."""

    def __init__(self, host: str, port: int) -> None:
        """Listen there; port 0 takes a free one. Raises UsageError when that cannot be."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            self._listener = socket.create_server((host, port), family=family)
        except OSError as error:
            raise UsageError(f"--tcp {host}:{port}: {error.strerror or error}") from error
        self._listener.setblocking(False)
        port = self._listener.getsockname()[1]
        self.address = f"socket://{f'[{host}]' if ':' in host else host}:{port}"
        self.sessions = 0
        self._client: socket.socket | None = None

    @property
    def in_session(self) -> bool:
        return self._client is not None

    @property
    def poll_s(self) -> float | None:
        return None

    def files(self) -> Sequence[int]:
        client = () if self._client is None else (self._client.fileno(),)
        return (self._listener.fileno(), *client)

    def receive(self, limit: int) -> bytes:
        data = b""
        more = False
        if self._client is not None:
            try:
                data = self._client.recv(limit)
                more = bool(data)
                if not data:
                    self._end_session()
            except BlockingIOError:
                pass
            except OSError:
                self._end_session()
        if not more:  # behind these bytes may be the end of the session
            self._accept()
        return data

    def send(self, data: bytes) -> int:
        if self._client is None:
            return 0
        try:
            return self._client.send(data)
        except OSError:  # full, or closed in this moment
            return 0

    def close(self) -> None:
        self._end_session()
        self._listener.close()

    def _accept(self) -> None:
        try:
            client, address = self._listener.accept()
        except OSError:  # nobody there, or gone again
            return
        if self._client is not None:
            client.close()
            told = f"racksat: {address[0]}:{address[1]} refused: another client is connected"
            print(told, file=sys.stderr, flush=True)
            return
        client.setblocking(False)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        self._client = client
        self.sessions += 1

    def _end_session(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None


def make_link(link: Path, device: str) -> None:
    """Make `link` a symbolic link to a device, in place of a stale one to a pseudo-terminal.

    Raises UsageError when anything else is there.
    """
    try:
        if link.is_symlink():
            old = link.readlink()
            if not str(old).startswith(PTS) or old.exists():
                raise UsageError(
                    f"--link {link}: is a link to {old} already, and not one left over by racksat; "
                    "remove it, or give another path"
                )
            link.unlink()
        link.symlink_to(device)
    except FileExistsError:
        raise UsageError(f"--link {link}: exists and is not replaced; give another path") from None
    except OSError as error:
        raise UsageError(f"--link {link}: cannot be made: {error.strerror}") from error
