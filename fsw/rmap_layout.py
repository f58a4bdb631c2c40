"""Codes, CRC-8 and packet layouts (as construct declarations) of RMAP, ECSS-E-ST-50-52C.

A packet begins with the logical address; SpaceWire path addresses in front of it are the network's.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any

from construct import (
    BitsInteger,
    BitStruct,
    Bytes,
    Checksum,
    Const,
    Flag,
    If,
    Int8ub,
    Int16ub,
    Int24ub,
    Int32ub,
    RawCopy,
    Struct,
    Terminated,
    this,
)

PROTOCOL = 0x01  # protocol identifier of RMAP, ECSS-E-ST-50-51C


class Status(IntEnum):
    """Status field of a reply, ECSS-E-ST-50-52C table 5-3; 8 and 13 to 255 are reserved."""

    SUCCESS = 0
    GENERAL_ERROR = 1
    UNUSED_COMMAND = 2
    INVALID_KEY = 3
    INVALID_DATA_CRC = 4
    EARLY_EOP = 5
    TOO_MUCH_DATA = 6
    EEP = 7
    VERIFY_BUFFER_OVERRUN = 9
    NOT_AUTHORISED = 10
    RMW_LENGTH_ERROR = 11
    INVALID_TARGET_ADDRESS = 12


_STATUS_TEXTS = {
    Status.SUCCESS: "command executed successfully",
    Status.GENERAL_ERROR: "general error",
    Status.UNUSED_COMMAND: "unused RMAP packet type or command code",
    Status.INVALID_KEY: "invalid key",
    Status.INVALID_DATA_CRC: "invalid data CRC",
    Status.EARLY_EOP: "early end of packet",
    Status.TOO_MUCH_DATA: "too much data",
    Status.EEP: "error end of packet",
    Status.VERIFY_BUFFER_OVERRUN: "verify buffer overrun",
    Status.NOT_AUTHORISED: "command not implemented or not authorised",
    Status.RMW_LENGTH_ERROR: "read-modify-write data length error",
    Status.INVALID_TARGET_ADDRESS: "invalid target logical address",
}


def status_text(status: int) -> str:
    """Meaning of a status, as `10 (command not implemented or not authorised)`."""
    known = _STATUS_TEXTS[Status(status)] if status in _STATUS_TEXTS else "reserved"
    return f"{int(status)} ({known})"


class CommandCode(IntEnum):
    """The command bits write, verify, reply, increment: every combination in use."""

    READ_SINGLE = 0b0010
    READ = 0b0011
    READ_MODIFY_WRITE = 0b0111
    WRITE_SINGLE_SILENT = 0b1000
    WRITE_SILENT = 0b1001
    WRITE_SINGLE = 0b1010
    WRITE = 0b1011
    WRITE_SINGLE_VERIFIED_SILENT = 0b1100
    WRITE_VERIFIED_SILENT = 0b1101
    WRITE_SINGLE_VERIFIED = 0b1110
    WRITE_VERIFIED = 0b1111


def _crc8_table() -> bytes:
    table = bytearray()
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xE0 if crc & 1 else 0)  # x8 + x2 + x + 1, reflected
        table.append(crc)
    return bytes(table)


CRC8_TABLE = _crc8_table()


def crc8(data: bytes) -> int:
    """RMAP's CRC-8 (ECSS-E-ST-50-52C, annex A): 0 over data followed by their CRC."""
    crc = 0
    table = CRC8_TABLE
    for byte in data:
        crc = table[crc ^ byte]
    return crc


INSTRUCTION = BitStruct(
    "reserved" / BitsInteger(1),
    "command" / Flag,
    "write" / Flag,
    "verify" / Flag,
    "reply" / Flag,
    "increment" / Flag,
    "reply_address_words" / BitsInteger(2),
)

COMMAND_HEADER = Struct(
    "target_address" / Int8ub,
    "protocol" / Const(PROTOCOL, Int8ub),
    "instruction" / INSTRUCTION,
    "key" / Int8ub,
    "reply_address" / Bytes(4 * this.instruction.reply_address_words),
    "initiator_address" / Int8ub,
    "transaction_id" / Int16ub,
    "extended_address" / Int8ub,
    "address" / Int32ub,
    "length" / Int24ub,
)

REPLY_HEADER = Struct(
    "initiator_address" / Int8ub,
    "protocol" / Const(PROTOCOL, Int8ub),
    "instruction" / INSTRUCTION,
    "status" / Int8ub,
    "target_address" / Int8ub,
    "transaction_id" / Int16ub,
    "reserved" / If(~this.instruction.write, Const(0, Int8ub)),
    "length" / If(~this.instruction.write, Int24ub),
)

DATA_FIELD = Struct(
    "data" / RawCopy(Bytes(this._.header.value.length)),
    "data_crc" / Checksum(Int8ub, crc8, this.data.data),
)


def _command_has_data(context: Any) -> bool:
    instruction = context.header.value.instruction
    return bool(instruction.write or instruction.verify)  # a read with `verify` set is an RMW


COMMAND = Struct(
    "header" / RawCopy(COMMAND_HEADER),
    "header_crc" / Checksum(Int8ub, crc8, this.header.data),
    "payload" / If(_command_has_data, DATA_FIELD),
    Terminated,
)

REPLY = Struct(
    "header" / RawCopy(REPLY_HEADER),
    "header_crc" / Checksum(Int8ub, crc8, this.header.data),
    "payload" / If(~this.header.value.instruction.write, DATA_FIELD),
    Terminated,
)
