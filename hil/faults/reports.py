"""What flight software has told of damage, which makes an upset a noticed one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from fsw.events import Event

# Events that tell of a tray that hangs or has tripped.
TRAY_EVENTS = frozenset({"TRAY_RESET", "TRAY_POWER_CYCLE", "TRAY_TRIPPED", "TRAY_GIVEN_UP"})


class Reports:
    """Counts out of flight software's events and housekeeping."""

    def __init__(self) -> None:
        self.controller_memory = 0  # uncorrectable words told of, over all restarts
        self.tray: Counter[int] = Counter()  # events of TRAY_EVENTS by tray
        self._last = 0

    def read(self, housekeeping: Mapping[str, float | int | str]) -> None:
        """Housekeeping of flight software, whose counter starts at zero when it restarts."""
        now = int(housekeeping["fsw_memory_uncorrectable"])
        self.controller_memory += now - self._last if now >= self._last else now
        self._last = now

    def notice(self, event: Event) -> None:
        """An event of flight software."""
        tray = event.fields.get("tray")
        if event.id in TRAY_EVENTS and isinstance(tray, int):
            self.tray[tray] += 1
