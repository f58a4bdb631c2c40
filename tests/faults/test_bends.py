"""What bends do: sensors bit by bit, the spacecraft against closed forms."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from hil import scenario
from hil.craft import Craft
from hil.errors import UsageError
from hil.faults.effect import Effect
from hil.faults.kinds import KINDS
from hil.faults.ledger import Ledger
from hil.faults.plant_bends import PlantBends
from hil.faults.reports import Reports
from hil.faults.rig import Rig
from hil.faults.sensor_bends import SensorBends, places
from hil.mission import CYCLE_NS, Mission, load_vehicle_of, plan
from hil.scenario import Duration, OrbitStart
from sim import battery
from sim.actuators import Actuators, decode
from sim.channels import RACK_BYTES, RACK_CHANNELS, TRAY_BYTES, TRAY_CHANNELS
from sim.spacecraft import initial_state

TRAYS = 18


@pytest.fixture(scope="module")
def mission() -> Mission:
    path = scenario.find("nominal")
    flown = scenario.load(path).model_copy(update={"duration": Duration(seconds=60)})
    return plan(flown, load_vehicle_of(flown, path.parent))


class Bench:
    """A spacecraft with running trays and one fault, without a controller."""

    def __init__(self, mission: Mission, kind: str, **parameters: Any) -> None:
        vehicle = mission.vehicle
        self.craft = Craft(vehicle, initial_state(vehicle, trays_on=True), Reports())
        self.mission = mission
        self.plant = PlantBends(self.craft)
        self.rig = Rig(
            mission,
            self.craft,
            self.plant,
            SensorBends(),
            *(None,) * 5,
            [],  # type: ignore[arg-type]
        )
        self.fault = KINDS[kind].model_validate(parameters)
        self.effect: Effect | None = None
        self.cycle = 0

    def begin(self) -> Effect:
        self.rig.now_ns = self.cycle * CYCLE_NS
        self.effect = self.fault.begin(self.rig, np.random.default_rng(5))
        return self.effect

    def move(self, seconds: float = 0.1, actuators: Actuators | None = None) -> dict[str, float]:
        acting = driven() if actuators is None else actuators
        for _ in range(round(10 * seconds)):
            sky = self.mission.environment_at(self.cycle % self.mission.cycles)
            self.rig.now_ns = self.cycle * CYCLE_NS
            self.plant.move(acting, sky, 1.0, self.cycle * CYCLE_NS)
            self.cycle += 1
            truth = self.craft.telemetry()
            assert abs(truth["energy_residual"]) < 1e-9
            assert abs(truth["heat_residual"]) < 1e-9
        return truth


def driven(pump: float = 0.8) -> Actuators:
    """All trays on and uncapped, pump A at work."""
    drive = round(65535 * pump)
    head = b"".join(
        [
            ((1 << TRAYS) - 1).to_bytes(4, "big"),
            bytes(12),
            drive.to_bytes(2, "big"),
            bytes(6),
            bytes(4),
        ]
    )
    return decode(head + b"\xff\xff\xff\xff" * TRAYS, TRAYS)


def pair(mission: Mission, kind: str, **parameters: Any) -> tuple[Bench, Bench]:
    """The same spacecraft with a fault and without."""
    bad, good = (Bench(mission, kind, **parameters) for _ in range(2))
    bad.begin()
    return bad, good


def test_array_strings_and_wings(mission: Mission) -> None:
    for kind in ("plant.array_string_lost", "plant.array_wing_lost"):
        bad, good = pair(mission, kind, share=0.25)
        lost, whole = bad.move(), good.move()
        assert lost["array_available_w"] == pytest.approx(0.75 * whole["array_available_w"])
        bad.effect.end()  # type: ignore[union-attr]
        assert bad.move()["array_available_w"] == pytest.approx(
            good.move()["array_available_w"], rel=1e-3
        )


def test_pointing_lost_is_a_cosine(mission: Mission) -> None:
    bad, good = pair(mission, "plant.pointing_lost", error_deg=60.0)
    ratio = bad.move()["array_available_w"] / good.move()["array_available_w"]
    sound_deg = mission.vehicle.array.pointing_error_deg
    assert ratio == pytest.approx(0.5 / math.cos(math.radians(sound_deg)), rel=1e-6)
    assert bad.effect is not None and "radiator_sun_w_m2" in bad.effect.evidence


def test_battery_cells_shorted_and_open(mission: Mission) -> None:
    bad, good = pair(mission, "plant.battery_cell_shorted", cells=10)
    bad.move(), good.move()
    sound, shorted = mission.vehicle.battery, bad.craft.vehicle.battery
    assert shorted.cells_in_series == sound.cells_in_series - 10
    assert battery.capacity_c(shorted) == pytest.approx(battery.capacity_c(sound))
    assert battery.heat_capacity_j_k(shorted) == pytest.approx(battery.heat_capacity_j_k(sound))
    left = shorted.cells_in_series / sound.cells_in_series
    assert battery.series_resistance_ohm(shorted) == pytest.approx(
        left * battery.series_resistance_ohm(sound)
    )
    bad, _ = pair(mission, "plant.battery_cell_open", share=0.2)
    bad.move()
    opened = bad.craft.vehicle.battery
    assert battery.capacity_c(opened) == pytest.approx(0.8 * battery.capacity_c(sound))
    assert battery.series_resistance_ohm(opened) == pytest.approx(
        battery.series_resistance_ohm(sound) / 0.8
    )
    with pytest.raises(UsageError, match="in series"):
        Bench(mission, "plant.battery_cell_shorted", cells=10_000).fault.check(mission.vehicle)


def test_converter_loss_takes_more_for_the_same_load(mission: Mission) -> None:
    bad, good = pair(mission, "plant.converter_loss", converter="rack", factor=0.8)
    lost, whole = bad.move(30.0), good.move(30.0)
    assert lost["payload_power_w"] == pytest.approx(whole["payload_power_w"], rel=1e-3)
    bus = mission.vehicle.bus
    path = bus.rack_converter_efficiency * bus.harness_efficiency
    more = whole["payload_power_w"] * (1 / (0.8 * path) - 1 / path)
    fed = (lost["array_power_w"] - lost["battery_power_w"]) - (
        whole["array_power_w"] - whole["battery_power_w"]
    )
    assert fed == pytest.approx(more, rel=0.05)  # but for the array's own converter
    assert lost["coolant_return_c"] > whole["coolant_return_c"]


def test_a_leak_empties_the_loop_and_then_takes_its_flow(mission: Mission) -> None:
    bad, good = pair(mission, "plant.coolant_leak", share_per_s=0.01)
    lost, whole = bad.move(20.0), good.move(20.0)
    assert lost["coolant_flow_l_min"] == pytest.approx(whole["coolant_flow_l_min"])
    lost, whole = bad.move(30.0), good.move(30.0)  # half is left
    assert lost["coolant_flow_l_min"] == pytest.approx(
        0.5 / 0.7 * whole["coolant_flow_l_min"], rel=1e-6
    )
    coolant = bad.craft.vehicle.coolant
    held = (coolant.supply_volume_l, coolant.return_volume_l)
    sound = mission.vehicle.coolant
    assert held == pytest.approx((0.5 * sound.supply_volume_l, 0.5 * sound.return_volume_l))
    bad.effect.end()  # type: ignore[union-attr]
    bad.move(10.0)
    assert bad.craft.vehicle.coolant.supply_volume_l == pytest.approx(held[0])
    assert bad.move(100.0)["gpu_temp_max_c"] > good.move(110.0)["gpu_temp_max_c"]


def test_punctured_panels_are_gone_for_good(mission: Mission) -> None:
    bad, good = pair(mission, "plant.radiator_panel_punctured", panels=2)
    lost, whole = bad.move(30.0), good.move(30.0)
    assert int(bad.craft.state.panels_lost[0]) == mission.vehicle.radiator.panels_lost + 2
    assert lost["heat_rejected_w"] < whole["heat_rejected_w"]
    with pytest.raises(UsageError, match="the radiator has"):
        Bench(mission, "plant.radiator_panel_punctured", panels=1000).fault.check(mission.vehicle)


def test_two_panels_are_punctured_at_once_each_proved(mission: Mission) -> None:
    bench = Bench(mission, "plant.radiator_panel_punctured")
    effects = [bench.begin(), bench.begin()]
    bench.move(1.0)
    assert int(bench.craft.state.panels_lost[0]) == mission.vehicle.radiator.panels_lost + 2
    assert all(effect.evidence for effect in effects)


def test_latch_ups_of_two_trays_have_each_their_current(mission: Mission) -> None:
    bench = Bench(mission, "actuator.dead", actuator="heater")
    bench.rig.upsets = Ledger({}, bench.craft)
    sound = Bench(mission, "actuator.dead", actuator="heater")
    for tray, current_a in ((3, 50.0), (5, 90.0), (7, None)):
        values = {"tray": tray, "current_a": current_a}
        bench.fault = KINDS["upset.tray_latchup"].model_validate(values)
        assert bench.begin().evidence
    rack = mission.vehicle.rack
    more_w = bench.move(0.1)["payload_power_w"] - sound.move(0.1)["payload_power_w"]
    currents_a = 50.0 + 90.0 + rack.latchup_current_a
    assert more_w == pytest.approx(currents_a * rack.busbar_voltage_v)
    bench.move(0.1, replace(driven(), tray_power=np.zeros((1, TRAYS), bool)))
    bench.move(0.1)  # power is back, the latch-ups are gone
    assert bench.craft.vehicle.rack.latchup_current_a == rack.latchup_current_a


def test_an_upset_that_meets_nothing_is_not_proved(mission: Mission) -> None:
    bench = Bench(mission, "upset.tray_sefi", tray=4)
    bench.rig.upsets = Ledger({}, bench.craft)
    assert bench.begin().evidence == "tray 4: it hangs"
    assert bench.begin().evidence == ""  # it hung already


def test_a_seized_pump_stands_at_once_and_spins_up_again(mission: Mission) -> None:
    bench = Bench(mission, "actuator.pump_seized", pump="a")
    assert bench.move(20.0)["pump_a_rpm"] > 1000
    effect = bench.begin()
    truth = bench.move()
    assert truth["pump_a_rpm"] == 0 and truth["coolant_flow_l_min"] == 0
    effect.end()
    assert bench.move(20.0)["pump_a_rpm"] > 1000


@pytest.mark.parametrize(
    ("kind", "parameters", "channel", "value"),
    [
        ("actuator.dead", {"actuator": "pump_a"}, "pump_a_rpm", 0.0),
        ("actuator.stuck", {"actuator": "tray_power", "tray": 3, "value": 0}, "trays_powered", 17),
        ("actuator.stuck", {"actuator": "heater", "value": 1}, "heater_w", None),
        ("actuator.offset", {"actuator": "bypass", "offset": 0.5}, "bypass", 0.5),
        ("actuator.bypass_stuck", {"position": 0.25}, "bypass", 0.25),
        ("actuator.slow", {"actuator": "pump_a", "rate_per_s": 0.001}, "pump_a_rpm", None),
    ],
)
def test_actuators(
    mission: Mission, kind: str, parameters: dict[str, Any], channel: str, value: float | None
) -> None:
    bench = Bench(mission, kind, **parameters)
    bench.move(1.0, driven(0.5))
    effect = bench.begin()
    truth = bench.move(60.0, driven(0.5))
    if kind == "actuator.slow":
        truth = bench.move(10.0, driven(1.0))
        full = mission.vehicle.coolant.pump_speed_rpm
        assert truth[channel] == pytest.approx(0.51 * full, rel=0.01)
    elif channel == "heater_w":
        assert truth[channel] == mission.vehicle.bus.heater_power_w
    else:
        assert truth[channel] == pytest.approx(value, abs=1e-3)
    assert effect.evidence


def test_a_bend_that_changes_nothing_is_not_proved(mission: Mission) -> None:
    bench = Bench(mission, "actuator.stuck", actuator="heater", value=0)
    effect = bench.begin()
    bench.move(5.0)
    assert effect.evidence == ""


def test_two_bends_are_proved_each_by_its_own(mission: Mission) -> None:
    bench = Bench(mission, "plant.array_string_lost", share=0.5)
    first = bench.begin()
    bench.fault = KINDS["actuator.stuck"].model_validate({"actuator": "heater", "value": 0})
    second = bench.begin()
    bench.move(1.0)
    assert first.evidence.startswith("array_available_w") and second.evidence == ""


def test_a_slow_actuator_is_as_slow_beside_a_fault_that_waits(mission: Mission) -> None:
    speeds = []
    for beside in ((), ("plant.eclipse_longer", "plant.eclipse_longer")):
        bench = Bench(mission, "actuator.slow", actuator="pump_a", rate_per_s=0.001)
        bench.move(60.0, driven(0.5))
        bench.begin()
        slow = bench.fault
        waiting = []
        for kind in beside:
            bench.fault = KINDS[kind].model_validate({"extra_s": 5.0})
            waiting.append(bench.begin())
        bench.fault = slow
        bench.move(1.0, driven(0.5))
        speeds.append(bench.move(10.0, driven(1.0))["pump_a_rpm"])
        assert all(effect.evidence == "" for effect in waiting)
    assert speeds[0] == speeds[1]


def test_every_channel_is_found_in_the_vector_and_no_other_changes() -> None:
    vector = bytes(np.random.default_rng(1).bytes(RACK_BYTES + TRAY_BYTES * TRAYS))
    for channel in (*RACK_CHANNELS, *TRAY_CHANNELS):
        tray = None if channel in RACK_CHANNELS else 5
        (place,) = places(channel.name, tray, TRAYS)
        bent = bytearray(vector)
        place.put(bent, place.raw(vector) ^ place.full)
        assert place.raw(bent) == place.raw(vector) ^ place.full
        start = 0 if tray is None else RACK_BYTES + TRAY_BYTES * tray
        changed = int.from_bytes(bytes(a ^ b for a, b in zip(vector, bent, strict=True)), "big")
        lsb = 8 * (len(vector) - start - 4 * channel.word - 4) + channel.lsb
        assert changed == place.full << lsb, channel.name


def test_values_saturate_at_the_ends_of_a_channel() -> None:
    (place,) = places("battery_current", None, TRAYS)
    assert place.count(-1e9) == 0 and place.count(1e9) == 65535 == place.count(math.nan)
    assert place.value(place.count(-200.0)) == pytest.approx(-200.0, abs=0.02)


@pytest.mark.parametrize(
    ("kind", "parameters", "shown"),
    [
        ("sensor.stuck_at_current", {}, [300.0, 300.0, 300.0]),
        ("sensor.stuck_at_value", {"value": 280}, [280.0, 280.0, 280.0]),
        ("sensor.bias", {"bias": -2.5}, [297.5, 307.5, 317.5]),
        ("sensor.drift", {"rate_per_s": 10}, [301.0, 312.0, 323.0]),
        ("sensor.scale", {"factor": 0.5}, [150.0, 155.0, 160.0]),
        ("sensor.dropout", {}, [0.0, 0.0, 0.0]),
        ("sensor.dropout", {"reads": "full"}, [655.35, 655.35, 655.35]),
        ("sensor.spikes", {"height": 5, "share": 1}, None),
        ("sensor.noise", {"sigma": 1}, None),
    ],
)
def test_what_sensors_show(
    mission: Mission, kind: str, parameters: dict[str, Any], shown: list[float] | None
) -> None:
    bench = Bench(mission, kind, channel="coolant_return", **parameters)
    effect = bench.begin()
    (place,) = places("coolant_return", None, TRAYS)
    found = []
    for index, value in enumerate((300.0, 310.0, 320.0)):
        vector = bytearray(RACK_BYTES + TRAY_BYTES * TRAYS)
        place.put(vector, place.count(value))
        time_ns = (index + 1) * CYCLE_NS
        found.append(place.value(place.raw(bench.rig.sensors.shown(bytes(vector), time_ns))))
    if shown is not None:
        assert found == pytest.approx(shown, abs=0.006)
    elif kind == "sensor.spikes":
        off = np.array(found) - [300, 310, 320]
        assert np.abs(off) == pytest.approx(5.0, abs=0.006)
    else:
        assert 0 < np.std(np.array(found) - [300, 310, 320]) < 3
    assert effect.evidence.startswith("coolant_return shows")
    effect.end()
    vector = bytes(RACK_BYTES + TRAY_BYTES * TRAYS)
    assert bench.rig.sensors.shown(vector, 0) == vector


def test_a_longer_eclipse_begins_where_it_should_end(mission: Mission) -> None:
    bench = Bench(mission, "plant.eclipse_longer", extra_s=0.5)
    bench.begin()
    sky = mission.environment_at(0)
    seen = []
    for index, sunlit in enumerate([1.0, 0.5, 0.0, 0.0, 0.1, 0.6, 1.0, 1.0, 1.0, 1.0, 1.0]):
        dark = replace(sky, sunlit=sunlit)
        seen.append(bench.plant.move(driven(), dark, 1.0, index * CYCLE_NS).sunlit)
    assert seen == [1.0, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0]


def over(latitude: str) -> Mission:
    """A minute of flight where the Earth's field lets protons in, or where it does not."""
    path = scenario.find("nominal")
    start_s = {"pole": 25_000.0, "equator": 23_800.0}[latitude]
    orbit = OrbitStart(start_s=start_s)
    changes = {"duration": Duration(seconds=60), "orbit": orbit}
    flown = scenario.load(path).model_copy(update=changes)
    return plan(flown, load_vehicle_of(flown, path.parent))


def test_solar_protons_come_over_the_poles_alone() -> None:
    fluxes = {}
    for latitude in ("pole", "equator"):
        mission = over(latitude)
        bench = Bench(mission, "plant.solar_particle_event")
        effect = bench.begin()
        sky = mission.environment_at(0)
        found = bench.plant.move(driven(), sky, 1.0, 0)
        fluxes[latitude] = found.proton_flux_10mev_cm2_s - sky.proton_flux_10mev_cm2_s
        assert bool(effect.evidence) is (latitude == "pole")
    assert abs(mission.environment_at(0).latitude_deg) < 30
    assert fluxes["equator"] == pytest.approx(0.0, abs=1e-6)
    # The part of the sky that the Earth leaves open: 71 % at 650 km.
    assert fluxes["pole"] == pytest.approx(0.71 * 3.7e5, rel=0.01)


def test_a_particle_event_brings_its_upsets() -> None:
    bench = Bench(over("pole"), "plant.solar_particle_event", upset_scale=1e4)
    effect = bench.begin()
    assert len(bench.rig.coming) > 10
    assert all(upset.time_s >= 0 for upset in bench.rig.coming)
    bench.move()
    assert "proton_flux" in effect.evidence
    effect.end()
    assert bench.rig.coming == []
