"""The event log, and that every event reported anywhere stands in the table."""

import ast
from pathlib import Path

import pytest

import fsw.events
from fsw.events import EVENTS, Event, EventLog, Severity


def literals(node):
    """String constants an expression may come to."""
    if isinstance(node, ast.IfExp):
        return literals(node.body) | literals(node.orelse)
    return {node.value} if isinstance(node, ast.Constant) else set()


def reported():
    """(file, id, severity or None) of every literal report in the flight software."""
    for path in sorted(Path(fsw.events.__file__).parent.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or len(node.args) < 3:
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name.lstrip("_") == "report":
                severity = node.args[0]
                plain = isinstance(severity, ast.Attribute)
                for id in sorted(literals(node.args[1])):
                    yield path.name, id, severity.attr if plain else None


def test_every_reported_event_is_in_the_table():
    found = list(reported())
    assert len(found) > 5
    for file, id, severity in found:
        assert id in EVENTS, f"{file} reports {id}: add a row to EVENTS in fsw/events.py"
        if severity is not None:
            assert EVENTS[id][0].name == severity, f"{file} reports {id} as {severity}"


def test_severities_are_those_of_pus_5():
    assert [(s.name, int(s)) for s in Severity] == [
        ("INFO", 1),
        ("LOW", 2),
        ("MEDIUM", 3),
        ("HIGH", 4),
    ]


def test_events_are_stamped_counted_and_drained_in_order():
    log = EventLog()
    log.time_ns = 1_500_000_000
    log.report(Severity.LOW, "TRAY_RESET", "tray 3 hung", tray=3)
    log.time_ns = 2_000_000_000
    log.report(Severity.HIGH, "TRAY_GIVEN_UP", "tray 3 stays off", tray=3)
    log.report(Severity.LOW, "TRAY_RESET", "tray 4 hung", tray=4)
    assert log.counters == {"TRAY_RESET": 2, "TRAY_GIVEN_UP": 1}
    assert log.by_severity == {1: 0, 2: 2, 3: 0, 4: 1}
    assert log.total == 3
    events = log.drain()
    assert events[0] == Event(1_500_000_000, Severity.LOW, "TRAY_RESET", "tray 3 hung", {"tray": 3})
    assert [event.fields["tray"] for event in events] == [3, 3, 4]
    assert str(events[1]) == "2.0 s HIGH TRAY_GIVEN_UP: tray 3 stays off"
    assert log.drain() == []
    assert log.total == 3


def test_a_full_queue_drops_the_oldest_and_says_so():
    log = EventLog(capacity=3)
    for number in range(5):
        log.report(Severity.INFO, "MODE_CHANGED", f"number {number}")
    events = log.drain()
    assert [event.text for event in events] == ["number 2", "number 3", "number 4", "2 events lost"]
    assert (events[-1].id, events[-1].fields) == ("EVENTS_LOST", {"lost": 2})
    assert log.lost == 2
    assert log.counters["MODE_CHANGED"] == 5
    assert log.drain() == []  # told once


def test_reset_counters_keeps_what_is_queued():
    log = EventLog()
    log.report(Severity.HIGH, "MODE_SAFE", "nominal to safe")
    log.reset_counters()
    assert (log.total, log.counters) == (0, {})
    assert len(log.drain()) == 1


def test_an_event_cannot_be_changed():
    event = Event(0, Severity.INFO, "RESUMED", "text")
    with pytest.raises(AttributeError):
        event.text = "other"


def test_a_severity_that_is_none_is_refused():
    with pytest.raises(ValueError):
        EventLog().report(7, "RESUMED", "text")
