"""Content of the configuration frames against CRC-32C of another library."""

import random

import pytest
from fastcrc.crc32 import iscsi
from frame_scanner import corrections, remainder, syndrome

from fsw.config_frames import check_word, essential_bits, golden_frames

FRAMES = golden_frames()
MASK = essential_bits()


def test_the_surrogate_s_remainder_is_that_of_long_division():
    # x^32 divided by the polynomial leaves the polynomial without its first term.
    assert remainder((1).to_bytes(4, "big")) == 0x1EDC6F41
    assert iscsi(b"123456789") == 0xE3069283  # the check value of CRC-32C


@pytest.mark.parametrize("length", [1, 4, 60, 61, 512])
def test_the_check_word_is_crc_32c_without_its_ornaments(length: int):
    data = random.Random(length).randbytes(length)
    assert int.from_bytes(check_word(data), "big") == remainder(data)


def test_every_frame_is_good():
    assert len(FRAMES) == 1024
    assert [syndrome(FRAMES[start : start + 64]) for start in range(0, 1024, 64)] == [0] * 16


def test_word_14_of_the_last_frame_is_the_crc_over_the_check_words_of_the_others():
    checks = b"".join(FRAMES[end - 4 : end] for end in range(64, 1024, 64))
    assert len(checks) == 60
    assert int.from_bytes(FRAMES[-8:-4], "big") == remainder(checks)


def test_single_and_adjacent_flips_have_syndromes_of_their_own():
    assert len(corrections()) == 512 + 511
    assert 0 not in corrections()


def test_content_follows_from_the_design_alone_and_looks_like_a_bitstream():
    assert golden_frames() == FRAMES
    assert golden_frames(b"another") != FRAMES
    ones = int.from_bytes(FRAMES, "big").bit_count()
    assert 0.45 < ones / 8192 < 0.55
    assert len({FRAMES[start : start + 64] for start in range(0, 1024, 64)}) == 16


def test_about_five_percent_of_the_bits_are_essential_and_none_of_the_code_s_own():
    assert len(MASK) == 1024
    assert 0.04 < int.from_bytes(MASK, "big").bit_count() / 8192 < 0.06
    for start in range(0, 1024, 64):
        frame = MASK[start : start + 64]
        assert frame[-4:] == bytes(4)
        assert 0 < int.from_bytes(frame, "big").bit_count() < 51  # 10 %
    assert MASK[-8:] == bytes(8)
    assert essential_bits() == MASK
    assert essential_bits(b"another") != MASK
