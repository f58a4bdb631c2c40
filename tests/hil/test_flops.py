"""Upsets of any register of the RTL, reached by its name in the Verilog."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import hil
from fsw import registers as r
from fsw.rmap import ReadCommand, encode_command
from fsw.slip import FrameDecoder, encode_frame
from hil.errors import InjectionError
from hil.targets.rtl import RtlTarget

RTL = Path(hil.__file__).resolve().parent.parent / "gateware" / "rtl"
TRAYS = 2


@pytest.fixture(scope="module")
def named() -> Iterator[RtlTarget]:
    with RtlTarget(TRAYS, names=True) as target:
        yield target


@pytest.fixture
def target(named: RtlTarget) -> RtlTarget:
    named.reset()
    return named


def word(target: RtlTarget, address: int) -> int | None:
    """A word of the controller; None when it does not answer."""
    command = ReadCommand(address=address, length=4, key=r.FLIGHT_KEY)
    replies = list(FrameDecoder().feed(target.exchange(encode_frame(encode_command(command)))))
    return int.from_bytes(replies[0][12:16], "big") if replies else None


def declared(module: str) -> dict[str, int]:
    """Registers that a module declares with literal widths."""
    text = (RTL / f"{module}.v").read_text()
    found = re.findall(r"^ +reg +(?:\[(\d+):0\] +)?(\w+_q);", text, re.MULTILINE)
    return {name: int(high) + 1 if high else 1 for high, name in found}


@pytest.mark.parametrize("module", ["rmap_target", "frame_encoder", "scrubber", "event_counters"])
def test_every_register_of_a_module_has_a_name(target: RtlTarget, module: str) -> None:
    registers = declared(module)
    assert registers
    flops = target.flops()
    assert {name: flops[f"{module}.{name}"] for name in registers} == registers
    inside = {name for name in flops if re.fullmatch(rf"{module}\.\w+", name)}
    assert inside == {f"{module}.{name}" for name in registers}


def test_names_reach_into_arrays_of_modules(target: RtlTarget) -> None:
    flops = target.flops()
    caps = [f"control_registers.gen_cap[{tray}].cap.copy_{c}_q" for tray in (0, 1) for c in "abc"]
    assert [flops[name] for name in caps] == [32] * 6
    assert flops["trips.over_current.copy_a_q"] == TRAYS


def test_an_upset_copy_is_repaired_and_counted(target: RtlTarget) -> None:
    flipped = target.flip_flop("control_registers.pump_drive.copy_b_q", 1 << 31)
    assert flipped == r.CONTROL_PUMP_DRIVE.reset ^ 1 << 31
    voter = word(target, r.DIAGNOSTICS_VOTER.address)
    assert voter is not None
    assert r.DIAGNOSTICS_VOTER.unpack(voter) == {"mismatches": 1, "register": 1}
    assert word(target, r.CONTROL_PUMP_DRIVE.address) == r.CONTROL_PUMP_DRIVE.reset


def test_two_copies_upset_between_the_same_clocks_win_the_vote(target: RtlTarget) -> None:
    names = [f"control_registers.pump_drive.copy_{copy}_q" for copy in "ac"]
    flipped = target.flip_flops({names[0]: 0x0000_0FF0, names[1]: 0x0000_00FF})
    reset = r.CONTROL_PUMP_DRIVE.reset
    assert flipped == {names[0]: reset ^ 0x0FF0, names[1]: reset ^ 0x00FF}
    assert word(target, r.CONTROL_PUMP_DRIVE.address) == reset ^ 0x00F0
    voter = word(target, r.DIAGNOSTICS_VOTER.address)
    assert voter is not None
    assert r.DIAGNOSTICS_VOTER.unpack(voter) == {"mismatches": 1, "register": 1}


def test_nothing_is_flipped_where_one_name_is_wrong(target: RtlTarget) -> None:
    with pytest.raises(KeyError, match="no register 'scratch'"):
        target.flip_flops({"control_registers.scratch_q": 1, "scratch": 1})
    assert word(target, r.CONTROL_SCRATCH.address) == r.CONTROL_SCRATCH.reset


def test_an_upset_of_what_is_not_protected_shows(target: RtlTarget) -> None:
    target.flip_flop("control_registers.scratch_q", 0x8000_0001)
    assert word(target, r.CONTROL_SCRATCH.address) == 0x8000_0001


@pytest.mark.parametrize("bit", range(7))
def test_the_link_outlives_an_upset_of_its_state(target: RtlTarget, bit: int) -> None:
    target.flip_flop("rmap_target.state_q", 1 << bit)
    answers = [word(target, r.IDENTITY_ID.address) for _ in range(2)]
    assert answers[-1] == r.IDENTITY_ID.reset


@pytest.mark.parametrize("pointer", ["write", "read"])
@pytest.mark.parametrize("bit", range(10))
def test_no_old_command_is_played_again(target: RtlTarget, pointer: str, bit: int) -> None:
    """An upset pointer of the input FIFO would go back to bytes of commands long done."""
    for _ in range(12):
        assert word(target, r.IDENTITY_ID.address) == r.IDENTITY_ID.reset
    target.flip_flop(f"frame_receiver.byte_fifo.{pointer}_q", 1 << bit)
    assert target.exchange(b"") == b""
    assert word(target, r.IDENTITY_ID.address) == r.IDENTITY_ID.reset
    activity = word(target, r.FAST_ACTIVITY.address)
    assert activity is not None and r.FAST_ACTIVITY.unpack(activity)["commands"] == 13


def test_an_upset_falls_into_the_middle_of_a_frame(target: RtlTarget) -> None:
    """The frame that is struck is lost, its successor is not."""
    state = target.state()
    assert state["rmap_target.state_q"] == "1" and len(state) > len(target.flops())
    target.arm_flop("frame_receiver.frame_checker.crc_q", 1, 12)
    with pytest.raises(InjectionError, match="still ahead, too few clocks were simulated"):
        target.armed_flop("frame_receiver.frame_checker.crc_q", 1)
    assert word(target, r.IDENTITY_ID.address) is None
    assert target.armed_flop("frame_receiver.frame_checker.crc_q", 1) >= 0
    assert word(target, r.IDENTITY_ID.address) == r.IDENTITY_ID.reset
    assert word(target, r.DIAGNOSTICS_FRAME_ERRORS.address) == r.DIAGNOSTICS_FRAME_ERRORS.pack(
        crc=1
    )


def test_a_reset_forgets_what_was_armed(target: RtlTarget) -> None:
    target.arm_flop("control_registers.scratch_q", 1, 5)
    target.reset()
    assert word(target, r.CONTROL_SCRATCH.address) == 0
    with pytest.raises(InjectionError, match="still ahead"):
        target.armed_flop("control_registers.scratch_q", 1)


def test_what_does_not_exist_is_refused(target: RtlTarget) -> None:
    with pytest.raises(KeyError, match="no register 'rmap_target.state'; there is rmap_target"):
        target.flip_flop("rmap_target.state", 1)
    with pytest.raises(ValueError, match="flip mask 0x80 for rmap_target.state_q, must be 1 to"):
        target.flip_flop("rmap_target.state_q", 0x80)


def test_words_of_memories_are_reached_by_name(target: RtlTarget) -> None:
    arrays = target.arrays()
    assert arrays["memory.words"] == (1024, 39)
    assert arrays["frame_receiver.rmap_receiver.words"] == (64, 32)  # a frame of 256 bytes of data
    for name, (words, width) in arrays.items():
        target.flip_flop(f"{name}[{words - 1}]", 1 << width - 1)
    assert target.peek_memory(1023) == 1 << 38
    with pytest.raises(KeyError, match=r"no register 'memory.words\[1024\]'"):
        target.flip_flop("memory.words[1024]", 1)


def test_names_are_asked_for() -> None:
    with (
        RtlTarget(TRAYS) as target,
        pytest.raises(InjectionError, match=r"built without names of registers: RtlTarget"),
    ):
        target.flops()
