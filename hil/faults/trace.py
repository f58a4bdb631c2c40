"""What a flight was like, second by second: what a case and its golden run are compared by."""

from __future__ import annotations

import gzip
import json
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from fsw.events import Severity
from hil.plant import SECOND_NS

Value = float | int | str


@dataclass(frozen=True, slots=True)
class Seen:
    """An event of flight software, at the simulated time at which the bench heard of it."""

    time_ns: int
    id: str
    severity: int
    text: str
    tray: int | None = None  # that it is about


@dataclass
class Trace:
    """A row of all slow channels a second (row i at i + 1 s), and the events."""

    rows: list[dict[str, Value]] = field(default_factory=list)
    events: list[Seen] = field(default_factory=list)
    wrong_results: int = 0  # of the trays, at the end
    silent_at_end: bool = False  # flight software had no telemetry any more

    def at(self, time_ns: int) -> Mapping[str, Value]:
        """The last row at or before a time; the first one before that."""
        return self.rows[min(max(time_ns // SECOND_NS - 1, 0), len(self.rows) - 1)]

    def count(self, event: str, until_ns: int) -> int:
        """How often an event was seen by then."""
        times = [seen.time_ns for seen in self.events if seen.id == event]
        return bisect_right(times, until_ns)

    def telling(self, least: Severity) -> list[Seen]:
        """Events of that severity and above."""
        return [seen for seen in self.events if seen.severity >= least]

    def save(self, path: Path) -> None:
        """Write it; the file is there whole or not at all."""
        content = {
            "rows": self.rows,
            "events": [[e.time_ns, e.id, e.severity, e.text, e.tray] for e in self.events],
            "wrong_results": self.wrong_results,
            "silent_at_end": self.silent_at_end,
        }
        path.write_bytes(gzip.compress(json.dumps(content).encode(), 1, mtime=0))

    @classmethod
    def load(cls, path: Path) -> Trace:
        """Read it back."""
        content = json.loads(gzip.decompress(path.read_bytes()))
        return cls(
            content["rows"],
            [Seen(*each) for each in content["events"]],
            content["wrong_results"],
            content["silent_at_end"],
        )
