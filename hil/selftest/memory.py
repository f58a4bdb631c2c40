"""Checks of what protects itself: memory, configuration frames, voted registers."""

from __future__ import annotations

from random import Random

from fsw import registers as r
from gateware.triplication import COPIES
from hil.selftest.board import BoardUnderTest
from hil.selftest.check import CheckFailed, Counted, expect

WORD = 1000  # of the protected memory, to be struck
VALUE = 0xDEAD_BEEF
FRAMES = 16
FRAME_WORDS = 16
SCAN_S = 0.02  # between two looks at the scanner
SCAN_LOOKS = 50
THERMOSTAT = 4  # number of a triplicated register


def memory(board: BoardUnderTest) -> str:
    """All of it, put back afterwards."""
    content = board.read(r.MEMORY.base, r.MEMORY.size)
    pattern = Random(1).randbytes(r.MEMORY.size)
    try:
        for written in (pattern, bytes(octet ^ 0xFF for octet in pattern)):
            board.write(r.MEMORY.base, written)
            read = board.read(r.MEMORY.base, r.MEMORY.size)
            wrong = [
                at // 4
                for at in range(0, len(read), 4)
                if read[at : at + 4] != written[at : at + 4]
            ]
            if wrong:
                raise CheckFailed(f"{len(wrong)} of {len(read) // 4} words, the first {wrong[0]}")
    finally:
        board.write(r.MEMORY.base, content)
    return f"{r.MEMORY.size} bytes written and read twice"


def single_flip(board: BoardUnderTest) -> str:
    address = r.MEMORY.base + 4 * WORD
    with_scrubber_off(board)
    content = board.word(address)
    corrected = Counted(board, r.FAST_MEMORY_ERRORS, "corrected")
    try:
        board.set(address, VALUE)
        board.inject(r.FLIP_MEMORY.base + 4 * WORD, 1 << 20)
        expect("word with a flipped bit", board.word(address), VALUE)
        corrected.expect(1)
        error = board.fields(r.DIAGNOSTICS_MEMORY_ERROR)
        expect("memory_error.word", error["word"], WORD)
        board.word(address)
        corrected.expect(1)  # it was written back
    finally:
        board.set(address, content)
    return f"corrected on a read, syndrome 0x{error['syndrome']:02X}, written back"


def double_flip(board: BoardUnderTest) -> str:
    address = r.MEMORY.base + 4 * WORD
    with_scrubber_off(board)
    content = board.word(address)
    uncorrectable = Counted(board, r.FAST_MEMORY_ERRORS, "uncorrectable")
    try:
        board.set(address, VALUE)
        board.inject(r.FLIP_MEMORY.base + 4 * WORD, 0b11)
        expect("word with two flipped bits", board.word(address), VALUE ^ 0b11)
        uncorrectable.expect(1)
        lost = board.fields(r.DIAGNOSTICS_MEMORY_UNCORRECTABLE)
        expect("memory_uncorrectable", lost, {"valid": 1, "word": WORD})
    finally:
        board.set(address, content)
    return "found, counted, and its word named"


def frame_flip(board: BoardUnderTest) -> str:
    state = board.fields(r.DIAGNOSTICS_CONFIG_STATE)
    good = [number for number in range(FRAMES) if not state["lost"] >> number & 1]
    if not good:
        raise CheckFailed("all frames are lost: write a good image, or reset the board")
    word = FRAME_WORDS * good[-1] + 5
    corrected = Counted(board, r.DIAGNOSTICS_CONFIG_ERRORS, "corrected")
    address = r.CONFIG_FRAMES.base + 4 * word
    content = board.word(address)
    board.set(r.CONTROL_CONFIG_SCAN, r.CONTROL_CONFIG_SCAN.pack(enable=1, period=1))
    start = board.ticks()
    board.inject(r.FLIP_CONFIG.base + 4 * word, 1 << 7)
    for _ in range(SCAN_LOOKS):
        if corrected.count:
            break
        board.wait(SCAN_S)
    took = board.ticks() - start & 0xFFFF
    corrected.expect(1)
    expect("frame word", board.word(address), content)
    error = board.fields(r.DIAGNOSTICS_CONFIG_ERROR)
    expect("config_error.frame", error["frame"], good[-1])
    return f"frame {good[-1]} corrected by the scanner within {took} ticks"


def voter(board: BoardUnderTest) -> str:
    before = board.word(r.CONTROL_THERMOSTAT)
    for copy in COPIES:
        mismatches = Counted(board, r.DIAGNOSTICS_VOTER, "mismatches")
        board.flip_copy(THERMOSTAT, copy, 1 << 3)
        mismatches.expect(1)
        expect("voter.register", board.fields(r.DIAGNOSTICS_VOTER)["register"], THERMOSTAT)
        expect("thermostat", board.word(r.CONTROL_THERMOSTAT), before)
    return f"a flip in each of {len(COPIES)} copies outvoted, repaired and counted"


def with_scrubber_off(board: BoardUnderTest) -> None:
    """So that a flip waits for the read."""
    board.set(r.CONTROL_SCRUB, r.CONTROL_SCRUB.pack(enable=0))
