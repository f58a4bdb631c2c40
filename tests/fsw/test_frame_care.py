"""Care of the configuration frames, against a surrogate of the controller's scanner."""

import pytest
from frame_scanner import CONFIG_SCAN, FRAMES, MASK, STATE, FrameScanner

from fsw.config_frames import essential_bits, golden_frames
from fsw.controller import Controller
from fsw.events import Event, EventLog
from fsw.frame_care import FrameCare, ScanState
from fsw.parameters import Parameters
from fsw.payload_link import LinkTimeout

SINGLE = 1 << 200
APART = 1 << 200 | 1 << 190


class Flown:
    """A second is ten minor cycles: the fast block, at most two transactions, some frames."""

    def __init__(self, scanner: FrameScanner | None = None, scans_per_cycle: int = 2) -> None:
        self.scanner = scanner or FrameScanner()
        self.scans_per_cycle = scans_per_cycle
        self.parameters = Parameters()
        self.events: list[Event] = []
        self.cycle = 0
        self.restart()

    def restart(self) -> None:
        """Flight software starts (again)."""
        self.log = EventLog()
        self.controller = Controller(self.scanner, 4, self.log.report)  # type: ignore[arg-type]
        self.care = FrameCare(self.parameters, self.controller, self.log.report)

    def run(self, seconds: float) -> None:
        care, scanner = self.care, self.scanner
        for _ in range(round(10 * seconds)):
            care.notice(scanner.damaged)
            if self.cycle % 10 == 0:
                care.pace(10)
            wanted = self.controller.wanted.get(CONFIG_SCAN)
            if wanted is not None and bool(wanted >> 31) != scanner.enabled:
                scanner.enable(bool(wanted >> 31))
            for _ in range(2):
                care.step(scanner)  # type: ignore[arg-type]
            scanner.scan(self.scans_per_cycle)
            self.cycle += 1
        self.events += self.log.drain()

    def ids(self) -> list[str]:
        return [event.id for event in self.events]


@pytest.fixture
def flown() -> Flown:
    """Frames and mask loaded, nothing reported, traffic forgotten."""
    made = Flown()
    made.run(6.0)
    assert made.ids() == []
    made.scanner.writes.clear()
    made.scanner.reads.clear()
    return made


def test_frames_and_mask_are_loaded_once_a_frame_at_a_time():
    scanner = FrameScanner()
    cold = Flown(scanner)
    cold.run(3.0)
    assert scanner.memory[FRAMES] == golden_frames()
    assert scanner.memory[MASK] == essential_bits()
    assert cold.care.frames.verified
    assert cold.care.mask.verified
    frames = sorted(write for write in scanner.writes if write[0] < MASK)
    assert frames == [(FRAMES + 64 * frame, 64) for frame in range(16)]
    assert sum(length for address, length in scanner.writes if address >= MASK) == 1024


def test_a_loaded_image_passes_the_scanner_and_its_crc(flown: Flown):
    flown.run(5.0)
    assert not flown.scanner.damaged
    assert flown.scanner.corrected == flown.scanner.uncorrectable == flown.scanner.crc_errors == 0


def test_a_restart_writes_nothing(flown: Flown):
    flown.restart()
    flown.run(5.0)
    assert flown.scanner.writes == []
    assert flown.care.frames.verified
    assert flown.ids() == []


def test_a_restart_writes_only_the_frame_that_differs(flown: Flown):
    flown.scanner.flip(9, APART)
    flown.restart()
    flown.run(5.0)
    assert flown.scanner.writes == [(FRAMES + 64 * 9, 64)]
    assert not flown.scanner.damaged


def test_what_the_scanner_corrects_is_counted_and_told_with_its_place(flown: Flown):
    place = 512 - 32 * 3 - 1 - 5  # fifth bit behind the first of word 3
    assert not int.from_bytes(essential_bits()[64 * 6 :][:64], "big") >> place & 1
    flown.scanner.flip(6, 1 << place)
    flown.run(3.0)
    assert flown.care.corrected == 1
    assert flown.care.essential == 0
    assert flown.scanner.writes == []
    [event] = flown.events
    assert event.id == "CONFIG_CORRECTED"
    assert event.text == (
        "configuration frames corrected by the scanner: 1, the last in frame 6 word 3 bit 26"
    )


def test_a_corrected_essential_bit_is_told_as_such(flown: Flown):
    mask = int.from_bytes(essential_bits()[:64], "big")
    flown.scanner.flip(0, 1 << mask.bit_length() - 1)
    flown.run(3.0)
    assert (flown.care.corrected, flown.care.essential) == (1, 1)
    assert flown.ids() == ["CONFIG_CORRECTED", "CONFIG_ESSENTIAL"]


def test_a_lost_frame_alone_is_rewritten_without_a_look(flown: Flown):
    flown.scanner.flip(11, APART)
    flown.run(2.0)
    assert flown.scanner.memory[FRAMES] == golden_frames()
    assert flown.scanner.writes == [(FRAMES + 64 * 11, 64)]
    assert {address for address, _ in flown.scanner.reads} == {STATE}
    assert (flown.care.uncorrectable, flown.care.reloaded) == (1, 1)
    assert flown.ids() == ["CONFIG_FRAMES_LOST"]
    flown.run(5.0)
    assert not flown.scanner.damaged
    assert len(flown.scanner.writes) == 1


def test_a_new_damage_is_looked_at_in_the_same_minor_cycle(flown: Flown):
    flown.scanner.flip(flown.scanner.next_frame, APART)
    flown.scanner.scan(1)
    assert flown.scanner.damaged
    flown.run(0.1)
    assert len(flown.scanner.writes) == 1


def test_a_wrong_crc_has_every_frame_rewritten_once(flown: Flown):
    # A frame with its own good check word, but of other content: only the CRC over all sees it.
    other = golden_frames(b"another")[:64]
    flown.scanner.memory[FRAMES][:64] = other
    flown.run(8.0)
    assert flown.scanner.memory[FRAMES] == golden_frames()
    assert sorted(flown.scanner.writes) == [(FRAMES + 64 * frame, 64) for frame in range(16)]
    assert flown.care.reloaded == 16
    assert flown.care.crc_errors == flown.scanner.crc_errors >= 1
    assert flown.ids() == ["CONFIG_CRC_WRONG"]
    assert not flown.scanner.damaged


def test_many_lost_frames_one_after_the_other_are_no_failed_repairs(flown: Flown):
    for frame in (3, 9, 1, 14, 5, 12, 7):
        flown.scanner.flip(frame, APART)
        flown.run(0.7)
    flown.run(5.0)
    assert flown.scanner.memory[FRAMES] == golden_frames()
    assert "CONFIG_GIVEN_UP" not in flown.ids()
    assert flown.care.reloaded == 7


def test_a_frame_that_stays_lost_is_given_up_after_three_repairs(flown: Flown):
    flown.scanner.stuck.add(4)
    flown.run(30.0)
    assert flown.scanner.writes == [(FRAMES + 64 * 4, 64)] * 3
    assert flown.ids() == ["CONFIG_FRAMES_LOST"] * 3 + ["CONFIG_GIVEN_UP"]
    assert flown.care.given_up


def test_care_is_taken_up_again_when_the_frame_is_good_or_the_ground_says_so(flown: Flown):
    flown.scanner.stuck.add(4)
    flown.run(30.0)
    flown.parameters.set("config_attempts_max", 4.0)
    flown.run(10.0)
    assert len(flown.scanner.writes) == 4
    assert flown.care.given_up
    flown.scanner.stuck.clear()
    flown.run(5.0)
    assert not flown.care.given_up
    flown.scanner.flip(4, APART)
    flown.run(3.0)
    assert len(flown.scanner.writes) == 5
    assert not flown.scanner.damaged


def test_a_fatal_scanner_is_switched_off_and_on(flown: Flown):
    flown.scanner.fatal = True
    flown.run(1.0)
    assert (flown.scanner.enabled, flown.scanner.fatal) == (True, False)
    assert flown.care.restarts == 1
    assert flown.ids() == ["CONFIG_SCAN_RESTARTED"]
    flown.run(3.0)
    assert flown.care.state is ScanState.OBSERVATION
    flown.scanner.flip(2, SINGLE)
    flown.run(3.0)
    assert flown.care.corrected == 1


def test_a_scanner_that_turns_fatal_in_every_pass_is_given_up(flown: Flown):
    for _ in range(12):
        flown.scanner.fatal = flown.scanner.enabled
        flown.run(1.5)
    assert flown.care.restarts == 3
    assert flown.ids().count("CONFIG_GIVEN_UP") == 1


def test_a_scanner_that_cannot_be_switched_off_is_given_up(flown: Flown):
    flown.scanner.enable = lambda on: None  # type: ignore[method-assign]
    flown.scanner.fatal = True
    flown.run(30.0)
    assert flown.ids()[-1] == "CONFIG_GIVEN_UP"
    assert flown.controller.wanted[CONFIG_SCAN] == 0x8000000A


def test_two_fatal_states_far_apart_are_not_in_a_row(flown: Flown):
    for _ in range(8):
        flown.scanner.fatal = True
        flown.run(6.0)
    assert flown.care.restarts == 8
    assert "CONFIG_GIVEN_UP" not in flown.ids()


def test_after_a_reset_of_the_controller_all_is_loaded_and_counted_from_zero(flown: Flown):
    flown.scanner.flip(6, SINGLE)
    flown.run(3.0)
    flown.scanner = FrameScanner()
    flown.controller.link = flown.scanner  # type: ignore[assignment]
    flown.care.start_over()
    flown.run(4.0)
    assert flown.scanner.memory[FRAMES] == golden_frames()
    flown.scanner.flip(7, SINGLE)
    flown.run(3.0)
    assert flown.care.corrected == 2


def test_the_mask_is_patrolled_and_its_damage_told(flown: Flown):
    flown.scanner.memory[MASK][700] ^= 0x10
    for _ in range(2):
        flown.care.check()
        flown.run(0.5)
    assert flown.scanner.memory[MASK] == essential_bits()
    assert flown.ids() == ["MEMORY_DIFFERS"]
    assert flown.events[0].fields == {"region": "essential_bits", "words": 1, "block": 1}


def test_what_a_link_failure_prevented_is_done_afterwards(flown: Flown):
    flown.scanner.flip(11, APART)
    flown.scanner.scan(16)
    flown.scanner.down = True
    for _ in range(3):
        flown.care.notice(flown.scanner.damaged)
        with pytest.raises(LinkTimeout):
            flown.care.step(flown.scanner)  # type: ignore[arg-type]
    flown.scanner.down = False
    flown.run(3.0)
    assert not flown.scanner.damaged
    assert flown.care.reloaded == 1


def test_the_pace_is_wanted_of_the_controller(flown: Flown):
    assert flown.controller.wanted == {CONFIG_SCAN: 0x8000000A}
    flown.care.pace(2)
    assert flown.controller.wanted == {CONFIG_SCAN: 0x80000002}
