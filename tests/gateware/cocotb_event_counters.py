"""Event counters: every event is counted once, whatever comes with it, before it and after it."""

from __future__ import annotations

import random
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.handle import Immediate
from cocotb.triggers import FallingEdge

ROWS = 13
TRIPS, MISMATCH, UPTIME = "trips", "mismatch", "uptime"
# Where each event is counted: row of the RAM, half of the row.
UPPER, LOWER = 16, 0
PLACES = {
    "received": (0, UPPER),
    "dropped": (0, LOWER),
    "executed": (1, LOWER),
    "memory_corrected": (2, UPPER),
    "memory_uncorrectable": (2, LOWER),
    "crc": (3, UPPER),
    "framing": (3, LOWER),
    "oversize": (4, UPPER),
    "discarded": (4, LOWER),
    "refused": (5, UPPER),
    "expired": (6, UPPER),
    "bad_kick": (6, LOWER),
    "scrub_pass": (7, UPPER),
    MISMATCH: (8, UPPER),
    "config_corrected": (9, UPPER),
    "config_uncorrectable": (9, LOWER),
    "config_essential": (10, UPPER),
    "config_crc": (10, LOWER),
    "config_pass": (11, UPPER),
    TRIPS: (1, UPPER),
    UPTIME: (12, UPPER),
}
STROBES = [name for name in PLACES if name not in (TRIPS, UPTIME)]  # in the order of the ports
WALK = 2 + ROWS  # clocks for which o_busy is high at most, once no event comes any more


class CountersBench:
    """The counters' ports, clock by clock, and what they have been told."""

    def __init__(self, dut: Any) -> None:
        self.dut = dut
        self.counts = dict.fromkeys(PLACES, 0)
        self.ticks = 0
        self._falling = FallingEdge(dut.clk)

    async def start(self) -> CountersBench:
        """Inputs at rest, clock on, reset, rows cleared."""
        dut = self.dut
        for port in (dut.count_read, dut.count_events, dut.count_trips, dut.count_tick):
            port.value = 0
        Clock(dut.clk, 10, "ns").start()
        await self.reset()
        return self

    async def reset(self) -> None:
        """One clock of reset, then the walk that clears."""
        dut = self.dut
        dut.rst.value = 1
        await self._falling
        dut.rst.value = 0
        dut.count_clear.value = 1
        for row in range(16):
            dut.count_clear_row.value = row
            await self._falling
        dut.count_clear.value = 0
        self.counts = dict.fromkeys(PLACES, 0)
        self.ticks = 0

    async def step(self, *events: str, trips: int = 0, tick: bool = False) -> None:
        """One clock with these events; at its end they are still to be counted."""
        dut = self.dut
        dut.count_events.value = sum(1 << 18 - STROBES.index(name) for name in events)
        dut.count_trips.value = trips
        dut.count_tick.value = int(tick)
        await self._falling
        dut.count_events.value = dut.count_trips.value = dut.count_tick.value = 0
        for name in events:
            self._advance(name, 1)
        self._advance(TRIPS, trips)
        self.ticks += tick
        if tick and self.ticks % (1 << 16) == 0:
            self._advance(UPTIME, 1)

    async def settle(self) -> int:
        """Let clocks go by until nothing is busy; how many."""
        clocks = 0
        while self.busy:
            await self.step()
            clocks += 1
            assert clocks <= 2 * WALK, "the walk does not end"
        return clocks

    async def read(self, row: int) -> int:
        """A row, through the port."""
        assert not self.busy
        self.dut.count_read.value = 1
        self.dut.count_row.value = row
        await self.step()
        self.dut.count_read.value = 0
        return int(self.dut.count_word.value)

    async def check(self) -> None:
        """Every row, through the port, and the ticks."""
        rows = [await self.read(row) for row in range(ROWS)]
        assert rows == [self.expected(row) for row in range(ROWS)]
        assert int(self.dut.count_ticks.value) == self.ticks % (1 << 16)

    def expected(self, row: int) -> int:
        """What a row should be."""
        places = PLACES.items()
        return sum(self.counts[name] << half for name, (at, half) in places if at == row)

    def put(self, row: int, word: int) -> None:
        """Set a row."""
        counters = self.dut.event_counters
        counters.upper[row].value = Immediate(word >> 16)
        counters.lower[row].value = Immediate(word & 0xFFFF)

    def stored(self, row: int) -> int:
        """A row, in the RAM."""
        counters = self.dut.event_counters
        return int(counters.upper[row].value) << 16 | int(counters.lower[row].value)

    async def set_ticks(self, ticks: int) -> None:
        """Set the lower half of the uptime."""
        self.dut.event_counters.ticks_q.value = Immediate(ticks)
        self.ticks = self.ticks >> 16 << 16 | ticks
        await self.step()

    @property
    def busy(self) -> bool:
        """Whether sources and readers have to wait."""
        return bool(self.dut.count_busy.value)

    def _advance(self, name: str, by: int) -> None:
        self.counts[name] = (self.counts[name] + by) % (1 << 16)


@cocotb.test()
async def each_event_alone_and_its_latency(dut: Any) -> None:
    """Three clocks to its count and one for each row before its own, o_busy high in between."""
    bench = await CountersBench(dut).start()
    for name, (row, _) in PLACES.items():
        if name == UPTIME:
            await bench.set_ticks(0xFFFF)
        assert not bench.busy
        before = bench.stored(row)
        if name in STROBES:
            await bench.step(name)
        else:
            await bench.step(trips=9 * (name == TRIPS), tick=name == UPTIME)
        for _ in range(2 + row):
            assert bench.busy, name
            assert bench.stored(row) == before, name
            await bench.step()
        assert not bench.busy, name
        assert bench.stored(row) == bench.expected(row) != before, name
        await bench.check()
        assert not bench.busy


@cocotb.test()
async def all_events_in_one_clock(dut: Any) -> None:
    bench = await CountersBench(dut).start()
    for trips in (1, 18, 32, 64):
        await bench.set_ticks(0xFFFF)
        await bench.step(*STROBES, trips=trips, tick=True)
        assert await bench.settle() == WALK - 1
        await bench.check()
    assert bench.counts[TRIPS] == 1 + 18 + 32 + 64
    assert all(bench.counts[name] == 4 for name in (*STROBES, UPTIME))


@cocotb.test()
async def a_second_event_at_any_clock_of_a_walk(dut: Any) -> None:
    """The first is that of the last row, so that the walk is a whole one."""
    bench = await CountersBench(dut).start()
    for name in [name for name in STROBES if name != "config_pass"] + [TRIPS]:
        for clock in range(WALK + 2):
            await bench.step("config_pass")
            for _ in range(clock):
                await bench.step()
            if name == TRIPS:
                await bench.step(trips=3)
            else:
                await bench.step(name)
            await bench.settle()
            if name == MISMATCH:  # one that has come too late for the walk has one of its own
                await bench.step()
                await bench.settle()
    await bench.check()


@cocotb.test()
async def counters_wrap(dut: Any) -> None:
    bench = await CountersBench(dut).start()
    await bench.set_ticks(0xFFFF)
    for row in range(ROWS):
        bench.put(row, 0xFFFF_FFFF)
    bench.counts = dict.fromkeys(PLACES, 0xFFFF)
    await bench.step(*STROBES, trips=5, tick=True)
    await bench.settle()
    unused = [
        half for row in range(ROWS) for half in (UPPER, LOWER) if (row, half) not in PLACES.values()
    ]
    assert len(unused) == 2 * ROWS - len(PLACES)
    for name, (row, half) in PLACES.items():
        assert bench.stored(row) >> half & 0xFFFF == (4 if name == TRIPS else 0), name


@cocotb.test()
async def uptime_carries(dut: Any) -> None:
    """Both halves of the uptime are of one moment, in whichever clock they are read."""
    bench = await CountersBench(dut).start()
    for phase in range(8):
        await bench.reset()
        await bench.set_ticks(0xFFF0)
        for clock in range(64):
            ready = not bench.busy
            told = bench.ticks
            lower = int(dut.count_ticks.value)
            dut.count_read.value = int(ready)
            dut.count_row.value = PLACES[UPTIME][0]
            await bench.step(tick=(clock + phase) % 8 < 3)
            if ready:
                upper = int(dut.count_word.value) >> 16
                assert upper << 16 | lower == told, f"clock {clock}"
        dut.count_read.value = 0
        assert bench.ticks > 1 << 16
        await bench.settle()


@cocotb.test()
async def reset_walks_through_all_rows(dut: Any) -> None:
    bench = await CountersBench(dut).start()
    for lead in range(WALK):
        for row in range(16):
            bench.put(row, 0xFFFF_FFFF if lead % 2 else 0xA5A5_5A5A)
        await bench.set_ticks(0x1234)
        await bench.step(*STROBES, trips=7)  # and what is remembered is forgotten
        for _ in range(lead):
            await bench.step()
        await bench.reset()
        assert not bench.busy
        assert [bench.stored(row) for row in range(16)] == [0] * 16
        await bench.check()


@cocotb.test()
async def a_lasting_mismatch_leaves_clocks_free(dut: Any) -> None:
    """All of its clocks are counted, and others' events get through."""
    bench = await CountersBench(dut).start()
    draw = random.Random(8)
    waited = longest = 0
    for _ in range(4000):
        waited = waited + 1 if bench.busy else 0
        longest = max(longest, waited)
        others = [] if bench.busy else [name for name in STROBES if draw.random() < 0.02]
        await bench.step(*{*others, MISMATCH})
    assert longest <= WALK
    await bench.settle()
    await bench.step()
    await bench.settle()
    await bench.check()
    assert bench.counts[MISMATCH] == 4000


@cocotb.test()
async def nothing_is_lost_in_a_storm(dut: Any) -> None:
    """Sources that wait while o_busy is high, and those that do not.

    Trips, mismatches and ticks come at any time. So do the events of the frame scanner, each of
    which is at least 22 clocks from the next of its kind, and framing errors by a timeout, which
    need a byte to be received between two.
    """
    bench = await CountersBench(dut).start()
    draw = random.Random(20)
    waiting_sources = [name for name in STROBES if name != MISMATCH and "config" not in name]
    spaced = [name for name in STROBES if "config" in name]
    last = dict.fromkeys(spaced, -100)
    byte_received = True
    reads = 0
    for clock in range(30_000):
        if clock % 3000 == 0:
            await bench.settle()
            await bench.set_ticks(0xFF00)
        density = (0.002, 0.02, 0.2)[clock // 500 % 3]
        events = set()
        ready = not bench.busy
        if ready:
            byte_received = True
            events = {name for name in waiting_sources if draw.random() < density}
        elif byte_received and draw.random() < density:
            events = {"framing"}
        if "framing" in events:
            byte_received = False
        for name in spaced:
            if clock - last[name] >= 22 and draw.random() < density:
                events.add(name)
                last[name] = clock
        if draw.random() < density:
            events.add(MISMATCH)
        trips = draw.randrange(4) if draw.random() < density else 0
        row = draw.randrange(ROWS)
        expected = bench.expected(row)
        dut.count_read.value = int(ready)
        dut.count_row.value = row
        await bench.step(*events, trips=trips, tick=draw.random() < 0.3)
        if ready and row != PLACES[MISMATCH][0]:  # those that come in a walk may follow in another
            assert int(dut.count_word.value) == expected, f"row {row} in clock {clock}"
            reads += 1
    dut.count_read.value = 0
    await bench.settle()
    await bench.step()
    await bench.settle()
    await bench.check()
    cocotb.log.info("%d reads, counts %s", reads, bench.counts)
    assert reads > 3000
    assert min(bench.counts.values()) > 0
