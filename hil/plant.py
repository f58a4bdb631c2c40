"""The plant: a spacecraft around a payload controller, moved a minor cycle at a time and observed.

Minor cycle k covers mission time t_k = k · 100 ms to t_k+1. The actuators as they are when it is
moved act on the spacecraft for the whole cycle; upsets due in it strike; the sensors show what came
of it. Samples carry the time t_k+1. Whoever commands the controller is not its matter.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from hil.craft import Craft
from hil.errors import Unreachable, UsageError
from hil.faults.ledger import Entry, Ledger
from hil.faults.reports import Reports
from hil.figures import Figures
from hil.mission import CYCLE_NS, ENVIRONMENT_FIELDS, Mission
from hil.recording import Recording
from hil.requirements import RequirementsCheck, Value
from hil.targets.target import Target
from hil.view import Snapshot, Unwatched, View
from sim.actuators import Actuators, decode
from sim.environment import Environment
from sim.sensors import Sensors
from sim.upsets import Upset

SECOND_NS = 1_000_000_000


class Plant:
    """Moves the spacecraft of a mission, and records, checks and shows what comes of it."""

    def __init__(
        self,
        mission: Mission,
        craft: Craft,
        target: Target,
        ledger: Ledger,
        requirements: RequirementsCheck,
        recording: Recording,
    ) -> None:
        self.mission = mission
        self.craft = craft
        self.target = target
        self.ledger = ledger
        self.requirements = requirements
        self.recording = recording
        self.view: View = Unwatched()
        self.figures = Figures(mission.vehicle.rack.clock_nominal_mhz)
        self.time_ns = 0
        self._sensors = Sensors(mission.vehicle, mission.sensor_noise)
        self._upsets = iter(mission.upsets)
        self._next_upset = next(self._upsets, None)
        self._actuators = b""
        self._environment = mission.environment_at(0)

    def move(self, cycle: int) -> None:
        """Physics: let the actuators act for one cycle; cycles must follow one another."""
        raw = self.target.actuators()
        actuators = decode(raw, self.target.trays)
        if raw != self._actuators:
            self._actuators = raw
            self.recording.telemetry("/actuators", cycle * CYCLE_NS, actuator_channels(actuators))
        demand = float(self.mission.demand[cycle])
        self.act(cycle, actuators, self.mission.environment_at(cycle), demand)

    def act(
        self, cycle: int, actuators: Actuators, environment: Environment, demand: float
    ) -> None:
        """The physics of minor cycle `cycle`, as actuators and environment have it."""
        self._environment = environment
        self.craft.move(actuators, environment, demand)

    def strike(self, time_ns: int) -> None:
        """Upsets that are due by `time_ns`."""
        while self._next_upset is not None and self._next_upset.time_s * 1e9 <= time_ns:
            upset, self._next_upset = self._next_upset, next(self._upsets, None)
            try:
                entry = self.ledger.strike(upset, time_ns)
            except Unreachable as error:
                text = f"{where(upset)} not struck: {error}"
                self.tell(time_ns, "radiation", "low", "upset.missed", text)
                continue
            text = f"{where(upset)} struck"
            self.tell(time_ns, "radiation", "info", "upset", text, entry.as_dict())

    def sense(self, time_ns: int) -> None:
        """Show the sensors to the controller and let it run until `time_ns`."""
        self.show(time_ns, self.craft.sense(self._sensors, self._environment))
        self.target.advance_to(time_ns)

    def show(self, time_ns: int, sensors: bytes) -> None:
        """Put a sensor vector on the controller's inputs."""
        self.target.set_sensors(sensors)

    def observe_truth(self, time_ns: int, mode: str | None, used_ns: int) -> Mapping[str, float]:
        """The end of a minor cycle: the truth, recorded and checked.

        `mode` is flight software's, None where it is not known; `used_ns` is what its cycle took.
        """
        truth = self.craft.telemetry()
        self.figures.take(truth, mode, used_ns)
        self.recording.telemetry("/truth", time_ns, truth)
        self._check("truth", time_ns, CYCLE_NS, truth)
        return truth

    def observe_slowly(
        self, time_ns: int, truth: Mapping[str, float], housekeeping: Mapping[str, Value]
    ) -> None:
        """What is sampled once a second; `housekeeping` is empty where there is none."""
        environment = {name: getattr(self._environment, name) for name in ENVIRONMENT_FIELDS}
        self._tell_settled(time_ns, self.ledger.look(time_ns))
        bench = self.bench()
        for source, values in (
            ("environment", environment),
            ("housekeeping", housekeeping),
            ("bench", bench),
        ):
            if values:
                self.recording.telemetry(f"/{source}", time_ns, values)
                self._check(source, time_ns, SECOND_NS, values)
        progress = time_ns / self.mission.duration_ns
        self.view.show(Snapshot(time_ns, progress, truth, environment, housekeeping, bench))

    def settle(self, time_ns: int) -> None:
        """The end of the run: what became of the upsets that are still open."""
        self._tell_settled(time_ns, self.ledger.close(time_ns))
        bench = self.bench()
        self.recording.telemetry("/bench", time_ns, bench)
        self._check("bench", time_ns, 0, bench)

    def bench(self) -> dict[str, int]:
        """What the bench itself counts, by channel."""
        return upset_channels(self.ledger)

    def tell(
        self,
        time_ns: int,
        source: str,
        severity: str,
        name: str,
        text: str,
        fields: Mapping[str, object] | None = None,
    ) -> None:
        """Record an event, and show it."""
        self.recording.event(time_ns, source, severity, name, text, fields)
        self.view.tell(time_ns, severity, text)

    def _check(
        self, source: str, time_ns: int, period_ns: int, values: Mapping[str, Value]
    ) -> None:
        for requirement in self.requirements.sample(source, time_ns, period_ns, values):
            channel = requirement.channel
            text = f"requirement broken: {requirement.title}; {channel} = {values[channel]}"
            self.tell(time_ns, "requirement", "high", "requirement", text)

    def _tell_settled(self, time_ns: int, entries: list[Entry]) -> None:
        for entry in entries:
            text = f"{where(entry.upset)} {entry.fate}"
            self.tell(time_ns, "radiation", "info", "upset.settled", text, entry.as_dict())


def bind_requirements(
    requirements: RequirementsCheck,
    mission: Mission,
    target: Target,
    sources: Mapping[str, Collection[str]],
) -> None:
    """Say which channels are sampled: those of truth and environment, and of further sources.

    Raises UsageError when a requirement is on a channel that none of them has.
    """
    rehearsal = Craft.at_start(mission.vehicle, mission.scenario.initial, Reports())
    rehearsal.move(decode(target.actuators(), target.trays), mission.environment_at(0), 0.0)
    truth = rehearsal.telemetry()
    try:
        requirements.bind({"truth": truth, "environment": ENVIRONMENT_FIELDS, **sources})
    except UsageError as error:
        raise UsageError(f"scenario {mission.scenario.name}: {error}") from error


def upset_channels(ledger: Ledger) -> dict[str, int]:
    """Upsets by what became of them, by channel."""
    return {f"upsets_{fate}": count for fate, count in ledger.counts().items()}


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
