"""Power law: caps compute so that the battery stays above its floor through every eclipse.

Runs at 1 Hz. In an eclipse the cap is what the battery can give until the forecast end, worked
out again every second (a shrinking horizon, so that errors of model and forecast are corrected as
the eclipse goes). Before one the cap comes down early enough to be there, ramped, a configured
lead ahead of entry. In sunlight the cap is what the array gives beyond what the battery
needs to be ready at entry. Trays are shed only below the floor, as a last resort.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fsw.state_of_charge import open_circuit_v

SHORTEST_HORIZON_S = 30.0  # the end of an eclipse is never taken for nearer
FORECAST_TOLERANCE_S = 60.0  # darkness this far from any forecast eclipse is a surprise
NO_ECLIPSE_HORIZON_S = 3600.0  # recharge time where no eclipse is forecast
OVERHEAD_FILTER_S = 20.0
SUNLIT_FILTER_S = 10.0
SMALL_SHARE = 0.01  # of the rack's full power: a smaller deficit is none
SMALL_W = 400.0  # nor is one that the battery's current sensor cannot tell: twice its noise
HEADROOM_SHARE = 0.1  # of the rack's full power: what the load may try beyond what is known
HEADROOM_LEAST = (
    1.5  # and of the least power of a tray, so that the only tray of a rack may come on
)
FAST_RAMP = 10.0  # times the ramp, for a cap that must come down below the reserve
LEAST_POWER_S = 20.0  # above the cap for so long: it cannot come down further
SHED_INTERVAL_S = 10.0
RESTORE_INTERVAL_S = 60.0


@dataclass(frozen=True, slots=True)
class PowerInputs:
    """What the law sees, once a second."""

    time_s: float
    soc: float
    array_power_w: float
    battery_power_w: float  # positive while charging
    tray_power_w: float  # measured, all trays together
    trays_on: int
    dark: bool  # the array gives nothing
    battery_full: bool  # the voltage is at the charge limit: the battery takes no more
    eclipse: tuple[float, float] | None  # entry and end (s) of the current or next forecast one
    forecast_until_s: float = float("-inf")  # no other eclipse begins before this
    undervoltage: bool = False  # or another reason of fault protection to shed


@dataclass(frozen=True, slots=True)
class PowerBudget:
    """What the law allows, 1 Hz."""

    tray_cap_w: float  # all trays together
    eclipse_cap_w: float  # what the battery can give through the current or next eclipse
    sunlit_cap_w: float  # what the array can give while the battery gets ready
    overhead_w: float  # estimate of everything on the bus but trays, losses included
    ready_soc: float  # charge wanted at the next entry
    trays_affordable: int  # trays that can be carried at the least power they take
    shed_trays: int  # trays to be off, 0 unless the last resort is needed
    dark: bool
    surprise: bool  # it is dark and no forecast says so


class PowerLaw:
    """The law and its state: the ramped cap and the overhead estimate."""

    def __init__(self, parameters: Mapping[str, float], trays: int) -> None:
        self._parameters = parameters
        self._trays = trays
        self._cap_w: float | None = None
        self._sunlit_w: float | None = None
        self._overhead_w = parameters["overhead_power_w"]
        self._dark_since_s: float | None = None
        self._last_light_s: float | None = None  # end of the last eclipse seen
        self._least_w = parameters["tray_power_min_w"]
        self._above_cap_s = 0.0
        self._affordable = trays
        self._shed = 0
        self._shed_changed_s = float("-inf")
        self._last_time_s: float | None = None

    @property
    def _rack_max_w(self) -> float:
        return self._trays * self._parameters["tray_power_max_w"]

    def energy_wh(self, soc_from: float, soc_to: float) -> float:
        """Energy (W h) at the terminals between two states of charge; negative when charging."""
        parameters = self._parameters
        mean_v = open_circuit_v(parameters, 0.5 * (soc_from + soc_to))
        return (soc_from - soc_to) * parameters["battery_capacity_ah"] * mean_v

    def step(self, inputs: PowerInputs) -> PowerBudget:
        """One second of the law."""
        parameters = self._parameters
        dt_s = 1.0 if self._last_time_s is None else max(inputs.time_s - self._last_time_s, 0.1)
        self._last_time_s = inputs.time_s
        self._watch_the_light(inputs)
        self._estimate_overhead(inputs, dt_s)
        self._learn_least_power(inputs, dt_s)

        entry_s, end_s, surprise = self._horizon(inputs)
        eclipse_cap_w, ready_soc = self._eclipse_cap(inputs, entry_s, end_s)
        if inputs.dark:
            allowed_w = eclipse_cap_w
            # Sunlight will begin where the eclipse ends.
            sunlit_w = self._sunlit_w = eclipse_cap_w if self._cap_w is None else self._cap_w
        else:
            sunlit_w = self._sunlit_cap(inputs, entry_s, ready_soc, dt_s)
            before_entry_s = entry_s - parameters["eclipse_lead_s"] - inputs.time_s
            ramp_w = parameters["cap_ramp_w_per_s"] * max(before_entry_s, 0.0)
            allowed_w = min(sunlit_w, eclipse_cap_w + ramp_w)
        allowed_w = min(max(allowed_w, 0.0), self._rack_max_w)
        step_w = parameters["cap_ramp_w_per_s"] * dt_s
        if self._cap_w is None:
            self._cap_w = allowed_w
        reserve = parameters["soc_floor"] + parameters["soc_margin"]
        down_w = FAST_RAMP * step_w if inputs.dark and inputs.soc < reserve else step_w
        self._cap_w += min(max(allowed_w - self._cap_w, -down_w), step_w)
        until_s = end_s if inputs.dark else entry_s
        self._count_affordable(allowed_w, until_s - inputs.time_s)
        self._shed_load(inputs)
        return PowerBudget(
            self._cap_w,
            eclipse_cap_w,
            sunlit_w,
            self._overhead_w,
            ready_soc,
            self._affordable,
            self._shed,
            inputs.dark,
            surprise,
        )

    def _watch_the_light(self, inputs: PowerInputs) -> None:
        if inputs.dark:
            if self._dark_since_s is None:
                self._dark_since_s = inputs.time_s
        elif self._dark_since_s is not None:
            self._dark_since_s = None
            self._last_light_s = inputs.time_s

    def _estimate_overhead(self, inputs: PowerInputs, dt_s: float) -> None:
        measured_w = inputs.array_power_w - inputs.battery_power_w - inputs.tray_power_w
        largest_w = 4.0 * self._parameters["overhead_power_w"]
        measured_w = min(max(measured_w, 0.0), largest_w)
        self._overhead_w += min(dt_s / OVERHEAD_FILTER_S, 1.0) * (measured_w - self._overhead_w)

    def _learn_least_power(self, inputs: PowerInputs, dt_s: float) -> None:
        """What a tray takes when it does not come down to its cap is the least it takes."""
        cap_w = self._cap_w
        if cap_w is None or not inputs.trays_on or inputs.tray_power_w <= 1.02 * cap_w:
            self._above_cap_s = 0.0
            return
        self._above_cap_s += dt_s
        if self._above_cap_s >= LEAST_POWER_S:
            self._least_w = max(self._least_w, inputs.tray_power_w / inputs.trays_on)

    def _count_affordable(self, allowed_w: float, horizon_s: float) -> None:
        """Trays whose least power overdraws no more than half the margin until the horizon.

        One comes back when it would be affordable with a fifth to spare.
        """
        margin_wh = self._parameters["soc_margin"] * self.energy_wh(1.0, 0.0)
        horizon_s = min(max(horizon_s, SHORTEST_HORIZON_S), NO_ECLIPSE_HORIZON_S)
        carried_w = allowed_w + 0.5 * margin_wh * 3600.0 / horizon_s
        count = min(int(carried_w / self._least_w), self._trays)
        if count < self._affordable:
            self._affordable = count
        elif carried_w >= 1.2 * self._least_w * (self._affordable + 1):
            self._affordable = min(self._affordable + 1, self._trays)

    def _horizon(self, inputs: PowerInputs) -> tuple[float, float, bool]:
        """Entry and end (s) of the eclipse to plan for, and whether the darkness is a surprise."""
        parameters = self._parameters
        worst_s = parameters["eclipse_worst_s"]
        forecast = inputs.eclipse
        time_s = inputs.time_s
        if self._dark_since_s is not None:
            if (
                forecast is not None
                and forecast[0] - FORECAST_TOLERANCE_S <= time_s
                and time_s <= forecast[1] + FORECAST_TOLERANCE_S
            ):
                return forecast[0], forecast[1], False
            if time_s - self._dark_since_s < FORECAST_TOLERANCE_S and forecast is not None:
                return self._dark_since_s, self._dark_since_s + worst_s, False
            return self._dark_since_s, self._dark_since_s + worst_s, True
        if forecast is not None and forecast[1] > time_s:
            return max(forecast[0], time_s), forecast[1], False
        # Unknown: the longest eclipse, as early as it can be.
        entry_s = max(inputs.forecast_until_s, time_s)
        if self._last_light_s is not None:
            shortest_light_s = parameters["orbit_period_s"] - worst_s
            entry_s = max(self._last_light_s + shortest_light_s, entry_s)
        return entry_s, entry_s + worst_s, False

    def _eclipse_cap(
        self, inputs: PowerInputs, entry_s: float, end_s: float
    ) -> tuple[float, float]:
        """Tray power (W) that the battery carries to the end, and the charge wanted at entry."""
        parameters = self._parameters
        reserve = parameters["soc_floor"] + parameters["soc_margin"]
        full = parameters["soc_full"]
        duration_s = max(end_s - max(entry_s, inputs.time_s), SHORTEST_HORIZON_S)
        soc_at_entry = inputs.soc
        if entry_s > inputs.time_s and inputs.battery_power_w > 0.0:
            # Charge expected until entry, at four fifths of the present rate.
            capacity_wh = self.energy_wh(1.0, 0.0)
            gain = 0.8 * inputs.battery_power_w * (entry_s - inputs.time_s) / 3600.0 / capacity_wh
            soc_at_entry = max(min(inputs.soc + gain, full), inputs.soc)
        efficiency = parameters["discharge_efficiency"]
        usable_wh = self.energy_wh(soc_at_entry, reserve) * efficiency
        cap_w = usable_wh * 3600.0 / duration_s - self._overhead_w
        wanted_wh = (self._rack_max_w + self._overhead_w) * duration_s / 3600.0 / efficiency
        ready_soc = min(reserve + wanted_wh / self.energy_wh(1.0, 0.0), full)
        return min(max(cap_w, 0.0), self._rack_max_w), ready_soc

    def _sunlit_cap(
        self, inputs: PowerInputs, entry_s: float, ready_soc: float, dt_s: float
    ) -> float:
        """Tray power (W) that leaves enough of the array to be at `ready_soc` at entry."""
        parameters = self._parameters
        time_left_s = min(entry_s - inputs.time_s, NO_ECLIPSE_HORIZON_S)
        time_left_s = max(time_left_s - parameters["eclipse_lead_s"], 120.0)
        missing_wh = self.energy_wh(ready_soc, inputs.soc) / parameters["charge_efficiency"]
        needed_w = max(missing_wh, 0.0) * 3600.0 / time_left_s
        needed_w = min(needed_w, parameters["battery_charge_max_w"])
        charge_w = inputs.battery_power_w
        if inputs.battery_full:
            needed_w = min(needed_w, max(charge_w, 0.0))  # it takes no more
        target_w = inputs.tray_power_w + charge_w - needed_w
        small_w = max(SMALL_SHARE * self._rack_max_w, SMALL_W)
        if charge_w > -small_w and (inputs.battery_full or inputs.soc >= ready_soc):
            # The array holds back what nobody takes: let the load show what it can give.
            target_w += max(HEADROOM_SHARE * self._rack_max_w, HEADROOM_LEAST * self._least_w)
        if needed_w - charge_w < small_w and self._sunlit_w is not None:
            target_w = max(target_w, self._sunlit_w)  # low demand is no reason to close the cap
        target_w = min(max(target_w, 0.0), self._rack_max_w)
        if self._sunlit_w is None:
            self._sunlit_w = target_w
        self._sunlit_w += min(dt_s / SUNLIT_FILTER_S, 1.0) * (target_w - self._sunlit_w)
        return self._sunlit_w

    def _shed_load(self, inputs: PowerInputs) -> None:
        parameters = self._parameters
        since_s = inputs.time_s - self._shed_changed_s
        low = inputs.soc < parameters["soc_floor"] and inputs.battery_power_w < 0.0
        if (low or inputs.undervoltage) and since_s >= SHED_INTERVAL_S:
            if self._shed < self._trays:
                self._shed += 1
                self._shed_changed_s = inputs.time_s
            return
        recovered = inputs.soc > parameters["soc_floor"] + parameters["soc_margin"]
        well = recovered and not inputs.undervoltage and inputs.battery_power_w >= 0.0
        if self._shed and well and since_s >= RESTORE_INTERVAL_S:
            self._shed -= 1
            self._shed_changed_s = inputs.time_s
