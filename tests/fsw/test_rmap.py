"""RMAP against the examples of ECSS-E-ST-50-52C, and the fast path against the declaration."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.rmap import (
    CommandCode,
    ReadCommand,
    ReadModifyWriteCommand,
    Reply,
    RmapDataCrcError,
    RmapError,
    RmapHeaderCrcError,
    RmapLengthError,
    Status,
    WriteCommand,
    crc8,
    decode_command,
    decode_reply,
    encode_command,
    encode_reply,
    status_text,
)
from fsw.rmap_layout import COMMAND, REPLY

# ECSS-E-ST-50-52C, annex A: the same data in all of the examples.
DATA = bytes.fromhex("0123456789ABCDEF1011121314151617")
WRITE = bytes.fromhex("FE016C0067000000A0000000000010 9F 0123456789ABCDEF1011121314151617 56")
WRITE_REPLY = bytes.fromhex("67012C00FE0000 ED")
READ = bytes.fromhex("FE014C0067000100A0000000000010 C9")
READ_REPLY = bytes.fromhex("67010C00FE000100000010 6D 0123456789ABCDEF1011121314151617 56")

write = WriteCommand(0xA0000000, DATA, verify=False)
read = ReadCommand(0xA0000000, 16, transaction_id=1)

# Worked out with fastcrc's CRC-8/ROHC, started from zero, over the other bytes.
RMW = bytes.fromhex("FE015C2067 1234 00 00000068 000008 9D 000000AA 000000FF 27")
RMW_REPLY = bytes.fromhex("67011C00FE 1234 00 000004 CF 00000055 FA")


def test_crc8_check_value():
    assert crc8(b"123456789") == 0x20
    assert crc8(b"") == 0
    assert crc8(b"123456789\x20") == 0


@given(st.binary(max_size=60))
def test_crc8_equals_another_library(data):
    fastcrc8 = pytest.importorskip("fastcrc").crc8
    assert crc8(data) == fastcrc8.rohc(data, 0)  # ROHC's polynomial, RMAP's initial value


@pytest.mark.parametrize(("command", "packet"), [(write, WRITE), (read, READ)])
def test_standard_commands(command, packet):
    assert encode_command(command) == packet
    assert decode_command(packet) == command


def test_standard_replies():
    assert decode_reply(WRITE_REPLY) == Reply(0x2C, Status.SUCCESS, 0)
    assert encode_reply(Reply(0x2C, Status.SUCCESS, 0)) == WRITE_REPLY
    assert decode_reply(READ_REPLY) == Reply(0x0C, Status.SUCCESS, 1, DATA)
    assert encode_reply(Reply(0x0C, Status.SUCCESS, 1, DATA)) == READ_REPLY


def test_read_modify_write():
    command = ReadModifyWriteCommand(
        0x68, b"\0\0\0\xaa", b"\0\0\0\xff", transaction_id=0x1234, key=0x20
    )
    assert encode_command(command) == RMW
    assert decode_command(RMW) == command
    assert decode_reply(RMW_REPLY) == Reply(0x1C, 0, 0x1234, b"\0\0\0\x55")


def test_refusal_of_a_read_has_no_data_and_the_crc_of_nothing():
    packet = encode_reply(Reply(0x0C, Status.NOT_AUTHORISED, 2, b""))
    assert packet[3] == 10
    assert packet[-2:] == bytes([crc8(packet[:11]), 0x00])
    assert len(packet) == 13


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (ReadCommand(0, 4, increment=False), CommandCode.READ_SINGLE),
        (ReadCommand(0, 4), CommandCode.READ),
        (ReadModifyWriteCommand(0, b"", b""), CommandCode.READ_MODIFY_WRITE),
        (WriteCommand(0, b"", False, False, False), CommandCode.WRITE_SINGLE_SILENT),
        (WriteCommand(0, b"", False, False, True), CommandCode.WRITE_SILENT),
        (WriteCommand(0, b"", False, True, False), CommandCode.WRITE_SINGLE),
        (WriteCommand(0, b"", False, True, True), CommandCode.WRITE),
        (WriteCommand(0, b"", True, False, False), CommandCode.WRITE_SINGLE_VERIFIED_SILENT),
        (WriteCommand(0, b"", True, False, True), CommandCode.WRITE_VERIFIED_SILENT),
        (WriteCommand(0, b"", True, True, False), CommandCode.WRITE_SINGLE_VERIFIED),
        (WriteCommand(0, b"", True, True, True), CommandCode.WRITE_VERIFIED),
    ],
)
def test_command_codes(command, code):
    packet = encode_command(command)
    assert packet[2] == 0x40 | code << 2
    assert decode_command(packet) == command


@pytest.mark.parametrize("code", sorted(set(range(16)) - set(CommandCode)))
def test_unused_command_codes(code):
    header = bytes([0xFE, 1, 0x40 | code << 2, 0, 0x67, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    packet = header + bytes([crc8(header)])
    if code & 0b0100:
        packet += b"\0"  # the verify bit says that there is a data field
    with pytest.raises(RmapError, match=f"command code 0b{code:04b} is not in use"):
        decode_command(packet)


def test_status_texts():
    assert status_text(Status.NOT_AUTHORISED) == "10 (command not implemented or not authorised)"
    assert status_text(8) == "8 (reserved)"
    assert [int(status) for status in Status] == [0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12]
    for status in Status:
        assert "reserved" not in status_text(status)


# --- reply addresses ---


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("", ""),
        ("05", "00000005"),
        ("0507", "00000507"),
        ("01020304", "01020304"),
        ("0102030405", "00000001 02030405"),
        ("0102030405060708090A0B0C", "01020304 05060708 090A0B0C"),
        ("00", "00000000"),  # a single zero: the reply goes to a router's configuration port
    ],
)
def test_reply_addresses(path, field):
    command = ReadCommand(0, 4, reply_address=bytes.fromhex(path))
    packet = encode_command(command)
    width = len(bytes.fromhex(field))
    assert packet[2] & 3 == width // 4
    assert packet[4 : 4 + width] == bytes.fromhex(field)
    assert packet[4 + width] == 0x67
    assert decode_command(packet) == command


@pytest.mark.parametrize("path", ["0001", "0102030405060708090A0B0C0D"])
def test_reply_addresses_that_cannot_be_sent(path):
    with pytest.raises(RmapError, match="at most 12 bytes, and a leading zero would be lost"):
        encode_command(ReadCommand(0, 4, reply_address=bytes.fromhex(path)))


def test_errors_of_a_command_with_reply_address():
    packet = encode_command(WriteCommand(0x40, DATA, reply_address=b"\x05"))
    for position in (0, 4, 10, 19):
        damaged = bytearray(packet)
        damaged[position] ^= 0x10
        with pytest.raises(RmapHeaderCrcError):
            decode_command(bytes(damaged))
    for position in (20, 30, len(packet) - 1):
        damaged = bytearray(packet)
        damaged[position] ^= 0x10
        with pytest.raises(RmapDataCrcError):
            decode_command(bytes(damaged))
    with pytest.raises(RmapLengthError):
        decode_command(packet[:-1])
    with pytest.raises(RmapLengthError):
        decode_command(packet + b"\0")


# --- the fast path and the declaration ---

addresses = {
    "transaction_id": st.integers(0, 0xFFFF),
    "key": st.integers(0, 255),
    "initiator_address": st.integers(0, 255),
    "target_address": st.integers(0, 255),
    "extended_address": st.integers(0, 255),
}
commands = st.one_of(
    st.builds(
        WriteCommand,
        st.integers(0, 2**32 - 1),
        st.binary(max_size=300),
        st.booleans(),
        st.booleans(),
        st.booleans(),
        **addresses,
    ),
    st.builds(
        ReadCommand,
        st.integers(0, 2**32 - 1),
        st.integers(0, 2**24 - 1),
        st.booleans(),
        **addresses,
    ),
    st.builds(
        lambda address, both, **rest: ReadModifyWriteCommand(
            address, both[: len(both) // 2], both[len(both) // 2 :], **rest
        ),
        st.integers(0, 2**32 - 1),
        st.binary(max_size=8).filter(lambda both: len(both) % 2 == 0),
        **addresses,
    ),
)


@given(commands)
def test_fast_encoding_is_the_declared_one(command):
    parsed = COMMAND.parse(encode_command(command))
    header = parsed.header.value
    for name in (*addresses, "address", "length"):
        assert header[name] == getattr(command, name)
    instruction = header.instruction
    code = instruction.write << 3 | instruction.verify << 2 | instruction.reply << 1
    assert (code | instruction.increment, instruction.command) == (command.code, True)
    assert (parsed.payload.data.value if parsed.payload else None) == command.payload
    rebuilt = {"header": {"value": header}, "payload": parsed.payload and {"data": {"value": b""}}}
    if parsed.payload:
        rebuilt["payload"]["data"]["value"] = parsed.payload.data.value
    assert COMMAND.build(rebuilt) == encode_command(command)
    assert decode_command(encode_command(command)) == command


@given(
    st.integers(0, 0x3F),
    st.integers(0, 255),
    st.integers(0, 0xFFFF),
    st.binary(max_size=600),
    st.integers(0, 255),
    st.integers(0, 255),
)
def test_fast_reply_is_the_declared_one(instruction, status, transaction, data, initiator, target):
    is_write = bool(instruction & 0x20)
    reply = Reply(instruction, status, transaction, None if is_write else data, initiator, target)
    packet = encode_reply(reply)
    parsed = REPLY.parse(packet)
    header = parsed.header.value
    assert header.initiator_address == initiator
    assert header.target_address == target
    assert (header.status, header.transaction_id) == (status, transaction)
    assert (parsed.payload.data.value if parsed.payload else None) == reply.data
    assert decode_reply(packet) == reply


# --- what is refused ---


@pytest.mark.parametrize("position", range(16))
def test_a_damaged_command_header(position):
    damaged = bytearray(WRITE)
    damaged[position] ^= 0x04 if position == 2 else 0x80
    if position == 1:
        with pytest.raises(RmapError, match="protocol identifier 0x81, expected 0x01"):
            decode_command(bytes(damaged))
    else:
        with pytest.raises(RmapHeaderCrcError):
            decode_command(bytes(damaged))


@pytest.mark.parametrize("packet", [WRITE_REPLY, READ_REPLY])
def test_every_bit_of_a_reply_is_guarded(packet):
    for bit in range(8 * len(packet)):
        damaged = bytearray(packet)
        damaged[bit // 8] ^= 0x80 >> bit % 8
        with pytest.raises(RmapError):
            decode_reply(bytes(damaged))


def test_lengths():
    for cut in range(len(READ_REPLY)):
        with pytest.raises(RmapError):
            decode_reply(READ_REPLY[:cut])
    with pytest.raises(RmapLengthError, match="its length field 16 needs 29"):
        decode_reply(READ_REPLY[:-1])
    with pytest.raises(RmapLengthError):
        decode_reply(READ_REPLY + b"\0")
    with pytest.raises(RmapLengthError, match="write reply of 9 bytes, expected 8"):
        decode_reply(WRITE_REPLY + b"\0")
    with pytest.raises(RmapLengthError, match="command of 15 bytes, expected 16 or more"):
        decode_command(READ[:15])
    with pytest.raises(RmapLengthError, match="read command of 17 bytes, expected 16"):
        decode_command(READ + b"\0")
    with pytest.raises(RmapLengthError):
        decode_command(WRITE[:-1])


def test_the_reserved_byte_of_a_read_reply_is_zero():
    head = READ_REPLY[:7] + b"\x01" + READ_REPLY[8:11]
    with pytest.raises(RmapError, match="reserved byte 0x01 in a read reply, expected 0"):
        decode_reply(head + bytes([crc8(head)]) + READ_REPLY[12:])


def test_a_command_is_no_reply_and_a_reply_no_command():
    with pytest.raises(RmapError, match="not that of a reply"):
        decode_reply(READ)
    with pytest.raises(RmapError):
        decode_command(READ_REPLY)


def test_data_damage_is_told_from_header_damage():
    damaged = bytearray(WRITE)
    damaged[20] ^= 1
    with pytest.raises(RmapDataCrcError, match="data field of 16 bytes"):
        decode_command(bytes(damaged))


@pytest.mark.parametrize(
    "command",
    [
        ReadCommand(2**32, 4),
        ReadCommand(-1, 4),
        ReadCommand(0, 2**24),
        ReadCommand(0, -4),
        ReadCommand(0, 4, transaction_id=65536),
        ReadCommand(0, 4, key=256),
        ReadCommand(0, 4, key=256, reply_address=b"\x01"),
    ],
)
def test_fields_that_do_not_fit(command):
    with pytest.raises(RmapError, match="does not fit its bits"):
        encode_command(command)


def test_replies_that_contradict_themselves():
    for reply in (Reply(0x2C, 0, 0, b""), Reply(0x0C, 0, 0, None)):
        with pytest.raises(RmapError, match="a reply to a write, and no other, has data None"):
            encode_reply(reply)
