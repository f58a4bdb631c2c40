"""A controller of the reference model with a small plant behind it, for flight-software tests."""

from __future__ import annotations

import struct
from typing import Any

import serial
from surrogates import PowerPlant, ThermalPlant

import hil.ports  # noqa: F401  (registers model://)
from fsw.flight_software import FlightSoftware
from fsw.register_map import Field
from fsw.registers import FAST_FIELDS, TRAY_FIELDS

CYCLE_NS = 100_000_000
BOOT_S = 8.0
RELOAD_S = 5.0


def raw(field: Field, value: float) -> int:
    return field.raw(value)


class Tray:
    """State, heartbeat, power of one tray."""

    def __init__(self) -> None:
        self.state = 0
        self.timer_s = 0.0
        self.heartbeat = 0.0
        self.power_w = 0.0
        self.current_override_a: float | None = None
        self.latchup_w = 0.0  # beside what it computes with, until it is off
        self.hung = False
        self.fault_forever = False
        self.uncorrectable = 0
        self.digest = 0
        self.powers_on = 0

    def step(
        self, powered: bool, reset: bool, reload: bool, cap_w: float, demand: float, dt_s: float
    ) -> None:
        if not powered:
            self.state, self.power_w, self.current_override_a = 0, 0.0, None
            self.latchup_w = 0.0
            self.hung = self.fault_forever
            return
        if self.state == 0:
            self.state, self.timer_s = 1, BOOT_S
            self.powers_on += 1
        if reset and self.state != 1:
            self.state, self.timer_s = 1, BOOT_S
            self.hung = self.fault_forever
        if reload and self.state == 2:
            self.state, self.timer_s = 3, RELOAD_S
        if self.state in (1, 3):
            self.timer_s -= dt_s
            if self.timer_s <= 0.0:
                self.state = 2
        if not self.hung:
            self.heartbeat += 10.0 * dt_s
        wanted_w = 900.0 + demand * 4655.0 if self.state == 2 else 900.0
        wanted_w = max(min(wanted_w, cap_w), 900.0)
        self.power_w += min(max(wanted_w - self.power_w, -200.0), 200.0)


class Bench:
    """Lockstep loop of flight software, model and surrogate plant."""

    def __init__(
        self,
        trays: int = 4,
        soc: float = 0.9,
        parameters: dict[str, float] | None = None,
        **options: Any,
    ) -> None:
        self.trays_n = trays
        self.port = serial.serial_for_url(f"model://?trays={trays}&baud=1000000", timeout=0.02)
        self.target = self.port.target
        share = trays / 18
        self.parameters = {
            "battery_capacity_ah": 249.0 * share,
            **PowerPlant.PARAMETERS,
            "battery_resistance_ohm": 0.03 / share,
            "soc_floor": 0.3,
            "soc_full": 0.95,
            "overhead_power_w": 4000.0 * share,
            "flow_min_l_min": 20.0,
            "battery_charge_limit_v": 2000.0,
            "battery_charge_max_w": 70e3 * share,
            **(parameters or {}),
        }
        self.power = PowerPlant(soc, 249.0 * share, 160e3 * share)
        self.power.overhead_w = 4000.0 * share
        self.power.resistance_ohm = 0.03 / share
        self.thermal = ThermalPlant(area_m2=200.0 * share, trays=trays)
        self.trays = [Tray() for _ in range(trays)]
        self.sunlit = 1.0
        self.demand = 1.0
        self.protons = 0.0
        self.flux = 0.0
        self.rpm = [0.0, 0.0]
        self.pump_a_ok = self.pump_b_ok = True
        self.overrides: dict[str, int] = {}
        self.store = bytearray(256 * 8)
        self.options = options
        self.cycle = 0
        self.mission_offset_ns = 0  # what flight software's clock is ahead
        self.events: list[Any] = []
        self.restart()

    def restart(self) -> None:
        """Drop the flight software and start it again with the same store."""
        self.fsw = FlightSoftware(
            self.port, self.store, self.trays_n, self.parameters, **self.options
        )

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds * 10)):
            self.step()

    def step(self) -> None:
        actuators = self.target.actuators()
        power, reset, _scrub, reload, pump_a, pump_b, bypass, heater, _flags = struct.unpack(
            ">4I4HI", actuators[:28]
        )
        caps = struct.unpack(f">{self.trays_n}I", actuators[28:])
        for index, tray in enumerate(self.trays):
            bit = 1 << index
            tray.step(
                bool(power & bit),
                bool(reset & bit),
                bool(reload & bit),
                (caps[index] >> 16) * 0.2,
                self.demand,
                0.1,
            )
        tray_w = [tray.power_w for tray in self.trays]
        drives = [pump_a / 65535 * self.pump_a_ok, pump_b / 65535 * self.pump_b_ok]
        for k in (0, 1):
            self.rpm[k] += (drives[k] * 6000.0 - self.rpm[k]) * 0.1
        self.power.step(sum(tray_w), self.sunlit, 0.1)
        self.thermal.step(
            tray_w, bypass / 65535, max(drives), heater / 65535, 0.1, flow_full_l_min=200.0
        )
        self.protons += self.flux * 0.1 + 0.4
        self.target.set_sensors(self.sensors())
        self.cycle += 1
        time_ns = self.cycle * CYCLE_NS
        self.target.advance_to(time_ns)
        self.fsw.minor_cycle(time_ns + self.mission_offset_ns)
        self.events += self.fsw.drain_events()

    def sensors(self) -> bytes:
        plant, power = self.thermal, self.power
        values = {
            "bus_voltage": power.voltage_v,
            "bus_current": (power.array_power_w - power.battery_power_w)
            / max(power.voltage_v, 1.0),
            "battery_voltage": power.voltage_v,
            "battery_current": power.current_a,
            "array_current": power.array_power_w / max(power.voltage_v, 1.0),
            "battery_temperature": 293.0,
            "coolant_supply_a": plant.supply_k,
            "coolant_supply_b": plant.supply_k,
            "coolant_supply_c": plant.supply_k,
            "coolant_return": plant.return_k,
            "coolant_flow": plant.flow_l_min,
            "radiator_outlet": plant.radiator_outlet_k,
            "pump_speed_a": self.rpm[0],
            "pump_speed_b": self.rpm[1],
            "bypass_position": plant.valve,
            "protons": int(self.protons) & 0xFFFF,
        }
        counts = [
            self.overrides.get(name, raw(FAST_FIELDS[name], value))
            for name, value in values.items()
        ]
        data = struct.pack(">16H", *counts)
        for index, tray in enumerate(self.trays):
            gpu_k = plant.gpu_k[index]
            load_w = tray.power_w + tray.latchup_w
            current_a = load_w / 54.0
            if tray.current_override_a is not None:
                current_a = tray.current_override_a
            data += struct.pack(
                ">BBHHHHHHBB",
                tray.state << 4,
                int(tray.heartbeat) & 0xFF,
                1980,
                raw(TRAY_FIELDS["load_power"], load_w),
                raw(TRAY_FIELDS["load_current"], current_a),
                raw(TRAY_FIELDS["temperature_gpu"], gpu_k),
                raw(TRAY_FIELDS["temperature_hbm"], gpu_k - 3.0),
                0,
                tray.uncorrectable & 0xFF,
                tray.digest & 0xFF,
            )
        return data

    def ids(self) -> list[str]:
        """Identifiers of the events so far."""
        return [event.id for event in self.events]
