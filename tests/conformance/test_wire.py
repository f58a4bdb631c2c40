"""The tester's own codec against the standards' vectors, so that the rest may rely on it."""

import pytest

from .wire import READ, command, crc8, crc16, escape


def test_check_values():
    assert crc8(b"123456789") == 0x20  # ECSS-E-ST-50-52C's polynomial, reflected, from 0
    assert crc16(b"123456789") == 0x29B1  # CRC-16/CCITT-FALSE


@pytest.mark.parametrize(
    "octets, crc",
    [  # ECSS-E-ST-50-52C annex A
        ("FE016C0067000000A0000000000010", 0x9F),
        ("0123456789ABCDEF1011121314151617", 0x56),
        ("67012C00FE0000", 0xED),
        ("FE014C0067000100A0000000000010", 0xC9),
        ("67010C00FE000100000010", 0x6D),
    ],
)
def test_rmap_vectors(octets, crc):
    assert crc8(bytes.fromhex(octets)) == crc


def test_command_layout():
    packet = command(READ, 0xA000_0000, 16, transaction=1, key=0)
    assert packet == bytes.fromhex("FE014C0067000100A0000000000010C9")


def test_escapes():
    assert escape(bytes.fromhex("00C0DBDCDD")) == bytes.fromhex("00DBDCDBDDDCDD")
