"""Small plants of their own to close the control laws on: not the bench's physics.

They share its assumptions (who flows where) but none of its code, and are coarser.
"""

from __future__ import annotations

import math
from itertools import pairwise

STEFAN_BOLTZMANN = 5.670374419e-8  # W/m2/K4, CODATA 2018


class ThermalPlant:
    """PG25 loop, interface heat exchanger, ammonia loop with bypass, four radiator segments."""

    SEGMENTS = 4

    def __init__(
        self,
        area_m2: float = 200.0,  # planform, both faces radiate
        trays: int = 18,
        coolant_k: float = 293.15,
        absorbed_w_m2: float = 90.0,  # per face: Earth and albedo
        gpu_k_per_w: float = 0.0083,  # GPU above coolant: 45 K at 5.4 kW
    ) -> None:
        self.area_m2 = area_m2
        self.absorbed_w_m2 = absorbed_w_m2
        self.gpu_k_per_w = gpu_k_per_w
        self.supply_k = coolant_k
        self.return_k = coolant_k
        self.segments_k = [coolant_k - 10.0] * self.SEGMENTS
        self.ammonia_return_k = coolant_k
        self.gpu_k = [coolant_k] * trays
        self.valve = 0.0
        self.flow_l_min = 60.0
        self.pump_ok = True
        self.coldest_k = coolant_k

    def step(
        self,
        tray_power_w: list[float],
        bypass: float,
        pump: float,
        heater: float,
        dt_s: float,
        flow_full_l_min: float = 240.0,
    ) -> None:
        steps = max(int(dt_s / 0.1), 1)
        for _ in range(steps):
            self._small_step(tray_power_w, bypass, pump, heater, dt_s / steps, flow_full_l_min)

    def _small_step(
        self,
        tray_power_w: list[float],
        bypass: float,
        pump: float,
        heater: float,
        dt_s: float,
        flow_full_l_min: float,
    ) -> None:
        self.valve += (bypass - self.valve) * dt_s / 3.0
        drive = pump if self.pump_ok else 0.0
        self.flow_l_min += (drive * flow_full_l_min - self.flow_l_min) * dt_s / 2.0
        flow_w_k = max(self.flow_l_min, 1.0) / 60.0 * 1.02 * 3900.0  # kg/s * J/kg/K of PG25
        heat_w = sum(tray_power_w) + heater * 8000.0
        # Rack side: heat lifts return above supply; 60 kg of coolant each side.
        mass_j_k = 60.0 * 3900.0
        self.return_k += (flow_w_k * (self.supply_k - self.return_k) + heat_w) * dt_s / mass_j_k
        ammonia_w_k = 9000.0
        through = max(1.0 - self.valve, 0.02)
        stream_w_k = through * ammonia_w_k
        inlet_k = self.ammonia_return_k
        panel_m2 = self.area_m2 / self.SEGMENTS
        for index, panel_k in enumerate(self.segments_k):
            share = 1.0 - math.exp(-4000.0 / stream_w_k)
            given_w = stream_w_k * share * (inlet_k - panel_k)
            inlet_k -= share * (inlet_k - panel_k)
            net_w = (
                given_w
                + 2.0 * panel_m2 * self.absorbed_w_m2
                - 2.0 * panel_m2 * 0.9 * STEFAN_BOLTZMANN * panel_k**4
            )
            self.segments_k[index] = panel_k + net_w * dt_s / (panel_m2 * 8.0 * 900.0)
        self.radiator_outlet_k = inlet_k
        mixed_k = through * inlet_k + (1.0 - through) * self.ammonia_return_k
        smallest = min(flow_w_k, ammonia_w_k)
        moved_w = 0.85 * smallest * (self.return_k - mixed_k)
        out_k = self.return_k - moved_w / flow_w_k
        self.supply_k += (out_k - self.supply_k) * flow_w_k / mass_j_k * dt_s
        ammonia_out_k = mixed_k + moved_w / ammonia_w_k
        self.ammonia_return_k += (ammonia_out_k - self.ammonia_return_k) * dt_s / 15.0
        self.coldest_k = min(out_k, self.supply_k)
        for index, power_w in enumerate(tray_power_w):
            target_k = self.supply_k + 0.5 * (self.return_k - self.supply_k)
            target_k += self.gpu_k_per_w * power_w
            self.gpu_k[index] += (target_k - self.gpu_k[index]) * dt_s / 4.0


class PowerPlant:
    """Array, battery with a resistance, and a bus that loses a share of what passes it."""

    OCV_V = (300.0, 330.0, 345.0, 352.0, 357.0, 363.0, 371.0, 381.0, 390.0, 399.0, 410.0)
    # What flight software knows of it: the same curve at twice the points, and no polarisation.
    PARAMETERS = {
        "battery_resistance_ohm": 0.03,
        "battery_polarisation_ohm": 0.0,
        **{f"battery_ocv_{10 * k:03d}_v": volts for k, volts in enumerate(OCV_V)},
        **{
            f"battery_ocv_{10 * k + 5:03d}_v": 0.5 * (low + high)
            for k, (low, high) in enumerate(pairwise(OCV_V))
        },
    }

    def __init__(self, soc: float, capacity_ah: float, array_w: float) -> None:
        self.soc = soc
        self.capacity_ah = capacity_ah
        self.array_w = array_w
        self.resistance_ohm = 0.03
        self.overhead_w = 4000.0
        self.loss = 0.05
        self.battery_power_w = 0.0
        self.array_power_w = 0.0
        self.current_a = 0.0
        self.voltage_v = 0.0

    def ocv_v(self) -> float:
        position = min(max(self.soc, 0.0), 1.0) * 10.0
        index = min(int(position), 9)
        low, high = self.OCV_V[index], self.OCV_V[index + 1]
        return low + (position - index) * (high - low)

    def step(self, tray_w: float, sunlit: float, dt_s: float) -> None:
        load_w = (tray_w + self.overhead_w) * (1.0 + self.loss)
        self.array_power_w = self.array_w * sunlit
        net_w = self.array_power_w - load_w
        ocv_v = self.ocv_v()
        # Terminal power p = i (ocv + i r): the stable root.
        root = ocv_v * ocv_v + 4.0 * self.resistance_ohm * net_w
        self.current_a = (-ocv_v + math.sqrt(root)) / (2.0 * self.resistance_ohm)
        if self.soc >= 1.0 and self.current_a > 0.0:
            self.array_power_w -= net_w
            self.current_a = 0.0
        self.voltage_v = ocv_v + self.current_a * self.resistance_ohm
        self.battery_power_w = self.voltage_v * self.current_a
        self.soc += self.current_a * dt_s / 3600.0 / self.capacity_ah
