"""The spacecraft itself is damaged, or space is worse than was forecast.

Every kind replaces numbers of the vehicle, of its state or of the environment for the step of the
physics, which keeps its balances by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from hil.errors import UsageError
from hil.faults.effect import Effect
from hil.faults.kinds.kind import Kind, Share
from hil.faults.plant_bends import Cycle
from hil.faults.rig import Rig
from hil.mission import CYCLE_S
from sim.vehicle import Vehicle

# A loop that has lost some of its coolant draws gas: below this share left, its flow falls with it.
GAS_BELOW = 0.7
LEAST_LEFT = 0.05  # a film stays in the pipes


def changed(vehicle: Vehicle, section: str, **values: Any) -> Vehicle:
    """The vehicle with other values in one section."""
    table = getattr(vehicle, section).model_copy(update=values)
    return vehicle.model_copy(update={section: table})


def vehicle_bend(rig: Rig, change: Callable[[Vehicle], Vehicle]) -> Effect:
    """Let the spacecraft be another from now on."""
    return rig.plant.bend(lambda cycle: replace(cycle, vehicle=change(cycle.vehicle)))


class ArrayStringLost(Kind):
    """Cell strings are open: this share of the wings' power is gone, their area is still there."""

    name: ClassVar[str] = "plant.array_string_lost"

    share: Share = 0.1

    def begin(self, rig: Rig, rng: np.random.Generator) -> Effect:
        left = max(1.0 - self.share, 1e-6)
        return vehicle_bend(
            rig, lambda v: changed(v, "array", degradation=v.array.degradation * left)
        )


class ArrayWingLost(Kind):
    """A wing is torn off, with its area and heat: `share` of all wings."""

    name: ClassVar[str] = "plant.array_wing_lost"
    lasting: ClassVar[bool] = False

    share: Annotated[float, Field(gt=0, lt=1)] = 0.5

    def begin(self, rig: Rig, rng: np.random.Generator) -> Effect:
        left = 1.0 - self.share
        return vehicle_bend(rig, lambda v: changed(v, "array", area_m2=v.array.area_m2 * left))


class BatteryCellShorted(Kind):
    """Groups of parallel cells are shorted: the pack has so many fewer in series.

    Charge capacity and mass stay. What the shorted cells held is taken to be gone at once, and does
    not come back; the charger knows of it and charges the others to their own limit.
    """

    name: ClassVar[str] = "plant.battery_cell_shorted"
    lasting: ClassVar[bool] = False

    cells: Annotated[int, Field(ge=1)] = 1

    def check(self, vehicle: Vehicle) -> None:
        """The pack has more than these in series."""
        series = vehicle.battery.cells_in_series
        if self.cells >= series:
            raise UsageError(f"{self.name}: cells = {self.cells}, the pack has {series} in series")

    def begin(self, rig: Rig, rng: np.random.Generator) -> Effect:
        def change(vehicle: Vehicle) -> Vehicle:
            pack = vehicle.battery
            left = (pack.cells_in_series - self.cells) / pack.cells_in_series
            return changed(
                vehicle,
                "battery",
                cells_in_series=pack.cells_in_series - self.cells,
                capacity_kwh=pack.capacity_kwh * left,
                specific_energy_wh_kg=pack.specific_energy_wh_kg * left,
            )

        return vehicle_bend(rig, change)


class BatteryCellOpen(Kind):
    """Strings of the pack are open: this share of its charge is out of reach, its mass stays."""

    name: ClassVar[str] = "plant.battery_cell_open"

    share: Annotated[float, Field(gt=0, lt=1)] = 0.1

    def begin(self, rig: Rig, rng: np.random.Generator) -> Effect:
        left = 1.0 - self.share
        return vehicle_bend(
            rig,
            lambda v: changed(
                v,
                "battery",
                capacity_kwh=v.battery.capacity_kwh * left,
                specific_energy_wh_kg=v.battery.specific_energy_wh_kg * left,
            ),
        )


class ConverterLoss(Kind):
    """A converter is less efficient: its efficiency times `factor`; the loss heats the coolant."""

    name: ClassVar[str] = "plant.converter_loss"

    converter: Literal["array", "rack", "auxiliary"] = "rack"
    factor: Annotated[float, Field(gt=0, lt=1)] = 0.9

    def begin(self, rig: Rig, rng: np.random.Generator) -> Effect:
        section, key = {
            "array": ("array", "converter_efficiency"),
            "rack": ("bus", "rack_converter_efficiency"),
            "auxiliary": ("bus", "auxiliary_converter_efficiency"),
        }[self.converter]
        return vehicle_bend(
            rig,
            lambda v: changed(v, section, **{key: getattr(getattr(v, section), key) * self.factor}),
        )


class CoolantLeak(Kind):
    """A loop loses coolant at a constant rate, with the heat in it.

    `loop` is the rack's (coolant) or the radiator's (ammonia); `share_per_s` of what it held. Below
    0.7 of it left the pumps draw gas and the flow falls in proportion. A leak that ends is a closed
    valve: what is lost stays lost.
    """

    name: ClassVar[str] = "plant.coolant_leak"

    loop: Literal["coolant", "ammonia"] = "coolant"
    share_per_s: Annotated[float, Field(gt=0, le=1)] = 0.01

    def begin(self, rig: Rig, rng: np.random.Generator) -> Effect:
        began_ns = rig.now_ns
        closed: list[int] = []

        def bend(cycle: Cycle) -> Cycle:
            until_ns = closed[0] if closed else cycle.time_ns
            lost = self.share_per_s * ((until_ns - began_ns) / 1e9 + CYCLE_S)
            left = max(1.0 - lost, LEAST_LEFT)
            flow = min(1.0, left / GAS_BELOW)
            loop = cycle.vehicle.coolant
            values: dict[str, float]
            if self.loop == "coolant":
                values = {
                    "supply_volume_l": loop.supply_volume_l * left,
                    "return_volume_l": loop.return_volume_l * left,
                    "tray_volume_l": loop.tray_volume_l * left,
                    "pump_flow_l_min": loop.pump_flow_l_min * flow,
                }
            else:
                values = {
                    "ammonia_mass_kg": loop.ammonia_mass_kg * left,
                    "ammonia_flow_kg_s": loop.ammonia_flow_kg_s * flow,
                }
            return replace(cycle, vehicle=changed(cycle.vehicle, "coolant", **values))

        effect = rig.plant.bend(bend)
        effect.stop = lambda: closed.append(rig.now_ns)
        return effect


class RadiatorPanelPunctured(Kind):
    """Radiator panels are punctured and cut off from the loop for good by their valves."""

    name: ClassVar[str] = "plant.radiator_panel_punctured"
    lasting: ClassVar[bool] = False

    panels: Annotated[int, Field(ge=1)] = 1

    def check(self, vehicle: Vehicle) -> None:
        """The radiator has so many panels that are not lost from the start."""
        radiator = vehicle.radiator
        if radiator.panels_lost + self.panels > radiator.panels:
            raise UsageError(
                f"{self.name}: panels = {self.panels}, the radiator has {radiator.panels}, of "
                f"which {radiator.panels_lost} are lost from the start"
            )

    def begin(self, rig: Rig, rng: np.random.Generator) -> Effect:
        began_ns = rig.now_ns
        fitted = float(rig.mission.vehicle.radiator.panels)

        def bend(cycle: Cycle) -> Cycle:
            if cycle.time_ns > began_ns:  # the state has it from then on
                return cycle
            gone = np.minimum(cycle.state.panels_lost + self.panels, fitted)
            return replace(cycle, state=replace(cycle.state, panels_lost=gone))

        effect = rig.plant.bend(bend)
        effect.stop = None
        return effect


KINDS = (
    ArrayStringLost,
    ArrayWingLost,
    BatteryCellShorted,
    BatteryCellOpen,
    ConverterLoss,
    CoolantLeak,
    RadiatorPanelPunctured,
)
