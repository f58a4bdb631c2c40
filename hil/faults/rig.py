"""Where a fault can act on a satellite that flies."""

from __future__ import annotations

from dataclasses import dataclass

from hil.craft import Craft
from hil.faults.faulty_flight_side import FaultyFlightSide
from hil.faults.faulty_port import FaultyPort
from hil.faults.ledger import Ledger
from hil.faults.plant_bends import PlantBends
from hil.faults.sensor_bends import SensorBends
from hil.link_tap import LinkTap
from hil.mission import Mission
from hil.targets.target import Target
from sim.upsets import Upset


@dataclass
class Rig:
    """The places."""

    mission: Mission
    craft: Craft  # the true state
    plant: PlantBends  # actuators as they act, vehicle, state, environment
    sensors: SensorBends  # as they are shown to the controller
    tap: LinkTap  # what flight software sends and receives
    port: FaultyPort  # the link, between flight software and the controller
    target: Target  # the controller beside the link
    flight: FaultyFlightSide  # flight software, its store and its clock
    upsets: Ledger  # strikes memories and trays, and follows each upset to its fate
    coming: list[Upset]  # further upsets that are due, in order of time
    now_ns: int = 0

    @property
    def trays(self) -> int:
        """Trays of the rack."""
        return self.mission.vehicle.rack.trays
