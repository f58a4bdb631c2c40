"""`racksat faults list`: every kind of fault with its parameters."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console


def list_kinds(
    family: Annotated[
        str | None, typer.Argument(help="Only of this family, or this one kind.")
    ] = None,
) -> None:
    """List the kinds of faults: name, what it needs, what it does, parameters with their values."""
    # Imported here: other commands need not wait for numpy and the physics.
    from hil.errors import UsageError
    from hil.faults.kinds import FAMILIES, KINDS
    from hil.faults.parameters import parameters

    chosen = [k for k in KINDS.values() if family in (None, k.name, k.name.split(".")[0])]
    if not chosen:
        raise UsageError(
            f"no kind or family {family!r}; families are {', '.join(FAMILIES)}, "
            "kinds are listed by racksat faults list"
        )
    console = Console(highlight=False)
    for kind in chosen:
        ends = "" if kind.lasting else ", at once"
        console.print(f"[bold]{kind.name}[/]  ({kind.needs}{ends})")
        for line in (kind.__doc__ or "").strip().splitlines():
            console.print(f"    {line.strip()}", markup=False, soft_wrap=True)
        for text in parameters(kind):
            console.print(f"      {text}", markup=False, soft_wrap=True)
