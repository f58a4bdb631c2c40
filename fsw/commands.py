"""Telecommands: PUS-C (ECSS-E-ST-70-41C) packets, declared once for the ground and for flight.

Each command is a frozen dataclass, a service and subtype, and a construct layout whose fields are
those of the dataclass. Services from 128 on are this mission's own. A value that makes no sense
cannot be built on the ground and is refused on board.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from enum import IntEnum
from typing import Any

from construct import (
    Array,
    Const,
    Construct,
    ConstructError,
    Float64b,
    GreedyBytes,
    Int8ub,
    Int16ub,
    Int32ub,
    Int64ub,
    PrefixedArray,
    Struct,
    Terminated,
)
from spacepackets.ccsds.spacepacket import PacketType, SequenceFlags
from spacepackets.ecss.tc import PusTc

from fsw.modes import COMMANDABLE, Mode
from fsw.parameters import BY_ID, known
from fsw.slip import crc16

APID = 0x052  # application process of the flight software, telecommands and telemetry
ECLIPSES_MAX = 255  # in one forecast: its count is a byte
SHORTEST_PACKET = 6 + 5 + 2  # primary header, PUS-C secondary header, packet error control


class Reason(IntEnum):
    """Why a telecommand was refused; the failure code of a PUS-1 report."""

    LENGTH = 1  # shorter or longer than its header says
    CHECKSUM = 2
    HEADER = 3  # no unsegmented PUS-C telecommand
    APID = 4  # for another application
    UNKNOWN = 5  # no such service and subtype
    ARGUMENTS = 6  # application data do not fit the layout
    VALUE = 7  # an argument that makes no sense
    NOT_NOW = 8  # the state on board does not allow it


class CommandRefused(Exception):
    """A telecommand that is not carried out. `reason` is for counters, the text for people."""

    def __init__(self, reason: Reason, text: str) -> None:
        super().__init__(f"refused ({reason.name.lower().replace('_', ' ')}): {text}")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Noop:
    """Are you alive."""


@dataclass(frozen=True, slots=True)
class ResetCounters:
    """Zero the counters of events, link, protected store and telecommands in housekeeping."""


@dataclass(frozen=True, slots=True)
class SetMode:
    """The highest mode allowed from now on."""

    mode: Mode

    def __post_init__(self) -> None:
        if self.mode not in COMMANDABLE:
            names = ", ".join(str(mode) for mode in sorted(COMMANDABLE))
            raise ValueError(f"mode {self.mode} cannot be commanded; commandable are {names}")


@dataclass(frozen=True, slots=True)
class SetParameter:
    """Change a parameter of the table in `fsw.parameters`, by name."""

    name: str
    value: float

    def __post_init__(self) -> None:
        known(self.name).check(self.value)


@dataclass(frozen=True, slots=True)
class LoadEclipseForecast:
    """Every eclipse up to `until_s`, as (enter, leave) in mission seconds; replaces the last one.

    An empty forecast says that there is none up to then.
    """

    eclipses: tuple[tuple[float, float], ...]
    until_s: float

    def __post_init__(self) -> None:
        if len(self.eclipses) > ECLIPSES_MAX:
            raise ValueError(f"forecast of {len(self.eclipses)} eclipses, at most {ECLIPSES_MAX}")
        last_s = -math.inf
        for enter_s, leave_s in self.eclipses:
            if not last_s < enter_s < leave_s <= self.until_s < math.inf:
                raise ValueError(
                    f"eclipse from {enter_s:g} to {leave_s:g} s, must begin after {last_s:g} s, "
                    f"end later than it begins and by {self.until_s:g} s"
                )
            last_s = leave_s
        if not math.isfinite(self.until_s):
            raise ValueError(f"forecast until {self.until_s} s, must be a finite time")


@dataclass(frozen=True, slots=True)
class SetLoadLimit:
    """Share of full compute power that may be used, 0 to 1."""

    limit: float

    def __post_init__(self) -> None:
        if not 0.0 <= self.limit <= 1.0:
            raise ValueError(f"load limit {self.limit:g}, must be 0 to 1")


@dataclass(frozen=True, slots=True)
class RetryTrays:
    """Try trays that were given up again; bit i = tray i."""

    trays: int

    def __post_init__(self) -> None:
        if not 0 < self.trays < 1 << 32:
            raise ValueError(f"tray mask 0x{self.trays:X}, must name one of 32 trays or more")


@dataclass(frozen=True, slots=True)
class ScheduleCommand:
    """Carry out another telecommand packet at a mission time (ns)."""

    release_ns: int
    packet: bytes

    def __post_init__(self) -> None:
        if isinstance(decode_telecommand(self.packet), ScheduleCommand):
            raise ValueError("a scheduled command cannot schedule another")


Telecommand = (
    Noop
    | ResetCounters
    | SetMode
    | SetParameter
    | LoadEclipseForecast
    | SetLoadLimit
    | RetryTrays
    | ScheduleCommand
)


@dataclass(frozen=True, slots=True)
class Kind:
    """Service, subtype and layout of the application data of one command."""

    command: type[Any]
    service: int
    subtype: int
    layout: Construct

    @property
    def name(self) -> str:
        """As in the PUS: TC[service,subtype] and the command's name."""
        return f"TC[{self.service},{self.subtype}] {self.command.__name__}"


def _layout(*parts: Construct) -> Construct:
    return Struct(*parts, Terminated)


KINDS: tuple[Kind, ...] = (
    Kind(Noop, 17, 1, _layout()),
    Kind(
        SetParameter,
        20,
        3,
        _layout(Const(1, Int8ub), "name" / Int16ub, "value" / Float64b),  # name as parameter id
    ),
    Kind(
        ScheduleCommand,
        11,
        4,
        _layout(Const(1, Int8ub), "release_ns" / Int64ub, "packet" / GreedyBytes),
    ),
    Kind(ResetCounters, 128, 1, _layout()),
    Kind(SetMode, 128, 2, _layout("mode" / Int8ub)),
    Kind(
        LoadEclipseForecast,
        128,
        3,
        _layout("until_s" / Float64b, "eclipses" / PrefixedArray(Int8ub, Array(2, Float64b))),
    ),
    Kind(SetLoadLimit, 128, 4, _layout("limit" / Float64b)),
    Kind(RetryTrays, 128, 5, _layout("trays" / Int32ub)),
)

_BY_COMMAND = {kind.command: kind for kind in KINDS}
_BY_NUMBERS = {(kind.service, kind.subtype): kind for kind in KINDS}


def encode_telecommand(command: Telecommand, sequence_count: int = 0) -> bytes:
    """The packet of a command."""
    kind = _BY_COMMAND[type(command)]
    values = {item.name: getattr(command, item.name) for item in fields(command)}
    if isinstance(command, SetParameter):
        values["name"] = known(command.name).id
    packet = PusTc(
        service=kind.service,
        message_subtype=kind.subtype,
        apid=APID,
        seq_count=sequence_count & 0x3FFF,
        app_data=kind.layout.build(values),
    )
    return bytes(packet.pack())


def decode_telecommand(packet: bytes) -> Telecommand:
    """The command of a packet. Raises CommandRefused with the reason."""
    tc = _unpack(packet)
    kind = _BY_NUMBERS.get((tc.service, tc.message_subtype))
    if kind is None:
        names = ", ".join(known_kind.name for known_kind in KINDS)
        raise CommandRefused(
            Reason.UNKNOWN, f"TC[{tc.service},{tc.message_subtype}] is not known; known: {names}"
        )
    data = bytes(tc.app_data)
    try:
        parsed = kind.layout.parse(data)
    except ConstructError as error:
        detail = str(error).splitlines()[-1]
        raise CommandRefused(
            Reason.ARGUMENTS, f"{kind.name}: {len(data)} bytes of arguments: {detail}"
        ) from None
    values = {item.name: parsed[item.name] for item in fields(kind.command)}
    try:
        command: Telecommand = kind.command(**_typed(values))
    except ValueError as error:
        raise CommandRefused(Reason.VALUE, f"{kind.name}: {error}") from None
    return command


def _typed(values: dict[str, Any]) -> dict[str, Any]:
    """Arguments as the dataclasses have them. Raises ValueError."""
    if "mode" in values:
        values["mode"] = Mode(values["mode"])
    if "name" in values:
        row = BY_ID.get(values["name"])
        if row is None:
            raise ValueError(f"parameter id 0x{values['name']:04X} is not in the table")
        values["name"] = row.name
    if "eclipses" in values:
        values["eclipses"] = tuple((enter, leave) for enter, leave in values["eclipses"])
    return values


def _unpack(packet: bytes) -> PusTc:
    if len(packet) < SHORTEST_PACKET:
        raise CommandRefused(
            Reason.LENGTH, f"{len(packet)} bytes, a telecommand has {SHORTEST_PACKET} or more"
        )
    length = int.from_bytes(packet[4:6], "big") + 7
    if length != len(packet):
        raise CommandRefused(Reason.LENGTH, f"{len(packet)} bytes, its header says {length}")
    if crc16(packet):
        raise CommandRefused(Reason.CHECKSUM, f"packet error control of {packet[:6].hex(' ')} …")
    if packet[6] >> 4 != 2 or packet[0] >> 5 or not packet[0] & 0x08:
        raise CommandRefused(
            Reason.HEADER, f"{packet[:7].hex(' ')} … is no PUS-C packet (version 2)"
        )
    tc = PusTc.unpack(packet)
    if (
        tc.sp_header.packet_type != PacketType.TC
        or tc.sp_header.seq_flags != SequenceFlags.UNSEGMENTED
    ):
        raise CommandRefused(
            Reason.HEADER, f"{packet[:4].hex(' ')} … is no unsegmented telecommand"
        )
    if tc.apid != APID:
        raise CommandRefused(Reason.APID, f"APID 0x{tc.apid:03X}, expected 0x{APID:03X}")
    return tc
