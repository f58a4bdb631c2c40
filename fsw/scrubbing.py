"""Scrubbing law: the pace of memory, frame and weight scrubbing follows the particle flux.

The flux comes from the proton monitor's counter, the corrected-error rate of the controller's
memory stands beside it as a second witness. Level 0 is quiet; each level has a scrub period for the
controller's memory, one for its configuration frames, and an interval between weight digests. A
level is entered at once and left only after `scrub_calm_s` well below its threshold. Trays whose
digest is wrong, or whose HBM met an uncorrectable error, reload their weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fsw.acquisition import TrayTelemetry
from fsw.events import Report, Severity
from fsw.trays import TrayState

LEVELS = 4
CALM_SHARE = 0.5  # of the threshold: below it a level may be left


@dataclass(frozen=True, slots=True)
class ScrubCommand:
    """What the law asks for, 1 Hz; masks, bit i = tray i."""

    flux_cm2_s: float
    level: int
    period_ticks: int
    config_period_ticks: int
    digest: int
    reload: int


class FluxEstimate:
    """Flux from counts, smoothed over a few seconds."""

    FILTER_S = 3.0

    def __init__(self, parameters: Mapping[str, float]) -> None:
        self._parameters = parameters
        self.flux_cm2_s = 0.0

    def update(self, counts: int, dt_s: float) -> float:
        """`counts` of the proton monitor in `dt_s`."""
        parameters = self._parameters
        rate = counts / dt_s - parameters["monitor_background_counts_s"]
        flux = max(rate, 0.0) / parameters["monitor_area_cm2"]
        self.flux_cm2_s += min(dt_s / self.FILTER_S, 1.0) * (flux - self.flux_cm2_s)
        return self.flux_cm2_s


class ScrubLaw:
    """Levels with hysteresis, weight digests in turn, reloads on evidence."""

    def __init__(self, parameters: Mapping[str, float], trays: int, report: Report) -> None:
        self._parameters = parameters
        self._trays = trays
        self._report = report
        self._flux = FluxEstimate(parameters)
        self._level = 0
        self._calm_s = 0.0
        self._errors_per_s = 0.0
        self._next_tray = 0
        self._next_digest_s: float | None = None
        self._reload_pending = 0
        self._reloaded_s = [float("-inf")] * trays
        self.reloads = 0

    def step(
        self,
        time_s: float,
        dt_s: float,
        protons: int,
        memory_corrected: int,
        trays: Sequence[TrayTelemetry],
    ) -> ScrubCommand:
        """Counts are those since the last step; `trays` is empty while the tray block is stale."""
        flux = self._flux.update(protons, dt_s)
        self._errors_per_s += min(dt_s / 60.0, 1.0) * (memory_corrected / dt_s - self._errors_per_s)
        self._choose_level(flux, dt_s)
        period = int(self._parameters[f"scrub_period_{self._level}_ticks"])
        config_period = int(self._parameters[f"config_period_{self._level}_ticks"])
        digest = self._digest(time_s, trays)
        reload = self._reload(time_s, trays)
        return ScrubCommand(flux, self._level, period, config_period, digest, reload)

    def _threshold(self, level: int) -> float:
        return self._parameters[f"scrub_flux_{level}_cm2_s"]

    def _choose_level(self, flux: float, dt_s: float) -> None:
        before = self._level
        wanted = max(
            (level for level in range(1, LEVELS) if flux >= self._threshold(level)), default=0
        )
        if self._errors_per_s >= self._parameters["scrub_errors_per_s"]:
            wanted = max(wanted, 2)
        if wanted > self._level:
            self._level = wanted
            self._calm_s = 0.0
        elif wanted < self._level:
            calm = flux < CALM_SHARE * self._threshold(self._level)
            self._calm_s = self._calm_s + dt_s if calm else 0.0
            if self._calm_s >= self._parameters["scrub_calm_s"]:
                self._level -= 1
                self._calm_s = 0.0
        else:
            self._calm_s = 0.0
        if self._level != before:
            self._report(
                Severity.INFO,
                "SCRUB_LEVEL",
                f"scrub level {before} to {self._level} at {flux:.0f} protons/cm2/s",
                level=self._level,
                flux_cm2_s=round(flux, 1),
            )

    def _digest(self, time_s: float, trays: Sequence[TrayTelemetry]) -> int:
        if not trays:
            return 0
        if self._next_digest_s is None:
            self._next_digest_s = time_s
        if time_s < self._next_digest_s:
            # A faster level does not wait out the slow level's interval.
            self._next_digest_s = min(self._next_digest_s, time_s + self._digest_interval_s())
            return 0
        for offset in range(self._trays):
            index = (self._next_tray + offset) % self._trays
            if trays[index].state == TrayState.RUNNING:
                self._next_tray = (index + 1) % self._trays
                self._next_digest_s = time_s + self._digest_interval_s()
                return 1 << index
        return 0

    def _digest_interval_s(self) -> float:
        """Between two trays; the parameter is the time once round the rack."""
        return self._parameters[f"digest_interval_{self._level}_s"] / self._trays

    def _reload(self, time_s: float, trays: Sequence[TrayTelemetry]) -> int:
        mask = 0
        for index, tray in enumerate(trays):
            if tray.digests_wrong:
                self._reload_pending |= 1 << index
                cause, text = "digest", "a wrong weight digest"
            elif tray.hbm_uncorrectable:
                self._reload_pending |= 1 << index
                cause, text = "hbm", "an uncorrectable HBM error"
            else:
                cause = ""
            if cause:
                self._report(
                    Severity.LOW,
                    "WEIGHTS_DAMAGED",
                    f"tray {index} reports {text}, weights are reloaded",
                    tray=index,
                    cause=cause,
                )
            bit = 1 << index
            if self._reload_pending & bit and tray.state == TrayState.RUNNING:
                # One request at a time: the tray is given the time to start on it.
                if time_s - self._reloaded_s[index] < self._parameters["reload_settle_s"]:
                    continue
                self._reloaded_s[index] = time_s
                self._reload_pending &= ~bit
                mask |= bit
                self.reloads += 1
            elif not tray.powered:
                self._reload_pending &= ~bit  # weights are loaded anew at power-on
        return mask
