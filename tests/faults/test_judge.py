"""Expectations over samples and events: what counts, up to the last sample that does."""

from __future__ import annotations

import pytest

from hil.faults.judge import Finding, Judge
from hil.faults.language import parse_expectation
from hil.faults.outcome import Outcome

S = 1_000_000_000


def judged(
    text: str,
    samples: dict[int, float | str] | None = None,
    fired_s: float | None = 10.0,
    events: dict[str, list[float]] | None = None,
    outcome: Outcome = Outcome.MASKED,
) -> Finding:
    """The finding after samples at whole seconds up to 30 s (of `soc` or `mode`, held between)."""
    judge = Judge([parse_expectation(text)])
    source, channel = ("housekeeping", "fsw_mode") if "mode" in text else ("truth", "soc")
    value: float | str | None = None
    for second in range(1, 31):
        if fired_s is not None and second - 1 < fired_s <= second:
            judge.fired(round(fired_s * S))
        value = (samples or {}).get(second, value)
        if value is not None:
            judge.sample(source, second * S, S, {channel: value})
    for name, times_s in (events or {}).items():
        for time_s in times_s:
            judge.event(round(time_s * S), name)
    (finding,) = judge.findings(30 * S, outcome, [])
    return finding


@pytest.mark.parametrize(
    ("text", "samples", "held"),
    [
        ("soc < 1 always", {1: 0.5}, True),
        ("soc < 1 always", {1: 0.5, 30: 1.0}, False),
        ("soc <= 1 always", {1: 0.5, 30: 1.0}, True),
        ("soc < 1 always", {1: float("nan")}, False),
        ("soc < 1 always", {}, False),
        ("soc < 1 always but for 3 s", {1: 0.5, 5: 2.0, 8: 0.5}, True),
        ("soc < 1 always but for 3 s", {1: 0.5, 5: 2.0, 9: 0.5}, False),
        ("soc < 1 always after 5 s", {1: 2.0, 5: 0.5}, True),
        ("soc < 1 always after 5 s", {1: 2.0, 6: 0.5}, False),
        ("soc < 1 always after fault", {1: 2.0, 10: 0.5}, True),
        ("soc < 1 always after fault", {1: 2.0, 11: 0.5}, False),
        ("soc < 1 always after 5 s after fault", {1: 2.0, 15: 0.5}, True),
        ("soc < 1 always after 5 s after fault", {1: 2.0, 16: 0.5}, False),
        ("soc < 1 once", {1: 2.0, 30: 0.5}, True),
        ("soc < 1 once", {1: 2.0}, False),
        ("soc < 1 once after fault", {1: 0.5, 10: 2.0}, False),
        ("soc > 1 never", {1: 1.0}, True),
        ("soc > 1 never", {1: 1.0, 17: 1.1, 18: 1.0}, False),
        ("soc < 1 at the end", {1: 2.0, 30: 0.5}, True),
        ("soc < 1 at the end", {1: 0.5, 30: 2.0}, False),
        ("soc < 1 within 5 s", {1: 2.0, 15: 0.5}, True),
        ("soc < 1 within 5 s", {1: 2.0, 16: 0.5}, False),
        ("soc < 1 within 5 s after fault", {1: 0.5, 10: 2.0}, False),
        ("soc < 1 within 5 s after fault", {1: 0.5, 11: 2.0}, True),
        ('mode == "nominal" within 2 s', {1: "safe", 12: "nominal"}, True),
        ('mode == "nominal" within 2 s', {1: "safe", 13: "nominal"}, False),
        ('mode != "safe" always', {1: "boot", 2: "safe", 3: "boot"}, False),
    ],
)
def test_limits(text: str, samples: dict[int, float | str], held: bool) -> None:
    finding = judged(text, samples)
    assert finding.held is held
    assert finding.expected == text
    assert ("no sample" in finding.observed) == (not samples)


@pytest.mark.parametrize("text", ["soc < 1 within 5 s", "soc < 1 always after fault"])
def test_what_counts_from_a_fault_fails_without_one(text: str) -> None:
    finding = judged(text, {1: 0.5}, fired_s=None)
    assert not finding.held and finding.observed == "the fault never fired"


@pytest.mark.parametrize(
    ("text", "times_s", "held", "observed"),
    [
        ('event "TRAY_TRIPPED" within 2 s', [12.0], True, "seen 2.0 s after the fault"),
        ('event "TRAY_TRIPPED" within 2 s', [10.0], True, "seen 0.0 s after the fault"),
        ('event "TRAY_TRIPPED" within 2 s', [12.1], False, "seen 2.1 s after the fault"),
        ('event "TRAY_TRIPPED" within 2 s', [9.9], False, "1 times before it"),
        ('event "TRAY_TRIPPED" within 2 s', [], False, "not seen"),
        ('event "TRAY_TRIPPED"', [29.0], True, "seen 19.0 s"),
        ('event "TRAY_TRIPPED" never', [3.0], False, "1 times, first"),
        ('no event "TRAY_TRIPPED"', [], True, "not seen"),
    ],
)
def test_events(text: str, times_s: list[float], held: bool, observed: str) -> None:
    finding = judged(text, events={"TRAY_TRIPPED": times_s, "MODE_SAFE": [10.5]})
    assert finding.held is held
    assert observed in finding.observed


def test_outcomes() -> None:
    text = "outcome == corrected or detected_and_recovered"
    assert judged(text, outcome=Outcome.RECOVERED).held
    finding = judged(text, outcome=Outcome.SILENT)
    assert not finding.held
    assert finding.observed == "the outcome is silent corruption"
    assert str(finding) == f"FAILED {text}: the outcome is silent corruption"
