"""A flight from scenario to summary: everything is checked, put together, flown and recorded.

Nothing is written before the scenario, the vehicle, the target and the requirements' channels are
known to be good. Once flying, the recording is closed whatever happens.
"""

from __future__ import annotations

import contextlib
import json
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import serial

import hil.ports  # noqa: F401  makes model:// and rtl:// known
from fsw.flight_software import FlightSoftware
from fsw.protected_memory import ProtectedMemory
from hil import clock, toml_text
from hil.closed_loop import ClosedLoop, Unwatched, View, bench_channels
from hil.craft import Craft
from hil.errors import InternalError, SimulatorDied, UsageError
from hil.faults.ledger import Ledger
from hil.faults.reports import Reports
from hil.flight_parameters import flight_parameters
from hil.ground import received_housekeeping
from hil.link_tap import LinkTap
from hil.memories import ConfigFrames, ControllerMemory, FlightMemory
from hil.mission import ENVIRONMENT_FIELDS, load_vehicle_of, plan
from hil.ports.lockstep import BAUD_DEFAULT, LockstepPort
from hil.recording import Recording, require_writable
from hil.requirements import RequirementsCheck, Verdict
from hil.scenario import Scenario
from hil.versions import versions
from sim.actuators import decode
from sim.spacecraft import initial_state

TARGETS = ("model", "rtl")


@dataclass(frozen=True)
class Order:
    """What is to be flown, on what, and where it is recorded."""

    scenario: Scenario
    scenario_folder: Path  # a vehicle file's path is relative to it
    target: str
    out: Path
    open_loop: bool = False
    replay: str = ""  # command line that flies it again


@dataclass(frozen=True)
class Result:
    """How it went."""

    folder: Path
    summary: dict[str, Any]
    verdicts: list[Verdict]

    @property
    def held(self) -> bool:
        """Whether every requirement did."""
        return all(verdict.held for verdict in self.verdicts)


class Flight:
    """A flight ready to begin. Raises UsageError for an order that cannot be flown."""

    def __init__(self, order: Order) -> None:
        require_writable(order.out)
        self.order = order
        self.vehicle = load_vehicle_of(order.scenario, order.scenario_folder)
        self.mission = plan(order.scenario, self.vehicle)
        self.parameters = flight_parameters(self.vehicle, self.mission.orbit, order.scenario)
        self.port = open_target(order.target, self.vehicle.rack.trays)
        try:
            self._assemble()
        except BaseException:
            self.port.close()
            raise

    def fly(self, view: View | None = None) -> Result:
        """Fly and record, watched by `view`.

        Raises SimulatorDied and InternalError; the recording is readable then, and error.log beside
        it holds the traceback.
        """
        began_s = clock.wall_s()
        try:
            self.loop.fly(view or Unwatched())
        except BaseException as error:
            self._close_broken(error, clock.wall_s() - began_s)
            if isinstance(error, Exception):
                raise self._explained(error) from error
            raise
        wall_s = clock.wall_s() - began_s
        verdicts = self.requirements.verdicts(self.mission.duration_ns)
        held = all(verdict.held for verdict in verdicts)
        summary = self._summary("held" if held else "failed", wall_s, verdicts)
        self.recording.close(summary)
        self.port.close()
        return Result(self.recording.folder, summary, verdicts)

    def _assemble(self) -> None:
        scenario, trays = self.order.scenario, self.vehicle.rack.trays
        target = self.port.target
        reports = Reports()
        state = initial_state(
            self.vehicle,
            soc=scenario.initial.soc,
            coolant_c=scenario.initial.coolant_c,
        )
        craft = Craft(self.vehicle, state, reports)
        store = ProtectedMemory(ProtectedMemory.new_store())
        self.tap = LinkTap(self.port)
        flight_software = FlightSoftware(
            self.tap, store, trays, self.parameters, open_loop=self.order.open_loop
        )
        ledger = Ledger(
            {
                "controller_memory": ControllerMemory(target, reports),
                "flight_memory": FlightMemory(store),
                "config_frames": ConfigFrames(target, reports),
            },
            craft,
        )
        self.requirements = RequirementsCheck(scenario.require)
        rehearsal = Craft(self.vehicle, state, Reports())
        rehearsal.move(decode(target.actuators(), trays), self.mission.environment_at(0), 0.0)
        try:
            self.requirements.bind(
                {
                    "truth": rehearsal.telemetry(),
                    "environment": ENVIRONMENT_FIELDS,
                    "housekeeping": received_housekeeping(flight_software),
                    "bench": bench_channels(0, ledger),
                }
            )
        except UsageError as error:
            raise UsageError(f"scenario {scenario.name}: {error}") from error
        self.recording = Recording(self.order.out, self.tap.byte_ns)
        self.tap.record_into(self.recording)
        self.loop = ClosedLoop(
            self.mission,
            craft,
            target,
            flight_software,
            ledger,
            reports,
            self.requirements,
            self.recording,
        )
        self._note_what_flies()

    def _note_what_flies(self) -> None:
        flown = self.order.scenario.model_dump(mode="python", exclude_defaults=True)
        flown |= {"vehicle": "vehicle.toml", "seed": self.order.scenario.seed}
        self.recording.note("scenario.toml", toml_text.dump(flown))
        vehicle = self.vehicle.model_dump(mode="python")
        vehicle["radiator"]["panels_lost"] = 0  # the scenario says it
        self.recording.note("vehicle.toml", toml_text.dump(vehicle))
        self.recording.note("versions.json", json.dumps(versions(), indent=2) + "\n")

    def _summary(self, outcome: str, wall_s: float, verdicts: list[Verdict]) -> dict[str, Any]:
        figures = self.loop.figures.as_dict()
        simulated_s = figures.pop("simulated_s")
        upsets = self.loop.ledger.counts()
        return {
            "outcome": outcome,
            "target": self.order.target,
            "scenario": self.order.scenario.name,
            "vehicle": self.vehicle.name,
            "seed": self.order.scenario.seed,
            "open_loop": self.order.open_loop,
            "simulated_s": simulated_s,
            "wall_s": round(wall_s, 3),
            "real_time_factor": round(simulated_s / wall_s, 1) if wall_s > 0 else 0.0,
            "digest": self.recording.digest,
            "commands_digest": self.tap.commands_digest,
            **figures,
            "upsets": upsets,
            "link": {"bytes_sent": self.tap.bytes_sent, "bytes_received": self.tap.bytes_received},
            "requirements": [verdict.as_dict() for verdict in verdicts],
            "replay": self.order.replay,
        }

    def _close_broken(self, error: BaseException, wall_s: float) -> None:
        """Leave a readable recording behind a flight that did not end."""
        time_ns = self.loop.time_ns
        self.recording.note("error.log", "".join(traceback.format_exception(error)))
        self.recording.event(
            time_ns, "bench", "high", "aborted", f"{type(error).__name__}: {error}"
        )
        verdicts = self.requirements.verdicts(time_ns)
        self.recording.close(self._summary("aborted", wall_s, verdicts))
        # The error under way is the one to be told, not what a dead target says to its closing.
        with contextlib.suppress(InternalError, OSError):
            self.port.close()

    def _explained(self, error: Exception) -> InternalError:
        """The error as the command line tells it."""
        log = self.recording.folder / "error.log"
        at = f"at {self.loop.time_ns / 1e9:.1f} s of the flight"
        if isinstance(error, SimulatorDied):
            return SimulatorDied(f"{error}\n{at}; the recording is readable; {log}")
        return InternalError(f"{type(error).__name__}: {error}; {at}; traceback in {log}")


def open_target(target: str, trays: int) -> LockstepPort:
    """The port of a controller with that many trays. Raises UsageError for an unknown target."""
    if target not in TARGETS:
        raise UsageError(f"unknown target {target!r}; known are {', '.join(TARGETS)}")
    port = serial.serial_for_url(f"{target}://?trays={trays}&baud={BAUD_DEFAULT}")
    assert isinstance(port, LockstepPort)
    return port
