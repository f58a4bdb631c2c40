"""SLIP against RFC 1055 and a byte-by-byte decoder written from it; CRC-16 against fastcrc."""

import random

import pytest
from fastcrc import crc16 as fastcrc16
from hypothesis import given
from hypothesis import strategies as st

from fsw.slip import END, ESC, FrameDecoder, crc16, encode_frame, escape, unescape

# A byte alphabet in which every second byte is special, so that escapes are met often.
nasty = st.lists(st.sampled_from([0x00, 0x11, END, ESC, 0xDC, 0xDD, 0xFF]), max_size=60).map(bytes)


class PlainDecoder:
    """The contract of the decoder as a byte-wise state machine, in RFC 1055's manner."""

    def __init__(self, max_bytes):
        self.max_bytes = max_bytes
        self.data, self.touched, self.escaped, self.bad = bytearray(), False, False, False
        self.payloads, self.crc, self.framing, self.oversize = [], 0, 0, 0

    def put(self, byte):
        if byte == END:
            if self.touched:
                self.bad |= self.escaped
                if self.bad:
                    self.framing += 1
                elif len(self.data) > self.max_bytes:
                    self.oversize += 1
                elif len(self.data) < 3 or fastcrc16.ibm_3740(bytes(self.data)) != 0:
                    self.crc += 1
                else:
                    self.payloads.append(bytes(self.data[:-2]))
            self.data, self.touched, self.escaped, self.bad = bytearray(), False, False, False
            return
        self.touched = True
        if self.escaped:
            self.escaped = False
            if byte not in (0xDC, 0xDD):
                self.bad = True
            self.data.append({0xDC: 0xC0, 0xDD: 0xDB}.get(byte, byte))
        elif byte == ESC:
            self.escaped = True
        else:
            self.data.append(byte)


def test_crc16_check_value():
    assert crc16(b"123456789") == 0x29B1


@given(st.binary(max_size=40))
def test_crc16_equals_another_library(data):
    assert crc16(data) == fastcrc16.ibm_3740(data)


def test_frame_bytes():
    assert encode_frame(b"123456789") == bytes.fromhex("C0 313233343536373839 29B1 C0")
    assert escape(bytes.fromhex("C0 DB DC DD")) == bytes.fromhex("DBDC DBDD DC DD")


def test_crc_is_escaped_too():
    assert encode_frame(bytes.fromhex("002D")) == bytes.fromhex("C0 002D E8DBDC C0")
    assert FrameDecoder().feed(bytes.fromhex("C0 002D E8DBDC C0")) == [b"\x00\x2d"]


@given(nasty)
def test_escape_round_trip(data):
    assert END not in escape(data)
    assert unescape(escape(data)) == data


@pytest.mark.parametrize("escaped", ["DB", "DB00", "DBDB", "DBDBDC", "00DBDCDB"])
def test_bad_escapes(escaped):
    with pytest.raises(ValueError, match="not followed by 0xDC or 0xDD"):
        unescape(bytes.fromhex(escaped))


def test_empty_frames_are_ignored():
    decoder = FrameDecoder()
    assert decoder.feed(bytes([END] * 5)) == []
    assert (decoder.crc_errors, decoder.framing_errors, decoder.frames) == (0, 0, 0)


def test_noise_before_a_frame_costs_only_itself():
    decoder = FrameDecoder()
    assert decoder.feed(b"\x12\x34\x56" + encode_frame(b"hello")) == [b"hello"]
    assert decoder.crc_errors == 1


def test_escape_before_end_is_a_framing_error_and_the_end_counts():
    decoder = FrameDecoder()
    assert decoder.feed(b"\xc0\x01\x02\xdb\xc0" + encode_frame(b"next")[1:]) == [b"next"]
    assert (decoder.framing_errors, decoder.crc_errors) == (1, 0)


def test_short_frames_are_crc_errors():
    decoder = FrameDecoder()
    # the CRC-16 of nothing is FFFF: a frame of these two bytes alone still carries no payload
    assert decoder.feed(bytes.fromhex("C0FFFFC0")) == []
    assert decoder.crc_errors == 1


def test_oversize_boundary():
    decoder = FrameDecoder(max_bytes=275)
    assert len(decoder.feed(encode_frame(bytes(273)))) == 1
    assert decoder.feed(encode_frame(bytes(274))) == []
    assert (decoder.oversize_errors, decoder.crc_errors) == (1, 0)


def test_a_babbling_line_is_not_kept():
    decoder = FrameDecoder(max_bytes=275)
    for _ in range(1000):
        decoder.feed(b"\x55" * 100)
    assert decoder.pending_bytes <= 2 * 275
    assert decoder.feed(encode_frame(b"after")) == [b"after"]
    assert decoder.oversize_errors == 1


def test_a_bad_escape_in_the_part_not_kept_still_counts_first():
    decoder = FrameDecoder(max_bytes=20)
    for portion in (b"\x01\xdb", b"\x02" + bytes(50), bytes(50), b"\xc0"):
        decoder.feed(portion)
    assert (decoder.framing_errors, decoder.oversize_errors) == (1, 0)
    for portion in (bytes(50) + b"\xdb", b"\xdc" + bytes(50), b"\xc0"):  # an escape cut in two
        decoder.feed(portion)
    assert (decoder.framing_errors, decoder.oversize_errors) == (1, 1)


def test_abort_counts_once_and_only_in_a_frame():
    decoder = FrameDecoder()
    decoder.abort()
    assert decoder.framing_errors == 0
    decoder.feed(b"\xc0\x01\x02")
    assert decoder.in_progress
    decoder.abort()
    assert decoder.framing_errors == 1
    assert not decoder.in_progress
    assert decoder.feed(encode_frame(b"x")) == [b"x"]


def test_pending_bytes_are_unescaped():
    decoder = FrameDecoder()
    decoder.feed(bytes.fromhex("C0 01 DBDC DBDD DB"))
    assert decoder.pending_bytes == 3


@given(st.lists(st.one_of(nasty, nasty.map(encode_frame)), max_size=8), st.integers(0, 2**32 - 1))
def test_any_stream_in_any_portions_decodes_as_byte_by_byte(pieces, seed):
    stream = b"".join(pieces)
    plain, decoder = PlainDecoder(20), FrameDecoder(20)
    for byte in stream:
        plain.put(byte)
    portions, payloads = random.Random(seed), []
    while stream:
        n = portions.randint(1, 30)
        payloads += decoder.feed(stream[:n])
        stream = stream[n:]
    assert payloads == plain.payloads
    assert decoder.crc_errors == plain.crc
    assert decoder.framing_errors == plain.framing
    assert decoder.oversize_errors == plain.oversize


@pytest.mark.parametrize("bit", range(8 * 20))
def test_every_single_bit_error_inside_a_frame_is_caught(bit):
    frame = bytearray(encode_frame(bytes(range(17))))  # END + 19 bytes + END, no escapes
    frame[1 + bit // 8 % 19] ^= 0x80 >> bit % 8
    decoder = FrameDecoder()
    assert decoder.feed(bytes(frame)) == []
