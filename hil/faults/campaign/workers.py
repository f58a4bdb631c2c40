"""Where samples are made: processes of this machine, or a Dask cluster.

Both are executors of `concurrent.futures`. A worker keeps its experiment, with the simulator in
it, from one batch to the next.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import multiprocessing.util
import os
import re
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from typing import NamedTuple

from hil.errors import UsageError
from hil.faults.campaign.experiments import open_experiment
from hil.faults.campaign.order import Order
from hil.faults.campaign.sample import Experiment, Sample, generator

_kept = threading.local()  # this thread's experiment: Dask's workers have several threads


class Crew(NamedTuple):
    """Workers, and how many there are."""

    executor: Executor
    workers: int


@contextmanager
def processes(count: int) -> Iterator[Crew]:
    """That many processes. They end with this one, however it ends."""
    context = multiprocessing.get_context("spawn")  # no fork of threads, sockets and simulators
    with ProcessPoolExecutor(count, context, initializer=_begin) as executor:
        try:
            yield Crew(executor, count)
        except BaseException:
            executor.shutdown(wait=False, cancel_futures=True)
            raise


@contextmanager
def cluster(address: str) -> Iterator[Crew]:
    """The workers of a Dask scheduler, which must have racksat installed. Raises UsageError."""
    try:
        from distributed import Client
    except ImportError:
        raise UsageError("--scheduler needs Dask: pip install 'racksat[cluster]'") from None
    if not re.search(r":\d+$", address):  # Dask would try for long
        raise UsageError(f"--scheduler {address}: must be HOST:PORT, as tcp://localhost:8786")
    try:
        client = Client(address, timeout="10s", set_as_default=False)
    except (OSError, ValueError) as error:
        raise UsageError(f"--scheduler {address}: no scheduler there: {error}") from error
    with client, client.get_executor(pure=False) as executor:
        yield Crew(executor, max(sum(map(int, client.nthreads().values())), 1))


def make(order: Order, start: int, count: int) -> list[Sample]:
    """Samples `start` to `start + count - 1`, with the experiment kept by this worker."""
    experiment = _experiment(order)
    return [experiment.sample(k, generator(order.seed, k)) for k in range(start, start + count)]


def _experiment(order: Order) -> Experiment:
    if getattr(_kept, "text", None) != order.text:
        _close()
        _kept.experiment = open_experiment(order)
        _kept.text = order.text
        multiprocessing.util.Finalize(None, _close, exitpriority=10)
    experiment: Experiment = _kept.experiment
    return experiment


def _close() -> None:
    if getattr(_kept, "text", None) is not None:
        _kept.text = None
        _kept.experiment.close()


def _begin() -> None:
    """In a new process: leave ^C to the parent, and end when it has ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)  # its simulators see their socket closed, and end

    threading.Thread(target=watch, daemon=True).start()
