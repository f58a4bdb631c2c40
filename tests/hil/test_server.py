"""The server's timing, against a wall clock that the tests move."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any

import pytest

from fsw import registers as r
from fsw.rmap import ReadCommand, decode_reply, encode_command
from fsw.slip import FrameDecoder, encode_frame
from hil import clock
from hil.mission import CYCLE_NS
from hil.pace import Pace
from hil.recording import FROM_CONTROLLER, TO_CONTROLLER
from hil.server import Server
from hil.targets.model import ModelTarget

READ = encode_frame(encode_command(ReadCommand(r.CONTROL.base, 48, key=r.FLIGHT_KEY)))
TURNAROUND_S = 50e-6


class Desk:
    """A served model on a desk: its client, its wall clock, and a minor cycle that takes long."""

    address = "desk"
    sessions = 1
    in_session = True
    poll_s = None

    def __init__(self, monkeypatch: pytest.MonkeyPatch, baud: int = 1_000_000, speed: float = 1.0):
        self.wall_s = 1000.0
        self.cycle_takes_s = 0.0
        self.cycles: list[tuple[float, int]] = []  # when each was done
        self.coming: deque[tuple[float, bytes]] = deque()  # when the client writes, what
        self.taken: list[tuple[float, bytes]] = []
        self.replies: list[tuple[float, bytes]] = []
        self.records: list[tuple[int, int, bytes]] = []
        monkeypatch.setattr(clock, "wall_s", lambda: self.wall_s)
        monkeypatch.setattr(clock, "wait_readable", self._wait)
        self.target = ModelTarget()
        self.pace = Pace(speed)
        byte_ns = round(1e10 / baud)
        self.server = Server(
            self.target, self, byte_ns, self.pace, self._cycle, lambda *x: self.records.append(x)
        )

    def run(self, seconds: float) -> None:
        """Let that much wall time pass."""
        end_s = self.wall_s + seconds
        while self.wall_s < end_s:
            self.server.round()

    def write(self, data: bytes, after_s: float = 0.0) -> float:
        """The client writes; when."""
        at_s = self.wall_s + after_s
        self.coming.append((at_s, data))
        return at_s

    def _wait(self, files: Sequence[int], timeout_s: float) -> list[int]:
        wake_s = self.wall_s + max(timeout_s, 0.0)
        if files and self.coming:
            wake_s = min(wake_s, max(self.coming[0][0], self.wall_s))
        self.wall_s = max(wake_s, self.wall_s + 1e-7)
        return []

    def _cycle(self, cycle: int) -> None:
        self.wall_s += self.cycle_takes_s
        self.target.advance_to((cycle + 1) * CYCLE_NS)
        self.cycles.append((self.wall_s, cycle))

    def files(self) -> Sequence[int]:
        return (7,)

    def receive(self, limit: int) -> bytes:
        if not self.coming or self.coming[0][0] > self.wall_s:
            return b""
        at_s, data = self.coming.popleft()
        if len(data) > limit:
            self.coming.appendleft((at_s, data[limit:]))
        self.taken.append((self.wall_s, data[:limit]))
        return data[:limit]

    def send(self, data: bytes) -> int:
        self.replies.append((self.wall_s, data))
        return len(data)

    def close(self) -> None: ...


@pytest.mark.parametrize("speed", [0.1, 1.0, 10.0])
@pytest.mark.parametrize("baud", [1_000_000, 115_200])
def test_a_reply_takes_its_time_on_the_wire(
    monkeypatch: pytest.MonkeyPatch, baud: int, speed: float
) -> None:
    desk = Desk(monkeypatch, baud, speed)
    written_s = desk.write(READ, after_s=0.0203)
    desk.run(0.2 / speed + 0.2)
    ((came_s, reply),) = desk.replies
    wire_s = (len(READ) + len(reply)) * 10 / baud + TURNAROUND_S
    assert (came_s - written_s) * speed == pytest.approx(wire_s, abs=2e-6)
    sent, back = desk.records
    assert sent[1:] == (TO_CONTROLLER, READ)
    assert sent[0] / 1e9 == pytest.approx(0.0203 * speed, abs=1e-6)
    assert back[1:] == (FROM_CONTROLLER, reply)
    assert back[0] / 1e9 == pytest.approx(
        0.0203 * speed + len(READ) * 10 / baud + TURNAROUND_S, abs=2e-6
    )


def test_a_client_cannot_send_faster_than_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(monkeypatch)
    written_s = desk.write(READ * 200)
    desk.run(2.0)
    decoder = FrameDecoder()
    replies = decoder.feed(b"".join(reply for _, reply in desk.replies))
    assert len(replies) == 200 and decoder.bad_frames == 0
    assert all(decode_reply(reply).status == 0 for reply in replies)
    line_s = 10e-6 * len(READ) * 200
    assert written_s + line_s - 0.006 < desk.taken[-1][0] < written_s + line_s  # 5 ms at once


def test_a_slow_line_does_not_break_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(monkeypatch, baud=1200)  # a frame takes 0.2 s, the controller waits 30 ms for more
    desk.write(READ)
    desk.run(2.0)
    assert len(desk.replies) == 1


def test_ticks_pass_before_the_bytes_that_come_after_them(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(monkeypatch)
    read_uptime = encode_frame(
        encode_command(ReadCommand(r.IDENTITY_UPTIME.address, 4, key=r.FLIGHT_KEY))
    )
    for after_s in (0.035, 0.255):
        desk.write(read_uptime, after_s)
    desk.run(0.4)
    uptimes = [decode_reply(FrameDecoder().feed(reply)[0]).data for _, reply in desk.replies]
    assert [int.from_bytes(uptime, "big") for uptime in uptimes] == [3, 25]


def test_minor_cycles_come_at_their_time(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(monkeypatch, speed=4.0)
    began_s = desk.wall_s
    desk.run(10.0)
    assert 398 <= len(desk.cycles) <= 400
    for done_s, cycle in desk.cycles:
        assert done_s - began_s == pytest.approx((cycle + 1) * 0.1 / 4.0, abs=1e-3)
    assert desk.pace.lost_s == 0.0


def test_a_slow_machine_holds_time_back_and_still_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(monkeypatch)
    desk.cycle_takes_s = 0.25  # of wall time, for 0.1 s
    for number in range(20):
        desk.write(READ, after_s=0.5 * number)
    began_s = desk.wall_s
    desk.run(20.0)
    assert len(desk.cycles) == 80
    steps = [b[0] - a[0] for a, b in zip(desk.cycles, desk.cycles[1:], strict=False)]
    assert all(step == pytest.approx(0.25, abs=0.01) for step in steps)
    assert len(desk.replies) == 20
    for number, (came_s, _) in enumerate(desk.replies):
        assert came_s - (began_s + 0.5 * number) < 0.6  # never behind a burst of cycles
    # 8 s were simulated in 20 s; 0.1 s may still be made up for.
    assert desk.pace.lost_s == pytest.approx(20.0 - 8.0 - 0.1, abs=0.3)
    assert desk.pace.late_max_s >= 0.25


def test_a_short_delay_is_made_up_for(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(monkeypatch)
    began_s = desk.wall_s
    desk.run(1.0)
    desk.wall_s += 0.09  # the machine did something else
    desk.run(1.0)
    assert desk.pace.lost_s == 0.0
    assert desk.cycles[-1][0] - began_s == pytest.approx(2.0, abs=0.1)
    assert desk.cycles[-1][1] == pytest.approx(20, abs=1)


def test_a_reply_to_a_client_that_has_gone_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(monkeypatch, baud=9600)
    desk.write(READ)
    desk.run(0.05)
    assert not desk.replies

    def receive(limit: int) -> Any:
        desk.in_session = False
        return b""

    monkeypatch.setattr(desk, "receive", receive)
    desk.run(0.5)
    assert not desk.replies
    (reply,) = (data for _, direction, data in desk.records if direction == FROM_CONTROLLER)
    assert desk.server.bytes_lost == len(reply)
