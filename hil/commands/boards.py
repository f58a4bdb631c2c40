"""`racksat boards`: what is plugged in, and who answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from hil.errors import UsageError

if TYPE_CHECKING:
    from hil.boards import BoardPort

EXIT_NOBODY = 1


def boards(
    probe: Annotated[
        bool, typer.Option("--probe", help="Open the ports of known boards and ask who is there.")
    ] = False,
    port: Annotated[
        str | None,
        typer.Option(help="With --probe: ask at this port alone, listed or not (device or URL)."),
    ] = None,
) -> None:
    """List serial ports, the boards behind them, and the controllers that answer."""
    console = Console(highlight=False, markup=False)
    if port is not None and not probe:
        raise UsageError(f"--port {port}: only together with --probe, which asks there")
    found = _ask_one(console, port) if port is not None else _list(console, probe)
    if probe and not found:
        console.print("no controller found")
        raise typer.Exit(EXIT_NOBODY)


def _ask_one(console: Console, url: str) -> bool:
    from hil import latency_timer
    from hil.boards import ask
    from hil.identity import IdentityError

    try:
        identity = ask(url)
    except IdentityError as error:
        console.print(str(error), soft_wrap=True)
        return False
    console.print(f"{url}: {identity}", soft_wrap=True)
    console.print(f"latency timer: {latency_timer.read(url)}", soft_wrap=True)
    return True


def _list(console: Console, probe: bool) -> bool:
    """Show what is plugged in; whether a controller answered."""
    from hil import board_files, latency_timer
    from hil.boards import plugged_in

    found = False
    notes: list[str] = []
    ports = plugged_in()
    table = Table(box=None, pad_edge=False)
    asked = ("answer",) if probe else ()
    for column in ("port", "USB id", "serial number", "description", "board", "latency", *asked):
        table.add_column(column, overflow="fold")
    for listed in ports:
        info = listed.info
        answered, answer, note = _ask(listed, probe)
        found = found or answered
        timer = latency_timer.read(info.device)
        table.add_row(
            info.device,
            "" if info.vid is None else f"{info.vid:04X}:{info.pid:04X}",
            info.serial_number or "",
            info.description,
            listed.board_text,
            timer.figure,
            *((answer,) if asked else ()),
        )
        notes += [note] if note else []
        if timer.remedy and listed.is_candidate:
            notes.append(f"{info.device}: latency timer {timer}")
    if ports:
        console.print(table)
    else:
        console.print("no serial port on this machine")
    if not any(listed.boards for listed in ports):
        known = ", ".join(board_files.load(name).name for name in board_files.names())
        console.print(f"no known board is plugged in; known are {known}", soft_wrap=True)
    for note in notes:
        console.print(note, soft_wrap=True)
    return found


def _ask(listed: BoardPort, probe: bool) -> tuple[bool, str, str]:
    """Whether a controller answers at a listed port; what does, in a few words and at length."""
    from hil.boards import ask
    from hil.identity import IdentityError
    from hil.port_errors import PortError

    device = listed.info.device
    if not probe or not listed.is_candidate:
        return False, "not asked", ""
    try:
        return True, "controller", f"{device}: {ask(device, listed.baud)}"
    except (PortError, IdentityError) as error:
        return False, error.reason, str(error)
