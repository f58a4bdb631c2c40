"""Defects of flight software's care of memories, and of its side of the link."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from pytest import MonkeyPatch

import fsw.controller
import fsw.flight_software
import fsw.frame_care
import fsw.golden_copy
import fsw.golden_image
import fsw.link_cycle
import fsw.payload_link
import fsw.protected_memory
import fsw.rack
import fsw.scrubbing
from tests.faults.mutants.flight_mutant import FlightMutant, entering
from tests.faults.mutants.flight_mutant import nothing as _nothing
from tests.faults.mutants.flight_mutant import replace as _replace

MEMORY_LINK_MUTANTS: list[FlightMutant] = []
_mutant = entering(MEMORY_LINK_MUTANTS)


# -- memories


@_mutant("no faster scrub in radiation", "scrubbing keeps its quiet pace in a storm")
def _(patch: MonkeyPatch) -> None:
    _replace(patch, fsw.scrubbing.ScrubLaw, "_choose_level", _nothing)


@_mutant("lost words not rewritten", "an uncorrectable word of the controller stays")
def _(patch: MonkeyPatch) -> None:
    def count(self: Any, count: int) -> None:
        self.uncorrectable_met += count

    _replace(patch, fsw.golden_image.GoldenImage, "uncorrectable", count)


@_mutant("lost frames not rewritten", "an uncorrectable frame of the controller stays")
def _(patch: MonkeyPatch) -> None:
    _replace(patch, fsw.frame_care.FrameCare, "_rewrite", _nothing)


@_mutant("golden copies not compared", "what the controller's codes do not notice stays")
def _(patch: MonkeyPatch) -> None:
    _replace(patch, fsw.golden_copy.GoldenCopy, "patrol", _nothing)


@_mutant("registers not read back", "a register that lost its vote stays wrong")
def _(patch: MonkeyPatch) -> None:
    _replace(patch, fsw.controller.Controller, "compare", _nothing)


@_mutant("protected store not scrubbed", "upsets gather in flight software's store")
def _(patch: MonkeyPatch) -> None:
    _replace(patch, fsw.protected_memory.ProtectedMemory, "scrub", _nothing)


@_mutant("CRC of the store not checked", "what its code miscorrects is taken for a record")
def _(patch: MonkeyPatch) -> None:
    def whole(self: Any, record: Any, start: int) -> Any:
        return _accepted(self, record, start)

    _replace(patch, fsw.protected_memory.ProtectedMemory, "_copy", whole)


def _accepted(memory: Any, record: Any, start: int) -> Any:
    """`ProtectedMemory._copy` without its CRC."""
    store = fsw.protected_memory
    head: Sequence[int] | None = memory._load(start, 1)
    if head is None:
        return store._DAMAGED
    if not head[0]:
        return store._BLANK
    kind, length = head[0] >> 16, head[0] & 0xFFFF
    if kind != record.kind or length > record.capacity_bytes:
        return store._DAMAGED
    words = memory._load(start + 1, (length + 3) // 4 + 1)
    if words is None:
        return store._DAMAGED
    raw = b"".join(word.to_bytes(4, "big") for word in words[:-1])
    return store._Copy(store._State.GOOD, raw[:length])


# -- link


@_mutant("no retries", "one lost frame is one lost transaction")
def _(patch: MonkeyPatch) -> None:
    transact = fsw.payload_link.PayloadLink._transact

    def once(self: Any, command: Any, shortest: int, data_bytes: Any, retries: Any) -> Any:
        return transact(self, command, shortest, data_bytes, 0)

    _replace(patch, fsw.payload_link.PayloadLink, "_transact", once)


@_mutant("stale replies accepted", "the reply to an earlier command is taken for this one's")
def _(patch: MonkeyPatch) -> None:
    awaited = fsw.payload_link.PayloadLink._awaited

    def any_of_them(self: Any, payload: bytes, command: Any, data_bytes: Any) -> Any:
        try:
            reply = fsw.payload_link.decode_reply(payload)
        except fsw.payload_link.RmapError:
            return awaited(self, payload, command, data_bytes)
        taken = dataclasses.replace(command, transaction_id=reply.transaction_id)
        return awaited(self, payload, taken, data_bytes)

    _replace(patch, fsw.payload_link.PayloadLink, "_awaited", any_of_them)


@_mutant("stale telemetry accepted", "laws act on what was true long ago")
def _(patch: MonkeyPatch) -> None:
    telemetry, block = fsw.rack.RackTelemetry, fsw.rack.TrayBlockTelemetry
    _replace(patch, fsw.rack.Rack, "telemetry", lambda self, time_ns: self.bus.latest(telemetry))
    _replace(patch, fsw.rack.Rack, "tray_telemetry", lambda self, time_ns: self.bus.latest(block))


@_mutant("silence ends no slot", "lost replies are waited for until the cycle is late")
def _(patch: MonkeyPatch) -> None:
    for name in ("LOST_MAX", "LOST_BEFORE_TRAYS", "LOST_BEFORE_WRITES", "LOST_BEFORE_UPKEEP"):
        _replace(patch, fsw.link_cycle, name, 1 << 20)


@_mutant("nothing taken over at a start", "a reboot of flight software switches the rack off")
def _(patch: MonkeyPatch) -> None:
    configured = fsw.flight_software.FlightSoftware._configured

    def afresh(self: Any, kept: bool) -> None:
        configured(self, False)

    _replace(patch, fsw.flight_software.FlightSoftware, "_configured", afresh)
