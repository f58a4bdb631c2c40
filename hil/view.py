"""Somebody who watches a run, and what is shown to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from hil.requirements import Value


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a view of the running loop shows, once a simulated second."""

    time_ns: int
    progress: float  # 0 to 1
    truth: Mapping[str, float]
    environment: Mapping[str, float]
    housekeeping: Mapping[str, Value]  # empty where the bench does not receive any
    bench: Mapping[str, int]


class View(Protocol):
    """Somebody who watches the loop."""

    def show(self, snapshot: Snapshot) -> None:
        """Called once a simulated second."""

    def tell(self, time_ns: int, severity: str, text: str) -> None:
        """Called for every event."""


class Unwatched:
    """Nobody watches."""

    def show(self, snapshot: Snapshot) -> None:
        """Ignored."""

    def tell(self, time_ns: int, severity: str, text: str) -> None:
        """Ignored."""
