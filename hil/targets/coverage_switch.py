"""Whether simulations are built to measure coverage, and where they leave what they measure.

Set by `python -m hil.coverage`, which runs the test benches: `RACKSAT_COVERAGE` names a directory.
"""

from __future__ import annotations

import itertools
import os
from pathlib import Path

VARIABLE = "RACKSAT_COVERAGE"  # environment
# As wide as the sensor vector of 18 trays: only RAMs are left out of the toggles.
ARGUMENTS = ("--coverage-line", "--coverage-toggle", "--coverage-max-width", "2560")
SUFFIX = ".dat"

_runs = itertools.count()


def measuring() -> bool:
    """Whether coverage is measured."""
    return bool(os.environ.get(VARIABLE))


def verilator_arguments() -> tuple[str, ...]:
    """What Verilator is to be called with besides the rest."""
    return ARGUMENTS if measuring() else ()


def simulation_arguments() -> list[str]:
    """What a simulation is to be started with: a file of its own, written when it ends."""
    if not measuring():
        return []
    file = Path(os.environ[VARIABLE]) / f"{os.getpid()}-{next(_runs)}{SUFFIX}"
    return [f"+verilator+coverage+file+{file}"]
