"""How fast the loop runs, and where its time goes: what `make bench` prints.

The parts of the loop are timed from outside, by replacing the methods of one flight with timed
ones; a flight that is not benched carries no timers. Times of an inner part are taken off the outer
one it runs in. Each timer costs about 0.2 µs a call, which the total contains.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hil import clock, scenario
from hil.connection import TARGETS
from hil.errors import RacksatError
from hil.flight import Flight, Order
from hil.scenario import Duration

DURATION_S = 600.0
SCENARIO = "nominal"


class Stopwatch:
    """Wall time by part, inner parts taken off the outer ones."""

    def __init__(self) -> None:
        self.spent_s: dict[str, float] = {}
        self._inner_s = [0.0]

    def time(self, owner: Any, method: str, part: str) -> None:
        """Replace a method of an object by one that is timed as `part`."""
        plain: Callable[..., Any] = getattr(owner, method)
        self.spent_s.setdefault(part, 0.0)

        def timed(*args: Any, **keywords: Any) -> Any:
            self._inner_s.append(0.0)
            began_s = clock.wall_s()
            try:
                return plain(*args, **keywords)
            finally:
                spent_s = clock.wall_s() - began_s
                self.spent_s[part] += spent_s - self._inner_s.pop()
                self._inner_s[-1] += spent_s

        setattr(owner, method, timed)


def bench(target: str, seconds: float, out: Path) -> tuple[float, dict[str, float]]:
    """Fly `seconds` of the scenario; wall seconds, and those of each part."""
    path = scenario.find(SCENARIO)
    flown = scenario.load(path).model_copy(update={"duration": Duration(seconds=seconds)})
    flight = Flight(Order(flown, path.parent, target, out))
    watch = Stopwatch()
    loop = flight.loop
    watch.time(loop, "move", "physics")
    watch.time(loop, "strike", "upsets")
    watch.time(loop, "sense", "physics")
    watch.time(loop, "run_flight_software", "flight software")
    watch.time(loop, "observe", "observation and recording")
    watch.time(flight.connection.tap, "write", "link")
    watch.time(flight.connection.tap, "read", "link")
    for method in ("exchange", "actuators", "advance_to", "set_sensors"):
        watch.time(loop.target, method, "controller")
    watch.time(flight.recording, "link", "observation and recording")
    began_s = clock.wall_s()
    flight.fly()
    return clock.wall_s() - began_s, watch.spent_s


def main() -> int:
    """Print real-time factor and shares for each target."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else DURATION_S
    for target in TARGETS:
        with tempfile.TemporaryDirectory() as folder:
            try:
                wall_s, spent_s = bench(target, seconds, Path(folder) / "run")
            except RacksatError as error:
                print(f"{target}: {error}", file=sys.stderr)
                return error.exit_code
        cycles = round(seconds * 10)
        print(
            f"{target}: {seconds:.0f} s flown in {wall_s:.2f} s, "
            f"×{seconds / wall_s:.0f} real time, {1e6 * wall_s / cycles:.0f} µs a minor cycle"
        )
        spent_s["rest of the loop"] = wall_s - sum(spent_s.values())
        for part, part_s in sorted(spent_s.items(), key=lambda item: -item[1]):
            print(f"  {100 * part_s / wall_s:5.1f} %  {1e6 * part_s / cycles:6.1f} µs  {part}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
