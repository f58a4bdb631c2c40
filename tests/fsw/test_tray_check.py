"""Trays hotter than power and neighbours explain."""

from fsw.acquisition import TrayTelemetry
from fsw.parameters import Parameters
from fsw.tray_check import TrayCheck
from fsw.tray_heat import Excess

PARAMETERS = Parameters()
TRAYS = 5
WELL = Excess(0.0, 0.0, 30.0)


def trays(gpu_k: float = 330.0) -> list[TrayTelemetry]:
    """Tray 2 reads `gpu_k`."""
    return [
        TrayTelemetry(
            2, True, False, False, False, 0, 1980, 4000.0, 74.0,
            gpu_k if index == 2 else 330.0, 333.0, 0, 0, 0,
        )
        for index in range(TRAYS)
    ]  # fmt: skip


def run(
    check: TrayCheck,
    seconds: int,
    odd: Excess | None,
    others: Excess | None = WELL,
    gpu_k: float = 330.0,
) -> int:
    for _ in range(seconds):
        excess = [odd if index == 2 else others for index in range(TRAYS)]
        check.step(trays(gpu_k), excess, 1.0)
    return check.suspects


def test_a_tray_that_is_too_hot_is_suspect_until_it_is_as_the_others_for_long():
    check = TrayCheck(PARAMETERS, TRAYS)
    assert run(check, 2, Excess(9.0, 0.0, 30.0)) == 0
    assert run(check, 1, Excess(9.0, 0.0, 30.0)) == 1 << 2
    assert run(check, 100, Excess(5.0, 0.0, 30.0)) == 1 << 2
    assert run(check, 29, WELL) == 1 << 2
    assert run(check, 1, WELL) == 0


def test_a_tray_that_has_yet_to_warm_up_is_not_too_hot_in_a_rack_cooler_than_modelled():
    cooler = Excess(-9.0, -9.0, 36.0)
    begun = Excess(-2.0, -2.0, 8.0)
    assert run(TrayCheck(PARAMETERS, TRAYS), 60, begun, cooler) == 0
    assert run(TrayCheck(PARAMETERS, TRAYS), 60, Excess(0.0, 0.0, 36.0), cooler) == 1 << 2


def test_hot_memory_counts_as_well():
    assert run(TrayCheck(PARAMETERS, TRAYS), 3, Excess(0.0, 9.0, 30.0)) == 1 << 2


def test_what_all_trays_have_is_the_rack_s_trouble():
    hot = Excess(30.0, 30.0, 30.0)
    assert run(TrayCheck(PARAMETERS, TRAYS), 60, Excess(30.0, 30.0, 10.0), hot) == 0
    assert run(TrayCheck(PARAMETERS, TRAYS), 60, hot, hot) == 0


def test_without_neighbours_nobody_is_judged():
    assert run(TrayCheck(PARAMETERS, TRAYS), 60, Excess(30.0, 30.0, 30.0), None) == 0


def test_only_a_suspect_that_stays_above_slowdown_is_to_go_off():
    check = TrayCheck(PARAMETERS, TRAYS)
    run(check, 60, Excess(20.0, 0.0, 30.0), gpu_k=359.0)
    assert check.too_hot == 0
    run(check, 14, Excess(20.0, 0.0, 30.0), gpu_k=361.0)
    assert check.too_hot == 0
    run(check, 1, Excess(20.0, 0.0, 30.0), gpu_k=361.0)
    assert check.too_hot == 1 << 2
    blind = TrayCheck(PARAMETERS, TRAYS)
    run(blind, 60, WELL, gpu_k=361.0)
    assert blind.too_hot == 0
