"""The post-synthesis check: what `make gates` does.

Synthesises the iCEBreaker's controller, runs the conformance suite on its netlist, and then a part
of it on a netlist with one wrong LUT, which must fail.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from hil import clock
from hil.errors import InternalError, RacksatError, UsageError
from hil.netlist import Netlist, netlist
from hil.targets.gates import GatesTarget
from hil.targets.kept import ROOT

SUITE = "tests/conformance"
OUTPUTS = f"{SUITE}/test_setpoints.py"  # looks at all actuators
TICKS = 20_000  # to measure the speed with

# A LUT whose output is a bit of the actuators, in yosys' Verilog.
OUTPUT_LUT = re.compile(
    r"(SB_LUT4 #\(\s*\.LUT_INIT\(16'h)([0-9a-f]{4})(?=\)\s*\) \S+ \([^;]*\.O\(o_actuators\[)"
)


def main() -> int:
    """Check; exit code 0 when the netlist conforms and the wrong one does not."""
    try:
        if not (ROOT / SUITE).is_dir():
            raise UsageError(f"no {SUITE} in {ROOT}: the check is made in a checkout of racksat")
        start_s = clock.wall_s()
        made = netlist()
        cells = ", ".join(f"{number} {kind}" for kind, number in sorted(made.cells.items()))
        print(f"netlist: {sum(made.cells.values())} cells ({cells}), {made.verilog}")
        print(f"  after {clock.wall_s() - start_s:.0f} s", flush=True)
        with GatesTarget() as target:
            print(f"simulation: after {clock.wall_s() - start_s:.0f} s")
            print(f"  {measure(target):,.0f} clocks/s", flush=True)
        code = conformance([SUITE], "gates://")
        print(f"conformance: after {clock.wall_s() - start_s:.0f} s", flush=True)
        if code == 0:
            code = check_that_it_can_fail(made)
        print(f"done after {clock.wall_s() - start_s:.0f} s", flush=True)
        return code
    except RacksatError as error:
        print(f"post-synthesis check: {error}", file=sys.stderr)
        return error.exit_code


def measure(target: GatesTarget) -> float:
    """Clocks a second while ticks pass."""
    clocks, start_s = target.clocks(), clock.wall_s()
    target.advance_to(target.now_ns + TICKS * target.tick_ns)
    return (target.clocks() - clocks) / (clock.wall_s() - start_s)


def conformance(arguments: Sequence[str], url: str) -> int:
    """Run pytest against a target; its exit code, 1 when some tests failed."""
    command = [sys.executable, "-m", "pytest", "-q", *arguments, "--target", url]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def check_that_it_can_fail(made: Netlist) -> int:
    """Run tests on a netlist with a wrong LUT; exit code 0 when some of them failed."""
    wrong = made.verilog.with_name("wrong_lut.v")
    told = write_wrong_lut(made.verilog, wrong)
    print(f"{told}: tests have to fail", flush=True)
    code = conformance(["--tb=no", OUTPUTS], f"gates://?netlist={wrong}&optimise=0")
    print("some did" if code == 1 else f"none did: pytest ended with {code}")
    return 0 if code == 1 else 1


def write_wrong_lut(verilog: Path, wrong: Path) -> str:
    """Copy a netlist with one LUT inverted, one that drives an actuator; says which it is.

    Raises InternalError when the netlist has none.
    """
    text = verilog.read_text(encoding="utf-8")
    lut = OUTPUT_LUT.search(text)
    if lut is None:
        raise InternalError(f"{verilog}: no SB_LUT4 drives an actuator")
    table = f"{int(lut[2], 16) ^ 0xFFFF:04x}"
    wrong.write_text(text[: lut.start(2)] + table + text[lut.end(2) :], encoding="utf-8")
    line = text.count("\n", 0, lut.start()) + 1
    return f"{wrong}: LUT of line {line} is {table}, not {lut[2]}"


if __name__ == "__main__":
    sys.exit(main())
