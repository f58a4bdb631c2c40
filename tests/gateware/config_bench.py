"""Drives the frame scanner of `rtl_bench.v` clock by clock.

Everything happens on the falling edge, as in `controller_bench`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cocotb.clock import Clock
from cocotb.handle import Immediate
from cocotb.triggers import FallingEdge, with_timeout
from cocotb.utils import get_sim_time
from frame_code import FRAME_WORDS, FRAMES

CLOCK_NS = 10
ESSENTIAL = 256  # where the mask begins in the memory
IDLE, OBSERVATION, INJECTION, FATAL = range(4)


@dataclass(frozen=True)
class Events:
    """Strobes counted since reset."""

    corrected: int = 0
    uncorrectable: int = 0
    essential: int = 0
    crc_wrong: int = 0
    passes: int = 0


@dataclass(frozen=True)
class LastError:
    """`config_error`, without its valid bit."""

    uncorrectable: bool
    adjacent: bool
    essential: bool
    frame: int
    place: int


class ConfigBench:
    """The scanner's ports as words, scans and events."""

    def __init__(self, dut: Any) -> None:
        self.dut = dut
        self._falling = FallingEdge(dut.clk)

    async def start(self, *, period: int = 1) -> ConfigBench:
        """Inputs at rest, clock on, reset, wait until the memory is clear."""
        dut = self.dut
        for quiet in (dut.frames_tick, dut.frames_valid, dut.frames_restart):
            quiet.value = 0
        dut.frames_enable.value = 1
        dut.frames_period.value = period
        dut.frames_quiet.value = 1
        Clock(dut.clk, CLOCK_NS, "ns").start()
        await self.reset()
        return self

    async def reset(self) -> int:
        """Reset and wait until the memory is clear; the clocks that took."""
        self.dut.rst.value = 1
        await self.step(3)
        self.dut.rst.value = 0
        start = self.clocks
        await self.step()
        while not self.dut.frames_ready.value:
            await self.step()
            assert self.clocks - start < 1100, "not ready after reset"
        return self.clocks - start

    @property
    def clocks(self) -> int:
        """Clocks of the simulation."""
        return int(get_sim_time("ns")) // CLOCK_NS

    async def step(self, clocks: int = 1) -> None:
        """Let clocks go by."""
        for _ in range(clocks):
            await self._falling

    async def tick(self) -> None:
        """One tick."""
        self.dut.frames_tick.value = 1
        await self.step()
        self.dut.frames_tick.value = 0

    async def finish(self) -> int:
        """Wait until no scan is due or runs; the clocks that took."""
        start = self.clocks
        if self.dut.frames_due.value:
            await with_timeout(FallingEdge(self.dut.frames_due), 50_000 * CLOCK_NS, "ns")
            await self.step()
        return self.clocks - start

    async def scan(self, frames: int = 1) -> None:
        """Scan frames, at period 1."""
        for _ in range(frames):
            await self.tick()
            await self.finish()

    # -- register bus

    async def transfer(self, write: bool, kind: int, word: int, data: int) -> int:
        """One access; the data read."""
        dut = self.dut
        dut.frames_valid.value = 1
        dut.frames_write.value = int(write)
        dut.frames_kind.value = kind
        dut.frames_word.value = word
        dut.frames_data.value = data
        await self.step()
        start = self.clocks
        while not dut.frames_done.value:
            await self.step()
            assert self.clocks - start < 50_000, "the bus is not served"
        read = int(dut.frames_read.value)
        await self.step()
        dut.frames_valid.value = 0
        return read

    async def write(self, word: int, data: int) -> None:
        """Write a word of the frames."""
        await self.transfer(True, 0, word, data)

    async def read(self, word: int) -> int:
        """Read a word of the frames."""
        return await self.transfer(False, 0, word, 0xFFFF_FFFF)

    async def write_essential(self, word: int, data: int) -> None:
        """Write a word of the mask."""
        await self.transfer(True, 1, word, data)

    async def read_essential(self, word: int) -> int:
        """Read a word of the mask."""
        return await self.transfer(False, 1, word, 0xFFFF_FFFF)

    async def flip(self, word: int, mask: int) -> None:
        """Invert bits of a frame through `flip_config`."""
        await self.transfer(True, 2, word, mask)

    async def configure(self, enable: bool, period: int = 1) -> None:
        """Write `config_scan`: the strobe is in the clock before the new value."""
        self.dut.frames_restart.value = 1
        await self.step()
        self.dut.frames_restart.value = 0
        self.dut.frames_enable.value = int(enable)
        self.dut.frames_period.value = period
        await self.step(2)

    # -- memory and state, beside the ports

    def stored(self, word: int) -> int:
        """A word of the memory."""
        return int(self.dut.config_frames.words[word].value)

    def frames(self) -> list[int]:
        """The words of all frames."""
        return [self.stored(word) for word in range(FRAMES * FRAME_WORDS)]

    def frame(self, number: int) -> list[int]:
        """The words of a frame."""
        return [self.stored(FRAME_WORDS * number + index) for index in range(FRAME_WORDS)]

    async def put(self, word: int, value: int) -> None:
        """Set a word of the memory."""
        handle = self.dut.config_frames.words[word]
        handle.value = Immediate(value)
        await self.step()
        assert int(handle.value) == value, f"injection into word {word} did not take"

    async def load(self, words: list[int], start: int = 0) -> None:
        """Set the memory from a word on."""
        for index, value in enumerate(words, start):
            self.dut.config_frames.words[index].value = Immediate(value)
        await self.step()
        assert [self.stored(start + index) for index in range(len(words))] == words

    async def upset(self, frame: int, exponents: tuple[int, ...]) -> None:
        """Invert the bits of some powers of x in a frame."""
        for exponent in exponents:
            word = FRAME_WORDS * frame + 15 - exponent // 32
            await self.put(word, self.stored(word) ^ 1 << exponent % 32)

    @property
    def events(self) -> Events:
        """Strobes counted since reset."""
        counts = int(self.dut.frames_counts.value)
        return Events(*(counts >> 16 * index & 0xFFFF for index in (4, 3, 2, 1, 0)))

    @property
    def state(self) -> int:
        """`config_state.state`."""
        return int(self.dut.frames_state.value)

    @property
    def lost(self) -> int:
        """`config_state.lost`."""
        return int(self.dut.frames_lost.value)

    @property
    def next_frame(self) -> int:
        """`config_progress.next_frame`."""
        return int(self.dut.frames_next.value)

    @property
    def last_error(self) -> LastError | None:
        """`config_error`; None before the first."""
        word = int(self.dut.frames_error.value)
        if not word >> 16:
            return None
        return LastError(
            bool(word >> 15 & 1),
            bool(word >> 14 & 1),
            bool(word >> 13 & 1),
            word >> 9 & 15,
            word & 511,
        )
