"""All gateware mutants in one simulation: a register beside the controller says which one acts.

Each expression of the table becomes `(mutant == N) ? wrong : right` in a copy of its file. The
register is in the copy of the bench's upset injector; the message that flips a copy of a
triplicated register sets it, with a number that no register has. So nothing of this is in the
gateware that is shipped, nor in the bench, and a mutant costs a process and no build.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from gateware.bench import message
from gateware.formal.mutant import replaced_once
from hil.targets.kept import cache_directory
from hil.targets.lockstep import TRAYS_DEFAULT
from hil.targets.rtl import INJECTOR_TOP, RtlTarget
from hil.targets.simulation_build import GATEWARE
from tests.faults.mutants.gateware_table import GATEWARE_MUTANTS, Change, GatewareMutant

SELECT = 255  # "number" of the register that says which mutant acts
SELECTED = f"{INJECTOR_TOP}.injector.mutant"
INJECTOR = "upset_injector.v"


def number_of(name: str) -> int:
    """Number of a mutant, 1 for the first. Raises KeyError, which names them all."""
    names = [mutant.name for mutant in GATEWARE_MUTANTS]
    if name not in names:
        raise KeyError(f"no gateware mutant {name!r}; there is {', '.join(names)}")
    return names.index(name) + 1


def mutated_files(
    folder: Path, mutants: Iterable[GatewareMutant] = GATEWARE_MUTANTS, gateware: Path = GATEWARE
) -> tuple[Path, ...]:
    """Write the copies into `folder`. Raises ValueError when the text of a mutant is gone."""
    folder.mkdir(parents=True, exist_ok=True)
    wrong: dict[tuple[str, str, str], list[tuple[int, Change, str]]] = {}
    for number, mutant in enumerate(mutants, 1):
        for change in mutant.changes:
            place = (change.file, change.at, change.old)
            wrong.setdefault(place, []).append((number, change, mutant.name))
    texts: dict[str, str] = {}
    for (file, at, old), changes in wrong.items():
        text = texts.get(file) or (gateware / "rtl" / file).read_text(encoding="utf-8")
        chosen = "".join(f"({SELECTED} == 8'd{n}) ? ({c.new}) : " for n, c, _ in changes)
        names = ", ".join(repr(name) for _, _, name in changes)
        texts[file] = replaced_once(
            text,
            at.replace("@", old),
            at.replace("@", f"({chosen}({old}))"),
            f"mutant {names}: {file}",
        )
    texts[INJECTOR] = _with_select((gateware / "bench" / INJECTOR).read_text(encoding="utf-8"))
    files = []
    for file, text in sorted(texts.items()):
        path = folder / file
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
        files.append(path)
    return tuple(files)


def _with_select(text: str) -> str:
    last = "    reg struck = 0;  // the copy is flipped\n"
    select = f"""
    reg [7:0] mutant = 0;

    always @(posedge i_clk)
        if (struck) if (register == {SELECT}) begin
            mutant  <= mask[7:0];
            flipped <= mask;
        end
"""
    return replaced_once(text, last, last + select, f"the select of mutants: {INJECTOR}")


class MutantTarget(RtlTarget):
    """The controller with every defect of the table in it, of which one acts, or none."""

    mutant = 0  # number of the one that acts; 0: the controller as it is

    def __init__(
        self,
        trays: int = TRAYS_DEFAULT,
        simulator: str | None = None,
        top: str = INJECTOR_TOP,
        parameters: dict[str, int] | None = None,
        netlist: tuple[Path, ...] = (),
        optimisation: str = "-O3",
        names: bool = False,
    ) -> None:
        """As RtlTarget. The files are kept beside the simulations."""
        assert not netlist, "a netlist has no mutants"
        files = mutated_files(cache_directory("mutants") / "verilog")
        super().__init__(trays, simulator, top, parameters, files, optimisation, names)
        self.select(self.mutant)

    def select(self, number: int) -> None:
        """Let mutant `number` act from now on."""
        self.actuators()  # what is queued comes first
        request = message.REGISTER.pack(SELECT, 0, number)
        answer = self.process.call(message.FLIP_REGISTER, request)
        _, taken = message.COPIES.unpack_from(answer)
        if taken != number:
            raise RuntimeError(f"mutant {number} not selected: the simulation says {taken}")
