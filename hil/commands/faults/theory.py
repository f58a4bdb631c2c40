"""`racksat faults theory`: do measured rates follow the closed forms?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

EXIT_FAILED = 1
SEED = 1


def theory(
    out: Annotated[Path, typer.Option(help="Folder for picture and table.")],
    seed: Annotated[int, typer.Option(help="Of the upsets.", min=0)] = SEED,
) -> None:
    """Measure scrubbing and triplication under upsets, and compare with theory; a minute or two."""
    from hil.faults import theory_comparison as comparison
    from hil.faults.cross_check import joint_p_value
    from hil.faults.theory_plot import theory_svg

    console = Console(highlight=False)
    points = []
    for point in comparison.measure(seed):
        points.append(point)
        console.print("  ".join(comparison.row(point)), soft_wrap=True, markup=False)
    for line in (*comparison.conclusion(points), "", "in orbit:", *comparison.in_orbit()):
        console.print(line, soft_wrap=True, markup=False)
    out.mkdir(parents=True, exist_ok=True)
    (out / "fault_theory.svg").write_text(theory_svg(points))
    (out / "fault_theory_points.md").write_text(comparison.markdown(points, seed))
    agree = joint_p_value(points) >= comparison.LEVEL
    console.print(f"measurement and theory {'agree' if agree else 'do NOT agree'}")
    raise typer.Exit(0 if agree else EXIT_FAILED)
