"""The closed loop: physics → sensors → controller → flight software → actuators, at 10 Hz.

Minor cycle k covers mission time t_k = k · 100 ms to t_k+1. The actuators as they are at t_k act
on the spacecraft for the whole cycle; upsets due in it strike; the sensors show what came of it;
flight software runs at t_k+1 and has until t_k+2 for its link traffic. A cycle that ends later is
a deadline miss. Samples carry the time t_k+1.

The ground segment uplinks the coming eclipses at the start and once an orbit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from fsw.flight_software import FlightSoftware
from hil.craft import Craft
from hil.faults.ledger import Entry, Ledger
from hil.faults.reports import Reports
from hil.figures import Figures
from hil.ground import Ground, received_housekeeping
from hil.mission import CYCLE_NS, ENVIRONMENT_FIELDS, Mission
from hil.recording import Recording
from hil.requirements import RequirementsCheck, Value
from hil.targets.lockstep import LockstepTarget
from sim.actuators import Actuators, decode
from sim.sensors import Sensors
from sim.upsets import Upset

SECOND_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a view of the running loop shows, once a simulated second."""

    time_ns: int
    progress: float  # 0 to 1
    truth: Mapping[str, float]
    environment: Mapping[str, float]
    housekeeping: Mapping[str, Value]
    bench: Mapping[str, int]


class View(Protocol):
    """Somebody who watches the loop."""

    def show(self, snapshot: Snapshot) -> None:
        """Called once a simulated second."""

    def tell(self, time_ns: int, severity: str, text: str) -> None:
        """Called for every event."""


class Unwatched:
    """Nobody watches."""

    def show(self, snapshot: Snapshot) -> None:
        """Ignored."""

    def tell(self, time_ns: int, severity: str, text: str) -> None:
        """Ignored."""


class ClosedLoop:
    """Flies a mission. The methods of a minor cycle are public so that they can be timed."""

    def __init__(
        self,
        mission: Mission,
        craft: Craft,
        target: LockstepTarget,
        flight_software: FlightSoftware,
        ledger: Ledger,
        reports: Reports,
        requirements: RequirementsCheck,
        recording: Recording,
    ) -> None:
        self.mission = mission
        self.craft = craft
        self.target = target
        self.flight_software = flight_software
        self.ledger = ledger
        self.reports = reports
        self.requirements = requirements
        self.recording = recording
        self.view: View = Unwatched()
        self.figures = Figures(mission.vehicle.rack.clock_nominal_mhz)
        self.time_ns = 0
        self._ground = Ground(mission)
        self._sensors = Sensors(mission.vehicle, mission.sensor_noise)
        self._upsets = iter(mission.upsets)
        self._next_upset = next(self._upsets, None)
        self._actuators = b""
        self._environment = mission.environment_at(0)
        self._mode = str(received_housekeeping(flight_software)["fsw_mode"])

    def fly(self, view: View) -> None:
        """All minor cycles of the mission, watched by `view`."""
        self.view = view
        for cycle in range(self.mission.cycles):
            self.minor_cycle(cycle)
        end_ns = self.mission.duration_ns
        self._tell_settled(end_ns, self.ledger.close(end_ns))
        bench = bench_channels(self.figures.deadline_misses, self.ledger)
        self.recording.telemetry("/bench", end_ns, bench)
        self._check("bench", end_ns, 0, bench)

    def minor_cycle(self, cycle: int) -> None:
        """Minor cycle `cycle`; they must follow one another."""
        time_ns = (cycle + 1) * CYCLE_NS
        self.move(cycle)
        self.strike(time_ns)
        self.sense(time_ns)
        self.run_flight_software(time_ns)
        self.observe(time_ns)
        self.time_ns = time_ns

    def move(self, cycle: int) -> None:
        """Physics: let the actuators act for one cycle."""
        raw = self.target.actuators()
        actuators = decode(raw, self.target.trays)
        if raw != self._actuators:
            self._actuators = raw
            self.recording.telemetry("/actuators", cycle * CYCLE_NS, actuator_channels(actuators))
        self._environment = self.mission.environment_at(cycle)
        self.craft.move(actuators, self._environment, float(self.mission.demand[cycle]))

    def strike(self, time_ns: int) -> None:
        """Upsets that are due by `time_ns`."""
        while self._next_upset is not None and self._next_upset.time_s * 1e9 <= time_ns:
            entry = self.ledger.strike(self._next_upset, time_ns)
            text = f"{where(entry.upset)} struck"
            self._tell(time_ns, "radiation", "info", "upset", text, entry.as_dict())
            self._next_upset = next(self._upsets, None)

    def sense(self, time_ns: int) -> None:
        """Show the sensors to the controller and let it run until `time_ns`."""
        self.target.set_sensors(self.craft.sense(self._sensors, self._environment))
        self.target.advance_to(time_ns)

    def run_flight_software(self, time_ns: int) -> None:
        """A minor cycle of flight software, with its link traffic."""
        packet = self._ground.packet_due(time_ns)
        if packet is not None:
            self.flight_software.uplink(packet)
        self.flight_software.minor_cycle(time_ns)

    def observe(self, time_ns: int) -> None:
        """Record, check the requirements, and show."""
        truth = self.craft.telemetry()
        self.figures.take(truth, self._mode, self.target.now_ns > time_ns + CYCLE_NS)
        self.recording.telemetry("/truth", time_ns, truth)
        self._check("truth", time_ns, CYCLE_NS, truth)
        for event in self.flight_software.drain_events():
            self.reports.notice(event)
            self._tell(
                event.time_ns,
                "flight software",
                event.severity.name.lower(),
                event.id,
                event.text,
                event.fields,
            )
        if time_ns % SECOND_NS == 0:
            self._observe_slowly(time_ns, truth)

    def _observe_slowly(self, time_ns: int, truth: Mapping[str, float]) -> None:
        """What is sampled once a second."""
        environment = {name: getattr(self._environment, name) for name in ENVIRONMENT_FIELDS}
        housekeeping = received_housekeeping(self.flight_software)
        self._mode = str(housekeeping["fsw_mode"])
        self.reports.read(housekeeping)
        self._tell_settled(time_ns, self.ledger.look(time_ns))
        bench = bench_channels(self.figures.deadline_misses, self.ledger)
        for source, values in (
            ("environment", environment),
            ("housekeeping", housekeeping),
            ("bench", bench),
        ):
            self.recording.telemetry(f"/{source}", time_ns, values)
            self._check(source, time_ns, SECOND_NS, values)
        progress = time_ns / self.mission.duration_ns
        self.view.show(Snapshot(time_ns, progress, truth, environment, housekeeping, bench))

    def _check(
        self, source: str, time_ns: int, period_ns: int, values: Mapping[str, Value]
    ) -> None:
        for requirement in self.requirements.sample(source, time_ns, period_ns, values):
            channel = requirement.channel
            text = f"requirement broken: {requirement.title}; {channel} = {values[channel]}"
            self._tell(time_ns, "requirement", "high", "requirement", text)

    def _tell_settled(self, time_ns: int, entries: list[Entry]) -> None:
        for entry in entries:
            text = f"{where(entry.upset)} {entry.fate}"
            self._tell(time_ns, "radiation", "info", "upset.settled", text, entry.as_dict())

    def _tell(
        self,
        time_ns: int,
        source: str,
        severity: str,
        name: str,
        text: str,
        fields: Mapping[str, object] | None = None,
    ) -> None:
        self.recording.event(time_ns, source, severity, name, text, fields)
        self.view.tell(time_ns, severity, text)


def bench_channels(deadline_misses: int, ledger: Ledger) -> dict[str, int]:
    """What the bench itself counts, by channel."""
    return {
        "deadline_misses": deadline_misses,
        **{f"upsets_{fate}": count for fate, count in ledger.counts().items()},
    }


def actuator_channels(actuators: Actuators) -> dict[str, Value]:
    """What the controller drives, by channel; masks have bit i for tray i."""
    masks = {
        name: int.from_bytes(
            np.packbits(getattr(actuators, name)[0], bitorder="little").tobytes(), "little"
        )
        for name in ("tray_power", "tray_reset", "tray_scrub", "tray_reload")
    }
    return {
        **masks,
        "pump_a": float(actuators.pump_a[0]),
        "pump_b": float(actuators.pump_b[0]),
        "bypass": float(actuators.bypass[0]),
        "heater": float(actuators.heater[0]),
        "safe": int(actuators.safe[0]),
        **{f"power_cap_{tray}_w": float(cap) for tray, cap in enumerate(actuators.power_cap_w[0])},
        **{
            f"clock_cap_{tray}_mhz": float(cap)
            for tray, cap in enumerate(actuators.clock_cap_mhz[0])
        },
    }


def where(upset: Upset) -> str:
    """An upset in words."""
    place = f"tray {upset.tray} " if upset.tray >= 0 else ""
    place += upset.element.replace("_", " ").removeprefix("tray ")
    if upset.bits:
        unit = "frame" if upset.element == "config_frames" else "word"
        place += f", {unit} {upset.index} bit " + " and ".join(str(bit) for bit in upset.bits)
    return place
