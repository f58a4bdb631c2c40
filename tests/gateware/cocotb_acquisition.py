"""The store of samples: flip-flops for vectors and a RAM for words hold the same, clock by clock.

Both stores of `rtl_bench.v` are compared with a third one, of plain channels.
"""

from __future__ import annotations

import random
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.handle import Immediate
from cocotb.triggers import FallingEdge, Timer

TRAYS = 2
WORDS = 8 + 4 * TRAYS
CHANNELS = 2 * WORDS
VECTORS, RAM = 0, 1  # the stores
BOTH = 0b11
COOLANT_SUPPLY = 6
CURRENT, GPU, HBM = (
    [16 + 8 * tray + half for tray in reversed(range(TRAYS))] for half in (3, 4, 5)
)


class StoreBench:
    """Both stores' ports, and the channels as they should be."""

    def __init__(self, dut: Any) -> None:
        self.dut = dut
        self.channels = [0] * CHANNELS
        self.word_read: int | None = None  # none since reset
        self.freeze = self.skew = self.front_end_off = False
        self.channel = self.offset = 0
        self._falling = FallingEdge(dut.clk)

    async def start(self) -> StoreBench:
        """Inputs at rest, clock on, reset, RAM cleared."""
        dut = self.dut
        for port in (dut.store_present, dut.store_sample_valid, dut.store_stimulus_valid):
            port.value = 0
        dut.store_read.value = 0
        Clock(dut.clk, 10, "ns").start()
        self.inject()
        await self.reset()
        return self

    async def reset(self) -> None:
        """One clock of reset, then the walk that clears."""
        dut = self.dut
        dut.rst.value = 1
        await self._falling
        dut.rst.value = 0
        self.channels = [0] * CHANNELS
        self.word_read = None
        self.check()
        dut.store_clear.value = 1
        for word in range(256):
            dut.store_clear_word.value = word
            await self._falling
        dut.store_clear.value = 0

    def inject(
        self,
        *,
        freeze: bool = False,
        skew: bool = False,
        channel: int = 0,
        offset: int = 0,
        front_end_off: bool = False,
    ) -> None:
        """Faults from this clock on."""
        dut = self.dut
        self.freeze, self.skew, self.front_end_off = freeze, skew, front_end_off
        self.channel, self.offset = channel, offset
        dut.store_freeze.value = int(freeze)
        dut.store_skew.value = int(skew)
        dut.store_channel.value = channel
        dut.store_offset.value = offset
        dut.store_front_end_off.value = int(front_end_off)

    def inject_any(self, draw: random.Random) -> None:
        """A fault of some channel, that may not exist, or none."""
        kind = draw.choice(("none", "freeze", "skew"))
        self.inject(
            freeze=kind == "freeze",
            skew=kind == "skew",
            channel=draw.randrange(512) if draw.random() < 0.1 else draw.randrange(CHANNELS),
            offset=draw.getrandbits(16),
            front_end_off=draw.random() < 0.3,
        )

    async def step(self) -> None:
        """One clock; then no sample is there any more, and what is seen is right."""
        dut = self.dut
        await self._falling
        for port in (dut.store_present, dut.store_sample_valid, dut.store_stimulus_valid):
            port.value = 0
        dut.store_read.value = 0
        self.check()

    def sample(self, word: int, data: int, stores: int = BOTH) -> None:
        """A word of the front end in this clock."""
        self.dut.store_sample_valid.value = stores
        self.dut.store_sample_index.value = word
        self.dut.store_sample_data.value = data
        if stores & 1 << RAM and not self.front_end_off:
            self._take(word, data)

    def stimulate(self, word: int, data: int) -> None:
        """A word of stimulus in this clock."""
        self.dut.store_stimulus_valid.value = 1
        self.dut.store_stimulus_index.value = word
        self.dut.store_stimulus_data.value = data
        self._take(word, data)

    def read(self, word: int) -> None:
        """A read in this clock."""
        self.dut.store_read.value = 1
        self.dut.store_index.value = word
        self.word_read = self.channels[2 * word] << 16 | self.channels[2 * word + 1]

    def present(self, words: list[int]) -> None:
        """The vector in this clock: one of the two takes it."""
        vector = b"".join(word.to_bytes(4, "big") for word in words)
        self.dut.store_vector.value = int.from_bytes(vector, "big")
        self.dut.store_present.value = 1

    def check(self) -> None:
        """What is looked at in every clock, and the word that was read last."""
        assert [self.seen(store) for store in (VECTORS, RAM)] == [self.expected()] * 2
        if self.word_read is not None:
            words = [int(self.dut.store_word[store].value) for store in (VECTORS, RAM)]
            assert words == [self.word_read] * 2

    def seen(self, store: int) -> int:
        """Coolant supply, GPU, HBM and current of a store."""
        return int(self.dut.store_seen[store].value)

    def expected(self) -> int:
        """The same of the channels."""
        halves = [self.channels[at] for at in (COOLANT_SUPPLY, *GPU, *HBM, *CURRENT)]
        return int.from_bytes(b"".join(half.to_bytes(2, "big") for half in halves), "big")

    def _take(self, word: int, data: int) -> None:
        for channel, value in ((2 * word, data >> 16), (2 * word + 1, data & 0xFFFF)):
            if channel >= CHANNELS or self.freeze and channel == self.channel:
                continue
            if self.skew and channel == self.channel:
                value = (value + self.offset) & 0xFFFF
            self.channels[channel] = value


@cocotb.test()
async def a_sample_is_seen_one_clock_later(dut: Any) -> None:
    bench = await StoreBench(dut).start()
    for word in range(WORDS):
        bench.sample(word, 0x1234_5678 + 0x0101_0101 * word)
        await bench.step()  # checks what is seen
        bench.read(word)
        await bench.step()
    assert bench.seen(RAM) != 0


@cocotb.test()
async def the_same_words_make_the_same_store(dut: Any) -> None:
    """Samples, stimulus, faults and reads at random, to words beyond the vector too."""
    bench = await StoreBench(dut).start()
    draw = random.Random(16)
    for _ in range(20_000):
        if draw.random() < 0.05:
            bench.inject_any(draw)
        word = draw.randrange(256) if draw.random() < 0.05 else draw.randrange(WORDS)
        storing = 0
        match draw.randrange(4):
            case 0:
                bench.sample(word, draw.getrandbits(32))
                storing = 0 if bench.front_end_off else BOTH
            case 1:
                bench.stimulate(word, draw.getrandbits(32))
            case 2:
                bench.read(word % WORDS)  # never in a clock that stores
        await Timer(1, "ns")
        assert int(dut.store_storing.value) == storing
        await bench.step()


@cocotb.test()
async def a_vector_is_its_words(dut: Any) -> None:
    """The vector in one clock here, its words in any order there, under the same fault."""
    bench = await StoreBench(dut).start()
    draw = random.Random(17)
    for _ in range(300):
        bench.inject_any(draw)
        vector = [draw.getrandbits(32) for _ in range(WORDS)]
        before = bench.seen(VECTORS)
        order = draw.sample(range(WORDS), WORDS)
        for word in order:
            bench.sample(word, vector[word], stores=1 << RAM)
            await FallingEdge(dut.clk)
            dut.store_sample_valid.value = 0
            assert bench.seen(VECTORS) == before
        assert bench.seen(RAM) == bench.expected()
        bench.present(vector)
        await bench.step()
        for word in order:
            bench.read(word)
            await bench.step()


@cocotb.test()
async def reset_clears_both(dut: Any) -> None:
    bench = await StoreBench(dut).start()
    for word in range(256):
        dut.gen_store[RAM].acquisition.gen_words.top[word].value = Immediate(0xAAAA)
        dut.gen_store[RAM].acquisition.gen_words.bottom[word].value = Immediate(0x5555)
    for word in range(WORDS):
        bench.stimulate(word, 0xFFFF_FFFF)
        await bench.step()
    await bench.reset()
    for word in range(WORDS):
        bench.read(word)
        await bench.step()
        assert bench.word_read == 0
