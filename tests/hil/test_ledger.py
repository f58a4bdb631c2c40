"""The ledger of upsets: every strike ends as one of four."""

import struct

import pytest

from hil.faults.codes import FrameCode, Secded
from hil.faults.ledger import Fate, Ledger
from sim.upsets import Upset

GOOD = 0x15_5555_AAAA  # stands for a codeword


class Words:
    """A memory whose repair the test does by hand."""

    def __init__(self) -> None:
        self.words = dict.fromkeys(range(8), GOOD)
        self.uncorrectable = 0

    def peek(self, word: int) -> int:
        return self.words[word]

    def flip(self, word: int, mask: int) -> int:
        self.words[word] ^= mask
        return self.words[word]

    def reported(self) -> int:
        return self.uncorrectable

    def remark(self, word: int, mask: int) -> str:
        return "the highest bit" if mask >> 38 & 1 else ""


class Codewords(Words, Secded):
    """Behind the code of memories."""


class Frames(Words, FrameCode):
    """Behind the code of configuration frames."""


class Rack:
    """Trays of which the odd ones are off."""

    def __init__(self) -> None:
        self.broken: set[int] = set()
        self.noticed: dict[int, int] = {}

    def strike(self, upset: Upset) -> bool:
        if upset.tray % 2:
            return False
        self.broken.add(upset.tray)
        return True

    def damaged(self, upset: Upset) -> bool:
        return upset.tray in self.broken

    def reported(self, upset: Upset) -> int:
        return self.noticed.get(upset.tray, 0)


@pytest.fixture
def memory() -> Codewords:
    return Codewords()


@pytest.fixture
def rack() -> Rack:
    return Rack()


@pytest.fixture
def frames() -> Frames:
    return Frames()


@pytest.fixture
def ledger(memory: Words, frames: Frames, rack: Rack) -> Ledger:
    memories = {"controller_memory": memory, "flight_memory": Codewords(), "config_frames": frames}
    return Ledger(memories, rack)


def flip(word: int, *bits: int) -> Upset:
    return Upset(0.0, "controller_memory", -1, word, bits)


def on_tray(element: str, tray: int) -> Upset:
    return Upset(0.0, element, tray, 0, ())


def test_a_strike_really_flips_the_bits(ledger: Ledger, memory: Words) -> None:
    ledger.strike(flip(3, 0, 38), 5)
    assert memory.words[3] == GOOD ^ 0x40_0000_0001


def test_a_single_bit_that_was_scrubbed_is_corrected(ledger: Ledger, memory: Words) -> None:
    entry = ledger.strike(flip(3, 7), 5)
    assert ledger.look(6) == []
    memory.words[3] = GOOD
    assert ledger.look(7) == [entry]
    assert (entry.fate, entry.settled_ns) == (Fate.CORRECTED, 7)
    assert ledger.look(8) == []


def test_two_bits_that_were_rewritten_are_recovered(ledger: Ledger, memory: Words) -> None:
    entry = ledger.strike(flip(3, 7, 8), 5)
    memory.words[3] = GOOD
    ledger.look(6)
    assert entry.fate is Fate.RECOVERED


def test_two_strikes_on_a_word_make_an_uncorrectable_one(ledger: Ledger, memory: Words) -> None:
    first, second = ledger.strike(flip(3, 7), 5), ledger.strike(flip(3, 9), 6)
    memory.words[3] = GOOD
    ledger.look(7)
    assert first.fate is second.fate is Fate.RECOVERED


def test_a_second_strike_on_a_corrected_word_is_one_of_its_own(
    ledger: Ledger, memory: Words
) -> None:
    first = ledger.strike(flip(3, 7), 5)
    memory.words[3] = GOOD
    second = ledger.strike(flip(3, 9), 6)
    assert first.fate is Fate.CORRECTED
    memory.words[3] = GOOD
    assert ledger.look(7) == [first, second]  # the first was settled by the second strike
    assert second.fate is Fate.CORRECTED


def test_a_word_rewritten_with_other_data_is_recovered(ledger: Ledger, memory: Words) -> None:
    entry = ledger.strike(flip(3, 7), 5)
    memory.words[3] = 0x12345
    ledger.look(6)
    assert entry.fate is Fate.RECOVERED
    again = ledger.strike(flip(3, 1), 7)
    memory.words[3] = 0x12345
    ledger.look(8)
    assert again.fate is Fate.CORRECTED


def test_three_bits_mistaken_for_one_are_silent(ledger: Ledger, memory: Words) -> None:
    entries = [ledger.strike(flip(3, bit), 5) for bit in (1, 2, 3)]
    memory.words[3] ^= 1 << 20  # the code corrected a bit that was good
    ledger.look(6)
    assert {entry.fate for entry in entries} == {Fate.SILENT}


def test_a_wrong_word_at_the_end_is_uncorrectable_if_it_was_reported(
    ledger: Ledger, memory: Words
) -> None:
    entry = ledger.strike(flip(3, 7, 8), 5)
    memory.uncorrectable += 1
    assert ledger.close(9) == [entry]
    assert entry.fate is Fate.UNCORRECTABLE


def test_a_wrong_word_nobody_met_is_silent(ledger: Ledger, memory: Words) -> None:
    memory.uncorrectable += 1  # an older one
    entry = ledger.strike(flip(3, 7), 5)
    ledger.close(9)
    assert entry.fate is Fate.SILENT


@pytest.mark.parametrize(
    ("element", "fate"), [("compute", Fate.SILENT), ("hbm_corrected", Fate.CORRECTED)]
)
def test_what_is_settled_as_it_strikes(ledger: Ledger, element: str, fate: Fate) -> None:
    assert ledger.strike(on_tray(element, 2), 5).fate is fate


def test_an_upset_that_meets_nothing_is_silent_and_says_so(ledger: Ledger) -> None:
    entry = ledger.strike(on_tray("tray_hang", 3), 5)
    assert entry.fate is Fate.SILENT
    assert "off" in entry.note


def test_a_tray_that_runs_again_is_recovered(ledger: Ledger, rack: Rack) -> None:
    entry = ledger.strike(on_tray("tray_hang", 2), 5)
    assert ledger.look(6) == []
    rack.broken.clear()
    assert ledger.look(7) == [entry]
    assert entry.fate is Fate.RECOVERED


def test_a_tray_still_damaged_at_the_end(ledger: Ledger, rack: Rack) -> None:
    noticed, unseen = (
        ledger.strike(on_tray("weights", 2), 5),
        ledger.strike(on_tray("weights", 4), 5),
    )
    rack.noticed[2] = 1
    ledger.close(9)
    assert (noticed.fate, unseen.fate) == (Fate.UNCORRECTABLE, Fate.SILENT)


@pytest.mark.parametrize(
    ("bits", "fate"),
    [
        ((77,), Fate.CORRECTED),
        ((77, 78), Fate.CORRECTED),  # neighbours
        ((64, 127), Fate.CORRECTED),  # lowest bit of word 2, highest of word 3
        ((77, 79), Fate.RECOVERED),
        ((63, 64), Fate.RECOVERED),  # highest bit of word 1, lowest of word 2: the word's far ends
        ((77, 109), Fate.RECOVERED),
        ((77, 78, 79), Fate.RECOVERED),
    ],
)
def test_a_frame_that_is_good_again(
    ledger: Ledger, frames: Frames, bits: tuple[int, ...], fate: Fate
) -> None:
    entry = ledger.strike(Upset(0.0, "config_frames", -1, 3, bits), 5)
    assert frames.words[3] == GOOD ^ sum(1 << bit for bit in bits)
    frames.words[3] = GOOD
    ledger.look(6)
    assert entry.fate is fate


def test_neighbours_are_those_of_the_frame_s_polynomial() -> None:
    neighbours = {0b11 << degree for degree in range(511)}  # word 0 first, bit 31 first
    for first in range(512):
        for second in range(first + 1, 512):
            mask = 1 << first | 1 << second
            words = [mask >> 32 * word & 0xFFFFFFFF for word in range(16)]
            polynomial = int.from_bytes(struct.pack(">16I", *words), "big")
            assert FrameCode().corrects(mask) == (polynomial in neighbours)


def test_two_strikes_on_a_frame_are_judged_together(ledger: Ledger, frames: Frames) -> None:
    first = ledger.strike(Upset(0.0, "config_frames", -1, 3, (7,)), 5)
    second = ledger.strike(Upset(0.0, "config_frames", -1, 3, (307,)), 6)
    frames.words[3] = GOOD
    ledger.look(7)
    assert first.fate is second.fate is Fate.RECOVERED


def test_what_is_special_about_a_bit_stands_in_the_note(ledger: Ledger, memory: Words) -> None:
    plain, special = ledger.strike(flip(3, 7), 5), ledger.strike(flip(4, 38), 5)
    assert (plain.note, special.note) == ("", "the highest bit")
    ledger.close(9)
    assert plain.note == "not met before the end"
    assert special.note == "the highest bit; not met before the end"


def test_every_upset_is_accounted_for(ledger: Ledger, memory: Words) -> None:
    for upset in (flip(1, 2), flip(2, 3, 4), on_tray("compute", 0), on_tray("tray_latchup", 6)):
        ledger.strike(upset, 1)
    assert ledger.counts()["open"] == 3
    memory.words[1] = GOOD
    ledger.close(2)
    counts = ledger.counts()
    assert counts.pop("occurred") == 4
    assert counts == {"open": 0, "corrected": 1, "recovered": 0, "uncorrectable": 0, "silent": 3}
