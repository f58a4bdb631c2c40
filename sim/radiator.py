"""Radiator panels: ammonia in parallel through all panels in service, heat out by radiation.

One thermal node a panel, two-sided, with a fin effectiveness on the emission. The ammonia inside
is quasi-static: it enters at the loop's hot temperature T_h and approaches the panel,

    T_out = T_panel + (T_h - T_panel) * exp(-UA / (m cp))

Absorbed per face, mean of both: emittance * Earth infrared + absorptance * (albedo + direct Sun).
Not modelled: the temperature falling along a panel, transport delay in the tubes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.actuators import BoolArray, FloatArray
from sim.constants import STEFAN_BOLTZMANN_W_M2_K4
from sim.environment import Environment
from sim.vehicle import Radiator


class PanelResponse(NamedTuple):
    """What the panels will do in this step, as a function of the ammonia's temperature T_h.

    Panel temperature at the end of the step = offset_k + slope * T_h; heat taken from the ammonia
    by a panel = conductance_w_k * (T_h - panel temperature).
    """

    offset_k: FloatArray  # (S, N)
    slope: FloatArray  # (S, N)
    conductance_w_k: FloatArray  # (S, N), 0 for a lost panel
    capacity_w_k: float  # heat capacity of a panel over the step
    absorbed_w: float | FloatArray  # one panel, (S,) where the environment is
    emission_w_k4: float  # one panel: emitted = emission * T^4
    start_k: FloatArray  # (S, N)
    cube_w_k: FloatArray  # (S, N) emission * start^3

    def emitted_w(self, panel_k: FloatArray) -> FloatArray:
        """Emission of each panel (S, N), linearised about the start of the step."""
        return self.cube_w_k * (4.0 * panel_k - 3.0 * self.start_k)


def in_service(radiator: Radiator, panels_lost: FloatArray) -> BoolArray:
    """Panels that carry ammonia (S, N); the first ones are lost first."""
    return np.arange(radiator.panels) >= panels_lost[:, None]


def absorbed_w(radiator: Radiator, environment: Environment) -> float | FloatArray:
    """Heat one panel takes up from Earth and Sun."""
    return (
        2.0
        * radiator.panel_area_m2
        * (
            radiator.emittance * environment.earth_ir_w_m2
            + radiator.absorptance * (environment.albedo_w_m2 + environment.radiator_sun_w_m2)
        )
    )


def emission_w_k4(radiator: Radiator) -> float:
    """Emitted power of one panel over the fourth power of its temperature."""
    area = 2.0 * radiator.panel_area_m2
    return area * radiator.emittance * radiator.fin_effectiveness * STEFAN_BOLTZMANN_W_M2_K4


def respond(
    radiator: Radiator,
    panel_k: FloatArray,
    panels_lost: FloatArray,
    flow_w_k: FloatArray,
    environment: Environment,
    dt_s: float,
) -> PanelResponse:
    """Response of the panels (S, N) to the ammonia, `flow_w_k` (S,) of it going through them.

    Implicit in the linearised emission and in the exchange with the ammonia.
    """
    working = in_service(radiator, panels_lost)
    flow = flow_w_k / np.maximum(radiator.panels - panels_lost, 1.0)
    conductance = flow * -np.expm1(-radiator.panel_w_k / np.maximum(flow, 1e-3))
    conductances = working * conductance[:, None]
    emission = emission_w_k4(radiator)
    absorbed = absorbed_w(radiator, environment)
    into_each = absorbed[:, None] if isinstance(absorbed, np.ndarray) else absorbed
    cube = emission * panel_k * panel_k * panel_k
    capacity = radiator.panel_area_m2 * radiator.heat_capacity_j_m2_k / dt_s
    denominator = conductances + 4.0 * cube + capacity
    return PanelResponse(
        offset_k=((capacity + 3.0 * cube) * panel_k + into_each) / denominator,
        slope=conductances / denominator,
        conductance_w_k=conductances,
        capacity_w_k=capacity,
        absorbed_w=absorbed,
        emission_w_k4=emission,
        start_k=panel_k,
        cube_w_k=cube,
    )
