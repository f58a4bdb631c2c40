"""Coolant flow by other means, so that a broken flow sensor is told from a broken loop.

Two witnesses: the pumps' tachometers say how much ought to flow, and the chips say whether that
much carries their heat away. Where both agree with each other and not with the sensor, the sensor
has failed and the flow that the pumps make is used. Where the chips are warmer than that flow would
leave them, the coolant does not flow, whatever turns, and the sensor's word counts. Without heat
there is only the first witness: it is given more time, and is believed until the heat denies it.

No plate and no pump is exactly as in the parameters: which part of their rise above the coolant
the chips are warmer than modelled is learned while sensor and pumps agree. After that they may
become warmer by this part of what the rise grows, and no more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median

from fsw.acquisition import RackTelemetry, TrayTelemetry
from fsw.tray_heat import Excess
from fsw.trays import TrayState

LEAST_HEAT = 0.1  # of the rack's full power: less proves nothing
LEARN_SAMPLES = 120  # of the model's error, a second apart; the first ones are averaged


def pump_flow_l_min(parameters: Mapping[str, float], rpm_a: float, rpm_b: float) -> float:
    """Flow that pumps make at these speeds: two in one loop share it by the cube."""
    a, b = rpm_a / parameters["pump_rpm_full"], rpm_b / parameters["pump_rpm_full"]
    flow: float = (a**3 + b**3) ** (1.0 / 3.0)
    return flow * parameters["pump_flow_full_l_min"]


class FlowCheck:
    """1 Hz. `failed` is what was known at the start."""

    def __init__(self, parameters: Mapping[str, float], failed: bool = False) -> None:
        self._parameters = parameters
        self._bad_s = self._good_s = 0.0
        self._denied = False  # chips have shown that the pumps' flow does not flow
        self._error = 0.0  # of the modelled rise, when sensor and pumps agreed
        self._samples = 0
        self._before: tuple[float, float] | None = None  # excess and rise when they agreed last
        self.failed = failed

    def step(
        self,
        rack: RackTelemetry,
        trays: Sequence[TrayTelemetry],
        excess: Sequence[Excess | None],
        dt_s: float,
    ) -> bool:
        """True while the flow sensor is taken for failed. `excess` is at the pumps' flow."""
        parameters = self._parameters
        flow_l_min = pump_flow_l_min(parameters, rack.pump_speed_a_rpm, rack.pump_speed_b_rpm)
        least_l_min = max(flow_l_min, parameters["flow_min_l_min"])
        agrees = (
            abs(rack.coolant_flow_l_min - flow_l_min) <= parameters["flow_tolerance"] * least_l_min
            and "coolant_flow" not in rack.invalid
        )
        carried = self._carried(trays, excess, agrees)
        if agrees:
            self._bad_s, self._good_s = 0.0, self._good_s + dt_s
            if self._good_s >= parameters["flow_check_s"]:
                self.failed = self._denied = False
            return self.failed
        self._good_s = 0.0
        if carried is False or self._denied and carried is None:
            self._bad_s, self._denied, self.failed = 0.0, True, False
            return False
        self._bad_s += dt_s
        if self._bad_s >= parameters["flow_check_s" if carried else "flow_check_cold_s"]:
            self.failed = True
        return self.failed

    def _carried(
        self, trays: Sequence[TrayTelemetry], excess: Sequence[Excess | None], agrees: bool
    ) -> bool | None:
        """Whether chips are as warm as the pumps' flow leaves them; None without heat."""
        parameters = self._parameters
        heat_w = sum(tray.power_w for tray in trays if tray.powered)
        running = [
            found
            for tray, found in zip(trays, excess, strict=True)
            if found is not None and tray.state == TrayState.RUNNING
        ]
        if not running or heat_w < LEAST_HEAT * len(trays) * parameters["tray_power_max_w"]:
            self._before = None
            return None
        excess_k = median(each.gpu_k for each in running)
        rise_k = max(median(each.rise_k for each in running), 0.0)
        most = parameters["flow_model_error"]
        if agrees and rise_k > 0.0:
            self._samples = min(self._samples + 1, LEARN_SAMPLES)
            error = min(max(excess_k / rise_k, -most), most)
            self._error += (error - self._error) / self._samples
        if agrees or self._before is None:
            self._before = excess_k, rise_k
        before_k, before_rise_k = self._before
        # Trust in what is learned grows: chips that have just begun to warm up tell little.
        learned = self._samples / LEARN_SAMPLES
        spread = most + learned * (parameters["flow_learned_error"] - most)
        risen_k = rise_k - before_rise_k
        grown_k = excess_k - before_k - self._error * risen_k
        return abs(excess_k) <= parameters[
            "flow_heat_tolerance_k"
        ] + most * rise_k and grown_k <= parameters["flow_heat_growth_k"] + spread * abs(risen_k)
