"""One upset of any bit of the controller, between any two clocks of a script of traffic.

A bit is one of a register, or of a word of a memory.

Clocks are those of lockstep: all of the traffic, a few for each idle tick. So upsets meet traffic
far more often than on a board, which idles most of its time.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import accumulate

import numpy as np

from hil.errors import InjectionError, InternalError, SimulatorDied, UsageError
from hil.faults.campaign.order import FlopSpace
from hil.faults.campaign.sample import Sample
from hil.faults.campaign.script import Script, Trace
from hil.faults.campaign.verdict import Run, judge
from hil.targets.rtl import RtlTarget

TRIES = 2  # simulators that may die of one flip before it counts as a tool error
MEMORY_CLASSES = {"memory.words": "SECDED memory", "config_frames.words": "scanned memory"}
SCENE = "nominal"  # the controller's state throughout the script


@dataclass(frozen=True)
class Flip:
    """An upset: one bit of a place, half a clock after `clock` clocks of the watched steps."""

    place: str  # a register, or a word of a memory as `memory.words[5]`
    bit: int
    clock: int


@dataclass(frozen=True)
class Cells:
    """A register, or a memory with its words."""

    name: str
    width: int
    words: int | None = None  # None: a register

    @property
    def bits(self) -> int:
        """All of its bits."""
        return self.width * (1 if self.words is None else self.words)

    def place(self, number: int) -> tuple[str, int]:
        """Register or word, and bit in it, of the bit with this number."""
        word, bit = divmod(number, self.width)
        return (self.name if self.words is None else f"{self.name}[{word}]"), bit


@dataclass(frozen=True)
class Golden:
    """The run without an upset, and when each of its exchanges with the simulator began."""

    run: Run
    step_clocks: tuple[int, ...]  # at the end of each step's slot, from the first watched one on
    clocks: tuple[int, ...]
    times_ns: tuple[int, ...]

    def time_ns(self, clock: int) -> int:
        """Simulated time at the beginning of the exchange in which a clock falls."""
        return self.times_ns[bisect_right(self.clocks, clock) - 1]


class _Clocked(RtlTarget):
    """Notes clocks and time at each exchange, for the golden run."""

    noted: list[tuple[int, int]] | None = None

    def exchange(self, data: bytes) -> bytes:
        if self.noted is not None:
            noted, self.noted = self.noted, None
            noted.append((self.clocks(), self.now_ns))
            self.noted = noted
        return super().exchange(data)


class FlopExperiment:
    """Keeps one simulator, and resets it for each sample."""

    def __init__(self, space: FlopSpace) -> None:
        """Raises UsageError when the space is empty, or the simulation cannot be built."""
        self._space = space
        self._script = Script(space.trays, space.scrub_ticks)
        self._target: _Clocked | None = None
        target = self._simulator()
        registers = [Cells(name, width) for name, width in target.flops().items()]
        memories = [Cells(name, width, words) for name, (words, width) in target.arrays().items()]
        self.golden = self._golden()
        self.cells = (
            *_chosen("flops.registers", "register", space.registers, registers),
            *_chosen("flops.memories", "memory", space.memories, memories),
        )
        self._ends = list(accumulate(cells.bits for cells in self.cells))

    def draw(self, rng: np.random.Generator) -> Flip:
        """A flip out of the space, at any clock of the first cycle."""
        if self._space.weights == "bits":
            number = int(rng.integers(self._ends[-1]))
            index = bisect_right(self._ends, number)
            number -= self._ends[index] - self.cells[index].bits
        else:
            index = int(rng.integers(len(self.cells)))
            number = int(rng.integers(self.cells[index].bits))
        place, bit = self.cells[index].place(number)
        last = self.golden.step_clocks[len(self._script.first) - 1]
        return Flip(place, bit, int(rng.integers(last)))

    def sample(self, number: int, rng: np.random.Generator) -> Sample:
        """Draw a flip and follow it to its outcome."""
        return self.strike(number, self.draw(rng))

    def strike(self, number: int, flip: Flip) -> Sample:
        """Follow a flip to its outcome, by the rules of `hil.faults.campaign.verdict`."""
        struck = self._struck(flip)
        struck_ns = self.golden.time_ns(flip.clock)
        verdict = judge(self._script, struck, self.golden.run, flip.place, struck_ns)
        step = bisect_right(self.golden.step_clocks, flip.clock)
        return Sample(
            sample=number,
            element=block(flip.place),
            kind=protection(flip.place),
            fault=f"{flip.place} bit {flip.bit}",
            struck=f"clock {flip.clock}",
            phase=self._script.steps[step].name,
            mode=SCENE,
            outcome=verdict.outcome,
            detected_by=verdict.detected_by,
            latency_s=verdict.latency_s,
            note=verdict.note,
        )

    def close(self) -> None:
        """End the simulator."""
        if self._target is not None:
            self._target.close()
            self._target = None

    def _simulator(self) -> _Clocked:
        if self._target is None:
            self._target = _Clocked(self._space.trays, names=True)
        return self._target

    def _struck(self, flip: Flip) -> Run:
        """A run with the flip; a simulator that dies of something else than a hang is replaced."""
        died: SimulatorDied | None = None
        for _ in range(TRIES):
            try:
                run = self._run(self._simulator(), flip)
            except InjectionError as error:
                return Run(Trace(()), {}, tool_error=str(error))
            except SimulatorDied as death:
                died = death
                self.close()
                continue
            if run.trace.hung:  # so has the simulator
                self.close()
            return run
        return Run(Trace(()), {}, tool_error=str(died).splitlines()[0])

    def _run(self, target: RtlTarget, flip: Flip | None) -> Run:
        link = self._script.begin(target)
        if flip is not None:
            target.arm_flop(flip.place, 1 << flip.bit, flip.clock)
        trace = self._script.walk(link, target)
        if trace.hung:
            return Run(trace, {})
        if flip is not None:
            target.armed_flop(flip.place, 1 << flip.bit)
        return Run(trace, target.state())

    def _golden(self) -> Golden:
        """Golden against golden first: an upset is told from nothing else."""
        target = self._simulator()
        golden = self._run(target, None)
        failed = [done.error for done in golden.trace.done if done.error or done.retries]
        if failed:
            raise InternalError(f"the script fails without an upset: {failed[0]}")
        link = self._script.begin(target)
        start = target.clocks()
        target.noted = []
        again = Run(self._script.walk(link, target), target.state())
        noted, target.noted = target.noted, None
        noted.append((target.clocks(), target.now_ns))
        if golden != again:
            raise InternalError("two runs of the script without an upset differ: no golden run")
        clocks = tuple(clock - start for clock, _ in noted)
        times = tuple(time for _, time in noted)
        ends = (self._script.end_ns(number) for number in range(len(self._script.steps)))
        return Golden(
            golden,
            tuple(clocks[bisect_right(times, end) - 1] for end in ends),
            clocks,
            times,
        )


def _chosen(key: str, what: str, patterns: tuple[str, ...], known: list[Cells]) -> Iterator[Cells]:
    """Those that a pattern takes. Raises UsageError where a pattern takes none."""
    for pattern in patterns:
        if not any(fnmatchcase(cells.name, pattern) for cells in known):
            raise UsageError(
                f"{key}: no {what} has a name like {pattern!r}; there are "
                f"{', '.join(cells.name for cells in known[:5])}, ..."
            )
    for cells in known:
        if any(fnmatchcase(cells.name, pattern) for pattern in patterns):
            yield cells


def block(place: str) -> str:
    """The module instance a register lies in, instances of an array together; or the memory."""
    memory, _ = _memory_of(place)
    path = re.sub(r"\[\d+\]", "", place).split(".")
    return ".".join(path if memory else path[:-1]) or "controller"


def protection(place: str) -> str:
    """What protects a place, as far as its name tells."""
    memory, name = _memory_of(place)
    if memory:
        return MEMORY_CLASSES.get(memory, "plain memory")
    if re.fullmatch(r"copy_[abc]_q", name):
        return "triplicated"
    if name == "state_q":
        return "state machine"
    if place.startswith("acquisition."):
        return "sensor store"
    return "plain"


def _memory_of(place: str) -> tuple[str, str]:
    """The memory of a word, empty for a register; and the last part of the name."""
    word = re.fullmatch(r"(.*)\[\d+\]", place)
    return (word[1] if word else ""), place.rsplit(".", 1)[-1]
