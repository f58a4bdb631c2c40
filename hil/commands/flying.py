"""What `racksat run` and `racksat attach` share: fly an order, show it, tell how it went."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

import typer
from rich.console import Console

from hil import scenario as scenarios
from hil.board_connection import BoardOrder
from hil.flight import Flight, Order, Result
from hil.live import view_for
from hil.recording import free_folder
from hil.report import write_report
from hil.smaller_scenario import scaled_channels

EXIT_FAILED = 1


def fly_scenario(
    name: str,
    target: str,
    *,
    replay: Sequence[str],
    orbits: float | None,
    duration: float | None,
    seed: int | None,
    out: Path | None,
    live: bool,
    open_loop: bool = False,
    trays: int | None = None,
    board: BoardOrder | None = None,
) -> None:
    """Fly a scenario known by name or path, on `board` where that is given, and exit as `fly` does.

    `replay` are the words of the command line that flies it again, but for what is said here.
    """
    path = scenarios.find(name)
    scenario = scenarios.overridden(scenarios.load(path), orbits, duration, seed, open_loop)
    words = [*replay, "--seed", str(scenario.seed)]
    for option, value in (("--orbits", orbits), ("--duration", duration), ("--trays", trays)):
        words += [] if value is None else [option, repr(value)]
    words += ["--open-loop"] if open_loop else []
    folder = f"{scenario.name}-{'board' if board else target}-{scenario.seed}"
    order = Order(
        scenario=scenario,
        scenario_folder=path.parent,
        target=target,
        out=out or free_folder(folder),
        replay=shlex.join(words),
        trays=trays,
        board=board,
    )
    fly(order, live)


def fly(order: Order, live: bool) -> None:
    """Fly, write the report, and exit: 0 when every requirement held, else 1."""
    console = Console(highlight=False)
    flight = Flight(order)
    scenario = flight.scenario
    title = f"{scenario.name} · {flight.vehicle.name} · {order.target} · seed {scenario.seed}"
    scaled = [] if scenario is order.scenario else scaled_channels(scenario)
    if scaled:
        told = f"limits in the size of the vehicle: {', '.join(scaled)}"
        console.print(told, markup=False, soft_wrap=True)
    with view_for(console, live, title, flight.mission.duration_ns / 1e9) as view:
        try:
            result = flight.fly(view)
        except KeyboardInterrupt:
            told = f"racksat: stopped; what was recorded so far is readable: {order.out}"
            print(told, file=sys.stderr)
            raise
    report = write_report(result.folder)
    tell(console, result)
    if not result.held:
        again = f"seed {scenario.seed}; to fly it again: {order.replay}"
        console.print(again, markup=False, soft_wrap=True)
    console.print(f"report: {report}", markup=False, soft_wrap=True)
    raise typer.Exit(0 if result.held else EXIT_FAILED)


def tell(console: Console, result: Result) -> None:
    """Figures and verdicts."""
    summary = result.summary
    console.print(
        f"{summary['simulated_s']:.0f} s flown in {summary['wall_s']:.1f} s "
        f"(×{summary['real_time_factor']:.0f}), {summary['deadline_misses']} deadline misses, "
        f"digest {summary['digest'][:16]}",
        soft_wrap=True,
    )
    if "timing" in summary:
        _tell_timing(console, summary)
    if result.stopped:
        console.print("[bold red]STOPPED[/] ", end="")
        console.print(result.stopped, markup=False, soft_wrap=True)
    for verdict in result.verdicts:
        mark = "[green]held[/]  " if verdict.held else "[bold red]FAILED[/]"
        console.print(f"{mark} ", end="")
        console.print(str(verdict), markup=False, soft_wrap=True)


def _tell_timing(console: Console, summary: dict) -> None:  # type: ignore[type-arg]
    timing = summary["timing"]
    console.print(timing["identity"], markup=False, soft_wrap=True)
    for name, figures in (
        ("cycles began late", timing["cycle_begin_late"]),
        ("slot of 100 ms used", summary["slot_used"]),
        ("flight software's latency", timing["latency"]["flight"]),
        ("bench's latency", timing["latency"]["bench"]),
    ):
        if figures["count"]:
            console.print(
                f"{name}: median {figures['p50_ms']:.2f} ms, 99 % {figures['p99_ms']:.2f} ms, "
                f"longest {figures['max_ms']:.2f} ms",
                soft_wrap=True,
            )
    use = timing["utilisation"]
    console.print(
        f"link in use {100 * use['to_board']:.1f} % to the board, "
        f"{100 * use['from_board']:.1f} % from it; latency timer: {timing['latency_timer']}",
        soft_wrap=True,
        markup=False,
    )
    if timing["outages_s"] or timing["resets"]:
        console.print(
            f"{len(timing['outages_s'])} outages of the port, "
            f"{timing['resets']} resets of the board",
            soft_wrap=True,
        )
