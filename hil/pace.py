"""Simulated time in step with the wall clock.

What is due is done as soon as it is due. Where the machine is too slow for that, simulated time is
held back rather than made up for in a burst: whoever talks to the simulation sees it run slower,
and never sees a second of it pass at once.
"""

from __future__ import annotations

from hil import clock

CATCH_UP_S = 0.1  # of wall time: delays up to this are made up for


class Pace:
    """Simulated time that passes `speed` times as fast as the wall clock, from now on."""

    def __init__(self, speed: float) -> None:
        self.speed = speed
        self.lost_s = 0.0  # wall time by which simulated time was held back, in all
        self.late_max_s = 0.0  # wall time, the latest that anything was done
        self._began_s = clock.wall_s()

    def start(self) -> None:
        """Simulated time begins now."""
        self._began_s = clock.wall_s()

    def now_ns(self) -> int:
        """Simulated time as it should be now."""
        return round((clock.wall_s() - self._began_s) * self.speed * 1e9)

    def until_s(self, time_ns: int) -> float:
        """Wall time left until a simulated time; negative when it has passed."""
        return time_ns / 1e9 / self.speed - (clock.wall_s() - self._began_s)

    def hold(self, due_ns: int) -> None:
        """What is due at `due_ns` is not done yet: hold time back if that is far too late."""
        late_s = -self.until_s(due_ns)
        self.late_max_s = max(self.late_max_s, late_s)
        if late_s > CATCH_UP_S:
            self._began_s += late_s - CATCH_UP_S
            self.lost_s += late_s - CATCH_UP_S

    def wait_until(self, time_ns: int) -> None:
        """Sleep until a simulated time; not at all when it has passed."""
        while (left_s := self.until_s(time_ns)) > 0:
            clock.sleep_s(left_s)
