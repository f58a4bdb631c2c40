"""Protected memory: SECDED (39,32), correction on reads, the background scrubber."""

import pytest

from fsw import registers as r

MEMORY = r.MEMORY.base
ENABLE = 1 << 31
WORD = 5
ADDRESS = MEMORY + 4 * WORD
VALUE = 0xDEAD_BEEF
PARITY_BIT = 38

# By hand from the code's definition: position of data bit k is the k-th integer from 3 on that is
# no power of two; a single error's syndrome is 0x40 | position.
DATA_SYNDROMES = {0: 0x43, 1: 0x45, 2: 0x46, 3: 0x47, 4: 0x49, 10: 0x4F, 11: 0x51, 25: 0x5F,
                  26: 0x61, 31: 0x66}  # fmt: skip
CHECK_SYNDROMES = {32: 0x41, 33: 0x42, 34: 0x44, 35: 0x48, 36: 0x50, 37: 0x60, PARITY_BIT: 0x40}

DOUBLE_SYNDROMES = {
    (0, 1): 0x03 ^ 0x05,
    (3, 4): 0x07 ^ 0x09,
    (0, 32): 0x03 ^ 0x01,
    (32, 33): 0x03,
    (31, PARITY_BIT): 0x26,
    (37, PARITY_BIT): 0x20,
}


def mask(bits):
    return sum(1 << bit for bit in bits)


def errors(link):
    return link.fields(r.FAST_MEMORY_ERRORS)


def last_error(link):
    return link.fields(r.DIAGNOSTICS_MEMORY_ERROR)


@pytest.fixture
def quiet(link, stimulus):
    """Scrubber off, one word written."""
    link.set(r.CONTROL_SCRUB, 0)
    link.set(ADDRESS, VALUE)
    return stimulus


def test_patterns(link):
    for pattern in (b"\x00", b"\xff", b"\x55", b"\xaa"):
        for start in range(0, 4096, 256):
            link.write(MEMORY + start, pattern * 256)
        for start in range(0, 4096, 512):
            assert link.read(MEMORY + start, 512) == pattern * 512


def test_address_lines(link):
    for start in range(0, 4096, 256):
        words = range(start // 4, start // 4 + 64)
        link.write(MEMORY + start, b"".join((w * 0x1_0001).to_bytes(4, "big") for w in words))
    for start in range(0, 4096, 512):
        words = range(start // 4, start // 4 + 128)
        expected = b"".join((w * 0x1_0001).to_bytes(4, "big") for w in words)
        assert link.read(MEMORY + start, 512) == expected


def test_clear_after_reset(link, stimulus):
    stimulus.need("a reset")
    for start in range(0, 4096, 512):
        assert link.read(MEMORY + start, 512) == bytes(512)
    assert errors(link) == {"corrected": 0, "uncorrectable": 0}
    assert link.word(r.DIAGNOSTICS_MEMORY_UNCORRECTABLE) == 0


def test_cleared_codewords(stimulus):
    assert stimulus.codeword(0) == stimulus.codeword(1023) == 0


@pytest.mark.parametrize(
    "data, codeword",
    [  # check bits by hand: c_j is the parity of the data bits at positions with bit j
        (0x0000_0000, 0x00_0000_0000),
        (0x0000_0001, 0x43_0000_0001),  # position 3: c0 and c1, with the data bit odd: parity
        (0x0000_0002, 0x45_0000_0002),  # position 5: c0 and c2, likewise odd
        (0x0000_0008, 0x07_0000_0008),  # position 7: c0, c1 and c2, even with the data bit
        (0x8000_0000, 0x26_8000_0000),  # position 38: c1, c2 and c5, even with the data bit
    ],
)
def test_codeword(link, quiet, data, codeword):
    link.set(ADDRESS, data)
    assert quiet.codeword(WORD) == codeword


@pytest.mark.parametrize("bit, syndrome", {**DATA_SYNDROMES, **CHECK_SYNDROMES}.items())
def test_single_error_is_corrected(link, quiet, bit, syndrome):
    lost = link.word(r.DIAGNOSTICS_MEMORY_UNCORRECTABLE)
    quiet.flip(WORD, bit)
    assert link.word(ADDRESS) == VALUE
    assert errors(link) == {"corrected": 1, "uncorrectable": 0}
    assert last_error(link) == {"valid": 1, "uncorrectable": 0, "syndrome": syndrome, "word": WORD}
    assert link.word(r.DIAGNOSTICS_MEMORY_UNCORRECTABLE) == lost
    assert link.fields(r.FAST_STATUS)["memory_error"] == 1


def test_corrected_word_is_clean(link, quiet):
    quiet.flip(WORD, 7)
    assert link.read(ADDRESS) == link.read(ADDRESS)
    assert errors(link)["corrected"] == 1


@pytest.mark.parametrize("bits, syndrome", DOUBLE_SYNDROMES.items())
def test_double_error_is_reported(link, quiet, bits, syndrome):
    quiet.flip(WORD, *bits)
    assert link.word(ADDRESS) == VALUE ^ mask(bits) & 0xFFFF_FFFF
    assert errors(link) == {"corrected": 0, "uncorrectable": 1}
    assert last_error(link) == {"valid": 1, "uncorrectable": 1, "syndrome": syndrome, "word": WORD}
    assert link.fields(r.DIAGNOSTICS_MEMORY_UNCORRECTABLE) == {"valid": 1, "word": WORD}


@pytest.mark.parametrize("bits", [(bit,) for bit in (*DATA_SYNDROMES, *CHECK_SYNDROMES)])
def test_a_single_error_is_gone_after_a_read(link, quiet, bits):
    clean = quiet.codeword(WORD)
    quiet.flip(WORD, *bits)
    assert quiet.codeword(WORD) == clean ^ mask(bits)
    link.word(ADDRESS)
    assert quiet.codeword(WORD) == clean


@pytest.mark.parametrize("bits", DOUBLE_SYNDROMES)
def test_a_double_error_is_left_as_it_is(link, quiet, bits):
    clean = quiet.codeword(WORD)
    quiet.flip(WORD, *bits)
    link.word(ADDRESS)
    assert quiet.codeword(WORD) == clean ^ mask(bits)


def test_triple_error_outside_the_code_is_reported(link, quiet):
    """Positions 38, 3 and 2 combine to 39, where no bit stands."""
    quiet.flip(WORD, 31, 0, 33)
    link.word(ADDRESS)
    assert 38 ^ 3 ^ 2 == 39
    assert last_error(link) == {"valid": 1, "uncorrectable": 1, "syndrome": 0x40 | 39, "word": WORD}


def test_last_error_is_the_last(link, quiet):
    quiet.flip(9, 0, 1)
    link.word(MEMORY + 36)
    quiet.flip(1023, 2)
    link.word(MEMORY + 4092)
    assert last_error(link) == {"valid": 1, "uncorrectable": 0, "syndrome": 0x46, "word": 1023}
    assert link.fields(r.DIAGNOSTICS_MEMORY_UNCORRECTABLE) == {"valid": 1, "word": 9}


def test_uncorrectable_counts_every_time_it_is_met(link, quiet):
    quiet.flip(WORD, 0, 1)
    for _ in range(3):
        link.word(ADDRESS)
    assert errors(link)["uncorrectable"] == 3


def test_write_overwrites_an_error_unseen(link, quiet):
    quiet.flip(WORD, 0, 1)
    link.set(ADDRESS, 0x1234_5678)
    assert link.word(ADDRESS) == 0x1234_5678
    assert errors(link) == {"corrected": 0, "uncorrectable": 0}


def test_errors_in_a_long_read(link, quiet):
    for word in (2, 6, 7):
        quiet.flip(word, 20)
    quiet.flip(3, 4, 5)
    data = link.read(MEMORY, 64)
    expected = bytearray(64)
    expected[20:24] = VALUE.to_bytes(4, "big")
    expected[12:16] = (0x30).to_bytes(4, "big")
    assert data == expected
    assert errors(link) == {"corrected": 3, "uncorrectable": 1}
    assert last_error(link)["word"] == 7
    assert link.fields(r.DIAGNOSTICS_MEMORY_UNCORRECTABLE)["word"] == 3


def test_read_of_the_same_word_meets_an_error_once(link, quiet):
    quiet.flip(WORD, 3)
    assert link.execute(0x48, ADDRESS, 16, None) == VALUE.to_bytes(4, "big") * 4
    assert errors(link)["corrected"] == 1


def test_read_modify_write_corrects_first(link, quiet):
    quiet.flip(WORD, 31)
    assert link.modify(ADDRESS, 0, 0x0000_00FF) == VALUE
    assert link.word(ADDRESS) == 0xDEAD_BE00
    assert errors(link) == {"corrected": 1, "uncorrectable": 0}


def test_read_modify_write_of_an_uncorrectable_word(link, quiet):
    quiet.flip(WORD, 0, 4)
    stored = VALUE ^ 0x11
    assert link.modify(ADDRESS, 0xFF00_0000, 0xFF00_0000) == stored
    assert link.word(ADDRESS) == stored | 0xFF00_0000
    assert errors(link) == {"corrected": 0, "uncorrectable": 1}


def test_read_of_nothing_looks_at_nothing(link, quiet):
    quiet.flip(WORD, 3)
    assert link.read(ADDRESS, 0) == b""
    assert errors(link)["corrected"] == 0


class TestScrubber:
    def progress(self, link):
        return link.fields(r.DIAGNOSTICS_SCRUB_PROGRESS)

    def test_runs_after_reset_every_100_ticks(self, link, stimulus):
        stimulus.ticks(99)
        assert self.progress(link) == {"passes": 0, "next_word": 0}
        stimulus.ticks(1)
        assert self.progress(link) == {"passes": 0, "next_word": 8}
        stimulus.ticks(300)
        assert self.progress(link) == {"passes": 0, "next_word": 32}

    @pytest.mark.parametrize("period, ticks", [(0, 1), (1, 1), (3, 3), (65535, 65535)])
    def test_period(self, link, stimulus, period, ticks):
        link.set(r.CONTROL_SCRUB, ENABLE | period)
        stimulus.ticks(ticks - 1)
        assert self.progress(link)["next_word"] == 0
        stimulus.ticks(1)
        assert self.progress(link)["next_word"] == 8

    def test_writing_the_register_restarts_the_period(self, link, stimulus):
        link.set(r.CONTROL_SCRUB, ENABLE | 10)
        stimulus.ticks(9)
        link.set(r.CONTROL_SCRUB, ENABLE | 10)
        stimulus.ticks(9)
        assert self.progress(link)["next_word"] == 0
        stimulus.ticks(1)
        assert self.progress(link)["next_word"] == 8

    def test_disabled(self, link, stimulus):
        link.set(r.CONTROL_SCRUB, 1)
        stimulus.ticks(1000)
        assert self.progress(link) == {"passes": 0, "next_word": 0}

    def test_pass_ends_after_128_bursts(self, link, stimulus):
        link.set(r.CONTROL_SCRUB, ENABLE | 1)
        stimulus.ticks(127)
        assert self.progress(link) == {"passes": 0, "next_word": 1016}
        stimulus.ticks(1)
        assert self.progress(link) == {"passes": 1, "next_word": 0}
        stimulus.ticks(257)
        assert self.progress(link) == {"passes": 3, "next_word": 8}

    def test_corrects_in_its_own_time(self, link, stimulus):
        link.set(r.CONTROL_SCRUB, ENABLE | 1)
        link.set(MEMORY + 4 * 20, VALUE)
        stimulus.flip(20, 12)
        stimulus.ticks(2)
        assert errors(link) == {"corrected": 0, "uncorrectable": 0}
        stimulus.ticks(1)
        assert errors(link) == {"corrected": 1, "uncorrectable": 0}
        assert last_error(link)["word"] == 20
        assert link.word(MEMORY + 4 * 20) == VALUE
        assert errors(link) == {"corrected": 1, "uncorrectable": 0}

    def test_meets_an_uncorrectable_word_every_pass(self, link, stimulus):
        stimulus.flip(1023, 0, 1)
        link.set(r.CONTROL_SCRUB, ENABLE | 1)
        stimulus.ticks(3 * 128)
        assert errors(link) == {"corrected": 0, "uncorrectable": 3}
        assert link.word(MEMORY + 4092) == 3
        assert link.fields(r.DIAGNOSTICS_MEMORY_UNCORRECTABLE) == {"valid": 1, "word": 1023}

    def test_corrects_several_words_of_a_burst(self, link, stimulus):
        for word in range(8):
            stimulus.flip(word, 38 - word)
        stimulus.ticks(100)
        assert errors(link) == {"corrected": 8, "uncorrectable": 0}
        assert link.read(MEMORY, 32) == bytes(32)
        assert errors(link)["corrected"] == 8
        assert last_error(link)["word"] == 7
