"""Random traffic for the controller: commands, broken packets and frames, noise, sensor values.

A command carries the key of the region it goes to, but now and then another. What would end all
traffic is left out: long hangs of the link and long runs of lost replies; a short hang is for a
sender that lets ticks pass behind it.
"""

from __future__ import annotations

from random import Random

from hypothesis import strategies as st

from fsw import registers as r
from gateware.model_frames import FRAMES, check_word
from gateware.model_link import crc8, encode_frame
from gateware.model_watchdog import ENTER_SAFE_KEY, KICK_KEY, LEAVE_SAFE_KEY

TRAYS = 18
READS = (0x4C, 0x48)
WRITES = (0x7C, 0x78, 0x6C, 0x68, 0x74, 0x70, 0x64, 0x60)
READ_MODIFY_WRITE = 0x5C
INCREMENT = 0x04


def key_of(address: int) -> int:
    """Key of the region at an address; the flight key where there is none."""
    for region in r.REGIONS:
        if region.base <= address < region.base + region.size:
            return region.key
    return r.FLIGHT_KEY


def command(
    instruction: int,
    address: int,
    length: int,
    data: bytes | None = None,
    key: int | None = None,
) -> bytes:
    """RMAP command packet; `data` with its CRC follows the header unless it is None.

    Without a key it carries that of the region.
    """
    header = b"\xfe\x01%c%c\x67\x12\x34\x00" % (instruction, key or key_of(address))
    header += address.to_bytes(4, "big") + length.to_bytes(3, "big")
    packet = header + bytes((crc8(header),))
    return packet if data is None else packet + data + bytes((crc8(data),))


def word_write(address: int, word: int) -> bytes:
    """Packet that writes one word, verified and acknowledged."""
    return command(0x7C, address, 4, word.to_bytes(4, "big"))


def image_writes(rng: Random, crc_error: int) -> bytes:
    """Frames that write good configuration frames; the CRC over all is wrong by `crc_error`."""
    words: list[int] = []
    checks: list[int] = []
    for frame in range(FRAMES):
        content = [rng.getrandbits(32) for _ in range(15)]
        if frame == FRAMES - 1:
            content[14] = check_word(checks) ^ crc_error
        checks.append(check_word(content))
        words += [*content, checks[-1]]
    data = b"".join(word.to_bytes(4, "big") for word in words)
    return b"".join(
        encode_frame(command(0x7C, r.CONFIG_FRAMES.base + at, 256, data[at : at + 256]))
        for at in range(0, len(data), 256)
    )


# What to draw. Values are chosen where something happens: at limits, at short periods, at keys.
EDGES = [
    address
    for region in r.REGIONS
    for end in (region.base, region.end(TRAYS))
    for address in (end - 4, end, end + 4)
    if address >= 0
]
PLACES = [register.address for register in r.REGISTERS] + [r.CONTROL.base, r.FAST.base] * 4 + EDGES
ADDRESSES = st.one_of(
    st.sampled_from(PLACES),
    st.integers(0, 15).map(lambda word: r.MEMORY.base + 4 * word),
    st.integers(0, 1023).map(lambda word: r.MEMORY.base + 4 * word),
    st.sampled_from(r.REGIONS).flatmap(
        lambda region: st.integers(0, region.size // 4 - 1).map(lambda word: region.base + 4 * word)
    ),
)
KEYS = st.sampled_from([None] * 12 + [r.FLIGHT_KEY, r.TEST_KEY, 0x21])
WORDS = st.one_of(
    st.sampled_from(
        [0, 1, 2, 3, 0x8000_0000, 0x8000_0001, 0x8000_0003, 0xFFFF_FFFF, 0xC0DB_DCDD]
        + [0x5AFE_C0DE, 0x5AFE_0000, 0x5AFE_0001, 1 << TRAYS, (1 << TRAYS) - 1]
    ),
    st.integers(0, 0xFFFF_FFFF),
)
INJECTIONS = {  # what is written there, so that the traffic goes on
    r.INJECTION_SOURCE.address: st.sampled_from([0, 0, 1, 0xFFFF_FFFE, 0xFFFF_FFFF]),
    r.INJECTION_SENSOR_FAULT.address: st.builds(
        lambda kind, channel, offset: kind << 30 | channel << 16 | offset,
        st.integers(0, 3),
        st.one_of(st.integers(0, 15 + 8 * TRAYS + 2), st.sampled_from([6, 19, 20, 21, 511])),
        st.sampled_from([0, 1, 2, 0xFFFE, 0xFFFF, 0x8000]),
    ),
    r.INJECTION_REPLY_FAULT.address: st.builds(
        lambda kind, count: kind << 30 | count, st.integers(0, 3), st.sampled_from([0, 1, 1, 2, 3])
    ),
    r.INJECTION_LINK_HANG.address: st.sampled_from([0, 0xFFFF_0000]),
}
LENGTHS = st.sampled_from([4] * 8 + [8, 12, 16, 28, 44, 64, 68, 256, 0, 1, 6, 260, 512, 516])
SETPOINTS = st.one_of(
    *(
        st.tuples(st.just(register.address), values)
        for register, values in (
            (r.CONTROL_POWER_SWITCH, st.sampled_from([0, 1, 3, 0x2_0001, 0xFFFF_FFFF])),
            (r.CONTROL_POWER_SWITCH, st.just(0xFFFF_FFFF)),
            (r.CONTROL_THERMOSTAT, st.sampled_from([0, 100, 0xFFFF])),
            (
                r.CONTROL_OVER_TEMPERATURE_LIMIT,
                st.sampled_from([100 << 16 | 100, 101 << 16 | 99, 0xFFFF_FFFF, 0, 99]),
            ),
            (r.CONTROL_OVER_TEMPERATURE_DEBOUNCE, st.integers(0, 5)),
            (r.CONTROL_OVER_CURRENT_LIMIT, st.sampled_from([0, 99, 100, 0xFFFF])),
            (r.CONTROL_WATCHDOG, st.integers(0, 8).map(lambda period: 1 << 31 | period)),
            (r.CONTROL_SCRUB, st.integers(0, 4).map(lambda period: 1 << 31 | period)),
            (r.CONTROL_CONFIG_SCAN, st.sampled_from([0, 1 << 31, 1 << 31 | 1, 1 << 31 | 3])),
            (r.COMMAND_WATCHDOG_KICK, st.sampled_from([KICK_KEY, 0])),
            (r.COMMAND_SAFE, st.sampled_from([ENTER_SAFE_KEY, LEAVE_SAFE_KEY])),
            (r.COMMAND_SAFE, st.just(LEAVE_SAFE_KEY)),
            (r.COMMAND_OVER_TEMPERATURE_CLEAR, st.sampled_from([1, 0xFFFF_FFFF])),
            (r.COMMAND_OVER_CURRENT_CLEAR, st.sampled_from([1, 0xFFFF_FFFF])),
            (r.COMMAND_TRAY_RESET, WORDS),
            (r.COMMAND_TRAY_SCRUB, WORDS),
            (r.COMMAND_TRAY_RELOAD, WORDS),
        )
    ),
    *(st.tuples(st.just(address), values) for address, values in INJECTIONS.items()),
)
READINGS = st.sampled_from([0, 98, 99, 100, 101, 102, 0x1234, 0xFFFF])
TICKS = st.sampled_from([1, 1, 1, 2, 3, 4, 5, 9, 10, 15, 16, 19, 20, 21, 50, 100, 160, 1100])
NOISE = st.lists(
    st.sampled_from([b"\xc0", b"\xdb", b"\xdb\xdc", b"\xdb\xdd", b"\x00", b"\xfe", b"\x01\x4c"]),
    max_size=12,
).map(b"".join)
HEADER_BYTES = st.one_of(st.sampled_from([0, 2, 3, 7]), st.integers(0, 14))
HEADER_VALUES = st.one_of(st.sampled_from([0x00, 0x01, 0x58, 0x8C, 0xFF]), st.integers(0, 255))
FLIPPED_WORDS = st.one_of(st.integers(0, 15), st.integers(0, 1023))
FLIPPED_BITS = st.lists(st.integers(0, 38), min_size=1, max_size=3, unique=True)
FLIPS = st.one_of(st.just(0), st.integers(0, 31).map(lambda bit: 1 << bit), WORDS)
FLIP_REGIONS = (r.FLIP_REGISTERS, r.FLIP_MEMORY, r.FLIP_CHECK, r.FLIP_CONFIG)


@st.composite
def commands(draw: st.DrawFn) -> bytes:
    """A well-formed command, though often to a place or of a length that is refused."""
    instruction = draw(st.sampled_from(READS * 3 + WRITES + (READ_MODIFY_WRITE,) * 3))
    address = draw(ADDRESSES)
    key = draw(KEYS)
    if instruction == READ_MODIFY_WRITE:
        operands = draw(WORDS).to_bytes(4, "big") + draw(WORDS).to_bytes(4, "big")
        return command(instruction, address, 8, operands, key)
    length = draw(LENGTHS)
    if instruction in READS:
        return command(instruction, address, length, key=key)
    step = 4 if instruction & INCREMENT else 0
    if length <= 16:
        places = [address + step * index for index in range((length + 3) // 4)]
        words = [draw(INJECTIONS.get(place, WORDS)) for place in places]
        data = b"".join(word.to_bytes(4, "big") for word in words)[:length]
    else:
        data = draw(INJECTIONS.get(address, WORDS)).to_bytes(4, "big") * (length // 4)
    return command(instruction, address, length, data, key)


@st.composite
def broken_headers(draw: st.DrawFn) -> bytes:
    """A command with up to three header bytes changed and the header CRC that fits them."""
    packet = bytearray(draw(commands()))
    for at in draw(st.lists(HEADER_BYTES, min_size=1, max_size=3)):
        packet[at] = draw(HEADER_VALUES)
    packet[15] = crc8(packet[:15])
    return bytes(packet)


@st.composite
def broken_packets(draw: st.DrawFn) -> bytes:
    """A command with a bit flipped, or bytes missing or added; its frame is whole."""
    packet = bytearray(draw(commands()))
    how = draw(st.sampled_from(["flipped", "shorter", "longer"]))
    if how == "flipped":
        packet[draw(st.integers(0, len(packet) - 1))] ^= 1 << draw(st.integers(0, 7))
    elif how == "shorter":
        del packet[draw(st.integers(0, len(packet) - 1)) :]
    else:
        packet += draw(st.binary(min_size=1, max_size=6))
    return bytes(packet)


@st.composite
def broken_frames(draw: st.DrawFn) -> bytes:
    """Bytes of a frame with some changed, inserted or removed."""
    wire = bytearray(encode_frame(draw(commands())))
    for _ in range(draw(st.integers(1, 2))):
        at = draw(st.integers(0, len(wire) - 1))
        wire[at : at + draw(st.integers(0, 2))] = draw(NOISE)[:3]
        wire = wire or bytearray(b"\xc0")
    return bytes(wire)


STREAMS = st.one_of(
    commands().map(encode_frame),
    commands().map(encode_frame),
    broken_frames(),
    broken_frames(),
    NOISE,
    st.binary(max_size=20),
    st.sampled_from([274, 275, 276, 300]).map(lambda size: b"\x01" * size + b"\xc0"),
)
