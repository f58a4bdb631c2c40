"""Caps out of budgets and limits."""

import pytest

from fsw.compute import Caps, ComputeLaw, share_out
from fsw.parameters import Parameters

TRAYS = 4
MAX_W, MIN_W = 5555.0, 900.0
ALL = [True] * TRAYS


def law() -> ComputeLaw:
    return ComputeLaw(Parameters(), TRAYS)


def step(budget_w: float, compute: ComputeLaw | None = None, **changes: object) -> Caps:
    given = {
        "tray_fraction": (1.0,) * TRAYS,
        "rack_fraction": 1.0,
        "load_limit": 1.0,
        "powered": ALL,
        "emergency": False,
        **changes,
    }
    return (compute or law()).step(budget_w, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("budget", "limits", "shares"),
    [
        (12.0, [5.0, 5.0, 5.0], [4.0, 4.0, 4.0]),
        (12.0, [1.0, 9.0, 9.0], [1.0, 5.5, 5.5]),
        (30.0, [1.0, 2.0, 3.0], [1.0, 2.0, 3.0]),
        (0.0, [1.0, 2.0], [0.0, 0.0]),
        (6.0, [4.0, 1.0, 9.0], [2.5, 1.0, 2.5]),
        (5.0, [], []),
    ],
)
def test_shares_are_even_and_what_one_leaves_goes_to_the_others(
    budget: float, limits: list[float], shares: list[float]
):
    assert share_out(budget, limits) == pytest.approx(shares)


def test_an_ample_budget_gives_full_power():
    caps = step(1e6)
    assert caps.power_w == (MAX_W,) * TRAYS
    assert caps.total_w == TRAYS * MAX_W


def test_a_whole_budget_short_of_a_rounding_error_gives_full_power():
    assert step(TRAYS * MAX_W * (1.0 - 1e-12)).power_w == (MAX_W,) * TRAYS
    assert step(TRAYS * (MAX_W - 1.0)).power_w == (5540.0,) * TRAYS


def test_the_caps_never_add_up_to_more_than_the_budget():
    compute = law()
    for budget_w in (20e3, 14_321.0, 9_999.0, 17_000.0, 12_345.0):
        assert step(budget_w, compute).total_w <= budget_w


def test_a_hot_tray_leaves_its_share_to_the_others():
    caps = step(16e3, tray_fraction=(0.36, 1.0, 1.0, 1.0))
    assert caps.power_w[0] == pytest.approx(1999.8, abs=20.0)
    assert caps.power_w[1] == pytest.approx((16e3 - caps.power_w[0]) / 3, abs=40.0)


def test_trays_that_are_off_take_no_share():
    caps = step(8e3, powered=[True, True, False, False])
    assert caps.power_w[0] == pytest.approx(4000.0, abs=20.0)
    assert caps.total_w == pytest.approx(8000.0, abs=40.0)


def test_rack_limit_load_limit_and_emergency_take_the_lowest():
    assert step(1e6, rack_fraction=0.5).power_w[0] == pytest.approx(0.5 * MAX_W, abs=20.0)
    assert step(1e6, load_limit=0.4).power_w[0] == pytest.approx(0.4 * MAX_W, abs=20.0)
    emergency = step(1e6, emergency=True)
    assert emergency.power_w[0] == pytest.approx(0.3 * MAX_W, abs=20.0)
    assert emergency.clock_mhz == (210,) * TRAYS


def test_no_tray_is_capped_below_its_idle_power():
    assert set(step(0.0).power_w) == {MIN_W}


def test_small_rises_are_not_written_and_cuts_always_are():
    compute = law()
    held = step(10_000.0, compute).power_w
    assert step(10_070.0, compute).power_w == held
    assert step(9_950.0, compute).power_w[0] < held[0]
    assert step(10_400.0, compute).power_w[0] > held[0]


def test_words_of_the_cap_registers():
    # 5,555 W at 0.2 W a count and 210 MHz; no clock cap is 0xFFFF.
    caps = Caps((5555.0, 900.0), (210, 0xFFFF), 0.0)
    assert caps.words() == [0x6C7F00D2, 0x1194FFFF]
