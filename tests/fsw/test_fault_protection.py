"""Fault monitors: persistence, responses, escalation."""

from dataclasses import replace

import pytest

from fsw.current_check import CurrentSensor
from fsw.events import EventLog, Severity
from fsw.fault_protection import FaultProtection, FaultState
from fsw.monitors import MONITORS, Observation, Response
from fsw.parameters import Parameters

WELL = Observation(
    link_silent_s=0.0,
    uptime_frozen_s=0.0,
    trays_stale_s=0.0,
    controller_safe=False,
    supply_outliers=0,
    sensors_invalid=0,
    supply_k=298.0,
    gpu_k=340.0,
    hbm_k=345.0,
    trays_suspect=0,
    bus_voltage_v=420.0,
    soc=0.8,
    flow_l_min=150.0,
    flow_sensor_failed=False,
    current_failed=None,
    currents_unbalanced=False,
    trays_on=18,
    pump_a_failed=False,
    pump_b_failed=False,
    tripped=False,
    trays_given_up=0,
    config_damaged=False,
    frames_dropped=0,
    fresh=True,
)
PARAMETERS = {"soc_floor": 0.3, "soc_critical": 0.15}


class Flown:
    def __init__(self) -> None:
        self.events = EventLog()
        self.protection = FaultProtection(Parameters(PARAMETERS), self.events.report)

    def run(self, seconds: int, **changes: object) -> FaultState:
        for _ in range(seconds):
            state = self.protection.step(replace(WELL, **changes), 1.0)  # type: ignore[arg-type]
        return state

    def ids(self) -> list[str]:
        return [event.id for event in self.events.drain()]


def test_a_well_rack_trips_nothing():
    flown = Flown()
    assert flown.run(100) == FaultState((), False, False, False, False)
    assert flown.ids() == []


@pytest.mark.parametrize(
    ("name", "changes", "seconds", "response"),
    [
        ("LINK_LOST", {"link_silent_s": 2.1}, 1, ""),
        ("UPTIME_FROZEN", {"uptime_frozen_s": 2.1}, 1, ""),
        ("TRAYS_STALE", {"trays_stale_s": 5.1}, 1, ""),
        ("UNEXPECTED_SAFE", {"controller_safe": True}, 1, ""),
        ("SUPPLY_SENSOR", {"supply_outliers": 1}, 1, ""),
        ("SUPPLY_SENSORS", {"supply_outliers": 2}, 1, "degraded"),
        ("SENSOR_INVALID", {"sensors_invalid": 1}, 10, ""),
        ("GPU_HOT", {"gpu_k": 361.0}, 3, ""),
        ("GPU_HOT", {"hbm_k": 369.0}, 3, ""),
        ("COOLANT_HOT", {"supply_k": 319.0}, 10, "shed"),
        ("FREEZE", {"supply_k": 270.0}, 3, ""),
        ("FLOW_LOST", {"flow_l_min": 5.0}, 8, "standby"),
        ("FLOW_SENSOR", {"flow_sensor_failed": True}, 1, ""),
        ("BATTERY_SENSOR", {"current_failed": CurrentSensor.BATTERY}, 1, ""),
        ("ARRAY_SENSOR", {"current_failed": CurrentSensor.ARRAY}, 1, ""),
        ("LOAD_SENSOR", {"current_failed": CurrentSensor.LOADS}, 1, ""),
        ("BUS_BALANCE", {"currents_unbalanced": True}, 10, ""),
        ("TRAY_TEMPERATURE", {"trays_suspect": 1}, 1, ""),
        ("PUMP_A_FAILED", {"pump_a_failed": True}, 1, "degraded"),
        ("PUMP_B_FAILED", {"pump_b_failed": True}, 1, "degraded"),
        ("PUMPS_FAILED", {"pump_a_failed": True, "pump_b_failed": True}, 1, "standby"),
        ("UNDERVOLTAGE", {"bus_voltage_v": 320.0}, 3, "shed"),
        ("LOW_CHARGE", {"soc": 0.29}, 3, ""),
        ("CRITICAL_CHARGE", {"soc": 0.14}, 3, "standby"),
        ("TRAY_TRIP", {"tripped": True}, 1, ""),
        ("TRAYS_GIVEN_UP", {"trays_given_up": 1}, 1, "degraded"),
        ("CONFIG_DAMAGED", {"config_damaged": True}, 10, ""),
        ("LINK_NOISY", {"frames_dropped": 3}, 10, ""),
    ],
)
def test_monitor(name: str, changes: dict[str, float], seconds: int, response: str):
    flown = Flown()
    if seconds > 1:
        assert name not in flown.run(seconds - 1, **changes).tripped
    state = flown.run(1, **changes)
    assert name in state.tripped
    assert name in flown.ids()
    if response:
        assert getattr(state, response)
    assert name not in flown.run(15).tripped
    assert f"{name}_CLEARED" in flown.ids()


def test_every_monitor_is_in_the_test_above():
    covered = test_monitor.pytestmark[0].args[1]  # type: ignore[attr-defined]
    assert {row[0] for row in covered} == {monitor.name for monitor in MONITORS}


def test_a_condition_that_does_not_persist_does_not_trip():
    flown = Flown()
    for _ in range(20):
        flown.run(2, bus_voltage_v=320.0)
        assert "UNDERVOLTAGE" not in flown.run(1).tripped


def test_a_monitor_that_stays_tripped_escalates_once():
    flown = Flown()
    state = flown.run(4, gpu_k=361.0)
    assert not state.shed
    state = flown.run(20, gpu_k=361.0)
    assert state.shed
    ids = flown.ids()
    assert ids.count("GPU_HOT") == 1
    assert ids.count("GPU_HOT_ESCALATED") == 1
    assert not flown.run(10).shed


def test_trays_that_stay_on_without_flow_are_taken_to_safe():
    flown = Flown()
    state = flown.run(10, flow_l_min=0.0)
    assert (state.standby, state.safe) == (True, False)
    state = flown.run(15, flow_l_min=0.0)  # standby has not switched them off
    assert (state.standby, state.safe) == (True, True)


def test_frames_that_stay_damaged_make_the_mode_degraded():
    flown = Flown()
    assert not flown.run(60, config_damaged=True).degraded
    assert flown.run(15, config_damaged=True).degraded
    assert "CONFIG_DAMAGED_ESCALATED" in flown.ids()
    assert not flown.run(10).degraded


def test_every_response_is_some_monitors():
    asked = {monitor.response for monitor in MONITORS}
    assert asked | {monitor.escalation for monitor in MONITORS} == set(Response)


def test_no_flow_is_no_fault_while_no_tray_is_on():
    assert Flown().run(60, flow_l_min=0.0, trays_on=0).tripped == ()


def test_old_telemetry_neither_trips_nor_clears_what_it_shows():
    flown = Flown()
    assert flown.run(60, bus_voltage_v=100.0, fresh=False).tripped == ()
    flown.run(5, bus_voltage_v=100.0)
    assert "UNDERVOLTAGE" in flown.run(60, fresh=False).tripped


def test_events_have_the_severity_of_the_table_and_say_the_response():
    flown = Flown()
    flown.run(1, pump_a_failed=True)
    event = flown.events.drain()[0]
    assert event.severity is Severity.HIGH
    assert event.text == "pump A does not follow its drive, pump B is in use; response: degraded"


def test_names_in_the_table_differ_and_their_parameters_exist():
    names = [monitor.name for monitor in MONITORS]
    assert len(set(names)) == len(names)
    parameters = Parameters()
    for monitor in MONITORS:
        assert monitor.persistence in parameters
        assert not monitor.escalate or monitor.escalate in parameters
