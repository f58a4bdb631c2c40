"""Sensors: what the payload controller is shown of the truth, as raw counts.

Every channel has noise, is quantised and saturates at the ends of its field; calibration and
layout are those of `sim/channels.py`. The three coolant supply sensors err independently. The
proton monitor counts particles above 30 MeV: Poisson with mean (flux * area + background) * dt.

Noise is drawn in blocks ahead of time from the generator passed in; one call of `encode` uses one
row of the block, so the same calls give the same bytes.
"""

from __future__ import annotations

import numpy as np

from sim.actuators import FloatArray
from sim.channels import RACK_CHANNELS, TRAY_CHANNELS
from sim.environment import Environment
from sim.spacecraft import Flows, State
from sim.vehicle import Vehicle

NOISE_ROWS = 4096
# Standard deviations in the channel's unit: hall and shunt sensors 0.1 to 0.2 % of the range in
# use, platinum thermometers 0.05 K, on-die thermometers 0.25 K, turbine flow meters 0.2 %.
RACK_NOISE = {
    "bus_voltage": 0.2,
    "bus_current": 0.3,
    "battery_voltage": 0.2,
    "battery_current": 0.4,
    "array_current": 0.3,
    "battery_temperature": 0.05,
    "coolant_supply_a": 0.05,
    "coolant_supply_b": 0.05,
    "coolant_supply_c": 0.05,
    "coolant_return": 0.05,
    "coolant_flow": 0.3,
    "radiator_outlet": 0.05,
    "pump_speed_a": 3.0,
    "pump_speed_b": 3.0,
    "bypass_position": 0.001,
    "protons": 0.0,
}
TRAY_POWER_NOISE_W = 5.0
TRAY_CURRENT_NOISE_A = 0.1
JUNCTION_NOISE_K = 0.25

_FULL = 65535.0
_TRAY = {channel.name: channel for channel in TRAY_CHANNELS}


def _half(name: str) -> int:
    """Which 16-bit half of a tray's block the channel lies in."""
    return 2 * _TRAY[name].word + (_TRAY[name].lsb < 16)


def _shift(name: str) -> float:
    """What one count of the channel adds to its half."""
    return float(1 << (_TRAY[name].lsb % 16))


_STATE, _CLOCK = _half("status_state"), _half("status_clock")
_POWER, _CURRENT = _half("load_power"), _half("load_current")
_GPU, _HBM = _half("temperature_gpu"), _half("temperature_hbm")
_CORRECTED, _ERRORS = _half("errors_corrected"), _half("errors_digest")
_STATE_COUNT, _SLOWDOWN_COUNT = _shift("status_state"), _shift("status_slowdown")
_UNCORRECTABLE_COUNT = int(_shift("errors_uncorrectable"))
_HALVES = 8
_TRAY_GAIN = np.ones(_HALVES)  # counts per unit
for _name in ("load_power", "load_current", "temperature_gpu", "temperature_hbm"):
    _TRAY_GAIN[_half(_name)] = 1.0 / _TRAY[_name].scale


class Sensors:
    """All sensors of one satellite (satellite 0 of a state)."""

    def __init__(self, vehicle: Vehicle, rng: np.random.Generator) -> None:
        self._vehicle = vehicle
        self._rng = rng
        self._trays = vehicle.rack.trays
        self._protons = 0
        self._gain = np.array([1.0 / channel.scale for channel in RACK_CHANNELS])
        self._offset = np.array([channel.offset for channel in RACK_CHANNELS]) * self._gain
        self._row = NOISE_ROWS

    def encode(self, state: State, flows: Flows, environment: Environment) -> bytes:
        """The sensor vector, big-endian: rack channels, then 16 bytes a tray."""
        if self._row == NOISE_ROWS:
            self._draw()
        row = self._row
        self._row = row + 1
        return self._rack(state, flows, environment, row) + self._tray_block(state, flows, row)

    def _rack(self, state: State, flows: Flows, environment: Environment, row: int) -> bytes:
        bus, coolant, vehicle = flows.bus, state.coolant, self._vehicle
        rate = (
            environment.proton_flux_30mev_cm2_s * vehicle.monitor.area_cm2
            + vehicle.monitor.background_counts_s
        )
        self._protons = (self._protons + int(self._rng.poisson(rate * flows.dt_s))) & 0xFFFF
        voltage = bus.voltage_v.item(0)
        supply = coolant.supply_k.item(0)
        rpm = vehicle.coolant.pump_speed_rpm
        values = np.array(
            (
                voltage,
                bus.load_current_a.item(0),
                voltage,
                bus.battery_current_a.item(0),
                bus.array_current_a.item(0),
                state.battery.temperature_k.item(0),
                supply,
                supply,
                supply,
                coolant.return_k.item(0),
                flows.coolant_flow_l_min.item(0),
                flows.radiator_outlet_k.item(0),
                coolant.pump_a.item(0) * rpm,
                coolant.pump_b.item(0) * rpm,
                coolant.bypass.item(0),
                self._protons,
            )
        )
        return _counts(values * self._gain + self._rack_noise[row])

    def _tray_block(self, state: State, flows: Flows, row: int) -> bytes:
        rack = state.rack
        memory = rack.memory
        busbar_v = self._vehicle.rack.busbar_voltage_v
        power = flows.tray_w[0]
        values = np.empty((self._trays, _HALVES))
        beat = rack.heartbeat[0].astype(np.int64) & 0xFF
        values[:, _STATE] = (
            rack.modes.mode[0] * _STATE_COUNT + rack.slowdown[0] * _SLOWDOWN_COUNT + beat
        )
        values[:, _CLOCK] = rack.clock_mhz[0]
        values[:, _POWER] = power
        values[:, _CURRENT] = power * (1.0 / busbar_v)
        values[:, _GPU] = rack.gpu_k[0]
        values[:, _HBM] = rack.hbm_k[0]
        values[:, _CORRECTED] = memory.hbm_corrected[0] & 0xFFFF
        values[:, _ERRORS] = (memory.hbm_uncorrectable[0] & 0xFF) * _UNCORRECTABLE_COUNT + (
            memory.digest_errors[0] & 0xFF
        )
        return _counts(values * _TRAY_GAIN + self._tray_noise[row])

    def _draw(self) -> None:
        """Noise of the next rows, in raw counts, with the calibration's offset taken off."""
        rack = np.array([RACK_NOISE[channel.name] for channel in RACK_CHANNELS]) * self._gain
        noise = self._rng.standard_normal((NOISE_ROWS, len(RACK_CHANNELS)))
        self._rack_noise = noise * rack - self._offset
        sigma = np.zeros(_HALVES)
        sigma[_POWER] = TRAY_POWER_NOISE_W
        sigma[_CURRENT] = TRAY_CURRENT_NOISE_A
        sigma[_GPU] = sigma[_HBM] = JUNCTION_NOISE_K
        noise = self._rng.standard_normal((NOISE_ROWS, self._trays, _HALVES))
        self._tray_noise = noise * (sigma * _TRAY_GAIN)
        self._row = 0


def _counts(raw: FloatArray) -> bytes:
    """Rounded, saturated, 16 bits each, big-endian."""
    saturated = np.minimum(np.maximum(np.rint(raw), 0.0), _FULL)
    return bytes(saturated.astype(">u2").tobytes())
