"""What `racksat run` and `racksat attach` share: fly an order, show it, tell how it went."""

from __future__ import annotations

import typer
from rich.console import Console

from hil.flight import Flight, Order, Result
from hil.live import view_for
from hil.report import write_report

EXIT_FAILED = 1


def fly(order: Order, live: bool) -> None:
    """Fly, write the report, and exit: 0 when every requirement held, else 1."""
    console = Console(highlight=False)
    flight = Flight(order)
    scenario = order.scenario
    title = f"{scenario.name} · {flight.vehicle.name} · {order.target} · seed {scenario.seed}"
    with view_for(console, live, title, flight.mission.duration_ns / 1e9) as view:
        result = flight.fly(view)
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
