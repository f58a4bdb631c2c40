"""A mission served: the controller and the spacecraft around it, for flight software outside.

The bench flies no flight software here and receives no housekeeping: requirements on its channels
are not checked, upsets of its memory are left out, and the ledger hears no reports of damage, so
that what was never undone is settled as silent.
"""

from __future__ import annotations

import contextlib
import hashlib
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hil import clock
from hil.connection import open_target
from hil.craft import Craft
from hil.errors import InternalError
from hil.faults.ledger import Ledger
from hil.faults.reports import Reports
from hil.flight import explained, note_what_flies
from hil.memories import ConfigFrames, ControllerMemory
from hil.mission import CYCLE_NS, load_vehicle_of, plan
from hil.pace import Pace
from hil.plant import SECOND_NS, Plant, bind_requirements, upset_channels
from hil.ports.lockstep import BITS_PER_BYTE
from hil.recording import TO_CONTROLLER, Recording, require_writable
from hil.requirements import RequirementsCheck, Verdict
from hil.scenario import Requirement, Scenario
from hil.served_port import ServedPort
from hil.server import Server

FLIGHT_SOFTWARES_OWN = ("fsw_", "deadline_misses")  # channels that need ours
TELL_LATE_EVERY_S = 10.0  # of wall time
LATE_SHARE = 0.02  # of wall time lost: from here on it is told


@dataclass(frozen=True)
class ServeOrder:
    """What is to be served, and where it is recorded."""

    scenario: Scenario
    scenario_folder: Path  # a vehicle file's path is relative to it
    target: str
    out: Path
    baud: int
    speed: float  # simulated seconds a second
    replay: str  # command line that serves it again


@dataclass(frozen=True)
class Served:
    """How it went."""

    folder: Path
    summary: dict[str, Any]
    verdicts: list[Verdict]
    ended: bool  # the scenario did; False: it was stopped


class Service:
    """A mission ready to be served. Raises UsageError for an order that cannot be."""

    def __init__(self, order: ServeOrder) -> None:
        require_writable(order.out)
        self.order = order
        self.vehicle = load_vehicle_of(order.scenario, order.scenario_folder)
        mission = plan(order.scenario, self.vehicle)
        upsets = tuple(upset for upset in mission.upsets if upset.element != "flight_memory")
        self.mission = replace(mission, upsets=upsets)
        self.stopped = False
        self._port = open_target(order.target, self.vehicle.rack.trays)
        self.target = self._port.target  # closed with the port
        try:
            self._assemble()
        except BaseException:
            self._port.close()
            raise

    def _assemble(self) -> None:
        scenario, target = self.order.scenario, self.target
        reports = Reports()
        craft = Craft.at_start(self.vehicle, scenario.initial, reports)
        ledger = Ledger(
            {
                "controller_memory": ControllerMemory(target, reports),
                "config_frames": ConfigFrames(target, reports),
            },
            craft,
        )
        checked, self.unchecked = _checkable(scenario.require)
        requirements = RequirementsCheck(checked)
        bind_requirements(requirements, self.mission, target, {"bench": upset_channels(ledger)})
        self._byte_ns = round(BITS_PER_BYTE * 1e9 / self.order.baud)
        self.recording = Recording(self.order.out, self._byte_ns)
        self._commands = hashlib.sha256()
        self.plant = Plant(self.mission, craft, target, ledger, requirements, self.recording)
        note_what_flies(self.recording, scenario, self.vehicle, self.order.target)

    def stop(self) -> None:
        """Let `serve` end at the next opportunity."""
        self.stopped = True

    def serve(self, port: ServedPort, say: Callable[[str], None]) -> Served:
        """Serve on a port until the mission ends or `stop` is called; `say` is told lines.

        Raises SimulatorDied and InternalError; the recording is readable then, and error.log beside
        it holds the traceback.
        """
        pace = Pace(self.order.speed)
        server = Server(self.target, port, self._byte_ns, pace, self.minor_cycle, self.record)
        began_s = clock.wall_s()
        try:
            self._run(server, pace, say)
            self.plant.settle(self.plant.time_ns)
        except BaseException as error:
            self.recording.note("error.log", "".join(traceback.format_exception(error)))
            self._event("high", "aborted", f"{type(error).__name__}: {error}")
            verdicts = self.plant.requirements.verdicts(self.plant.time_ns)
            self.recording.close(self._summary("aborted", began_s, verdicts, server, pace))
            # The error under way is to be told, not what a dead target says to its closing.
            with contextlib.suppress(InternalError, OSError):
                self._port.close()
            if isinstance(error, Exception):
                raise explained(error, self.recording.folder, self.plant.time_ns) from error
            raise
        ended = server.cycle >= self.mission.cycles
        verdicts = self.plant.requirements.verdicts(self.plant.time_ns)
        if not ended:  # what was to be looked at later says nothing
            verdicts = [verdict for verdict in verdicts if verdict.worst is not None]
        held = all(verdict.held for verdict in verdicts)
        outcome = ("held" if held else "failed") if ended else "stopped"
        summary = self._summary(outcome, began_s, verdicts, server, pace)
        self.recording.close(summary)
        self._port.close()
        return Served(self.recording.folder, summary, verdicts, ended)

    def _run(self, server: Server, pace: Pace, say: Callable[[str], None]) -> None:
        sessions, in_session = 0, False
        told_s, told_lost_s = clock.wall_s(), 0.0
        while not self.stopped and server.cycle < self.mission.cycles:
            server.round()
            port = server.port
            if (port.sessions, port.in_session) != (sessions, in_session):
                sessions, in_session = port.sessions, port.in_session
                text = f"session {sessions} {'began' if in_session else 'ended'}"
                self._event("info", "session", text)
                say(f"{self.plant.time_ns / 1e9:.1f} s: {text}")
            passed_s = clock.wall_s() - told_s
            if passed_s >= TELL_LATE_EVERY_S:
                if pace.lost_s - told_lost_s > LATE_SHARE * passed_s:
                    say(_lateness(pace, self.plant.time_ns))
                told_s, told_lost_s = clock.wall_s(), pace.lost_s

    def minor_cycle(self, cycle: int) -> None:
        """Move spacecraft and controller to the end of a minor cycle, and observe."""
        plant = self.plant
        time_ns = (cycle + 1) * CYCLE_NS
        plant.move(cycle)
        plant.strike(time_ns)
        plant.sense(time_ns)
        truth = plant.observe_truth(time_ns, None, 0)
        if time_ns % SECOND_NS == 0:
            plant.observe_slowly(time_ns, truth, {})
        plant.time_ns = time_ns

    def record(self, time_ns: int, direction: int, data: bytes) -> None:
        """Bytes on the link."""
        self.recording.link(time_ns, direction, data)
        if direction == TO_CONTROLLER:
            self._commands.update(data)

    def _event(self, severity: str, name: str, text: str) -> None:
        self.recording.event(self.plant.time_ns, "bench", severity, name, text)

    def _summary(
        self, outcome: str, began_s: float, verdicts: list[Verdict], server: Server, pace: Pace
    ) -> dict[str, Any]:
        order, wall_s = self.order, clock.wall_s() - began_s
        figures = self.plant.figures.as_dict()
        del figures["deadline_misses"], figures["slot_used"]  # the client's deadlines are its own
        simulated_s = figures.pop("simulated_s")
        return {
            "outcome": outcome,
            "target": order.target,
            "scenario": order.scenario.name,
            "vehicle": self.vehicle.name,
            "seed": order.scenario.seed,
            "open_loop": False,
            "simulated_s": simulated_s,
            "wall_s": round(wall_s, 3),
            "real_time_factor": round(simulated_s / wall_s, 3) if wall_s > 0 else 0.0,
            "digest": self.recording.digest,
            "commands_digest": self._commands.hexdigest(),
            **figures,
            "upsets": self.plant.ledger.counts(),
            "link": {
                "baud": order.baud,
                "bytes_sent": server.bytes_received,  # as `racksat run` has it: by the client
                "bytes_received": server.bytes_sent,
                "bytes_lost": server.bytes_lost,
                "sessions": server.port.sessions,
            },
            "pace": {
                "speed": order.speed,
                "lost_s": round(pace.lost_s, 3),
                "late_max_s": round(pace.late_max_s, 3),
            },
            "requirements": [verdict.as_dict() for verdict in verdicts],
            "replay": order.replay,
        }


def _checkable(
    requirements: Iterable[Requirement],
) -> tuple[list[Requirement], list[Requirement]]:
    """Requirements that can be checked, and those on what flight software of ours would tell."""
    checked: list[Requirement] = []
    unchecked: list[Requirement] = []
    for requirement in requirements:
        own = requirement.channel.startswith(FLIGHT_SOFTWARES_OWN)
        (unchecked if own else checked).append(requirement)
    return checked, unchecked


def _lateness(pace: Pace, time_ns: int) -> str:
    return (
        f"{time_ns / 1e9:.1f} s: too slow for ×{pace.speed:g}: simulated time was held back by "
        f"{pace.lost_s:.1f} s so far"
    )
