"""Upsets of memories and registers: bits that radiation flips.

Those of memories go through the ledger of upsets (`hil.faults.ledger`), as those that a
mission draws do, which follows each to its fate.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Annotated, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from fsw.protected_memory import WORDS_DEFAULT
from fsw.registers import DIAGNOSTICS, DIAGNOSTICS_VOTER
from gateware.triplication import COPIES, triplicated
from hil.errors import InjectionError, UsageError
from hil.faults.effect import Effect
from hil.faults.kinds.kind import Kind, Needs
from hil.faults.rig import Rig
from hil.faults.signs import VOTER
from hil.targets.lockstep import CODEWORD_BITS, MEMORY
from hil.targets.rtl import RtlTarget
from sim.upsets import FRAME_BITS, Upset
from sim.vehicle import Vehicle

FRAMES = 16
Pattern = Literal["single", "adjacent", "burst"]
Bits = Annotated[int, Field(ge=1, le=64)]


def check_bits(width: int, pattern: Pattern, count: int, first: int | None) -> None:
    """Raise ValueError where a word of `width` bits has not all those that are to be flipped."""
    last = 0 if first is None else first
    if pattern == "adjacent" and first is not None:
        last += count - 1
    if last >= width:
        raise ValueError(f"bit {last} is to be flipped, there are {width} bits, counted from 0")


def drawn_bits(
    rng: np.random.Generator, width: int, pattern: Pattern, count: int, first: int | None
) -> tuple[int, ...]:
    """Bits of a word: one, `count` neighbours, or `count` anywhere in it; all of a shorter one.

    Raises UsageError where `first` leaves no room for them.
    """
    count = 1 if pattern == "single" else min(count, width)
    if pattern == "burst":
        return tuple(sorted(rng.choice(width, count, replace=False).tolist()))
    if first is None:
        first = int(rng.integers(0, width - count + 1))
    if first + count > width:
        raise UsageError(f"bit {first + count - 1} is to be flipped, there are {width} bits")
    return tuple(range(first, first + count))


class UpsetKind(Kind):
    """An upset is done at once; what undoes it is the satellite's business."""

    lasting: ClassVar[bool] = False


class BitsKind(UpsetKind):
    """An upset of bits: `bit` alone, with its neighbours, or any of them; drawn where not given."""

    bit: Annotated[int, Field(ge=0)] | None = None
    pattern: Pattern = "single"
    bits: Bits = Field(2, description="of adjacent and burst")

    @model_validator(mode="after")
    def _parameters_of_the_pattern(self) -> Self:
        if self.pattern == "single" and "bits" in self.model_fields_set and self.bits != 1:
            raise ValueError(
                f'bits = {self.bits}, pattern "single" flips one; say pattern = "adjacent" or '
                '"burst", or leave bits out'
            )
        if self.pattern == "burst" and self.bit is not None:
            raise ValueError(
                f'bit = {self.bit}, pattern "burst" draws all its bits; leave bit out, or say '
                'pattern = "adjacent"'
            )
        return self


class WordKind(BitsKind):
    """Bits of one word, drawn where not given."""

    element: ClassVar[str]
    words: ClassVar[int]
    width: ClassVar[int]

    word: Annotated[int, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def _is_there(self) -> Self:
        if self.word is not None and self.word >= self.words:
            raise ValueError(f"word {self.word}, there are {self.words}, counted from 0")
        if self.pattern != "single" and self.bits > self.width:
            raise ValueError(f"bits = {self.bits}, a word has {self.width}")
        check_bits(self.width, self.pattern, self.bits, self.bit)
        return self

    def begin(self, rig: Rig, rng: np.random.Generator) -> Effect:
        """Strike through the ledger; the flip is read back."""
        word = int(rng.integers(0, self.words)) if self.word is None else self.word
        bits = drawn_bits(rng, self.width, self.pattern, self.bits, self.bit)
        entry = rig.upsets.strike(Upset(rig.now_ns / 1e9, self.element, -1, word, bits), rig.now_ns)
        marks = " and ".join(map(str, bits))
        return Effect(f"word {word} read back with bit {marks} flipped", entry=entry)


class ControllerMemory(WordKind):
    """Bits of a codeword of the controller's protected memory (SECDED, scrubbed)."""

    name: ClassVar[str] = "upset.controller_memory"
    element: ClassVar[str] = "controller_memory"
    words: ClassVar[int] = MEMORY.words
    width: ClassVar[int] = CODEWORD_BITS


class ConfigFrame(WordKind):
    """Bits of a configuration frame of the controller; `word` is the frame, of 512 bits."""

    name: ClassVar[str] = "upset.config_frame"
    element: ClassVar[str] = "config_frames"
    words: ClassVar[int] = FRAMES
    width: ClassVar[int] = FRAME_BITS


class FlightMemory(WordKind):
    """Bits of a codeword of flight software's own protected store."""

    name: ClassVar[str] = "upset.flight_memory"
    element: ClassVar[str] = "flight_memory"
    words: ClassVar[int] = WORDS_DEFAULT
    width: ClassVar[int] = CODEWORD_BITS


class TriplicatedCopy(BitsKind):
    """Bits of one copy of a triplicated register of the controller (see the register map)."""

    name: ClassVar[str] = "upset.triplicated_copy"

    register_name: str = Field(
        "*", alias="register", description="name, or a pattern such as cap_*"
    )
    copy_name: Literal["a", "b", "c"] | None = Field(None, alias="copy")

    def check(self, vehicle: Vehicle) -> None:
        """There is such a register, and each that matches has such a bit."""
        known = triplicated(vehicle.rack.trays)
        for name in matching(self.name, "triplicated register", self.register_name, list(known)):
            try:
                check_bits(known[name].width, self.pattern, self.bits, self.bit)
            except ValueError as error:
                raise UsageError(f"{self.name}: {name}: {error}") from error

    def begin(self, rig: Rig, rng: np.random.Generator) -> Effect:
        """Flip; the copy is read back before it is repaired."""
        known = triplicated(rig.trays)
        name = one_of(self.name, "triplicated register", self.register_name, list(known), rng)
        copy = self.copy_name or COPIES[int(rng.integers(0, 3))]
        bits = drawn_bits(rng, known[name].width, self.pattern, self.bits, self.bit)
        before = voter_mismatches(rig)
        after = rig.target.flip_register(name, copy, sum(1 << bit for bit in bits))
        outvoted = voter_mismatches(rig) - before & 0xFFFF
        marks = " and ".join(map(str, bits))
        if after is None and not outvoted:
            raise InjectionError(
                f"flip of copy {copy} of {name}: the voter counted nothing, expected 1"
            )
        seen = "" if after is None else f" read back as {after:#x}"
        return Effect(
            f"copy {copy} of {name}{seen} with bit {marks} flipped; the voter counted {outvoted}",
            present=outvoted == 0,
            corrected_by=VOTER if outvoted else "",
        )


def voter_mismatches(rig: Rig) -> int:
    """How often the controller's voters have outvoted a copy, modulo 2^16."""
    start = DIAGNOSTICS_VOTER.address - DIAGNOSTICS.base
    word = int.from_bytes(rig.target.look(DIAGNOSTICS, start, 4), "big")
    return DIAGNOSTICS_VOTER.unpack(word)["mismatches"]


class Flop(BitsKind):
    """Flip-flops of the controller's Verilog, by the name of their register or a pattern.

    `pattern` burst takes `bits` flip-flops of any registers that match, all between the same two
    clocks; the others take one register.
    """

    name: ClassVar[str] = "upset.flop"
    needs: ClassVar[Needs] = Needs.NAMES

    register_name: str = Field(
        "*", alias="register", description="name in the Verilog, or a pattern"
    )

    def begin(self, rig: Rig, rng: np.random.Generator) -> Effect:
        """Flip between two clocks; each register is read back."""
        target = rig.target
        if not isinstance(target, RtlTarget):
            raise UsageError(f"{self.name}: needs the RTL with names")
        widths = target.flops()
        names = matching(self.name, "register", self.register_name, list(widths))
        cells = [(name, bit) for name in names for bit in range(widths[name])]
        if self.pattern == "burst":
            drawn = [cells[i] for i in rng.choice(len(cells), min(self.bits, len(cells)), False)]
        else:
            name = cells[int(rng.integers(0, len(cells)))][0]  # weighted by its bits
            chosen_bits = drawn_bits(rng, widths[name], self.pattern, self.bits, self.bit)
            drawn = [(name, bit) for bit in chosen_bits]
        masks: dict[str, int] = {}
        for name, bit in drawn:
            masks[name] = masks.get(name, 0) | 1 << bit
        # Where all of them are copies behind a voter its counter tells; a look through the link at
        # any other time would disturb what was flipped.
        voted = all(".copy_" in name for name in masks)
        before = voter_mismatches(rig) if voted else 0
        texts = [
            f"{name} read back as {after:#x}, flipped by {masks[name]:#x}"
            for name, after in target.flip_flops(masks).items()
        ]
        outvoted = voted and voter_mismatches(rig) != before and not vote_lost(masks)
        by = VOTER if outvoted else ""
        return Effect("; ".join(texts), present=False, corrected_by=by)


class RtlMemory(BitsKind):
    """Bits of a word of any memory of the controller's Verilog: FIFO, frame buffer, counters."""

    name: ClassVar[str] = "upset.rtl_memory"
    needs: ClassVar[Needs] = Needs.NAMES

    memory_name: str = Field("*", alias="memory", description="name in the Verilog, or a pattern")
    word: Annotated[int, Field(ge=0)] | None = None

    def begin(self, rig: Rig, rng: np.random.Generator) -> Effect:
        """Flip between two clocks; the word is read back."""
        target = rig.target
        if not isinstance(target, RtlTarget):
            raise UsageError(f"{self.name}: needs the RTL with names")
        arrays = target.arrays()
        name = one_of(self.name, "memory", self.memory_name, list(arrays), rng)
        words, width = arrays[name]
        word = int(rng.integers(0, words)) if self.word is None else self.word
        if word >= words:
            raise UsageError(f"{self.name}: word {word} of {name}, there are {words}")
        bits = drawn_bits(rng, width, self.pattern, self.bits, self.bit)
        place = f"{name}[{word}]"
        mask = sum(1 << bit for bit in bits)
        after = target.flip_flop(place, mask)
        return Effect(f"{place} read back as {after:#x}, flipped by {mask:#x}", present=False)


def vote_lost(masks: Mapping[str, int]) -> bool:
    """Whether a bit of a triplicated register was flipped in two of its copies or more."""
    struck: dict[str, int] = {}  # by register
    for name, mask in masks.items():
        register, _, _ = name.rpartition(".copy_")
        if struck.get(register, 0) & mask:
            return True
        struck[register] = struck.get(register, 0) | mask
    return False


def matching(kind: str, what: str, pattern: str, known: list[str]) -> list[str]:
    """The names that match. Raises UsageError, with near names, where none does."""
    found = [name for name in known if fnmatchcase(name, pattern)]
    if not found:
        near = difflib.get_close_matches(pattern, known, n=3, cutoff=0.3) or known[:6]
        raise UsageError(f"{kind}: no {what} {pattern!r}; there is {', '.join(near)}")
    return found


def one_of(kind: str, what: str, pattern: str, known: list[str], rng: np.random.Generator) -> str:
    """One of the names that match, drawn. Raises UsageError where none does."""
    found = matching(kind, what, pattern, known)
    return found[int(rng.integers(0, len(found)))]


KINDS = (
    ControllerMemory,
    ConfigFrame,
    FlightMemory,
    TriplicatedCopy,
    Flop,
    RtlMemory,
)
