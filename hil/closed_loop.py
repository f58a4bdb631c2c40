"""The closed loop: physics → sensors → controller → flight software → actuators, at 10 Hz.

The plant moves as `hil.plant` says; flight software runs at the end t_k+1 of minor cycle k and has
until t_k+2 for its link traffic. A cycle that ends later is a deadline miss.

The ground segment uplinks the coming eclipses at the start and once an orbit.
"""

from __future__ import annotations

from hil.craft import Craft
from hil.faults.ledger import Ledger
from hil.faults.reports import Reports
from hil.flight_side import FlightSide
from hil.mission import CYCLE_NS, Mission
from hil.plant import SECOND_NS, Plant, upset_channels
from hil.recording import Recording
from hil.requirements import RequirementsCheck
from hil.targets.target import Target
from hil.view import View


class ClosedLoop(Plant):
    """Flies a mission. The methods of a minor cycle are public so that they can be timed."""

    def __init__(
        self,
        mission: Mission,
        craft: Craft,
        target: Target,
        flight_side: FlightSide,
        ledger: Ledger,
        reports: Reports,
        requirements: RequirementsCheck,
        recording: Recording,
    ) -> None:
        super().__init__(mission, craft, target, ledger, requirements, recording)
        self.flight_side = flight_side
        self.reports = reports
        self._mode = str(flight_side.housekeeping()["fsw_mode"])

    def fly(self, view: View) -> None:
        """All minor cycles of the mission, watched by `view`."""
        self.view = view
        for cycle in range(self.mission.cycles):
            self.minor_cycle(cycle)
        self.settle(self.mission.duration_ns)

    def minor_cycle(self, cycle: int) -> None:
        """Minor cycle `cycle`; they must follow one another."""
        time_ns = (cycle + 1) * CYCLE_NS
        self.move(cycle)
        self.strike(time_ns)
        self.sense(time_ns)
        self.run_flight_software(time_ns)
        self.observe(time_ns)
        self.time_ns = time_ns

    def run_flight_software(self, time_ns: int) -> None:
        """A minor cycle of flight software, with its link traffic."""
        self.flight_side.minor_cycle(time_ns)

    def observe(self, time_ns: int) -> None:
        """Record, check the requirements, and show."""
        truth = self.observe_truth(time_ns, self._mode, self.target.now_ns - time_ns)
        for event in self.flight_side.events():
            self.reports.notice(event)
            self.tell(
                event.time_ns,
                "flight software",
                event.severity.name.lower(),
                event.id,
                event.text,
                event.fields,
            )
        if time_ns % SECOND_NS == 0:
            housekeeping = self.flight_side.housekeeping()
            self._mode = str(housekeeping["fsw_mode"])
            self.reports.read(housekeeping)
            self.observe_slowly(time_ns, truth, housekeeping)

    def bench(self) -> dict[str, int]:
        """What the bench itself counts, by channel."""
        return bench_channels(self.figures.deadline_misses, self.ledger)


def bench_channels(deadline_misses: int, ledger: Ledger) -> dict[str, int]:
    """What the bench itself counts beside flight software, by channel."""
    return {"deadline_misses": deadline_misses, **upset_channels(ledger)}
