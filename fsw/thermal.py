"""Thermal law: keeps the rack between freezing and slowdown.

Four loops, at 1 Hz:

- caps: one governor a tray on its own GPU and HBM temperature, a rack governor on the hottest of
  all and on the coolant supply, and a 10 Hz emergency cut close to the slowdown temperature;
- supply temperature by the radiator bypass valve (a PI with a feed-forward from the radiator
  outlet temperature), overridden towards full bypass when the coolant nears freezing;
- pump speed from the load (litres a minute and kilowatt), trimmed by the measured flow;
- heater, proportional below a threshold.

Assumptions about the plant: opening the bypass warms the supply; the coldest part of the rack loop
is where it leaves the interface heat exchanger; the loops settle in tens of seconds, the
radiator in 540 to 1,200 s.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass


def clamp(value: float, low: float, high: float) -> float:
    """`value` held between `low` and `high`."""
    return low if value < low else high if value > high else value


@dataclass(frozen=True, slots=True)
class ThermalInputs:
    """What the law sees, once a second."""

    hottest_gpu_k: float
    hottest_hbm_k: float
    tray_gpu_k: tuple[float, ...]
    tray_hbm_k: tuple[float, ...]
    tray_power_w: tuple[float, ...]
    tray_running: tuple[bool, ...]
    coolant_supply_k: float
    coolant_return_k: float
    coolant_flow_l_min: float
    radiator_outlet_k: float
    pump_b: bool  # pump B is the one in use
    tray_stale: bool = False


@dataclass(frozen=True, slots=True)
class ThermalCommand:
    """What the law asks for, 1 Hz."""

    rack_fraction: float  # of the largest tray power, all trays
    tray_fraction: tuple[float, ...]  # of the largest tray power, each tray
    bypass: float
    pump: float
    heater: float
    freeze_override: bool
    hot: bool  # any governor is cutting


class Governor:
    """PI on a temperature: full power below the target, cut above it.

    Anti-windup by clamping: the integral only moves while the output is inside its range. When it
    starts to cut, it starts from the power that is drawn, not from a cap that nobody reaches.
    """

    def __init__(self, gain_per_k: float, integral_per_k_s: float, lowest: float) -> None:
        self.gain_per_k = gain_per_k
        self.integral_per_k_s = integral_per_k_s
        self.lowest = lowest
        self._integral = 1.0
        self.output = 1.0

    def step(self, excess_k: float, drawn: float, dt_s: float) -> float:
        """Fraction allowed, for a temperature `excess_k` above target at `drawn` power."""
        if excess_k > 0.0 and self._integral > drawn + 0.05:
            self._integral = drawn + 0.05
        self._integral = clamp(
            self._integral - self.integral_per_k_s * excess_k * dt_s, self.lowest, 1.0
        )
        self.output = clamp(self._integral - self.gain_per_k * excess_k, self.lowest, 1.0)
        return self.output


class ThermalLaw:
    """The law and its state. `bypass` and `pump` start from what the controller holds."""

    def __init__(
        self,
        parameters: Mapping[str, float],
        trays: int,
        bypass: float = 0.0,
        pump: float = 0.25,
    ) -> None:
        self._parameters = parameters
        self._tray_governors = [Governor(0.0, 0.0, 0.0) for _ in range(trays)]
        self._rack_governor = Governor(0.0, 0.0, 0.0)
        self._supply_governor = Governor(0.0, 0.0, 0.0)
        self._gains = (0.0, 0.0, 0.0)
        self._bypass = bypass
        self._bypass_integral = bypass
        self._pump = pump
        self._flow_trim = 1.0
        self._feed_forward: float | None = None

    def step(self, inputs: ThermalInputs, dt_s: float) -> ThermalCommand:
        """One second of the law."""
        self._tune_governors()
        rack, trays, hot = self._caps(inputs, dt_s)
        override = self._freezing(inputs)
        bypass = self._bypass_valve(inputs, override, dt_s)
        pump = self._pump_drive(inputs, dt_s)
        return ThermalCommand(rack, trays, bypass, pump, self._heater(inputs), override, hot)

    def _tune_governors(self) -> None:
        """Gains as the parameters have them now."""
        parameters = self._parameters
        gain, integral = parameters["governor_gain_per_k"], parameters["governor_integral_per_k_s"]
        lowest = parameters["tray_power_min_w"] / parameters["tray_power_max_w"]
        if self._gains == (gain, integral, lowest):
            return
        self._gains = gain, integral, lowest
        for governor in (*self._tray_governors, self._rack_governor, self._supply_governor):
            governor.gain_per_k, governor.integral_per_k_s, governor.lowest = self._gains
        self._supply_governor.integral_per_k_s = integral / 4.0

    def _caps(self, inputs: ThermalInputs, dt_s: float) -> tuple[float, tuple[float, ...], bool]:
        parameters = self._parameters
        gpu_target_k = parameters["gpu_slowdown_k"] - parameters["governor_margin_k"]
        hbm_target_k = parameters["hbm_limit_k"] - parameters["governor_margin_k"]
        tray_max_w = parameters["tray_power_max_w"]
        fractions = []
        for governor, gpu_k, hbm_k, power_w, running in zip(
            self._tray_governors,
            inputs.tray_gpu_k,
            inputs.tray_hbm_k,
            inputs.tray_power_w,
            inputs.tray_running,
            strict=True,
        ):
            if running and not inputs.tray_stale:
                excess_k = max(gpu_k - gpu_target_k, hbm_k - hbm_target_k)
                fractions.append(governor.step(excess_k, power_w / tray_max_w, dt_s))
            else:
                fractions.append(governor.output)
        # The rack governor is the backstop: it acts a little later than those of the trays.
        backstop_k = 0.4 * parameters["governor_margin_k"]
        running_count = sum(inputs.tray_running)
        drawn = sum(inputs.tray_power_w) / (tray_max_w * running_count) if running_count else 1.0
        excess_k = max(inputs.hottest_gpu_k - gpu_target_k, inputs.hottest_hbm_k - hbm_target_k)
        rack = self._rack_governor.step(excess_k - backstop_k, drawn, dt_s)
        supply_excess_k = inputs.coolant_supply_k - parameters["coolant_supply_max_k"]
        supply = self._supply_governor.step(supply_excess_k, drawn, dt_s)
        rack = min(rack, supply)
        hot = rack < 1.0 or any(fraction < 1.0 for fraction in fractions)
        return rack, tuple(fractions), hot

    def _freezing(self, inputs: ThermalInputs) -> bool:
        return inputs.coolant_supply_k < self._parameters["coolant_supply_min_k"]

    def _bypass_valve(self, inputs: ThermalInputs, override: bool, dt_s: float) -> float:
        """PI on the supply temperature with the mixing share as feed-forward."""
        parameters = self._parameters
        error_k = parameters["coolant_setpoint_k"] - inputs.coolant_supply_k
        span_k = inputs.coolant_return_k - inputs.radiator_outlet_k
        # Share of return coolant that mixes with radiator coolant to the setpoint.
        share = (parameters["coolant_setpoint_k"] - inputs.radiator_outlet_k) / max(span_k, 5.0)
        share = clamp(share, 0.0, 1.0) * parameters["bypass_feed_forward"]
        if self._feed_forward is None:
            self._feed_forward = share
            self._bypass_integral = self._bypass - share
        self._feed_forward += min(dt_s / 30.0, 1.0) * (share - self._feed_forward)
        proportional = parameters["bypass_gain_per_k"] * error_k
        wanted = self._feed_forward + self._bypass_integral + proportional
        low, high = 0.0, parameters["bypass_max"]
        if override:
            wanted = high
            rate = 4.0 * parameters["bypass_rate_per_s"]
        else:
            rate = parameters["bypass_rate_per_s"]
            # Anti-windup: integrate only when that does not push further into a limit.
            if not (wanted >= high and error_k > 0.0) and not (wanted <= low and error_k < 0.0):
                integral = parameters["bypass_integral_per_k_s"] * error_k * dt_s
                self._bypass_integral = clamp(self._bypass_integral + integral, -1.0, 1.0)
        step = rate * dt_s
        self._bypass += clamp(clamp(wanted, low, high) - self._bypass, -step, step)
        return self._bypass

    def _pump_drive(self, inputs: ThermalInputs, dt_s: float) -> float:
        """Drive for the flow that the load needs, with a slow trim by the measured flow."""
        parameters = self._parameters
        load_kw = sum(inputs.tray_power_w) / 1000.0
        needed = parameters["flow_l_min_per_kw"] * load_kw
        rise_k = inputs.coolant_return_k - inputs.coolant_supply_k
        if rise_k > parameters["coolant_rise_max_k"]:
            needed *= clamp(rise_k / parameters["coolant_rise_max_k"], 1.0, 1.5)
        full = parameters["pump_flow_full_l_min"]
        needed = clamp(needed, parameters["flow_min_l_min"], full)
        if inputs.coolant_flow_l_min > 0.1 * full and self._pump > 0.0:
            error = (needed - inputs.coolant_flow_l_min) / full
            self._flow_trim = clamp(self._flow_trim + 0.02 * error * dt_s, 0.7, 1.4)
        wanted = clamp(needed / full * self._flow_trim, parameters["pump_drive_min"], 1.0)
        step = parameters["pump_rate_per_s"] * dt_s
        self._pump += clamp(wanted - self._pump, -step, step)
        return self._pump

    def _heater(self, inputs: ThermalInputs) -> float:
        """Proportional: off at `heater_on_k`, full at `heater_full_k`."""
        parameters = self._parameters
        on_k, full_k = parameters["heater_on_k"], parameters["heater_full_k"]
        coldest_k = inputs.coolant_supply_k
        return clamp((on_k - coldest_k) / max(on_k - full_k, 0.1), 0.0, 1.0)


@dataclass(frozen=True, slots=True)
class PumpCheck:
    """Verdict on the running pump."""

    failed: bool
    proven: bool  # it has followed its drive for as long as a failure takes to be one
    expected_rpm: float


class PumpMonitor:
    """Compares the tachometer of the pump in use with its drive.

    The drive is filtered with the lag of the slowest healthy pump, so that a change of drive is not
    a failure. Of the time in which the error is out of tolerance, what such a pump needs to make it
    as small as it has become does not count: it spins up. Only an error below all since it began is
    smaller, so that noise, or a tachometer that creeps, wins a dead pump a few seconds in all.
    """

    def __init__(self, parameters: Mapping[str, float]) -> None:
        self._parameters = parameters
        self.reset()

    def reset(self) -> None:
        """The other pump is in use from now on, or the drive was taken away."""
        self._expected: float | None = None
        self._least_rpm: float | None = None  # error, since it is out of tolerance
        self._bad_s = self._good_s = 0.0

    def step(self, drive: float, speed_rpm: float, dt_s: float) -> PumpCheck:
        """One sample of drive (0 to 1) and speed."""
        parameters = self._parameters
        full_rpm, lag_s = parameters["pump_rpm_full"], parameters["pump_lag_s"]
        if self._expected is None:
            # Give a pump that just started its run-up time: begin from what it does.
            self._expected = speed_rpm / full_rpm
        self._expected += min(dt_s / lag_s, 1.0) * (drive - self._expected)
        expected_rpm = self._expected * full_rpm
        error_rpm = abs(speed_rpm - expected_rpm)
        if error_rpm <= parameters["pump_tolerance"] * full_rpm:
            self._bad_s, self._good_s = 0.0, self._good_s + dt_s
            self._least_rpm = None
        else:
            self._good_s = 0.0
            self._bad_s += max(dt_s - self._spun_up_s(error_rpm), 0.0)
        failed_s = parameters["pump_failed_s"]
        return PumpCheck(self._bad_s >= failed_s, self._good_s >= failed_s, expected_rpm)

    def _spun_up_s(self, error_rpm: float) -> float:
        """What the slowest healthy pump needs to bring the smallest error so far down to this."""
        least_rpm = self._least_rpm
        if least_rpm is not None and error_rpm >= least_rpm:
            return 0.0
        self._least_rpm = error_rpm
        if least_rpm is None:
            return 0.0
        return self._parameters["pump_lag_s"] * math.log(least_rpm / error_rpm)


class EmergencyCut:
    """10 Hz: cuts at once when a GPU or HBM comes close to slowdown, until it is at target."""

    def __init__(self, parameters: Mapping[str, float]) -> None:
        self._parameters = parameters
        self.active = False

    def step(self, gpu_k: float, hbm_k: float) -> bool:
        """True while compute must be cut."""
        parameters = self._parameters
        margin_k = (
            parameters["governor_margin_k"] if self.active else (parameters["emergency_margin_k"])
        )
        self.active = (
            gpu_k > parameters["gpu_slowdown_k"] - margin_k
            or hbm_k > parameters["hbm_limit_k"] - margin_k
        )
        return self.active
