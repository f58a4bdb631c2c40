"""Scrubbing law: flux, levels, digests in turn, reloads on evidence."""

from dataclasses import replace

import pytest

from fsw.acquisition import TrayTelemetry
from fsw.events import EventLog
from fsw.parameters import Parameters
from fsw.scrubbing import FluxEstimate, ScrubLaw

TRAYS = 6
RUNNING = TrayTelemetry(
    state=2,
    powered=True,
    over_temperature=False,
    over_current=False,
    slowdown=False,
    heartbeat=0,
    clock_mhz=1980,
    power_w=5000.0,
    current_a=100.0,
    gpu_k=340.0,
    hbm_k=345.0,
    hbm_corrected=0,
    hbm_uncorrectable=0,
    digests_wrong=0,
)
RACK = (RUNNING,) * TRAYS
BACKGROUND = 4  # counts/s


class Flown:
    """Steps the law a second at a time."""

    def __init__(self, **parameters: float) -> None:
        self.events = EventLog()
        self.law = ScrubLaw(Parameters(parameters), TRAYS, self.events.report)
        self.time_s = 0.0

    def step(self, flux: float = 0.0, trays: tuple[TrayTelemetry, ...] = RACK, corrected: int = 0):
        self.time_s += 1.0
        return self.law.step(self.time_s, 1.0, round(flux) + BACKGROUND, corrected, trays)

    def run(self, seconds: int, flux: float = 0.0):
        for _ in range(seconds):
            command = self.step(flux)
        return command


def test_the_flux_is_counts_less_background_over_area():
    estimate = FluxEstimate(Parameters({"monitor_area_cm2": 2.0}))
    for _ in range(40):
        flux = estimate.update(404, 1.0)
    assert flux == pytest.approx(200.0, rel=1e-3)


def test_counting_less_than_the_background_is_no_flux():
    estimate = FluxEstimate(Parameters())
    assert estimate.update(1, 1.0) == 0.0


@pytest.mark.parametrize(
    ("flux", "level", "period", "config_period"),
    [(0.0, 0, 100, 10), (60.0, 1, 20, 5), (600.0, 2, 5, 2), (6000.0, 3, 1, 1)],
)
def test_the_pace_follows_the_flux(flux: float, level: int, period: int, config_period: int):
    command = Flown().run(30, flux)
    assert (command.level, command.period_ticks) == (level, period)
    assert command.config_period_ticks == config_period


def test_a_level_is_entered_at_once_and_left_only_after_a_calm():
    flown = Flown()
    assert flown.run(10, 600.0).level == 2
    assert flown.run(50, 0.0).level == 2
    assert flown.run(30, 0.0).level == 1
    assert flown.run(70, 0.0).level == 0


def test_flux_near_a_threshold_does_not_make_the_level_swing():
    flown = Flown()
    levels = [flown.step(48.0 if k % 20 < 10 else 55.0).level for k in range(600)]
    assert sum(a != b for a, b in zip(levels, levels[1:], strict=False)) == 1


def test_many_corrected_errors_raise_the_level_without_any_flux():
    flown = Flown()
    for _ in range(60):
        command = flown.step(corrected=1)
    assert command.level == 2


def test_every_change_of_level_is_an_event():
    flown = Flown()
    flown.run(30, 6000.0)
    assert [event.id for event in flown.events.drain()].count("SCRUB_LEVEL") >= 1


def test_digests_go_round_the_running_trays_at_the_level_s_pace():
    flown = Flown(digest_interval_0_s=60.0)  # six trays: one every ten seconds
    asked = [flown.step().digest for _ in range(60)]
    assert [mask for mask in asked if mask] == [1, 2, 4, 8, 16, 32]
    assert [k for k, mask in enumerate(asked) if mask] == [0, 10, 20, 30, 40, 50]


def test_trays_that_do_not_run_are_left_out_of_the_round():
    flown = Flown(digest_interval_0_s=6.0)
    trays = (RUNNING, replace(RUNNING, state=1), RUNNING, replace(RUNNING, state=0), *RACK[:2])
    asked = [flown.step(trays=trays).digest for _ in range(8)]
    assert [mask for mask in asked if mask][:5] == [1, 4, 16, 32, 1]


def test_a_rising_level_shortens_the_wait_that_is_under_way():
    flown = Flown(digest_interval_0_s=36_000.0, digest_interval_3_s=6.0)
    flown.step()
    asked = [flown.step(6000.0).digest for _ in range(12)]
    assert sum(mask != 0 for mask in asked) >= 3


@pytest.mark.parametrize("evidence", ["digests_wrong", "hbm_uncorrectable"])
def test_a_damaged_tray_reloads_once(evidence: str):
    flown = Flown()
    flown.step()
    damaged = (RUNNING, replace(RUNNING, **{evidence: 1}), *RACK[2:])
    assert flown.step(trays=damaged).reload == 2
    assert flown.step().reload == 0
    assert flown.law.reloads == 1
    assert "WEIGHTS_DAMAGED" in [event.id for event in flown.events.drain()]


def test_evidence_during_a_reload_waits_and_is_not_forgotten():
    flown = Flown(reload_settle_s=5.0)
    damaged = (replace(RUNNING, digests_wrong=1), *RACK[1:])
    assert flown.step(trays=damaged).reload == 1
    assert flown.step(trays=damaged).reload == 0  # within the settling time
    reloads = [flown.step().reload for _ in range(6)]
    assert reloads.count(1) == 1


def test_a_tray_without_power_needs_no_reload():
    flown = Flown(reload_settle_s=0.0)
    off = (replace(RUNNING, state=0, powered=False, digests_wrong=1), *RACK[1:])
    assert flown.step(trays=off).reload == 0
    assert flown.step().reload == 0


def test_without_a_tray_block_neither_digests_nor_reloads():
    flown = Flown()
    command = flown.step(trays=())
    assert (command.digest, command.reload) == (0, 0)
