"""RMAP (remote memory access protocol, ECSS-E-ST-50-52C): commands and replies to bytes and back.

The layouts are declared in `rmap_layout`. Construct interprets a declaration in some 70 us, so
packets without a reply address, which is all that a point-to-point link carries, go through
`struct` in under 10; tests hold both ways to the same bytes.
"""

from __future__ import annotations

import struct
from typing import Any

from construct import ChecksumError, ConstError, ConstructError, StreamError, TerminatedError

from fsw.rmap_layout import (
    COMMAND,
    INSTRUCTION,
    PROTOCOL,
    CommandCode,
    Status,
    crc8,
    status_text,
)
from fsw.rmap_packets import (
    DEFAULT_INITIATOR,
    DEFAULT_KEY,
    DEFAULT_TARGET,
    Command,
    ReadCommand,
    ReadModifyWriteCommand,
    Reply,
    RmapDataCrcError,
    RmapError,
    RmapHeaderCrcError,
    RmapLengthError,
    WriteCommand,
)

__all__ = [
    "COMMAND_HEADER_BYTES",
    "DEFAULT_INITIATOR",
    "DEFAULT_KEY",
    "DEFAULT_TARGET",
    "PROTOCOL",
    "READ_REPLY_OVERHEAD",
    "WRITE_REPLY_BYTES",
    "Command",
    "CommandCode",
    "ReadCommand",
    "ReadModifyWriteCommand",
    "Reply",
    "RmapDataCrcError",
    "RmapError",
    "RmapHeaderCrcError",
    "RmapLengthError",
    "Status",
    "WriteCommand",
    "crc8",
    "decode_command",
    "decode_reply",
    "encode_command",
    "encode_reply",
    "status_text",
]

COMMAND_HEADER_BYTES = 16  # without a reply address
WRITE_REPLY_BYTES = 8
REPLY_ADDRESS_MAX = 12
READ_REPLY_OVERHEAD = 13  # header of 12 and data CRC: a read reply's bytes beyond its data

_COMMAND, _WRITE, _VERIFY, _REPLY, _INCREMENT = 0x40, 0x20, 0x10, 0x08, 0x04  # instruction bits
_HEADER = struct.Struct(">5BHBIBH")  # a command's, without reply address and CRC; length in two
_WRITE_REPLY = struct.Struct(">5BH")
_READ_REPLY = struct.Struct(">5BHxBH")  # the reserved byte is zero; length in two


def encode_command(command: Command) -> bytes:
    """Bytes of a command. Raises RmapError on a field that does not fit."""
    if command.reply_address:
        return _build_declared(command)
    length = command.length
    try:
        header = _HEADER.pack(
            command.target_address,
            PROTOCOL,
            _COMMAND | command.code << 2,
            command.key,
            command.initiator_address,
            command.transaction_id,
            command.extended_address,
            command.address,
            length >> 16,
            length & 0xFFFF,
        )
    except struct.error as error:
        raise RmapError(f"{command}: a field does not fit its bits: {error}") from None
    payload = command.payload
    if payload is None:
        return header + bytes((crc8(header),))
    return b"%b%c%b%c" % (header, crc8(header), payload, crc8(payload))


def decode_command(packet: bytes) -> Command:
    """The command of a packet.

    Raises RmapHeaderCrcError, RmapDataCrcError, RmapLengthError, or RmapError on what is no
    command or has a code not in use.
    """
    if len(packet) < COMMAND_HEADER_BYTES:
        raise RmapLengthError(f"command of {len(packet)} bytes, expected 16 or more")
    if packet[2] & 0x03:
        return _parse_declared(packet)
    target, protocol, instruction, key, initiator, transaction, extended, address, high, low = (
        _HEADER.unpack_from(packet)
    )
    _require_protocol(protocol)
    if crc8(packet[:COMMAND_HEADER_BYTES]):
        raise RmapHeaderCrcError(f"command header {packet[:16].hex(' ')}: CRC-8 wrong")
    length = high << 16 | low
    if instruction & (_WRITE | _VERIFY):
        payload = _data_field(packet, COMMAND_HEADER_BYTES, length)
    elif len(packet) == COMMAND_HEADER_BYTES:
        payload = b""
    else:
        raise RmapLengthError(f"read command of {len(packet)} bytes, expected 16")
    return _command(
        instruction,
        address,
        length,
        payload,
        {
            "transaction_id": transaction,
            "key": key,
            "initiator_address": initiator,
            "target_address": target,
            "extended_address": extended,
        },
    )


def encode_reply(reply: Reply) -> bytes:
    """Bytes of a reply. Raises RmapError on a field that does not fit."""
    fields = (
        reply.initiator_address,
        PROTOCOL,
        reply.instruction,
        reply.status,
        reply.target_address,
        reply.transaction_id,
    )
    is_write = bool(reply.instruction & _WRITE)
    if is_write != (reply.data is None):
        raise RmapError(f"{reply}: a reply to a write, and no other, has data None")
    try:
        if reply.data is None:
            header = _WRITE_REPLY.pack(*fields)
            return b"%b%c" % (header, crc8(header))
        length = len(reply.data)
        header = _READ_REPLY.pack(*fields, length >> 16, length & 0xFFFF)
    except struct.error as error:
        raise RmapError(f"{reply}: a field does not fit its bits: {error}") from None
    return b"%b%c%b%c" % (header, crc8(header), reply.data, crc8(reply.data))


def decode_reply(packet: bytes) -> Reply:
    """The reply of a packet. Raises as `decode_command` does."""
    if len(packet) < WRITE_REPLY_BYTES:
        raise RmapLengthError(f"reply of {len(packet)} bytes, expected {WRITE_REPLY_BYTES} or more")
    initiator, protocol, instruction, status, target, transaction = _WRITE_REPLY.unpack_from(packet)
    _require_protocol(protocol)
    if instruction & 0xC0:
        raise RmapError(f"instruction 0x{instruction:02X} is not that of a reply")
    if instruction & _WRITE:
        if crc8(packet[:WRITE_REPLY_BYTES]):
            raise RmapHeaderCrcError(f"reply header {packet[:8].hex(' ')}: CRC-8 wrong")
        if len(packet) > WRITE_REPLY_BYTES:
            raise RmapLengthError(f"write reply of {len(packet)} bytes, expected 8")
        return Reply(instruction, status, transaction, None, initiator, target)
    if len(packet) < READ_REPLY_OVERHEAD - 1:
        raise RmapLengthError(f"read reply of {len(packet)} bytes, expected 13 or more")
    if crc8(packet[:12]):
        raise RmapHeaderCrcError(f"reply header {packet[:12].hex(' ')}: CRC-8 wrong")
    if packet[7]:
        raise RmapError(f"reserved byte 0x{packet[7]:02X} in a read reply, expected 0")
    data = _data_field(packet, 12, int.from_bytes(packet[8:11], "big"))
    return Reply(instruction, status, transaction, data, initiator, target)


def _require_protocol(protocol: int) -> None:
    if protocol != PROTOCOL:
        raise RmapError(f"protocol identifier 0x{protocol:02X}, expected 0x{PROTOCOL:02X}")


def _data_field(packet: bytes, start: int, length: int) -> bytes:
    if len(packet) != start + length + 1:
        raise RmapLengthError(
            f"packet of {len(packet)} bytes, its length field {length} needs {start + length + 1}"
        )
    if crc8(packet[start:]):
        raise RmapDataCrcError(f"data field of {length} bytes: CRC-8 wrong")
    return packet[start:-1]


def _command(
    instruction: int, address: int, length: int, payload: bytes, common: dict[str, Any]
) -> Command:
    code = instruction >> 2 & 0xF
    increment = bool(instruction & _INCREMENT)
    if instruction & 0xC0 != _COMMAND:
        raise RmapError(f"instruction 0x{instruction:02X} is not that of a command")
    if code & 0b1000:
        verify, reply = bool(instruction & _VERIFY), bool(instruction & _REPLY)
        return WriteCommand(address, payload, verify, reply, increment, **common)
    if code == CommandCode.READ_MODIFY_WRITE:
        if length % 2 or length > 8:
            raise RmapError(f"read-modify-write of length {length}, expected 0, 2, 4, 6 or 8")
        half = length // 2
        return ReadModifyWriteCommand(address, payload[:half], payload[half:], **common)
    if code in (CommandCode.READ, CommandCode.READ_SINGLE):
        return ReadCommand(address, length, increment, **common)
    raise RmapError(f"command code 0b{code:04b} is not in use")


def _build_declared(command: Command) -> bytes:
    """Encode by the declaration, with the reply address filled up with leading zeros."""
    path = command.reply_address
    if len(path) > REPLY_ADDRESS_MAX or (len(path) > 1 and path[0] == 0):
        raise RmapError(
            f"reply address {path.hex(' ')}: at most 12 bytes, and a leading zero would be lost"
        )
    words = (len(path) + 3) // 4
    header = {
        "target_address": command.target_address,
        "instruction": INSTRUCTION.parse(bytes((_COMMAND | command.code << 2 | words,))),
        "key": command.key,
        "reply_address": path.rjust(4 * words, b"\0"),
        "initiator_address": command.initiator_address,
        "transaction_id": command.transaction_id,
        "extended_address": command.extended_address,
        "address": command.address,
        "length": command.length,
    }
    payload = command.payload
    data = None if payload is None else {"data": {"value": payload}}
    try:
        packet: bytes = COMMAND.build({"header": {"value": header}, "payload": data})
    except ConstructError as error:
        raise RmapError(f"{command}: a field does not fit its bits: {error}") from None
    return packet


def _parse_declared(packet: bytes) -> Command:
    """Decode by the declaration. Of the reply address, leading zeros say nothing, but all zeros
    mean one zero (ECSS-E-ST-50-52C, reply address field)."""
    try:
        parsed = COMMAND.parse(packet)
    except ConstError as error:
        raise RmapError(f"protocol identifier: {error}") from None
    except ChecksumError as error:
        kind = RmapHeaderCrcError if "header_crc" in str(error.path) else RmapDataCrcError
        raise kind(f"command {packet.hex(' ')}: CRC-8 wrong") from None
    except (StreamError, TerminatedError) as error:
        raise RmapLengthError(f"command of {len(packet)} bytes: {error}") from None
    header = parsed.header.value
    payload = b"" if parsed.payload is None else parsed.payload.data.value
    path = header.reply_address
    common = {
        "transaction_id": header.transaction_id,
        "key": header.key,
        "initiator_address": header.initiator_address,
        "target_address": header.target_address,
        "extended_address": header.extended_address,
        "reply_address": path and (path.lstrip(b"\0") or b"\0"),
    }
    return _command(packet[2], header.address, header.length, payload, common)
