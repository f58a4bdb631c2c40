"""Damage to frames: what a line, a broken initiator or a hostile one does to a good frame.

Packet mutations work on the packet and leave its frame whole, so that they get past the CRC-16;
frame mutations work on the bytes on the wire. Header CRCs are repaired in most of the former, or
nothing behind them would be reached.
"""

from __future__ import annotations

from binascii import crc_hqx
from collections.abc import Callable
from random import Random

from traffic import EDGES

from gateware.model_link import FRAME_MAX, crc8, encode_frame

Wire = bytes | bytearray

HEADER_BYTES = 16
# Fields of a command header: place and size.
FIELDS = {
    "target": (0, 1),
    "protocol": (1, 1),
    "instruction": (2, 1),
    "key": (3, 1),
    "initiator": (4, 1),
    "transaction": (5, 2),
    "extended address": (7, 1),
    "address": (8, 4),
    "length": (12, 3),
}
FIELD_PLACES = list(FIELDS.values())
LENGTHS = [0, 1, 2, 3, 4, 5, 8, 12, 64, 252, 255, 256, 257, 260, 508, 511, 512, 513, 516]
LENGTHS += [1024, 0xFFFF, 0x1_0000, 0x1_0004, 0xFF_FFFC, 0xFF_FFFF]
SPECIAL = [b"\xc0", b"\xdb", b"\xdb\xdc", b"\xdb\xdd", b"\xdc", b"\xdd", b"\x00", b"\xfe", b"\xff"]
SIZES = [FRAME_MAX - 1, FRAME_MAX, FRAME_MAX + 1, FRAME_MAX + 2, 300, 511, 512, 513, 600, 1200]


def repair(packet: bytearray) -> bytes:
    """The packet with the header CRC that fits it."""
    if len(packet) >= HEADER_BYTES:
        packet[15] = crc8(bytes(packet[:15]))
    return bytes(packet)


def flip_bits(rng: Random, packet: bytearray) -> bytes:
    """One to three bits, header CRC as it was."""
    for _ in range(rng.choice([1, 1, 2, 3])):
        packet[rng.randrange(len(packet))] ^= 1 << rng.randrange(8)
    return bytes(packet)


def flip_header_bits(rng: Random, packet: bytearray) -> bytes:
    """One or two bits of the header, CRC repaired."""
    for _ in range(rng.choice([1, 2])):
        packet[rng.randrange(15)] ^= 1 << rng.randrange(8)
    return repair(packet)


def change_field(rng: Random, packet: bytearray) -> bytes:
    """A header field of any value, CRC mostly repaired."""
    at, size = rng.choice(FIELD_PLACES)
    packet[at : at + size] = rng.choice(
        [rng.randbytes(size), b"\x00" * size, b"\xff" * size, b"\x01".rjust(size, b"\x00")]
    )
    return repair(packet) if rng.random() < 0.8 else bytes(packet)


def change_instruction(rng: Random, packet: bytearray) -> bytes:
    """Another command code on the same header and data, CRC repaired."""
    packet[2] = rng.choice([0x40 | rng.randrange(16) << 2, rng.randrange(256)])
    return repair(packet)


def swap_fields(rng: Random, packet: bytearray) -> bytes:
    """Two header bytes or neighbouring fields change places, CRC repaired or not."""
    if rng.random() < 0.5:
        one, other = rng.sample(range(15), 2)
        packet[one], packet[other] = packet[other], packet[one]
    else:
        first = rng.randrange(len(FIELD_PLACES) - 1)
        at = FIELD_PLACES[first][0]
        middle, size = FIELD_PLACES[first + 1]
        packet[at : middle + size] = packet[middle : middle + size] + packet[at:middle]
    return repair(packet) if rng.random() < 0.7 else bytes(packet)


def change_length(rng: Random, packet: bytearray) -> bytes:
    """Another length, CRC repaired; the data follow it or not."""
    length = rng.choice([rng.choice(LENGTHS), rng.randrange(530)])
    packet[12:15] = length.to_bytes(3, "big")
    if rng.random() < 0.5 and length <= 256 and packet[2] & 0x30:
        data = rng.randbytes(length)
        packet[16:] = data + bytes((crc8(data),))
    return repair(packet)


def move(rng: Random, packet: bytearray) -> bytes:
    """To the end of a region, or off a word boundary, CRC repaired."""
    address = int.from_bytes(packet[8:12], "big")
    how = rng.random()
    if how < 0.5:
        address = rng.choice(EDGES) + rng.choice([0, 0, 0, -8, 8, -64])
    elif how < 0.75:
        address += rng.choice([1, 2, 3])
    else:
        address ^= 1 << rng.randrange(32)
    packet[8:12] = (address & 0xFFFF_FFFF).to_bytes(4, "big")
    return repair(packet)


def wrong_data_crc(rng: Random, packet: bytearray) -> bytes:
    """The last byte: the data CRC of a write, the header CRC of a read."""
    packet[-1] ^= rng.randrange(1, 256)
    return bytes(packet)


def shorten(rng: Random, packet: bytearray) -> bytes:
    """Bytes missing at the end, at the beginning or in between."""
    at = rng.randrange(len(packet))
    del packet[at : rng.choice([len(packet), at + 1, at + 4])]
    return bytes(packet)


def lengthen(rng: Random, packet: bytearray) -> bytes:
    """Bytes too many, at the end or in between."""
    at = rng.choice([len(packet), rng.randrange(len(packet))])
    packet[at:at] = rng.randbytes(rng.choice([1, 1, 2, 4, 9]))
    return bytes(packet)


def repeat_bytes(rng: Random, packet: bytearray) -> bytes:
    """A run of bytes comes twice."""
    at = rng.randrange(len(packet))
    run = packet[at : at + rng.choice([1, 1, 2, 4, 16])]
    packet[at:at] = run
    return bytes(packet)


def fill_up(rng: Random, packet: bytearray) -> bytes:
    """So many bytes behind the packet that its frame reaches or passes the longest one."""
    size = rng.choice(SIZES) - 2  # without CRC-16
    if size < len(packet):
        return bytes(packet[:size])
    return bytes(packet) + rng.choice([bytes(1), b"\xc0", rng.randbytes(1)]) * (size - len(packet))


def flip_wire_bits(rng: Random, wire: bytearray, last: bytes) -> Wire:
    """One to four bits on the line, delimiters included."""
    for _ in range(rng.choice([1, 1, 2, 4])):
        wire[rng.randrange(len(wire))] ^= 1 << rng.randrange(8)
    return wire


def burst(rng: Random, wire: bytearray, last: bytes) -> Wire:
    """A run of bytes replaced."""
    at = rng.randrange(len(wire))
    run = wire[at : at + rng.randrange(1, 12)]
    wire[at : at + len(run)] = rng.randbytes(len(run))
    return wire


def cut_off(rng: Random, wire: bytearray, last: bytes) -> Wire:
    """The frame stops half way; what follows is taken for its rest, or not."""
    return wire[: rng.randrange(1, len(wire))] + (b"\xc0" if rng.random() < 0.5 else b"")


def lose_bytes(rng: Random, wire: bytearray, last: bytes) -> Wire:
    """Bytes lost on the line."""
    at = rng.randrange(len(wire))
    del wire[at : at + rng.choice([1, 1, 2, 5])]
    return wire


def put_in(rng: Random, wire: bytearray, last: bytes) -> Wire:
    """Bytes that mean something to SLIP, anywhere."""
    for _ in range(rng.choice([1, 1, 2, 3])):
        at = rng.randrange(len(wire) + 1)
        wire[at:at] = rng.choice(SPECIAL)
    return wire


def double(rng: Random, wire: bytearray, last: bytes) -> Wire:
    """A byte, or a run of them, comes twice on the line."""
    at = rng.randrange(len(wire))
    return wire[:at] + wire[at : at + rng.choice([1, 2, 8])] + wire[at:]


def escape_at_an_end(rng: Random, wire: bytearray, last: bytes) -> Wire:
    """ESC next to the delimiters, alone, doubled or with half of what should follow."""
    tail = rng.choice([b"\xdb", b"\xdb\xdb", b"\xdb\xdc", b"\xdb\xdd", b"\xdb\x00", b"\xdc"])
    how = rng.random()
    if how < 0.4:
        return wire[:-1] + tail + b"\xc0"
    if how < 0.8:
        return b"\xc0" + tail + wire[1:]
    return b"\xc0" + tail + b"\xc0"


def ends(rng: Random, wire: bytearray, last: bytes) -> Wire:
    """ENDs in numbers, before, behind or in the middle of the frame."""
    storm = b"\xc0" * rng.choice([1, 2, 3, 10, 100])
    at = rng.choice([0, len(wire), rng.randrange(len(wire))])
    return wire[:at] + storm + wire[at:]


def shared_end(rng: Random, wire: bytearray, last: bytes) -> Wire:
    """One END between two frames, or none before the first byte."""
    return wire[1:] if rng.random() < 0.7 else wire[:-1] + wire[1:]


def garbage_between(rng: Random, wire: bytearray, last: bytes) -> Wire:
    """Noise between frames."""
    noise = rng.randbytes(rng.choice([1, 2, 3, 8, 40]))
    if rng.random() < 0.3:
        noise = b"".join(rng.choices(SPECIAL, k=rng.randrange(1, 12)))
    how = rng.random()
    if how < 0.6:
        return noise + (b"" if how < 0.3 else b"\xc0") + wire
    return wire + noise


def splice(rng: Random, wire: bytearray, last: bytes) -> Wire:
    """The beginning of the frame before and the rest of this one."""
    return last[: rng.randrange(len(last) + 1)] + wire[rng.randrange(len(wire)) :]


def again(rng: Random, wire: bytearray, last: bytes) -> Wire:
    """The frame two or more times on end, without a pause."""
    return bytes(wire) * int(rng.choice([2, 2, 3, 6]))


def oversize(rng: Random, wire: bytearray, last: bytes) -> Wire:
    """Any bytes, too many or nearly so, the CRC-16 right or wrong, escapes bad or not."""
    size = rng.choice(SIZES)
    body = rng.choice([b"\x01", b"\xc0", b"\xdb", rng.randbytes(1)]) * (size - 2)
    if rng.random() < 0.5:
        return encode_frame(body)
    if rng.random() < 0.5:
        return b"\xc0" + body[:-1] + b"\xdb\x01" + b"\xc0"  # a bad escape where it is too long
    return b"\xc0" + body.replace(b"\xc0", b"\x02") + b"\x01\x02\xc0"


def tiny(rng: Random, wire: bytearray, last: bytes) -> Wire:
    """Frames of 0 to 4 bytes, some with a good CRC-16."""
    body = rng.randbytes(rng.randrange(3))
    if rng.random() < 0.5:
        return encode_frame(body)
    short = body + crc_hqx(body, 0xFFFF).to_bytes(2, "big")
    return b"\xc0" + short[: rng.randrange(len(short) + 1)] + b"\xc0" + wire


PACKET_MUTATIONS: dict[str, Callable[[Random, bytearray], bytes]] = {
    function.__name__: function
    for function in (
        *(flip_bits, flip_header_bits, change_field, change_instruction, swap_fields),
        *(change_length, move, wrong_data_crc, shorten, lengthen, repeat_bytes, fill_up),
    )
}
FRAME_MUTATIONS: dict[str, Callable[[Random, bytearray, bytes], Wire]] = {
    function.__name__: function
    for function in (
        *(flip_wire_bits, burst, cut_off, lose_bytes, put_in, double, escape_at_an_end, ends),
        *(shared_end, garbage_between, splice, again, oversize, tiny),
    )
}
