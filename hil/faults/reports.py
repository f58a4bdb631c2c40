"""What flight software has told of damage, which makes an upset a noticed one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from fsw.events import Event

# Events that tell of a tray that hangs, is latched up or has tripped.
TRAY_EVENTS = frozenset(
    {"TRAY_LATCHUP", "TRAY_RESET", "TRAY_POWER_CYCLE", "TRAY_TRIPPED", "TRAY_GIVEN_UP"}
)


class _Total:
    """Sum of a counter of housekeeping that starts at zero when flight software restarts."""

    def __init__(self) -> None:
        self.value = 0
        self._last = 0

    def read(self, now: int) -> None:
        self.value += now - self._last if now >= self._last else now
        self._last = now


class Reports:
    """Counts out of flight software's events and housekeeping."""

    def __init__(self) -> None:
        self.tray: Counter[int] = Counter()  # events of TRAY_EVENTS by tray
        self._memory = _Total()
        self._frames = _Total()
        self._frames_crc = _Total()

    @property
    def controller_memory(self) -> int:
        """Uncorrectable words told of, over all restarts."""
        return self._memory.value

    @property
    def config_frames(self) -> int:
        """Uncorrectable frames and wrong CRCs over all frames told of, over all restarts."""
        return self._frames.value + self._frames_crc.value

    def read(self, housekeeping: Mapping[str, float | int | str]) -> None:
        """Housekeeping of flight software."""
        self._memory.read(int(housekeeping["fsw_memory_uncorrectable"]))
        self._frames.read(int(housekeeping["fsw_config_uncorrectable"]))
        self._frames_crc.read(int(housekeeping["fsw_config_crc_errors"]))

    def notice(self, event: Event) -> None:
        """An event of flight software."""
        tray = event.fields.get("tray")
        if event.id in TRAY_EVENTS and isinstance(tray, int):
            self.tray[tray] += 1
