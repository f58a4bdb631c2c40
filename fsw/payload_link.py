"""Initiator of the link to the payload controller: RMAP transactions over an open serial port.

A transaction is tried a bounded number of times, each try under a transaction id of its own, so
that a late reply to an earlier try is told from the reply awaited. A try ends with the first read
of the port that comes back short, so a silent controller costs `timeout_s` in the port's own time;
nothing here reads a clock, and a babbling line is cut off after BABBLE_BYTES. Whoever has a slot to
keep bounds the lost replies of many transactions with `losses_left`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from fsw.link_errors import (
    LinkBadReply,
    LinkCounters,
    LinkDown,
    LinkError,
    LinkRefused,
    LinkTimeout,
)
from fsw.registers import FLIGHT_KEY, LOGICAL_ADDRESS, READ_MAX, WRITE_MAX
from fsw.rmap import (
    READ_REPLY_OVERHEAD,
    WRITE_REPLY_BYTES,
    Command,
    ReadCommand,
    ReadModifyWriteCommand,
    Reply,
    RmapDataCrcError,
    RmapError,
    RmapHeaderCrcError,
    RmapLengthError,
    Status,
    WriteCommand,
    decode_reply,
    encode_command,
    status_text,
)
from fsw.slip import CRC_BYTES, FrameDecoder, encode_frame

__all__ = [
    "BABBLE_BYTES",
    "LinkBadReply",
    "LinkCounters",
    "LinkDown",
    "LinkError",
    "LinkRefused",
    "LinkTimeout",
    "PayloadLink",
    "Port",
]

BABBLE_BYTES = 4096  # bytes without the awaited reply among them, after which a try is given up

# The command was damaged on its way; every other refusal would only be repeated.
_TRANSIT_STATUSES = frozenset(
    {Status.INVALID_DATA_CRC, Status.EARLY_EOP, Status.TOO_MUCH_DATA, Status.EEP}
)


class Port(Protocol):
    """What the link needs of a pyserial port."""

    timeout: float | None

    def read(self, size: int = 1, /) -> bytes: ...

    def write(self, data: bytes, /) -> int | None: ...


class PayloadLink:
    """Reads and writes of the controller's registers. `port` is an open pyserial port."""

    def __init__(
        self,
        port: Port,
        timeout_s: float = 0.02,
        retries: int = 2,
        initiator_address: int = 0x67,
        key: int = FLIGHT_KEY,
    ) -> None:
        self.port = port
        self.timeout_s = timeout_s
        self.retries = retries
        self.initiator_address = initiator_address
        self.key = key
        self.counters = LinkCounters()
        self.losses_left: int | None = None  # replies that may yet be waited for in vain
        self._decoder = FrameDecoder(READ_MAX + READ_REPLY_OVERHEAD + CRC_BYTES)
        self._transaction_id = 0
        self._problem = ""  # what was last wrong in the try
        port.timeout = timeout_s

    def read(self, address: int, length: int, retries: int | None = None) -> bytes:
        """`length` bytes from `address` on; reads above READ_MAX become several transactions.

        Raises LinkTimeout, LinkBadReply, LinkRefused or LinkDown.
        """
        if length <= READ_MAX:
            return self._read(address, length, retries)
        return b"".join(
            self._read(address + start, min(READ_MAX, length - start), retries)
            for start in range(0, length, READ_MAX)
        )

    def write(self, address: int, data: bytes, retries: int | None = None) -> None:
        """Write verified, acknowledged, incrementing; above WRITE_MAX in several transactions.

        A retry writes again what an earlier try may have written: give `retries=0` where that is
        not the same, as for command registers. Raises as `read` does.
        """
        for start in range(0, len(data), WRITE_MAX) if data else (0,):
            chunk = bytes(data[start : start + WRITE_MAX])
            self._transact(
                WriteCommand(
                    address + start,
                    chunk,
                    transaction_id=self._next_id(),
                    key=self.key,
                    initiator_address=self.initiator_address,
                    target_address=LOGICAL_ADDRESS,
                ),
                WRITE_REPLY_BYTES,
                None,
                retries,
            )

    def read_modify_write(
        self, address: int, data: int, mask: int, retries: int | None = None
    ) -> int:
        """Set the bits of `mask` in the word at `address` to those of `data`; gives the old word.

        After a retry the old word may be one that an earlier try has already changed.
        Raises as `read` does.
        """
        reply = self._transact(
            ReadModifyWriteCommand(
                address,
                data.to_bytes(4, "big"),
                mask.to_bytes(4, "big"),
                transaction_id=self._next_id(),
                key=self.key,
                initiator_address=self.initiator_address,
                target_address=LOGICAL_ADDRESS,
            ),
            READ_REPLY_OVERHEAD,
            4,
            retries,
        )
        return int.from_bytes(reply.data or b"", "big")

    def _read(self, address: int, length: int, retries: int | None) -> bytes:
        command = ReadCommand(
            address,
            length,
            transaction_id=self._next_id(),
            key=self.key,
            initiator_address=self.initiator_address,
            target_address=LOGICAL_ADDRESS,
        )
        reply = self._transact(command, READ_REPLY_OVERHEAD, length, retries)
        return reply.data or b""

    def _next_id(self) -> int:
        self._transaction_id = self._transaction_id + 1 & 0xFFFF
        return self._transaction_id

    def _transact(
        self, command: Command, shortest: int, data_bytes: int | None, retries: int | None
    ) -> Reply:
        """The successful reply. `shortest`: bytes of the reply without data."""
        counters = self.counters
        counters.transactions += 1
        tries = 1 + (self.retries if retries is None else retries)
        error: LinkError | None = None
        for attempt in range(tries):
            if attempt and self.losses_left is not None and self.losses_left <= 0:
                break
            if attempt:
                counters.retries += 1
                command = replace(command, transaction_id=self._next_id())
            try:
                reply = self._try(command, shortest + CRC_BYTES, data_bytes)
            except OSError as failure:  # as pyserial's SerialException is
                counters.port_errors += 1
                error = LinkDown(f"{_text(command)}: port failed: {failure}")
                break
            if reply is None:
                if self.losses_left is not None:
                    self.losses_left -= 1
                kind = LinkBadReply if self._problem else LinkTimeout
                error = kind(
                    f"{_text(command)}: no valid reply within {self.timeout_s} s in "
                    f"{attempt + 1} {'tries' if attempt else 'try'}; "
                    f"last seen: {self._problem or 'nothing whole'}"
                )
            elif reply.status == Status.SUCCESS:
                return reply
            else:
                counters.refused[reply.status] = counters.refused.get(reply.status, 0) + 1
                error = LinkRefused(
                    f"{_text(command)}: refused with status {status_text(reply.status)}",
                    reply.status,
                )
                if reply.status not in _TRANSIT_STATUSES:
                    break
        counters.failed += 1
        assert error is not None
        raise error

    def _try(self, command: Command, shortest: int, data_bytes: int | None) -> Reply | None:
        """One try: the reply with this transaction id, or None. Lengths include the CRC-16."""
        port, decoder, counters = self.port, self._decoder, self.counters
        whole = shortest + (data_bytes or 0)
        self._problem = ""
        port.write(encode_frame(encode_command(command)))
        # A read of the port waits until all its bytes are there. So never ask for more than is
        # sure to come: first the shortest reply (a refusal carries no data), then the rest.
        wanted = shortest + 2
        received = 0
        while True:
            data = port.read(wanted)
            received += len(data)
            payloads = decoder.feed(data)
            self._count_bad_frames()
            for payload in payloads:
                reply = self._awaited(payload, command, data_bytes)
                if reply is not None:
                    return reply
            if len(data) < wanted or received > BABBLE_BYTES:
                counters.timeouts += 1
                return None
            pending = decoder.pending_bytes
            if pending <= shortest:
                wanted = shortest - pending + 1
            elif pending <= whole:
                wanted = whole - pending + 1
            else:  # an older, longer reply; ours is behind it
                wanted = shortest

    def _awaited(self, payload: bytes, command: Command, data_bytes: int | None) -> Reply | None:
        """The reply in a good frame if it answers the command; else count what is wrong."""
        counters = self.counters
        try:
            reply = decode_reply(payload)
        except RmapHeaderCrcError as error:
            counters.header_crc_errors += 1
            self._problem = str(error)
        except RmapDataCrcError as error:
            counters.data_crc_errors += 1
            self._problem = str(error)
        except RmapLengthError as error:
            counters.length_errors += 1
            self._problem = str(error)
        except RmapError as error:
            counters.malformed += 1
            self._problem = str(error)
        else:
            if reply.transaction_id != command.transaction_id:
                counters.stale_replies += 1
                self._problem = f"reply to transaction {reply.transaction_id}"
            elif (reply.initiator_address, reply.target_address) != (
                command.initiator_address,
                command.target_address,
            ):
                counters.wrong_address += 1
                self._problem = (
                    f"reply from 0x{reply.target_address:02X} to 0x{reply.initiator_address:02X}"
                )
            elif reply.instruction != command.code << 2:
                counters.wrong_instruction += 1
                self._problem = f"reply to instruction 0x{reply.instruction:02X}"
            elif reply.status == Status.SUCCESS and data_bytes != (
                None if reply.data is None else len(reply.data)
            ):
                counters.length_errors += 1
                self._problem = f"reply with {len(reply.data or b'')} of {data_bytes} bytes"
            else:
                return reply
        return None

    def _count_bad_frames(self) -> None:
        """Move what the decoder has counted to the link's counters."""
        counters, decoder = self.counters, self._decoder
        if decoder.bad_frames:
            counters.crc_errors += decoder.crc_errors
            counters.framing_errors += decoder.framing_errors
            counters.oversize_errors += decoder.oversize_errors
            decoder.crc_errors = decoder.framing_errors = decoder.oversize_errors = 0
            self._problem = "a damaged frame"


def _text(command: Command) -> str:
    kinds = {WriteCommand: "write", ReadCommand: "read"}
    kind = kinds.get(type(command), "read-modify-write")
    return f"{kind} of {command.length} bytes at 0x{command.address:04X}"
