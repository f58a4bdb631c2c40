"""The pseudo-terminal and its symbolic link, and the TCP port."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hil.errors import UsageError
from hil.served_port import PtyPort, TcpPort

ALL_BYTES = bytes(range(256)) * 8


@pytest.fixture
def port() -> Iterator[PtyPort]:
    made = PtyPort()
    yield made
    made.close()


def test_a_pty_passes_every_byte_without_echo(port: PtyPort) -> None:
    client = os.open(port.address, os.O_RDWR | os.O_NOCTTY)
    os.set_blocking(client, False)
    assert os.write(client, ALL_BYTES) == len(ALL_BYTES)
    received = b""
    while len(received) < len(ALL_BYTES):
        received += port.receive(100)
    assert received == ALL_BYTES
    with pytest.raises(BlockingIOError):
        os.read(client, 1)  # no echo
    assert port.send(ALL_BYTES) == len(ALL_BYTES)
    assert port.receive(100) == b""
    assert os.read(client, 4096) == ALL_BYTES
    os.close(client)


def test_sessions_begin_and_end_with_opening_and_closing(port: PtyPort) -> None:
    for session in (1, 2):
        assert port.receive(100) == b"" and not port.in_session
        assert port.send(b"lost") == 0
        client = os.open(port.address, os.O_RDWR | os.O_NOCTTY)
        assert port.receive(100) == b"" and port.in_session
        assert port.sessions == session
        assert port.send(b"unread") == 6
        os.write(client, b"last words")
        os.close(client)
        assert port.receive(4) == b"last"
        assert port.receive(100) == b" words"
        assert port.receive(100) == b"" and not port.in_session
    client = os.open(port.address, os.O_RDWR | os.O_NOCTTY)
    os.set_blocking(client, False)
    with pytest.raises(BlockingIOError):
        os.read(client, 100)
    os.close(client)


def test_bytes_for_a_client_that_does_not_read_are_lost(port: PtyPort) -> None:
    client = os.open(port.address, os.O_RDWR | os.O_NOCTTY)
    port.receive(100)
    taken = sum(port.send(bytes(1000)) for _ in range(1000))
    assert 4000 <= taken < 1_000_000
    os.close(client)


def test_a_link_stands_until_the_end_and_may_be_stale_before(tmp_path: Path) -> None:
    link = tmp_path / "board"
    link.symlink_to("/dev/pts/987654")
    port = PtyPort(link)
    assert str(link.readlink()) == port.device
    port.close()
    assert not link.is_symlink()
    port.close()


def test_a_link_that_somebody_else_has_made_anew_stays(tmp_path: Path) -> None:
    link = tmp_path / "board"
    first = PtyPort(link)
    link.unlink()
    second = PtyPort(link)
    first.close()
    assert str(link.readlink()) == second.device
    second.close()


def test_a_link_replaces_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "file")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    for name in ("file", "folder"):
        with pytest.raises(UsageError, match="exists and is not replaced"):
            PtyPort(tmp_path / name)
    for name in ("link", "dangling"):
        with pytest.raises(UsageError, match="not one left over by racksat"):
            PtyPort(tmp_path / name)
    with pytest.raises(UsageError, match="cannot be made: No such file or directory"):
        PtyPort(tmp_path / "none" / "board")
    assert (tmp_path / "file").read_text() == "mine"
    live = PtyPort(tmp_path / "live")
    with pytest.raises(UsageError, match="is a link to /dev/pts/"):
        PtyPort(tmp_path / "live")
    live.close()


def test_a_tcp_port_serves_one_client_at_a_time(capsys: pytest.CaptureFixture[str]) -> None:
    port = TcpPort("127.0.0.1", 0)
    assert port.address.startswith("socket://127.0.0.1:")
    address = "127.0.0.1", int(port.address.rpartition(":")[2])
    first = socket.create_connection(address)
    wait_until(lambda: port.receive(100) == b"" and port.in_session)
    second = socket.create_connection(address)
    wait_until(lambda: port.receive(100) == b"" and "refused" in capsys.readouterr().err)
    assert second.recv(1) == b""
    assert port.send(b"reply") == 5
    first.sendall(b"last words")
    first.close()
    third = socket.create_connection(address)  # before the port has seen the end of the first
    received = bytearray()
    wait_until(lambda: received.extend(port.receive(4)) or port.sessions == 2)
    assert received == b"last words"
    assert port.send(b"reply") == 5 and third.recv(5) == b"reply"
    assert capsys.readouterr().err == ""
    third.close()
    wait_until(lambda: port.receive(100) == b"" and not port.in_session)
    assert port.send(b"reply") == 0
    second.close()
    port.close()


def test_bytes_for_a_tcp_client_that_does_not_read_are_lost() -> None:
    port = TcpPort("127.0.0.1", 0)
    client = socket.create_connection(("127.0.0.1", int(port.address.rpartition(":")[2])))
    wait_until(lambda: port.receive(100) == b"" and port.in_session)
    taken = sum(port.send(bytes(10_000)) for _ in range(2000))
    assert 10_000 <= taken < 20_000_000
    client.close()
    port.close()


def wait_until(condition: Callable[[], bool], patience_s: float = 30.0) -> None:
    deadline_s = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.002)
