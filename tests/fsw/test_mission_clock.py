"""Steady time beside a mission time that jumps, alone and in flight."""

import pytest
from flight_bench import CYCLE_NS, Bench

from fsw.events import Event, EventLog, Severity
from fsw.mission_clock import MissionClock


def clock_at(*times_s: float) -> tuple[MissionClock, list[float], list[Event]]:
    """The clock, steady times (s) and events after minor cycles at these mission times."""
    events = EventLog()
    clock = MissionClock(events)
    steady_s = [clock.advance(round(time_s * 1e9)) / 1e9 for time_s in times_s]
    return clock, steady_s, events.drain()


def test_steady_time_is_mission_time_while_that_is_regular():
    clock, steady_s, events = clock_at(7.0, 7.1, 7.2)
    assert steady_s == [7.0, 7.1, 7.2]
    assert (clock.irregular_cycles, clock.jumped, clock.offset_s, events) == (0, False, 0.0, [])


def test_missed_cycles_have_passed():
    clock, steady_s, events = clock_at(7.0, 7.3, 7.4, 8.4)
    assert steady_s == [7.0, 7.3, 7.4, 8.4]
    assert (clock.irregular_cycles, clock.jumped, events) == (2, False, [])


@pytest.mark.parametrize("jump_s", [-6.0, -1.0, -0.1, 1.0, 100.0])
def test_a_jump_lasts_one_minor_cycle_and_is_told(jump_s: float):
    clock, steady_s, events = clock_at(7.0, 7.1 + jump_s, 7.2 + jump_s)
    assert steady_s == [7.0, 7.1, 7.2]
    assert clock.irregular_cycles == 1
    assert clock.offset_s == pytest.approx(jump_s)
    (event,) = events
    assert (event.id, event.severity) == ("CLOCK_JUMPED", Severity.MEDIUM)
    assert event.time_ns == round((7.1 + jump_s) * 1e9)
    assert event.fields == {"jump_s": pytest.approx(jump_s)}


def test_a_clock_that_stands_still_is_told_once_and_counted_always():
    clock, steady_s, events = clock_at(7.0, 7.0, 7.0, 7.0, 7.1, 3.0)
    assert steady_s == [7.0, 7.1, 7.2, 7.3, 7.4, 7.5]
    assert clock.irregular_cycles == 4
    assert [event.text for event in events] == [
        "mission time jumped by -0.1 s to 7 s",
        "mission time jumped by -4.2 s to 3 s",
    ]


@pytest.mark.parametrize("jump_s", [-100.0, -1.0, 1.5, 100.0])
def test_no_timer_of_a_flight_sees_a_jump(jump_s: float):
    """The same flight, but for the stamps of its events, whatever the clock says."""

    def flight(jump_s: float) -> list[tuple[float, str]]:
        bench = Bench()
        started_ns = 200 * 10**9
        seen: list[tuple[float, str]] = []
        for cycle in range(900):
            bench.trays[1].hung |= cycle == 600
            at_ns = started_ns + (round(jump_s * 1e9) if cycle >= 620 else 0)
            bench.mission_offset_ns = at_ns
            bench.step()
            seen += [
                ((event.time_ns - at_ns) / CYCLE_NS, event.id)
                for event in bench.events
                if event.id != "CLOCK_JUMPED"
            ]
            bench.events.clear()
        assert bench.target.actuators()[3] == 0xF  # all trays are on
        return seen

    undisturbed = flight(0.0)
    assert "TRAY_RESET" in [name for _, name in undisturbed]
    assert flight(jump_s) == undisturbed


def test_eclipses_stay_where_mission_time_has_them():
    bench = Bench()
    bench.run(5)
    forecast = bench.fsw.commanding.forecast
    bench.fsw.commanding.forecast = type(forecast)(((100.0, 200.0),), 500.0)
    assert bench.fsw.rack.next_eclipse(5.0) == (100.0, 200.0)
    bench.mission_offset_ns = 60 * 10**9
    bench.step()
    assert bench.fsw.rack.next_eclipse(5.1) == pytest.approx((40.0, 140.0))
    assert bench.fsw.rack.forecast_until_s() == pytest.approx(440.0)
    assert bench.fsw.rack.next_eclipse(140.1) is None
