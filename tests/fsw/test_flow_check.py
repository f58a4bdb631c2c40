"""The flow sensor against pumps and heat; what chips ought to read."""

from dataclasses import replace

import pytest

from fsw.acquisition import Acquisition, RackTelemetry, TrayTelemetry
from fsw.flow_check import FlowCheck, pump_flow_l_min
from fsw.parameters import Parameters
from fsw.tray_heat import Excess, TrayHeat

PARAMETERS = Parameters()
TRAYS = 4
RISE_K = 20.0


def rack(flow_l_min: float, rpm: float = 3000.0) -> RackTelemetry:
    blank = Acquisition(PARAMETERS, TRAYS).fast(bytes(64), 0)
    return replace(blank, coolant_flow_l_min=flow_l_min, pump_speed_a_rpm=rpm, invalid=())


def tray(power_w: float = 4000.0, gpu_k: float = 330.0, powered: bool = True) -> TrayTelemetry:
    return TrayTelemetry(
        2, powered, False, False, False, 0, 1980, power_w, power_w / 54.0, gpu_k, gpu_k + 3.0,
        0, 0, 0,
    )  # fmt: skip


HEATED, COLD = [tray()] * TRAYS, [tray(0.0, powered=False)] * TRAYS


def run(
    check: FlowCheck,
    seconds: int,
    flow_l_min: float,
    excess_k: float | None = 0.0,
    rpm: float = 3e3,
) -> bool:
    cold = excess_k is None
    excess = [None if excess_k is None else Excess(excess_k, excess_k, RISE_K)] * TRAYS
    for _ in range(seconds):
        check.step(rack(flow_l_min, rpm), COLD if cold else HEATED, excess, 1.0)
    return check.failed


def test_two_pumps_share_a_loop_by_the_cube():
    assert pump_flow_l_min(PARAMETERS, 6000.0, 0.0) == pytest.approx(200.0)
    assert pump_flow_l_min(PARAMETERS, 0.0, 3000.0) == pytest.approx(100.0)
    assert pump_flow_l_min(PARAMETERS, 6000.0, 6000.0) == pytest.approx(200.0 * 2 ** (1 / 3))


def test_a_sensor_that_pumps_and_heat_deny_has_failed_and_comes_back():
    check = FlowCheck(PARAMETERS)
    assert not run(check, 10, 100.0)
    assert not run(check, 3, 0.0)
    assert run(check, 1, 0.0)
    assert run(check, 3, 100.0)
    assert not run(check, 1, 100.0)


def test_pumps_that_stand_still_are_believed():
    assert not run(FlowCheck(PARAMETERS), 60, 0.0, rpm=0.0)


def test_chips_that_warm_up_prove_the_sensor_right():
    check = FlowCheck(PARAMETERS)
    run(check, 10, 100.0)
    run(check, 3, 0.0, excess_k=0.9)
    assert not run(check, 60, 0.0, excess_k=1.1)


def test_chips_that_warm_up_later_take_the_verdict_back_for_good():
    check = FlowCheck(PARAMETERS)
    run(check, 10, 100.0)
    assert run(check, 10, 0.0)
    assert not run(check, 1, 0.0, excess_k=2.1)
    assert not run(check, 100, 0.0, excess_k=None)  # trays went off


def test_a_dead_tachometer_does_not_condemn_the_flow_sensor():
    # At no flow the chips would be much hotter than they are.
    assert not run(FlowCheck(PARAMETERS), 60, 100.0, excess_k=-30.0, rpm=0.0)


def warm_up(check: FlowCheck, seconds: int, flow_l_min: float, error: float, rise_k: float) -> None:
    """Chips are `error` of their rise warmer than modelled."""
    excess = [Excess(error * rise_k, 0.0, rise_k)] * TRAYS
    for _ in range(seconds):
        check.step(rack(flow_l_min), HEATED, excess, 1.0)


@pytest.mark.parametrize("error", [-0.25, 0.25])
def test_a_plant_that_is_not_as_modelled_does_not_condemn_the_loop(error: float):
    for learned_s in (0, 10, 200):
        check = FlowCheck(PARAMETERS)
        for second in range(learned_s):
            warm_up(check, 1, 100.0, error, 10.0 + 0.1 * second)
        for second in range(60):
            warm_up(check, 1, 0.0, error, 10.0 + 0.1 * learned_s + 0.5 * second)
        assert check.failed, learned_s


def test_what_was_learned_is_not_granted_twice():
    check = FlowCheck(PARAMETERS)
    warm_up(check, 200, 100.0, 0.2, 30.0)
    warm_up(check, 10, 0.0, 0.2, 30.0)
    assert check.failed
    warm_up(check, 1, 0.0, 0.24, 30.0)  # 1.2 K more, at the same rise
    assert not check.failed


def test_chips_far_from_any_plant_deny_the_pumps_flow_whatever_was_before():
    check = FlowCheck(PARAMETERS)
    warm_up(check, 60, 0.0, 0.5, 30.0)
    assert not check.failed


def test_without_heat_it_takes_longer():
    check = FlowCheck(PARAMETERS)
    assert not run(check, 29, 0.0, excess_k=None)
    assert run(check, 1, 0.0, excess_k=None)


def test_chips_settle_where_the_resistances_say():
    heat = TrayHeat(PARAMETERS, TRAYS)
    hot = [tray(5000.0, 400.0)] * TRAYS
    for _ in range(600):
        excess = heat.step(hot, 300.0, 150.0, 1.0)
    plate_k = 300.0 + 0.94 * 5000.0 / 222.0 + 0.94 * 5000.0 * TRAYS / (66.8 * 150.0)
    assert excess[0] is not None
    assert 400.0 - excess[0].gpu_k == pytest.approx(plate_k + 2.74 * 5.0, abs=0.01)
    assert 403.0 - excess[0].hbm_k == pytest.approx(plate_k + 3.49 * 5.0, abs=0.01)


def test_without_flow_all_heat_stays():
    heat = TrayHeat(PARAMETERS, TRAYS)
    first = heat.step([tray(2000.0, 330.0)] * TRAYS, 300.0, 0.0, 1.0)[0]
    for _ in range(100):
        last = heat.step([tray(2000.0, 330.0)] * TRAYS, 300.0, 0.0, 1.0)[0]
    assert first is not None and last is not None
    # 0.94 * 2000 W over 100 s into 1000 J/K of copper and 1.2 L of coolant, plates a little ahead.
    rise_k = 0.94 * 2000.0 * 100.0 / (1000.0 + 1.2 * 4008.0)
    assert first.gpu_k - last.gpu_k == pytest.approx(rise_k, rel=0.7)
    assert first.gpu_k - last.gpu_k > rise_k


def test_trays_that_are_off_are_not_judged():
    assert TrayHeat(PARAMETERS, TRAYS).step(COLD, 300.0, 100.0, 1.0) == (None,) * TRAYS
