"""Every RMAP command that is not executed: refused with a status, or discarded in silence."""

import pytest

from fsw import registers as r

from .wire import REPLY_BIT, command, crc8

SCRATCH = r.CONTROL_SCRATCH.address

# Command packet and the reply to it, status in byte 3.
REFUSALS = [
    pytest.param(
        "fe016c0067000000a00000000000109f0123456789abcdef101112131415161756",
        "67012c03fe0000b8",
        id="ecss-write-vector-wrong-key",
    ),
    pytest.param(
        "fe014c0067000100a0000000000010c9",
        "67010c03fe000100000000b700",
        id="ecss-read-vector-wrong-key",
    ),
    pytest.param(
        "fe0158206712340000000068000004eb", "67011802fe1234000000004300", id="command-code-0110"
    ),
    pytest.param(
        "fe018c20671234000000006800000474", "67010c02fe1234000000007000", id="packet-type-10"
    ),
    pytest.param(
        "fe01cc20671234000000006800000480", "67010c02fe1234000000007000", id="packet-type-11-read"
    ),
    pytest.param(
        "fe01ec206712340000000068000004fa0123456799", "67012c02fe1234d8", id="packet-type-11-write"
    ),
    pytest.param(
        "67014c206712340000000068000004cf", "67010c0cfe123400000000d100", id="logical-address"
    ),
    pytest.param("fe014c216712340000000068000004fb", "67010c03fe1234000000008d00", id="key-read"),
    pytest.param("fe017cff6712340000000068000004c20123456799", "67013c03fe1234cc", id="key-write"),
    pytest.param(
        "fe015c0067123400000000680000085300010203040506077e",
        "67011c03fe1234000000000e00",
        id="key-rmw",
    ),
    pytest.param(
        "fe015c2067123400000000680000009300", "67011c0bfe123400000000e200", id="rmw-length-0"
    ),
    pytest.param(
        "fe015c206712340000000068000004940123456799",
        "67011c0bfe123400000000e200",
        id="rmw-length-4",
    ),
    pytest.param(
        "fe015c2067123400000000680000067700010203040562",
        "67011c0bfe123400000000e200",
        id="rmw-length-6",
    ),
    pytest.param(
        "fe015c2067123400000000680000108f0001020304050607000102030405060790",
        "67011c0bfe123400000000e200",
        id="rmw-length-16",
    ),
    pytest.param("fe017c2067123400000100000001047c", "67013c09fe1234f3", id="verified-write-260"),
    pytest.param("fe0178206712340000010000fffffceb", "67013809fe1234d5", id="verified-write-16MB"),
    pytest.param("fe016c20671234000001000000010441", "67012c0afe12343e", id="write-260"),
    pytest.param("fe01682067123400000100000001043e", "6701280afe123418", id="write-260-same-word"),
    pytest.param("fe014c2067123400000100000002048c", "67010c0afe1234000000009c00", id="read-516"),
    pytest.param(
        "fe0148206712340000010000000204f3", "6701080afe1234000000002c00", id="read-516-same-word"
    ),
    pytest.param(
        "fe014c20671234010000006800000454", "67010c0afe1234000000009c00", id="extended-address-read"
    ),
    pytest.param(
        "fe017c206712348000000068000004260123456799",
        "67013c0afe1234a6",
        id="extended-address-write",
    ),
    pytest.param(
        "fe014c20671234000000006900000425", "67010c0afe1234000000009c00", id="odd-address-read"
    ),
    pytest.param(
        "fe017c20671234000000006a000004370123456799", "67013c0afe1234a6", id="odd-address-write"
    ),
    pytest.param(
        "fe014c206712340000000068000003dc", "67010c0afe1234000000009c00", id="odd-length-read"
    ),
    pytest.param(
        "fe017c2067123400000000680000020a012327", "67013c0afe1234a6", id="odd-length-write"
    ),
    pytest.param(
        "fe014c2067000100a000000000001007",
        "67010c0afe000100000000a600",
        id="ecss-read-vector-our-key",
    ),
    pytest.param(
        "fe014c2067123400fffffffc000008fd", "67010c0afe1234000000009c00", id="address-top-of-space"
    ),
    pytest.param(
        "fe014c2067123400000000180000008d",
        "67010c0afe1234000000009c00",
        id="read-of-nothing-at-a-gap",
    ),
    pytest.param(
        "fe017c206712340000000018000000ca00", "67013c0afe1234a6", id="write-of-nothing-at-a-gap"
    ),
    pytest.param(
        "fe017c206712340000010000000008180123456799", "67013c05fe123466", id="write-too-short"
    ),
    pytest.param("fe017c206712340000000068000004ee", "67013c05fe123466", id="write-without-data"),
    pytest.param(
        "fe017c206712340000000068000004ee01234567", "67013c05fe123466", id="write-without-data-crc"
    ),
    pytest.param(
        "fe017c206712340000000068000000e9",
        "67013c05fe123466",
        id="write-of-nothing-without-data-crc",
    ),
    pytest.param(
        "fe015c2067123400000000680000089d0123456799",
        "67011c05fe1234000000004300",
        id="rmw-too-short",
    ),
    pytest.param(
        "fe017c206712340000000068000004ee00010203040506077e",
        "67013c06fe123433",
        id="write-too-long",
    ),
    pytest.param(
        "fe015c2067123400000000680000089d000102030405060701234567f6",
        "67011c06fe1234000000008500",
        id="rmw-too-long",
    ),
    pytest.param(
        "fe014c206712340000000068000004a900", "67010c06fe1234000000000600", id="read-with-data"
    ),
    pytest.param(
        "fe017c206712340000000068000004ee0123456798", "67013c04fe1234ea", id="write-data-crc"
    ),
    pytest.param(
        "fe016c206712340000000068000004d3012345e799",
        "67012c04fe123472",
        id="unverified-write-data-crc",
    ),
    pytest.param(
        "fe017c206712340000000068000000e901", "67013c04fe1234ea", id="write-of-nothing-data-crc"
    ),
    pytest.param(
        "fe015c2067123400000000680000089d0001020304050607fe",
        "67011c04fe123400000000be00",
        id="rmw-data-crc",
    ),
    pytest.param(
        "fe015c0067123400000000680000045a0123456799",
        "67011c03fe1234000000000e00",
        id="key-before-rmw-length",
    ),
    pytest.param(
        "30014c00671234000000006800000478",
        "67010c0cfe123400000000d100",
        id="logical-address-before-key",
    ),
    pytest.param(
        "3001580067123400000000680000043a",
        "67011802fe1234000000004300",
        id="code-before-logical-address",
    ),
    pytest.param(
        "fe015c206712340000000018000004b70123456799",
        "67011c0bfe123400000000e200",
        id="rmw-length-before-address",
    ),
    pytest.param(
        "fe017c206712340000000018000104a0", "67013c09fe1234f3", id="length-before-address"
    ),
    pytest.param(
        "fe017c206712340000000018000004cd", "67013c0afe1234a6", id="address-before-too-short"
    ),
    pytest.param(
        "fe017c206712340000000068000004ee00010203040506077f",
        "67013c06fe123433",
        id="too-long-before-data-crc",
    ),
]


def with_instruction(packet, instruction):
    """The packet with another instruction and the header CRC that fits it."""
    header = packet[:2] + bytes((instruction,)) + packet[3:15]
    return header + bytes((crc8(header),)) + packet[16:]


@pytest.mark.parametrize("packet, reply", REFUSALS)
def test_refusal(link, packet, reply):
    link.set(SCRATCH, 0x5CA7_7C88)
    before = link.fields(r.DIAGNOSTICS_COMMANDS_REFUSED)["refused"]
    commands = link.fields(r.FAST_ACTIVITY)["commands"]
    assert link.exchange(bytes.fromhex(packet)).hex() == reply
    after = link.fields(r.DIAGNOSTICS_COMMANDS_REFUSED)
    assert after["refused"] == before + 1 & 0xFFFF
    assert after["last_status"] == bytes.fromhex(reply)[3]
    assert link.fields(r.FAST_ACTIVITY)["commands"] == commands + 2 & 0xFFFF  # the two reads
    assert link.word(SCRATCH) == 0x5CA7_7C88


@pytest.mark.parametrize(
    "packet",
    [
        pytest.param(*case.values[:1], id=case.id)
        for case in REFUSALS
        if bytes.fromhex(case.values[0])[2] & 0x20  # only writes go without a reply
        and not bytes.fromhex(case.values[0])[2] & 0x80
    ],
)
def test_refusal_in_silence(link, packet):
    octets = bytes.fromhex(packet)
    status = next(case.values[1] for case in REFUSALS if case.values[0] == packet)
    before = link.fields(r.DIAGNOSTICS_COMMANDS_REFUSED)["refused"]
    link.send(with_instruction(octets, octets[2] & ~REPLY_BIT))
    link.assert_silent()
    after = link.fields(r.DIAGNOSTICS_COMMANDS_REFUSED)
    assert after["refused"] == before + 1 & 0xFFFF
    assert after["last_status"] == bytes.fromhex(status)[3]


@pytest.mark.parametrize("code", [0x00, 0x04, 0x10, 0x14])
def test_unused_code_without_reply_bit(link, code):
    before = link.fields(r.DIAGNOSTICS_COMMANDS_REFUSED)["refused"]
    link.send(command(0x40 | code, SCRATCH, 4))
    link.assert_silent()
    after = link.fields(r.DIAGNOSTICS_COMMANDS_REFUSED)
    assert (after["refused"] - before & 0xFFFF, after["last_status"]) == (1, 2)


def test_last_status_is_kept(link):
    link.exchange(command(0x4C, SCRATCH, 4, key=0))
    assert link.read(SCRATCH)
    assert link.fields(r.DIAGNOSTICS_COMMANDS_REFUSED)["last_status"] == 3


GOOD = command(0x4C, SCRATCH, 4)


def header_crc(packet):
    return packet[:15] + bytes((crc8(packet[:15]),))


DISCARDS = [
    pytest.param(b"\xfe", id="one-byte"),
    pytest.param(GOOD[:15], id="fifteen-bytes"),
    pytest.param(command(0x4C, SCRATCH, 4, protocol=2), id="protocol"),
    pytest.param(command(0x0C, SCRATCH, 4), id="a-reply"),
    pytest.param(command(0x4D, SCRATCH, 4), id="reply-address-4"),
    pytest.param(command(0x4F, SCRATCH, 4), id="reply-address-12"),
    pytest.param(command(0x8D, SCRATCH, 4), id="reserved-type-with-reply-address"),
    pytest.param(GOOD[:15] + bytes((GOOD[15] ^ 1,)), id="header-crc"),
    pytest.param(GOOD[:9] + b"\x01" + GOOD[10:], id="header-byte"),
    pytest.param(
        bytes.fromhex("67010c00fe1234000000044c524b5354e2"), id="a-whole-reply-of-our-own"
    ),
]


@pytest.mark.parametrize("packet", DISCARDS)
def test_discard(link, packet):
    before = link.fields(r.DIAGNOSTICS_FRAME_ERRORS_2)["discarded"]
    refused = link.word(r.DIAGNOSTICS_COMMANDS_REFUSED)
    received = link.fields(r.FAST_FRAMES)["received"]
    link.send(packet)
    link.assert_silent()
    assert link.fields(r.DIAGNOSTICS_FRAME_ERRORS_2)["discarded"] == before + 1 & 0xFFFF
    assert link.word(r.DIAGNOSTICS_COMMANDS_REFUSED) == refused
    assert link.fields(r.FAST_FRAMES)["received"] == received + 5 & 0xFFFF


def test_bad_key_over_a_bad_header_crc_is_discarded(link):
    packet = command(0x4C, SCRATCH, 4, key=0)
    before = link.fields(r.DIAGNOSTICS_FRAME_ERRORS_2)["discarded"]
    link.send(packet[:15] + bytes((packet[15] ^ 0xFF,)))
    link.assert_silent()
    assert link.fields(r.DIAGNOSTICS_FRAME_ERRORS_2)["discarded"] == before + 1 & 0xFFFF
