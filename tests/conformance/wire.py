"""The tester's end of the link: a third codec, bit by bit, that owes nothing to the other two."""

from __future__ import annotations

import serial

from fsw import registers as r
from fsw.register_map import Register

END = 0xC0
ESC, ESC_END, ESC_ESC = 0xDB, 0xDC, 0xDD

READ = 0x4C  # command, reply, incrementing
READ_SAME = 0x48  # the same word again and again
WRITE = 0x7C  # verified, acknowledged, incrementing
WRITE_SAME = 0x78  # every word to the same address
WRITE_UNVERIFIED = 0x6C
READ_MODIFY_WRITE = 0x5C
REPLY_BIT = 0x08

FLIGHT_KEY, TEST_KEY = 0x20, 0x5D

REPLY_TIMEOUT_S = 0.2

# Registers with counters of 16 bits, and the halves that count.
COUNTERS = {
    r.FAST_MEMORY_ERRORS: 0xFFFF_FFFF,
    r.FAST_FRAMES: 0xFFFF_FFFF,
    r.FAST_ACTIVITY: 0xFFFF_FFFF,
    r.DIAGNOSTICS_FRAME_ERRORS: 0xFFFF_FFFF,
    r.DIAGNOSTICS_FRAME_ERRORS_2: 0xFFFF_FFFF,
    r.DIAGNOSTICS_COMMANDS_REFUSED: 0xFFFF_0000,
    r.DIAGNOSTICS_WATCHDOG_EVENTS: 0xFFFF_FFFF,
    r.DIAGNOSTICS_SCRUB_PROGRESS: 0xFFFF_0000,
    r.DIAGNOSTICS_VOTER: 0xFFFF_0000,
    r.DIAGNOSTICS_CONFIG_ERRORS: 0xFFFF_FFFF,
    r.DIAGNOSTICS_CONFIG_ERRORS_2: 0xFFFF_FFFF,
    r.DIAGNOSTICS_CONFIG_PROGRESS: 0xFFFF_0000,
}


def crc8(data: bytes) -> int:
    """RMAP CRC-8 as a shift register: x8 + x2 + x + 1, least significant bit first."""
    register = 0
    for byte in data:
        for bit in range(8):
            feedback = (register ^ byte >> bit) & 1
            register >>= 1
            if feedback:
                register ^= 0b1110_0000
    return register


def crc16(data: bytes) -> int:
    """CRC-16/CCITT-FALSE by long division: x16 + x12 + x5 + 1, most significant bit first."""
    register = 0xFFFF
    for byte in data:
        for bit in range(7, -1, -1):
            feedback = register >> 15 ^ byte >> bit & 1
            register = register << 1 & 0xFFFF
            if feedback:
                register ^= 0x1021
    return register


def escape(body: bytes) -> bytes:
    """SLIP escapes, without ENDs."""
    out = bytearray()
    for byte in body:
        if byte == END:
            out += bytes((ESC, ESC_END))
        elif byte == ESC:
            out += bytes((ESC, ESC_ESC))
        else:
            out.append(byte)
    return bytes(out)


def frame(packet: bytes) -> bytes:
    """Bytes on the wire of a packet."""
    return bytes((END,)) + escape(packet + crc16(packet).to_bytes(2, "big")) + bytes((END,))


def command(
    instruction: int,
    address: int,
    length: int,
    data: bytes | None = None,
    *,
    transaction: int = 0x1234,
    key: int = FLIGHT_KEY,
    logical_address: int = 0xFE,
    protocol: int = 1,
    initiator: int = 0x67,
    extended_address: int = 0,
) -> bytes:
    """RMAP command packet; `data` with its CRC follows the header unless it is None."""
    header = bytes((logical_address, protocol, instruction, key, initiator))
    header += transaction.to_bytes(2, "big") + bytes((extended_address,))
    header += address.to_bytes(4, "big") + length.to_bytes(3, "big")
    packet = header + bytes((crc8(header),))
    return packet if data is None else packet + data + bytes((crc8(data),))


class Link:
    """Sends packets to the controller and takes its replies apart."""

    def __init__(self, port: serial.SerialBase) -> None:
        self.port = port
        self._transaction = 0
        self._counts: dict[int, int] = {}  # words of counters when counting began

    def send(self, packet: bytes) -> None:
        """Send one packet as a frame."""
        self.send_raw(frame(packet))

    def send_raw(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.port.write(data)

    def reply(self) -> bytes:
        """Next reply packet, its frame checked and taken off."""
        body = bytearray()
        escaped = False
        while True:
            received = self.port.read(1)
            assert received, f"no reply within {self.port.timeout} s; so far {body.hex() or 'none'}"
            byte = received[0]
            if byte == END:
                assert not escaped, "ESC before END in a reply"
                if body:
                    break
            elif escaped:
                assert byte in (ESC_END, ESC_ESC), f"ESC {byte:02X} in a reply"
                body.append(END if byte == ESC_END else ESC)
                escaped = False
            elif byte == ESC:
                escaped = True
            else:
                body.append(byte)
        packet, crc = bytes(body[:-2]), int.from_bytes(body[-2:], "big")
        assert crc == crc16(packet), f"CRC-16 {crc:04X} of reply {packet.hex()}"
        return packet

    def exchange(self, packet: bytes) -> bytes:
        """Send a packet; its reply packet."""
        self.send(packet)
        return self.reply()

    def next_transaction(self) -> int:
        """A transaction id that was not used for a while."""
        self._transaction = self._transaction + 1 & 0xFFFF
        return self._transaction

    def execute(
        self,
        instruction: int,
        address: int,
        length: int,
        data: bytes | None,
        key: int = FLIGHT_KEY,
    ) -> bytes:
        """Execute a command that asks for a reply; the data it replies with."""
        transaction = self.next_transaction()
        packet = command(instruction, address, length, data, transaction=transaction, key=key)
        reply = self.exchange(packet)
        header_length = 7 if instruction & 0x20 else 11
        header = reply[:header_length]
        expected = bytes((0x67, 1, instruction & 0x3F, 0, 0xFE)) + packet[5:7]
        assert header[:7] == expected, f"reply {reply.hex()} to {packet.hex()}"
        assert reply[header_length] == crc8(header)
        if header_length == 7:
            assert len(reply) == 8
            return b""
        content = reply[12:-1]
        assert reply[7] == 0
        assert len(content) == int.from_bytes(reply[8:11], "big")
        assert reply[-1] == crc8(content)
        return content

    def read(self, address: int, length: int = 4, key: int = FLIGHT_KEY) -> bytes:
        """Bytes of `length` from `address` on."""
        content = self.execute(READ, address, length, None, key)
        assert len(content) == length
        return content

    def count_from_here(self) -> None:
        """Let `word` and `fields` show counters as if they were 0 now."""
        self._counts = {}
        for region in (r.FAST, r.DIAGNOSTICS):
            data = self.read(region.base, region.size)
            for register, mask in COUNTERS.items():
                if region.base <= register.address < region.base + region.size:
                    at = register.address - region.base
                    word = int.from_bytes(data[at : at + 4], "big")
                    self._counts[register.address] = word & mask

    def word(self, register: Register | int) -> int:
        """One 32-bit word."""
        address = register if isinstance(register, int) else register.address
        word = int.from_bytes(self.read(address), "big")
        start = self._counts.get(address, 0)
        return (word - (start & 0xFFFF_0000) & 0xFFFF_0000) | (word - (start & 0xFFFF) & 0xFFFF)

    def fields(self, register: Register) -> dict[str, int]:
        """Raw fields of a register."""
        return register.unpack(self.word(register))

    def write(self, address: int, data: bytes, key: int = FLIGHT_KEY) -> None:
        """Verified, acknowledged write of words."""
        self.execute(WRITE, address, len(data), data, key)

    def set(self, register: Register | int, word: int) -> None:
        """Write one 32-bit word."""
        address = register if isinstance(register, int) else register.address
        self.write(address, word.to_bytes(4, "big"))

    def inject(self, register: Register | int, *words: int) -> None:
        """Write words with the test key."""
        address = register if isinstance(register, int) else register.address
        data = b"".join(word.to_bytes(4, "big") for word in words)
        self.write(address, data, TEST_KEY)

    def modify(self, address: int, data: int, mask: int) -> int:
        """Read-modify-write; the word as it was."""
        operands = data.to_bytes(4, "big") + mask.to_bytes(4, "big")
        return int.from_bytes(self.execute(READ_MODIFY_WRITE, address, 8, operands), "big")

    def assert_silent(self) -> None:
        """Nothing is on its way back: the next reply is the one to a read sent now."""
        probe = command(READ, 0x0000, 4, transaction=0xBEEF)
        reply = self.exchange(probe)
        assert reply[5:7] == b"\xbe\xef", f"unexpected reply {reply.hex()}"
