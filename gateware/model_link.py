"""Golden model of the controller's link: frames in, RMAP commands executed, reply frames out.

RMAP (ECSS-E-ST-50-52C) over SLIP (RFC 1055) with a CRC-16 behind every packet. The codec here is
deliberately a second one beside `fsw.slip` and `fsw.rmap`: a controller that shared its codec with
flight software would agree with flight software's mistakes.
"""

from __future__ import annotations

import re
from binascii import crc_hqx
from collections.abc import Iterator
from typing import Protocol

from fsw.registers import FLIGHT_KEY, LOGICAL_ADDRESS, READ_MAX, TEST_KEY, WRITE_MAX

FRAME_MAX = 275  # unescaped bytes of a frame, CRC-16 included
SILENT_TICKS_MAX = 3  # a frame is given up at this tick without a byte
HANG_FOREVER = 0xFFFF  # ticks of a hang that lasts until reset

_END = b"\xc0"
_ESC = b"\xdb"
_ESC_END = b"\xdb\xdc"
_ESC_ESC = b"\xdb\xdd"
_BAD_ESCAPE = re.compile(rb"\xdb(?![\xdc\xdd])")
_COUNTER_MASK = 0xFFFF

_HEADER_LENGTH = 16
_PROTOCOL_RMAP = 1
_WRITE = 0x20
_VERIFY = 0x10
_REPLY = 0x08
_INCREMENT = 0x04
_READ_MODIFY_WRITE = _VERIFY | _REPLY | _INCREMENT
_COMMANDS = frozenset(
    [_REPLY, _REPLY | _INCREMENT, _READ_MODIFY_WRITE]
    + [_WRITE | variant for variant in range(0, 0x20, 4)]
)

# RMAP error and status codes (ECSS-E-ST-50-52C)
STATUS_SUCCESS = 0
STATUS_UNUSED_PACKET_TYPE = 2
STATUS_INVALID_KEY = 3
STATUS_INVALID_DATA_CRC = 4
STATUS_EARLY_END = 5
STATUS_TOO_MUCH_DATA = 6
STATUS_VERIFY_OVERRUN = 9
STATUS_NOT_IMPLEMENTED = 10
STATUS_RMW_LENGTH = 11
STATUS_INVALID_LOGICAL_ADDRESS = 12


def _crc8_table() -> bytes:
    """CRC-8 x8 + x2 + x + 1, reflected (ECSS-E-ST-50-52C annex A), one entry a byte."""
    table = bytearray()
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0xE0 if value & 1 else 0)
        table.append(value)
    return bytes(table)


_CRC8 = _crc8_table()


def crc8(data: bytes) -> int:
    """RMAP's header and data CRC."""
    crc = 0
    table = _CRC8
    for byte in data:
        crc = table[crc ^ byte]
    return crc


def encode_frame(packet: bytes, crc_error: int = 0) -> bytes:
    """Bytes on the wire of a packet: CRC-16/CCITT-FALSE appended, escaped, between two ENDs.

    The bits of the CRC-16 that are set in `crc_error` are inverted.
    """
    body = packet + (crc_hqx(packet, 0xFFFF) ^ crc_error).to_bytes(2, "big")
    return _END + body.replace(_ESC, _ESC_ESC).replace(_END, _ESC_END) + _END


class FrameReceiver:
    """Unescapes and checks frames, and counts those it drops by cause."""

    def __init__(self) -> None:
        self.received = 0
        self.crc_errors = 0
        self.framing_errors = 0
        self.oversize_errors = 0
        self.silent_ticks = 0
        self._raw = b""  # still escaped, since the last END
        self._uart_error = False
        self._hang_ticks = 0  # for which nothing is heard any more

    @property
    def dropped(self) -> int:
        """Frames dropped for any cause."""
        return self.crc_errors + self.framing_errors + self.oversize_errors & _COUNTER_MASK

    @property
    def in_progress(self) -> bool:
        """A frame has begun and not ended."""
        return bool(self._raw) or self._uart_error

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Packets of the good frames that end in `data`, each before the next is looked at."""
        if self._hang_ticks:
            return
        *ended, rest = data.split(_END)
        for part in ended:
            if self._raw:
                part = self._raw + part
                self._raw = b""
            packet = self._end_frame(part) if part or self._uart_error else None
            if packet is not None:
                yield packet
                if self._hang_ticks:  # since the command in this packet
                    return
        self._raw += rest
        if data:
            self.silent_ticks = 0

    def flag_uart_error(self) -> None:
        """A character was lost to a framing error, an overrun or a break."""
        if self._hang_ticks:
            return
        self._uart_error = True
        self.silent_ticks = 0

    def hang(self, ticks: int) -> None:
        """Hear nothing for that many ticks; `HANG_FOREVER` is what it says."""
        self._hang_ticks = ticks

    def pass_ticks(self, count: int) -> None:
        """Silence for that many ticks; the frame in progress is given up at the third."""
        if self._hang_ticks and self._hang_ticks != HANG_FOREVER:
            self._hang_ticks = max(self._hang_ticks - count, 0)
        if not self.in_progress:
            return
        self.silent_ticks += count
        if self.silent_ticks >= SILENT_TICKS_MAX:
            self.framing_errors = self.framing_errors + 1 & _COUNTER_MASK
            self._raw = b""
            self._uart_error = False
            self.silent_ticks = 0

    def _end_frame(self, raw: bytes) -> bytes | None:
        """Packet of a frame that has just ended, None when it is dropped."""
        if self._uart_error or (_ESC in raw and _BAD_ESCAPE.search(raw)):
            self._uart_error = False
            self.framing_errors = self.framing_errors + 1 & _COUNTER_MASK
            return None
        body = raw.replace(_ESC_END, _END).replace(_ESC_ESC, _ESC) if _ESC in raw else raw
        if len(body) > FRAME_MAX:
            self.oversize_errors = self.oversize_errors + 1 & _COUNTER_MASK
            return None
        if len(body) < 3 or crc_hqx(body, 0xFFFF):  # CRC over data and its CRC leaves 0
            self.crc_errors = self.crc_errors + 1 & _COUNTER_MASK
            return None
        self.received = self.received + 1 & _COUNTER_MASK
        return body[:-2]


class AddressSpace(Protocol):
    """What RMAP commands act on, in 32-bit words."""

    def permits(self, key: int, address: int, length: int, read: bool, write: bool) -> bool:
        """Whether these bytes lie inside one region of this key with the needed access."""

    def read(self, address: int, length: int, increment: bool) -> bytes:
        """Words from `address` on, or the same word again and again."""

    def write_word(self, address: int, word: int) -> None:
        """Write one word, with all that follows from it."""


class RmapTarget:
    """Checks RMAP commands in the order of the standard, executes them, and replies."""

    def __init__(self, space: AddressSpace, flight: bool) -> None:
        self.commands = 0
        self.discarded = 0
        self.refused = 0
        self.last_status = 0
        self._space = space
        self._keys = (FLIGHT_KEY,) if flight else (FLIGHT_KEY, TEST_KEY)

    def execute(self, packet: bytes) -> bytes | None:
        """Reply to a packet; None when there is none to give."""
        if (
            len(packet) < _HEADER_LENGTH
            or packet[1] != _PROTOCOL_RMAP
            or not packet[2] & 0xC0  # a reply
            or packet[2] & 0x03  # reply address: there is no path on this link
            or crc8(packet[:15]) != packet[15]
        ):
            self.discarded = self.discarded + 1 & _COUNTER_MASK
            return None
        status = self._check(packet)
        data = b""
        if status:
            self.refused = self.refused + 1 & _COUNTER_MASK
            self.last_status = status
        else:
            data = self._act(packet)
            self.commands = self.commands + 1 & _COUNTER_MASK
        return self._reply(packet, status, data) if packet[2] & _REPLY else None

    def _check(self, packet: bytes) -> int:
        """Status that refuses a command, 0 when it may be executed."""
        instruction = packet[2]
        command = instruction & 0x3C
        if instruction & 0x80 or command not in _COMMANDS:
            return STATUS_UNUSED_PACKET_TYPE
        if packet[0] != LOGICAL_ADDRESS:
            return STATUS_INVALID_LOGICAL_ADDRESS
        if packet[3] not in self._keys:
            return STATUS_INVALID_KEY

        address = int.from_bytes(packet[8:12], "big")
        length = int.from_bytes(packet[12:15], "big")
        modify = command == _READ_MODIFY_WRITE
        write = bool(command & _WRITE)
        if modify and length != 8:
            return STATUS_RMW_LENGTH
        if write and length > WRITE_MAX:
            return STATUS_VERIFY_OVERRUN if command & _VERIFY else STATUS_NOT_IMPLEMENTED
        if not write and length > READ_MAX:
            return STATUS_NOT_IMPLEMENTED

        span = 4 if modify or not command & _INCREMENT else max(length, 4)
        if (
            packet[7]
            or address & 3
            or length & 3
            or not self._space.permits(
                packet[3], address, span, read=not write, write=write or modify
            )
        ):
            return STATUS_NOT_IMPLEMENTED

        expected = _HEADER_LENGTH + (length + 1 if write or modify else 0)
        if len(packet) < expected:
            return STATUS_EARLY_END
        if len(packet) > expected:
            return STATUS_TOO_MUCH_DATA
        if (write or modify) and crc8(packet[_HEADER_LENGTH:-1]) != packet[-1]:
            return STATUS_INVALID_DATA_CRC
        return STATUS_SUCCESS

    def _act(self, packet: bytes) -> bytes:
        """Execute a command that has passed its checks; data of its reply."""
        command = packet[2] & 0x3C
        address = int.from_bytes(packet[8:12], "big")
        if command == _READ_MODIFY_WRITE:
            data = int.from_bytes(packet[16:20], "big")
            mask = int.from_bytes(packet[20:24], "big")
            old = self._space.read(address, 4, True)
            word = int.from_bytes(old, "big") & ~mask | data & mask
            self._space.write_word(address, word)
            return old
        increment = bool(command & _INCREMENT)
        if not command & _WRITE:
            return self._space.read(address, int.from_bytes(packet[12:15], "big"), increment)
        for offset in range(0, len(packet) - _HEADER_LENGTH - 1, 4):
            start = _HEADER_LENGTH + offset
            self._space.write_word(
                address + offset if increment else address,
                int.from_bytes(packet[start : start + 4], "big"),
            )
        return b""

    def _reply(self, packet: bytes, status: int, data: bytes) -> bytes:
        """Reply packet; `data` is empty in the reply to a write and on every refusal."""
        header = bytes(
            (packet[4], _PROTOCOL_RMAP, packet[2] & 0x3F, status, LOGICAL_ADDRESS, *packet[5:7])
        )
        if packet[2] & _WRITE:
            return header + bytes((crc8(header),))
        header += b"\x00" + len(data).to_bytes(3, "big")
        return b"%b%c%b%c" % (header, crc8(header), data, crc8(data))
