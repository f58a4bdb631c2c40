"""Every kind of fault fires, is proved, and leaves the balances of the physics closed."""

from __future__ import annotations

from typing import Any

import pytest

from hil.faults.kinds import KINDS, Needs
from hil.faults.pytest_items import Satellite

AT_S = 30.0
LASTS_S = 3.0
# A value of every parameter that has no default, and what makes the fault meet something.
PARAMETERS: dict[str, dict[str, Any]] = {
    "sensor.stuck_at_current": {"channel": "coolant_return"},
    "sensor.stuck_at_value": {"channel": "temperature_gpu", "tray": 2, "value": 400},
    "sensor.bias": {"channel": "coolant_supply_a", "bias": 5},
    "sensor.drift": {"channel": "battery_voltage", "rate_per_s": -1},
    "sensor.scale": {"channel": "bus_current", "factor": 1.1},
    "sensor.noise": {"channel": "radiator_outlet", "sigma": 2},
    "sensor.spikes": {"channel": "pump_speed_a", "height": 3000, "share": 0.5},
    "sensor.dropout": {"channel": "coolant_flow"},
    "actuator.stuck": {"actuator": "tray_power", "tray": 4, "value": 0},
    "actuator.slow": {"actuator": "power_cap_w", "rate_per_s": 0.01},
    "actuator.offset": {"actuator": "pump_a", "offset": 0.1},
    "actuator.dead": {"actuator": "pump_a"},
    "actuator.bypass_stuck": {"position": 0.9},
    "plant.eclipse_longer": {"extra_s": 100},
    "computing.app_exception": {"app": "thermal"},
    "computing.app_overrun": {"app": "power"},
    "computing.clock_jump": {"jump_s": 10},
    "upset.flight_memory": {"word": 1, "bit": 3},
    "link.reorder": {"direction": "from_controller", "frames": 4},
    "link.bit_errors": {"rate": 0.001},
}
IN_ECLIPSE = {"plant.eclipse_longer"}  # from before its end
IN_THE_CAP = {"plant.solar_particle_event"}  # where the Earth's field lets solar protons in
OVER_THE_POLE_S = 25_000.0
ECLIPSE_ENDS_S = 25880.0 + 2566.3  # orbit time, scenario nominal


def quick(satellite: Satellite, kind: str) -> None:
    """A rack that is up soon, in the sun unless the kind needs an eclipse's end."""
    satellite.vehicle_values = {"rack": {"boot_s": 3.0, "reload_s": 3.0}}
    satellite.duration_s = AT_S + 5.0
    if kind in IN_ECLIPSE:
        satellite.scenario_values = {
            "orbit": {"start": "epoch", "start_s": ECLIPSE_ENDS_S - AT_S - 1}
        }
    if kind in IN_THE_CAP:
        satellite.scenario_values = {"orbit": {"start": "epoch", "start_s": OVER_THE_POLE_S}}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_fires_and_is_proved(kind: str, satellite: Satellite) -> None:
    if KINDS[kind].needs is Needs.NAMES and satellite.target == "model":
        pytest.skip(f"{kind} needs {KINDS[kind].needs}")
    quick(satellite, kind)
    fault = {"kind": kind, "at_s": AT_S, **PARAMETERS.get(kind, {})}
    if kind.startswith("upset.tray_"):
        fault["tray"] = 1  # one that is up by then
    if KINDS[kind].lasting:
        fault["for_s"] = LASTS_S
    satellite.faults.append(fault)
    satellite.expected.append("energy_residual < 1e-6 always")
    satellite.expected.append("heat_residual < 1e-6 always")
    result = satellite.fly()
    (injection,) = result.injections
    assert injection.fired_ns is not None and injection.evidence
    assert AT_S <= injection.fired_ns / 1e9 <= AT_S + LASTS_S + 0.1
    assert not (KINDS[kind].lasting and injection.present)


def test_every_kind_is_documented() -> None:
    for name, kind in KINDS.items():
        assert kind.__doc__ and kind.__doc__ != kind.__mro__[1].__doc__, name
        assert kind.name == name and name.count(".") == 1
