"""The wall clock, read here and nowhere else: simulated time never depends on it."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Sequence
from datetime import UTC, datetime


def wall_s() -> float:
    """Seconds on a clock that never steps back; only differences mean anything."""
    return time.perf_counter()


def ended_children_cpu_s() -> float:
    """CPU time of all processes that this one started, and theirs, that have ended."""
    spent = os.times()
    return spent.children_user + spent.children_system


def utc_now() -> datetime:
    """Date and time of day in UTC, for names and headings."""
    return datetime.now(UTC)


def sleep_s(duration_s: float) -> None:
    """Let wall time pass."""
    time.sleep(duration_s)


def wait_readable(files: Sequence[int], timeout_s: float) -> list[int]:
    """Sleep until one of the files can be read or the time is over; those that can be read."""
    return select.select(files, (), (), max(timeout_s, 0.0))[0]
