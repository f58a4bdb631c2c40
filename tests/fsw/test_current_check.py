"""The currents of battery, array and loads against each other, the voltage and the trays."""

import pytest

from fsw.current_check import BusCurrents, CurrentCheck, CurrentSensor
from fsw.parameters import Parameters
from fsw.state_of_charge import StateOfCharge

RESISTANCE_OHM = 0.05
PARAMETERS = Parameters({"battery_capacity_ah": 250.0, "battery_resistance_ohm": RESISTANCE_OHM})
CURVE_ERROR_V = 2.5
REST_A = 15.0  # loads that are not the trays'


class Bus:
    """A bus that never lies, and three sensors that may."""

    def __init__(self, check: CurrentCheck | None = None) -> None:
        self.check = check or CurrentCheck(PARAMETERS)
        self.cycle = 0

    def run(
        self,
        seconds: float,
        battery_a: float,
        trays_a: float = 200.0,
        *,
        lies: dict[CurrentSensor, float] | None = None,
        stuck: dict[CurrentSensor, float] | None = None,
        broken: CurrentSensor | None = None,
        more_a: float = 0.0,
        blocks: bool = True,
    ) -> list[BusCurrents]:
        """The battery takes `battery_a`; sensors show `lies` more, or are stuck."""
        true = {
            CurrentSensor.BATTERY: battery_a,
            CurrentSensor.LOADS: trays_a + REST_A + more_a,
            CurrentSensor.ARRAY: battery_a + trays_a + REST_A + more_a,
        }
        read = {s: value + (lies or {}).get(s, 0.0) for s, value in true.items()} | (stuck or {})
        found = []
        for _ in range(round(seconds * 10)):
            found.append(
                self.check.step(
                    read[CurrentSensor.BATTERY],
                    read[CurrentSensor.ARRAY],
                    read[CurrentSensor.LOADS],
                    [broken.value] if broken else [],
                    CURVE_ERROR_V + RESISTANCE_OHM * battery_a,
                    0.1,
                )
            )
            if self.cycle % 10 == 0 and blocks:
                self.check.trays(trays_a)
            self.cycle += 1
        return found


def flown(battery_a: float = 50.0) -> Bus:
    """A bus whose sensors have agreed for a minute."""
    bus = Bus()
    bus.run(60, battery_a)
    return bus


def test_a_sensor_that_lies_is_found_out_and_nothing_of_the_charge_is_lost():
    found = flown().run(10, 50.0, lies={CurrentSensor.BATTERY: 20.0})
    declared = next(index for index, one in enumerate(found) if one.failed)
    assert found[declared].failed is CurrentSensor.BATTERY
    assert 1.5 <= declared * 0.1 <= 4.0
    assert found[-1].battery_a == 50.0
    counted_as = sum(one.battery_a * 0.1 for one in found)
    missed_as = sum(one.missed_ah for one in found) * 3600.0
    # The sample of the declaration counts the balance's current already.
    assert counted_as + missed_as == pytest.approx(10 * 50.0, abs=20.0 * 0.1 + 1e-6)


@pytest.mark.parametrize("sensor", list(CurrentSensor))
@pytest.mark.parametrize("lie_a", [-200.0, -30.0, -12.0, 12.0, 30.0, 200.0])
@pytest.mark.parametrize("battery_a", [-220.0, -5.0, 0.0, 60.0])
def test_whichever_sensor_lies_is_named_and_the_truth_is_used(
    sensor: CurrentSensor, lie_a: float, battery_a: float
):
    found = flown(battery_a).run(8, battery_a, lies={sensor: lie_a})
    assert {one.failed for one in found} == {None, sensor}
    assert found[60].failed is sensor  # within six seconds
    last = found[-1]
    used = (last.battery_a, last.loads_a, last.array_a)
    assert used == pytest.approx((battery_a, 215.0, battery_a + 215.0))


def test_it_is_used_again_when_it_has_agreed_for_long():
    for sensor in CurrentSensor:
        bus = flown()
        assert bus.run(10, 50.0, stuck={sensor: 1200.0})[-1].failed is sensor
        assert bus.run(9.8, 50.0)[-1].failed is sensor
        assert bus.run(0.5, 50.0)[-1].failed is None


@pytest.mark.parametrize("sensor", [CurrentSensor.ARRAY, CurrentSensor.LOADS])
def test_while_the_load_changes(sensor: CurrentSensor):
    bus = flown()
    found = []
    for step in range(12):  # the trays ramp up at 10 A a second, the battery pays for it
        found += bus.run(1, 50.0 - 10.0 * step, 200.0 + 10.0 * step, lies={sensor: 40.0})
    assert {one.failed for one in found} == {None, sensor}


@pytest.mark.parametrize("sensor", list(CurrentSensor))
def test_while_it_gets_dark(sensor: CurrentSensor):
    bus = flown()
    stands_a = {CurrentSensor.BATTERY: 50.0, CurrentSensor.ARRAY: 265.0, CurrentSensor.LOADS: 215.0}
    found = bus.run(10, -215.0, stuck={sensor: stands_a[sensor]})
    found += bus.run(10, -115.0, 100.0, stuck={sensor: stands_a[sensor]})
    assert {one.failed for one in found} == {None, sensor}


@pytest.mark.parametrize("sensor", [CurrentSensor.ARRAY, CurrentSensor.LOADS])
def test_without_the_trays_word_nobody_is_condemned(sensor: CurrentSensor):
    last = flown().run(60, 50.0, lies={sensor: 30.0}, blocks=False)[-1]
    assert last.failed is None and last.unbalanced and last.battery_a == 50.0


def test_two_that_lie_are_told_as_a_disagreement():
    lies = {CurrentSensor.BATTERY: -40.0, CurrentSensor.ARRAY: 40.0}
    last = flown().run(60, 50.0, lies=lies)[-1]
    assert last.failed is None and last.unbalanced


def test_another_load_than_the_trays_condemns_nobody():
    """The heater comes on while all agree, and while a sensor lies that is known."""
    bus = flown()
    assert {one.failed for one in bus.run(20, 24.0, more_a=26.0)} == {None}
    assert bus.run(20, 24.0, more_a=26.0, lies={CurrentSensor.ARRAY: -30.0})[-1].failed
    found = bus.run(20, 50.0, lies={CurrentSensor.ARRAY: -30.0})
    assert {one.failed for one in found} == {CurrentSensor.ARRAY}


@pytest.mark.parametrize("sensor", list(CurrentSensor))
def test_a_slow_drift_condemns_the_one_that_drifts(sensor: CurrentSensor):
    bus = flown()
    seen = set()
    for step in range(60):
        seen |= {one.failed for one in bus.run(1, 50.0, lies={sensor: 0.5 * step})}
    assert seen == {None, sensor}


@pytest.mark.parametrize("battery_a", [-150.0, 0.0, 170.0])
def test_without_anything_learned_only_gross_lies_of_the_battery_are_judged(battery_a: float):
    for lie_a in (-300.0, 300.0):
        found = Bus().run(10, battery_a, lies={CurrentSensor.BATTERY: lie_a})
        assert found[-1].failed is CurrentSensor.BATTERY
        for sensor in (CurrentSensor.ARRAY, CurrentSensor.LOADS):
            last = Bus().run(10, battery_a, lies={sensor: lie_a})[-1]
            assert last.failed is None and last.unbalanced
    for sensor in CurrentSensor:
        assert not Bus().run(30, battery_a, lies={sensor: 20.0})[-1].failed


@pytest.mark.parametrize("sensor", list(CurrentSensor))
@pytest.mark.parametrize("rate_a_s", [0.02, 0.1, 1.0])
def test_a_drift_that_stops_at_the_limit_never_condemns_another(
    sensor: CurrentSensor, rate_a_s: float
):
    bus = flown()
    seen = set()
    for lie_a in range(1, 13):
        for part in range(round(1.0 / rate_a_s)):
            now_a = lie_a - 1 + part * rate_a_s
            seen |= {one.failed for one in bus.run(1, 50.0, lies={sensor: now_a})}
    seen |= {one.failed for one in bus.run(30, 50.0, lies={sensor: 12.0})}
    assert seen <= {None, sensor}


def test_a_sensor_that_stands_still_is_found_out_when_the_current_changes():
    found = flown().run(5, -200.0, stuck={CurrentSensor.BATTERY: 50.0})
    assert found[-1].failed is CurrentSensor.BATTERY


@pytest.mark.parametrize("sensor", list(CurrentSensor))
def test_a_value_out_of_range_is_not_used_for_long(sensor: CurrentSensor):
    last = Bus().run(3, -80.0, stuck={sensor: 10.0}, broken=sensor)[-1]
    assert last.failed is sensor
    assert (last.battery_a, last.loads_a, last.array_a) == pytest.approx((-80.0, 215.0, 135.0))


def test_what_was_missed_is_added_to_the_charge():
    charge = StateOfCharge(PARAMETERS, 0.5)
    charge.correct(2.5)
    assert charge.soc == pytest.approx(0.51)
    charge.correct(1000.0)
    assert charge.soc == 1.0
