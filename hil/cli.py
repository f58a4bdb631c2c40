"""The command line: fly, serve, replay and compare runs, rebuild a report, boards, and so on.

Exit codes: 0 every requirement held, 1 one failed, 2 bad usage or input, 3 internal error.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from hil import scenario as scenarios
from hil.commands import attach, boards, compare, faults, replay, selftest, serve
from hil.errors import RacksatError, UsageError

EXIT_FAILED = 1
EXIT_INTERRUPTED = 130  # as shells do for SIGINT

app = typer.Typer(
    help="Fly the software of a rack-satellite against its payload controller.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command()
def run(
    scenario: Annotated[
        str, typer.Argument(help="A scenario's name, or the path of a .toml file.")
    ] = "nominal",
    target: Annotated[
        str,
        typer.Option(
            help="Payload controller: rtl (simulated Verilog), model (Python), or the port of a "
            "board, as racksat attach takes it."
        ),
    ] = "rtl",
    trays: Annotated[
        int | None, typer.Option(help="Fly the vehicle in the size of so many trays.")
    ] = None,
    orbits: Annotated[
        float | None, typer.Option(help="Fly this many orbits, not what the scenario says.")
    ] = None,
    duration: Annotated[
        float | None, typer.Option(help="Fly this many seconds, not what the scenario says.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of noise and upsets.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the run; runs/SCENARIO-TARGET-SEED by default.")
    ] = None,
    live: Annotated[
        bool, typer.Option("--live/--no-live", help="Live view, where there is a terminal.")
    ] = True,
    open_loop: Annotated[
        bool, typer.Option("--open-loop", help="Leave flight software's control laws out.")
    ] = False,
) -> None:
    """Fly a scenario, check its requirements, and record the run."""
    # Imported here: a listing of commands need not wait for numpy and the physics.
    from hil.board_connection import BoardOrder
    from hil.commands.flying import fly_scenario
    from hil.connection import is_port
    from hil.targets.lockstep import TRAYS_MAXIMUM

    board = None
    if is_port(target):
        if trays is not None:
            raise UsageError("--trays is of a simulated target: a board has the trays it has")
        board = BoardOrder(target)
    elif trays is not None and not 1 <= trays <= TRAYS_MAXIMUM:
        raise UsageError(f"--trays {trays}: must be 1 to {TRAYS_MAXIMUM}")
    fly_scenario(
        scenario,
        target,
        replay=["racksat", "run", scenario, "--target", target],
        orbits=orbits,
        duration=duration,
        seed=seed,
        out=out,
        live=live,
        open_loop=open_loop,
        trays=trays,
        board=board,
    )


@app.command()
def report(
    run: Annotated[Path, typer.Argument(help="Folder of a run.")],
) -> None:
    """Rebuild report.html of a run from its recording."""
    from hil.report import write_report

    typer.echo(write_report(run))


@app.command("scenarios")
def list_scenarios() -> None:
    """List the scenarios that come with racksat."""
    table = Table(box=None, pad_edge=False)
    for column in ("scenario", "vehicle", "flies", "what it shows"):
        table.add_column(column, overflow="fold")
    for name in scenarios.names():
        known = scenarios.load(scenarios.find(name))
        length = known.duration
        flies = f"{length.orbits:g} orbits" if length.orbits else f"{length.seconds:g} s"
        table.add_row(name, known.vehicle, flies, known.description)
    Console(highlight=False).print(table)


@app.command()
def bitstream(
    board: Annotated[str, typer.Argument(help="icebreaker, ulx3s or tangnano9k.")],
    device: Annotated[
        str | None, typer.Option(help="Another device the board is sold with, as 85k.")
    ] = None,
) -> None:
    """Build the controller for a dev board; report its speed and size."""
    from hil import bitstream as bitstreams

    built = bitstreams.build(bitstreams.order(board, device), typer.echo)
    typer.echo(built.conclusion())
    raise typer.Exit(0 if built.placement.met else EXIT_FAILED)


app.command("attach")(attach.attach)
app.command("boards")(boards.boards)
app.command("compare")(compare.compare)
app.add_typer(faults.app, name="faults")
app.command("replay")(replay.replay)
app.command("serve")(serve.serve)
app.command("selftest")(selftest.selftest)


def main() -> None:
    """Entry point: a short message instead of a traceback, and the exit code that belongs to it."""
    try:
        app()
    except RacksatError as error:
        print(f"racksat: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)


if __name__ == "__main__":
    main()
