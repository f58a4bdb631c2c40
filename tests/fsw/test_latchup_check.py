"""Latch-ups below the controller's trip: what a tray may take, and how often it may seem more."""

import numpy as np
import pytest
from flight_bench import Bench

from fsw.acquisition import TrayTelemetry
from fsw.events import Event, EventLog
from fsw.latchup_check import LatchUpCheck, dynamic_share
from fsw.parameters import Parameters
from fsw.trays import TrayState
from sim.compute_rack import power_ratio
from sim.vehicle import load_vehicle

PARAMETERS = Parameters()
BOOTING, RUNNING, RELOADING = TrayState.BOOTING, TrayState.RUNNING, TrayState.RELOADING
IDLE_W, FULL_W = 900.0, 5555.0


def tray(
    power_w: float,
    state: int = RUNNING,
    clock_mhz: int = 1980,
    current_a: float | None = None,
    powered: bool = True,
) -> TrayTelemetry:
    amperes = power_w / 54.0 if current_a is None else current_a
    return TrayTelemetry(
        state, powered, False, False, False, 0, clock_mhz, power_w, amperes,
        330.0, 333.0, 0, 0, 0,
    )  # fmt: skip


def looks(*seen: TrayTelemetry) -> tuple[list[int], list[Event]]:
    """What is found in looks at one tray, beside one that is well."""
    events = EventLog()
    check = LatchUpCheck(PARAMETERS, 2, events.report)
    return [check.look((tray(FULL_W), one)) for one in seen], events.drain()


@pytest.mark.parametrize("preset", ["rack_100kw", "nvl72_135kw", "ai_sat_120kw", "starlink_25kw"])
def test_power_goes_with_the_clock_as_the_trays_do(preset: str):
    clocks = np.linspace(0.0, 1.0, 101)
    shares = [dynamic_share(clock) for clock in clocks]
    assert shares == pytest.approx(power_ratio(load_vehicle(preset).rack, clocks).tolist())


@pytest.mark.parametrize("preset", ["rack_100kw", "nvl72_135kw", "ai_sat_120kw", "starlink_25kw"])
def test_no_fall_from_full_load_to_idle_lasts_as_many_looks(preset: str):
    rack = load_vehicle(preset).rack
    falls_s = (rack.tray_power_w - rack.tray_idle_w) / rack.power_ramp_down_w_s
    assert falls_s + 1.0 < PARAMETERS["tray_latchup_looks"]


def test_a_latch_up_is_found_in_the_fifth_look_and_told():
    found, (event,) = looks(*[tray(FULL_W + 20 * 54.0)] * 5)
    assert found == [0, 0, 0, 0, 2]
    assert event.id == "TRAY_LATCHUP"
    assert event.fields["tray"] == 1
    assert event.fields["excess_a"] == pytest.approx(20.0)
    assert str(event.text) == ("tray 1 draws 122.9 A, 20.0 A more than its clock and mode can take")


@pytest.mark.parametrize(
    ("one", "most_w"),
    [
        (tray(0.0), FULL_W),
        (tray(0.0, BOOTING, 0), IDLE_W),
        (tray(0.0, RELOADING, 0), IDLE_W),
        (tray(0.0, TrayState.FAULT, 0), IDLE_W),
        (tray(0.0, clock_mhz=1189), IDLE_W + 0.51608 * (FULL_W - IDLE_W)),  # 200 W of the curve
        (tray(0.0, clock_mhz=0), FULL_W),  # it hangs
    ],
)
def test_what_a_tray_may_take(one: TrayTelemetry, most_w: float):
    allowed_w = LatchUpCheck(PARAMETERS, 1, EventLog().report).allowed_w(one)
    assert allowed_w == pytest.approx(most_w, rel=1e-3)
    margin_w = 0.04 * FULL_W
    near = tray(allowed_w + margin_w - 1.0, one.state, one.clock_mhz)
    above = tray(allowed_w + margin_w + 1.0, one.state, one.clock_mhz)
    assert looks(*[near] * 60)[0] == [0] * 60
    assert looks(*[above] * 5)[0][-1] == 2


def test_one_sensor_alone_finds_nothing():
    assert not any(looks(*[tray(FULL_W, current_a=125.0)] * 60)[0])
    assert not any(looks(*[tray(7000.0, current_a=FULL_W / 54.0)] * 60)[0])


def test_a_look_that_shows_nothing_begins_anew():
    high, well, off = tray(7000.0), tray(FULL_W), tray(7000.0, powered=False)
    for between in (well, off):
        found, _ = looks(*[high] * 4, between, *[high] * 4)
        assert not any(found)


def test_a_tray_that_latches_up_in_flight_is_power_cycled():
    bench = Bench(parameters={"tray_off_s": 3.0})
    bench.run(60)
    assert bench.trays[2].powers_on == 1
    bench.trays[2].latchup_w = 40 * 54.0
    bench.run(8)
    assert bench.ids().count("TRAY_LATCHUP") == bench.ids().count("TRAY_POWER_CYCLE") == 1
    bench.run(30)
    assert [one.powers_on for one in bench.trays] == [1, 1, 2, 1]
    assert bench.trays[2].state == RUNNING
    assert bench.ids().count("TRAY_LATCHUP") == 1
