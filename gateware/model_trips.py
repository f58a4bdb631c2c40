"""Trips of the golden model: over-temperature after a debounce, over-current at once.

Sets of trays are numbers with bit i = tray i.
"""

from __future__ import annotations

_MASK16 = 0xFFFF


class Trips:
    """Latched trips, and what leads to them."""

    def __init__(self, trays: int) -> None:
        self.over_temperature = 0
        self.over_current = 0
        self.count = 0  # of trips, modulo 2^16
        self.too_hot = 0  # trays above a temperature limit, powered or not
        self.too_much = 0  # trays above the current limit, powered or not
        self.debouncing = False  # some tray has been too hot for some ticks
        self._hot_ticks = [0] * trays

    @property
    def latched(self) -> int:
        """Trays that are kept off."""
        return self.over_temperature | self.over_current

    def trip_over_current(self, powered: int) -> bool:
        """Latch the powered trays that draw too much; whether there were any."""
        tripping = powered & self.too_much
        if not tripping:
            return False
        self.over_current |= tripping
        self.count = self.count + tripping.bit_count() & _MASK16
        return True

    def tick(self, powered: int, debounce: int) -> None:
        """Latch the trays that have been powered and too hot for `debounce` ticks on end."""
        hot, limit = powered & self.too_hot, max(debounce, 1)
        for tray, ticks in enumerate(self._hot_ticks):
            ticks = ticks + 1 if hot >> tray & 1 else 0
            if ticks >= limit:
                ticks = 0
                self.over_temperature |= 1 << tray
                self.count = self.count + 1 & _MASK16
            self._hot_ticks[tray] = ticks
        self.debouncing = any(self._hot_ticks)
