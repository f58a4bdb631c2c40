"""One flight of a case, with its faults or without: put together, flown, and gone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

import hil.ports  # noqa: F401  makes model:// and rtl:// known
from hil import scenario as scenarios
from hil.board_connection import BoardConnection, BoardOrder
from hil.complaints import complaints
from hil.connection import TARGETS, Connection, LockstepConnection, open_target
from hil.craft import Craft
from hil.errors import UsageError
from hil.faults.faulty_flight_side import FaultyFlightSide
from hil.faults.faulty_loop import FaultyLoop
from hil.faults.faulty_port import FaultyPort
from hil.faults.judge import Judge
from hil.faults.kinds import Needs
from hil.faults.language import Expectation
from hil.faults.ledger import Ledger
from hil.faults.plant_bends import PlantBends
from hil.faults.reports import Reports
from hil.faults.rig import Rig
from hil.faults.sensor_bends import SensorBends
from hil.faults.suite import Case, Fault, merged
from hil.flight import note_what_flies
from hil.flight_parameters import flight_parameters
from hil.memories import ConfigFrames, ControllerMemory, FlightMemory
from hil.mission import Mission, load_vehicle_of, plan
from hil.ports.lockstep import LockstepPort
from hil.recording import Recording
from hil.scenario import Scenario
from hil.targets.rtl import RtlTarget
from hil.view import Unwatched
from sim.vehicle import Vehicle, VehicleError, load_vehicle


@dataclass(frozen=True)
class Flown:
    """What a case flies: everything but faults and target."""

    scenario: Scenario
    vehicle: Vehicle
    mission: Mission
    parameters: Mapping[str, float]


def flown(case: Case, folder: Path) -> Flown:
    """Scenario, vehicle and mission of a case whose suite lies in `folder`. Raises UsageError."""
    scenario, vehicle = checked(case, folder)
    mission = plan(scenario, vehicle)
    return Flown(scenario, vehicle, mission, flight_parameters(vehicle, mission.orbit, scenario))


def checked(case: Case, folder: Path) -> tuple[Scenario, Vehicle]:
    """Scenario and vehicle of a case, which has all places that its faults strike.

    Raises UsageError, with case and fault.
    """
    try:
        path = _scenario_path(case.scenario, folder)
    except UsageError as error:
        raise UsageError(f'case "{case.name}": {error}') from error
    values: dict[str, Any] = scenarios.load(path).model_dump(exclude_unset=True)
    changes = {"duration": {"seconds": case.duration_s}, "seed": case.seed, "require": []}
    vehicle_folder = path.parent
    values = {**merged(values, case.scenario_values), **changes}
    if case.vehicle is not None:
        values["vehicle"], vehicle_folder = case.vehicle, folder
    try:
        scenario = Scenario.model_validate(values)
    except ValidationError as error:
        lines = "; ".join(complaints(error, scenarios.SECTIONS))
        raise UsageError(f'case "{case.name}": scenario_values: {lines}') from error
    vehicle = _vehicle(case, scenario, vehicle_folder)
    for number, fault in enumerate(case.fault, start=1):
        try:
            fault.kind.check(vehicle)
        except UsageError as error:
            raise UsageError(f'case "{case.name}": fault.{number}: {error}') from error
    return scenario, vehicle


class Unrecorded(Recording):
    """A recording that keeps nothing, where a flight need not be looked at again."""

    def __init__(self) -> None:
        self.closed = False

    @property
    def digest(self) -> str:
        """Of nothing."""
        return ""

    def note(self, name: str, text: str) -> None: ...

    def telemetry(self, topic: str, time_ns: int, values: Mapping[str, Any]) -> None: ...

    def link(self, time_ns: int, direction: int, data: bytes) -> None: ...

    def event(
        self,
        time_ns: int,
        source: str,
        severity: str,
        name: str,
        text: str,
        fields: Mapping[str, Any] | None = None,
    ) -> None: ...

    def flush(self) -> None: ...

    def close(self, summary: Mapping[str, Any] | None = None) -> None:
        self.closed = True


@contextmanager
def connected(target: str, trays: int, needs: Needs = Needs.ANY) -> Iterator[Connection]:
    """A fresh controller on a simulated target, or the board at a port.

    Raises UsageError for a target that is neither, or a board that is not as needed.
    """
    connection: Connection
    if target not in TARGETS:
        connection = BoardConnection(BoardOrder(target, trays=trays))
    elif needs is Needs.NAMES:
        connection = LockstepConnection(_NamedRtlPort(f"rtl://?trays={trays}"))
    else:
        connection = LockstepConnection(open_target(target, trays))
    try:
        yield connection
    finally:
        connection.close()


def assemble(
    what: Flown,
    connection: Connection,
    faults: Sequence[Fault] = (),
    expectations: Sequence[Expectation] = (),
    record: Path | None = None,
    target: str = "",
) -> FaultyLoop:
    """A flight that begins now; recorded into `record` where that is given."""
    # Each flight draws its noise from the begin: the generator of a mission would go on.
    mission = replace(what.mission, sensor_noise=deepcopy(what.mission.sensor_noise))
    reports = Reports()
    craft = Craft.at_start(what.vehicle, what.scenario.initial, reports)
    controller, tap = connection.target, connection.tap
    bad_line = FaultyPort(tap.port, lambda: controller.now_ns)
    tap.port = bad_line
    flight = FaultyFlightSide(tap, mission, what.parameters)
    ledger = Ledger(
        {
            "controller_memory": ControllerMemory(controller, reports),
            "flight_memory": FlightMemory(flight.store),
            "config_frames": ConfigFrames(controller, reports),
        },
        craft,
    )
    recording = Unrecorded() if record is None else Recording(record, tap.byte_ns)
    if record is not None:
        note_what_flies(recording, what.scenario, what.vehicle, target)
    rig = Rig(
        mission,
        craft,
        PlantBends(craft),
        SensorBends(),
        tap,
        bad_line,
        controller,
        flight,
        ledger,
        [],
    )
    loop = FaultyLoop(rig, faults, Judge(expectations), ledger, reports, recording)
    connection.record_into(recording, loop.tell)
    connection.start()
    return loop


def fly(loop: FaultyLoop) -> None:
    """All of it."""
    loop.fly(Unwatched())


class _NamedRtlPort(LockstepPort):
    """The RTL with every register in reach by its name."""

    scheme = "rtl"
    options = ("trays", "baud")

    def create_target(self, options: dict[str, str]) -> RtlTarget:
        return RtlTarget(trays=int(options["trays"]), names=True)


def _scenario_path(name: str, folder: Path) -> Path:
    return scenarios.find(str(folder / name) if name.endswith(".toml") else name)


def _vehicle(case: Case, scenario: Scenario, folder: Path) -> Vehicle:
    if not case.vehicle_values:
        try:
            return load_vehicle_of(scenario, folder)
        except UsageError as error:
            raise UsageError(f'case "{case.name}": {error}') from error
    name: str | Path = scenario.vehicle
    if scenario.vehicle.endswith(".toml"):
        name = folder / scenario.vehicle
    values = dict(case.vehicle_values)
    if scenario.faults.panels_lost:
        values = merged({"radiator": {"panels_lost": scenario.faults.panels_lost}}, values)
    try:
        return load_vehicle(name, values)
    except VehicleError as error:
        raise UsageError(f'case "{case.name}": vehicle_values: {error}') from error
