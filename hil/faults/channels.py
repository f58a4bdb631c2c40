"""The dictionary of what a suite can speak of: channels by source, events, and near misses."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from functools import cache

from fsw.events import EVENTS
from fsw.frame_care import ScanState
from fsw.modes import Mode
from fsw.monitors import MONITORS
from fsw.telemetry import NAMES
from hil.closed_loop import bench_channels
from hil.craft import Craft
from hil.faults.language import (
    Comparison,
    Condition,
    EventSeen,
    Expectation,
    Limit,
    OutcomeIs,
    StageReached,
)
from hil.faults.ledger import Ledger
from hil.faults.outcome import Outcome
from hil.faults.reports import Reports
from hil.faults.signs import CODE, SIGNS, VOTER, counted
from hil.faults.words import LanguageError
from hil.mission import ENVIRONMENT_FIELDS
from hil.plant import actuator_channels
from hil.scenario import Initial
from sim.actuators import HEAD_BYTES, decode
from sim.environment import Environment
from sim.vehicle import load_vehicle

SOURCES = ("truth", "environment", "housekeeping", "bench", "actuators")
TEXTS = {  # channels that are texts, and the texts there are
    "fsw_mode": tuple(map(str, Mode)),
    "fsw_mode_allowed": tuple(map(str, Mode)),
    "fsw_pump_in_use": ("a", "b"),
    "fsw_config_state": tuple(map(str, ScanState)),
}


@cache
def channels() -> Mapping[str, tuple[str, ...]]:
    """Names of the channels of each source, in the order in which a name is looked for."""
    vehicle = load_vehicle("rack_100kw")
    craft = Craft.at_start(vehicle, Initial(), Reports())
    actuators = decode(bytes(HEAD_BYTES + 4 * 32), 32)
    still = decode(bytes(HEAD_BYTES + 4 * vehicle.rack.trays), vehicle.rack.trays)
    craft.move(still, Environment(*(0.0 for _ in ENVIRONMENT_FIELDS)), 0.0)
    found = {
        "truth": craft.telemetry(),
        "environment": ENVIRONMENT_FIELDS,
        "housekeeping": NAMES,
        "bench": bench_channels(0, Ledger({}, craft)),
        "actuators": actuator_channels(actuators),
    }
    return {source: tuple(found[source]) for source in SOURCES}


def source_of(name: str) -> tuple[str, str] | None:
    """Source and channel of a name; `source.channel` where two sources have it."""
    source, _, channel = name.rpartition(".")
    if source:
        return (source, channel) if channel in channels().get(source, ()) else None
    for source, names in channels().items():
        if name in names:
            return source, name
    return None


@cache
def events() -> frozenset[str]:
    """Names of all events of flight software."""
    monitors = {
        f"{monitor.name}{ending}"
        for monitor in MONITORS
        for ending in ("", "_CLEARED", "_ESCALATED")
    }
    return frozenset(EVENTS) | monitors


def near(name: str, known: Iterable[str]) -> str:
    """What may have been meant."""
    found = difflib.get_close_matches(name, sorted(known), n=3, cutoff=0.4)
    return f"; did you mean {', '.join(found)}?" if found else ""


def check_condition(condition: Condition) -> None:
    """Raise LanguageError on a channel that nobody samples."""
    for comparison in condition.comparisons:
        _check_comparison(comparison)


def check_expectation(expectation: Expectation) -> None:
    """Raise LanguageError on a channel, an event or an outcome that there is not."""
    if isinstance(expectation, Limit):
        _check_comparison(expectation.comparison)
    elif isinstance(expectation, EventSeen) and expectation.event not in events():
        raise LanguageError(
            expectation.column,
            f"an event of flight software{near(expectation.event, events())}",
            f'"{expectation.event}"',
        )
    elif isinstance(expectation, OutcomeIs):
        known = [outcome.value for outcome in Outcome]
        for word in expectation.outcomes:
            if word not in known:
                raise LanguageError(expectation.column, f"one of {', '.join(known)}", f'"{word}"')
    elif isinstance(expectation, StageReached) and expectation.by is not None:
        signs = [*events(), *map(counted, SIGNS), VOTER, CODE]
        if not any(expectation.by in sign for sign in signs):
            raise LanguageError(
                expectation.column,
                f"an event of flight software or a counter{near(expectation.by, signs)}",
                f'"{expectation.by}"',
            )


def _check_comparison(comparison: Comparison) -> None:
    found = source_of(comparison.channel)
    if found is None:
        known = {name for names in channels().values() for name in names} | {"mode"}
        raise LanguageError(
            comparison.column,
            f"a channel of telemetry{near(comparison.channel, known)}",
            f'"{comparison.channel}"',
        )
    limit, texts = comparison.limit, TEXTS.get(found[1])
    if isinstance(limit, str) != (texts is not None) or (texts and limit not in texts):
        wanted = "a number" if texts is None else " or ".join(f'"{text}"' for text in texts)
        raise LanguageError(
            comparison.column, f"{wanted} to compare {comparison.channel} with", repr(limit)
        )
