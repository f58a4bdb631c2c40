"""Configuration frames of the reference model under flight software, hit beside the link."""

from typing import Any

import pytest
from flight_bench import CYCLE_NS, Bench

from fsw import registers as r
from fsw.commands import LoadEclipseForecast, SetParameter, encode_telecommand
from fsw.config_frames import essential_bits, golden_frames
from fsw.payload_link import PayloadLink

WORDS = [int.from_bytes(golden_frames()[k : k + 4], "big") for k in range(0, 1024, 4)]
MASK = [int.from_bytes(essential_bits()[k : k + 4], "big") for k in range(0, 1024, 4)]
LOADED_S = 8.0  # frames and mask written, two passes seen good
PASS_S = 1.6  # at period 10
LOOK_S = 1.1  # between two looks at the scanner's counters, and a minor cycle


def bench(seconds: float = LOADED_S, **options: Any) -> Bench:
    made = Bench(4, **options)
    made.fsw.uplink(encode_telecommand(LoadEclipseForecast((), 1e5)))
    made.run(seconds)
    return made


def stored(flown: Bench) -> list[int]:
    return [flown.target.peek_config(word) for word in range(256)]


def told(flown: Bench) -> list[str]:
    return [name for name in flown.ids() if name.startswith(("CONFIG_", "MEMORY_"))]


def counts(flown: Bench) -> dict[str, Any]:
    names = ("corrected", "essential", "uncorrectable", "crc_errors", "reloaded", "restarts")
    values = flown.fsw.housekeeping()
    return {name: values[f"fsw_config_{name}"] for name in names if values[f"fsw_config_{name}"]}


def plain_bit(word: int) -> int:
    """Mask of the lowest bit of a word that is not essential."""
    plain = ~MASK[word] & 0xFFFFFFFF
    return plain & -plain


def test_frames_and_mask_are_in_place_after_boot_and_nothing_is_amiss():
    flown = bench()
    assert stored(flown) == WORDS
    link = PayloadLink(flown.port)
    assert link.read(r.ESSENTIAL_BITS.base, 1024) == essential_bits()
    values = flown.fsw.housekeeping()
    assert values["fsw_config_state"] == "observation"
    assert values["fsw_config_verified"] == 1
    assert values["fsw_config_chunks"] == 16 + 4
    assert told(flown) == []
    assert counts(flown) == {}


@pytest.mark.parametrize("adjacent", [False, True])
def test_what_the_scanner_can_correct_is_left_to_it_and_told(adjacent: bool):
    flown = bench()
    chunks = flown.fsw.frames.frames.chunks_written
    word = 16 * 5 + 3
    mask = 0b11 << 7 if adjacent else 1 << 7
    assert not mask & MASK[word]
    flown.target.flip_config(word, mask)
    assert stored(flown) != WORDS
    flown.run(PASS_S + LOOK_S)
    assert stored(flown) == WORDS
    assert counts(flown) == {"corrected": 1}
    assert told(flown) == ["CONFIG_CORRECTED"]
    assert flown.fsw.frames.frames.chunks_written == chunks


def test_an_essential_bit_is_told_as_such():
    flown = bench()
    word = next(word for word in range(100, 256) if MASK[word])
    flown.target.flip_config(word, MASK[word] & -MASK[word])
    flown.run(PASS_S + LOOK_S)
    assert stored(flown) == WORDS
    assert counts(flown) == {"corrected": 1, "essential": 1}
    assert told(flown) == ["CONFIG_CORRECTED", "CONFIG_ESSENTIAL"]


def test_a_lost_frame_is_reloaded_as_soon_as_it_is_met():
    flown = bench()
    flown.target.flip_config(16 * 9 + 2, 0b101)
    met_s = None
    for _ in range(round(10 * (PASS_S + 0.3))):
        flown.step()
        if met_s is None and flown.fsw.frames.damaged:
            met_s = flown.cycle
            assert stored(flown) == WORDS  # in the very minor cycle
    assert met_s is not None
    flown.run(PASS_S + LOOK_S)
    assert counts(flown) == {"uncorrectable": 1, "reloaded": 1}
    assert told(flown) == ["CONFIG_FRAMES_LOST"]
    assert not flown.fsw.frames.damaged
    assert flown.fsw.housekeeping()["fsw_faults"] == 0


def test_three_lost_frames_at_once():
    flown = bench()
    for frame in (0, 7, 15):
        flown.target.flip_config(16 * frame + 4, 0x80000001)
    flown.run(2 * PASS_S + LOOK_S)
    assert stored(flown) == WORDS
    assert counts(flown) == {"uncorrectable": 3, "reloaded": 3}


def test_a_frame_of_another_design_is_found_by_the_crc_over_all():
    flown = bench()
    other = golden_frames(b"another")
    for word in range(32, 48):
        flown.target.flip_config(
            word, WORDS[word] ^ int.from_bytes(other[4 * word : 4 * word + 4], "big")
        )
    flown.run(4 * PASS_S)
    assert stored(flown) == WORDS
    assert told(flown) == ["CONFIG_CRC_WRONG"]
    values = counts(flown)
    assert values.pop("crc_errors") >= 1
    assert values == {"reloaded": 16}
    flown.run(2 * PASS_S)
    assert not flown.fsw.frames.damaged
    assert "CONFIG_DAMAGED" not in flown.ids()


def test_a_restart_of_flight_software_writes_nothing_without_need():
    flown = bench()
    flown.target.flip_config(16 * 3, 0b1001)
    flown.run(PASS_S + LOOK_S)
    flown.restart()
    flown.run(LOADED_S)
    assert flown.fsw.housekeeping()["fsw_config_verified"] == 1
    assert flown.fsw.housekeeping()["fsw_config_chunks"] == 0
    assert counts(flown) == {}  # what was before is not counted again
    flown.target.flip_config(200, plain_bit(200))
    flown.run(PASS_S + LOOK_S)
    assert counts(flown) == {"corrected": 1}


def test_a_frame_lost_while_flight_software_was_away_is_rewritten_alone():
    flown = bench()
    flown.target.flip_config(16 * 12, 0b1001)
    flown.fsw.minor_cycle = lambda time_ns: None
    flown.run(2.0)
    flown.restart()
    flown.run(LOADED_S)
    assert stored(flown) == WORDS
    assert flown.fsw.housekeeping()["fsw_config_chunks"] == 1
    assert not flown.fsw.frames.damaged


def test_a_reset_of_the_controller_has_everything_loaded_again():
    flown = bench()
    flown.target.reset()
    assert not any(stored(flown))
    flown.run(LOADED_S)
    assert stored(flown) == WORDS
    assert PayloadLink(flown.port).read(r.ESSENTIAL_BITS.base, 1024) == essential_bits()
    assert counts(flown) == {}
    assert told(flown) == []


def test_the_scan_follows_the_flux():
    flown = bench()
    scan = r.CONTROL_CONFIG_SCAN.address
    link = PayloadLink(flown.port)
    assert link.read(scan, 4) == b"\x80\0\0\x0a"
    flown.flux = 1000.0
    flown.run(15.0)
    assert link.read(scan, 4) == b"\x80\0\0\x02"
    assert flown.fsw.housekeeping()["fsw_config_period"] == 2


def test_the_ground_sets_the_pace():
    flown = bench()
    flown.fsw.uplink(encode_telecommand(SetParameter("config_period_0_ticks", 25.0)))
    flown.run(2.0)
    assert PayloadLink(flown.port).read(r.CONTROL_CONFIG_SCAN.address, 4) == b"\x80\0\0\x19"


def test_loading_and_repair_fit_the_minor_cycle():
    flown = Bench(18)
    longest_ns = 0
    for cycle in range(200):
        if cycle == 120:
            for frame in range(16):
                flown.target.flip_config(16 * frame, 0b101)
        flown.step()
        longest_ns = max(longest_ns, flown.target.now_ns - flown.cycle * CYCLE_NS)
    assert stored(flown) == WORDS
    assert longest_ns < 30_000_000
