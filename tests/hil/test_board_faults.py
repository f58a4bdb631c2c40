"""What may happen to a board in mid-flight: each ends in recovery, or in a verdict that says what.

Against the model behind a pseudo-terminal, faster than real time where nothing waits for timeouts;
how late cycles are is not looked at here.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flown_board import events, fly, mine
from serial.tools import list_ports
from serial.tools.list_ports_common import ListPortInfo
from virtual_board import VirtualBoard

from hil import board_connection
from hil.arbiter import Arbiter
from hil.board_connection import BoardOrder
from hil.errors import UsageError
from hil.flight import Flight, Order, Result
from hil.plant import Plant
from hil.recording import PORT_EVENT, read_link
from hil.replay import Replay
from hil.run_folder import RunFolder

pytestmark = pytest.mark.wall_clock

FAST = 2.0
SILENT_NS = 1_500_000_000  # in place of a minute


def board(folder: Path, trays: int = 2, speed: float = FAST) -> VirtualBoard:
    return VirtualBoard(folder / "board", "model", trays, speed=speed)


def order(virtual: VirtualBoard, speed: float = FAST) -> BoardOrder:
    return BoardOrder(virtual.url, speed=speed)


def recovered(result: Result) -> bool:
    """Whether flight software flew on, and reads what the spacecraft does."""
    run = RunFolder(result.folder)
    housekeeping, truth = run.topic("housekeeping"), run.topic("truth")
    supply_k = housekeeping.series("fsw_coolant_supply_k")[-1]
    difference = supply_k - 273.15 - truth.series("coolant_supply_c")[-1]
    return housekeeping.channels["fsw_mode"][-1] == "nominal" and abs(difference) < 0.5


def test_cable_pulled_and_put_back_under_another_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = [str(tmp_path / "ttyUSB0")]

    def ports() -> list[ListPortInfo]:
        info = ListPortInfo(here[0])
        info.vid, info.pid, info.serial_number, info.location = 0x403, 0x6010, "ib1", "1-2:1.1"
        return [info] if here[0] else []

    def pull() -> None:
        virtual.unplug()
        here[0] = ""

    def put_back() -> None:
        virtual.plug(reset=True)
        Path(virtual.url).rename(tmp_path / "ttyUSB7")
        here[0] = str(tmp_path / "ttyUSB7")

    with VirtualBoard(tmp_path / "ttyUSB0", "model", 2, speed=FAST) as virtual:
        monkeypatch.setattr(list_ports, "comports", ports)
        result = fly(tmp_path, order(virtual), mine(12.0), (1.0, pull), (1.5, put_back))
    assert result.held and recovered(result)
    told = events(result)
    assert told[:2] == ["board.gone", "bench.silent"] or told[:2] == ["bench.silent", "board.gone"]
    assert set(told[2:]) == {"board.back", "bench.back", "board.reset"}
    assert len(result.summary["timing"]["outages_s"]) == 1
    notes = [x.data for x in read_link(result.folder / "link.bin") if x.direction == PORT_EVENT]
    kinds = {note.split(b":")[0] for note in notes}
    assert {b"failed", b"reopened", b"reset", b"flight"} == kinds
    assert any(b"ttyUSB7 opened again after" in note for note in notes)
    assert Replay(result.folder).run().same


def test_reset_and_garbage_in_mid_flight(tmp_path: Path) -> None:
    with board(tmp_path) as virtual:

        def garbage() -> None:
            virtual.reset()
            for count in (3, 1, 200, 7, 40):
                virtual.garbage(count)

        result = fly(tmp_path, order(virtual), mine(12.0), (1.0, virtual.reset), (2.0, garbage))
    assert result.held and recovered(result)
    assert result.summary["timing"]["resets"] == 2
    assert result.summary["timing"]["outages_s"] == []
    assert Replay(result.folder).run().same


def test_mute_for_a_while(tmp_path: Path) -> None:
    with board(tmp_path, speed=1.0) as virtual:
        result = fly(tmp_path, order(virtual, 1.0), mine(7.0), (1.0, lambda: virtual.mute(1.5)))
    assert result.held and recovered(result)
    assert events(result) == ["bench.silent", "bench.back"]
    assert Replay(result.folder).run().same


def unplug(virtual: VirtualBoard) -> None:
    virtual.unplug()


def mute(virtual: VirtualBoard) -> None:
    virtual.mute(60.0)


@pytest.mark.parametrize(("happens", "last"), [(mute, "no valid reply"), (unplug, "no such dev")])
def test_gone_for_good(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    happens: Callable[[VirtualBoard], None],
    last: str,
) -> None:
    monkeypatch.setattr(board_connection, "SILENT_NS", SILENT_NS)
    with board(tmp_path, speed=1.0) as virtual:
        result = fly(tmp_path, order(virtual, 1.0), mine(60.0), (0.5, lambda: happens(virtual)))
    assert not result.held and result.summary["outcome"] == "stopped"
    assert "no reply from the board for 2 s: check cable and power. Last: " in result.stopped
    assert last in result.stopped
    assert 1.5 < result.summary["simulated_s"] < 20.0
    assert events(result)[-1] == "stopped"
    assert len(result.summary["timing"]["outages_s"]) == (happens is unplug)
    outcome = Replay(result.folder).run()
    assert outcome.same, outcome.difference


def test_brown_out_loop(tmp_path: Path) -> None:
    with board(tmp_path, speed=4.0) as virtual:
        resets = [(0.3 * number, virtual.reset) for number in range(1, 12)]
        result = fly(tmp_path, order(virtual, 4.0), mine(60.0), *resets)
    assert "the board keeps resetting: 6 times in" in result.stopped
    assert "Check its supply" in result.stopped and not result.held
    assert events(result).count("board.reset") == 6


def test_another_board_after_the_outage(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with board(tmp_path) as virtual, board(tmp_path / "other", trays=3) as other:

        def swap() -> None:
            virtual.unplug()
            Path(virtual.url).symlink_to(Path(other.url).readlink())

        result = fly(tmp_path, order(virtual), mine(60.0), (0.5, swap))
        Path(virtual.url).unlink()
    assert "another board is at" in result.stopped
    assert "3 trays" in result.stopped and "this flight began on racksat" in result.stopped
    assert result.summary["outcome"] == "stopped"


def test_a_link_that_is_too_slow(tmp_path: Path) -> None:
    with VirtualBoard(tmp_path / "board", "model", 18, baud=38_400) as virtual:
        result = fly(tmp_path, BoardOrder(virtual.url, 38_400), mine(60.0))
    text = result.stopped
    assert "s behind: a cycle took" in text and "ms and has 100." in text
    assert "of flight software (median" in text and "of the bench (median" in text
    assert "Raise the baud rate (38400 now), or lower the latency timer" in text
    assert result.summary["simulated_s"] < 10.0


def test_a_computer_that_was_asleep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a laptop whose lid was closed: the flight does not blame the link."""
    move = Plant.move

    def sleepy(self: Plant, cycle: int) -> None:
        if cycle == 10:
            time.sleep(1.2)
        move(self, cycle)

    monkeypatch.setattr(Plant, "move", sleepy)
    with board(tmp_path, speed=1.0) as virtual:
        result = fly(tmp_path, order(virtual, 1.0), mine(60.0))
    assert "the computer was busy with something else, or slept" in result.stopped
    assert result.summary["simulated_s"] == 1.0


def test_noise_before_there_is_a_recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begin = Arbiter.__init__

    def noisy(self: Arbiter, *words: Any, **options: Any) -> None:
        begin(self, *words, **options)
        self.unclaimed(b"\x55\xaa")

    monkeypatch.setattr(Arbiter, "__init__", noisy)
    with board(tmp_path) as virtual:
        assert fly(tmp_path, order(virtual), mine(1.0)).held


def refused(tmp_path: Path, board_order: BoardOrder) -> str:
    """What a flight says that cannot begin; it leaves nothing behind."""
    with pytest.raises(UsageError) as error:
        Flight(Order(mine(5.0), tmp_path, board_order.url, tmp_path / "run", board=board_order))
    assert not (tmp_path / "run").exists()
    assert error.value.exit_code == 2
    return str(error.value)


def test_what_is_refused_before_the_flight(tmp_path: Path) -> None:
    with board(tmp_path) as virtual:
        url = virtual.url
        assert "trays: found 2, expected 1" in refused(tmp_path, BoardOrder(url, trays=1))
        text = refused(tmp_path, BoardOrder(url, build=0xBEEF))
        assert "build: found 0x00000000, expected 0x0000BEEF" in text
        running = Flight(Order(mine(5.0), tmp_path, url, tmp_path / "first", board=order(virtual)))
        busy = refused(tmp_path, order(virtual))
        assert "busy: held by" in busy and f"(pid {os.getpid()})" in busy
        running.connection.close()
    assert "no such device" in refused(tmp_path, BoardOrder(url))
    text = refused(tmp_path, BoardOrder("model://"))
    assert "racksat run --target model or rtl" in text
