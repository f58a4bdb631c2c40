"""Telecommands as literal packets, worked out by hand from ECSS-E-ST-70-41C; and refusals."""

import pytest
from fastcrc import crc16
from hypothesis import given
from hypothesis import strategies as st

from fsw.commands import (
    APID,
    KINDS,
    CommandRefused,
    LoadEclipseForecast,
    Noop,
    Reason,
    ResetCounters,
    RetryTrays,
    ScheduleCommand,
    SetLoadLimit,
    SetMode,
    SetParameter,
    decode_telecommand,
    encode_telecommand,
)
from fsw.modes import Mode
from fsw.parameters import ParameterError


def packet(service, subtype, data=b"", apid=APID, first=0x18, sequence=0xC000, pus=0x2F):
    """A packet from its fields: version, type and secondary header flag stand in `first`."""
    body = bytes([pus, service, subtype, 0, 0]) + data
    head = bytes([first | apid >> 8, apid & 0xFF]) + sequence.to_bytes(2, "big")
    raw = head + (len(body) + 1).to_bytes(2, "big") + body
    return raw + crc16.ibm_3740(raw).to_bytes(2, "big")


LITERALS = [
    (Noop(), packet(17, 1)),
    (ResetCounters(), packet(128, 1)),
    (SetMode(Mode.SAFE), packet(128, 2, b"\x01")),
    (SetParameter("soc_floor", 0.65), packet(20, 3, bytes.fromhex("01 24BA 3FE4CCCCCCCCCCCD"))),
    (
        LoadEclipseForecast(((60.0, 1200.5),), 6000.0),
        packet(128, 3, bytes.fromhex("40B7700000000000 01 404E000000000000 4092C20000000000")),
    ),
    (LoadEclipseForecast((), 6000.0), packet(128, 3, bytes.fromhex("40B7700000000000 00"))),
    (SetLoadLimit(0.5), packet(128, 4, bytes.fromhex("3FE0000000000000"))),
    (RetryTrays(0b1010), packet(128, 5, bytes.fromhex("0000000A"))),
    (
        ScheduleCommand(5_000_000_000, packet(17, 1)),
        packet(11, 4, bytes.fromhex("01 000000012A05F200") + packet(17, 1)),
    ),
]


@pytest.mark.parametrize(("command", "raw"), LITERALS, ids=lambda value: type(value).__name__)
def test_literal_packets(command, raw):
    assert encode_telecommand(command) == raw
    assert decode_telecommand(raw) == command


def test_noop_to_the_byte():
    assert encode_telecommand(Noop(), 5) == bytes.fromhex("1852 C005 0006 2F1101 0000 09E0")


def test_every_kind_has_a_literal():
    assert {kind.command for kind in KINDS} == {type(command) for command, _ in LITERALS}
    assert len({(kind.service, kind.subtype) for kind in KINDS}) == len(KINDS)


def test_the_sequence_count_wraps_at_14_bits():
    assert encode_telecommand(Noop(), 0x4001)[2:4] == b"\xc0\x01"


@pytest.mark.parametrize(
    ("raw", "reason", "text"),
    [
        (b"", Reason.LENGTH, "0 bytes, a telecommand has 13 or more"),
        (packet(17, 1)[:-1], Reason.LENGTH, "12 bytes, a telecommand has 13"),
        (packet(128, 2, b"\x01")[:-1], Reason.LENGTH, "13 bytes, its header says 14"),
        (packet(17, 1) + b"\0", Reason.LENGTH, "14 bytes, its header says 13"),
        (packet(17, 1)[:-1] + b"\0", Reason.CHECKSUM, "packet error control"),
        (packet(17, 1, pus=0x1F), Reason.HEADER, "no PUS-C packet"),
        (packet(17, 1, first=0x10), Reason.HEADER, "no PUS-C packet"),
        (packet(17, 1, first=0x38), Reason.HEADER, "no PUS-C packet"),
        (packet(17, 1, first=0x08), Reason.HEADER, "no unsegmented telecommand"),
        (packet(17, 1, sequence=0x4000), Reason.HEADER, "no unsegmented telecommand"),
        (packet(17, 1, apid=0x053), Reason.APID, "APID 0x053, expected 0x052"),
        (packet(17, 2), Reason.UNKNOWN, r"TC\[17,2\] is not known; known: TC\[17,1\] Noop, "),
        (packet(17, 1, b"\0"), Reason.ARGUMENTS, "1 bytes of arguments"),
        (packet(128, 2), Reason.ARGUMENTS, r"TC\[128,2\] SetMode: 0 bytes of arguments"),
        (packet(128, 2, b"\x01\x01"), Reason.ARGUMENTS, "2 bytes of arguments"),
        (packet(20, 3, bytes.fromhex("02 24BA 3FE4CCCCCCCCCCCD")), Reason.ARGUMENTS, "expected 1"),
        (packet(128, 3, bytes.fromhex("40B7700000000000 02")), Reason.ARGUMENTS, "bytes of arg"),
        (packet(128, 2, b"\x09"), Reason.VALUE, "9 is not a valid Mode"),
        (packet(128, 2, b"\x04"), Reason.VALUE, "mode eclipse cannot be commanded"),
        (
            packet(20, 3, bytes.fromhex("01 0000 3FE4CCCCCCCCCCCD")),
            Reason.VALUE,
            "parameter id 0x0000 is not in the table",
        ),
        (
            packet(20, 3, bytes.fromhex("01 24BA 4000000000000000")),
            Reason.VALUE,
            "parameter soc_floor = 2, must be 0 to 0.95",
        ),
        (
            packet(20, 3, bytes.fromhex("01 24BA 7FF8000000000000")),
            Reason.VALUE,
            "parameter soc_floor = nan, must be a number",
        ),
        (packet(128, 4, bytes.fromhex("4000000000000000")), Reason.VALUE, "load limit 2, must be"),
        (packet(128, 4, bytes.fromhex("7FF8000000000000")), Reason.VALUE, "load limit nan"),
        (
            packet(128, 3, bytes.fromhex("40B7700000000000 01 4092C20000000000 404E000000000000")),
            Reason.VALUE,
            "eclipse from 1200.5 to 60 s, must begin after -inf s, end later than it begins",
        ),
        (packet(128, 3, bytes.fromhex("7FF0000000000000 00")), Reason.VALUE, "until inf s"),
        (
            packet(11, 4, bytes.fromhex("01 000000012A05F200") + packet(17, 2)),
            Reason.UNKNOWN,
            r"TC\[17,2\]",
        ),
        (
            packet(11, 4, bytes.fromhex("01 000000012A05F200") + LITERALS[-1][1]),
            Reason.VALUE,
            "cannot schedule another",
        ),
    ],
)
def test_refusals_say_why(raw, reason, text):
    with pytest.raises(CommandRefused, match=text) as caught:
        decode_telecommand(raw)
    assert caught.value.reason is reason
    assert str(caught.value).startswith(f"refused ({reason.name.lower()}")


@pytest.mark.parametrize(("_", "raw"), LITERALS)
def test_every_single_bit_error_is_refused(_, raw):
    for bit in range(8 * len(raw)):
        damaged = bytearray(raw)
        damaged[bit // 8] ^= 0x80 >> bit % 8
        with pytest.raises(CommandRefused) as caught:
            decode_telecommand(bytes(damaged))
        assert caught.value.reason in (Reason.CHECKSUM, Reason.LENGTH)


@given(st.binary(max_size=60))
def test_no_bytes_raise_anything_else(data):
    for raw in (data, packet(128, 3, data), packet(20, 3, data), packet(11, 4, data)):
        try:
            decode_telecommand(raw)
        except CommandRefused as refusal:
            assert refusal.reason in Reason


@pytest.mark.parametrize(
    "build",
    [
        lambda: SetMode(Mode.BOOT),
        lambda: SetLoadLimit(1.01),
        lambda: SetParameter("soc_floor", 2),
        lambda: LoadEclipseForecast(((0.0, 10.0), (5.0, 20.0)), 100.0),
        lambda: LoadEclipseForecast(((0.0, 10.0),), 5.0),
        lambda: LoadEclipseForecast(tuple((k, k + 0.5) for k in range(256)), 1e6),
    ],
)
def test_the_ground_cannot_build_nonsense(build):
    with pytest.raises(ValueError):
        build()


def test_an_unknown_parameter_is_named_to_the_ground():
    with pytest.raises(ParameterError, match="did you mean soc_floor"):
        SetParameter("soc_flor", 0.5)
