"""A flight from scenario to summary: everything is checked, put together, flown and recorded.

Nothing is written before the scenario, the vehicle, the target and the requirements' channels are
known to be good. Once flying, the recording is closed whatever happens.
"""

from __future__ import annotations

import contextlib
import json
import traceback
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hil import clock, toml_text
from hil.board_connection import BoardConnection, BoardOrder
from hil.closed_loop import ClosedLoop, bench_channels
from hil.connection import Connection, LockstepConnection, open_target
from hil.craft import Craft
from hil.errors import InternalError, SimulatorDied, Stopped
from hil.faults.ledger import Ledger
from hil.faults.reports import Reports
from hil.flight_parameters import flight_parameters
from hil.flight_side import FlightSide
from hil.memories import ConfigFrames, ControllerMemory, FlightMemory
from hil.mission import load_vehicle_of, plan
from hil.plant import bind_requirements
from hil.recording import Recording, require_writable
from hil.requirements import RequirementsCheck, Verdict
from hil.scenario import Scenario
from hil.smaller_scenario import for_trays
from hil.versions import versions
from hil.view import Unwatched, View
from sim.smaller_rack import with_trays
from sim.vehicle import Vehicle


@dataclass(frozen=True)
class Order:
    """What is to be flown, on what, and where it is recorded."""

    scenario: Scenario
    scenario_folder: Path  # a vehicle file's path is relative to it
    target: str  # model, rtl, or the URL of `board`
    out: Path
    replay: str = ""  # command line that flies it again
    trays: int | None = None  # of a simulated target; the vehicle's own by default
    board: BoardOrder | None = None  # flown in real time in place of a simulated target


@dataclass(frozen=True)
class Result:
    """How it went."""

    folder: Path
    summary: dict[str, Any]
    verdicts: list[Verdict]
    stopped: str = ""  # why it ended before its time, where it did

    @property
    def held(self) -> bool:
        """Whether it came to its end and every requirement held."""
        return not self.stopped and all(verdict.held for verdict in self.verdicts)


class Flight:
    """A flight ready to begin. Raises UsageError for an order that cannot be flown."""

    def __init__(self, order: Order) -> None:
        require_writable(order.out)
        self.order = order
        self.scenario = order.scenario
        self.vehicle = load_vehicle_of(order.scenario, order.scenario_folder)
        self.connection: Connection
        if order.board is None:
            trays = order.trays or self.vehicle.rack.trays
            self.connection = LockstepConnection(open_target(order.target, trays))
        else:
            self.connection = BoardConnection(order.board)
        try:
            trays, designed = self.connection.target.trays, self.vehicle.rack.trays
            if trays != designed:
                self.vehicle = with_trays(self.vehicle, trays)
                self.scenario = for_trays(order.scenario, trays, designed)
            self.mission = plan(self.scenario, self.vehicle)
            self.parameters = flight_parameters(self.vehicle, self.mission.orbit, self.scenario)
            self._assemble()
        except BaseException:
            self.connection.close()
            raise

    def fly(self, view: View | None = None) -> Result:
        """Fly and record, watched by `view`.

        Raises SimulatorDied and InternalError; the recording is readable then, and error.log beside
        it holds the traceback.
        """
        began_s = clock.wall_s()
        stopped = ""
        self.connection.start()
        try:
            self.loop.fly(view or Unwatched())
        except Stopped as error:
            stopped = str(error)
            self.loop.tell(self.loop.time_ns, "bench", "high", "stopped", stopped)
        except BaseException as error:
            self._close_broken(error, clock.wall_s() - began_s)
            if isinstance(error, Exception):
                raise explained(error, self.recording.folder, self.loop.time_ns) from error
            raise
        wall_s = clock.wall_s() - began_s
        verdicts = self.requirements.verdicts(self.loop.time_ns)
        result = Result(self.recording.folder, {}, verdicts, stopped)
        outcome = "stopped" if stopped else "held" if result.held else "failed"
        result = replace(result, summary=self._summary(outcome, wall_s, verdicts))
        self.recording.close(result.summary)
        self.connection.close()
        return result

    def _assemble(self) -> None:
        scenario = self.scenario
        target, tap = self.connection.target, self.connection.tap
        reports = Reports()
        craft = Craft.at_start(self.vehicle, scenario.initial, reports)
        flight_side = FlightSide(tap, self.mission, self.parameters)
        ledger = Ledger(
            {
                "controller_memory": ControllerMemory(target, reports),
                "flight_memory": FlightMemory(flight_side.store),
                "config_frames": ConfigFrames(target, reports),
            },
            craft,
        )
        self.requirements = RequirementsCheck(scenario.require)
        sources: dict[str, Collection[str]] = {
            "housekeeping": flight_side.housekeeping(),
            "bench": bench_channels(0, ledger),
        }
        bind_requirements(self.requirements, self.mission, target, sources)
        self.recording = Recording(self.order.out, tap.byte_ns)
        self.loop = ClosedLoop(
            self.mission,
            craft,
            target,
            flight_side,
            ledger,
            reports,
            self.requirements,
            self.recording,
        )
        self.connection.record_into(self.recording, self.loop.tell)
        note_what_flies(self.recording, scenario, self.vehicle, self.order.target)

    def _summary(self, outcome: str, wall_s: float, verdicts: list[Verdict]) -> dict[str, Any]:
        figures = self.loop.figures.as_dict()
        simulated_s = figures.pop("simulated_s")
        upsets = self.loop.ledger.counts()
        tap = self.connection.tap
        return {
            "outcome": outcome,
            "target": self.order.target,
            "scenario": self.scenario.name,
            "vehicle": self.vehicle.name,
            "seed": self.scenario.seed,
            "open_loop": self.scenario.open_loop,
            "simulated_s": simulated_s,
            "wall_s": round(wall_s, 3),
            "real_time_factor": round(simulated_s / wall_s, 1) if wall_s > 0 else 0.0,
            "digest": self.recording.digest,
            "commands_digest": tap.commands_digest,
            **figures,
            "upsets": upsets,
            "link": {"bytes_sent": tap.bytes_sent, "bytes_received": tap.bytes_received},
            **self.connection.figures(),
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
            self.connection.close()


def explained(error: Exception, folder: Path, time_ns: int) -> InternalError:
    """The error that ended a run, as the command line tells it."""
    log = folder / "error.log"
    at = f"at {time_ns / 1e9:.1f} s of the flight"
    if isinstance(error, SimulatorDied):
        return SimulatorDied(f"{error}\n{at}; the recording is readable; {log}")
    return InternalError(f"{type(error).__name__}: {error}; {at}; traceback in {log}")


def note_what_flies(
    recording: Recording, scenario: Scenario, vehicle: Vehicle, target: str
) -> None:
    """Put scenario, vehicle, target and versions into the folder of a run."""
    flown = scenario.model_dump(mode="python", exclude_defaults=True)
    flown |= {"vehicle": "vehicle.toml", "seed": scenario.seed}
    recording.note("scenario.toml", toml_text.dump(flown))
    described = vehicle.model_dump(mode="python")
    described["radiator"]["panels_lost"] = 0  # the scenario says it
    recording.note("vehicle.toml", toml_text.dump(described))
    flew_on = {"target": target, **versions()}
    recording.note("versions.json", json.dumps(flew_on, indent=2) + "\n")
