"""Golden runs: the same flight without faults, kept by content.

A golden run is kept in `build/golden` under the hash of everything it depends on: scenario with
seed and duration, vehicle, target, and the sources of flight software, physics, controller and
bench. Deliberate defects switched on at run time are not part of it: take the golden run before
they are.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import zlib
from collections.abc import Callable
from functools import cache

from hil.faults.trace import Trace
from hil.scenario import Scenario
from hil.targets.kept import ROOT, cache_directory
from sim.vehicle import Vehicle

ROOMS = ("fsw", "gateware", "hil", "sim")
# What reading a file that is not there, or is torn as by a full disk, ends in: it is made anew.
TORN = (OSError, EOFError, ValueError, KeyError, TypeError, zlib.error)
SUFFIXES = (".py", ".v", ".vh", ".vlt", ".npz", ".toml", ".rdl")


def golden_run(
    scenario: Scenario, vehicle: Vehicle, target: str, fly: Callable[[], Trace]
) -> Trace:
    """The kept golden run, or the one that `fly` makes."""
    path = cache_directory("golden") / f"{key(scenario, vehicle, target)}.json.gz"
    with contextlib.suppress(*TORN):
        return Trace.load(path)
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    fly().save(partial)
    partial.replace(path)
    return Trace.load(path)


def key(scenario: Scenario, vehicle: Vehicle, target: str) -> str:
    """The hash of everything a golden run depends on."""
    digest = hashlib.sha256()
    for part in (scenario.model_dump_json(), vehicle.model_dump_json(), target, sources()):
        digest.update(part.encode() + b"\0")
    return digest.hexdigest()[:24]


@cache
def sources() -> str:
    """A hash over the sources of everything that flies."""
    digest = hashlib.sha256()
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*")):
            if path.suffix in SUFFIXES and path.is_file():
                digest.update(f"{path.relative_to(ROOT).as_posix()}\0".encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()
