"""A campaign from its order to its results, in batches, by any number of workers."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Future

from hil.errors import InternalError
from hil.faults.campaign.journal import Journal
from hil.faults.campaign.order import Order
from hil.faults.campaign.sample import Sample
from hil.faults.campaign.summary import holds
from hil.faults.campaign.workers import Crew, make

BATCH = 10  # samples a worker makes before it reports
AHEAD = 2  # batches in work or waiting, for each worker

Progress = Callable[[int], None]  # samples known so far


def run_campaign(order: Order, journal: Journal, crew: Crew, progress: Progress) -> list[Sample]:
    """Make the samples that are missing; those that the campaign consists of, in order.

    Where the stop rule holds, later samples are left out.
    """
    for until in _checkpoints(order):
        if len(journal.samples) < until:
            _make_until(until, order, journal, crew, progress)
        if order.file.stop is not None and holds(order.file.stop, journal.samples[:until]):
            return journal.samples[:until]
    return journal.samples[: order.samples]


def _checkpoints(order: Order) -> list[int]:
    """Numbers of samples after which the stop rule is looked at; the last is all of them."""
    every = order.samples if order.file.stop is None else order.file.stop.every
    return [*range(every, order.samples, every), order.samples]


def _make_until(
    until: int,
    order: Order,
    journal: Journal,
    crew: Crew,
    progress: Progress,
) -> None:
    """Batches are asked for in order and taken in order, whichever is done first."""
    waiting: deque[Future[list[Sample]]] = deque()
    start = len(journal.samples)
    while start < until or waiting:
        while start < until and len(waiting) < AHEAD * crew.workers:
            count = min(BATCH, until - start)
            waiting.append(crew.executor.submit(make, order, start, count))
            start += count
        try:
            samples = waiting.popleft().result()
        except BrokenExecutor as error:
            raise InternalError(
                f"a worker died, {len(journal.samples)} samples are known: {error} Start the same "
                "command again: it goes on from there"
            ) from error
        journal.append(samples)
        progress(len(journal.samples))
