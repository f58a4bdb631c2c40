"""Two runs side by side: registers and commands on the link, telemetry, timing."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hil.errors import UsageError
from hil.link_comparison import LinkDifference, compare_links
from hil.recording import read_link
from hil.run_folder import FloatArray, RunFolder, Topic
from hil.tolerances import Tolerance, tolerance_of
from hil.transactions import Transaction, transactions

LOCKSTEP = ("model", "rtl", "gates", "replay")  # targets whose runs repeat to the last bit

FIGURES = ("minor_cycles", "deadline_misses", "wall_s", "real_time_factor")


@dataclass(frozen=True)
class ChannelDifference:
    """The largest difference on a channel; of a text, how many samples differ."""

    name: str  # topic.channel
    difference: float
    allowed: float
    usual: float  # what would be allowed by the unit
    time_s: float
    values: tuple[Any, Any]

    @property
    def within(self) -> bool:
        """Whether it is tolerated."""
        return self.difference <= self.allowed

    @property
    def over(self) -> tuple[float, float]:
        """Difference in units of the allowed one, and of what would be allowed by the unit."""
        return _ratio(self.difference, self.allowed), _ratio(self.difference, self.usual)


@dataclass(frozen=True)
class Comparison:
    """What differs between two runs."""

    exact: bool  # tolerances are 0 where none was given, as both ran in lockstep
    transactions: int  # walked side by side
    register: LinkDifference | None
    command: LinkDifference | None
    channels: tuple[ChannelDifference, ...]  # the furthest over its tolerance first
    only: tuple[tuple[str, ...], tuple[str, ...]]  # channels of one run alone
    timing: tuple[tuple[str, Any, Any], ...]  # name and figures

    @property
    def alike(self) -> bool:
        """Every channel within its tolerance; the link the same if both ran in lockstep, or if
        there is nothing else to go by."""
        if (self.exact or not self.channels) and (self.register or self.command):
            return False
        return all(channel.within for channel in self.channels)


def compare(
    first: Path, second: Path, tolerances: Mapping[str, Tolerance] | None = None
) -> Comparison:
    """Compare two run folders, `tolerances` by channel or topic.channel.

    Raises UsageError on what is no run or is damaged, on a tolerance for a channel that neither
    has, and when nothing can be compared.
    """
    runs = RunFolder(first), RunFolder(second)
    exact = all(run.target in LOCKSTEP for run in runs)
    given = dict(tolerances or {})
    _require_known(given, runs)
    count, register, command = compare_links(_walk(runs[0]), _walk(runs[1]))
    channels = _compare_telemetry(runs, given, exact)
    if not channels and not count:
        raise UsageError(
            f"{first} and {second}: nothing to compare, they have neither transactions nor "
            "channels at a common time"
        )
    return Comparison(
        exact,
        count,
        register,
        command,
        channels,
        (_only(*runs), _only(*reversed(runs))),
        tuple(_timing(runs)),
    )


def _walk(run: RunFolder) -> Iterator[Transaction]:
    path = run.path / "link.bin"
    return transactions(read_link(path)) if path.is_file() else iter(())


def _channels(run: RunFolder) -> set[str]:
    return {f"{name}.{channel}" for name, topic in run.topics.items() for channel in topic.channels}


def _only(run: RunFolder, other: RunFolder) -> tuple[str, ...]:
    """Channels that the other has not; topic.* for a whole topic."""
    missing = {name for name in run.topics if not other.topic(name).channels}
    channels = _channels(run) - _channels(other)
    parts = {name for name in channels if name.split(".", 1)[0] not in missing}
    return tuple(sorted({f"{name}.*" for name in missing} | parts))


def _require_known(given: Mapping[str, Tolerance], runs: tuple[RunFolder, RunFolder]) -> None:
    full = _channels(runs[0]) | _channels(runs[1])
    known = full | {name.split(".", 1)[1] for name in full}
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known)
            hint = f"; did you mean {' or '.join(near)}?" if near else ""
            raise UsageError(f"--tolerance {name}: neither run has such a channel{hint}")


def _compare_telemetry(
    runs: tuple[RunFolder, RunFolder], given: Mapping[str, Tolerance], exact: bool
) -> tuple[ChannelDifference, ...]:
    end_s = min(map(_end_s, runs))
    found = []
    for name, one in runs[0].topics.items():
        other = runs[1].topic(name)
        if not len(one) or not len(other):
            continue
        times_s = np.union1d(one.time_s, other.time_s)
        begin_s = max(one.time_s[0], other.time_s[0])
        times_s = times_s[(times_s >= begin_s) & (times_s <= end_s)]
        if not len(times_s):
            continue
        for channel in one.channels:
            if channel in other.channels:
                full = f"{name}.{channel}"
                tolerance = given.get(full, given.get(channel))
                if tolerance is None:
                    tolerance = Tolerance() if exact else tolerance_of(channel)
                found.append(_compare_channel(full, channel, one, other, times_s, tolerance))
    return tuple(sorted(found, key=lambda item: item.over, reverse=True))


def _compare_channel(
    full: str, channel: str, one: Topic, other: Topic, times_s: FloatArray, tolerance: Tolerance
) -> ChannelDifference:
    """Samples hold until the next one, so that topics written on change compare, too."""
    here, there = _held(one.time_s, times_s), _held(other.time_s, times_s)
    values, other_values = one.channels[channel], other.channels[channel]
    if any(isinstance(value, str) for value in (*values, *other_values)):
        differs = [values[i] != other_values[j] for i, j in zip(here, there, strict=True)]
        place = differs.index(True) if any(differs) else 0
        difference = float(sum(differs))
        allowed, usual = tolerance.samples, tolerance_of(channel).samples
    else:
        series, other_series = one.series(channel)[here], other.series(channel)[there]
        apart = np.abs(series - other_series)
        apart[np.isnan(series) & np.isnan(other_series)] = 0.0
        apart[np.isnan(apart)] = np.inf
        place = int(np.argmax(apart))
        magnitudes = np.abs(np.concatenate([series, other_series]))
        largest = float(np.max(magnitudes, initial=0.0, where=np.isfinite(magnitudes)))
        difference = float(apart[place])
        allowed, usual = tolerance.allowed(largest), tolerance_of(channel).allowed(largest)
    return ChannelDifference(
        full,
        difference,
        allowed,
        usual,
        float(times_s[place]),
        (values[here[place]], other_values[there[place]]),
    )


def _ratio(difference: float, unit: float) -> float:
    if not difference:
        return 0.0
    return difference / unit if unit else math.inf


def _end_s(run: RunFolder) -> float:
    """Time of the last sample of a run."""
    return max((float(topic.time_s[-1]) for topic in run.topics.values()), default=0.0)


def _held(sampled_s: FloatArray, times_s: FloatArray) -> NDArray[np.intp]:
    """Index of the last sample by each time."""
    return np.searchsorted(sampled_s, times_s, side="right") - 1


def _timing(runs: tuple[RunFolder, RunFolder]) -> Iterator[tuple[str, Any, Any]]:
    """Figures that both runs have."""
    yield "recorded_s", _end_s(runs[0]), _end_s(runs[1])
    summaries = [run.summary for run in runs]
    for name in FIGURES:
        if all(name in summary for summary in summaries):
            yield name, summaries[0][name], summaries[1][name]
    latencies = [dict(_milliseconds(summary)) for summary in summaries]
    for name, value in latencies[0].items():
        if name in latencies[1]:
            yield name, value, latencies[1][name]


def _milliseconds(table: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, float]]:
    """Latencies of a summary, wherever they stand in it: what ends in _ms."""
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _milliseconds(value, f"{path}{key}.")
        elif key.endswith("_ms") and isinstance(value, int | float):
            yield f"{path}{key}", value
