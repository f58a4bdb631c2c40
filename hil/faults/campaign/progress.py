"""Progress of a campaign: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from hil import clock

LINE_EVERY_S = 10.0


@contextmanager
def progress(samples: int, begun: int) -> Iterator[Callable[[int], None]]:
    """To be called with the number of samples that are known; `begun` were from the start."""
    console = Console(stderr=True, highlight=False)
    started_s = clock.wall_s()

    def rate(known: int) -> str:
        return f"{(known - begun) / max(clock.wall_s() - started_s, 1e-9):.1f} injections/s"

    if not console.is_terminal:
        told_s = started_s

        def tell(known: int) -> None:
            nonlocal told_s
            if known == samples or clock.wall_s() - told_s >= LINE_EVERY_S:
                told_s = clock.wall_s()
                console.print(f"{known} of {samples} samples, {rate(known)}")

        yield tell
        return
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.description}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("", total=samples, completed=begun)
        yield lambda known: bar.update(task, completed=known, description=rate(known))
