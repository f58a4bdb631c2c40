"""Flights against a virtual board in this process, with things that happen to it meanwhile."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

from hil import scenario as scenarios
from hil.board_connection import BoardOrder
from hil.flight import Flight, Order, Result
from hil.report import write_report
from hil.run_folder import RunFolder
from hil.scenario import Scenario

Happening = tuple[float, Callable[[], object]]  # wall time after the start of the flight, action


def mine(seconds: float, name: str = "nominal") -> Scenario:
    """A short flight in which nothing is required."""
    scenario = scenarios.load(scenarios.find(name))
    scenario = scenarios.overridden(scenario, None, seconds, None)
    return scenario.model_copy(update={"require": []})


def fly(folder: Path, order: BoardOrder, scenario: Scenario, *happenings: Happening) -> Result:
    """Fly while things happen, and see that the recording can be read and reported on."""
    flight = Flight(Order(scenario, folder, order.url, folder / "run", board=order))
    failures: list[Exception] = []

    def happen() -> None:
        began_s = time.monotonic()
        try:
            for at_s, action in happenings:
                time.sleep(max(began_s + at_s - time.monotonic(), 0.0))
                action()
        except Exception as error:
            failures.append(error)

    thread = threading.Thread(target=happen, daemon=True)
    thread.start()
    try:
        result = flight.fly()
    finally:
        thread.join(60.0)
    assert failures == []
    assert write_report(result.folder).is_file()
    return result


def events(result: Result) -> list[str]:
    """Names of what the bench told, in order."""
    told = RunFolder(result.folder).events
    return [event["name"] for event in told if event["source"] == "bench"]
