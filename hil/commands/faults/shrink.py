"""`racksat faults shrink`: the smallest case that still fails."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer


def shrink(
    suite: Annotated[Path, typer.Argument(help="Suite file (.toml).")],
    case: Annotated[str, typer.Option(help="Name of a case that fails.")],
    target: Annotated[
        str, typer.Option(help="Payload controller: rtl (simulated Verilog) or model (Python).")
    ] = "rtl",
    out: Annotated[
        Path | None, typer.Option(help="File to write; runs/minimal-CASE.toml by default.")
    ] = None,
) -> None:
    """Reduce a failing case to fewer faults and shorter times that still fail in the same.

    The smallest case so far is on disk at any time, as a suite that can be flown as it stands.
    """
    # Imported here: a listing of commands need not wait for numpy and the physics.
    from hil.faults.run import run_case
    from hil.faults.session import file_name
    from hil.faults.shrink import Attempt, Shrinker, case_of, conclusion, write_case

    found = case_of(suite, case)
    path = out or Path("runs") / f"minimal-{file_name(case)}.toml"

    def keep() -> None:
        remarks = (f'Case "{case}" of {suite} on {target}: {conclusion(shrinker)}.',)
        write_case(path, shrinker.case, suite, (*remarks, f"Fails: {shrinker.failure}"))

    def show(attempt: Attempt) -> None:
        typer.echo(f"{attempt.number:3d}  {attempt.what}: {attempt.told}")
        if attempt.fails:
            keep()

    shrinker = Shrinker(found, lambda smaller: run_case(smaller, suite, target), show)
    typer.echo(f"to be kept: {shrinker.failure}")
    shrinker.shrink()
    keep()
    words = ["racksat", "faults", "run", str(path), "--target", target]
    typer.echo(f"{conclusion(shrinker)}\n{path}\nto fly it: {shlex.join(words)}")
