"""Configuration frames: their code, what is corrected, lost and essential, the CRC over all."""

from random import Random

import pytest

from fsw import registers as r

from .frame_code import FRAME_BITS, FRAMES, flipped, frame, image, place_in_order
from .wire import FLIGHT_KEY, READ_MODIFY_WRITE, WRITE

ENABLE = 1 << 31
IDLE, OBSERVATION, INJECTION = range(3)
BASE, ESSENTIAL, FLIP = r.CONFIG_FRAMES.base, r.ESSENTIAL_BITS.base, r.FLIP_CONFIG.base
NOTHING = {"corrected": 0, "uncorrectable": 0}
PASS = FRAMES  # ticks, at period 1


def state(link):
    return link.fields(r.DIAGNOSTICS_CONFIG_STATE)


def last_error(link):
    return link.fields(r.DIAGNOSTICS_CONFIG_ERROR)


def errors(link):
    return link.fields(r.DIAGNOSTICS_CONFIG_ERRORS)


def other_errors(link):
    return link.fields(r.DIAGNOSTICS_CONFIG_ERRORS_2)


def progress(link):
    return link.fields(r.DIAGNOSTICS_CONFIG_PROGRESS)


def damaged(link):
    return link.fields(r.FAST_STATUS)["config_damaged"]


def load(link, base, data):
    """Write the frames or their mask while nothing is scanned; it takes more than a tick."""
    scan = link.word(r.CONTROL_CONFIG_SCAN)
    link.set(r.CONTROL_CONFIG_SCAN, 0)
    for at in range(0, len(data), 256):
        link.write(base + at, data[at : at + 256])
    link.set(r.CONTROL_CONFIG_SCAN, scan)


def corrected(places, frame, essential=0):
    """What config_error says of bits that were corrected in a frame."""
    return {
        "valid": 1,
        "uncorrectable": 0,
        "adjacent": len(places) - 1,
        "essential": essential,
        "frame": frame,
        "place": min(places, key=lambda place: (-(place // 32), place)),  # lowest power of x
    }


def lost(frame):
    """What config_error says of a frame that was lost."""
    return dict.fromkeys(("adjacent", "essential", "place"), 0) | {
        "valid": 1,
        "uncorrectable": 1,
        "frame": frame,
    }


IMAGE = image(1)


@pytest.fixture
def frames(link, stimulus):
    """A random image, compared once and found good; one frame a tick, frame 0 next."""
    load(link, BASE, IMAGE)
    link.set(r.CONTROL_CONFIG_SCAN, ENABLE | 1)
    stimulus.ticks(2 * PASS)
    assert progress(link) == {"passes": 2, "next_frame": 0}
    return stimulus


def test_clear_after_reset(link, stimulus):
    stimulus.need("a reset")
    assert stimulus.frames() == bytes(1024)
    for base in (BASE, ESSENTIAL):
        assert link.read(base, 512) == link.read(base + 512, 512) == bytes(512)
    assert state(link) == {"state": OBSERVATION, "crc_error": 0, "lost": 0}
    stimulus.ticks(320)
    assert progress(link) == {"passes": 2, "next_frame": 0}
    assert link.read(r.DIAGNOSTICS_CONFIG_STATE.address, 16) == b"\x40" + bytes(15)
    assert damaged(link) == 0


@pytest.mark.parametrize("base", [BASE, ESSENTIAL], ids=["frames", "essential"])
def test_frames_and_mask_are_memories(link, base):
    load(link, base, IMAGE)
    assert link.read(base, 512) + link.read(base + 512, 512) == IMAGE
    word = int.from_bytes(IMAGE[64:68], "big")
    assert link.modify(base + 64, 0x1234_0000, 0xFFFF_0000) == word
    assert link.word(base + 64) == 0x1234_0000 | word & 0xFFFF
    load(link, base, bytes(1024))


@pytest.mark.parametrize("seed", range(8))
def test_frames_of_another_crc32c_are_good(link, stimulus, seed):
    """Eight images of 16 frames; their CRC over all frames is good as well."""
    load(link, BASE, image(100 + seed))
    link.set(r.CONTROL_CONFIG_SCAN, ENABLE | 1)
    stimulus.ticks(2 * PASS)
    assert link.read(r.DIAGNOSTICS_CONFIG_STATE.address, 16) == b"\x40" + bytes(15)
    assert stimulus.frames() == image(100 + seed)


class TestCorrection:
    def test_every_bit(self, link, frames):
        """Of a frame's 512 bits, each in one of the frames."""
        places = Random(512).sample(range(FRAME_BITS), FRAME_BITS)
        for count, place in enumerate(places):
            number = count % FRAMES
            frames.flip_frames(FRAME_BITS * number + place)
            frames.ticks(1)
            assert last_error(link) == corrected([place], number)
        assert frames.frames() == IMAGE
        assert errors(link) == {"corrected": FRAME_BITS, "uncorrectable": 0}
        assert other_errors(link) == {"essential": 0, "crc": 0}
        assert state(link) == {"state": OBSERVATION, "crc_error": 0, "lost": 0}

    def test_every_pair_of_adjacent_bits(self, link, frames):
        """Neighbours in the polynomial: bit 0 of a word and bit 31 of the next are."""
        for position in range(FRAME_BITS - 1):
            number = position % FRAMES
            places = [place_in_order(position), place_in_order(position + 1)]
            frames.flip_frames(*(FRAME_BITS * number + place for place in places))
            frames.ticks(1)
            assert last_error(link) == corrected(places, number)
        assert frames.frames() == IMAGE
        assert errors(link) == {"corrected": FRAME_BITS - 1, "uncorrectable": 0}

    def test_ends_of_a_word_are_no_neighbours(self, link, frames):
        """Bit 31 of a word and bit 0 of the next, whose places are neighbours."""
        frames.flip_frames(31, 32)
        frames.ticks(1)
        assert last_error(link) == lost(0)

    def test_frames_are_apart(self, link, frames):
        """The last bit of a frame and the first of the next are two single errors."""
        frames.flip_frames(FRAME_BITS + 15 * 32, 2 * FRAME_BITS + 31)
        frames.ticks(3)
        assert last_error(link) == corrected([31], 2)
        assert errors(link) == {"corrected": 2, "uncorrectable": 0}
        assert frames.frames() == IMAGE

    def test_in_its_own_time(self, link, frames):
        frames.flip_frames(FRAME_BITS * 2 + 77)
        frames.ticks(2)
        assert frames.frames() == flipped(IMAGE, FRAME_BITS * 2 + 77)
        assert link.read(BASE + 128, 64) == flipped(IMAGE[128:192], 77)  # reads correct nothing
        assert errors(link) == NOTHING
        frames.ticks(1)
        assert frames.frames() == IMAGE
        assert damaged(link) == 0

    def test_one_error_is_counted_once(self, link, frames):
        frames.flip_frames(5)
        frames.ticks(3 * PASS)
        assert errors(link) == {"corrected": 1, "uncorrectable": 0}


class TestEssentialBits:
    @pytest.mark.parametrize(
        "mask, places, essential",
        [
            ([40], [40], 1),
            ([41, FRAME_BITS + 40], [40], 0),
            ([place for place in range(FRAME_BITS) if place != 40], [40], 0),
            ([100], [100, 101], 1),
            ([101], [100, 101], 1),
            ([100, 101], [100, 101], 1),
            ([99, 102], [100, 101], 0),
            ([32], [32, 95], 1),  # bit 0 of word 1 and bit 31 of word 2
            ([95], [32, 95], 1),
        ],
    )
    def test_correction(self, link, frames, mask, places, essential):
        load(link, ESSENTIAL, flipped(bytes(1024), *mask))
        frames.flip_frames(*places)
        frames.ticks(1)
        assert last_error(link) == corrected(places, 0, essential)
        assert errors(link) == {"corrected": 1, "uncorrectable": 0}
        assert other_errors(link) == {"essential": essential, "crc": 0}

    def test_a_loss_is_never_essential(self, link, frames):
        load(link, ESSENTIAL, b"\xff" * 1024)
        frames.flip_frames(FRAME_BITS * 3 + 1, FRAME_BITS * 3 + 5)
        frames.ticks(PASS)
        assert last_error(link) == lost(3)
        assert other_errors(link)["essential"] == 0


class TestLoss:
    def spoil(self, link, frames, patterns):
        """Patterns of places, each in a frame of its own; all frames of a pass are lost."""
        draw = Random(3)
        count = 0
        while patterns:
            batch, patterns = patterns[:FRAMES], patterns[FRAMES:]
            numbers = draw.sample(range(FRAMES), len(batch))
            places = [
                FRAME_BITS * number + place
                for number, pattern in zip(numbers, batch, strict=True)
                for place in pattern
            ]
            frames.flip_frames(*places)
            frames.ticks(PASS)
            count += len(batch)
            assert state(link)["lost"] == sum(1 << number for number in numbers), batch
            assert errors(link) == {"corrected": 0, "uncorrectable": count}
            assert frames.frames() == flipped(IMAGE, *places)
            frames.flip_frames(*places)
            frames.ticks(PASS)
            assert state(link)["lost"] == 0

    def test_two_bits_that_are_not_adjacent(self, link, frames):
        draw = Random(2)
        pairs = [[position, position + 2] for position in range(0, 510, 15)]
        pairs += [sorted(draw.sample(range(FRAME_BITS), 2)) for _ in range(200)]
        apart = [[0, 511], *(pair for pair in pairs if pair[1] - pair[0] > 1)]
        self.spoil(link, frames, [[place_in_order(p) for p in pair] for pair in apart])

    def test_three_bits(self, link, frames):
        draw = Random(4)
        triples = [[position, position + 1, position + 2] for position in range(0, 510, 15)]
        triples += [[p, p + 1, draw.randrange(p + 3, 512)] for p in range(0, 500, 20)]
        triples += [draw.sample(range(FRAME_BITS), 3) for _ in range(200)]
        self.spoil(link, frames, [[place_in_order(p) for p in triple] for triple in triples])

    def test_is_counted_and_described_when_the_frame_was_not_lost_before(self, link, frames):
        frames.flip_frames(FRAME_BITS * 4 + 1, FRAME_BITS * 4 + 5)
        frames.ticks(PASS)
        assert last_error(link) == lost(4)
        assert damaged(link) == 1
        frames.flip_frames(9)
        frames.ticks(2 * PASS)
        assert last_error(link) == corrected([9], 0)
        assert errors(link) == {"corrected": 1, "uncorrectable": 1}
        assert state(link)["lost"] == 1 << 4

    def test_another_error_in_a_lost_frame_is_none_more(self, link, frames):
        frames.flip_frames(1, 5)
        frames.ticks(PASS)
        frames.flip_frames(70)
        frames.ticks(PASS)
        assert errors(link) == {"corrected": 0, "uncorrectable": 1}

    def test_a_frame_written_anew_is_good_again(self, link, frames):
        frames.flip_frames(FRAME_BITS * 15 + 1, FRAME_BITS * 15 + 5)
        frames.ticks(PASS)
        link.write(BASE + 960, IMAGE[960:])
        assert state(link)["lost"] == 1 << 15
        assert damaged(link) == 1
        frames.ticks(PASS)
        assert state(link) == {"state": OBSERVATION, "crc_error": 0, "lost": 0}
        assert damaged(link) == 0
        assert errors(link) == {"corrected": 0, "uncorrectable": 1}
        frames.flip_frames(FRAME_BITS * 15 + 1, FRAME_BITS * 15 + 5)
        frames.ticks(PASS)
        assert errors(link) == {"corrected": 0, "uncorrectable": 2}

    def test_a_lost_frame_with_one_wrong_bit_left_is_corrected(self, link, frames):
        frames.flip_frames(1, 5)
        frames.ticks(PASS)
        frames.flip_frames(5)
        frames.ticks(1)
        assert last_error(link) == corrected([1], 0)
        assert errors(link) == {"corrected": 1, "uncorrectable": 1}
        assert state(link)["lost"] == 0
        assert frames.frames() == IMAGE

    def test_words_written_without_their_check_word(self, link, frames):
        link.write(BASE + 64, bytes(60))
        frames.ticks(PASS)
        assert state(link)["lost"] == 1 << 1


class TestCrcOverAllFrames:
    WRONG = image(1, crc_error=1)

    def verdict(self, link):
        return state(link)["crc_error"], other_errors(link)["crc"]

    def load(self, link, frames, data):
        load(link, BASE, data)
        frames.ticks(PASS)  # not compared

    def swap(self, frames, one, other):
        """Two frames change places, beside the link; each is a good one where it is."""
        words = [int.from_bytes(IMAGE[at : at + 4], "big") for at in range(0, 1024, 4)]
        for word in range(16):
            difference = words[16 * one + word] ^ words[16 * other + word]
            for number in (one, other):
                frames.flip_frame_word(16 * number + word, difference)

    def test_wrong_in_every_pass(self, link, frames):
        self.load(link, frames, self.WRONG)
        assert self.verdict(link) == (0, 0)
        frames.ticks(PASS - 1)
        assert self.verdict(link) == (0, 0)
        frames.ticks(1)
        assert self.verdict(link) == (1, 1)
        assert damaged(link) == 1
        frames.ticks(2 * PASS)
        assert self.verdict(link) == (1, 3)
        assert errors(link) == NOTHING
        assert state(link)["lost"] == 0

    def test_right_again(self, link, frames):
        self.load(link, frames, self.WRONG)
        frames.ticks(PASS)
        self.load(link, frames, IMAGE)
        assert self.verdict(link) == (1, 1)  # of the last comparison
        assert damaged(link) == 1
        frames.ticks(PASS)
        assert self.verdict(link) == (0, 1)
        assert damaged(link) == 0

    @pytest.mark.parametrize("one, other", [(0, 1), (7, 11), (13, 14)])
    def test_sees_frames_that_have_changed_places(self, link, frames, one, other):
        self.swap(frames, one, other)
        frames.ticks(PASS)
        assert errors(link) == NOTHING
        assert self.verdict(link) == (1, 1)
        self.swap(frames, one, other)
        frames.ticks(PASS)
        assert self.verdict(link) == (0, 1)

    def test_content_of_frame_15_is_not_in_it(self, link, frames):
        self.load(link, frames, IMAGE[:960] + frame(bytes(56) + IMAGE[-8:-4]))
        frames.ticks(PASS)
        assert self.verdict(link) == (0, 0)

    def test_check_words_count_as_they_are_scanned(self, link, frames):
        """A change behind the scanner shows in the next pass."""
        frames.ticks(8)
        self.swap(frames, 6, 7)
        frames.ticks(8)
        assert self.verdict(link) == (0, 0)
        frames.ticks(PASS)
        assert self.verdict(link) == (1, 1)

    @pytest.mark.parametrize("number, word", [(0, 15), (3, 15), (14, 15), (15, 14)])
    def test_what_was_corrected_is_right(self, link, frames, number, word):
        frames.flip_frames(FRAME_BITS * number + 32 * word + 9)
        frames.ticks(PASS)
        assert errors(link)["corrected"] == 1
        assert self.verdict(link) == (0, 0)

    @pytest.mark.parametrize("number", [0, 6, 14, 15])
    def test_a_pass_with_a_lost_frame_is_not_compared(self, link, frames, number):
        places = FRAME_BITS * number + 1, FRAME_BITS * number + 5
        self.load(link, frames, self.WRONG)
        frames.flip_frames(*places)
        frames.ticks(2 * PASS)
        assert self.verdict(link) == (0, 0)
        frames.flip_frames(*places)
        frames.ticks(PASS)
        assert self.verdict(link) == (1, 1)
        frames.flip_frames(*places)
        frames.ticks(2 * PASS)
        assert self.verdict(link) == (1, 1)
        assert state(link)["lost"] == 1 << number

    @pytest.mark.parametrize("scanned", [0, 1, 8, 15])
    def test_a_pass_with_a_write_is_not_compared(self, link, frames, scanned):
        """`scanned` frames of it were scanned before; a pass ends with frame 15."""
        self.load(link, frames, self.WRONG)
        frames.ticks(scanned)
        link.write(BASE + 512, self.WRONG[512:516])
        frames.ticks(PASS - scanned)
        assert self.verdict(link) == (0, 0)
        frames.ticks(PASS)
        assert self.verdict(link) == (1, 1)

    def test_a_read_modify_write_is_a_write(self, link, frames):
        self.load(link, frames, self.WRONG)
        assert link.execute(READ_MODIFY_WRITE, BASE, 8, bytes(8)) == self.WRONG[:4]
        frames.ticks(PASS)
        assert self.verdict(link) == (0, 0)

    def test_what_is_no_write(self, link, frames):
        """Reads, a write of nothing, one that is refused, essential bits, the scan register."""
        self.load(link, frames, self.WRONG)
        link.read(BASE, 512)
        link.execute(WRITE, BASE, 0, b"")
        with pytest.raises(AssertionError, match="reply"):
            link.execute(WRITE, BASE + 1020, 8, bytes(8), FLIGHT_KEY)
        load(link, ESSENTIAL, self.WRONG)
        frames.ticks(5)
        link.set(r.CONTROL_CONFIG_SCAN, 0)
        frames.ticks(7)
        link.set(r.CONTROL_CONFIG_SCAN, ENABLE | 1)
        frames.ticks(11)
        assert self.verdict(link) == (1, 1)

    def test_stopping_in_a_pass_keeps_what_was_scanned(self, link, frames):
        frames.ticks(9)
        link.set(r.CONTROL_CONFIG_SCAN, 0)
        frames.ticks(3)
        link.set(r.CONTROL_CONFIG_SCAN, ENABLE | 1)
        frames.ticks(7)
        assert progress(link) == {"passes": 3, "next_frame": 0}
        assert self.verdict(link) == (0, 0)


class TestPace:
    def test_runs_after_reset_every_10_ticks(self, link, stimulus):
        stimulus.ticks(9)
        assert progress(link) == {"passes": 0, "next_frame": 0}
        stimulus.ticks(1)
        assert progress(link) == {"passes": 0, "next_frame": 1}
        stimulus.ticks(149)
        assert progress(link) == {"passes": 0, "next_frame": 15}
        stimulus.ticks(1)
        assert progress(link) == {"passes": 1, "next_frame": 0}

    @pytest.mark.parametrize("period, ticks", [(0, 1), (1, 1), (3, 3), (65535, 65535)])
    def test_period(self, link, stimulus, period, ticks):
        link.set(r.CONTROL_CONFIG_SCAN, ENABLE | period)
        for number in range(2):
            stimulus.ticks(ticks - 1)
            assert progress(link)["next_frame"] == number
            stimulus.ticks(1)
            assert progress(link)["next_frame"] == number + 1

    def test_writing_the_register_restarts_the_period(self, link, stimulus):
        stimulus.ticks(35)
        link.set(r.CONTROL_CONFIG_SCAN, ENABLE | 10)
        stimulus.ticks(9)
        assert progress(link)["next_frame"] == 3
        stimulus.ticks(1)
        assert progress(link)["next_frame"] == 4

    def test_writing_frames_does_not(self, link, stimulus):
        stimulus.ticks(9)
        link.write(BASE, bytes(64))
        stimulus.ticks(1)
        assert progress(link)["next_frame"] == 1

    def test_disabled(self, link, stimulus):
        link.set(r.CONTROL_CONFIG_SCAN, 1)
        stimulus.flip_frames(0)
        stimulus.ticks(1000)
        assert progress(link) == {"passes": 0, "next_frame": 0}
        assert stimulus.frames()[:4] == b"\0\0\0\1"

    def test_memory_is_scrubbed_in_the_same_tick(self, link, stimulus):
        link.set(r.CONTROL_SCRUB, ENABLE | 1)
        link.set(r.CONTROL_CONFIG_SCAN, ENABLE | 1)
        stimulus.flip(0, 5)
        stimulus.flip_frames(17)
        stimulus.ticks(1)
        assert link.fields(r.FAST_MEMORY_ERRORS) == {"corrected": 1, "uncorrectable": 0}
        assert errors(link) == {"corrected": 1, "uncorrectable": 0}
        stimulus.ticks(127)
        assert link.fields(r.DIAGNOSTICS_SCRUB_PROGRESS) == {"passes": 1, "next_word": 0}
        assert progress(link) == {"passes": 8, "next_frame": 0}


class TestStates:
    def test_idle_and_back(self, link, stimulus):
        assert state(link)["state"] == OBSERVATION
        link.set(r.CONTROL_CONFIG_SCAN, 10)
        assert state(link)["state"] == IDLE
        link.set(r.CONTROL_CONFIG_SCAN, 20)
        assert state(link)["state"] == IDLE
        link.set(r.CONTROL_CONFIG_SCAN, ENABLE)
        assert state(link)["state"] == OBSERVATION

    def test_injection_is_left_by_enable_alone(self, injection):
        link = injection
        link.set(r.CONTROL_CONFIG_SCAN, 0)
        link.inject(FLIP + 4 * 33, 0x0000_0100)
        assert state(link)["state"] == INJECTION
        link.set(r.CONTROL_CONFIG_SCAN, 0)
        assert state(link)["state"] == INJECTION
        link.inject(FLIP + 4 * 33, 0x0000_0100)
        assert state(link)["state"] == INJECTION
        link.set(r.CONTROL_CONFIG_SCAN, ENABLE | 10)
        assert state(link)["state"] == OBSERVATION
        link.set(r.CONTROL_CONFIG_SCAN, 0)
        assert state(link)["state"] == IDLE

    def test_a_flip_beside_the_link_is_no_injection(self, link, stimulus):
        stimulus.need("transparency")
        link.set(r.CONTROL_CONFIG_SCAN, 0)
        stimulus.flip_frames(3)
        assert state(link)["state"] == IDLE

    def test_nothing_else_is_an_injection(self, link, stimulus):
        link.set(r.CONTROL_CONFIG_SCAN, 0)
        link.write(BASE, bytes(4))
        link.write(ESSENTIAL, bytes(4))
        link.execute(WRITE, FLIP, 0, b"", 0x5D)
        assert state(link)["state"] == IDLE

    def test_injected_in_observation(self, injection, frames):
        injection.inject(FLIP + 4 * 33, 0x0000_0100)
        assert state(injection)["state"] == OBSERVATION
        frames.ticks(PASS)
        assert last_error(injection) == corrected([40], 2)
        assert frames.frames() == IMAGE

    def test_injected_in_idle_is_corrected_afterwards(self, injection, frames):
        injection.set(r.CONTROL_CONFIG_SCAN, 1)
        injection.inject(FLIP, *(1 << (word + 3) % 32 for word in range(0, 64)))
        frames.ticks(PASS)
        expected = flipped(IMAGE, *(32 * word + (word + 3) % 32 for word in range(64)))
        assert frames.frames() == expected
        injection.set(r.CONTROL_CONFIG_SCAN, ENABLE | 1)
        frames.ticks(4)
        assert state(injection) == {"state": OBSERVATION, "crc_error": 0, "lost": 0b1111}

    def test_reset_starts_in_observation(self, link, frames):
        load(link, ESSENTIAL, IMAGE)
        frames.flip_frames(1, 5, 700)
        frames.ticks(5)
        link.set(r.CONTROL_CONFIG_SCAN, 0)
        frames.reset()
        test_clear_after_reset(link, frames)


def test_a_flip_changes_its_word_alone(injection, stimulus):
    injection.set(r.CONTROL_CONFIG_SCAN, 0)
    for word in range(256):
        injection.inject(FLIP + 4 * word, 0x8000_0001 + 0x101 * word)
    words = b"".join((0x8000_0001 + 0x101 * word).to_bytes(4, "big") for word in range(256))
    assert stimulus.frames() == words
    assert injection.read(BASE, 512) + injection.read(BASE + 512, 512) == words
    assert errors(injection) == NOTHING
