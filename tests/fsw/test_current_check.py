"""The battery's current sensor against the balance of the bus and the battery's voltage."""

import pytest

from fsw.current_check import BatteryCurrent, CurrentCheck
from fsw.parameters import Parameters
from fsw.state_of_charge import StateOfCharge

PARAMETERS = Parameters({"battery_capacity_ah": 250.0, "battery_resistance_ohm": 0.08})
CURVE_ERROR_V = 2.5


def run(
    check: CurrentCheck,
    seconds: float,
    true_a: float,
    battery_a: float | None = None,
    array_error_a: float = 0.0,
    valid: bool = True,
) -> list[BatteryCurrent]:
    """The battery takes `true_a`; its sensor shows `battery_a`."""
    return [
        check.step(
            true_a if battery_a is None else battery_a,
            true_a + array_error_a,
            valid,
            CURVE_ERROR_V + 0.08 * true_a,
            0.1,
        )
        for _ in range(round(seconds * 10))
    ]


def test_a_sensor_that_lies_is_found_out_and_nothing_of_the_charge_is_lost():
    check = CurrentCheck(PARAMETERS)
    run(check, 60, 50.0)
    found = run(check, 10, 50.0, 70.0)
    declared = next(index for index, one in enumerate(found) if one.failed)
    assert 1.5 <= declared * 0.1 <= 4.0
    assert found[-1].current_a == 50.0
    counted_as = sum(one.current_a * 0.1 for one in found)
    missed_as = sum(one.missed_ah for one in found) * 3600.0
    # The sample of the declaration counts the balance's current already.
    assert counted_as + missed_as == pytest.approx(10 * 50.0, abs=20.0 * 0.1 + 1e-6)


def test_it_is_used_again_when_it_has_agreed_for_long():
    check = CurrentCheck(PARAMETERS)
    run(check, 60, 50.0)
    run(check, 10, 50.0, -1250.0)
    assert run(check, 9.8, 50.0)[-1].failed
    assert not run(check, 0.5, 50.0)[-1].failed


def test_the_voltage_takes_the_side_of_a_good_sensor():
    check = CurrentCheck(PARAMETERS)
    run(check, 60, 50.0)
    last = run(check, 60, 50.0, array_error_a=30.0)[-1]
    assert not last.failed and last.unbalanced and last.current_a == 50.0


def test_a_slow_drift_of_the_array_sensor_does_not_condemn_the_battery():
    check = CurrentCheck(PARAMETERS)
    run(check, 60, 50.0)
    for step in range(60):
        assert not run(check, 1, 50.0, array_error_a=0.5 * step)[-1].failed


def test_a_sensor_that_stands_still_is_found_out_when_the_current_changes():
    check = CurrentCheck(PARAMETERS)
    run(check, 60, 50.0)
    assert run(check, 5, -200.0, 50.0)[-1].failed


def test_without_anything_learned_only_gross_lies_are_judged():
    assert not run(CurrentCheck(PARAMETERS), 30, 0.0, 20.0)[-1].failed
    assert run(CurrentCheck(PARAMETERS), 30, 0.0, -300.0)[-1].failed


def test_a_value_out_of_range_is_not_used_for_long():
    found = run(CurrentCheck(PARAMETERS), 3, -80.0, 10.0, valid=False)
    assert found[-1].failed and found[-1].current_a == -80.0


def test_what_was_missed_is_added_to_the_charge():
    charge = StateOfCharge(PARAMETERS, 0.5)
    charge.correct(2.5)
    assert charge.soc == pytest.approx(0.51)
    charge.correct(1000.0)
    assert charge.soc == 1.0
