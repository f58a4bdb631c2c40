"""The command line: fly a scenario, rebuild a report, list scenarios, build a bitstream.

Exit codes: 0 every requirement held, 1 one failed, 2 bad usage or input, 3 internal error.
"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from hil import scenario as scenarios
from hil.errors import RacksatError, UsageError
from hil.recording import free_folder
from hil.scenario import Duration, Scenario

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
        str, typer.Option(help="Payload controller: rtl (simulated Verilog) or model (Python).")
    ] = "rtl",
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
    from hil.flight import Flight, Order
    from hil.live import view_for
    from hil.report import write_report

    path = scenarios.find(scenario)
    flown = _overridden(scenarios.load(path), orbits, duration, seed)
    order = Order(
        scenario=flown,
        scenario_folder=path.parent,
        target=target,
        out=out or free_folder(f"{flown.name}-{target}-{flown.seed}"),
        open_loop=open_loop,
        replay=_replay(scenario, target, orbits, duration, flown.seed, open_loop),
    )
    console = Console(highlight=False)
    flight = Flight(order)
    title = f"{flown.name} · {flight.vehicle.name} · {target} · seed {flown.seed}"
    with view_for(console, live, title, flight.mission.duration_ns / 1e9) as view:
        result = flight.fly(view)
    report = write_report(result.folder)
    summary = result.summary
    console.print(
        f"{summary['simulated_s']:.0f} s flown in {summary['wall_s']:.1f} s "
        f"(×{summary['real_time_factor']:.0f}), {summary['deadline_misses']} deadline misses, "
        f"digest {summary['digest'][:16]}",
        soft_wrap=True,
    )
    for verdict in result.verdicts:
        mark = "[green]held[/]  " if verdict.held else "[bold red]FAILED[/]"
        console.print(f"{mark} ", end="")
        console.print(str(verdict), markup=False, soft_wrap=True)
    if not result.held:
        again = f"seed {flown.seed}; to fly it again: {order.replay}"
        console.print(again, markup=False, soft_wrap=True)
    console.print(f"report: {report}", markup=False, soft_wrap=True)
    raise typer.Exit(0 if result.held else EXIT_FAILED)


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


def main() -> None:
    """Entry point: a short message instead of a traceback, and the exit code that belongs to it."""
    try:
        app()
    except RacksatError as error:
        print(f"racksat: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        print("racksat: stopped; what was recorded so far is readable", file=sys.stderr)
        sys.exit(EXIT_INTERRUPTED)


def _overridden(
    scenario: Scenario, orbits: float | None, duration: float | None, seed: int | None
) -> Scenario:
    """The scenario with what the command line says instead. Raises UsageError."""
    if orbits is not None and duration is not None:
        raise UsageError("--orbits and --duration: give one of them")
    for option, value in (("--orbits", orbits), ("--duration", duration)):
        if value is not None and not 0 < value < float("inf"):
            raise UsageError(f"{option} {value:g}: must be > 0")
    if seed is not None and not 0 <= seed < 2**63:
        raise UsageError(f"--seed {seed}: must be 0 to {2**63 - 1}")
    changes: dict[str, object] = {}
    if orbits is not None or duration is not None:
        changes["duration"] = Duration(orbits=orbits, seconds=duration)
    if seed is not None:
        changes["seed"] = seed
    return scenario.model_copy(update=changes)


def _replay(
    scenario: str,
    target: str,
    orbits: float | None,
    duration: float | None,
    seed: int,
    open_loop: bool,
) -> str:
    words = ["racksat", "run", scenario, "--target", target, "--seed", str(seed)]
    if orbits is not None:
        words += ["--orbits", repr(orbits)]
    if duration is not None:
        words += ["--duration", repr(duration)]
    if open_loop:
        words.append("--open-loop")
    return shlex.join(words)


if __name__ == "__main__":
    main()
