"""The words of suites: what they mean, and what is said of those that mean nothing."""

from __future__ import annotations

import pytest

from hil.faults.channels import channels, check_expectation, source_of
from hil.faults.language import (
    Comparison,
    EventSeen,
    Hold,
    Limit,
    OutcomeIs,
    Span,
    StageReached,
    parse_condition,
    parse_expectation,
)
from hil.faults.words import LanguageError


@pytest.mark.parametrize(
    ("text", "channel", "operator", "limit", "span"),
    [
        ("gpu_temp_max_c < 87 always", "gpu_temp_max_c", "below", 87.0, Span(Hold.ALWAYS)),
        ("gpu_temp_max_c < 87 for all t", "gpu_temp_max_c", "below", 87.0, Span(Hold.ALWAYS)),
        ("soc >= .5 always".replace(".5", "0.5"), "soc", "at_least", 0.5, Span(Hold.ALWAYS)),
        ("soc > -1e-3 once", "soc", "above", -0.001, Span(Hold.ONCE)),
        ("soc <= 1 at the end", "soc", "at_most", 1.0, Span(Hold.END)),
        ("mode != 'safe' never", "fsw_mode", "differs", "safe", Span(Hold.NEVER)),
        (
            'mode == "nominal" within 120 s after fault',
            "fsw_mode",
            "equals",
            "nominal",
            Span(Hold.ONCE, within_s=120.0, since_fault=True),
        ),
        (
            'mode=="nominal" within 120 s',
            "fsw_mode",
            "equals",
            "nominal",
            Span(Hold.ONCE, within_s=120.0, since_fault=True),
        ),
        (
            "soc > 0.3 always but for 5 s after 10 s after fault",
            "soc",
            "above",
            0.3,
            Span(Hold.ALWAYS, tolerated_s=5.0, after_s=10.0, since_fault=True),
        ),
        ("soc > 0.3 always after 20 s", "soc", "above", 0.3, Span(Hold.ALWAYS, after_s=20.0)),
    ],
)
def test_limits(text: str, channel: str, operator: str, limit: float | str, span: Span) -> None:
    assert parse_expectation(text) == Limit(text, Comparison(channel, operator, limit), span)


def test_events_outcomes_and_stages() -> None:
    within = Span(Hold.ONCE, within_s=2.0, since_fault=True)
    text = 'event "TRAY_TRIPPED" within 2 s'
    assert parse_expectation(text) == EventSeen(text, "TRAY_TRIPPED", within, 7)
    for text in ('event "TRAY_TRIPPED" never', 'no event "TRAY_TRIPPED"'):
        found = parse_expectation(text)
        assert isinstance(found, EventSeen) and found.span == Span(Hold.NEVER)
    found = parse_expectation("outcome == corrected or detected_and_recovered or 'masked'")
    assert isinstance(found, OutcomeIs)
    assert found.outcomes == ("corrected", "detected and recovered", "masked")
    text = 'fault detected by "LINK_LOST" within 3 s'
    assert parse_expectation(text) == StageReached(text, "detected", "LINK_LOST", 3.0, 19)


def test_conditions() -> None:
    found = parse_condition('mode == "eclipse" and in_saa and transaction in flight')
    assert [c.channel for c in found.comparisons] == ["fsw_mode", "proton_flux_30mev_cm2_s"]
    assert found.in_flight
    assert not parse_condition("in_eclipse").in_flight


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "column 1: expected the name of a channel, got the end"),
        ("soc", "column 4: expected one of < <= > >= == !=, got the end"),
        ("soc = 3 always", "column 5: expected a channel, number, text in quotes or word"),
        ("soc 3 always", "column 5: expected one of < <= > >= == !=, got 3"),
        ("soc < high always", "column 7: expected a number or a text in quotes, got high"),
        ("soc < 1", "column 8: expected always, for all t, once"),
        ("soc < 1 forever", "column 9: expected always, for all t, once"),
        ("soc < 1 within 5", 'column 17: expected "s", got the end'),
        ("soc < 1 within -5 s", "column 16: expected a number of seconds, got -5"),
        ("soc < 1 always always", "column 16: expected the end, got always"),
        ('soc < "a" always', 'column 5: expected == or != before the text "a"'),
        ("soc < 1 at end", 'column 12: expected "the", got end'),
        ("event TRAY_TRIPPED", "column 7: expected the name of an event in quotes"),
        ("outcome = masked", "column 9: expected a channel, number"),
        ("fault repaired", "column 7: expected one of detected, contained, recovered"),
        ('fault recovered by "LINK_LOST"', "column 17: expected the end, got by"),
        ("soc < 1 within 1e400 s", "column 16: expected at most 1000000 s, got 1e400"),
        ("soc < 1e400 always", "column 7: expected a number or a text in quotes, got 1e400"),
    ],
)
def test_what_is_not_of_the_language_is_told_by_column(text: str, message: str) -> None:
    with pytest.raises(LanguageError) as caught:
        parse_expectation(text)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("gpu_temp_max < 87 always", "did you mean gpu_temp_max_c"),
        ("mode == 3 always", '"nominal"'),
        ('mode == "nominl" always', '"nominal"'),
        ('soc == "full" always', "a number"),
        ('event "TRAY_TRIP" never', ""),
        ('event "TRAY_TRIPED" within 2 s', "TRAY_TRIPPED"),
        ("outcome == fine", "silent corruption"),
        ('fault detected by "LINK_LSOT"', "did you mean LINK_LOST"),
        ('fault detected by "fsw_link_retries"', ""),
        ('fault detected by "voter"', ""),
        ("truth.fsw_mode == 'safe' once", "fsw_mode"),
    ],
)
def test_names_are_checked_and_near_ones_told(text: str, words: str) -> None:
    expectation = parse_expectation(text)
    if not words:
        check_expectation(expectation)
        return
    with pytest.raises(LanguageError) as caught:
        check_expectation(expectation)
    assert words in str(caught.value)


def test_a_name_of_two_sources_can_be_told_apart() -> None:
    assert source_of("bypass") == ("truth", "bypass")
    assert source_of("actuators.bypass") == ("actuators", "bypass")
    assert source_of("actuators.soc") is None
    assert all(channels().values())
