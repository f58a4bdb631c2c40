"""What chips ought to read: a model of each tray's cold plates and coolant, fed with its power.

    supply -> coolant in the tray <- plates <- power;  chip = plates + resistance * power

Two heat capacities a tray, implicit Euler, so that any flow and step is stable. The difference to
what a chip reads says that its sensor, its plate or the flow is not as believed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fsw.acquisition import TrayTelemetry

COOLANT_W_MIN_L_K = 66.8  # heat capacity of a flow of 1 L/min; P: PG25, 1020 kg/m3, 3930 J/(kg K)
COOLANT_J_L_K = 60.0 * COOLANT_W_MIN_L_K
CONVECTION_EXPONENT = 0.8  # of the plates' conductance with flow; P: Dittus-Boelter
CONVECTION_FLOOR = 0.1  # of the flow at which plate_w_k holds: below it a plate is taken for still


@dataclass(slots=True)
class _Tray:
    plate_k: float
    coolant_k: float


@dataclass(frozen=True, slots=True)
class Excess:
    """What a tray's chips read above what they ought to (K); negative below."""

    gpu_k: float
    hbm_k: float
    rise_k: float  # what a GPU ought to read above the coolant supply


class TrayHeat:
    """The model of all trays, 1 Hz."""

    def __init__(self, parameters: Mapping[str, float], trays: int) -> None:
        self._parameters = parameters
        self._trays: list[_Tray | None] = [None] * trays

    def step(
        self,
        trays: Sequence[TrayTelemetry],
        supply_k: float,
        flow_l_min: float,
        dt_s: float,
    ) -> tuple[Excess | None, ...]:
        """The excess of each tray at this flow through the rack; None for trays that are off."""
        return tuple(
            self._tray(index, tray, supply_k, flow_l_min, dt_s) for index, tray in enumerate(trays)
        )

    def _tray(
        self, index: int, tray: TrayTelemetry, supply_k: float, flow_l_min: float, dt_s: float
    ) -> Excess | None:
        if not tray.powered:
            self._trays[index] = None
            return None
        parameters = self._parameters
        convection = max(flow_l_min / parameters["plate_flow_l_min"], CONVECTION_FLOOR)
        plate_w_k = parameters["plate_w_k"] * convection**CONVECTION_EXPONENT
        stream_w_k = flow_l_min * COOLANT_W_MIN_L_K / len(self._trays)
        gpu_rise_k = parameters["gpu_k_per_kw"] * tray.power_w / 1000.0
        hbm_rise_k = parameters["hbm_k_per_kw"] * tray.power_w / 1000.0
        model = self._trays[index]
        if model is None:  # it was off: everything is as cold as the cooler of its chips
            start_k = min(tray.gpu_k - gpu_rise_k, tray.hbm_k - hbm_rise_k)
            model = self._trays[index] = _Tray(start_k, min(start_k, supply_k))
        plate_j_k = parameters["plate_j_k"] / dt_s
        coolant_j_k = parameters["tray_coolant_l"] * COOLANT_J_L_K / dt_s
        # Plates = (own + conductance * coolant) / sum, put into the balance of the coolant.
        own_w = plate_j_k * model.plate_k + parameters["plate_heat_share"] * tray.power_w
        share = plate_w_k / (plate_j_k + plate_w_k)
        heat_w = coolant_j_k * model.coolant_k + stream_w_k * supply_k + share * own_w
        model.coolant_k = heat_w / (coolant_j_k + stream_w_k + share * plate_j_k)
        model.plate_k = (own_w + plate_w_k * model.coolant_k) / (plate_j_k + plate_w_k)
        return Excess(
            tray.gpu_k - gpu_rise_k - model.plate_k,
            tray.hbm_k - hbm_rise_k - model.plate_k,
            gpu_rise_k + model.plate_k - supply_k,
        )
