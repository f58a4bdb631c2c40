"""Compute rack: the measured cap curve, the life of a tray, and what upsets do to it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from plant_cases import drives, fly, surroundings

from sim import compute_rack, tray_memory
from sim.actuators import Actuators
from sim.compute_rack import apply_upset, pending_upsets
from sim.spacecraft import State, initial_state, step
from sim.tray_modes import BOOTING, FAULT, OFF, RELOADING, RUNNING
from sim.vehicle import load_vehicle

VEHICLE = load_vehicle("rack_100kw")
RACK = VEHICLE.rack
SUNLIT = surroundings(sunlit=1.0)


@dataclass(frozen=True)
class Upset:
    element: str
    tray: int
    index: int = 0
    bits: tuple[int, ...] = (0,)


def hold(
    state: State,
    seconds: float,
    demand: float = 1.0,
    actuators: Actuators | None = None,
    dt_s: float = 0.1,
) -> State:
    actuators = drives(VEHICLE) if actuators is None else actuators
    return fly(VEHICLE, state, actuators, SUNLIT, demand, seconds, dt_s)[0]


def running() -> State:
    return hold(initial_state(VEHICLE, trays_on=True), 10.0)


def modes(state: State) -> list[int]:
    return state.rack.modes.mode[0].tolist()


MEASURED = [  # cap W of 350, prefill tok/s, decode tok/s
    (350, 9893, 72.6),
    (300, 9326, 72.1),
    (250, 8436, 70.7),
    (200, 5941, 68.3),
    (150, 2549, 62.6),
    (100, 1390, 12.1),
]


@pytest.mark.parametrize(("cap_w", "prefill", "decode"), MEASURED)
def test_throughput_is_the_measured_one_at_every_cap(
    cap_w: float, prefill: float, decode: float
) -> None:
    lowest = 100 - (150 - 100) / (2549 - 1390) * 1390  # lowest segment at a rate of 0: idle
    dynamic = (cap_w - lowest) / (350 - lowest)
    clock = compute_rack.clock_ratio_for(RACK, np.array([[dynamic]]))
    compute_bound = RACK.model_copy(update={"prefill_share": 1.0})
    memory_bound = RACK.model_copy(update={"prefill_share": 0.0})
    assert compute_rack.throughput_ratio(compute_bound, clock)[0, 0] == pytest.approx(
        prefill / 9893, abs=1e-3
    )
    assert compute_rack.throughput_ratio(memory_bound, clock)[0, 0] == pytest.approx(
        decode / 72.6, abs=1e-3
    )


def test_clock_and_power_are_inverse_of_each_other() -> None:
    power = np.linspace(0.05, 1.0, 20)[None]
    clock = compute_rack.clock_ratio_for(RACK, power)
    np.testing.assert_allclose(compute_rack.power_ratio(RACK, clock), power, atol=1e-12)
    assert np.all(np.diff(clock[0]) > 0)


def test_full_and_idle_power() -> None:
    state = running()
    np.testing.assert_allclose(state.rack.power_w, 5555.0)
    idle = hold(state, 10.0, demand=0.0)
    np.testing.assert_allclose(idle.rack.power_w, 900.0)


def test_power_cap_holds_and_costs_decode_little() -> None:
    actuators = drives(VEHICLE, power_cap_w=0.8 * 5555.0)
    state, flows = fly(VEHICLE, initial_state(VEHICLE, trays_on=True), actuators, SUNLIT, 1.0, 10.0)
    np.testing.assert_allclose(state.rack.power_w, 0.8 * 5555.0)
    assert 0.90 * 360e3 < flows.tokens_per_s[0] < 360e3


def test_clock_cap_holds() -> None:
    state = hold(running(), 1.0, actuators=drives(VEHICLE, clock_cap_mhz=1000.0))
    np.testing.assert_allclose(state.rack.clock_mhz, 1000.0)
    lowest = hold(running(), 1.0, actuators=drives(VEHICLE, clock_cap_mhz=0.0))
    np.testing.assert_allclose(lowest.rack.clock_mhz, 210.0)


def test_power_ramp_is_limited_both_ways_but_not_at_the_switch() -> None:
    state = running()
    down = hold(state, 0.1, demand=0.0)
    np.testing.assert_allclose(state.rack.power_w - down.rack.power_w, 200.0)
    up = hold(down, 0.1)
    np.testing.assert_allclose(up.rack.power_w - down.rack.power_w, 100.0)
    off = hold(state, 0.1, actuators=drives(VEHICLE, on=False))
    assert not off.rack.power_w.any()


def test_a_tray_boots_loads_and_runs() -> None:
    state = hold(initial_state(VEHICLE), 0.1)
    assert set(modes(state)) == {BOOTING}
    state = hold(state, 39.0)
    assert set(modes(state)) == {BOOTING}
    state = hold(state, 2.0)
    assert set(modes(state)) == {RELOADING}
    state = hold(state, 18.0)
    assert set(modes(state)) == {RELOADING}
    state = hold(state, 2.0)
    assert set(modes(state)) == {RUNNING}
    state = hold(state, 0.1, actuators=drives(VEHICLE, on=False))
    assert set(modes(state)) == {OFF}


def test_heartbeat_is_ten_a_second_and_stops_when_hung() -> None:
    state = running()
    later = hold(state, 5.0)
    np.testing.assert_allclose(later.rack.heartbeat - state.rack.heartbeat, 50.0)
    hung = hold(apply_upset(later, Upset("tray_hang", 3)), 2.0)
    beats = hung.rack.heartbeat[0] - later.rack.heartbeat[0]
    assert beats[3] == 0.0
    np.testing.assert_allclose(np.delete(beats, 3), 20.0)


def test_reset_line_acts_on_its_edge_and_clears_a_hang() -> None:
    state = apply_upset(running(), Upset("tray_hang", 3))
    assert pending_upsets(state).hung[0].nonzero()[0].tolist() == [3]
    ignored = hold(state, 1.0, actuators=drives(VEHICLE, reload=(3,)))
    assert modes(ignored)[3] == RUNNING
    held = drives(VEHICLE, reset=(3,))
    state = hold(state, 0.2, actuators=held)
    assert modes(state)[3] == BOOTING
    assert not pending_upsets(state).hung.any()
    state = hold(state, 59.9, actuators=held)  # the line stays high: no second reset
    assert modes(state)[3] == RUNNING
    assert set(modes(state)) == {RUNNING}


def test_latch_up_draws_current_until_power_is_removed() -> None:
    state = apply_upset(running(), Upset("tray_latchup", 5))
    state, flows = step(VEHICLE, state, drives(VEHICLE), SUNLIT, 1.0, 0.1)
    assert flows.tray_w[0, 5] - flows.tray_w[0, 4] == pytest.approx(130.0 * 54.0)
    assert flows.tray_w[0, 5] / 54.0 > RACK.over_current_limit_a > flows.tray_w[0, 4] / 54.0
    # The short is in front of the dies: in 0.1 s its 702 J warm the cold plate and nothing else.
    rise_k = state.rack.gpu_k[0, 5] - state.rack.gpu_k[0, 4]
    assert 0.5 < rise_k < 130.0 * 54.0 * 0.1 / VEHICLE.coolant.plate_heat_capacity_j_k
    assert state.rack.hbm_k[0, 5] - state.rack.hbm_k[0, 4] == pytest.approx(rise_k)
    state = hold(state, 0.5, actuators=drives(VEHICLE, reset=(5,)))
    assert pending_upsets(state).latchup[0, 5]
    power = drives(VEHICLE)
    power.tray_power[0, 5] = False
    state = hold(state, 0.1, actuators=power)
    assert not pending_upsets(state).latchup.any()
    assert modes(state)[5] == OFF


def test_an_idle_tray_in_latch_up_is_above_the_trip_limit_too() -> None:
    assert RACK.tray_idle_w / 54.0 + RACK.latchup_current_a > RACK.over_current_limit_a


def test_weight_flip_is_a_real_bit_found_by_scrub_and_cured_by_reload() -> None:
    state = running()
    good = tray_memory.good_weights(18)
    state = apply_upset(state, Upset("weights", 7, index=100, bits=(31,)))
    assert state.rack.memory.weights[0, 7, 100] ^ good[7, 100] == 1 << 31
    assert pending_upsets(state).corrupted_words[0].tolist() == [0] * 7 + [1] + [0] * 10
    state = hold(state, 1.0, actuators=drives(VEHICLE, scrub=tuple(range(18))))
    assert state.rack.memory.digest_errors[0].tolist() == [0] * 7 + [1] + [0] * 10
    state = hold(hold(state, 0.1), 1.0, actuators=drives(VEHICLE, scrub=tuple(range(18))))
    assert state.rack.memory.digest_errors[0, 7] == 2  # a new request, a new count
    state = hold(state, 0.2, actuators=drives(VEHICLE, reload=(7,)))
    assert modes(state)[7] == RELOADING
    state = hold(state, 21.0)
    assert modes(state)[7] == RUNNING
    assert not pending_upsets(state).corrupted_words.any()
    np.testing.assert_array_equal(state.rack.memory.weights[0], good)


def test_background_pass_finds_a_flip() -> None:
    state = apply_upset(running(), Upset("weights", 0))
    state = hold(state, 600.0, dt_s=1.0)
    assert state.rack.memory.digest_errors[0, 0] == 1


def test_two_flips_of_one_bit_cancel() -> None:
    upset = Upset("weights", 2, index=9, bits=(4,))
    state = apply_upset(apply_upset(running(), upset), upset)
    assert not pending_upsets(state).corrupted_words.any()


def test_digest_sees_opposite_flips_that_a_plain_sum_would_miss() -> None:
    words = np.zeros((1, 256), np.uint32)
    words[0, 3] = 1
    moved = np.zeros((1, 256), np.uint32)
    moved[0, 200] = 1
    assert tray_memory.digest(words)[0] != tray_memory.digest(moved)[0]


def test_hbm_errors_are_counted_and_uncorrectable_ones_leave_the_tray_suspect() -> None:
    state = running()
    for _ in range(3):
        state = apply_upset(state, Upset("hbm_corrected", 1))
    state = apply_upset(state, Upset("hbm_uncorrectable", 1))
    assert state.rack.memory.hbm_corrected[0, 1] == 3
    assert state.rack.memory.hbm_uncorrectable[0, 1] == 1
    assert pending_upsets(state).suspect[0].nonzero()[0].tolist() == [1]
    state = hold(hold(state, 0.1, actuators=drives(VEHICLE, reload=(1,))), 21.0)
    assert not pending_upsets(state).suspect.any()


def test_compute_upset_is_silent() -> None:
    before = running()
    after = apply_upset(before, Upset("compute", 4))
    assert pending_upsets(after).wrong_results[0, 4] == 1
    assert after.rack.modes is before.rack.modes
    assert after.rack.memory.weights is before.rack.memory.weights


def test_a_tray_without_power_is_not_hurt() -> None:
    state = initial_state(VEHICLE)
    for element in compute_rack.TRAY_ELEMENTS:
        assert apply_upset(state, Upset(element, 0)) is state


def test_upsets_that_do_not_fit_are_refused() -> None:
    state = running()
    with pytest.raises(ValueError, match="'flight_memory' is not one of a tray: hbm_corrected"):
        apply_upset(state, Upset("flight_memory", 0))
    with pytest.raises(ValueError, match="upset of tray 18, must be 0 to 17"):
        apply_upset(state, Upset("tray_hang", 18))


def heated(state: State, gpu_c: float) -> State:
    gpu = np.full_like(state.rack.gpu_k, gpu_c + 273.15)
    return replace(state, rack=replace(state.rack, gpu_k=gpu))


def powered_step(state: State, dt_s: float) -> State:
    """Electrical side only: junctions stay where they were put."""
    result = compute_rack.step_power(
        RACK, state.rack, drives(VEHICLE), np.zeros(1, np.bool_), 1.0, dt_s
    )
    return replace(state, rack=result.state)


def test_slowdown_comes_late_and_goes_with_hysteresis() -> None:
    state = heated(running(), 87.5)
    for _ in range(79):
        state = powered_step(state, 0.1)
    assert not state.rack.slowdown.any()  # 8 s filter
    for _ in range(3):
        state = powered_step(state, 0.1)
    assert state.rack.slowdown.all()
    np.testing.assert_allclose(state.rack.clock_mhz, 990.0)
    state = powered_step(heated(state, 82.5), 0.1)
    assert state.rack.slowdown.all()
    state = powered_step(heated(state, 81.5), 0.1)
    assert not state.rack.slowdown.any()


def test_junction_above_shutdown_is_a_fault_until_reset() -> None:
    state = powered_step(heated(running(), 106.0), 0.1)
    assert set(modes(state)) == {FAULT}
    assert not state.rack.modes.active.any()
    state = hold(heated(state, 40.0), 1.0)
    assert set(modes(state)) == {FAULT}
    state = hold(state, 0.2, actuators=drives(VEHICLE, reset=tuple(range(18))))
    assert set(modes(state)) == {BOOTING}
