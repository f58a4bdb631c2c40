"""`racksat attach`: fly a scenario against a board, in real time."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hil.errors import UsageError


def attach(
    port: Annotated[
        str, typer.Option(help="/dev/ttyUSB0, COM5, hwgrep://, socket:// or rfc2217:// URL.")
    ],
    scenario: Annotated[
        str, typer.Argument(help="A scenario's name, or the path of a .toml file.")
    ] = "nominal",
    board: Annotated[
        str | None, typer.Option(help="Kind of board: sets baud and the number of trays expected.")
    ] = None,
    baud: Annotated[int | None, typer.Option(help="Baud rate; 1000000 by default.")] = None,
    build: Annotated[
        str | None, typer.Option(help="Build hash expected, in hexadecimal; any by default.")
    ] = None,
    speed: Annotated[
        float, typer.Option(help="Of a controller that `racksat serve --speed` serves as fast.")
    ] = 1.0,
    orbits: Annotated[
        float | None, typer.Option(help="Fly this many orbits, not what the scenario says.")
    ] = None,
    duration: Annotated[
        float | None, typer.Option(help="Fly this many seconds, not what the scenario says.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of noise and upsets.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the run; runs/SCENARIO-board-SEED by default.")
    ] = None,
    live: Annotated[
        bool, typer.Option("--live/--no-live", help="Live view, where there is a terminal.")
    ] = True,
) -> None:
    """Fly a scenario against a dev board, in real time.

    A board with fewer trays than the vehicle flies the vehicle in its size.
    """
    from hil import board_files
    from hil.board_connection import BoardOrder
    from hil.commands.flying import fly_scenario
    from hil.ports.lockstep import BAUD_DEFAULT

    if not 0.01 <= speed <= 100:
        raise UsageError(f"--speed {speed:g}: must be 0.01 to 100; boards run at 1")
    known = board_files.load(board) if board else None
    rate = baud or (known.baud if known else BAUD_DEFAULT)
    if not 9600 <= rate <= 12_000_000:
        raise UsageError(f"--baud {rate}: must be 9600 to 12000000")
    words = ["racksat", "attach", scenario, "--port", port]
    for name, value in (("--board", board), ("--baud", baud), ("--build", build)):
        words += [] if value is None else [name, str(value)]
    words += [] if speed == 1.0 else ["--speed", f"{speed:g}"]
    trays = known.trays if known else None
    fly_scenario(
        scenario,
        port,
        replay=words,
        orbits=orbits,
        duration=duration,
        seed=seed,
        out=out,
        live=live,
        board=BoardOrder(port, rate, trays, _hexadecimal(build), speed),
    )


def _hexadecimal(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        value = int(text, 16)
    except ValueError:
        value = -1
    if not 0 <= value < 1 << 32:
        raise UsageError(f"--build {text}: must be a hexadecimal number of up to 32 bits")
    return value
