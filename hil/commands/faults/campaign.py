"""`racksat faults campaign`: many faults, one at a time, and the shares of their outcomes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from hil.faults.campaign.order import Order

EXIT_TOOL_ERROR = 3


def campaign(
    file: Annotated[Path, typer.Argument(help="Campaign file, as tests/faults/campaigns/*.toml.")],
    samples: Annotated[
        int | None, typer.Option(help="This many, not what the file says; may be raised later.")
    ] = None,
    workers: Annotated[int, typer.Option(help="Processes on this machine.")] = 2,
    seed: Annotated[int | None, typer.Option(help="Instead of the file's.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder; runs/campaign-NAME-SEED by default. Resumed.")
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option(help="Address of a Dask scheduler that has workers.")
    ] = None,
    only: Annotated[
        int | None, typer.Option(help="Make this sample alone and print what happened.")
    ] = None,
) -> None:
    """Draw faults from a fault space, let each act, and report the shares of outcomes."""
    from hil.errors import UsageError
    from hil.faults.campaign.order import load

    if workers < 1:
        raise UsageError(f"--workers {workers}: must be >= 1")
    order = load(file, samples, seed)
    if only is not None:
        _one(order, only)
        return
    folder = out or Path("runs") / f"campaign-{order.file.name}-{order.seed}"
    _all(order, folder, workers, scheduler)


def _one(order: Order, number: int) -> None:
    from hil.errors import UsageError
    from hil.faults.campaign.experiments import open_experiment
    from hil.faults.campaign.sample import generator

    if number < 0:
        raise UsageError(f"--only {number}: must be >= 0")
    experiment = open_experiment(order)
    try:
        sample = experiment.sample(number, generator(order.seed, number))
    finally:
        experiment.close()
    for line in sample.told():
        typer.echo(line)


def _all(order: Order, folder: Path, workers: int, scheduler: str | None) -> None:
    from hil import clock
    from hil.faults.campaign.journal import Journal
    from hil.faults.campaign.progress import progress
    from hil.faults.campaign.report import write_report
    from hil.faults.campaign.run import run_campaign
    from hil.faults.campaign.summary import conclusion
    from hil.faults.campaign.workers import cluster, processes
    from hil.faults.outcome import Outcome

    journal = Journal(folder, order)
    begun = len(journal.samples)
    started_s, cpu_s = clock.wall_s(), clock.ended_children_cpu_s()
    try:
        with (
            cluster(scheduler) if scheduler is not None else processes(workers) as crew,
            progress(order.samples, begun) as advance,
        ):
            samples = run_campaign(order, journal, crew, advance)
    finally:
        journal.close()
    made = len(journal.samples) - begun
    elapsed_s = clock.wall_s() - started_s
    cpu_s = clock.ended_children_cpu_s() - cpu_s
    results = journal.write_results(len(samples))
    report = write_report(folder, order, samples)
    for line in conclusion(samples, order.file.stop):
        typer.echo(line)
    if made:
        spent = f", {1000 * cpu_s / made:.0f} ms of CPU time each" if scheduler is None else ""
        typer.echo(f"{made} injections in {elapsed_s:.1f} s: {made / elapsed_s:.1f}/s{spent}")
    typer.echo(f"{results}\n{report}")
    if any(sample.outcome is Outcome.TOOL_ERROR for sample in samples):
        raise typer.Exit(EXIT_TOOL_ERROR)
