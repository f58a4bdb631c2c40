"""`racksat faults report`: the report of a run of suites, made anew."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def report(
    folder: Annotated[Path, typer.Argument(help="What racksat faults run --out wrote.")],
) -> None:
    """Write report.html from what a run of suites left behind, also one that was killed."""
    # Imported here: other commands need not wait for numpy, matplotlib and the physics.
    from hil.faults.suite_report import write_report

    typer.echo(write_report(folder))
