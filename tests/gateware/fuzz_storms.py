"""The same event again and again, until its counter has gone round.

The counters of passes are left out, and that of wrong CRCs over all frames with them: 65,536 passes
of the scrubber are 8 million ticks with 67 million words, those of the scanner a million ticks.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

from fuzz_steps import Flip, Sensors, Step, Ticks
from traffic import TRAYS, command

from fsw import registers as r
from fsw.register_map import Register
from gateware.model_link import FRAME_MAX, encode_frame
from gateware.model_memory import CODEWORD_BITS, correction, syndrome_of
from gateware.model_watchdog import LEAVE_SAFE_KEY

ROUND = 1 << 16
STORM = "storm"  # the damage of such a case
ALL = 0xFFFF_FFFF
WRITE_SAME = 0x68  # no verification, no increment; with 0x60: no reply either
READ_SAME = 0x48


def _set(register: Register, word: int) -> bytes:
    return encode_frame(command(0x6C, register.address, 4, word.to_bytes(4, "big")))


def crc_errors() -> list[Step]:
    return [b"\x00\xc0" * ROUND]


def framing_errors() -> list[Step]:
    return [b"\xdb\xc0" * ROUND]


def oversize_frames() -> list[Step]:
    return [(bytes(FRAME_MAX + 1) + b"\xc0") * ROUND]


def discarded_packets() -> list[Step]:
    return [encode_frame(b"\xfe") * ROUND]


def refused_commands() -> list[Step]:
    return [encode_frame(command(0x40, r.CONTROL_SCRATCH.address, 4)) * ROUND]


def executed_commands() -> list[Step]:
    return [encode_frame(command(0x60, r.CONTROL_SCRATCH.address, 0, b"")) * ROUND]


def bad_kicks() -> list[Step]:
    """64 in a frame."""
    frame = encode_frame(command(0x60, r.COMMAND_WATCHDOG_KICK.address, 256, bytes(256)))
    return [frame * (ROUND // 64)]


def trips() -> list[Step]:
    """Every tray trips at once after each of 64 clears in a frame."""
    clear = command(0x60, r.COMMAND_OVER_CURRENT_CLEAR.address, 256, b"\xff" * 256)
    start = _set(r.CONTROL_OVER_CURRENT_LIMIT, 0) + _set(r.CONTROL_POWER_SWITCH, ALL)
    frames = ROUND // (64 * TRAYS) + 1
    return [Sensors(b"\xff" * (32 + 16 * TRAYS)), start + encode_frame(clear) * frames]


def uncorrectable_words() -> list[Step]:
    """Every syndrome of three wrong bits; one word with two, read 128 times in a frame."""
    masks: dict[int, int] = {}
    for bits in combinations(range(CODEWORD_BITS), 3):
        mask = sum(1 << bit for bit in bits)
        if correction(syndrome_of(mask)) is None:
            masks.setdefault(syndrome_of(mask), mask)
    triples = [Flip(word, mask) for word, mask in enumerate(masks.values())]
    read = encode_frame(command(0x4C, r.MEMORY.base, 4 * len(masks)))
    frame = encode_frame(command(READ_SAME, r.MEMORY.base + 4 * 77, 512))
    return [_set(r.CONTROL_SCRUB, 0), *triples, Flip(77, 0x3), read + frame * (ROUND // 128)]


def corrected_words() -> list[Step]:
    """All words are hit, then read, again and again; each time another bit."""
    frames = b"".join(
        encode_frame(command(0x4C, base, 512))
        for base in range(r.MEMORY.base, r.MEMORY.end(TRAYS), 512)
    )
    steps: list[Step] = [_set(r.CONTROL_SCRUB, 0)]
    for number in range(ROUND // 1024):
        steps += [Flip(word, 1 << (number + word) % 39) for word in range(1024)]
        steps.append(frames)
    return steps


def _struck_frames(masks: list[int]) -> bytes:
    """Each mask into a word of each of the 16 frames; four writes."""
    words = (masks + [0] * 16)[:16] * 4
    data = b"".join(word.to_bytes(4, "big") for word in words)
    return b"".join(
        encode_frame(command(0x60 | 4, r.FLIP_CONFIG.base + at, 256, data))
        for at in range(0, r.FLIP_CONFIG.size, 256)
    )


def corrected_frames() -> list[Step]:
    """A bit, or two neighbours, of every frame in every pass, all of them essential."""
    essential = b"".join(
        encode_frame(command(0x64, r.ESSENTIAL_BITS.base + at, 256, b"\xff" * 256))
        for at in range(0, r.ESSENTIAL_BITS.size, 256)
    )
    steps: list[Step] = [essential, _set(r.CONTROL_CONFIG_SCAN, 1 << 31 | 1)]
    for number in range(ROUND // 16):
        masks = [1, 1 << 31] if number % 5 == 0 else [0] * (number % 16) + [1 << number % 32]
        steps += [_struck_frames(masks), Ticks(16)]
    return steps


def lost_frames() -> list[Step]:
    """All of them, and good again in the pass behind."""
    return [
        _set(r.CONTROL_CONFIG_SCAN, 1 << 31 | 1),
        *[_struck_frames([5]), Ticks(16)] * (2 * ROUND // 16),
    ]


def watchdog_expiries() -> list[Step]:
    """Expires at every tick."""
    leave = _set(r.COMMAND_SAFE, LEAVE_SAFE_KEY)
    steps: list[Step] = [Ticks(1), leave]
    return [_set(r.CONTROL_WATCHDOG, 1 << 31 | 1) + leave, *steps * ROUND]


def longest_periods() -> list[Step]:
    """Debounce, watchdog, scrubber and scanner count as far as they can."""
    start = _set(r.CONTROL_OVER_CURRENT_LIMIT, 0xFFFF)
    start += _set(r.CONTROL_OVER_TEMPERATURE_LIMIT, 0)
    start += _set(r.CONTROL_OVER_TEMPERATURE_DEBOUNCE, 0xFF)
    start += _set(r.CONTROL_POWER_SWITCH, ALL)
    start += _set(r.CONTROL_WATCHDOG, 1 << 31 | 0xFFFF) + _set(r.CONTROL_SCRUB, 1 << 31 | 0xFFFF)
    start += _set(r.CONTROL_CONFIG_SCAN, 1 << 31 | 0xFFFF)
    hot = Sensors(b"\x80" * (32 + 16 * TRAYS))
    return [hot, start, Ticks(254), b"", Ticks(1), b"", Ticks(ROUND - 257), b"", Ticks(1), b""]


STORMS: tuple[Callable[[], list[Step]], ...] = (
    *(crc_errors, framing_errors, discarded_packets, refused_commands, executed_commands),
    *(bad_kicks, trips, uncorrectable_words, oversize_frames, watchdog_expiries, corrected_words),
    *(longest_periods, corrected_frames, lost_frames),
)
