"""The built-in suites cover every kind of fault, every protection and every monitor.

They are flown by `make faults`, the mutants by `make mutants`.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fsw.monitors import MONITORS
from hil.faults.kinds import KINDS
from hil.faults.suite import Case, load
from tests.faults.mutants.apply import FLIGHT, GATEWARE
from tests.faults.mutants.kills import KILLED_BY
from tests.faults.protections import OUT_OF_REACH, PROTECTIONS

CASES: dict[tuple[str, str], Case] = {
    (path.stem, case.name): case
    for path in sorted(Path(__file__).parent.glob("*.toml"))
    for case in load(path).case
}
EXPECTED = "\n".join(text for case in CASES.values() for text in case.expect)


def test_there_are_enough() -> None:
    assert len(CASES) >= 60


def test_every_kind_has_a_case() -> None:
    flown = {fault.kind.name for case in CASES.values() for fault in case.fault}
    assert set(KINDS) == flown


@pytest.mark.parametrize("protection", PROTECTIONS)
def test_the_cases_of_a_protection_exist(protection: str) -> None:
    assert PROTECTIONS[protection]
    assert set(PROTECTIONS[protection]) <= set(CASES)


@pytest.mark.parametrize("protection", PROTECTIONS)
def test_a_case_of_every_protection_fails_without_it(protection: str) -> None:
    """A mutant takes the protection away; that the case notices is shown by `make mutants`."""
    noticing = {(suite, name) for suite, names in KILLED_BY.values() for name in names}
    assert noticing & set(PROTECTIONS[protection])


def test_every_monitor_is_expected_by_a_case() -> None:
    expected = set(re.findall(r'event "(\w+)"', EXPECTED))
    # What a monitor only tells of is expected by the event of whoever acts on it.
    acted_on = {
        "UNEXPECTED_SAFE": "MODE_SAFE",
        "TRAY_TRIP": "TRAY_TRIPPED",
        "TRAYS_GIVEN_UP": "TRAY_GIVEN_UP",
        "PUMP_A_FAILED": "PUMP_SWITCHED",
        "PUMP_B_FAILED": "PUMPS_FAILED",
    }
    missing = {m.name for m in MONITORS if acted_on.get(m.name, m.name) not in expected}
    assert missing == set(OUT_OF_REACH)


def test_every_mutant_has_cases_that_exist() -> None:
    assert set(KILLED_BY) == {*FLIGHT, *GATEWARE}
    for mutant, (suite, names) in KILLED_BY.items():
        assert names, mutant
        assert {(suite, name) for name in names} <= set(CASES), mutant


def test_no_case_is_longer_than_two_minutes_but_those_at_full_load() -> None:
    long = {key for key, case in CASES.items() if case.duration_s > 130}
    assert {suite for suite, _ in long} <= {"heat", "smoke"}
