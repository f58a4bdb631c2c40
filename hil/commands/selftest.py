"""`racksat selftest`: is this board in order?"""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

EXIT_FAILED = 1


def selftest(
    port: Annotated[str, typer.Option(help="Device or URL of the board's serial port.")],
    baud: Annotated[int, typer.Option(help="Of the line.")] = 1_000_000,
) -> None:
    """Check a board over its link, in some seconds; its outputs switch meanwhile."""
    from hil.selftest import Outcome
    from hil.selftest import selftest as verdicts
    from hil.serial_port import open_port

    console = Console(highlight=False)
    colours = {Outcome.OK: "green", Outcome.FAILED: "bold red", Outcome.NOT_POSSIBLE: "yellow"}
    counts = dict.fromkeys(Outcome, 0)
    with open_port(port, baud) as opened:
        for verdict in verdicts(opened):
            counts[verdict.outcome] += 1
            text = Text(str(verdict))
            text.stylize(colours[verdict.outcome], 0, len(verdict.outcome.value))
            console.print(text, soft_wrap=True)
    told = ", ".join(f"{count} {outcome.value}" for outcome, count in counts.items() if count)
    console.print(told, markup=False)
    raise typer.Exit(EXIT_FAILED if counts[Outcome.FAILED] else 0)
