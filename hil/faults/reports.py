"""What flight software has told of damage, which makes an upset a noticed one."""

from __future__ import annotations

from collections import Counter

from fsw.events import Event

MEMORY_EVENTS = "MEMORY_"  # prefix of the events about the controller's protected memory


class Reports:
    """Counts of flight software's events by what they are about."""

    def __init__(self) -> None:
        self.controller_memory = 0
        self.tray: Counter[int] = Counter()

    def notice(self, event: Event) -> None:
        """An event of flight software."""
        self.controller_memory += event.id.startswith(MEMORY_EVENTS)
        tray = event.fields.get("tray")
        if isinstance(tray, int):
            self.tray[tray] += 1
