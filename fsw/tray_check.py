"""Trays that are hotter than their power and their neighbours explain.

Either a sensor of such a tray lies or its plate is blocked: both are that tray's own trouble. It is
left to its own governor and kept out of what throttles the rack. One that goes on reading above
slowdown with its power taken away is to be switched off. The controller's trip is not concerned.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median

from fsw.acquisition import TrayTelemetry
from fsw.thermal import clamp
from fsw.tray_heat import Excess

LEAST_NEIGHBOURS = 2  # a tray is judged by at least so many others


class TrayCheck:
    """1 Hz. Masks: bit i = tray i."""

    def __init__(self, parameters: Mapping[str, float], trays: int) -> None:
        self._parameters = parameters
        self._bad_s = [0.0] * trays
        self._good_s = [0.0] * trays
        self._hot_s = [0.0] * trays
        self.suspects = 0
        self.too_hot = 0  # suspects that are to be switched off

    def step(
        self, trays: Sequence[TrayTelemetry], excess: Sequence[Excess | None], dt_s: float
    ) -> None:
        """`excess` is what chips read above what they ought to."""
        known = [found for found in excess if found is not None]
        usual = Excess(
            median(found.gpu_k for found in known) if known else 0.0,
            median(found.hbm_k for found in known) if known else 0.0,
            median(found.rise_k for found in known) if known else 0.0,
        )
        for index, (tray, found) in enumerate(zip(trays, excess, strict=True)):
            if found is None or len(known) <= LEAST_NEIGHBOURS:
                above_k = float("-inf")
            else:
                # Chips that have yet to warm up are not as far below the model as the others.
                part = clamp(found.rise_k / usual.rise_k, 0.0, 1.0) if usual.rise_k > 0.0 else 1.0
                above_k = max(
                    found.gpu_k - max(usual.gpu_k, part * usual.gpu_k),
                    found.hbm_k - max(usual.hbm_k, part * usual.hbm_k),
                )
            self._judge(index, above_k, dt_s)
            self._watch(index, tray, dt_s)

    def _judge(self, index: int, above_k: float, dt_s: float) -> None:
        parameters = self._parameters
        limit_k = parameters["tray_suspect_k"]
        self._bad_s[index] = self._bad_s[index] + dt_s if above_k > limit_k else 0.0
        self._good_s[index] = self._good_s[index] + dt_s if above_k < 0.5 * limit_k else 0.0
        if self._bad_s[index] >= parameters["tray_suspect_s"]:
            self.suspects |= 1 << index
        elif self._good_s[index] >= parameters["tray_clear_s"]:
            self.suspects &= ~(1 << index)

    def _watch(self, index: int, tray: TrayTelemetry, dt_s: float) -> None:
        parameters = self._parameters
        hot = tray.gpu_k > parameters["gpu_slowdown_k"] or tray.hbm_k > parameters["hbm_limit_k"]
        suspect = self.suspects >> index & 1
        self._hot_s[index] = self._hot_s[index] + dt_s if hot and suspect and tray.powered else 0.0
        if self._hot_s[index] >= parameters["overtemperature_escalate_s"]:
            self.too_hot |= 1 << index
        else:
            self.too_hot &= ~(1 << index)
