"""SECDED against its definition, exhaustively; records against every way of losing words."""

import random
import zlib
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.events import EventLog, Severity
from fsw.protected_memory import RECORDS, ProtectedMemory, Record
from fsw.secded import CORRECTIONS, POSITIONS, encode, syndrome

TWO = (Record("small", 1, 8), Record("large", 2, 40))
HALF = 128


def hamming_by_definition(data):
    """Codeword with every check bit worked out as a sum over the positions that hold it."""
    positions = [p for p in range(1, 39) if p not in (1, 2, 4, 8, 16, 32)]
    word = data
    for j in range(6):
        bits = [data >> k & 1 for k, p in enumerate(positions) if p >> j & 1]
        word |= (sum(bits) % 2) << (32 + j)
    return word | (bin(word).count("1") % 2) << 38


SAMPLES = [0, 0xFFFFFFFF, 0xDEADBEEF, 0x80000001, 0x12345678, *(1 << k for k in range(32))]


def test_positions_are_those_that_are_no_power_of_two():
    assert POSITIONS[:5] == (3, 5, 6, 7, 9)
    assert (len(POSITIONS), POSITIONS[31]) == (32, 38)


@pytest.mark.parametrize(
    ("data", "codeword"),
    # data bit 0 stands at position 3: c0 and c1; bit 31 at 38 = 32 + 4 + 2: c1, c2 and c5
    [(0, 0), (1, 0x4300000001), (1 << 31, 0x2680000000), (0xFFFFFFFF, 0x18FFFFFFFF)],
)
def test_literal_codewords(data, codeword):
    assert encode(data) == codeword == hamming_by_definition(data)


@given(st.integers(0, 2**32 - 1))
def test_encode_equals_the_definition(data):
    assert encode(data) == hamming_by_definition(data)


@pytest.mark.parametrize("data", SAMPLES)
def test_every_single_error_is_corrected(data):
    codeword = encode(data)
    assert syndrome(codeword) == 0
    for bit in range(39):
        wrong = syndrome(codeword ^ 1 << bit)
        assert wrong & 0x40
        assert CORRECTIONS[wrong] == 1 << bit


@pytest.mark.parametrize("data", SAMPLES[:5])
def test_every_double_error_is_detected(data):
    codeword = encode(data)
    for a, b in combinations(range(39), 2):
        wrong = syndrome(codeword ^ 1 << a ^ 1 << b)
        assert wrong != 0
        assert CORRECTIONS[wrong] is None


def test_syndromes_above_the_last_position_are_uncorrectable():
    assert [s for s in range(64, 128) if CORRECTIONS[s] is None] == list(range(64 + 39, 128))


def new(records=TWO, log=None):
    return ProtectedMemory(
        ProtectedMemory.new_store(), records, log.report if log is not None else None
    )


def test_a_new_store_is_empty_and_clean():
    memory = new()
    assert (memory.read("small"), memory.read("large")) == (None, None)
    memory.scrub(memory.words)
    assert memory.counters.passes == 1
    assert memory.counters.cleared == memory.counters.lost == 0


@pytest.mark.parametrize("data", [b"", b"a", b"abcd", b"abcdefgh"])
def test_records_come_back_after_a_restart(data):
    store = ProtectedMemory.new_store()
    ProtectedMemory(store, TWO).write("small", data)
    assert ProtectedMemory(store, TWO).read("small") == data


def test_stored_words_of_a_record():
    memory = new()
    memory.write("small", b"abcde")
    # kind and length; data filled up with zeros; CRC-32 of "0001 0005" + data + filling
    words = [0x00010005, 0x61626364, 0x65000000, zlib.crc32(b"\0\1\0\5abcde\0\0\0")]
    assert [memory.peek(word) & 0xFFFFFFFF for word in range(4)] == words
    assert [memory.peek(HALF + word) for word in range(4)] == [memory.peek(w) for w in range(4)]


def test_too_long_a_record_is_refused():
    with pytest.raises(ValueError, match="'small': 9 bytes, has room for 8"):
        new().write("small", bytes(9))


def test_records_must_fit_the_store():
    with pytest.raises(ValueError, match="records need 202 words"):
        new((Record("huge", 1, 800),))
    new(RECORDS)


def test_flip_and_peek():
    memory = new()
    assert memory.words == 256
    assert memory.flip(7, 1 << 38) == 1 << 38 == memory.peek(7)
    for word, mask in ((256, 1), (-1, 1), (0, 1 << 39)):
        with pytest.raises(ValueError, match="word must be 0 to 255"):
            memory.flip(word, mask)


def test_every_single_flip_anywhere_is_scrubbed_away():
    memory = new(RECORDS)
    for record in RECORDS:
        memory.write(record.name, bytes(range(record.capacity_bytes)))
    golden = [memory.peek(word) for word in range(256)]
    for bit in range(39):
        for word in range(256):
            memory.flip(word, 1 << bit)
        memory.scrub(256)
        assert [memory.peek(word) for word in range(256)] == golden
    assert memory.counters.corrected == 39 * 256
    assert memory.counters.uncorrectable == memory.counters.recovered == 0


@pytest.mark.parametrize("how", ["read", "scrub"])
@pytest.mark.parametrize("copy", [0, HALF])
@pytest.mark.parametrize("word", range(4, 4 + 12))  # header, ten of data, CRC
def test_an_uncorrectable_word_is_restored_from_the_other_copy(word, copy, how):
    log = EventLog()
    memory = new(log=log)
    data = bytes(range(40))
    memory.write("large", data)
    golden = [memory.peek(i) for i in range(256)]
    memory.flip(copy + word, 0b11)
    if how == "scrub":
        memory.scrub(256)
    assert memory.read("large") == data
    assert [memory.peek(i) for i in range(256)] == golden
    counters = memory.counters
    assert (counters.uncorrectable, counters.recovered, counters.lost) == (1, 1, 0)
    assert [event.id for event in log.drain()] == ["RECORD_RECOVERED"]


def test_what_the_code_miscorrects_the_crc_finds():
    memory = new()
    memory.write("large", bytes(40))
    # flips at data positions 3, 5 and 7 sum to position 1: taken for check bit c0
    mask = 1 << POSITIONS.index(3) | 1 << POSITIONS.index(5) | 1 << POSITIONS.index(7)
    memory.flip(4 + 3, mask)
    memory.scrub(256)
    assert (memory.counters.uncorrectable, memory.counters.recovered) == (0, 1)
    assert memory.read("large") == bytes(40)


def test_both_copies_lost_is_reported_once_and_reads_as_none():
    log = EventLog()
    memory = new(log=log)
    memory.write("large", bytes(40))
    memory.write("small", b"stays")
    memory.flip(5, 0b11)
    memory.flip(HALF + 6, 0b101)
    assert memory.read("large") is None
    assert memory.read("large") is None
    memory.scrub(512)
    assert (memory.counters.lost, memory.counters.recovered) == (1, 0)
    events = log.drain()
    assert [(event.id, event.severity) for event in events] == [("RECORD_LOST", Severity.HIGH)]
    assert "large" in str(events[0])
    memory.write("large", b"again")
    assert memory.read("large") == b"again"
    assert memory.read("small") == b"stays"


def test_double_flips_outside_records_are_cleared():
    memory = new()
    memory.flip(100, 0b11)
    memory.flip(3, 0b11)  # CRC word of `small`, which was never written
    memory.flip(HALF + 4, 0b11)  # header of `large` in copy B, which was never written
    memory.scrub(256)
    assert [memory.peek(i) for i in range(256)] == [0] * 256
    assert memory.counters.uncorrectable == 3
    assert memory.counters.lost == 0


class PowerCut(Exception):
    pass


class CutMemory(ProtectedMemory):
    """Dies after a number of stored words, as a restart in mid-write would."""

    stores_left = 1 << 30

    def _store(self, index, codeword):
        if self.stores_left == 0:
            raise PowerCut
        self.stores_left -= 1
        super()._store(index, codeword)


@pytest.mark.parametrize("stores", range(25))  # two copies of twelve words
def test_a_restart_at_any_point_of_a_write_leaves_one_whole_record(stores):
    store = ProtectedMemory.new_store()
    old, late = bytes(range(40)), bytes(range(100, 140))
    ProtectedMemory(store, TWO).write("large", old)
    memory = CutMemory(store, TWO)
    memory.stores_left = stores
    if stores < 24:
        with pytest.raises(PowerCut):
            memory.write("large", late)
    else:
        memory.write("large", late)
    restarted = ProtectedMemory(store, TWO)
    assert restarted.read("large") == (late if stores >= 12 else old)
    assert restarted.counters.lost == 0
    # and both copies are whole again: either alone still gives the record
    first = restarted.read("large")
    restarted.flip(4 + stores % 12, 0b11)
    assert restarted.read("large") == first


@given(st.lists(st.tuples(st.integers(0, 255), st.integers(0, 38)), max_size=12), st.randoms())
def test_no_flips_ever_change_what_is_read(flips, rng):
    """Whatever is flipped, a record reads as written or not at all."""
    memory = new()
    written = {"small": b"12345678", "large": rng.randbytes(40)}
    for name, data in written.items():
        memory.write(name, data)
    for word, bit in flips:
        memory.flip(word % 16 + (word & HALF), 1 << bit)
    for name, data in written.items():
        assert memory.read(name) in (data, None)


def test_upsets_at_a_realistic_rate_lose_nothing():
    """One flip a scrub pass, now and then two in a word, for a thousand passes."""
    rng = random.Random(1)
    memory = new(RECORDS)
    for record in RECORDS:
        memory.write(record.name, rng.randbytes(record.capacity_bytes))
    golden = [memory.peek(word) for word in range(256)]
    for count in range(1000):
        memory.flip(rng.randrange(256), 0b11 if count % 50 == 0 else 1 << rng.randrange(39))
        memory.scrub(256)
    assert [memory.peek(word) for word in range(256)] == golden
    assert memory.counters.lost == 0
    assert memory.counters.corrected == 980
    assert memory.counters.uncorrectable == 20
