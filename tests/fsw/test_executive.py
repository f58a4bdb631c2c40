"""Cyclic executive: rates, order, isolation, restart."""

from collections.abc import Callable

import pytest

from fsw.events import EventLog, Severity
from fsw.executive import (
    EVERY_CYCLE,
    EVERY_SECOND,
    EVERY_TEN_SECONDS,
    MINOR_CYCLE_NS,
    App,
    Executive,
)


def nothing() -> None:
    pass


def run(executive: Executive, cycles: int, start: int = 1) -> None:
    for k in range(start, start + cycles):
        executive.minor_cycle(k * MINOR_CYCLE_NS)


def app(name: str, period: int, step: Callable[[int], None], phase: int = 0) -> App:
    return App(name, period, step, nothing, phase)


def test_rate_groups_run_at_10_1_and_a_tenth_of_a_hertz():
    calls: list[str] = []
    executive = Executive(
        [
            app("fast", EVERY_CYCLE, lambda t: calls.append("fast")),
            app("second", EVERY_SECOND, lambda t: calls.append("second")),
            app("slow", EVERY_TEN_SECONDS, lambda t: calls.append("slow")),
        ],
        EventLog().report,
    )
    run(executive, 300)
    assert (calls.count("fast"), calls.count("second"), calls.count("slow")) == (300, 30, 3)


def test_apps_run_in_the_order_given_and_at_their_phase():
    calls: list[tuple[str, int]] = []
    executive = Executive(
        [
            app("b", EVERY_SECOND, lambda t: calls.append(("b", t)), phase=3),
            app("a", EVERY_SECOND, lambda t: calls.append(("a", t)), phase=3),
            app("c", EVERY_SECOND, lambda t: calls.append(("c", t)), phase=1),
        ],
        EventLog().report,
    )
    run(executive, 10)
    assert calls == [("c", 200_000_000), ("b", 400_000_000), ("a", 400_000_000)]


def test_a_failing_app_is_reported_and_does_not_stop_the_others():
    events = EventLog()
    calls: list[int] = []

    def fail(time_ns: int) -> None:
        raise ZeroDivisionError("by purpose")

    executive = Executive(
        [app("bad", EVERY_CYCLE, fail), app("good", EVERY_CYCLE, calls.append)], events.report
    )
    run(executive, 2)
    assert calls == [100_000_000, 200_000_000]
    assert executive.failures == 2
    event = events.drain()[0]
    assert (event.id, event.severity) == ("APP_FAILED", Severity.MEDIUM)
    assert event.text == "bad raised ZeroDivisionError: by purpose"


def test_an_app_is_restarted_after_failures_in_a_row():
    events = EventLog()
    state = {"broken": True, "restarts": 0}

    def step(time_ns: int) -> None:
        if state["broken"]:
            raise KeyError("lost")

    def restart() -> None:
        state["broken"] = False
        state["restarts"] += 1

    executive = Executive(
        [App("app", EVERY_CYCLE, step, restart)], events.report, failures_before_restart=3
    )
    run(executive, 10)
    assert state["restarts"] == 1
    assert executive.failures == 3
    assert executive.apps[0].runs == 7
    assert [event.id for event in events.drain()][-1] == "APP_RESTARTED"


def test_a_failure_now_and_then_does_not_restart():
    def step(time_ns: int) -> None:
        if time_ns // MINOR_CYCLE_NS % 3:
            raise KeyError("two of three")

    executive = Executive([App("app", EVERY_CYCLE, step, nothing)], EventLog().report)
    run(executive, 30)
    assert executive.failures == 20
    assert executive.restarts == 0


def test_a_restart_that_fails_is_reported_and_tried_again():
    events = EventLog()
    attempts: list[int] = []

    def step(time_ns: int) -> None:
        raise KeyError("lost")

    def restart() -> None:
        attempts.append(1)
        raise RuntimeError("no")

    executive = Executive([App("app", EVERY_CYCLE, step, restart)], events.report)
    run(executive, 6)
    assert len(attempts) == 2
    assert [e.id for e in events.drain()].count("APP_RESTART_FAILED") == 2


def test_only_exceptions_of_apps_are_caught():
    def step(time_ns: int) -> None:
        raise KeyboardInterrupt

    executive = Executive([App("app", EVERY_CYCLE, step, nothing)], EventLog().report)
    with pytest.raises(KeyboardInterrupt):
        executive.minor_cycle(MINOR_CYCLE_NS)


def test_all_ran_is_false_while_an_app_fails_and_true_again_afterwards():
    state = {"broken": False}

    def step(time_ns: int) -> None:
        if state["broken"]:
            raise KeyError("lost")

    executive = Executive(
        [app("fast", EVERY_CYCLE, lambda t: None), app("slow", EVERY_SECOND, step)],
        EventLog().report,
        failures_before_restart=99,
    )
    run(executive, 20)
    assert executive.all_ran()
    state["broken"] = True
    run(executive, 10, start=21)
    assert not executive.all_ran()
    state["broken"] = False
    run(executive, 10, start=31)
    assert executive.all_ran()


def test_app_names_must_differ_and_phases_fit():
    with pytest.raises(ValueError, match="names must differ, got a, a"):
        Executive([app("a", 1, lambda t: None), app("a", 1, lambda t: None)], EventLog().report)
    with pytest.raises(ValueError, match="app x: period 10, phase 10"):
        app("x", 10, lambda t: None, phase=10)
