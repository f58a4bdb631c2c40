"""Golden copy of the protected memory: content, comparison, repair."""

import struct
import zlib

import pytest

from fsw.events import EventLog
from fsw.golden_copy import GoldenCopy
from fsw.golden_image import GoldenImage, golden_image
from fsw.parameters import Parameters
from fsw.payload_link import LinkTimeout
from fsw.registers import MEMORY

BASE = 0x10000


class FakeMemory:
    """A link onto 4 KiB; `named` is what diagnostics says is the last uncorrectable word."""

    def __init__(self) -> None:
        self.data = bytearray(4096)
        self.named: int | None = None
        self.reads: list[int] = []
        self.writes: list[tuple[int, int]] = []
        self.down = False

    def read(self, address: int, length: int) -> bytes:
        if self.down:
            raise LinkTimeout("down")
        self.reads.append(address)
        if address == 0x198:
            return (0 if self.named is None else 1 << 31 | self.named).to_bytes(4, "big")
        assert address % 512 == 0 and length == 512
        return bytes(self.data[address - BASE : address - BASE + length])

    def write(self, address: int, data: bytes) -> None:
        if self.down:
            raise LinkTimeout("down")
        self.writes.append((address, len(data)))
        self.data[address - BASE : address - BASE + len(data)] = data


@pytest.fixture
def memory() -> FakeMemory:
    return FakeMemory()


def run(golden: GoldenImage, memory: FakeMemory) -> None:
    while golden.step(memory):  # type: ignore[arg-type]
        pass


def settled(memory: FakeMemory) -> tuple[GoldenImage, EventLog]:
    events = EventLog()
    golden = GoldenImage(Parameters(), events.report)
    run(golden, memory)
    assert golden.verified
    memory.reads.clear()
    memory.writes.clear()
    return golden, events


def test_the_image_names_itself_and_carries_its_crc_and_the_parameters():
    image = golden_image({"b": 2.0, "a": 1.5})
    assert len(image) == 4096
    magic, count, crc = struct.unpack_from(">III", image)
    assert image[:4] == b"RKCF"
    assert (magic, count) == (0x524B4346, 2)
    assert crc == zlib.crc32(image[12:])
    assert struct.unpack_from(">If", image, 12) == (zlib.crc32(b"a"), 1.5)


def test_the_image_depends_on_the_parameters_alone():
    assert golden_image({"a": 1.0, "b": 2.0}) == golden_image({"b": 2.0, "a": 1.0})
    assert golden_image({"a": 1.0}) != golden_image({"a": 1.25})


def test_the_filler_has_ones_and_zeros_in_every_bit_position():
    words = struct.unpack(">1024I", golden_image(Parameters()))
    for bit in range(32):
        ones = sum(word >> bit & 1 for word in words)
        assert 300 < ones < 724


def test_an_empty_memory_is_written_and_a_right_one_is_left_alone(memory: FakeMemory):
    golden, _ = settled(memory)
    assert bytes(memory.data) == golden.image
    again = GoldenImage(Parameters(), EventLog().report)
    run(again, memory)
    assert again.verified
    assert memory.writes == []
    assert again.chunks_written == 0


def test_a_named_uncorrectable_word_is_rewritten_alone(memory: FakeMemory):
    golden, events = settled(memory)
    memory.data[4 * 700 : 4 * 700 + 4] = b"\0\0\0\0"
    memory.named = 700
    golden.uncorrectable(1)
    run(golden, memory)
    assert memory.writes == [(BASE + 2800, 4)]
    assert bytes(memory.data) == golden.image
    assert [event.id for event in events.drain()] == ["MEMORY_WORD_REWRITTEN"]


def test_when_more_were_lost_than_named_everything_is_rewritten(memory: FakeMemory):
    golden, events = settled(memory)
    memory.data[100:108] = bytes(8)
    memory.named = 26
    golden.uncorrectable(2)
    run(golden, memory)
    assert bytes(memory.data) == golden.image
    assert sum(length for _, length in memory.writes) == 4096
    assert "MEMORY_REWRITE" in [event.id for event in events.drain()]


def test_the_patrol_finds_what_the_controller_did_not(memory: FakeMemory):
    golden, events = settled(memory)
    memory.data[3000] ^= 0x01
    for _ in range(golden.blocks):
        golden.patrol()
        run(golden, memory)
    assert bytes(memory.data) == golden.image
    assert len(memory.writes) == 1
    event = events.drain()[0]
    assert (event.id, event.fields["words"], event.fields["block"]) == ("MEMORY_DIFFERS", 1, 5)


def test_what_a_link_failure_prevented_is_done_afterwards(memory: FakeMemory):
    golden, _ = settled(memory)
    memory.data[4 * 5 : 4 * 5 + 4] = b"\xff\xff\xff\xff"
    memory.named = 5
    golden.uncorrectable(1)
    memory.down = True
    with pytest.raises(LinkTimeout):
        golden.step(memory)  # type: ignore[arg-type]
    memory.down = False
    golden.step(memory)  # type: ignore[arg-type]
    memory.down = True
    with pytest.raises(LinkTimeout):
        golden.step(memory)  # type: ignore[arg-type]
    memory.down = False
    run(golden, memory)
    assert bytes(memory.data) == golden.image


def test_a_copy_that_does_not_fill_its_region_is_refused():
    with pytest.raises(ValueError, match="golden copy of 5 bytes for memory, must be 4096"):
        GoldenCopy(MEMORY, 256, lambda: bytes(5), EventLog().report)


def test_a_damaged_golden_copy_is_rebuilt():
    events = EventLog()
    golden = GoldenImage(Parameters(), events.report)
    good = golden.image
    golden._image = good[:100] + b"\x55" + good[101:]
    golden.check()
    assert golden.image == good
    assert [event.id for event in events.drain()] == ["GOLDEN_REBUILT"]
