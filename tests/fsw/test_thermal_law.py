"""Thermal law, closed on a small plant: no slowdown, no freezing, quiet valves."""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from surrogates import ThermalPlant

from fsw.parameters import Parameters
from fsw.thermal import EmergencyCut, Governor, PumpMonitor, ThermalInputs, ThermalLaw

TRAYS = 18
TRAY_W = 5555.0
CELSIUS_K = 273.15
FULL_RPM = 6000.0


@dataclass
class Flown:
    gpu_max_k: float = 0.0
    coldest_k: float = 1e9
    supply_k: list[float] = None  # type: ignore[assignment]
    bypass: list[float] = None  # type: ignore[assignment]
    fractions: list[float] = None  # type: ignore[assignment]
    tray_fractions: tuple[float, ...] = ()
    pump: list[float] = None  # type: ignore[assignment]
    flow_l_min: float = 0.0


def fly(
    load: Callable[[int], float],
    seconds: int,
    plant: ThermalPlant,
    hot_tray: float = 1.0,
    **parameters: float,
) -> Flown:
    table = Parameters({"pump_flow_full_l_min": 240.0, **parameters})
    law = ThermalLaw(table, TRAYS)
    flown = Flown(supply_k=[], bypass=[], fractions=[], pump=[])
    caps = (1.0,) * TRAYS
    bypass, pump, heater = 0.0, 0.25, 0.0
    for second in range(seconds):
        power = [min(load(second), cap) * TRAY_W for cap in caps]
        plant.step([power[0] * hot_tray, *power[1:]], bypass, pump, heater, 1.0)
        gpu_k = tuple(plant.gpu_k)
        command = law.step(
            ThermalInputs(
                hottest_gpu_k=max(gpu_k),
                hottest_hbm_k=max(gpu_k) - 5.0,
                tray_gpu_k=gpu_k,
                tray_hbm_k=tuple(k - 5.0 for k in gpu_k),
                tray_power_w=tuple(power),
                tray_running=(True,) * TRAYS,
                coolant_supply_k=plant.supply_k,
                coolant_return_k=plant.return_k,
                coolant_flow_l_min=plant.flow_l_min,
                radiator_outlet_k=plant.radiator_outlet_k,
                pump_b=False,
            ),
            1.0,
        )
        bypass, pump, heater = command.bypass, command.pump, command.heater
        caps = tuple(min(command.rack_fraction, f) for f in command.tray_fraction)
        flown.gpu_max_k = max(flown.gpu_max_k, max(gpu_k))
        flown.coldest_k = min(flown.coldest_k, plant.coldest_k)
        flown.supply_k.append(plant.supply_k)
        flown.bypass.append(bypass)
        flown.fractions.append(command.rack_fraction)
        flown.pump.append(pump)
    flown.tray_fractions = command.tray_fraction
    flown.flow_l_min = plant.flow_l_min
    return flown


def test_the_supply_settles_at_its_setpoint_and_the_valve_stands_still():
    flown = fly(lambda t: 1.0, 4000, ThermalPlant())
    setpoint_k = Parameters()["coolant_setpoint_k"]
    assert flown.supply_k[-1] == pytest.approx(setpoint_k, abs=0.5)
    late = flown.bypass[-600:]
    assert max(late) - min(late) < 0.02
    assert max(flown.supply_k) < setpoint_k + 3.0
    assert set(flown.fractions) == {1.0}


def test_flow_follows_the_load():
    full = fly(lambda t: 1.0, 400, ThermalPlant())
    idle = fly(lambda t: 0.2, 400, ThermalPlant())
    # 1.5 L/min per kilowatt of 100 kW; the minimum flow below.
    assert full.flow_l_min == pytest.approx(150.0, rel=0.03)
    assert idle.flow_l_min == pytest.approx(
        max(Parameters()["flow_min_l_min"], 0.2 * 240.0), rel=0.05
    )


@pytest.mark.parametrize("absorbed_w_m2", [60.0, 90.0])
def test_when_the_load_drops_nothing_freezes(absorbed_w_m2: float):
    plant = ThermalPlant(absorbed_w_m2=absorbed_w_m2)
    flown = fly(lambda t: 1.0 if t < 2000 else 0.2, 7000, plant)
    assert flown.coldest_k > CELSIUS_K - 7.0  # the freezing point of PG25 and 3 K
    assert flown.coldest_k > Parameters()["coolant_supply_min_k"] - 3.0  # and well above in fact


def test_without_the_bypass_the_same_drop_does_freeze_the_loop():
    # The plant is able to fail: the law is what keeps it warm.
    plant = ThermalPlant(absorbed_w_m2=60.0)
    for _ in range(7000):
        plant.step([0.2 * TRAY_W] * TRAYS, 0.0, 0.8, 0.0, 1.0)
    assert plant.coldest_k < CELSIUS_K - 10.0


def test_too_small_a_radiator_is_met_by_caps_before_slowdown():
    plant = ThermalPlant(area_m2=100.0, absorbed_w_m2=160.0, gpu_k_per_w=0.0105)
    flown = fly(lambda t: 1.0, 4000, plant)
    parameters = Parameters()
    assert flown.gpu_max_k < parameters["gpu_slowdown_k"]
    target_k = parameters["gpu_slowdown_k"] - parameters["governor_margin_k"]
    assert max(plant.gpu_k) == pytest.approx(target_k, abs=1.0)
    assert min(flown.tray_fractions) < 0.9


def test_a_sudden_full_load_on_a_hot_loop_does_not_overshoot_into_slowdown():
    plant = ThermalPlant(
        area_m2=100.0, absorbed_w_m2=160.0, gpu_k_per_w=0.0105, coolant_k=CELSIUS_K + 38.0
    )
    flown = fly(lambda t: 0.3 if t < 600 or 900 < t < 1200 else 1.0, 1800, plant)
    assert flown.gpu_max_k < Parameters()["gpu_slowdown_k"]


def test_one_hot_tray_is_trimmed_alone():
    plant = ThermalPlant(gpu_k_per_w=0.0088)
    flown = fly(lambda t: 1.0, 1500, plant, hot_tray=1.25)
    assert flown.tray_fractions[0] < 0.95
    assert set(flown.tray_fractions[1:]) == {1.0}
    assert flown.fractions[-1] == 1.0


def inputs(**changes: float) -> ThermalInputs:
    calm = ThermalInputs(
        hottest_gpu_k=330.0,
        hottest_hbm_k=340.0,
        tray_gpu_k=(330.0,) * TRAYS,
        tray_hbm_k=(340.0,) * TRAYS,
        tray_power_w=(TRAY_W,) * TRAYS,
        tray_running=(True,) * TRAYS,
        coolant_supply_k=298.15,
        coolant_return_k=308.15,
        coolant_flow_l_min=150.0,
        radiator_outlet_k=285.0,
        pump_b=False,
    )
    return replace(calm, **changes)  # type: ignore[arg-type]


def test_near_freezing_the_valve_closes_the_radiator_fast_and_the_heater_is_full():
    parameters = Parameters()
    law = ThermalLaw(parameters, TRAYS, bypass=0.2)
    for _ in range(20):
        command = law.step(inputs(coolant_supply_k=275.0), 1.0)
    assert command.freeze_override
    assert command.bypass == parameters["bypass_max"]
    assert command.heater == 1.0


def test_the_heater_is_proportional_and_off_when_warm():
    parameters = Parameters()
    law = ThermalLaw(parameters, TRAYS)
    half_k = 0.5 * (parameters["heater_on_k"] + parameters["heater_full_k"])
    assert law.step(inputs(coolant_supply_k=half_k), 1.0).heater == pytest.approx(0.5)
    assert law.step(inputs(), 1.0).heater == 0.0


def test_hot_coolant_caps_the_whole_rack():
    law = ThermalLaw(Parameters(), TRAYS)
    for _ in range(200):
        command = law.step(inputs(coolant_supply_k=320.0), 1.0)
    assert command.rack_fraction < 0.7
    assert set(command.tray_fraction) == {1.0}


def test_the_integral_of_the_valve_does_not_wind_up_while_it_is_closed():
    law = ThermalLaw(Parameters(), TRAYS)
    for _ in range(3000):  # too warm for an hour: the valve is at its end
        law.step(inputs(coolant_supply_k=303.15, radiator_outlet_k=297.0), 1.0)
    cold = inputs(coolant_supply_k=293.15, radiator_outlet_k=270.0)
    opened = [law.step(cold, 1.0).bypass for _ in range(60)]
    assert opened[-1] > 0.1


def test_a_restarted_law_begins_from_the_drives_that_stand():
    law = ThermalLaw(Parameters(), TRAYS, bypass=0.6, pump=0.7)
    command = law.step(inputs(), 1.0)
    parameters = Parameters()
    assert abs(command.bypass - 0.6) <= parameters["bypass_rate_per_s"] + 1e-9
    assert abs(command.pump - 0.7) <= parameters["pump_rate_per_s"] + 1e-9


class TestGovernor:
    def test_it_begins_to_cut_from_the_power_that_is_drawn(self):
        governor = Governor(0.04, 0.002, 0.16)
        assert governor.step(0.5, 0.5, 1.0) == pytest.approx(0.55 - 0.001 - 0.02)

    def test_it_recovers_to_full_and_no_further(self):
        governor = Governor(0.04, 0.002, 0.16)
        governor.step(5.0, 1.0, 1.0)
        for _ in range(1000):
            output = governor.step(-10.0, 0.5, 1.0)
        assert output == 1.0
        assert governor.step(1.0, 1.0, 1.0) == pytest.approx(1.0 - 0.002 - 0.04)

    def test_it_never_goes_below_the_least_power(self):
        governor = Governor(0.04, 0.002, 0.16)
        for _ in range(1000):
            output = governor.step(30.0, 1.0, 1.0)
        assert output == 0.16


class Pump:
    """A pump that follows its drive with a lag of first order; `lag_s` as the plant's own."""

    def __init__(self, speed: float = 0.0, lag_s: float = 2.0) -> None:
        self.speed = speed
        self.lag_s = lag_s

    def turn(self, drive: float, dt_s: float = 1.0) -> float:
        self.speed += (drive - self.speed) * -math.expm1(-dt_s / self.lag_s)
        return self.speed * FULL_RPM


class TestPumpMonitor:
    def run(self, samples: list[tuple[float, float]]) -> list[bool]:
        monitor = PumpMonitor(Parameters())
        return [monitor.step(drive, rpm, 1.0).failed for drive, rpm in samples]

    def test_a_pump_that_follows_its_drive_is_well(self):
        rpm, samples = 1500.0, []
        for k in range(60):
            drive = 0.25 if k < 10 else min(0.25 + 0.05 * (k - 10), 0.9)
            rpm += (drive * 6000.0 - rpm) * 0.4
            samples.append((drive, rpm))
        assert not any(self.run(samples))

    def test_a_pump_that_stops_is_found_within_the_persistence(self):
        verdicts = self.run([(0.7, 4200.0)] * 10 + [(0.7, 0.0)] * 10)
        assert verdicts.index(True) - 10 <= Parameters()["pump_failed_s"]

    def test_a_pump_that_never_starts_is_found(self):
        assert any(self.run([(0.7, 0.0)] * 10))

    def test_a_short_glitch_of_the_tachometer_is_not_a_failure(self):
        assert not any(self.run([(0.7, 4200.0)] * 5 + [(0.7, 0.0)] + [(0.7, 4200.0)] * 5))

    @pytest.mark.parametrize("lag_s", [1.0, 2.0, 2.9])
    @pytest.mark.parametrize("stopped_s", [0.1, 1.0, 1.4, 1.8])
    @pytest.mark.parametrize("drive", [0.2, 0.5, 0.75, 1.0])
    def test_a_pump_that_spins_up_again_is_well(self, drive: float, stopped_s: float, lag_s: float):
        for phase_s in (0.0, 0.3, 0.6, 0.9):  # of the standstill against the second
            pump, samples = Pump(drive, lag_s), []
            for k in range(300):
                stands = 0.0 <= k * 0.1 - 10.0 - phase_s < stopped_s
                pump.speed = 0.0 if stands else pump.turn(drive, 0.1) / FULL_RPM
                if k % 10 == 9:
                    samples.append((drive, pump.speed * FULL_RPM))
            assert not any(self.run(samples)), phase_s

    def test_a_pump_that_is_slow_for_good_is_found_soon_after_it_got_no_faster(self):
        pump, samples = Pump(), []
        for _ in range(20):  # it comes to half of what it is driven to
            samples.append((0.8, pump.turn(0.4)))
        # For two seconds it spins up as a well one would.
        assert self.run(samples).index(True) <= 2 + Parameters()["pump_failed_s"]

    def test_a_tachometer_that_creeps_back_does_not_make_a_pump_well(self):
        samples = [(0.8, 4800.0)] * 10 + [(0.8, 60.0 * k) for k in range(20)]
        assert self.run(samples).index(True) - 10 <= Parameters()["pump_failed_s"]

    def test_noise_does_not_make_a_pump_well(self):
        for seed in range(20):
            noise = random.Random(seed)
            samples = [(0.8, 4800.0)] * 10
            samples += [(0.8, noise.uniform(0.0, 3000.0)) for _ in range(30)]
            # Smaller errors than any before come by chance too, but never many.
            assert self.run(samples).index(True) - 10 <= 2 * Parameters()["pump_failed_s"]

    def test_a_drive_that_comes_down_to_a_dead_pump_does_not_make_it_well(self):
        samples = [(0.8, 4800.0)] * 10 + [(max(0.8 - 0.05 * k, 0.2), 0.0) for k in range(20)]
        assert self.run(samples).index(True) - 10 <= Parameters()["pump_failed_s"]


def test_the_emergency_cut_has_hysteresis():
    parameters = Parameters()
    slowdown_k = parameters["gpu_slowdown_k"]
    cut = EmergencyCut(parameters)
    assert not cut.step(slowdown_k - 2.0, 300.0)
    assert cut.step(slowdown_k - 0.5, 300.0)
    assert cut.step(slowdown_k - 3.0, 300.0)
    assert not cut.step(slowdown_k - 5.5, 300.0)
    assert cut.step(300.0, parameters["hbm_limit_k"])
