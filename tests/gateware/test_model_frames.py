"""Golden model of the configuration frames: the code's distance, all of its corrections, wraps."""

import random
from itertools import pairwise

import numpy as np
import pytest
from fastcrc import crc32

from gateware import model_frames
from gateware.model_frames import ConfigurationFrames

POLYNOMIAL = 0x1_1EDC_6F41
SCAN = 1 << 31 | 1  # control.config_scan: a frame a tick


def divided(message: int) -> int:
    """Remainder of a polynomial over GF(2) by CRC-32C's, by long division."""
    while message.bit_length() > 32:
        message ^= POLYNOMIAL << message.bit_length() - 33
    return message


SINGLES = [divided(1 << degree) for degree in range(512)]
ADJACENT = [one ^ other for one, other in pairwise(SINGLES)]


class TestCode:
    def test_check_value(self):
        """The CRC's own check value, from the registry: reflected and inverted at both ends."""
        assert crc32.iscsi(b"123456789") == 0xE306_9283
        reflected = bytes(int(f"{byte:08b}"[::-1], 2) for byte in b"123456789")
        message = int.from_bytes(reflected, "big") << 32 ^ 0xFFFF_FFFF << 72
        crc = int(f"{divided(message) ^ 0xFFFF_FFFF:032b}"[::-1], 2)
        assert crc == 0xE306_9283

    def test_check_words_are_remainders(self):
        draw = random.Random(15)
        for _ in range(200):
            words = [draw.getrandbits(32) for _ in range(15)]
            message = int.from_bytes(b"".join(word.to_bytes(4, "big") for word in words), "big")
            assert model_frames.check_word(words) == divided(message << 32)

    def test_distance_is_6(self):
        """No error of 5 bits or fewer looks like none: x + 1 divides, and pairs are all apart."""
        assert POLYNOMIAL.bit_count() % 2 == 0  # x + 1 divides: every codeword has even weight
        singles = np.array(SINGLES, dtype=np.uint32)
        first, second = np.triu_indices(512, 1)
        pairs = singles[first] ^ singles[second]
        assert np.unique(pairs).size == pairs.size == 512 * 511 // 2  # none of weight 4
        assert pairs.all()  # none of weight 2

    def test_pairs_that_are_not_adjacent_are_not_taken_for_another_error(self):
        correctable = np.array(SINGLES + ADJACENT, dtype=np.uint32)
        singles = np.array(SINGLES, dtype=np.uint32)
        first, second = np.triu_indices(512, 2)
        assert not np.isin(singles[first] ^ singles[second], correctable).any()

    def test_corrections(self):
        """Every single bit and every adjacent pair, and no more."""
        assert len(model_frames._CORRECTIONS) == 512 + 511 == len(set(SINGLES + ADJACENT))
        for degree, syndrome in enumerate(SINGLES):
            (place,) = model_frames._CORRECTIONS[syndrome]
            assert (15 - place // 32) * 32 + place % 32 == degree
        for degree, syndrome in enumerate(ADJACENT):
            places = model_frames._CORRECTIONS[syndrome]
            degrees = [(15 - place // 32) * 32 + place % 32 for place in places]
            assert degrees == [degree, degree + 1]  # the lower power of x first


class TestScanner:
    def test_syndromes_kept_are_those_of_the_words(self):
        """Whatever is written, flipped and corrected, and whenever."""
        draw = random.Random(16)
        frames = ConfigurationFrames(SCAN)
        for _ in range(2000):
            index = draw.randrange(256)
            match draw.randrange(4):
                case 0:
                    frames.write(index, draw.getrandbits(32))
                case 1:
                    frames.flip(index, 1 << draw.randrange(32))
                case 2:
                    first = index // 16 * 16
                    frames.write(first + 15, model_frames.check_word(frames.words[first:][:15]))
                case 3:
                    frames.pass_ticks(draw.randrange(20))
            number = draw.randrange(16)
            words = frames.words[16 * number : 16 * number + 16]
            message = int.from_bytes(b"".join(word.to_bytes(4, "big") for word in words), "big")
            assert frames._syndrome(number) == divided(message)

    def test_counters_wrap(self):
        frames = ConfigurationFrames(SCAN)
        frames.corrected = frames.uncorrectable = frames.passes = 0xFFFF
        frames.essential_corrected = frames.crc_errors = 0xFFFF
        frames.flip(0, 1)
        frames.essential[0] = 1
        frames.flip(17, 5)
        frames.pass_ticks(16)
        assert (frames.corrected, frames.uncorrectable, frames.passes) == (0, 0, 0)
        assert frames.essential_corrected == 0
        frames.flip(17, 5)
        word_14, check = 1, model_frames.check_word([0] * 14 + [1])
        frames.flip(254, word_14)
        frames.flip(255, check)
        frames.pass_ticks(16)
        assert frames.crc_error
        assert frames.crc_errors == 0

    @pytest.mark.parametrize("period", [1, 7, 10])
    def test_many_ticks_at_once(self, period):
        bulk, single = (ConfigurationFrames(1 << 31 | period) for _ in range(2))
        draw = random.Random(period)
        for _ in range(300):
            index, mask, count = draw.randrange(256), 1 << draw.randrange(32), draw.randrange(50)
            bulk.flip(index, mask)
            single.flip(index, mask)
            bulk.pass_ticks(count)
            for _ in range(count):
                single.pass_ticks(1)
            assert bulk.diagnostics() == single.diagnostics()
            assert bulk.words == single.words
