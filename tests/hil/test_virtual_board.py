"""The virtual board does to a client what a real one would."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import serial
from virtual_board import VirtualBoard

from fsw import registers as r
from fsw.payload_link import LinkDown, LinkTimeout, PayloadLink
from fsw.register_map import Register

TIMEOUT_S = 2.0


def link_of(board: VirtualBoard) -> PayloadLink:
    return PayloadLink(serial.serial_for_url(board.url), TIMEOUT_S)


def fields(link: PayloadLink, register: Register) -> dict[str, int]:
    return register.unpack(int.from_bytes(link.read(register.address, 4), "big"))


@pytest.mark.parametrize(("target", "trays"), [("model", 4), ("rtl", 18)])
def test_what_may_happen_to_a_board(tmp_path: Path, target: str, trays: int) -> None:
    with VirtualBoard(tmp_path / "board", target, trays) as board:
        link = link_of(board)
        assert fields(link, r.IDENTITY_CONFIG)["trays"] == trays
        # No sensors: nothing but stimulus.
        time.sleep(0.3)
        assert link.read(r.FAST_COOLANT_SUPPLY.address, 4) == bytes(4)
        bench = PayloadLink(link.port, TIMEOUT_S, initiator_address=0x68, key=r.TEST_KEY)
        bench.write(r.STIMULUS_RACK.base + 12, bytes.fromhex("72017202"))
        assert link.read(r.FAST_COOLANT_SUPPLY.address, 4)[:2] == b"\x72\x01"

        board.garbage(300)
        assert link.read(r.IDENTITY_ID.address, 4) == b"RKST"
        assert link.counters.crc_errors + link.counters.framing_errors >= 1

        link.write(r.CONTROL_SCRATCH.address, b"kept")
        board.reset()
        assert link.read(r.CONTROL_SCRATCH.address, 4) == bytes(4)
        assert fields(link, r.DIAGNOSTICS_RESET_CAUSE) == {"external_reset": 1, "power_on": 0}

        link.write(r.CONTROL_SCRATCH.address, b"kept")
        board.mute(0.5)
        link.timeout_s = link.port.timeout = 0.05
        with pytest.raises(LinkTimeout):
            link.read(0, 4)
        time.sleep(0.6)
        link.timeout_s = link.port.timeout = TIMEOUT_S
        assert link.read(r.CONTROL_SCRATCH.address, 4) == b"kept"

        for reset, scratch in ((False, b"kept"), (True, bytes(4))):
            board.unplug()
            assert not Path(board.url).is_symlink()
            with pytest.raises(LinkDown):
                link.read(0, 4)
            board.plug(reset)
            link = link_of(board)
            assert link.read(r.CONTROL_SCRATCH.address, 4) == scratch
        with pytest.raises(RuntimeError, match="unknown order 'jump'"):
            board._order("jump")
    assert not Path(board.url).is_symlink()


def test_a_reply_is_not_there_before_its_bytes_can_be(tmp_path: Path) -> None:
    with VirtualBoard(tmp_path / "board", baud=9600) as board:
        link = link_of(board)
        began_s = time.monotonic()
        link.read(r.FAST.base, 64)
        assert time.monotonic() - began_s >= (20 + 81) * 10 / 9600


def test_a_spacecraft_may_be_behind_it(tmp_path: Path) -> None:
    with VirtualBoard(tmp_path / "board", physics=True) as board:
        time.sleep(0.3)
        assert 273 < fields(link_of(board), r.FAST_COOLANT_SUPPLY)["a"] / 100 < 320
