"""Upsets of the controller's registers: each outcome by a register of which it is known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from scipy.stats import chisquare

from hil.errors import UsageError
from hil.faults.campaign.flops import Flip, FlopExperiment, block, register_class
from hil.faults.campaign.order import FlopSpace
from hil.faults.campaign.sample import Sample, generator
from hil.faults.outcome import Outcome

CAMPAIGNS = Path(__file__).parents[1] / "faults" / "campaigns"
TRAYS = 2


@pytest.fixture(scope="module")
def experiment() -> Iterator[FlopExperiment]:
    made = FlopExperiment(FlopSpace(trays=TRAYS))
    yield made
    made.close()


def struck_in(
    experiment: FlopExperiment, phase: str, register: str, bit: int, place: int
) -> Sample:
    """An upset `place` clocks after the step `phase` has begun."""
    names = [step.name for step in experiment._script.first]
    number = names.index(phase)
    begin = experiment.golden.step_clocks[number - 1] if number else 0
    sample = experiment.strike(0, Flip(register, bit, begin + place))
    assert sample.phase == phase
    return sample


def test_a_register_that_the_next_command_overwrites_is_masked(experiment: FlopExperiment) -> None:
    sample = struck_in(experiment, "watchdog kick", "rmap_target.status_q", 3, 100)
    assert (sample.outcome, sample.latency_s) == (Outcome.MASKED, None)


def test_an_upset_copy_is_corrected(experiment: FlopExperiment) -> None:
    sample = struck_in(experiment, "fast block", "control_registers.pump_drive.copy_b_q", 31, 50)
    assert sample.outcome is Outcome.CORRECTED
    assert sample.detected_by == "diagnostics.voter.mismatches"
    # Diagnostics are read 11 slots of 90 ms later.
    assert sample.latency_s == pytest.approx(11 * 0.09, abs=0.05)
    assert (sample.element, sample.kind) == ("control_registers.pump_drive", "triplicated")


def test_a_reply_that_is_lost_is_asked_for_again(experiment: FlopExperiment) -> None:
    """The encoder's state, in mid-reply: the frame ends without its CRC, and comes again."""
    sample = struck_in(experiment, "memory read", "frame_encoder.state_q", 1, 150)
    assert (sample.outcome, sample.detected_by) == (Outcome.RECOVERED, "link")
    assert sample.latency_s is not None and 0.02 < sample.latency_s < 0.06


def test_scratch_is_not_protected(experiment: FlopExperiment) -> None:
    sample = struck_in(experiment, "diagnostics", "control_registers.scratch_q", 0, 60)
    assert sample.outcome is Outcome.SILENT
    assert "control.scratch.value 0x600df00c, expected 0x600df00d" in sample.note


def test_a_wrong_drive_is_silent_although_no_data_is_wrong(experiment: FlopExperiment) -> None:
    sample = struck_in(experiment, "diagnostics", "reset_command.lines_q", 1, 60)
    assert sample.outcome in (Outcome.SILENT, Outcome.LATENT)
    running = struck_in(experiment, "command lines", "reset_command.lines_q", 1, 100)
    assert running.outcome is Outcome.SILENT and running.note.startswith("actuators after")


def test_an_error_that_never_was_is_no_correction(experiment: FlopExperiment) -> None:
    """One of the events that wait to be counted is a dropped frame."""
    samples = [
        struck_in(experiment, "setpoints", "event_counters.waiting_q", bit, 130) for bit in range(8)
    ]
    told = [sample for sample in samples if "fast.frames.dropped 0x1" in sample.note]
    assert len(told) == 1 and told[0].outcome is Outcome.SILENT
    assert not any(sample.outcome is Outcome.CORRECTED for sample in samples)


def test_a_link_that_hears_nothing_hangs(experiment: FlopExperiment) -> None:
    sample = struck_in(experiment, "caps read-back", "gen_injection.injection.hang_q", 15, 100)
    assert (sample.outcome, sample.detected_by) == (Outcome.HANG, "link")


def test_a_scanner_that_stops_is_told_and_stays(experiment: FlopExperiment) -> None:
    sample = struck_in(experiment, "memory read", "config_frames.state_q", 7, 100)
    assert (sample.outcome, sample.detected_by) == (Outcome.LOST, "telemetry")
    assert "config_damaged" in sample.note


def test_a_shifted_scrubber_is_latent(experiment: FlopExperiment) -> None:
    sample = struck_in(experiment, "tray caps", "scrubber.word_q", 9, 50)
    assert sample.outcome is Outcome.LATENT
    assert "scrubber.word_q" in sample.note


def test_a_flip_that_is_never_reached_is_a_tool_error(experiment: FlopExperiment) -> None:
    """Retries of a lost reply cost no clocks, so the last clocks are there in every run."""
    late = Flip("control_registers.scratch_q", 0, experiment.golden.clocks[-1] + 10_000)
    assert experiment._struck(late).tool_error.endswith("too few clocks were simulated")


def test_a_sample_does_not_depend_on_those_before(experiment: FlopExperiment) -> None:
    alone = experiment.sample(17, generator(1, 17))
    for number in range(3):
        experiment.sample(number, generator(1, number))
    assert experiment.sample(17, generator(1, 17)) == alone
    experiment.close()  # a new simulator
    assert experiment.sample(17, generator(1, 17)) == alone


def test_bits_weigh_alike(experiment: FlopExperiment) -> None:
    """Chi-square of the draws by register against the registers' bits."""
    draws = 20_000
    drawn = Counter(experiment.draw(generator(5, k)).register for k in range(draws))
    widths = experiment.registers
    bits = sum(widths.values())
    seen = [drawn[name] for name in widths]
    assert chisquare(seen, [draws * width / bits for width in widths.values()]).pvalue > 1e-3
    assert all(0 <= experiment.draw(generator(6, k)).bit < 1 << 11 for k in range(100))


def test_names_weigh_alike() -> None:
    space = FlopSpace(trays=TRAYS, weights="uniform", registers=("rmap_target.*", "scrubber.*"))
    uniform = FlopExperiment(space)
    uniform.close()
    drawn = Counter(uniform.draw(generator(5, k)).register for k in range(5_000))
    assert set(drawn) == set(uniform.registers)
    assert all(name.startswith(("rmap_target.", "scrubber.")) for name in drawn)
    assert chisquare(list(drawn.values())).pvalue > 1e-3


def test_an_empty_space_is_refused() -> None:
    with pytest.raises(UsageError, match=r"flops.registers = \['nothing'\]: no register"):
        FlopExperiment(FlopSpace(trays=TRAYS, registers=("nothing",)))


def test_blocks_and_classes_follow_from_names() -> None:
    assert block("control_registers.gen_cap[3].cap.copy_a_q") == "control_registers.gen_cap.cap"
    assert block("last_status_q") == "controller"
    assert register_class("rmap_target.state_q") == "state machine"
    assert register_class("acquisition.gen_vector.store_q") == "sensor store"
    assert register_class("scrubber.word_q") == "plain"
