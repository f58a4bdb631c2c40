"""The figures of a run, gathered while it flies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hil.mission import CYCLE_NS, CYCLE_S
from hil.timing import Histogram

THROTTLED_SHARE = 0.99  # of the nominal clock; caps come in steps that cost less than 1 %


class Figures:
    """Extremes, sums and times over the minor cycles."""

    def __init__(self, clock_nominal_mhz: float) -> None:
        self._throttled_mhz = THROTTLED_SHARE * clock_nominal_mhz
        self.minor_cycles = 0
        self.deadline_misses = 0
        self.slot_used = Histogram()  # by flight software's cycle and its link traffic
        self.energy_residual = 0.0
        self.heat_residual = 0.0
        self.soc_min = 1.0
        self.gpu_temp_max_c = -273.15
        self.throttled_cycles = 0
        self.mode_cycles: dict[str, int] = {}
        self.last: Mapping[str, float] = {}

    def take(self, truth: Mapping[str, float], mode: str | None, used_ns: int) -> None:
        """The end of a minor cycle; `mode` is None where flight software's is not known."""
        self.minor_cycles += 1
        self.deadline_misses += used_ns > CYCLE_NS
        self.slot_used.add(used_ns / 1e9)
        self.energy_residual = max(self.energy_residual, abs(truth["energy_residual"]))
        self.heat_residual = max(self.heat_residual, abs(truth["heat_residual"]))
        self.soc_min = min(self.soc_min, truth["soc"])
        self.gpu_temp_max_c = max(self.gpu_temp_max_c, truth["gpu_temp_max_c"])
        if truth["trays_running"] and truth["clock_mean_mhz"] < self._throttled_mhz:
            self.throttled_cycles += 1
        if mode is not None:
            self.mode_cycles[mode] = self.mode_cycles.get(mode, 0) + 1
        self.last = truth

    def as_dict(self) -> dict[str, Any]:
        """For summary.json."""
        return {
            "simulated_s": self.minor_cycles * CYCLE_NS / 1e9,
            "minor_cycles": self.minor_cycles,
            "deadline_misses": self.deadline_misses,
            "slot_used": self.slot_used.as_dict(),
            "energy_residual": self.energy_residual,
            "heat_residual": self.heat_residual,
            "soc_min": self.soc_min,
            "gpu_temp_max_c": self.gpu_temp_max_c,
            "throttled_s": round(self.throttled_cycles * CYCLE_S, 1),
            "mode_times_s": {
                mode: round(cycles * CYCLE_S, 1)
                for mode, cycles in sorted(self.mode_cycles.items())
            },
            "compute": {
                "tokens": self.last.get("tokens", 0.0),
                "energy_kwh": self.last.get("energy_kwh", 0.0),
            },
        }
