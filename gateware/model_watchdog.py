"""Watchdog of the golden model, and the safe state it leads to."""

from __future__ import annotations

KICK_KEY = 0x5AFE_C0DE
ENTER_SAFE_KEY = 0x5AFE_0001
LEAVE_SAFE_KEY = 0x5AFE_0000

_MASK16 = 0xFFFF
_ENABLE = 1 << 31


class Watchdog:
    """Counts ticks since the last kick. In the safe state it stands still."""

    def __init__(self, setting: int) -> None:
        """`setting` is the content of its control register."""
        self._setting = setting
        self.ticks = 0
        self.safe = False
        self.expired = False  # has expired since power-up
        self.expirations = 0  # modulo 2^16
        self.bad_kicks = 0  # modulo 2^16

    @property
    def enabled(self) -> bool:
        """As its control register says."""
        return bool(self._setting & _ENABLE)

    def configure(self, setting: int) -> None:
        """A write of its control register; the period starts anew."""
        self._setting = setting
        self.ticks = 0

    def kick(self, key: int) -> None:
        """Start the period anew; a wrong key is counted."""
        if key == KICK_KEY:
            self.ticks = 0
        else:
            self.bad_kicks = self.bad_kicks + 1 & _MASK16

    def command(self, key: int) -> None:
        """Enter or leave the safe state; other keys do nothing."""
        if key == ENTER_SAFE_KEY:
            self._enter_safe()
        elif key == LEAVE_SAFE_KEY:
            self.safe = False
            self.ticks = 0

    def quiet_ticks(self, most: int) -> int:
        """Ticks before the one in which it expires, at most `most`."""
        if self._setting & _ENABLE and not self.safe:
            return min(most, self._period - 1 - self.ticks)
        return most

    def pass_ticks(self, count: int) -> None:
        """Let ticks pass, no more than to the one in which it expires."""
        if self._setting & _ENABLE and not self.safe:
            self.ticks += count

    def expire(self) -> None:
        """Enter the safe state if the period is over."""
        if self.ticks >= self._period:
            self._enter_safe()
            self.expired = True
            self.expirations = self.expirations + 1 & _MASK16

    def _enter_safe(self) -> None:
        self.safe = True
        self.ticks = 0

    @property
    def _period(self) -> int:
        return max(self._setting & _MASK16, 1)
