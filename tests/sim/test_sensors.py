"""Sensors: decoded from the bytes by the published layout, and compared with the truth."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from plant_cases import drives, fly, surroundings

from sim.channels import RACK_CHANNELS, TRAY_CHANNELS
from sim.compute_rack import apply_upset
from sim.sensors import Sensors
from sim.spacecraft import Flows, State, initial_state
from sim.vehicle import load_vehicle

VEHICLE = load_vehicle("rack_100kw")


@dataclass(frozen=True)
class Upset:
    element: str
    tray: int
    index: int = 0
    bits: tuple[int, ...] = (0,)


def case() -> tuple[State, Flows]:
    return fly(
        VEHICLE,
        initial_state(VEHICLE, trays_on=True),
        drives(VEHICLE, pump_b=0.25),
        surroundings(sunlit=1.0),
        1.0,
        30.0,
    )


def rack_values(raw: bytes) -> dict[str, float]:
    values = {}
    for channel in RACK_CHANNELS:
        word = int.from_bytes(raw[4 * channel.word : 4 * channel.word + 4], "big")
        count = (word >> channel.lsb) & ((1 << channel.width) - 1)
        values[channel.name] = count * channel.scale + channel.offset
    return values


def tray_values(raw: bytes, tray: int) -> dict[str, float]:
    block = raw[32 + 16 * tray : 48 + 16 * tray]
    values = {}
    for channel in TRAY_CHANNELS:
        word = int.from_bytes(block[4 * channel.word : 4 * channel.word + 4], "big")
        count = (word >> channel.lsb) & ((1 << channel.width) - 1)
        values[channel.name] = count * channel.scale + channel.offset
    return values


def test_length_and_repeatability() -> None:
    state, flows = case()
    first = Sensors(VEHICLE, np.random.default_rng(5))
    again = Sensors(VEHICLE, np.random.default_rng(5))
    other = Sensors(VEHICLE, np.random.default_rng(6))
    raw = [first.encode(state, flows, surroundings()) for _ in range(10)]
    assert [again.encode(state, flows, surroundings()) for _ in range(10)] == raw
    assert other.encode(state, flows, surroundings()) != raw[0]
    assert {len(one) for one in raw} == {32 + 16 * 18}


def test_rack_channels_show_the_truth_within_their_noise() -> None:
    state, flows = case()
    sensors = Sensors(VEHICLE, np.random.default_rng(1))
    seen = [rack_values(sensors.encode(state, flows, surroundings())) for _ in range(500)]
    mean = {name: np.mean([one[name] for one in seen]) for name in seen[0]}
    bus, coolant = flows.bus, state.coolant
    truth = {
        "bus_voltage": (bus.voltage_v[0], 0.2),
        "bus_current": (bus.load_current_a[0], 0.3),
        "battery_voltage": (bus.voltage_v[0], 0.2),
        "battery_current": (bus.battery_current_a[0], 0.4),
        "array_current": (bus.array_current_a[0], 0.3),
        "battery_temperature": (state.battery.temperature_k[0], 0.05),
        "coolant_supply_a": (coolant.supply_k[0], 0.05),
        "coolant_supply_b": (coolant.supply_k[0], 0.05),
        "coolant_supply_c": (coolant.supply_k[0], 0.05),
        "coolant_return": (coolant.return_k[0], 0.05),
        "coolant_flow": (flows.coolant_flow_l_min[0], 0.3),
        "radiator_outlet": (flows.radiator_outlet_k[0], 0.05),
        "pump_speed_a": (4500.0, 3.0),
        "pump_speed_b": (1500.0, 3.0),
        "bypass_position": (0.0, 0.001),
    }
    assert set(truth) == set(seen[0]) - {"protons"}
    for name, (value, sigma) in truth.items():
        assert mean[name] == pytest.approx(
            value,
            abs=0.25 * sigma
            + 1e-9
            + 0.6
            * sigma
            * (
                name == "bypass_position"  # clipped at 0
            ),
        ), name
        if name != "bypass_position":
            spread = np.std([one[name] for one in seen])
            assert 0.8 * sigma < spread < 1.2 * sigma, name


def test_redundant_supply_sensors_err_independently() -> None:
    state, flows = case()
    sensors = Sensors(VEHICLE, np.random.default_rng(2))
    seen = [rack_values(sensors.encode(state, flows, surroundings())) for _ in range(1000)]
    errors = np.array([[one[f"coolant_supply_{which}"] for which in "abc"] for one in seen])
    correlation = np.corrcoef(errors.T)
    assert np.abs(correlation - np.eye(3)).max() < 0.15


def test_tray_block() -> None:
    state, flows = case()
    for _ in range(3):
        state = apply_upset(state, Upset("hbm_corrected", 4))
    state = apply_upset(state, Upset("hbm_uncorrectable", 4))
    seen = tray_values(
        Sensors(VEHICLE, np.random.default_rng(3)).encode(state, flows, surroundings()), 4
    )
    assert seen["status_state"] == 2
    assert seen["status_slowdown"] == 0
    assert seen["status_heartbeat"] == 300 % 256
    assert seen["status_clock"] == 1980
    assert seen["load_power"] == pytest.approx(5555.0, abs=25.0)
    assert seen["load_current"] == pytest.approx(5555.0 / 54.0, abs=0.5)
    assert seen["temperature_gpu"] == pytest.approx(state.rack.gpu_k[0, 4], abs=1.3)
    assert seen["temperature_hbm"] == pytest.approx(state.rack.hbm_k[0, 4], abs=1.3)
    assert seen["errors_corrected"] == 3
    assert seen["errors_uncorrectable"] == 1
    assert seen["errors_digest"] == 0


def test_counters_wrap_in_their_fields() -> None:
    state, flows = case()
    big = np.full((1, 18), 65536 + 7)
    memory = replace(
        state.rack.memory, hbm_corrected=big, hbm_uncorrectable=big, digest_errors=big + 255
    )
    state = replace(state, rack=replace(state.rack, memory=memory))
    raw = Sensors(VEHICLE, np.random.default_rng(3)).encode(state, flows, surroundings())
    seen = tray_values(raw, 17)
    assert seen["errors_corrected"] == 7
    assert seen["errors_uncorrectable"] == 7
    assert seen["errors_digest"] == 6


def test_channels_saturate() -> None:
    state, flows = case()
    coolant = replace(state.coolant, supply_k=np.array([900.0]), return_k=np.array([-5.0]))
    raw = Sensors(VEHICLE, np.random.default_rng(4)).encode(
        replace(state, coolant=coolant), flows, surroundings()
    )
    seen = rack_values(raw)
    assert seen["coolant_supply_a"] == 655.35
    assert seen["coolant_return"] == 0.0


def test_proton_counter_follows_flux_area_and_background() -> None:
    state, flows = case()
    sensors = Sensors(VEHICLE, np.random.default_rng(8))
    total, last = 0, 0
    for _ in range(2000):
        now = round(
            rack_values(sensors.encode(state, flows, surroundings(proton_flux=996.0)))["protons"]
        )
        total += (now - last) % 65536
        last = now
    mean = 2000 * 0.1 * (996.0 + 4.0)  # 1 cm2, 4 counts/s of background
    assert abs(total - mean) < 4 * mean**0.5
    assert total > 65536  # it wrapped on the way


def test_noise_blocks_follow_on() -> None:
    state, flows = case()
    sensors = Sensors(VEHICLE, np.random.default_rng(9))
    flow = [
        rack_values(sensors.encode(state, flows, surroundings()))["coolant_flow"]
        for _ in range(4200)
    ]
    assert flow[:64] != flow[4096 : 4096 + 64]
