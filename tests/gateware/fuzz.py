"""Fuzz the Verilog against the golden model: `python tests/gateware/fuzz.py --frames 200000`.

Exit code 0: no difference. 1: a difference, shrunk to the frames that it takes and printed with the
command that replays it. Frames are numbered from 0; a seed and a number are always the same frame.
"""

from __future__ import annotations

import argparse
import itertools
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence

from fuzz_cases import EPISODE_CASES, episode
from fuzz_comparison import Comparison, Difference
from fuzz_steps import Case, Flip, FrameFlip, Sensors, Step, Ticks
from fuzz_storms import STORM
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from traffic import TRAYS

from hil.errors import RacksatError
from hil.targets.model import ModelTarget
from hil.targets.rtl import RtlTarget

FRAMES = 200_000
REPORT_S = 10.0  # between two lines where there is no terminal
HEX_MOST = 400  # characters of a byte string that are printed
STEPS_MOST = 12  # of a case that are printed
CASES_MOST = 20
SCRIPT = ".venv/bin/python tests/gateware/fuzz.py"

Advance = Callable[[int, str], None]


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line and fuzz; exit code."""
    parser = argparse.ArgumentParser(prog="fuzz.py", description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=_positive, default=FRAMES, help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=1, help="default: %(default)s")
    parser.add_argument(
        "--replay", type=_numbers, metavar="N,N,...", help="only these frames of one episode"
    )
    order = parser.parse_args(arguments)
    try:
        comparison = Comparison(ModelTarget(TRAYS), lambda: RtlTarget(TRAYS))
    except RacksatError as error:
        print(f"fuzz.py: {error}", file=sys.stderr)
        return error.exit_code
    try:
        if order.replay:
            return replay(comparison, order.seed, order.replay)
        return fuzz(comparison, order.seed, order.frames)
    finally:
        comparison.close()


def cases_of(seed: int, number: int) -> list[Case]:
    """All cases of an episode."""
    return list(itertools.islice(episode(seed, number), EPISODE_CASES))


def fuzz(comparison: Comparison, seed: int, frames: int) -> int:
    """Episode by episode until there is a difference or no frame is left."""
    console = Console(highlight=False, soft_wrap=True)
    damage: Counter[str] = Counter()
    began_s = time.perf_counter()
    with _Display(console, frames) as display:
        for first in range(0, frames, EPISODE_CASES):
            cases = cases_of(seed, first // EPISODE_CASES)[: frames - first]
            difference = comparison.run(cases)
            if difference is not None:
                display.say(f"frame {first + difference.cases:,}: a difference, shrinking ...")
                kept, difference = comparison.shrink(cases, difference)
                break
            damage.update(case.damage for case in cases)
            display.show(first + len(cases))
    if difference is None:
        spent_s = time.perf_counter() - began_s
        console.print(_summary(comparison, frames, damage, spent_s), markup=False)
        return 0
    numbers = [first + index for index in kept]
    console.print(_report(seed, numbers, [cases[i] for i in kept], difference), markup=False)
    return 1


def replay(comparison: Comparison, seed: int, numbers: Sequence[int]) -> int:
    """Only these frames, from reset."""
    first = numbers[0] // EPISODE_CASES
    if {number // EPISODE_CASES for number in numbers} != {first}:
        print(f"--replay: frames of more than one episode of {EPISODE_CASES}", file=sys.stderr)
        return 2
    every = cases_of(seed, first)
    cases = [every[number - first * EPISODE_CASES] for number in numbers]
    difference = comparison.run(cases)
    if difference is None:
        print(f"{len(cases)} frames of seed {seed}: no difference")
        return 0
    print(_report(seed, numbers, cases, difference))
    return 1


class _Display:
    """How far it is: a bar on a terminal, a line now and then elsewhere."""

    def __init__(self, console: Console, frames: int) -> None:
        self._console, self._frames = console, frames
        self._began_s = self._told_s = time.perf_counter()
        self._bar = Progress(
            TextColumn("fuzzing"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]:,.0f} frames/s"),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("", total=frames, rate=0.0)

    def __enter__(self) -> _Display:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def show(self, done: int) -> None:
        """So many frames are done."""
        now_s = time.perf_counter()
        rate = done / (now_s - self._began_s)
        self._bar.update(self._task, completed=done, rate=rate)
        if not self._console.is_terminal and now_s - self._told_s > REPORT_S:
            self._told_s = now_s
            self.say(f"{done:,} of {self._frames:,} frames, {rate:,.0f} frames/s")

    def say(self, text: str) -> None:
        """A line of its own."""
        self._console.print(text, markup=False)


def _summary(comparison: Comparison, frames: int, damage: Counter[str], spent_s: float) -> str:
    seen = comparison.seen
    storms = damage.pop(STORM, 0)
    damaged = frames - storms - damage.pop("", 0)
    replies = {name: count for name, count in sorted(seen.items()) if name.startswith("status")}
    drops = ", ".join(f"{name} {seen[name]:,}" for name in ("crc", "framing", "oversize"))
    statuses = ", ".join(f"{name.split()[1]}: {count:,}" for name, count in replies.items())
    return (
        f"{frames:,} frames, {damaged:,} of them damaged, {seen['bytes']:,} bytes, "
        f"{spent_s:.0f} s, {frames / spent_s:,.0f} frames/s: no difference\n"
        f"  dropped       {drops}\n"
        f"  discarded     {seen['discarded']:,}\n"
        f"  refused       {seen['refused']:,}\n"
        f"  replies       {sum(replies.values()):,} (by status {statuses})\n"
        f"  storms        {storms}, each takes a counter once round; a storm is one frame above"
    )


def _report(
    seed: int, numbers: Sequence[int], cases: Sequence[Case], difference: Difference
) -> str:
    lines = [f"seed {seed}, frame {numbers[-1]}: {difference.what}"]
    lines[0] += f"; frames left after shrinking: {len(numbers)}"
    if len(cases) > CASES_MOST:
        lines.append(f"  ... {len(cases) - CASES_MOST} frames before")
    for number, case in list(zip(numbers, cases, strict=True))[-CASES_MOST:]:
        lines.append(f"  frame {number}" + (f" ({case.damage})" if case.damage else ""))
        lines += [f"    {_text(step)}" for step in case.steps[:STEPS_MOST]]
        if len(case.steps) > STEPS_MOST:
            lines.append(f"    ... {len(case.steps) - STEPS_MOST} steps more")
    apart = len(os.path.commonprefix([difference.model, difference.other]))
    lines += [
        f"  last sent {_short(difference.sent.hex())}",
        f"  model     {_side(difference.model, apart)}",
        f"  rtl       {_side(difference.other, apart)}",
        f"replay: {SCRIPT} --seed {seed} --replay {','.join(map(str, numbers))}",
    ]
    return "\n".join(lines)


def _text(step: Step) -> str:
    if isinstance(step, Ticks):
        return f"{step.count} ticks"
    if isinstance(step, Sensors):
        return f"sensors {_short(step.vector.hex())}"
    if isinstance(step, Flip):
        return f"memory word {step.word} flipped by {step.mask:#x}"
    if isinstance(step, FrameFlip):
        return f"frame word {step.word} flipped by {step.mask:#x}"
    return f"bytes {_short(step.hex())}"


def _side(text: str, apart: int) -> str:
    """Bytes cut to the part that differs; the words of a simulation that ended as they are."""
    return text if "\n" in text else _short(text, apart)


def _short(text: str, apart: int = 0) -> str:
    """What is long is cut to the part around character `apart`."""
    start = max(apart - HEX_MOST // 2, 0) if len(text) > HEX_MOST else 0
    before = f"({start} characters) ..." if start else ""
    rest = len(text) - start - HEX_MOST
    behind = f"... ({rest} characters more)" if rest > 0 else ""
    return before + text[start : start + HEX_MOST] + behind


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value}, must be at least 1")
    return value


def _numbers(text: str) -> list[int]:
    numbers = [int(part) for part in text.split(",")]
    if numbers != sorted(set(numbers)) or numbers[0] < 0:
        raise argparse.ArgumentTypeError(f"{text}, must be frame numbers in ascending order")
    return numbers


if __name__ == "__main__":
    sys.exit(main())
