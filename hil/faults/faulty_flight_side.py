"""Flight software that can be rebooted, stopped and told a wrong time.

A flight computer whose software dies starts it again after a while, as its own watchdog would.
"""

from __future__ import annotations

from fsw.events import Event
from fsw.telemetry import Value
from hil.errors import RacksatError
from hil.flight_side import FlightSide
from hil.mission import CYCLE_NS


class Reboot(BaseException):
    """Thrown through flight software by the port: nothing on board can hold it up."""


class FaultyFlightSide(FlightSide):
    """The flight side with what computing faults need. `time_offset_ns` is its clock's error."""

    time_offset_ns = 0
    down_until_ns = 0  # simulated time; flight software is off before it
    busy_until_ns = 0  # simulated time at which it is through with a minor cycle that overran
    reboot_s = 1.0  # how long a start takes
    reboots = 0
    died = ""  # the error that flight software did not survive; whoever tells it empties it
    _down = False
    _last: dict[str, Value] | None = None
    _left: list[Event] | None = None  # told before it went down

    def minor_cycle(self, time_ns: int) -> None:
        """As the flight side's, unless flight software is down."""
        if self._down:
            if time_ns < self.down_until_ns:
                return
            self.start()
            self._down = False
        elif self.misses(time_ns):
            return
        try:
            super().minor_cycle(time_ns + self.time_offset_ns)
        except Reboot:
            self.go_down(time_ns)
        except RacksatError:  # the bench's own
            raise
        except Exception as error:  # nothing on board caught it: told by the loop
            self.died = f"{type(error).__name__}: {error}"
            self.go_down(time_ns)

    def misses(self, time_ns: int) -> bool:
        """Whether an earlier minor cycle takes up all of the one that begins now."""
        return time_ns + CYCLE_NS <= self.busy_until_ns

    def go_down(self, time_ns: int) -> None:
        """Stop flight software and start it again `reboot_s` later."""
        self._left = self.software.drain_events()
        self._last = super().housekeeping()
        self._down = True
        self.busy_until_ns = 0
        self.reboots += 1
        self.down_until_ns = time_ns + round(self.reboot_s * 1e9)

    @property
    def down(self) -> bool:
        """Whether flight software is off just now."""
        return self._down

    def events(self) -> list[Event]:
        """Events since the last call, those of before a reboot included."""
        left, self._left = self._left or [], None
        return left if self._down else left + super().events()

    def housekeeping(self) -> dict[str, Value]:
        """The last housekeeping that came down."""
        if self._down and self._last is not None:
            return self._last
        return super().housekeeping()
