"""The closed loop with faults in it, judged while it flies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from fsw.events import Severity
from hil.closed_loop import ClosedLoop
from hil.faults.channels import source_of
from hil.faults.injections import Injection
from hil.faults.judge import Judge
from hil.faults.language import Comparison, parse_condition
from hil.faults.ledger import Ledger
from hil.faults.reports import Reports
from hil.faults.rig import Rig
from hil.faults.suite import Fault
from hil.faults.trace import Seen, Trace
from hil.mission import CYCLE_NS, ENVIRONMENT_FIELDS
from hil.plant import actuator_channels
from hil.recording import Recording
from hil.requirements import COMPARE, RequirementsCheck, Value
from sim.actuators import Actuators, decode
from sim.environment import Environment

# A severity by its name in events of the bench.
SEVERITIES = {severity.name.lower(): severity for severity in Severity}


class FaultyLoop(ClosedLoop):
    """Puts faults in when they are due, takes them out, and keeps the trace.

    A fault that is due at t is put in at the begin of the minor cycle from t on; a condition is
    looked at there too, with the values last sampled. A fault that waits for a transaction in
    flight is put in when flight software next awaits a reply.
    """

    def __init__(
        self,
        rig: Rig,
        faults: Sequence[Fault],
        judge: Judge,
        ledger: Ledger,
        reports: Reports,
        recording: Recording,
    ) -> None:
        super().__init__(
            rig.mission,
            rig.craft,
            rig.target,
            rig.flight,
            ledger,
            reports,
            RequirementsCheck([]),
            recording,
        )
        self.rig = rig
        self.judge = judge
        self.trace = Trace()
        self.deaths: list[str] = []  # of flight software
        self.injections = [
            Injection(number, fault, round(fault.at_s * 1e9))
            for number, fault in enumerate(faults, start=1)
        ]
        self._conditions = [fault.condition for fault in faults]
        self._awaited: set[int] = set()
        self._sees_actuators = judge.watches("actuators") or any(
            _source(comparison) == "actuators"
            for condition in self._conditions
            if condition is not None
            for comparison in condition.comparisons
        )
        seeds = np.random.SeedSequence([rig.mission.scenario.seed, 0xFA]).spawn(len(faults))
        self._rngs = [np.random.Generator(np.random.PCG64(seed)) for seed in seeds]
        self._latest: dict[str, Mapping[str, Value]] = {
            "housekeeping": rig.flight.housekeeping(),
            "environment": _weather(rig.mission.environment_at(0)),
        }

    def draw_from(self, rng: np.random.Generator) -> None:
        """Let the faults draw from generators of this one, not of the scenario's seed."""
        self._rngs = rng.spawn(len(self._rngs))

    # ---- hooks of the loop -----------------------------------------------------------------

    def minor_cycle(self, cycle: int) -> None:
        """A minor cycle with what is due at its begin and its end."""
        self.rig.now_ns = cycle * CYCLE_NS
        for injection in self.injections:
            self._begin_or_end(injection, cycle * CYCLE_NS)
        super().minor_cycle(cycle)
        self._see_what_fired((cycle + 1) * CYCLE_NS)

    def act(
        self, cycle: int, actuators: Actuators, environment: Environment, demand: float
    ) -> None:
        """The physics, bent."""
        self._environment = self.rig.plant.move(actuators, environment, demand, cycle * CYCLE_NS)

    def show(self, time_ns: int, sensors: bytes) -> None:
        """The sensors, bent."""
        super().show(time_ns, self.rig.sensors.shown(sensors, time_ns))

    def strike(self, time_ns: int) -> None:
        """Upsets of the mission, and those that faults bring."""
        super().strike(time_ns)
        coming = self.rig.coming
        while coming and coming[0].time_s * 1e9 <= time_ns:
            self.ledger.strike(coming.pop(0), time_ns)

    def run_flight_software(self, time_ns: int) -> None:
        """A minor cycle of flight software, as the rig's time has it."""
        self.rig.now_ns = time_ns
        flight = self.rig.flight
        if flight.misses(time_ns):
            self.figures.deadline_misses += 1
        elif flight.busy_until_ns > time_ns:  # it begins this one late
            self.target.advance_to(flight.busy_until_ns)
        super().run_flight_software(time_ns)
        if flight.died:
            text = f"flight software died: {flight.died}"
            self.tell(time_ns, "bench", "high", "died", text)
            self.deaths.append(f"{text} at {time_ns / 1e9:.1f} s")
            flight.died = ""

    def observe(self, time_ns: int) -> None:
        """Record, judge, show; and the actuators where something is expected of them."""
        super().observe(time_ns)
        if self._sees_actuators:
            acting = decode(self.target.actuators(), self.target.trays)
            self._check("actuators", time_ns, CYCLE_NS, actuator_channels(acting))

    def observe_slowly(
        self, time_ns: int, truth: Mapping[str, float], housekeeping: Mapping[str, Value]
    ) -> None:
        """A row of the trace."""
        super().observe_slowly(time_ns, truth, housekeeping)
        weather = _weather(self._environment)
        self.trace.rows.append({**truth, **weather, **housekeeping, **self.bench()})

    def tell(
        self,
        time_ns: int,
        source: str,
        severity: str,
        name: str,
        text: str,
        fields: Mapping[str, object] | None = None,
    ) -> None:
        """Record an event; those of flight software are judged, at the bench's own time."""
        super().tell(time_ns, source, severity, name, text, fields)
        if source == "flight software":
            heard_ns = self.rig.now_ns
            tray = (fields or {}).get("tray")
            about = tray if isinstance(tray, int) else None
            self.trace.events.append(Seen(heard_ns, name, int(SEVERITIES[severity]), text, about))
            self.judge.event(heard_ns, name)

    def settle(self, time_ns: int) -> None:
        """The end: what is left of the faults."""
        super().settle(time_ns)
        flight = self.rig.flight
        link = flight.software.link_cycle
        lost_s = flight.software.parameters["link_lost_s"]
        clock = flight.software.clock
        now_ns = time_ns + flight.time_offset_ns - (clock.mission_ns - clock.steady_ns)
        self.trace.silent_at_end = flight.down or link.silent_s(now_ns) > lost_s
        self.trace.wrong_results = int(self.craft.state.rack.memory.wrong_results.sum())
        for injection in self.injections:
            if injection.effect is not None:
                injection.present = injection.effect.present and injection.ended_ns is None

    def _check(
        self, source: str, time_ns: int, period_ns: int, values: Mapping[str, Value]
    ) -> None:
        self._latest[source] = values
        self.judge.sample(source, time_ns, period_ns, values)

    # ---- faults ----------------------------------------------------------------------------

    def _begin_or_end(self, injection: Injection, time_ns: int) -> None:
        fault = injection.fault
        if injection.begun_ns is None:
            index = injection.number - 1
            if time_ns < injection.armed_ns or index in self._awaited:
                return
            condition = self._conditions[index]
            if condition is not None and not all(map(self._met, condition.comparisons)):
                return
            if condition is not None and condition.in_flight:
                self._awaited.add(index)
                # Its time is that of the minor cycle, as that of the events which it brings.
                self.rig.port.when_in_flight(lambda: self._begin(injection, self.rig.now_ns))
            else:
                self._begin(injection, time_ns)
        elif (
            fault.for_s is not None
            and injection.ended_ns is None
            and time_ns >= injection.begun_ns + round(fault.for_s * 1e9)
        ):
            assert injection.effect is not None
            injection.effect.end()
            injection.ended_ns = time_ns
            self.recording.event(time_ns, "fault", "info", "fault.ended", str(fault))

    def _begin(self, injection: Injection, time_ns: int) -> None:
        injection.begun_ns = time_ns
        kind, rng = injection.fault.kind, self._rngs[injection.number - 1]
        injection.effect = kind.begin(self.rig, rng)
        self.recording.event(time_ns, "fault", "info", "fault.begun", str(injection.fault))
        self._see(injection, time_ns)

    def _see_what_fired(self, time_ns: int) -> None:
        for injection in self.injections:
            if injection.fired_ns is None and injection.effect is not None:
                self._see(injection, time_ns)

    def _see(self, injection: Injection, time_ns: int) -> None:
        effect = injection.effect
        if effect is None or not effect.evidence:
            return
        injection.fired_ns, injection.evidence = time_ns, effect.evidence
        injection.mode = self._mode
        weather = self._latest["environment"]
        injection.orbit_phase_deg = float(weather["orbit_phase_deg"])
        injection.sunlit = float(weather["sunlit"])
        injection.in_saa = all(map(self._met, parse_condition("in_saa").comparisons))
        self.judge.fired(time_ns)
        text = f"{injection.fault}: {effect.evidence}"
        self.tell(time_ns, "fault", "info", "fault.fired", text)

    def _met(self, comparison: Comparison) -> bool:
        found = source_of(comparison.channel)
        assert found is not None  # checked when the suite was read
        values = self._latest.get(found[0])
        if values is None:
            return False
        return bool(COMPARE[comparison.operator](values[found[1]], comparison.limit))


def _source(comparison: Comparison) -> str:
    found = source_of(comparison.channel)
    return found[0] if found is not None else ""


def _weather(environment: Environment) -> dict[str, Value]:
    return {name: getattr(environment, name) for name in ENVIRONMENT_FIELDS}
