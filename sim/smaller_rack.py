"""A vehicle with fewer trays, scaled so that it behaves as the whole one does.

What is of a size (areas, capacities, flows, powers of the whole) goes with the number of trays;
what is of a kind (voltages, temperatures, time constants, all of one tray) stays. So temperatures,
charge and modes run as on the whole vehicle, while powers are a share of its own.
"""

from __future__ import annotations

from sim.vehicle import Vehicle

SIZES = {
    "array": ("area_m2",),
    "battery": ("capacity_kwh", "coldplate_w_k"),
    "bus": ("avionics_power_w", "ammonia_pump_w", "heater_power_w"),
    "rack": ("tokens_per_s",),
    "coolant": (
        "pump_flow_l_min",
        "pump_power_w",
        "nominal_flow_l_min",
        "supply_volume_l",
        "return_volume_l",
        "exchanger_w_k",
        "ammonia_flow_kg_s",
        "ammonia_mass_kg",
    ),
    "radiator": ("panel_area_m2", "panel_w_k"),
}


def with_trays(vehicle: Vehicle, trays: int) -> Vehicle:
    """The same vehicle in the size of `trays` trays; itself where it has as many.

    Raises pydantic.ValidationError for a number of trays that no rack has.
    """
    if trays == vehicle.rack.trays:
        return vehicle
    share = trays / vehicle.rack.trays
    data = vehicle.model_dump()
    for section, names in SIZES.items():
        for name in names:
            data[section][name] *= share
    data["rack"]["trays"] = trays
    data["name"] = f"{vehicle.name}, {trays} of {vehicle.rack.trays} trays"
    data["description"] = (
        f"{vehicle.description}; everything in the size of {trays} of {vehicle.rack.trays} trays"
    )
    return Vehicle.model_validate(data)
