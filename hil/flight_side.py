"""Flight software's side of a loop: what flies, its protected store, and the ground it hears.

Whatever is at the other end of the port, flight software is given the same: the link, the mission
time of each minor cycle, and the ground's telecommands. Nothing of a wall clock reaches it.
"""

from __future__ import annotations

from collections.abc import Mapping

from fsw.events import Event
from fsw.flight_software import FlightSoftware
from fsw.payload_link import Port
from fsw.protected_memory import ProtectedMemory
from fsw.telemetry import Value, decode_housekeeping
from hil.ground import Ground
from hil.mission import Mission


class FlightSide:
    """Flight software on an open port, as a mission flies it.

    `store` is its protected memory, which upsets may strike between two minor cycles. Raises
    ParameterError on parameters that are unknown or out of range.
    """

    def __init__(self, port: Port, mission: Mission, parameters: Mapping[str, float]) -> None:
        self.store = ProtectedMemory(ProtectedMemory.new_store())
        self._port, self._mission, self._parameters = port, mission, parameters
        self._ground = Ground(mission)
        self.start()

    def start(self) -> None:
        """Start flight software anew; what it takes up again is in its protected store."""
        self.software = FlightSoftware(
            self._port,
            self.store,
            self._mission.vehicle.rack.trays,
            self._parameters,
            open_loop=self._mission.scenario.open_loop,
        )

    def minor_cycle(self, time_ns: int) -> None:
        """What the ground has to say by this mission time, then a minor cycle with its traffic."""
        packet = self._ground.packet_due(time_ns)
        if packet is not None:
            self.software.uplink(packet)
        self.software.minor_cycle(time_ns)

    def events(self) -> list[Event]:
        """Events since the last call."""
        return self.software.drain_events()

    def housekeeping(self) -> dict[str, Value]:
        """Housekeeping as the ground receives it: floats have come down in single precision."""
        _, values = decode_housekeeping(self.software.downlink())
        return values
