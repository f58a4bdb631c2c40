"""Every flop of the flight configuration's triplicated registers, and its protected memory, upset.

The RTL with 18 trays, in lockstep with the golden model. What the outputs do in the very clock of
an upset is looked at by `cocotb_upset_sweep`, with fewer trays. Counts are printed (pytest -s) and
recorded as properties of the tests.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from itertools import combinations

import pytest

from fsw import registers as r
from fsw.register_map import Register
from fsw.rmap import ReadCommand, WriteCommand, decode_reply, encode_command
from fsw.slip import FrameDecoder, encode_frame
from gateware.model_memory import encode
from gateware.triplication import COPIES, triplicated
from hil.targets.lockstep import CODEWORD_BITS, LockstepTarget
from hil.targets.model import ModelTarget
from hil.targets.rtl import RtlTarget

TRAYS = 18
FLOPS = 3 * (TRAYS + 4 * 32 + 2 * 16 + 8 + 2 * 17 + 9 + 1 + 16 + 5 * TRAYS + 32 * TRAYS)
SWEPT_WORDS = 256
PAIRED_WORDS = 16
SCRUB_PASS_TICKS = 128  # at period 1

Record = Callable[[str, object], None]


@pytest.fixture(scope="module")
def rtl() -> Iterator[RtlTarget]:
    with RtlTarget(trays=TRAYS) as target:
        yield target


def read(target: LockstepTarget, address: int, length: int = 4) -> bytes:
    """Bytes of the controller's address space."""
    command = ReadCommand(address=address, length=length, key=r.FLIGHT_KEY)
    (payload,) = FrameDecoder().feed(target.exchange(encode_frame(encode_command(command))))
    data = decode_reply(payload).data
    assert len(data) == length
    return data


def fields(target: LockstepTarget, register: Register) -> dict[str, int]:
    return register.unpack(int.from_bytes(read(target, register.address), "big"))


def write(target: LockstepTarget, address: int, data: bytes) -> None:
    for start in range(0, len(data), r.WRITE_MAX):
        part = data[start : start + r.WRITE_MAX]
        command = WriteCommand(address=address + start, data=part, key=r.FLIGHT_KEY)
        target.exchange(encode_frame(encode_command(command)))


def write_word(target: LockstepTarget, register: Register, word: int) -> None:
    write(target, register.address, word.to_bytes(4, "big"))


def bring_to_work(target: LockstepTarget) -> None:
    """Every register away from its reset value; tray 0 tripped for current, 1 for temperature."""
    target.reset()
    draw = random.Random(3)
    write(target, r.CONTROL_PUMP_DRIVE.address, draw.randbytes(16))  # to thermostat, exclusive
    write(target, r.TRAY_CONTROL.base, draw.randbytes(4 * TRAYS))
    write_word(target, r.CONTROL_THERMOSTAT, 100)
    write_word(target, r.CONTROL_OVER_TEMPERATURE_LIMIT, 30_000 << 16 | 31_000)
    write_word(target, r.CONTROL_OVER_TEMPERATURE_DEBOUNCE, 2)
    write_word(target, r.CONTROL_OVER_CURRENT_LIMIT, 20_000)
    write_word(target, r.CONTROL_SCRUB, 1 << 31 | 500)
    write_word(target, r.CONTROL_CONFIG_SCAN, 1 << 31 | 0x34)
    write_word(target, r.CONTROL_POWER_SWITCH, (1 << TRAYS) - 1 ^ 0b1000)
    sensors = bytearray(target.sensor_bytes)
    sensors[38:40] = (20_001).to_bytes(2, "big")  # current of tray 0
    sensors[56:58] = (30_001).to_bytes(2, "big")  # GPU temperature of tray 1
    target.set_sensors(bytes(sensors))
    write_word(target, r.COMMAND_TRAY_SCRUB, 0b1100)
    write_word(target, r.CONTROL_WATCHDOG, 1 << 31 | 0x5555)
    target.advance_to((target.now_ns // target.tick_ns + 5) * target.tick_ns)


def enter_safe(target: LockstepTarget) -> None:
    """The same, in the safe state."""
    bring_to_work(target)
    write_word(target, r.COMMAND_SAFE, 0x5AFE_0001)


@pytest.mark.parametrize("bring", [bring_to_work, enter_safe])
def test_every_flop_of_every_triplicated_register(
    rtl: RtlTarget, bring: Callable[[LockstepTarget], None], record_property: Record
) -> None:
    model = ModelTarget(trays=TRAYS)
    for target in (rtl, model):
        bring(target)
    working = bring is bring_to_work
    assert fields(rtl, r.FAST_OVER_CURRENT)["trays"] == 0b01
    assert fields(rtl, r.FAST_OVER_TEMPERATURE)["trays"] == 0b10
    assert fields(rtl, r.FAST_POWERED)["trays"] == (0x3FFF4 if working else 0)
    before = rtl.actuators()
    blocks = [(r.CONTROL.base, 48), (r.FAST.base, 56), (r.TRAY_CONTROL.base, 4 * TRAYS)]
    contents = [read(rtl, *block) for block in blocks]
    flips = 0
    for register in triplicated(TRAYS).values():
        for copy in COPIES:
            for bit in range(register.width):
                place = f"bit {bit} of copy {copy} of {register.name}"
                flipped = rtl.flip_register(register.name, copy, 1 << bit)
                flips += 1
                assert flipped == model.flip_register(register.name, copy, 1 << bit), place
                assert rtl.actuators() == before, f"{place} changes the outputs"
                voter = fields(rtl, r.DIAGNOSTICS_VOTER)
                assert voter == {"mismatches": flips, "register": register.number}, place
        for copy in COPIES:  # repaired: a second flip of the same bits is read back as the first
            flips += 1
            mask = (1 << register.width) - 1
            flipped = rtl.flip_register(register.name, copy, mask)
            assert flipped == model.flip_register(register.name, copy, mask)
    assert flips == FLOPS + 3 * len(triplicated(TRAYS))
    assert [read(rtl, *block) for block in blocks] == contents
    assert rtl.actuators() == before == model.actuators()
    state = "at work" if working else "safe"
    report(record_property, f"register flops flipped {state}, outvoted, repaired", FLOPS)


def test_every_bit_of_256_words(rtl: RtlTarget, record_property: Record) -> None:
    rtl.reset()
    write_word(rtl, r.CONTROL_SCRUB, 1)  # off
    data = random.Random(39).randbytes(4 * SWEPT_WORDS)
    write(rtl, r.MEMORY.base, data)
    codewords = [encode(int.from_bytes(data[4 * w : 4 * w + 4], "big")) for w in range(SWEPT_WORDS)]
    flips = 0
    for bit in range(CODEWORD_BITS):
        for word in range(SWEPT_WORDS):
            assert rtl.flip_memory(word, 1 << bit) == codewords[word] ^ 1 << bit
            flips += 1
        if bit % 2:
            write_word(rtl, r.CONTROL_SCRUB, 1 << 31 | 1)
            rtl.advance_to((rtl.now_ns // rtl.tick_ns + SCRUB_PASS_TICKS) * rtl.tick_ns)
            write_word(rtl, r.CONTROL_SCRUB, 1)
        else:
            assert read_swept(rtl) == data, f"bit {bit}"
        assert fields(rtl, r.FAST_MEMORY_ERRORS) == {"corrected": flips, "uncorrectable": 0}
        assert read_swept(rtl) == data, f"bit {bit}"
        assert fields(rtl, r.FAST_MEMORY_ERRORS) == {"corrected": flips, "uncorrectable": 0}
    assert [rtl.peek_memory(word) for word in range(SWEPT_WORDS)] == codewords
    report(record_property, "memory bits flipped, corrected and written back", flips)
    assert flips == 256 * 39


def read_swept(target: LockstepTarget) -> bytes:
    base = r.MEMORY.base
    return read(target, base, r.READ_MAX) + read(target, base + r.READ_MAX, r.READ_MAX)


def test_every_pair_of_bits_in_16_words(rtl: RtlTarget, record_property: Record) -> None:
    rtl.reset()
    write_word(rtl, r.CONTROL_SCRUB, 1)  # off
    data = random.Random(16).randbytes(4 * PAIRED_WORDS)
    flagged = 0
    for pair in combinations(range(CODEWORD_BITS), 2):
        mask = sum(1 << bit for bit in pair)
        write(rtl, r.MEMORY.base, data)
        for word in range(PAIRED_WORDS):
            stored = rtl.flip_memory(word, mask)
            address = r.MEMORY.base + 4 * word
            assert read(rtl, address) == (stored & 0xFFFF_FFFF).to_bytes(4, "big")
            flagged += 1
            error = fields(rtl, r.DIAGNOSTICS_MEMORY_ERROR)
            lost = fields(rtl, r.DIAGNOSTICS_MEMORY_UNCORRECTABLE)
            place = f"bits {pair} of word {word}"
            assert (error["valid"], error["uncorrectable"], error["word"]) == (1, 1, word), place
            assert lost == {"valid": 1, "word": word}, place
            assert rtl.peek_memory(word) == stored, place
        errors = fields(rtl, r.FAST_MEMORY_ERRORS)
        assert errors == {"corrected": 0, "uncorrectable": flagged}, pair
    report(record_property, "pairs of memory bits flipped, flagged with their address", flagged)
    assert flagged == 16 * 741


def report(record_property: Record, what: str, count: int) -> None:
    record_property(what, count)
    print(f"{count} {what}")
