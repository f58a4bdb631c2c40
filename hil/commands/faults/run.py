"""`racksat faults run`: the cases of suites."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn
from rich.text import Text

EXIT_FAILED = 1
EXIT_BAD_INPUT = 2
EXIT_TOOL_ERROR = 3


def run(
    suites: Annotated[list[Path], typer.Argument(help="Suite files (.toml).")],
    target: Annotated[
        str, typer.Option(help="Payload controller: rtl, model, or the port of a board.")
    ] = "rtl",
    case: Annotated[
        list[str] | None, typer.Option(help="Run only the case of this name; may be repeated.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder: report.html, results.jsonl, recordings of all cases."),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Cases flown at a time.")] = 1,
    junit: Annotated[Path | None, typer.Option(help="Write the results as JUnit XML.")] = None,
) -> None:
    """Fly the cases of fault suites and check what was expected of them."""
    # Imported here: a listing of commands need not wait for numpy and the physics.
    from hil.connection import is_port
    from hil.errors import UsageError
    from hil.faults.junit import require_writable_file, write_junit
    from hil.faults.run import BAD_INPUT
    from hil.faults.session import CaseDone, Session
    from hil.faults.suite_report import write_report

    if is_port(target) and workers > 1:
        raise UsageError(f"--workers {workers}: a board flies one case at a time")
    if junit is not None:
        require_writable_file(junit)
    session = Session(suites, target, case or [], out)
    console = Console(highlight=False)
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=None)

        def show(done: CaseDone) -> None:
            bar.update(task, total=done.total, advance=1)
            line = Text(f"{done.number:3d}/{done.total} ")
            if done.result is None:
                line.append(f"skipped {done.name}: {done.reason}")
            else:
                held = done.result.held
                line.append(*(("held    ", "green") if held else ("FAILED  ", "bold red")))
                line.append(f"{done.name}: {done.result.outcome}")
                if not held:
                    line.append(f"\n{done.result.explained()}")
            console.print(line, soft_wrap=True)

        session.run(show, workers)
    if junit is not None:
        write_junit(junit, target, session.suites)
    if out is not None:
        console.print(f"report: {write_report(out)}", markup=False, soft_wrap=True)
    console.print(session.conclusion(), markup=False, soft_wrap=True)
    results = session.results
    errors = [result.error for result in results if result.error]
    if errors:
        bad_input = all(error.startswith(BAD_INPUT) for error in errors)
        raise typer.Exit(EXIT_BAD_INPUT if bad_input else EXIT_TOOL_ERROR)
    raise typer.Exit(0 if results and all(result.held for result in results) else EXIT_FAILED)
