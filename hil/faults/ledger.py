"""The ledger of upsets: what struck, and what became of it.

Every upset ends as one of four, looked at once a second and when the run ends:

corrected       undone without flight software: flipped bits that the memory's own code corrects,
                whose codeword reads again as before the strike; an HBM error that its ECC
                corrected.
recovered       undone by flight software: a codeword with flipped bits beyond its code that was
                rewritten; a hung or latched-up tray that runs again; weights that were reloaded.
uncorrectable   still there at the end, and reported: hardware or flight software counted it.
silent          never noticed: a wrong result, or a wrong bit that nothing met before the end. An
                upset that met nothing (its tray was off) is silent too; its note says so.

Faults that a suite injects have a ledger of their own (`hil.faults.injections`: when they fired,
were detected and recovered from); those that are upsets go through this one too, for their fate.

Rules for a codeword of a memory (a configuration frame is one, too). `expected` is what it was
before the first strike, `mask` the XOR of the strikes since. It is still wrong while it reads
`expected ^ mask`. When it reads `expected` again the strikes are corrected if the code corrects
`mask` and recovered otherwise. When it reads anything else, it was rewritten with other data:
recovered; unless so many bits were flipped that the code can mistake them for others: silent.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from hil.errors import Unreachable
from sim.upsets import Upset


class Fate(StrEnum):
    """What became of an upset."""

    OPEN = "open"
    CORRECTED = "corrected"
    RECOVERED = "recovered"
    UNCORRECTABLE = "uncorrectable"
    SILENT = "silent"


@dataclass
class Entry:
    """An upset and its fate."""

    upset: Upset
    struck_ns: int
    fate: Fate = Fate.OPEN
    settled_ns: int | None = None
    note: str = ""

    def settle(self, fate: Fate, time_ns: int, note: str = "") -> None:
        """Close the entry."""
        self.fate, self.settled_ns = fate, time_ns
        self.note = "; ".join(part for part in (self.note, note) if part)

    def as_dict(self) -> dict[str, Any]:
        """For events.jsonl."""
        return {
            "element": self.upset.element,
            "tray": self.upset.tray,
            "index": self.upset.index,
            "bits": list(self.upset.bits),
            "struck_s": self.struck_ns / 1e9,
            "fate": self.fate.value,
            "settled_s": None if self.settled_ns is None else self.settled_ns / 1e9,
            "note": self.note,
        }


class Memory(Protocol):
    """A memory behind a code that can be struck and looked at, by codewords."""

    def corrects(self, mask: int) -> bool:
        """Whether the code undoes these flips of a codeword by itself."""

    def mistakes(self, mask: int) -> bool:
        """Whether the code may take these flips for others, and correct good bits."""

    def remark(self, word: int, mask: int) -> str:
        """What is special about these bits, "" if nothing is."""

    def peek(self, word: int) -> int:
        """The stored codeword."""

    def flip(self, word: int, mask: int) -> int:
        """XOR `mask` into the stored codeword; returns it as read back."""

    def reported(self) -> int:
        """Uncorrectable codewords counted so far, as flight software knows."""


class Trays(Protocol):
    """The compute trays, as the physics has them."""

    def strike(self, upset: Upset) -> bool:
        """Let an upset act on a tray; False when it met nothing."""

    def damaged(self, upset: Upset) -> bool:
        """Whether what this upset did is still there."""

    def reported(self, upset: Upset) -> int:
        """Times that damage of this kind was noticed on this tray so far."""


@dataclass
class _Word:
    """A struck word and the entries that wait for it."""

    expected: int
    mask: int = 0
    reported: int = 0  # as of the first strike
    entries: list[Entry] = field(default_factory=list)


NOT_MET = "not met before the end"
MEMORIES = ("controller_memory", "flight_memory", "config_frames")
TRANSIENT = {"compute": "a wrong result, gone with it"}
SELF_CORRECTED = {"hbm_corrected": "by the ECC of the HBM"}


class Ledger:
    """Strikes upsets and follows each to its fate.

    `memories` has a Memory for each of MEMORIES; every other element is a tray's.
    """

    def __init__(self, memories: Mapping[str, Memory], trays: Trays) -> None:
        self.entries: list[Entry] = []
        self._memories = memories
        self._trays = trays
        self._words: dict[tuple[str, int], _Word] = {}
        self._on_trays: list[tuple[Entry, int]] = []  # with the count of reports before the strike
        self._settled: list[Entry] = []  # since the last look

    def strike(self, upset: Upset, time_ns: int) -> Entry:
        """Let an upset act and open its entry.

        Raises InjectionError when it does not take, Unreachable where it cannot be done just now.
        """
        entry = Entry(upset, time_ns)
        if upset.element in MEMORIES:
            self._strike_memory(entry, time_ns)
        else:
            self._strike_tray(entry, time_ns)
        self.entries.append(entry)
        return entry

    def look(self, time_ns: int) -> list[Entry]:
        """See what became of the open entries; those settled since the last look."""
        with contextlib.suppress(Unreachable):  # then it is looked at later
            for key in list(self._words):
                self._look_at_word(key, time_ns)
        for entry, _ in self._on_trays:
            if not self._trays.damaged(entry.upset):
                entry.settle(Fate.RECOVERED, time_ns)
                self._settled.append(entry)
        self._on_trays = [pair for pair in self._on_trays if pair[0].fate is Fate.OPEN]
        settled, self._settled = self._settled, []
        return settled

    def close(self, time_ns: int) -> list[Entry]:
        """Look a last time and settle what is still open."""
        settled = self.look(time_ns)
        for (element, _), word in self._words.items():
            noticed = self._memories[element].reported() > word.reported
            for entry in word.entries:
                _settle_left(entry, noticed, time_ns)
                settled.append(entry)
        for entry, reported in self._on_trays:
            noticed = self._trays.reported(entry.upset) > reported
            _settle_left(entry, noticed, time_ns)
            settled.append(entry)
        self._words.clear()
        self._on_trays.clear()
        return settled

    def counts(self) -> dict[str, int]:
        """Upsets by fate, with `occurred`."""
        fates = Counter(entry.fate for entry in self.entries)
        return {"occurred": len(self.entries)} | {fate.value: fates[fate] for fate in Fate}

    def _strike_memory(self, entry: Entry, time_ns: int) -> None:
        element, index = entry.upset.element, entry.upset.index
        memory = self._memories[element]
        key = (element, index)
        if key in self._words:
            self._look_at_word(key, time_ns)
        word = self._words.get(key)
        if word is None:
            word = _Word(memory.peek(index), reported=memory.reported())
        mask = 0
        for bit in entry.upset.bits:
            mask ^= 1 << bit
        entry.note = memory.remark(index, mask)
        memory.flip(index, mask)
        word.mask ^= mask
        word.entries.append(entry)
        self._words[key] = word

    def _strike_tray(self, entry: Entry, time_ns: int) -> None:
        upset = entry.upset
        reported = self._trays.reported(upset)
        if not self._trays.strike(upset):
            entry.settle(Fate.SILENT, time_ns, "met nothing: the tray was off")
        elif upset.element in TRANSIENT:
            entry.settle(Fate.SILENT, time_ns, TRANSIENT[upset.element])
        elif upset.element in SELF_CORRECTED:
            entry.settle(Fate.CORRECTED, time_ns, SELF_CORRECTED[upset.element])
        else:
            self._on_trays.append((entry, reported))

    def _look_at_word(self, key: tuple[str, int], time_ns: int) -> None:
        element, index = key
        word = self._words[key]
        memory = self._memories[element]
        now = memory.peek(index)
        if now == word.expected:
            fate, note = Fate.RECOVERED, "rewritten"
            if memory.corrects(word.mask):
                fate, note = Fate.CORRECTED, "" if word.mask else "flipped back by another upset"
        elif now == word.expected ^ word.mask:
            return
        elif memory.mistakes(word.mask):
            fate, note = Fate.SILENT, f"{word.mask.bit_count()} flipped bits taken for fewer"
        else:
            fate, note = Fate.RECOVERED, "rewritten with other data"
        for entry in word.entries:
            entry.settle(fate, time_ns, note)
        self._settled += word.entries
        del self._words[key]


def _settle_left(entry: Entry, noticed: bool, time_ns: int) -> None:
    """Settle an entry that is still open at the end."""
    if noticed:
        entry.settle(Fate.UNCORRECTABLE, time_ns, "noticed, not undone")
    else:
        entry.settle(Fate.SILENT, time_ns, NOT_MET)
