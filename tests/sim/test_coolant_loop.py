"""Coolant loops against an ODE of their own in scipy, closed forms and conservation of heat."""

from __future__ import annotations

import math

import numpy as np
import pytest
from plant_cases import COLD, drives, surroundings
from scipy.integrate import solve_ivp

from sim import coolant_loop, radiator
from sim.coolant_loop import CoolantState, Drives, LoopHeat, LoopStep
from sim.environment import Environment
from sim.vehicle import load_vehicle

VEHICLE = load_vehicle("rack_100kw")
COOLANT = VEHICLE.coolant
TRAYS, PANELS = 18, 4
BATTERY_J_K = 667e3
BATTERY_W_K = 1000.0


def at_rest(temperature_k: float = 293.15, satellites: int = 1) -> CoolantState:
    one = np.full(satellites, temperature_k)
    trays = np.full((satellites, TRAYS), temperature_k)
    zero = np.zeros(satellites)
    return CoolantState(zero, zero, zero, one, one, one, one, trays, trays)


def heat(plates_w: np.ndarray, return_w: float, heater_w: float, battery_w: float) -> LoopHeat:
    return LoopHeat(plates_w, np.array([return_w]), np.array([heater_w]), np.array([battery_w]))


def advance(
    state: CoolantState,
    panel_k: np.ndarray,
    battery_k: np.ndarray,
    flow_l_min: float,
    bypass: float,
    loads: LoopHeat,
    environment: Environment,
    dt_s: float,
) -> LoopStep:
    count = state.supply_k.shape[0]
    ammonia = coolant_loop.ammonia_rate_w_k(COOLANT, np.ones(count))
    valve = np.full(count, bypass)
    share = coolant_loop.radiator_share(COOLANT, valve)
    panels = radiator.respond(
        VEHICLE.radiator, panel_k, np.zeros(count), share * ammonia, environment, dt_s
    )
    flow = np.full(count, flow_l_min)
    moved = Drives(np.zeros(count), np.zeros(count), valve, flow, np.zeros(count))
    return coolant_loop.step(
        COOLANT, state, moved, battery_k, BATTERY_J_K, BATTERY_W_K, panels, ammonia, loads, dt_s
    )


def oracle(
    flow_l_min: float, bypass: float, loads: LoopHeat, environment: Environment, end_s: float
) -> np.ndarray:
    """The same network as an ODE, written from the heat paths, with T^4 as it is.

    Unknowns: supply, return, mix, hot, battery, plates, tray coolant, panels.
    """
    rate = flow_l_min / 60000.0 * 1020.0 * 3930.0
    ammonia = 3.0 * 4680.0
    small, large = sorted((rate, ammonia))
    transfer_units, ratio = 30000.0 / small, small / large
    decay = math.exp(-transfer_units * (1 - ratio))
    exchange = small * (1 - decay) / (1 - ratio * decay)
    still = 0.005 * 30000.0
    plate_g = 222.0 * max(flow_l_min / 150.0, 0.1) ** 0.8
    share = 1.0 - bypass * (1.0 - 0.004)
    panel_flow = share * ammonia / PANELS
    panel_g = panel_flow * (1 - math.exp(-7000.0 / panel_flow))
    water = 1020.0 * 3930.0 * 1e-3
    emission = 2 * 50.0 * 0.9 * 0.92 * 5.670374419e-8
    absorbed = (
        2
        * 50.0
        * (
            0.9 * environment.earth_ir_w_m2
            + 0.24 * (environment.albedo_w_m2 + environment.radiator_sun_w_m2)
        )
    )

    def slope(_: float, t: np.ndarray) -> np.ndarray:
        supply, back, mix, hot, battery = t[:5]
        plate, tray, panel = t[5:23], t[23:41], t[41:]
        crossed = exchange * (back - mix) + still * (supply - mix)
        radiated = panel_g * (hot - panel)
        after = hot - radiated.sum() / ammonia
        into_supply = rate * (back - supply) - crossed + BATTERY_W_K * (battery - supply)
        return np.concatenate([
            [(into_supply + loads.heater_w[0]) / (60.0 * water)],
            [(rate * (tray.mean() - back) + loads.return_w[0]) / (60.0 * water)],
            [ammonia * (after - mix) / (20.0 * 4680.0)],
            [(ammonia * (mix - hot) + crossed) / (20.0 * 4680.0)],
            [(loads.battery_w[0] - BATTERY_W_K * (battery - supply)) / BATTERY_J_K],
            (loads.plates_w[0] - plate_g * (plate - tray)) / 1000.0,
            (plate_g * (plate - tray) - rate / TRAYS * (tray - supply)) / (1.2 * water),
            (radiated + absorbed - emission * panel**4) / (50.0 * 7200.0),
        ])  # fmt: skip

    start = np.full(5 + 2 * TRAYS + PANELS, 293.15)
    return solve_ivp(slope, (0.0, end_s), start, method="RK45", rtol=1e-8, atol=1e-7).y[:, -1]


@pytest.mark.parametrize(
    ("flow_l_min", "bypass", "load_w"),
    [(150.0, 0.0, 5500.0), (60.0, 0.9, 1500.0), (250.0, 0.5, 3000.0), (0.0, 0.0, 300.0)],
)
def test_against_runge_kutta(flow_l_min: float, bypass: float, load_w: float) -> None:
    plates = np.linspace(0.2, 1.0, TRAYS)[None] * load_w
    loads = heat(plates, 6e3, 2e3, 3e3)
    environment = surroundings(albedo_w_m2=40.0, radiator_sun_w_m2=12.0)
    state, panel, battery = at_rest(), np.full((1, PANELS), 293.15), np.array([293.15])
    for _ in range(3000):
        result = advance(state, panel, battery, flow_l_min, bypass, loads, environment, 0.1)
        state, panel, battery = result.state, result.panel_k, result.battery_k
    expected = oracle(max(flow_l_min, 1e-6), bypass, loads, environment, 300.0)
    got = np.concatenate([
        state.supply_k, state.return_k, state.mix_k, state.hot_k, battery,
        state.plate_k[0], state.tray_k[0], panel[0],
    ])  # fmt: skip
    np.testing.assert_allclose(got, expected, atol=0.05)


@pytest.mark.parametrize("dt_s", [0.1, 1.0, 10.0])
def test_heat_closes_from_any_state(dt_s: float) -> None:
    rng = np.random.default_rng(7)
    worst = 0.0
    for _ in range(200):
        state = CoolantState(
            *(np.zeros(1),) * 3,
            *(rng.uniform(240, 340, 1) for _ in range(4)),
            rng.uniform(240, 360, (1, TRAYS)),
            rng.uniform(240, 360, (1, TRAYS)),
        )
        panel, battery = rng.uniform(200, 330, (1, PANELS)), rng.uniform(260, 320, 1)
        loads = heat(rng.uniform(0, 6e3, (1, TRAYS)), 8e3, 5e3, 4e3)
        flow, bypass = float(rng.uniform(0, 250)), float(rng.uniform(0, 1))
        result = advance(state, panel, battery, flow, bypass, loads, COLD, dt_s)
        rise = (
            60.0 * 4008.6 * (result.state.supply_k + result.state.return_k)
            - 60.0 * 4008.6 * (state.supply_k + state.return_k)
            + 20.0 * 4680.0 * (result.state.mix_k + result.state.hot_k - state.mix_k - state.hot_k)
            + 1000.0 * (result.state.plate_k - state.plate_k).sum()
            + 1.2 * 4008.6 * (result.state.tray_k - state.tray_k).sum()
            + BATTERY_J_K * (result.battery_k - battery)
            + 360e3 * (result.panel_k - panel).sum()
        )
        total = loads.plates_w.sum() + 17e3
        net = (total + result.absorbed_w - result.emitted_w) * dt_s
        worst = max(worst, abs((rise - net)[0]) / ((total + result.emitted_w[0]) * dt_s))
        np.testing.assert_allclose(result.stored_w * dt_s, rise, rtol=1e-6, atol=1.0)
    assert worst < 1e-9


def test_long_steps_settle_where_short_ones_do() -> None:
    loads = heat(np.full((1, TRAYS), 5200.0), 11e3, 0.0, 1e3)
    ends = []
    for dt_s, steps in ((1.0, 12000), (10.0, 1200)):
        state, panel, battery = at_rest(), np.full((1, PANELS), 293.15), np.array([293.15])
        for _ in range(steps):
            result = advance(state, panel, battery, 150.0, 0.3, loads, surroundings(), dt_s)
            state, panel, battery = result.state, result.panel_k, result.battery_k
        ends.append(np.array([state.supply_k[0], state.hot_k[0], panel[0, 0], battery[0]]))
    np.testing.assert_allclose(ends[0], ends[1], atol=0.01)


def test_exchanger_has_the_textbook_effectiveness() -> None:
    balanced = coolant_loop.exchange_w_k(COOLANT, np.array([10e3]), np.array([10e3]))[0]
    assert balanced / 10e3 == pytest.approx(3.0 / (1.0 + 3.0), rel=1e-4)  # NTU / (1 + NTU)
    lopsided = coolant_loop.exchange_w_k(COOLANT, np.array([10.0]), np.array([1e9]))[0]
    assert lopsided == pytest.approx(10.0)
    one, other = np.array([8e3]), np.array([14e3])
    assert coolant_loop.exchange_w_k(COOLANT, one, other) == pytest.approx(
        coolant_loop.exchange_w_k(COOLANT, other, one)
    )
    assert coolant_loop.exchange_w_k(COOLANT, np.zeros(1), other)[0] < 1e-3


def pump(drive_a: float, drive_b: float, seconds: float = 60.0) -> Drives:
    state, moved = at_rest(), None
    actuators = drives(VEHICLE, pump_a=drive_a, pump_b=drive_b)
    for _ in range(round(seconds / 0.1)):
        moved = coolant_loop.drive(COOLANT, state, actuators, np.ones(1), 0.1)
        state = CoolantState(
            moved.pump_a,
            moved.pump_b,
            moved.bypass,
            state.supply_k,
            state.return_k,
            state.mix_k,
            state.hot_k,
            state.plate_k,
            state.tray_k,
        )
    assert moved is not None
    return moved


def test_pump_affinity() -> None:
    full, half, both = pump(1.0, 0.0), pump(0.5, 0.0), pump(1.0, 1.0)
    assert full.flow_l_min[0] == pytest.approx(200.0)
    assert half.flow_l_min[0] == pytest.approx(100.0)
    assert full.pump_power_w[0] == pytest.approx(3300.0)
    assert half.pump_power_w[0] == pytest.approx(3300.0 / 8)
    # head = n^2 - v^2 for each pump, system head = V^2: one pump 1/sqrt(2), two 2/sqrt(5)
    assert both.flow_l_min[0] / full.flow_l_min[0] == pytest.approx(2 * math.sqrt(2 / 5), abs=0.006)
    assert pump(0.0, 0.7).flow_l_min[0] == pytest.approx(140.0)


def test_pump_spins_up_with_its_time_constant() -> None:
    assert pump(1.0, 0.0, seconds=2.0).pump_a[0] == pytest.approx(1 - math.exp(-1.0))


def test_valve_moves_at_its_rate() -> None:
    state = at_rest()
    moved = coolant_loop.drive(COOLANT, state, drives(VEHICLE, bypass=1.0), np.ones(1), 4.0)
    assert moved.bypass[0] == pytest.approx(0.1)  # a stroke takes 40 s
    small = coolant_loop.drive(COOLANT, state, drives(VEHICLE, bypass=0.05), np.ones(1), 4.0)
    assert small.bypass[0] == pytest.approx(0.05)
    dead = coolant_loop.drive(COOLANT, state, drives(VEHICLE, bypass=1.0), np.zeros(1), 4.0)
    assert dead.bypass[0] == 0.0


def test_full_bypass_leaks_a_little() -> None:
    share = coolant_loop.radiator_share(COOLANT, np.array([0.0, 0.5, 1.0]))
    assert share == pytest.approx([1.0, 0.502, 0.004])
