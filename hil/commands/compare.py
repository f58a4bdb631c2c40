"""`racksat compare`: two runs side by side."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from hil.compare import ChannelDifference, Comparison
    from hil.link_comparison import LinkDifference

EXIT_DIFFER = 1
CHANNELS_SHOWN = 20


def compare(
    first: Annotated[Path, typer.Argument(help="Folder of a run.", metavar="A")],
    second: Annotated[Path, typer.Argument(help="Folder of another.", metavar="B")],
    tolerance: Annotated[
        list[str] | None,
        typer.Option(
            help="Difference allowed on a channel: CHANNEL=VALUE or CHANNEL=PERCENT%.",
            metavar="CHANNEL=VALUE",
        ),
    ] = None,
) -> None:
    """Compare two runs: first differing register, telemetry, timing; exit code 1 if not alike."""
    from hil.compare import compare as compare_runs
    from hil.tolerances import parse_tolerances

    console = Console(highlight=False)
    with console.status("reading both recordings"):
        found = compare_runs(first, second, parse_tolerances(tolerance or []))
    _say(console, f"A {first}")
    _say(console, f"B {second}")
    _say(
        console,
        "tolerances: none, both ran in lockstep" if found.exact else "tolerances: by unit",
    )
    where = f"in {found.transactions} transactions"
    _say(console, f"first differing register: {_link_text(found.register, where)}")
    _say(console, f"first differing command: {_link_text(found.command, where)}")
    _show_telemetry(console, found)
    _show(console, ("timing", "A", "B"), [tuple(map(_short, row)) for row in found.timing])
    _say(console, "alike" if found.alike else "not alike")
    raise typer.Exit(0 if found.alike else EXIT_DIFFER)


def _show_telemetry(console: Console, found: Comparison) -> None:
    over = [channel for channel in found.channels if not channel.within]
    _say(console, f"telemetry: {len(found.channels)} channels, {len(over)} over tolerance")
    if over:
        groups: dict[str, list[ChannelDifference]] = {}
        for channel in over:
            groups.setdefault(re.sub(r"_\d+_", "_*_", channel.name), []).append(channel)
        rows = [
            (
                channel.name + (f" and {len(more)} like it" if more else ""),
                _short(channel.difference),
                _short(channel.allowed),
                f"{channel.time_s:.1f} s",
                *map(_short, channel.values),
            )
            for channel, *more in list(groups.values())[:CHANNELS_SHOWN]
        ]
        _show(console, ("channel", "differs by", "allowed", "at", "A", "B"), rows)
        left = sum(map(len, list(groups.values())[CHANNELS_SHOWN:]))
        if left:
            _say(console, f"and {left} channels more")
    for name, only in zip("AB", found.only, strict=True):
        if only:
            _say(console, f"only in {name}: {', '.join(only)}")


def _link_text(difference: LinkDifference | None, where: str) -> str:
    if difference is None:
        return f"none {where}"
    (time_s, other_s), (value, other) = difference.times_s, difference.values
    return f"{difference.name}\n  A at {time_s:.6f} s: {value}\n  B at {other_s:.6f} s: {other}"


def _show(console: Console, head: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    """A table on a terminal, plain lines elsewhere."""
    if not console.is_terminal:
        for row in (head, *rows):
            _say(console, "  " + "  ".join(row))
        return
    table = Table(box=None, pad_edge=False)
    for place, name in enumerate(head):
        table.add_column(name, justify="right" if place else "left", overflow="fold")
    for row in rows:
        table.add_row(*row)
    console.print(table)


def _short(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _say(console: Console, text: str) -> None:
    console.print(text, markup=False, soft_wrap=True)
