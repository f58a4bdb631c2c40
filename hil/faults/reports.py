"""What flight software has told of damage, which makes an upset a noticed one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from fsw.events import Event


class Reports:
    """Counts out of flight software's events and housekeeping."""

    def __init__(self) -> None:
        self.controller_memory = 0  # uncorrectable words, as of the last housekeeping
        self.tray: Counter[int] = Counter()  # events that name a tray

    def read(self, housekeeping: Mapping[str, float | int | str]) -> None:
        """Housekeeping of flight software."""
        self.controller_memory = int(housekeeping["fsw_memory_uncorrectable"])

    def notice(self, event: Event) -> None:
        """An event of flight software."""
        tray = event.fields.get("tray")
        if isinstance(tray, int):
            self.tray[tray] += 1
