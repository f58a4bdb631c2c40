"""The netlist of a board's controller, simulated in lockstep: the post-synthesis check."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, NoReturn

from hil import netlist
from hil.errors import InjectionError
from hil.targets.lockstep import Store
from hil.targets.rtl import RtlTarget

TOP = "gates_top"


class GatesTarget(RtlTarget):
    """What synthesis makes of the iCEBreaker's controller, cell by cell under Verilator.

    Nothing in it has the name it had in the RTL: flips and peeks raise InjectionError.
    """

    name: ClassVar[str] = "gates"
    transparent: ClassVar[bool] = False

    def __init__(self, verilog: Path | None = None, optimisation: str = "-O1") -> None:
        """Synthesise, build the simulation if need be, and start it.

        `verilog` is another netlist of that controller. Unoptimised, `-O0`, the simulation is
        compiled in a fifth of the time and runs at a third of the speed. Raises UsageError without
        yosys or when the simulation cannot be built, BuildError when synthesis fails.
        """
        made = netlist.netlist()
        files = (verilog or made.verilog, made.cell_models)
        super().__init__(made.trays, "verilator", TOP, netlist=files, optimisation=optimisation)

    def _flip(self, store: Store, word: int, mask: int) -> NoReturn:
        self._refuse(store.name)

    def _peek(self, store: Store, word: int) -> NoReturn:
        self._refuse(store.name)

    def flip_register(self, name: str, copy: str, mask: int) -> NoReturn:
        self._refuse(name)

    def _refuse(self, what: str) -> NoReturn:
        raise InjectionError(
            f"{what} cannot be reached: a netlist has no names for what is in it; "
            "flip it through the test key"
        )
