"""`racksat replay`: flight software of today against a recorded run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

EXIT_DIFFERS = 1


def replay(
    run: Annotated[Path, typer.Argument(help="Folder of a run.")],
    out: Annotated[
        Path | None, typer.Option(help="Record what flight software does now into this folder.")
    ] = None,
) -> None:
    """Play flight software against a recorded run; exit code 1 at the first other decision."""
    from hil.replay import Replay

    console = Console(highlight=False)
    ready = Replay(run)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("replaying", total=1.0)
        outcome = ready.run(out, lambda share: progress.update(task, completed=share))
    console.print(str(outcome), markup=False, soft_wrap=True)
    if outcome.not_compared:
        names = ", ".join(outcome.not_compared)
        console.print(
            f"not compared, as only one side has it: {names}", markup=False, soft_wrap=True
        )
    raise typer.Exit(0 if outcome.same else EXIT_DIFFERS)
