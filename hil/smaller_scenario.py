"""A scenario for a vehicle with fewer trays: what is of a size goes with the number of trays."""

from __future__ import annotations

import math

from fsw.parameters import BY_NAME
from hil.scenario import Requirement, Scenario

# Channels that sum over trays, wings or panels; all others stay as they are.
POWERS_AND_FLOWS = frozenset(
    {
        "array_power_w",
        "array_available_w",
        "battery_power_w",
        "load_power_w",
        "payload_power_w",
        "loss_power_w",
        "battery_current_a",
        "coolant_flow_l_min",
        "heater_w",
        "heat_rejected_w",
        "tokens_per_s",
        "tokens",
        "energy_kwh",
        "fsw_array_power_w",
        "fsw_battery_power_w",
        "fsw_coolant_flow_l_min",
        "fsw_tray_power_w",
        "fsw_budget_w",
        "fsw_eclipse_cap_w",
        "fsw_sunlit_cap_w",
        "fsw_overhead_w",
        "fsw_cap_w",
    }
)
# Whole trays: a lower limit is rounded down, an upper one up.
COUNTS = frozenset(
    {
        "trays_powered",
        "trays_running",
        "trays_hung",
        "fsw_trays_on",
        "fsw_trays_running",
        "fsw_trays_affordable",
        "fsw_shed_trays",
    }
)
# Parameters of flight software that no vehicle file gives, sized for the whole rack.
PARAMETERS = ("overhead_power_w", "cap_ramp_w_per_s", "soc_quiet_current_a")


def for_trays(scenario: Scenario, trays: int, of: int) -> Scenario:
    """The scenario for a rack of `trays` in place of the `of` it was written for."""
    share = trays / of
    parameters = {
        name: share * scenario.parameters.get(name, BY_NAME[name].default) for name in PARAMETERS
    }
    return scenario.model_copy(
        update={
            "parameters": scenario.parameters | parameters,
            "require": [_for_share(requirement, share) for requirement in scenario.require],
        }
    )


def scaled_channels(scenario: Scenario) -> list[str]:
    """The channels whose limits go with the number of trays."""
    channels = dict.fromkeys(requirement.channel for requirement in scenario.require)
    return [channel for channel in channels if channel in POWERS_AND_FLOWS | COUNTS]


def _for_share(requirement: Requirement, share: float) -> Requirement:
    limit = requirement.limit
    if isinstance(limit, str):
        return requirement
    if requirement.channel in COUNTS:
        # Rounded first: 18 trays times 1/18 shall be one.
        count = round(limit * share, 6)
        lower = requirement.operator in ("above", "at_least")
        limit = float(math.floor(count) if lower else math.ceil(count))
    elif requirement.channel in POWERS_AND_FLOWS:
        limit *= share
    else:
        return requirement
    return requirement.model_copy(update={requirement.operator: limit})
