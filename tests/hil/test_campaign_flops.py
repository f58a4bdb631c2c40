"""Upsets of the controller's bits: each outcome by a register or word of which it is known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from scipy.stats import chisquare

from fsw import registers as r
from fsw.rmap import WriteCommand, encode_command
from fsw.slip import encode_frame
from hil.errors import UsageError
from hil.faults.campaign.flops import Flip, FlopExperiment, block, protection
from hil.faults.campaign.order import FlopSpace
from hil.faults.campaign.sample import Sample, generator
from hil.faults.campaign.verdict import Run, judge
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
    """The ticks for which a reset line is still up: too many of them."""
    running = struck_in(experiment, "command lines", "reset_command.left_q", 3, 100)
    assert running.outcome is Outcome.SILENT and running.note.startswith("actuators after")


@pytest.mark.parametrize("command", ["reset_command", "scrub_command", "reload_command"])
def test_no_upset_raises_a_command_line(experiment: FlopExperiment, command: str) -> None:
    """Neither while none is up nor while another tray's is."""
    for phase in ("command lines", "diagnostics"):
        for copy in "abc":
            line = f"{command}.lines.copy_{copy}_q"
            assert struck_in(experiment, phase, line, 1, 100).outcome is Outcome.CORRECTED
    ticks = struck_in(experiment, "diagnostics", f"{command}.left_q", 4, 60)
    assert ticks.outcome is Outcome.MASKED


def test_an_error_that_never_was_is_no_correction(experiment: FlopExperiment) -> None:
    """One of the events that wait to be counted is a dropped frame."""
    samples = [
        struck_in(experiment, "setpoints", "event_counters.waiting_q", bit, 130) for bit in range(8)
    ]
    told = [sample for sample in samples if "fast.frames.dropped 0x1" in sample.note]
    assert len(told) == 1 and told[0].outcome is Outcome.SILENT
    assert not any(sample.outcome is Outcome.CORRECTED for sample in samples)


def test_a_link_that_hears_nothing_hangs(experiment: FlopExperiment) -> None:
    """No one upset does that: here the test key hangs it."""
    target = experiment._simulator()
    link = experiment._script.begin(target)
    hang = WriteCommand(r.INJECTION_LINK_HANG.address, b"\0\0\xff\xff", key=r.TEST_KEY)
    target.exchange(encode_frame(encode_command(hang)))
    deaf = Run(experiment._script.walk(link, target), target.state())
    verdict = judge(experiment._script, deaf, experiment.golden.run, "scrubber.word_q", 0)
    assert (verdict.outcome, verdict.detected_by) == (Outcome.HANG, "link")


@pytest.mark.parametrize(
    ("register", "bits"),
    [
        ("hang_q", 16),
        ("hang_armed_q", 1),
        ("hanging_q", 1),
        ("sensor_q", 2),
        ("sensor_armed_q", 1),
        ("front_end_off_q", 1),
        ("front_end_off_again_q", 1),
    ],
)
def test_no_upset_puts_a_fault_in(experiment: FlopExperiment, register: str, bits: int) -> None:
    for bit in range(bits):
        name = f"gen_injection.injection.{register}"
        sample = struck_in(experiment, "caps read-back", name, bit, 100)
        assert sample.outcome is Outcome.MASKED, f"{sample.fault}: {sample.note}"


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
    drawn = Counter(experiment.draw(generator(5, k)).place for k in range(draws))
    widths = {cells.name: cells.bits for cells in experiment.cells}
    bits = sum(widths.values())
    seen = [drawn[name] for name in widths]
    assert chisquare(seen, [draws * width / bits for width in widths.values()]).pvalue > 1e-3
    assert all(0 <= experiment.draw(generator(6, k)).bit < 1 << 11 for k in range(100))


def test_names_weigh_alike() -> None:
    space = FlopSpace(trays=TRAYS, weights="uniform", registers=("rmap_target.*", "scrubber.*"))
    uniform = FlopExperiment(space)
    uniform.close()
    drawn = Counter(uniform.draw(generator(5, k)).place for k in range(5_000))
    assert set(drawn) == {cells.name for cells in uniform.cells}
    assert all(name.startswith(("rmap_target.", "scrubber.")) for name in drawn)
    assert chisquare(list(drawn.values())).pvalue > 1e-3


@pytest.fixture(scope="module")
def memories() -> Iterator[FlopExperiment]:
    space = FlopSpace(trays=TRAYS, registers=(), memories=("*",), scrub_ticks=1)
    made = FlopExperiment(space)
    yield made
    made.close()


def test_bits_of_memories_weigh_alike(memories: FlopExperiment) -> None:
    """Chi-square of the draws by memory, and by eighths of the largest one's words."""
    draws = 8_000
    flips = [memories.draw(generator(5, k)) for k in range(draws)]
    drawn = Counter(flip.place.partition("[")[0] for flip in flips)
    bits = {cells.name: cells.bits for cells in memories.cells}
    assert bits["memory.words"] == 1024 * 39 and bits["config_frames.words"] == 1024 * 32
    total = sum(bits.values())
    assert chisquare([drawn[n] for n in bits], [draws * b / total for b in bits.values()])[1] > 1e-3
    words = [flip for flip in flips if flip.place.startswith("memory.words[")]
    eighths = Counter(int(flip.place[13:-1]) // 128 for flip in words)
    assert len(eighths) == 8 and chisquare(list(eighths.values())).pvalue > 1e-3
    assert {flip.bit for flip in words} == set(range(39))


def test_memories_join_registers() -> None:
    space = FlopSpace(trays=TRAYS, registers=("scrubber.*",), memories=("event_counters.*",))
    both = FlopExperiment(space)
    both.close()
    places = {both.draw(generator(5, k)).place.partition("[")[0] for k in range(500)}
    assert {"event_counters.upper", "event_counters.lower", "scrubber.word_q"} <= places


def test_a_word_that_is_read_is_corrected(memories: FlopExperiment) -> None:
    sample = struck_in(memories, "tray block", "memory.words[70]", 3, 50)
    assert sample.outcome is Outcome.CORRECTED
    assert sample.detected_by == "fast.memory_errors.corrected"
    assert (sample.element, sample.kind) == ("memory.words", "SECDED memory")


def test_a_word_that_nobody_reads_is_scrubbed(
    memories: FlopExperiment, experiment: FlopExperiment
) -> None:
    """At the pace of `scrub_ticks`; the slower one of the other experiment does not get there."""
    word = "memory.words[1000]"
    assert struck_in(memories, "fast block", word, 38, 50).outcome is Outcome.CORRECTED
    slow = struck_in(experiment, "fast block", word, 38, 50)
    assert (slow.outcome, slow.note) == (Outcome.LATENT, "differs: memory.words")


def test_a_bit_of_a_frame_is_corrected_by_the_scanner(memories: FlopExperiment) -> None:
    sample = struck_in(memories, "fast block", "config_frames.words[37]", 9, 50)
    assert sample.outcome is Outcome.CORRECTED
    assert sample.detected_by == "diagnostics.config_errors.corrected"
    assert sample.kind == "scanned memory"


def test_a_counter_that_counts_what_never_was_is_silent(memories: FlopExperiment) -> None:
    """Row 0 holds the frames received and dropped."""
    sample = struck_in(memories, "setpoints", "event_counters.lower[0]", 1, 60)
    assert sample.outcome is Outcome.SILENT and "fast.frames.dropped 0x2" in sample.note
    assert (sample.element, sample.kind) == ("event_counters.lower", "plain memory")


def test_what_a_buffer_once_held_is_masked(memories: FlopExperiment) -> None:
    place = "frame_receiver.rmap_receiver.words[63]"
    assert struck_in(memories, "fast block", place, 0, 50).outcome is Outcome.MASKED


@pytest.mark.parametrize(
    ("space", "complaint"),
    [
        ({"registers": ["nothing"]}, r"flops.registers: no register has a name like 'nothing'"),
        (
            {"memories": ["memory.*", "memory"]},
            r"flops.memories: no memory has a name like 'memory'; there are config_frames.words, ",
        ),
    ],
)
def test_names_that_there_are_not_are_refused(
    space: dict[str, tuple[str, ...]], complaint: str
) -> None:
    with pytest.raises(UsageError, match=complaint):
        FlopExperiment(FlopSpace.model_validate({"trays": TRAYS, **space}))


def test_blocks_and_classes_follow_from_names() -> None:
    assert block("control_registers.gen_cap[3].cap.copy_a_q") == "control_registers.gen_cap.cap"
    assert block("last_status_q") == "controller"
    assert block("memory.words[5]") == "memory.words"
    assert protection("rmap_target.state_q") == "state machine"
    assert protection("acquisition.gen_vector.store_q") == "sensor store"
    assert protection("scrubber.word_q") == "plain"
    assert protection("control_registers.gen_cap[3].cap.copy_a_q") == "triplicated"
    assert protection("event_counters.upper[15]") == "plain memory"
