"""The wall clock, read here and nowhere else: simulated time never depends on it."""

from __future__ import annotations

import time
from datetime import UTC, datetime


def wall_s() -> float:
    """Seconds on a clock that never steps back; only differences mean anything."""
    return time.perf_counter()


def utc_now() -> datetime:
    """Date and time of day in UTC, for names and headings."""
    return datetime.now(UTC)
