"""A front end of `adc_bench.v` at work on its ADCs, and what is expected of it."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import cocotb
from adc_model import AdcBoard, Sample
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge, RisingEdge, Timer
from cocotb.utils import get_sim_time

LANES = {1: 0, 2: 1, 18: 2}  # trays, and the lane that has them
DIVIDERS = {1: 2, 2: 1, 18: 2}
FRAME_HALVES = 67  # half periods of SCLK: 64, 1 until CS is high, 2 until it is low again
PERIOD_PS = {12: 83_334, 27: 37_036, 33: 30_304, 50: 20_000}  # of the clock, by MHz


@dataclass(frozen=True)
class Word:
    """What the store has taken."""

    time_ps: int
    index: int
    data: int


def half_word(device: int, channel: int) -> int:
    """Place of a channel in the sensor vector: 16 half words of the rack, then 8 a tray."""
    return 8 * device + channel if device < 2 else 16 + 8 * (device - 2) + 2 + channel


class AdcScan:
    """One lane, its ADCs, and every word that it has given."""

    def __init__(self, dut: Any, trays: int, mhz: int = 27) -> None:
        self.dut = dut
        self.lane = dut.lane[LANES[trays]]
        self.trays = trays
        self.period_ps = PERIOD_PS[mhz]
        self.half_clocks = DIVIDERS[trays]
        self.frames = 16 + 4 * trays  # of a round
        self.frame_clocks = FRAME_HALVES * self.half_clocks
        self.round_clocks = self.frames * self.frame_clocks
        # From a reset to the first word: CS high, a round and a frame, the next frame's CS low.
        self.start_clocks = (1 + FRAME_HALVES * (self.frames + 1) + 65) * self.half_clocks
        self.indexes = [
            *range(8),
            *(8 + 4 * tray + word for tray in range(trays) for word in (1, 2)),
        ]
        self.board = AdcBoard(self.lane, trays + 2)
        self.words: list[Word] = []
        self.wrong: list[str] = []  # words that are not what was sampled
        self._draw = random.Random(trays)

    async def start(self) -> AdcScan:
        """Inputs, clock, reset, ADCs just powered on."""
        self.lane.miso.value = 0
        Clock(self.dut.clk, self.period_ps, "ps").start()
        self.new_inputs()
        self.dut.rst.value = 1
        await self.clocks(3)
        self.board.start()
        cocotb.start_soon(self._store())
        self.dut.rst.value = 0
        return self

    async def clocks(self, count: int) -> None:
        """Let clocks go by; ends at a falling edge."""
        await Timer((count - 1) * self.period_ps + self.period_ps // 4, "ps")
        await FallingEdge(self.dut.clk)

    def new_inputs(self) -> None:
        """Another code on every channel."""
        for adc in self.board.adcs:
            adc.inputs = [self._draw.randrange(0x8000) for _ in adc.inputs]  # INVALID is above

    def at_inputs(self) -> dict[int, int]:
        """Words of the store for the inputs as they are."""
        halves = {
            half_word(device, channel): code
            for device, adc in enumerate(self.board.adcs)
            for channel, code in enumerate(adc.inputs[: 8 if device < 2 else 4])
        }
        return {index: halves[2 * index] << 16 | halves[2 * index + 1] for index in self.indexes}

    async def _store(self) -> None:
        taken = RisingEdge(self.lane.taken_q)
        while True:
            await taken
            word = Word(
                int(get_sim_time("ps")), int(self.lane.index_q.value), int(self.lane.data_q.value)
            )
            self.words.append(word)
            complaint = self._compare(word, self.board.samples[-2:])
            if complaint:
                self.wrong.append(complaint)

    def _compare(self, word: Word, samples: list[Sample]) -> str:
        """A word is the last two conversions, each where its channel belongs."""
        for place, sample in enumerate(samples):
            code = word.data >> 16 * (1 - place) & 0xFFFF
            half = 2 * word.index + place
            if (
                sample.channel is None
                or half != half_word(sample.device, sample.channel)
                or code != sample.code
            ):
                return f"half word {half} is {code:04X}, sampled was {sample}"
        return ""
