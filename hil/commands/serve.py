"""`racksat serve`: the controller with the spacecraft behind it, as a serial device."""

from __future__ import annotations

import os
import shlex
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from hil import scenario as scenarios
from hil.errors import UsageError
from hil.recording import free_folder

EXIT_FAILED = 1
LOCALHOST = "127.0.0.1"
BAUD_MAX = 100_000_000


def serve(
    scenario: Annotated[
        str, typer.Argument(help="A scenario's name, or the path of a .toml file.")
    ] = "nominal",
    target: Annotated[
        str, typer.Option(help="Payload controller: rtl (simulated Verilog) or model (Python).")
    ] = "rtl",
    pty: Annotated[bool, typer.Option("--pty", help="Serve on a pseudo-terminal.")] = False,
    link: Annotated[
        Path | None, typer.Option(help="With --pty: keep a symbolic link to it here.")
    ] = None,
    tcp: Annotated[
        str | None,
        typer.Option(
            metavar="[HOST:]PORT", help="Serve on a TCP port, of localhost; 0 takes a free one."
        ),
    ] = None,
    speed: Annotated[float, typer.Option(help="Simulated seconds a second.")] = 1.0,
    baud: Annotated[int, typer.Option(help="Of the line to the controller.")] = 1_000_000,
    orbits: Annotated[
        float | None, typer.Option(help="Fly this many orbits, not what the scenario says.")
    ] = None,
    duration: Annotated[
        float | None, typer.Option(help="Fly this many seconds, not what the scenario says.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of noise and upsets.")] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder of the run; runs/SCENARIO-serve-TARGET-SEED by default."),
    ] = None,
) -> None:
    """Serve the controller and its spacecraft as a serial device, in real time."""
    if pty == (tcp is not None):
        raise UsageError("give --pty or --tcp PORT, one of them")
    if link is not None and not pty:
        raise UsageError("--link needs --pty: a TCP port has no device to link to")
    address = None if tcp is None else tcp_address(tcp)
    if not 0.001 <= speed <= 1000.0:
        raise UsageError(f"--speed {speed:g}: must be 0.001 to 1000")
    if not 1 <= baud <= BAUD_MAX:
        raise UsageError(f"--baud {baud}: must be 1 to {BAUD_MAX}")
    # Imported here: a listing of commands need not wait for numpy and the physics.
    from hil.report import write_report
    from hil.serve import ServeOrder, Service
    from hil.served_port import PtyPort, ServedPort, TcpPort

    path = scenarios.find(scenario)
    flown = scenarios.overridden(scenarios.load(path), orbits, duration, seed)
    words = ["racksat", "serve", scenario, "--target", target, "--seed", str(flown.seed)]
    words += ["--speed", f"{speed:g}", "--baud", str(baud)]
    words += ["--pty"] if tcp is None else ["--tcp", tcp]
    for option, value in (("--link", link), ("--orbits", orbits), ("--duration", duration)):
        words += [] if value is None else [option, str(value)]
    port: ServedPort = PtyPort(link) if address is None else TcpPort(*address)
    try:
        service = Service(
            ServeOrder(
                scenario=flown,
                scenario_folder=path.parent,
                target=target,
                out=out or free_folder(f"{flown.name}-serve-{target}-{flown.seed}"),
                baud=baud,
                speed=speed,
                replay=shlex.join(words),
            )
        )
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: service.stop())
        say(f"racksat serve: {port.address}")
        say(
            f"{flown.name} · {service.vehicle.name} · {target} · seed {flown.seed} · "
            f"{service.mission.duration_ns / 1e9:.0f} s at ×{speed:g} · Ctrl-C ends it"
        )
        if service.unchecked:
            channels = ", ".join(requirement.channel for requirement in service.unchecked)
            say(f"not checked, as they need racksat's own flight software: {channels}")
        served = service.serve(port, say)
    finally:
        port.close()
    report = write_report(served.folder)
    summary = served.summary
    link_figures, pace = summary["link"], summary["pace"]
    say(
        f"{summary['simulated_s']:.1f} s simulated in {summary['wall_s']:.1f} s, held back by "
        f"{pace['lost_s']:.1f} s; {link_figures['sessions']} sessions, "
        f"{link_figures['bytes_sent']} bytes received, {link_figures['bytes_received']} sent, "
        f"{link_figures['bytes_lost']} lost"
    )
    if served.ended:
        for verdict in served.verdicts:
            say(f"{'held  ' if verdict.held else 'FAILED'} {verdict}")
    say(f"report: {report}")
    raise typer.Exit(EXIT_FAILED if summary["outcome"] == "failed" else 0)


def tcp_address(text: str) -> tuple[str, int]:
    """Host and port out of `[HOST:]PORT`. Raises UsageError."""
    host, _, port = text.rpartition(":")
    if not port.isascii() or not port.isdecimal() or int(port) > 65535:
        raise UsageError(f"--tcp {text}: expected [HOST:]PORT with a port from 0 to 65535")
    return host.strip("[]") or LOCALHOST, int(port)


def say(line: str) -> None:
    """A line for whoever started it, a person or a script, at once."""
    try:
        print(line, flush=True)
    except BrokenPipeError:  # a script that wanted to know no more than the address
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
