"""The table of fault monitors: what is watched, for how long, and what is done about it.

| response | effect |
| --- | --- |
| EVENT | the event only: somebody else acts, or nobody can |
| SHED | the power law sheds trays while tripped |
| DEGRADED | mode degraded while tripped |
| STANDBY | all trays off, mode standby while tripped |
| SAFE | the controller's safe state |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

from fsw.current_check import CurrentSensor
from fsw.events import Severity


class Response(Enum):
    """What a tripped monitor asks for."""

    EVENT = "event"
    SHED = "shed"
    DEGRADED = "degraded"
    STANDBY = "standby"
    SAFE = "safe"


@dataclass(frozen=True, slots=True)
class Observation:
    """What the monitors look at, once a second."""

    link_silent_s: float  # since the last good fast block
    uptime_frozen_s: float  # the controller answers, its clock stands still
    trays_stale_s: float
    controller_safe: bool  # and flight software did not ask for it
    supply_outliers: int
    sensors_invalid: int  # values held for want of a good one
    supply_k: float
    gpu_k: float
    hbm_k: float
    trays_suspect: int
    bus_voltage_v: float
    soc: float
    flow_l_min: float
    flow_sensor_failed: bool
    current_failed: CurrentSensor | None
    currents_unbalanced: bool
    trays_on: int
    pump_a_failed: bool
    pump_b_failed: bool
    tripped: bool
    trays_given_up: int
    config_damaged: bool
    frames_dropped: int  # by the controller in the last second
    fresh: bool  # the fast block behind all this is a recent one


Condition = Callable[[Observation, Mapping[str, float]], bool]


@dataclass(frozen=True, slots=True)
class Monitor:
    """One row of the table. `persistence` and `escalate` name parameters in seconds."""

    name: str
    severity: Severity
    condition: Condition
    persistence: str
    response: Response
    text: str
    escalate: str = ""
    escalation: Response = Response.EVENT
    needs_fresh: bool = True


S, R = Severity, Response

MONITORS: tuple[Monitor, ...] = (
    Monitor(
        "LINK_LOST",
        S.HIGH,
        lambda o, p: o.link_silent_s > p["link_lost_s"],
        "persistence_now_s",
        R.EVENT,
        "no telemetry from the payload controller",
        needs_fresh=False,
    ),
    Monitor(
        "UPTIME_FROZEN",
        S.HIGH,
        lambda o, p: o.uptime_frozen_s > p["link_lost_s"],
        "persistence_now_s",
        R.EVENT,
        "the payload controller answers, but its clock stands still",
        needs_fresh=False,
    ),
    Monitor(
        "TRAYS_STALE",
        S.MEDIUM,
        lambda o, p: o.trays_stale_s > p["trays_stale_s"] and o.link_silent_s < p["link_lost_s"],
        "persistence_now_s",
        R.EVENT,
        "the tray block is not read",
        needs_fresh=False,
    ),
    Monitor(
        "UNEXPECTED_SAFE",
        S.HIGH,
        lambda o, p: o.controller_safe,
        "persistence_now_s",
        R.EVENT,  # the mode table follows the controller by itself
        "the payload controller is in its safe state unasked",
    ),
    Monitor(
        "SUPPLY_SENSOR",
        S.MEDIUM,
        lambda o, p: o.supply_outliers == 1,
        "persistence_now_s",
        R.EVENT,
        "one coolant supply sensor is voted out",
    ),
    Monitor(
        "SUPPLY_SENSORS",
        S.HIGH,
        lambda o, p: o.supply_outliers > 1,
        "persistence_now_s",
        R.DEGRADED,
        "more than one coolant supply sensor is voted out",
    ),
    Monitor(
        "SENSOR_INVALID",
        S.MEDIUM,
        lambda o, p: o.sensors_invalid > 0,
        "persistence_long_s",
        R.EVENT,
        "a sensor is out of its range, its last good value is held",
    ),
    Monitor(
        "BATTERY_SENSOR",
        S.MEDIUM,
        lambda o, p: o.current_failed is CurrentSensor.BATTERY,
        "persistence_now_s",
        R.EVENT,
        "array, loads and voltage deny the battery's current, array less loads is used",
    ),
    Monitor(
        "ARRAY_SENSOR",
        S.MEDIUM,
        lambda o, p: o.current_failed is CurrentSensor.ARRAY,
        "persistence_now_s",
        R.EVENT,
        "battery, voltage and trays deny the array's current, battery and loads are used",
    ),
    Monitor(
        "LOAD_SENSOR",
        S.MEDIUM,
        lambda o, p: o.current_failed is CurrentSensor.LOADS,
        "persistence_now_s",
        R.EVENT,
        "battery, voltage and trays deny the loads' current, array less battery is used",
    ),
    Monitor(
        "BUS_BALANCE",
        S.MEDIUM,
        lambda o, p: o.currents_unbalanced and o.current_failed is None,
        "persistence_long_s",
        R.EVENT,
        "currents of battery, array and loads do not add up",
    ),
    Monitor(
        "TRAY_TEMPERATURE",
        S.MEDIUM,
        lambda o, p: o.trays_suspect > 0,
        "persistence_now_s",
        R.EVENT,  # tray care switches it off where it stays hot
        "a tray is hotter than its power and its neighbours explain, it is throttled alone",
    ),
    Monitor(
        "GPU_HOT",
        S.MEDIUM,
        lambda o, p: o.gpu_k > p["gpu_slowdown_k"] or o.hbm_k > p["hbm_limit_k"],
        "persistence_short_s",
        R.EVENT,  # the thermal law's emergency cut has begun before
        "a GPU or HBM is above its slowdown temperature",
        escalate="overtemperature_escalate_s",
        escalation=R.SHED,
    ),
    Monitor(
        "COOLANT_HOT",
        S.HIGH,
        lambda o, p: o.supply_k > p["coolant_supply_max_k"] + 5.0,
        "persistence_long_s",
        R.SHED,
        "coolant supply too warm in spite of the caps",
        escalate="overtemperature_escalate_s",
        escalation=R.STANDBY,
    ),
    Monitor(
        "FREEZE",
        S.HIGH,
        lambda o, p: o.supply_k < p["coolant_freezing_k"] + p["freeze_margin_k"],
        "persistence_short_s",
        R.EVENT,  # bypass and heater are the thermal law's, and already at their ends
        "coolant near freezing",
    ),
    Monitor(
        "FLOW_LOST",
        S.HIGH,
        lambda o, p: o.trays_on > 0 and o.flow_l_min < 0.5 * p["flow_min_l_min"],
        "flow_lost_s",
        R.STANDBY,
        "no coolant flow with trays on",
        escalate="overtemperature_escalate_s",
        escalation=R.SAFE,  # trays are still on: the controller opens their switches
    ),
    Monitor(
        "FLOW_SENSOR",
        S.MEDIUM,
        lambda o, p: o.flow_sensor_failed,
        "persistence_now_s",
        R.EVENT,
        "pumps and heat deny what the flow sensor says, the pumps' flow is used",
    ),
    Monitor(
        "PUMP_A_FAILED",
        S.HIGH,
        lambda o, p: o.pump_a_failed,
        "persistence_now_s",
        R.DEGRADED,
        "pump A does not follow its drive, pump B is in use",
    ),
    Monitor(
        "PUMP_B_FAILED",
        S.HIGH,
        lambda o, p: o.pump_b_failed,
        "persistence_now_s",
        R.DEGRADED,
        "pump B does not follow its drive, pump A is in use",
    ),
    Monitor(
        "PUMPS_FAILED",
        S.HIGH,
        lambda o, p: o.pump_a_failed and o.pump_b_failed,
        "persistence_now_s",
        R.STANDBY,
        "neither pump follows its drive",
    ),
    Monitor(
        "UNDERVOLTAGE",
        S.HIGH,
        lambda o, p: o.bus_voltage_v < p["bus_undervoltage_share"] * p["battery_ocv_010_v"],
        "persistence_short_s",
        R.SHED,
        "bus voltage below its limit",
    ),
    Monitor(
        "LOW_CHARGE",
        S.HIGH,
        lambda o, p: o.soc < p["soc_floor"],
        "persistence_short_s",
        R.EVENT,  # the power law sheds by itself while the battery discharges
        "state of charge below its floor",
    ),
    Monitor(
        "CRITICAL_CHARGE",
        S.HIGH,
        lambda o, p: o.soc < p["soc_critical"],
        "persistence_short_s",
        R.STANDBY,
        "state of charge critical, all trays off",
    ),
    Monitor(
        "TRAY_TRIP",
        S.MEDIUM,
        lambda o, p: o.tripped,
        "persistence_now_s",
        R.EVENT,  # tray care re-arms
        "a tray has tripped",
    ),
    Monitor(
        "TRAYS_GIVEN_UP",
        S.HIGH,
        lambda o, p: o.trays_given_up > 0,
        "persistence_now_s",
        R.DEGRADED,
        "a tray is given up",
    ),
    Monitor(
        "CONFIG_DAMAGED",
        S.MEDIUM,
        lambda o, p: o.config_damaged,
        "persistence_long_s",
        R.EVENT,  # care of the frames rewrites them and restarts their scanner
        "configuration frames of the payload controller stay damaged",
        escalate="config_escalate_s",
        escalation=R.DEGRADED,
    ),
    Monitor(
        "LINK_NOISY",
        S.LOW,
        lambda o, p: o.frames_dropped > 0,
        "persistence_long_s",
        R.EVENT,
        "the payload controller keeps dropping frames",
    ),
)
