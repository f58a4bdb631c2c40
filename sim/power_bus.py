"""Main bus: who gives, who takes, and what is lost on the way.

The battery sits on the bus, 108 cells in series in the default vehicle: 401 V on average. At 120 V
a 100 kW rack would take 830 A, and harness loss goes with the square of the current; at 800 V the
wings would arc into the plasma of low Earth orbit. The strings of the wings stay below 160 V (as
on the ISS) and are boosted by their trackers, so 400 V exists only inside the insulated bus.

    wings -> tracker -> harness -> bus <-> battery
                                   bus -> harness -> rack converter -> trays
                                   bus -> harness -> auxiliary converter -> avionics, pumps, heater

What the bus does not take is left in the wings. At the battery's cut-off the trays are shed until
the charge is restored; with an empty battery in the dark everything stops.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim import battery as pack
from sim.actuators import BoolArray, FloatArray
from sim.battery import BatteryState
from sim.vehicle import Vehicle


@dataclass(frozen=True, slots=True)
class BusFlows:
    """Power over one step, arrays (S,), W unless the name says otherwise."""

    array_w: FloatArray  # taken from the wings' terminals
    array_current_a: FloatArray  # into the bus
    battery_w: FloatArray  # at its terminals, positive while charging
    battery_current_a: FloatArray  # positive while charging
    voltage_v: FloatArray
    load_current_a: FloatArray  # out of the bus, without the battery
    payload_w: FloatArray  # at the trays
    load_w: FloatArray  # payload and auxiliaries, at the loads
    loss_w: FloatArray  # converters and harness
    battery_heat_w: FloatArray
    served: FloatArray  # 1 where the trays were supplied, 0 where the supply collapsed
    shed: BoolArray  # trays must be off from now on
    residual: FloatArray  # array - battery - load - loss over the throughput


def auxiliary_supplied(
    vehicle: Vehicle, state: BatteryState, available_w: FloatArray
) -> FloatArray:
    """1 where avionics and pumps can be fed, 0 with an empty battery and too little sunlight."""
    bus = vehicle.bus
    feed = available_w * (vehicle.array.converter_efficiency * bus.harness_efficiency)
    need = (bus.avionics_power_w + bus.ammonia_pump_w + bus.heater_power_w) / (
        bus.auxiliary_converter_efficiency * bus.harness_efficiency
    )
    return ((state.soc > 0.0) | (feed > need)).astype(np.float64)


def balance(
    vehicle: Vehicle,
    state: BatteryState,
    shed: BoolArray,
    available_w: FloatArray,
    payload_w: FloatArray,
    auxiliary_w: FloatArray,
) -> BusFlows:
    """Solve the bus for one step.

    `available_w` (S,) is what the wings could give, `payload_w` what the trays take and
    `auxiliary_w` what avionics, pumps and heater take; `shed` is the flag of the last step.
    """
    bus = vehicle.bus
    battery = vehicle.battery
    rack_path = bus.rack_converter_efficiency * bus.harness_efficiency
    auxiliary_path = bus.auxiliary_converter_efficiency * bus.harness_efficiency
    array_path = vehicle.array.converter_efficiency * bus.harness_efficiency

    resistance = pack.series_resistance_ohm(battery)
    open_circuit = pack.open_circuit_v(battery, state.soc)
    electromotive = open_circuit + state.polarisation_v
    charge_limit = pack.charge_limit_a(battery, electromotive)
    discharge_limit = pack.discharge_limit_w(battery, electromotive)

    feed = available_w * array_path
    auxiliary_need = auxiliary_w / auxiliary_path
    need = payload_w / rack_path + auxiliary_need
    empty = state.soc <= battery.cutoff_soc
    collapse = (need - feed > discharge_limit) | (empty & (need > feed))
    served = (~collapse).astype(np.float64)
    payload = payload_w * served
    need = payload / rack_path + auxiliary_need

    charge_power = (electromotive + resistance * charge_limit) * charge_limit
    taken = np.minimum(feed, need + charge_power)
    current = pack.current_a(electromotive, resistance, taken - need)
    voltage = electromotive + resistance * current
    battery_power = voltage * current

    array_power = taken / array_path
    load = payload + auxiliary_w
    loss = (array_power - taken) + (need - load)
    throughput = array_power + load + np.abs(battery_power)
    return BusFlows(
        array_w=array_power,
        array_current_a=taken / voltage,
        battery_w=battery_power,
        battery_current_a=current,
        voltage_v=voltage,
        load_current_a=need / voltage,
        payload_w=payload,
        load_w=load,
        loss_w=loss,
        battery_heat_w=pack.heat_w(battery, state, current, open_circuit),
        served=served,
        shed=collapse | (shed & (state.soc < battery.restore_soc)),
        residual=np.abs(array_power - battery_power - load - loss) / np.maximum(throughput, 1.0),
    )
