"""`rtl://?trays=18&baud=1000000&simulator=verilator|icarus`: the Verilog, simulated."""

from __future__ import annotations

from typing import ClassVar

from hil.errors import PortUrlError
from hil.ports.lockstep import LockstepPort, integer_option
from hil.targets.lockstep import TRAYS_DEFAULT, LockstepTarget


class Serial(LockstepPort):
    """Serial port with the simulated RTL at its other end."""

    scheme: ClassVar[str] = "rtl"
    options: ClassVar[tuple[str, ...]] = ("trays", "baud", "simulator")

    def create_target(self, options: dict[str, str]) -> LockstepTarget:
        # Here: pyserial hides an ImportError of a handler.
        from hil.targets.rtl import RtlTarget
        from hil.targets.simulation_build import SIMULATORS

        simulator = options.get("simulator")
        if simulator is not None and simulator not in SIMULATORS:
            raise PortUrlError(f"simulator={simulator}: must be {' or '.join(SIMULATORS)}")
        return RtlTarget(
            trays=integer_option(options, "trays", TRAYS_DEFAULT, 1, 32),
            simulator=simulator,
        )
