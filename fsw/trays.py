"""Tray care: staggered power-on, and bringing back trays that trip, hang or fail.

| symptom | steps, each tried a bounded number of times |
| --- | --- |
| hung: running, heartbeat stands still; or the tray reports a fault | reset, power cycle, give up |
| draws more than it can take (small latch-up) | power cycle, give up |
| over-current trip (latch-up) | wait unpowered, re-arm, power on, give up |
| over-temperature trip | wait until cool, re-arm, power on, give up |
| does not come up after power-on or reload | power cycle, give up |

A tray that has run well for `tray_forgive_s` has its attempts forgiven. A tray given up stays off
until the ground commands otherwise; the rack is then degraded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from fsw.acquisition import TrayTelemetry
from fsw.events import Report, Severity

HALF_CYCLE_S = 0.05  # times that differ by less are the same minor cycle


class TrayState(IntEnum):
    """State as the tray reports it."""

    OFF = 0
    BOOTING = 1
    RUNNING = 2
    RELOADING = 3
    FAULT = 4


@dataclass
class _Care:
    """What is known about one tray."""

    on: bool = False  # its load switch is wanted closed
    not_before_s: float = float("-inf")  # earliest time for the next step
    heartbeat: int = -1
    alive_s: float = float("-inf")  # the heartbeat last advanced
    on_since_s: float = float("-inf")
    well_since_s: float = float("inf")
    resets: int = 0
    cycles: int = 0
    trips: int = 0
    given_up: bool = False


@dataclass(frozen=True, slots=True)
class TrayCommands:
    """Masks, bit i = tray i."""

    power_switch: int
    reset: int = 0
    clear_over_current: int = 0
    clear_over_temperature: int = 0


@dataclass
class _Masks:
    reset: int = 0
    clear_over_current: int = 0
    clear_over_temperature: int = 0


class TrayCare:
    """One second at a time over all trays. `switches` is what the controller holds at start."""

    def __init__(
        self,
        parameters: Mapping[str, float],
        trays: int,
        report: Report,
        switches: int = 0,
        given_up: int = 0,
    ) -> None:
        self._parameters = parameters
        self._report = report
        self._care = [
            _Care(on=bool(switches >> index & 1), given_up=bool(given_up >> index & 1))
            for index in range(trays)
        ]
        self._switched_on_s = float("-inf")
        self._fresh = True

    @property
    def given_up(self) -> int:
        """Trays given up, bit i = tray i."""
        return _mask([care.given_up for care in self._care])

    @property
    def switches(self) -> int:
        """Load switches wanted closed."""
        return _mask([care.on for care in self._care])

    def forgive(self, mask: int) -> None:
        """The ground wants these trays tried again."""
        for index, care in enumerate(self._care):
            if mask >> index & 1:
                self._care[index] = _Care(on=care.on)

    def too_hot(self, mask: int) -> None:
        """These trays stay hot whatever they draw: they are given up."""
        for index, care in enumerate(self._care):
            if mask >> index & 1 and not care.given_up:
                self._give_up(index, care, "hot whatever it draws")

    def latched_up(self, mask: int, time_s: float) -> None:
        """These trays draw more than they can take: only without power does that end."""
        for index, care in enumerate(self._care):
            if mask >> index & 1 and care.on and not care.given_up:
                care.well_since_s = float("inf")
                self._cycle(index, care, time_s, "latched up")

    def lost_power(self) -> None:
        """The controller was reset or safe: every tray is off, and comes back staggered."""
        for care in self._care:
            care.on = False
            care.heartbeat = -1

    def step(
        self,
        trays: Sequence[TrayTelemetry],
        time_s: float,
        may_run: int,
        seen_s: float | None = None,
    ) -> TrayCommands:
        """`may_run` is the mask of trays that mode, charge and budget allow.

        `seen_s` is when the trays looked like this, now where not given: a heartbeat stands still
        between two looks at it, not because a bad link kept the second one away.
        """
        seen_s = time_s if seen_s is None else seen_s
        parameters = self._parameters
        if self._fresh:
            # What was running before this software started is taken for alive, not for hung.
            for care in self._care:
                if care.on:
                    care.alive_s = care.on_since_s = time_s
            self._fresh = False
        masks = _Masks()
        stagger_s = parameters["tray_stagger_s"] - HALF_CYCLE_S
        for index, (care, tray) in enumerate(zip(self._care, trays, strict=True)):
            if not may_run >> index & 1 or care.given_up:
                care.on = False
                care.heartbeat = -1
                continue
            if tray.over_current or tray.over_temperature:
                self._tripped(index, care, tray, time_s, masks)
                continue
            if not care.on:
                if time_s < care.not_before_s or time_s - self._switched_on_s < stagger_s:
                    continue
                self._switched_on_s = time_s
                care.on = True
                care.on_since_s = care.alive_s = time_s
                care.heartbeat = -1
                care.well_since_s = float("inf")
                continue
            self._watch(index, care, tray, time_s, seen_s, masks)
        return TrayCommands(
            self.switches,
            masks.reset,
            masks.clear_over_current,
            masks.clear_over_temperature,
        )

    def _watch(
        self,
        index: int,
        care: _Care,
        tray: TrayTelemetry,
        time_s: float,
        seen_s: float,
        masks: _Masks,
    ) -> None:
        parameters = self._parameters
        if tray.heartbeat != care.heartbeat:
            care.heartbeat = tray.heartbeat
            care.alive_s = seen_s
        if tray.state == TrayState.RUNNING:
            if care.well_since_s == float("inf"):
                care.well_since_s = time_s
            allowed_s = parameters["tray_hang_s"]
        elif tray.state == TrayState.FAULT:
            allowed_s = 0.0
            care.alive_s = min(care.alive_s, seen_s - 1.0)
        else:
            # Booting or reloading: judged by how long it takes.
            care.well_since_s = float("inf")
            since_s = max(care.on_since_s, care.not_before_s)
            if time_s - since_s > parameters["tray_boot_s"]:
                self._cycle(index, care, time_s, "did not come up")
            care.alive_s = time_s
            return
        if time_s < care.not_before_s:
            return
        if seen_s - care.alive_s <= allowed_s:
            if time_s - care.well_since_s > parameters["tray_forgive_s"]:
                care.resets = care.cycles = care.trips = 0
            care.on_since_s = time_s  # from here the next boot or reload is timed
            return
        care.well_since_s = float("inf")
        if care.resets < parameters["tray_resets_max"]:
            care.resets += 1
            care.not_before_s = time_s + parameters["tray_reset_grace_s"]
            care.alive_s = care.not_before_s
            masks.reset |= 1 << index
            self._report(
                Severity.MEDIUM,
                "TRAY_RESET",
                f"tray {index} hung, reset {care.resets}",
                tray=index,
                attempt=care.resets,
            )
        else:
            self._cycle(index, care, time_s, "hung after resets")

    def _cycle(self, index: int, care: _Care, time_s: float, why: str) -> None:
        if care.cycles >= self._parameters["tray_cycles_max"]:
            self._give_up(index, care, why)
            return
        care.cycles += 1
        care.resets = 0
        care.on = False
        care.not_before_s = time_s + self._parameters["tray_off_s"]
        self._report(
            Severity.MEDIUM,
            "TRAY_POWER_CYCLE",
            f"tray {index} {why}, power cycle {care.cycles}",
            tray=index,
            attempt=care.cycles,
        )

    def _tripped(
        self, index: int, care: _Care, tray: TrayTelemetry, time_s: float, masks: _Masks
    ) -> None:
        parameters = self._parameters
        kind = "over-current" if tray.over_current else "over-temperature"
        if care.on or care.not_before_s == float("-inf"):
            care.on = False
            care.well_since_s = float("inf")
            if care.trips >= parameters["tray_trips_max"]:
                self._give_up(index, care, f"{kind} trip")
                return
            care.trips += 1
            care.not_before_s = time_s + parameters["tray_rearm_s"]
            self._report(
                Severity.MEDIUM,
                "TRAY_TRIPPED",
                f"tray {index} {kind} trip {care.trips}, re-armed in "
                f"{parameters['tray_rearm_s']:g} s",
                tray=index,
                kind=kind,
                attempt=care.trips,
            )
            return
        if time_s < care.not_before_s:
            return
        cool_k = parameters["gpu_slowdown_k"] - parameters["tray_cool_k"]
        if tray.over_temperature and tray.gpu_k > cool_k:
            return
        if tray.over_current:
            masks.clear_over_current |= 1 << index
        if tray.over_temperature:
            masks.clear_over_temperature |= 1 << index
        care.not_before_s = time_s + 1.0  # the latch is seen open at the next tray block
        self._report(Severity.INFO, "TRAY_REARMED", f"tray {index} re-armed", tray=index)

    def _give_up(self, index: int, care: _Care, why: str) -> None:
        care.given_up = True
        care.on = False
        self._report(
            Severity.HIGH,
            "TRAY_GIVEN_UP",
            f"tray {index} {why}: it stays off",
            tray=index,
        )


def _mask(bits: Sequence[bool]) -> int:
    return sum(1 << index for index, bit in enumerate(bits) if bit)
