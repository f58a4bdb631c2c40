"""`gates://?netlist=FILE&optimise=1&baud=1000000`: the netlist of the iCEBreaker's controller.

Without `netlist` it is synthesised; `optimise=0` is for a few tests, that compiling outweighs.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from hil.errors import PortUrlError
from hil.ports.lockstep import LockstepPort, integer_option
from hil.targets.lockstep import LockstepTarget


class Serial(LockstepPort):
    """Serial port with the simulated netlist at its other end."""

    scheme: ClassVar[str] = "gates"
    options: ClassVar[tuple[str, ...]] = ("netlist", "optimise", "baud")

    def create_target(self, options: dict[str, str]) -> LockstepTarget:
        # Here: pyserial hides an ImportError of a handler.
        from hil.targets.gates import GatesTarget

        verilog = Path(options["netlist"]) if "netlist" in options else None
        if verilog is not None and not verilog.is_file():
            raise PortUrlError(f"netlist={verilog}: no such file")
        return GatesTarget(verilog, f"-O{integer_option(options, 'optimise', 1, 0, 3)}")
