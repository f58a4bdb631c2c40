"""Command lines of the golden model: reset, scrub and reload of trays, driven for a while."""

from __future__ import annotations

LINE_TICKS = 20
RESET, SCRUB, RELOAD = range(3)


class CommandLines:
    """Three lines to each tray; `driven` has bit i = tray i for each of them."""

    def __init__(self) -> None:
        self.driven = [0, 0, 0]
        self._ticks_left = [0, 0, 0]

    def drive(self, line: int, trays: int) -> None:
        """Drive a line of these trays too; all that are driven end together."""
        if trays:
            self.driven[line] |= trays
            self._ticks_left[line] = LINE_TICKS

    def quiet_ticks(self, most: int) -> int:
        """Ticks before the one in which a line ends, at most `most`."""
        for ticks in self._ticks_left:
            if ticks:
                most = min(most, ticks - 1)
        return most

    def pass_ticks(self, count: int) -> None:
        """Let ticks pass; lines that come to their end are let go."""
        for line, ticks in enumerate(self._ticks_left):
            if ticks:
                self._ticks_left[line] = ticks - count
                if ticks == count:
                    self.driven[line] = 0
