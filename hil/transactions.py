"""Flight software's transactions out of the bytes on the link, with registers by their names."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import zip_longest

from fsw.register_map import Field, Register
from fsw.registers import REGIONS, REGISTERS
from fsw.rmap import (
    Command,
    ReadCommand,
    ReadModifyWriteCommand,
    Reply,
    RmapError,
    WriteCommand,
    decode_command,
    decode_reply,
    status_text,
)
from fsw.slip import FrameDecoder
from hil.recording import FLIGHT_FAILURE, FROM_CONTROLLER, PORT_EVENT, TO_CONTROLLER, LinkRecord

WORDS_SHOWN = 3
BYTES_SHOWN = 24
PLACES = {
    register.at(index): (register, index)
    for register in REGISTERS
    for index in range(register.count)
}


@dataclass(frozen=True, slots=True)
class Transaction:
    """One try: a write of flight software, and what it received before its next write."""

    time_ns: int  # at which the first byte of the command began
    sent: bytes
    received: bytes
    failure: str = ""  # of the port

    @property
    def command(self) -> Command | None:
        """The command; None where the bytes are not the frame of one."""
        return command_of(self.sent)

    @property
    def reply(self) -> Reply | None:
        """The reply with the command's transaction id, if it came."""
        command = self.command
        for payload in FrameDecoder().feed(self.received):
            try:
                reply = decode_reply(payload)
            except RmapError:
                continue
            if command is not None and reply.transaction_id == command.transaction_id:
                return reply
        return None


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """A field of a register that holds two values; `name` as in `trays.load[3].power`."""

    name: str
    first: str
    second: str


def of_flight_software(record: LinkRecord) -> bool:
    """Whether a record is flight software's own: its bytes, or a failure that it met."""
    if record.direction == PORT_EVENT:
        return record.data.startswith(FLIGHT_FAILURE)
    return record.direction in (TO_CONTROLLER, FROM_CONTROLLER)


def transactions(records: Iterable[LinkRecord]) -> Iterator[Transaction]:
    """Those of flight software, in order; what the bench did is passed over."""
    sent: LinkRecord | None = None
    received, failure = bytearray(), ""
    for record in filter(of_flight_software, records):
        if record.direction == FROM_CONTROLLER:
            received += record.data
        elif record.direction == PORT_EVENT:
            failure = failure_text(record)
        else:
            if sent is not None:
                yield Transaction(sent.time_ns, sent.data, bytes(received), failure)
            sent = record
            received.clear()
            failure = ""
    if sent is not None:
        yield Transaction(sent.time_ns, sent.data, bytes(received), failure)


def failure_text(record: LinkRecord) -> str:
    """What the port said in a failure that flight software met."""
    return record.data.removeprefix(FLIGHT_FAILURE).decode(errors="replace")


def command_of(sent: bytes) -> Command | None:
    """The command in the bytes of one write; None where they are not the frame of one."""
    payloads = FrameDecoder().feed(sent)
    try:
        return decode_command(payloads[0]) if len(payloads) == 1 else None
    except RmapError:
        return None


def command_text(sent: bytes) -> str:
    """A write of flight software in words, as in `read of 64 bytes from fast.status`."""
    command = command_of(sent)
    if command is None:
        shown = sent[:BYTES_SHOWN].hex(" ") + (" ..." if len(sent) > BYTES_SHOWN else "")
        return f"{len(sent)} bytes that are no command: {shown}"
    number = f", transaction {command.transaction_id}"
    if isinstance(command, ReadCommand):
        return f"read of {command.length} bytes from {place_name(command.address)}{number}"
    if isinstance(command, ReadModifyWriteCommand):
        data, mask = command.data.hex(), command.mask.hex()
        name = place_name(command.address)
        return f"read-modify-write of {name}, data 0x{data} under mask 0x{mask}{number}"
    words = _words(command.data)
    places = range(command.address, command.address + 4 * WORDS_SHOWN, 4)
    shown = ", ".join(
        f"{place_name(place)} = {word_text(place, word)}"
        for place, word in zip(places, words, strict=False)
    )
    more = f" and {len(words) - WORDS_SHOWN} words more" if len(words) > WORDS_SHOWN else ""
    return f"write of {shown}{more}{number}"


def reply_text(transaction: Transaction) -> str:
    """How a transaction ended, without its data."""
    reply = transaction.reply
    if transaction.failure:
        return f"port failed: {transaction.failure}"
    if reply is None:
        return f"no reply, {len(transaction.received)} bytes received"
    return f"status {status_text(reply.status)}"


def same_form(first: Command | None, second: Command | None) -> bool:
    """Whether two commands do the same to the same registers, their data apart."""
    if first is None or second is None:
        return first is second
    return (first.code, first.address, first.length) == (second.code, second.address, second.length)


def data_difference(
    address: int, first: bytes, second: bytes, but: Collection[str] = ()
) -> FieldDifference | None:
    """First field that differs in data from or to `address` on; fields named in `but` may.

    Names in `but` carry no index of a tray: `trays.load.power`.
    """
    words = zip_longest(_words(first), _words(second))
    for place, (one, other) in enumerate(words):
        if one == other:
            continue
        here = address + 4 * place
        name = place_name(here)
        if one is None or other is None or here not in PLACES:
            return FieldDifference(name, _hex(one), _hex(other))
        register, _ = PLACES[here]
        for field in register.fields:
            raw, raw_other = field.extract(one), field.extract(other)
            if raw != raw_other and f"{register.name}.{field.name}" not in but:
                return FieldDifference(
                    f"{name}.{field.name}", _value(field, raw), _value(field, raw_other)
                )
    return None


def place_name(address: int) -> str:
    """Name of the register at an address, or region and offset, as in `memory + 0x40`."""
    if address in PLACES:
        register, index = PLACES[address]
        return f"{register.name}[{index}]" if register.count > 1 else register.name
    for region in REGIONS:
        if region.base <= address < region.base + region.size:
            return f"{region.name} + 0x{address - region.base:X}"
    return f"0x{address:04X}"


def word_text(address: int, word: int) -> str:
    """A word with the fields of its register, as in `0x40000000 (a 0.25, b 0)`."""
    if address not in PLACES:
        return _hex(word)
    register: Register = PLACES[address][0]
    fields = ", ".join(
        f"{field.name} {_value(field, field.extract(word))}" for field in register.fields
    )
    return f"{_hex(word)} ({fields})"


def write_data(command: Command | None) -> bytes:
    """What a command carries; empty for a read."""
    if isinstance(command, WriteCommand | ReadModifyWriteCommand):
        return command.payload
    return b""


def _words(data: bytes) -> list[int]:
    return [int.from_bytes(data[place : place + 4], "big") for place in range(0, len(data), 4)]


def _value(field: Field, raw: int) -> str:
    """A raw value as a person reads it, with the raw one where they differ."""
    if field.scale == 1.0 and not field.offset:
        text = f"0x{raw:08X}" if field.width == 32 else f"{raw}"
        return f"{text} {field.unit}".strip()
    return f"{field.value(raw):.6g} {field.unit}".strip() + f" (raw {raw})"


def _hex(word: int | None) -> str:
    return "nothing" if word is None else f"0x{word:08X}"
