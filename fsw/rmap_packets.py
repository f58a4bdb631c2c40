"""RMAP commands and replies as values, and the errors of their bytes (ECSS-E-ST-50-52C)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from fsw.rmap_layout import CommandCode

DEFAULT_TARGET = 0xFE  # logical address of a device that was given none, ECSS-E-ST-50-51C
DEFAULT_INITIATOR = 0x67  # as in the examples of ECSS-E-ST-50-52C, annex A
DEFAULT_KEY = 0x00


class RmapError(ValueError):
    """A packet that is not RMAP as the standard has it, or a field that does not fit."""


class RmapHeaderCrcError(RmapError):
    """The header's CRC-8 is wrong; nothing else of the packet can be believed."""


class RmapDataCrcError(RmapError):
    """The header is good, the data's CRC-8 is wrong."""


class RmapLengthError(RmapError):
    """The packet is shorter or longer than its header says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Command:
    transaction_id: int = 0
    key: int = DEFAULT_KEY
    initiator_address: int = DEFAULT_INITIATOR
    target_address: int = DEFAULT_TARGET
    extended_address: int = 0
    reply_address: bytes = b""  # up to 12 path bytes, the first of several not zero


@dataclass(frozen=True, slots=True)
class WriteCommand(_Command):
    """Write `data` from `address` on; to `address` over and over when not incrementing."""

    address: int
    data: bytes
    verify: bool = True
    reply: bool = True
    increment: bool = True

    @property
    def code(self) -> int:
        """Command code, as `CommandCode`."""
        return 0b1000 | self.verify << 2 | self.reply << 1 | self.increment

    @property
    def length(self) -> int:
        """Data length field."""
        return len(self.data)

    @property
    def payload(self) -> bytes:
        """What stands in the data field."""
        return self.data


@dataclass(frozen=True, slots=True)
class ReadCommand(_Command):
    """Read `length` bytes from `address` on; of `address` only when not incrementing."""

    address: int
    length: int
    increment: bool = True

    payload: ClassVar[None] = None

    @property
    def code(self) -> int:
        """Command code, as `CommandCode`."""
        return 0b0010 | self.increment


@dataclass(frozen=True, slots=True)
class ReadModifyWriteCommand(_Command):
    """Change the bits of `mask` to those of `data`, both of one length up to 4 bytes."""

    address: int
    data: bytes
    mask: bytes

    code: ClassVar[int] = int(CommandCode.READ_MODIFY_WRITE)

    @property
    def length(self) -> int:
        """Data length field: data and mask together."""
        return len(self.data) + len(self.mask)

    @property
    def payload(self) -> bytes:
        """What stands in the data field."""
        return self.data + self.mask


Command = WriteCommand | ReadCommand | ReadModifyWriteCommand


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply; `data` is None in the reply to a write."""

    instruction: int  # that of the command, with packet type 00
    status: int
    transaction_id: int
    data: bytes | None = None
    initiator_address: int = DEFAULT_INITIATOR
    target_address: int = DEFAULT_TARGET
