"""Time-tagged commands and the eclipse forecast."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.commands import (
    CommandRefused,
    LoadEclipseForecast,
    Noop,
    Reason,
    ResetCounters,
    ScheduleCommand,
    encode_telecommand,
)
from fsw.schedule import SCHEDULE_CAPACITY, EclipseForecast, Schedule

NOOP, RESET = encode_telecommand(Noop()), encode_telecommand(ResetCounters())
S = 1_000_000_000


def test_commands_come_out_in_order_of_their_time_then_of_arrival():
    schedule = Schedule()
    schedule.insert(ScheduleCommand(20 * S, NOOP), 0)
    schedule.insert(ScheduleCommand(10 * S, RESET), 0)
    schedule.insert(ScheduleCommand(20 * S, RESET), 0)
    assert schedule.due(10 * S - 1) == []
    assert schedule.due(10 * S) == [RESET]
    assert schedule.due(10 * S) == []
    assert len(schedule) == 2
    assert schedule.due(100 * S) == [NOOP, RESET]
    assert len(schedule) == 0


def test_what_is_past_is_refused():
    schedule = Schedule()
    with pytest.raises(CommandRefused, match="release at 5 s is past, it is 5 s") as caught:
        schedule.insert(ScheduleCommand(5 * S, NOOP), 5 * S)
    assert caught.value.reason is Reason.NOT_NOW


def test_a_full_schedule_refuses():
    schedule = Schedule()
    for k in range(SCHEDULE_CAPACITY):
        schedule.insert(ScheduleCommand(S + k, NOOP), 0)
    with pytest.raises(CommandRefused, match="schedule is full with 64"):
        schedule.insert(ScheduleCommand(S, NOOP), 0)


FORECAST = EclipseForecast.of(
    LoadEclipseForecast(((100.0, 1300.0), (6000.0, 7200.0)), until_s=14_000.0)
)


@pytest.mark.parametrize(
    ("time_s", "eclipse", "known"),
    [
        (0.0, (100.0, 1300.0), True),
        (100.0, (100.0, 1300.0), True),
        (1299.9, (100.0, 1300.0), True),
        (1300.0, (6000.0, 7200.0), True),
        (7200.0, None, True),  # and none before 14,000 s: that is known
        (13_999.0, None, True),
        (14_000.0, None, False),  # stale
    ],
)
def test_next_eclipse(time_s, eclipse, known):
    assert FORECAST.next_eclipse(time_s) == eclipse
    assert FORECAST.known(time_s) is known


def test_before_the_first_forecast_nothing_is_known():
    assert EclipseForecast().next_eclipse(0.0) is None
    assert not EclipseForecast().known(0.0)


def test_stored_bytes():
    data = FORECAST.encode(128)
    assert data == bytes.fromhex("000222E0 000003E8 000032C8 0000EA60 00011940")
    assert EclipseForecast.decode(data) == FORECAST
    with pytest.raises(ValueError, match="stored forecast of 5 bytes"):
        EclipseForecast.decode(data[:5])


def test_what_finds_no_room_shortens_the_span():
    kept = EclipseForecast.decode(FORECAST.encode(12))
    assert kept.eclipses == ((100.0, 1300.0),)
    assert kept.until_s == 1300.0
    assert not kept.known(2000.0)


def test_an_eclipse_under_way_at_time_zero_is_kept():
    forecast = EclipseForecast(((-300.0, 900.0),), 6000.0)
    stored = EclipseForecast.decode(forecast.encode(128))
    assert stored.next_eclipse(10.0) == (0.0, 900.0)


@given(
    st.lists(st.floats(0, 1e7), min_size=2, max_size=20).map(sorted),
    st.floats(0, 1e7),
)
def test_storing_keeps_every_time_to_a_tenth(times, extra):
    pairs = tuple(zip(times[::2], times[1::2], strict=False))
    forecast = EclipseForecast(pairs, times[-1] + extra)
    stored = EclipseForecast.decode(forecast.encode(128))
    assert len(stored.eclipses) == len(pairs)
    for before, after in zip(pairs, stored.eclipses, strict=True):
        assert after == pytest.approx(before, abs=0.0501)
