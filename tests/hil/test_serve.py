"""`racksat serve`: sessions, pace, signals and the recording, from the client's side."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import time
from pathlib import Path

import pytest
import serial
from served import Served

from fsw import registers as r
from fsw.payload_link import PayloadLink
from fsw.rmap import ReadCommand, encode_command
from fsw.slip import encode_frame
from hil import cli
from hil.recording import FROM_CONTROLLER, TO_CONTROLLER, read_link
from hil.run_folder import RunFolder

MODEL = ("--target", "model")
TIMEOUT_S = 2.0  # of a reply: this machine may be busy


class TappedPort:
    """A port that remembers what went through it."""

    def __init__(self, port: serial.SerialBase) -> None:
        self.port = port
        self.written = self.received = b""

    @property
    def timeout(self) -> float | None:
        return self.port.timeout

    @timeout.setter
    def timeout(self, timeout_s: float | None) -> None:
        self.port.timeout = timeout_s

    def write(self, data: bytes) -> int | None:
        self.written += data
        return self.port.write(data)

    def read(self, size: int = 1) -> bytes:
        data = self.port.read(size)
        self.received += data
        return data


def uptime_s(link: PayloadLink) -> float:
    return int.from_bytes(link.read(r.IDENTITY_UPTIME.address, 4), "big") / 100


@pytest.mark.parametrize(
    ("words", "number"),
    [(("--pty", "--link", "board"), signal.SIGINT), (("--tcp", "0"), signal.SIGTERM)],
)
def test_sessions_follow_each_other_and_are_recorded(
    tmp_path: Path, words: tuple[str, ...], number: signal.Signals
) -> None:
    link_path = tmp_path / "board"
    with Served(tmp_path, *MODEL, *words, "--duration", "600") as served:
        if "--link" in words:
            assert str(link_path.readlink()) == served.url
        written = received = b""
        times: list[tuple[float, float]] = []
        for session in range(3):
            with serial.serial_for_url(served.url) as opened:
                tap = TappedPort(opened)
                link = PayloadLink(tap, TIMEOUT_S)
                times.append((time.monotonic(), uptime_s(link)))
                if session:  # what the last session wrote is still there
                    assert link.read(r.CONTROL_SCRATCH.address, 4) == bytes([session - 1] * 4)
                link.write(r.CONTROL_SCRATCH.address, bytes([session] * 4))
                if "--tcp" in words:
                    check_refused(served.url)
                    assert link.read(0, 4) == b"RKST"
                assert link.counters.retries == 0
                written += tap.written
                received += tap.received
            time.sleep(0.2)
        check_pace(times[0], times[-1], speed=1)
        assert served.stop(number) == 0
    assert not link_path.is_symlink()
    refusals = served.errors.count("refused: another client is connected\n")
    assert refusals == served.errors.count("\n") == (3 if "--tcp" in words else 0)
    summary = served.summary
    assert summary["outcome"] == "stopped"
    assert summary["link"]["sessions"] == 3
    assert "session 3 ended" in served.said
    records = list(read_link(served.folder / "link.bin"))
    assert b"".join(x.data for x in records if x.direction == TO_CONTROLLER) == written
    assert b"".join(x.data for x in records if x.direction == FROM_CONTROLLER) == received
    run = RunFolder(served.folder)
    assert [event["text"] for event in run.events if event["name"] == "session"] == [
        f"session {n} {what}" for n in (1, 2, 3) for what in ("began", "ended")
    ]
    assert len(run.topic("truth")) == summary["minor_cycles"]
    report = (served.folder / "report.html").read_text()
    assert "stopped" in report and "State of charge" in report and "Modes" not in report


def check_refused(url: str) -> None:
    """A further client finds its connection closed."""
    client = PlainClient(url)
    with contextlib.suppress(ConnectionResetError):  # is as good
        assert client.read() == b""
    client.close()


def check_pace(first: tuple[float, float], last: tuple[float, float], speed: float) -> None:
    """Two readings of (wall clock, uptime), both in s."""
    wall_s, simulated_s = last[0] - first[0], last[1] - first[1]
    # A delay of 0.1 s of wall time may be made up for; 0.2 s for the two readings.
    assert simulated_s <= speed * (wall_s + 0.1 + 0.2)
    # Slower only where the machine is; generous, as it may be busy.
    assert simulated_s >= 0.5 * speed * (wall_s - 0.2)


class PlainClient:
    """A client that does no more than open, without the settings that pyserial makes."""

    def __init__(self, url: str) -> None:
        if url.startswith("socket://"):
            host, port = url.removeprefix("socket://").split(":")
            self._socket = socket.create_connection((host, int(port)))
            self._file = self._socket.detach()
        else:
            self._file = os.open(url, os.O_RDWR | os.O_NOCTTY)

    def write(self, data: bytes) -> None:
        assert os.write(self._file, data) == len(data)

    def read(self) -> bytes:
        return os.read(self._file, 4096)

    def close(self) -> None:
        os.close(self._file)


def test_simulated_time_goes_faster_when_asked(tmp_path: Path) -> None:
    with (
        Served(tmp_path, *MODEL, "--pty", "--speed", "10", "--duration", "600") as served,
        serial.serial_for_url(served.url) as port,
    ):
        link = PayloadLink(port, TIMEOUT_S)
        first = time.monotonic(), uptime_s(link)
        time.sleep(1.0)
        check_pace(first, (time.monotonic(), uptime_s(link)), speed=10)


def test_a_script_may_read_no_more_than_the_first_line(tmp_path: Path) -> None:
    with Served(tmp_path, *MODEL, "--tcp", "0", "--duration", "600") as served:
        served.process.stdout.close()
        with serial.serial_for_url(served.url) as port:
            assert PayloadLink(port, TIMEOUT_S).read(0, 4) == b"RKST"
        assert served.stop() == 0
    assert served.errors == ""
    assert served.summary["link"]["sessions"] == 1


def test_the_end_of_the_scenario_ends_it(tmp_path: Path) -> None:
    requirements = '[[require]]\nchannel = "soc"\nat_least = 0.99\n'
    requirements += '[[require]]\nchannel = "fsw_mode"\nequals = "nominal"\n'
    text = f'name = "mine"\n[duration]\nseconds = 20\n{requirements}'
    (tmp_path / "mine.toml").write_text(text)
    began_s = time.monotonic()
    with Served(tmp_path, "mine.toml", *MODEL, "--tcp", "0", "--speed", "20") as served:
        assert served.wait() == 1
    assert time.monotonic() - began_s >= 1.0
    assert served.summary["outcome"] == "failed"
    assert served.summary["simulated_s"] == 20.0
    assert "FAILED soc at least 0.99: " in served.said
    assert "not checked, as they need racksat's own flight software: fsw_mode" in served.said


def test_a_client_that_never_reads_stops_nothing(tmp_path: Path) -> None:
    frame = encode_frame(encode_command(ReadCommand(r.MEMORY.base, 512, key=r.FLIGHT_KEY)))
    (tmp_path / "mine.toml").write_text('name = "mine"\n[duration]\nseconds = 20\n')
    with Served(tmp_path, "mine.toml", *MODEL, "--pty", "--speed", "20") as served:
        client = PlainClient(served.url)
        with contextlib.suppress(OSError):  # it ends while we write
            while served.process.poll() is None:
                client.write(frame * 20)
                time.sleep(0.005)
        client.close()
        assert served.wait() == 0
    link = served.summary["link"]
    assert served.summary["outcome"] == "held"
    assert served.summary["simulated_s"] == 20.0
    assert link["bytes_lost"] > 100_000
    # Sent and lost make up what came back; it cannot have come faster than the line.
    assert link["bytes_received"] + link["bytes_lost"] <= 20.0 * 1e6 / 10


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "give --pty or --tcp PORT, one of them"),
        (["--pty", "--tcp", "0"], "give --pty or --tcp PORT, one of them"),
        (["--tcp", "0", "--link", "x"], "--link needs --pty"),
        (["--tcp", "port"], "--tcp port: expected [HOST:]PORT"),
        (["--tcp", "65536"], "--tcp 65536: expected [HOST:]PORT with a port from 0 to 65535"),
        (["--tcp", "192.0.2.1:0"], "--tcp 192.0.2.1:0: "),
        (["--pty", "--speed", "0"], "--speed 0: must be 0.001 to 1000"),
        (["--pty", "--speed", "nan"], "--speed nan: must be 0.001 to 1000"),
        (["--pty", "--baud", "0"], "--baud 0: must be 1 to 100000000"),
        (["--pty", "--target", "board"], "unknown target 'board'; known are model, rtl"),
        (["--pty", "--duration", "0"], "--duration 0: must be > 0"),
        (["--pty", "--link", "."], "--link .: exists and is not replaced"),
        (["polar", "--pty"], "unknown scenario 'polar'"),
    ],
)
def test_bad_options_are_one_line_and_leave_nothing(
    words: list[str],
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["racksat", "serve", *words])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    assert caught.value.code == 2
    captured = capsys.readouterr()
    assert captured.err.startswith(f"racksat: {told}")
    assert captured.err.count("\n") == 1 and captured.out == ""
    assert list(tmp_path.iterdir()) == []
