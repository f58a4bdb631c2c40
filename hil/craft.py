"""The spacecraft under way: its present state, and what upsets do to its trays."""

from __future__ import annotations

from typing import Self

from hil.errors import InternalError
from hil.faults.reports import Reports
from hil.mission import CYCLE_S
from hil.scenario import Initial
from sim.actuators import Actuators
from sim.compute_rack import apply_upset, pending_upsets
from sim.environment import Environment
from sim.sensors import Sensors
from sim.spacecraft import Flows, State, initial_state, step, telemetry
from sim.tray_memory import good_weights
from sim.tray_modes import RUNNING
from sim.upsets import Upset
from sim.vehicle import Vehicle


class Craft:
    """State and last flows of the spacecraft; the ledger's view of its trays."""

    def __init__(self, vehicle: Vehicle, state: State, reports: Reports) -> None:
        self.vehicle = vehicle
        self.state = state
        self.flows: Flows | None = None
        self._reports = reports

    @classmethod
    def at_start(cls, vehicle: Vehicle, start: Initial, reports: Reports) -> Self:
        """A spacecraft as a scenario begins with it."""
        return cls(
            vehicle, initial_state(vehicle, soc=start.soc, coolant_c=start.coolant_c), reports
        )

    def move(self, actuators: Actuators, environment: Environment, demand: float) -> None:
        """The physics of one minor cycle."""
        self.state, self.flows = step(
            self.vehicle, self.state, actuators, environment, demand, CYCLE_S
        )

    def sense(self, sensors: Sensors, environment: Environment) -> bytes:
        """The sensor vector as it is now."""
        return sensors.encode(self.state, self._flowed, environment)

    def telemetry(self) -> dict[str, float]:
        """The truth, by name."""
        return telemetry(self.vehicle, self.state, self._flowed)

    @property
    def _flowed(self) -> Flows:
        if self.flows is None:
            raise InternalError("the spacecraft has not moved yet: nothing flowed")
        return self.flows

    def strike(self, upset: Upset) -> bool:
        """Let an upset act on a tray; False when it met nothing."""
        before = self.state.rack
        self.state = apply_upset(self.state, upset)
        met: bool = self.state.rack.modes.powered[0, upset.tray]
        return self.state.rack is not before and bool(met)

    def damaged(self, upset: Upset) -> bool:
        """Whether what this upset did is still there; a struck tray has to run again."""
        tray, rack = upset.tray, self.state.rack
        if upset.element == "weights":
            mask = sum(1 << bit for bit in upset.bits)
            wrong = int(rack.memory.weights[0, tray, upset.index])
            good = int(good_weights(self.vehicle.rack.trays)[tray, upset.index])
            return bool((wrong ^ good) & mask)
        if upset.element == "hbm_uncorrectable":
            return bool(rack.memory.suspect[0, tray])
        pending = pending_upsets(self.state)
        return bool(
            pending.hung[0, tray] or pending.latchup[0, tray] or rack.modes.mode[0, tray] != RUNNING
        )

    def reported(self, upset: Upset) -> int:
        """Times that damage of this kind was noticed on this tray so far."""
        memory = self.state.rack.memory
        if upset.element == "weights":
            return int(memory.digest_errors[0, upset.tray])
        if upset.element == "hbm_uncorrectable":
            return int(memory.hbm_uncorrectable[0, upset.tray])
        return self._reports.tray[upset.tray]
