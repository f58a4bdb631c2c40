"""Store for what must survive upsets and restarts of the flight software.

Words of SECDED (39,32). Records stand in them twice, each copy with a header (kind, length) and a
CRC-32. A write goes to copy A, then to copy B, so that a restart at any point leaves one copy
whole: the new one if A was finished, else the old one. Where both are whole and differ, A is the
newer. A damaged copy is restored from the other; when both are lost the record reads as None and
the caller's default holds.

Slot in words: header, data, CRC-32 over header and data, spare up to the record's capacity.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import Enum

from fsw.events import Report, Severity
from fsw.secded import CODEWORD_MASK, CORRECTIONS, DATA_MASK, encode, syndrome

WORDS_DEFAULT = 256
STORE_BYTES_PER_WORD = 8  # a codeword in an unsigned 64-bit cell, native byte order
SLOT_OVERHEAD_WORDS = 2


@dataclass(frozen=True, slots=True)
class Record:
    """A kind of record: name, number in its header (1 to 255), and room for its data."""

    name: str
    kind: int
    capacity_bytes: int

    @property
    def slot_words(self) -> int:
        """Words of one copy."""
        return (self.capacity_bytes + 3) // 4 + SLOT_OVERHEAD_WORDS


# Slots are laid out in this order: append, never reorder, or a stored image is not found again.
RECORDS: tuple[Record, ...] = (
    Record("mode", 1, 16),
    Record("charge", 2, 16),
    Record("counters", 3, 64),
    Record("parameters", 4, 200),
    Record("forecast", 5, 128),
)


@dataclass(slots=True)
class MemoryCounters:
    """Counts since construction."""

    corrected: int = 0  # single-bit errors corrected, by scrubbing or on a read
    uncorrectable: int = 0  # words with more errors than the code corrects
    recovered: int = 0  # copies restored from the other one
    lost: int = 0  # records whose copies were both gone
    cleared: int = 0  # uncorrectable words that held nothing, and records never whole: zeroed
    passes: int = 0  # complete scrubs

    def since(self, base: MemoryCounters) -> MemoryCounters:
        """What was counted since `base` was copied from this."""
        return MemoryCounters(
            **{
                item.name: getattr(self, item.name) - getattr(base, item.name)
                for item in fields(self)
            }
        )


class _State(Enum):
    BLANK = 0
    GOOD = 1
    DAMAGED = 2


@dataclass(frozen=True, slots=True)
class _Copy:
    state: _State
    data: bytes = b""


_BLANK = _Copy(_State.BLANK)
_DAMAGED = _Copy(_State.DAMAGED)


class ProtectedMemory:
    """Records over a store of codewords that the caller keeps across restarts.

    `store`: a bytearray of 8 bytes a word, zeros when new (`ProtectedMemory.new_store()`).
    `report` receives an event for every record recovered or lost; it may be set later.
    Raises ValueError when the records do not fit the store.
    """

    def __init__(
        self,
        store: bytearray,
        records: Sequence[Record] = RECORDS,
        report: Report | None = None,
    ) -> None:
        if len(store) % STORE_BYTES_PER_WORD:
            raise ValueError(f"store of {len(store)} bytes, must be a multiple of 8")
        self._cells = memoryview(store).cast("Q")
        self.words = len(self._cells)
        self.counters = MemoryCounters()
        self.report = report
        self.next_word = 0
        self._half = self.words // 2
        self._records = {record.name: record for record in records}
        self._starts: dict[str, int] = {}  # of copy A; copy B stands half the store further
        self._ends: dict[int, str] = {}  # record whose copy B ends with this word
        self._owner: list[Record | None] = [None] * self._half
        start = 0
        for record in records:
            self._starts[record.name] = start
            end = start + record.slot_words
            if end > self._half:
                raise ValueError(
                    f"records need {end} words a copy with {record.name!r}, "
                    f"a store of {self.words} words has {self._half}"
                )
            self._owner[start:end] = [record] * record.slot_words
            self._ends[end - 1 + self._half] = record.name
            start = end

    @staticmethod
    def new_store(words: int = WORDS_DEFAULT) -> bytearray:
        """An empty store: zero is a codeword, and no header."""
        return bytearray(words * STORE_BYTES_PER_WORD)

    def read(self, name: str) -> bytes | None:
        """Data of a record; None when it was never written or is lost."""
        record = self._records[name]
        start = self._starts[name]
        first, second = self._copy(record, start), self._copy(record, start + self._half)
        if _State.GOOD not in (first.state, second.state):
            if first.state is second.state is _State.DAMAGED:
                self._lose(record)
            elif first.state is not second.state:  # one blank: nothing was ever whole here
                self._erase(record)
                self.counters.cleared += 1
            return None
        if first == second:
            return first.data
        if first.state is _State.GOOD:  # the other is damaged, or a restart cut the write short
            kept, replaced, where = first, second, start + self._half
        else:
            kept, replaced, where = second, first, start
        self._write_copy(record, where, kept.data)
        if replaced.state is _State.DAMAGED:
            self._recover(record)
        return kept.data

    def write(self, name: str, data: bytes) -> None:
        """Store a record in both copies. Raises ValueError when it is too long."""
        record = self._records[name]
        if len(data) > record.capacity_bytes:
            raise ValueError(
                f"record {name!r}: {len(data)} bytes, has room for {record.capacity_bytes}"
            )
        start = self._starts[name]
        self._write_copy(record, start, data)
        self._write_copy(record, start + self._half, data)

    def scrub(self, words: int) -> None:
        """Check the next `words` words, round and round; repair what can be repaired.

        At the end of a record its CRC-32 is checked as well, which finds what the code missed.
        """
        cells, half = self._cells, self._half
        for _ in range(words):
            index = self.next_word
            record = self._owner[index % half] if index < 2 * half else None
            wrong = syndrome(cells[index])
            if wrong:
                if CORRECTIONS[wrong] is not None:
                    self._correct(index, wrong)
                else:
                    self._resolve(index, record)
            if index in self._ends:
                self.read(self._ends[index])
            self.next_word = index + 1
            if self.next_word == self.words:
                self.next_word = 0
                self.counters.passes += 1

    def flip(self, word: int, mask: int) -> int:
        """XOR a 39-bit mask into a stored codeword; returns the codeword as it is then."""
        if not 0 <= word < self.words or not 0 <= mask <= CODEWORD_MASK:
            raise ValueError(
                f"flip of word {word}, mask 0x{mask:X}: word must be 0 to {self.words - 1}, "
                f"mask 0 to 0x{CODEWORD_MASK:X}"
            )
        self._cells[word] ^= mask
        return self._cells[word]

    def peek(self, word: int) -> int:
        """A stored codeword, as it is."""
        return self._cells[word]

    def _correct(self, index: int, wrong: int) -> int | None:
        """Correct a word of non-zero syndrome in place; None when that cannot be done."""
        flips = CORRECTIONS[wrong]
        if flips is None:
            self.counters.uncorrectable += 1
            return None
        self.counters.corrected += 1
        self._store(index, self._cells[index] ^ flips)
        return self._cells[index]

    def _resolve(self, index: int, record: Record | None) -> None:
        """Deal with an uncorrectable word that the scrubber met."""
        if record is not None:
            self.read(record.name)  # counts it and restores the copy, if the record uses the word
        if CORRECTIONS[syndrome(self._cells[index])] is None:
            self._store(index, 0)
            self.counters.uncorrectable += 1
            self.counters.cleared += 1

    def _store(self, index: int, codeword: int) -> None:
        self._cells[index] = codeword

    def _load(self, start: int, count: int) -> list[int] | None:
        """Data of words, corrected; None when one of them is beyond that."""
        data: list[int] | None = []
        for index in range(start, start + count):
            codeword: int | None = self._cells[index]
            wrong = syndrome(self._cells[index])
            if wrong:
                codeword = self._correct(index, wrong)
            if codeword is None:
                data = None
            elif data is not None:
                data.append(codeword & DATA_MASK)
        return data

    def _copy(self, record: Record, start: int) -> _Copy:
        head = self._load(start, 1)
        if head is None:
            return _DAMAGED
        if not head[0]:
            return _BLANK
        kind, length = head[0] >> 16, head[0] & 0xFFFF
        if kind != record.kind or length > record.capacity_bytes:
            return _DAMAGED
        words = self._load(start + 1, (length + 3) // 4 + 1)
        if words is None:
            return _DAMAGED
        raw = b"".join(word.to_bytes(4, "big") for word in words[:-1])
        if _crc32(head[0], raw) != words[-1]:
            return _DAMAGED
        return _Copy(_State.GOOD, raw[:length])

    def _write_copy(self, record: Record, start: int, data: bytes) -> None:
        header = record.kind << 16 | len(data)
        raw = data + bytes(-len(data) % 4)
        self._store(start, encode(header))
        for offset in range(0, len(raw), 4):
            start += 1
            self._store(start, encode(int.from_bytes(raw[offset : offset + 4], "big")))
        self._store(start + 1, encode(_crc32(header, raw)))

    def _recover(self, record: Record) -> None:
        self.counters.recovered += 1
        if self.report is not None:
            self.report(
                Severity.LOW,
                "RECORD_RECOVERED",
                f"protected record {record.name}: a damaged copy was restored from the other",
                record=record.name,
            )

    def _erase(self, record: Record) -> None:
        start = self._starts[record.name]
        for index in range(start, start + record.slot_words):
            self._store(index, 0)
            self._store(index + self._half, 0)

    def _lose(self, record: Record) -> None:
        self._erase(record)
        self.counters.lost += 1
        if self.report is not None:
            self.report(
                Severity.HIGH,
                "RECORD_LOST",
                f"protected record {record.name}: both copies are damaged, defaults hold",
                record=record.name,
            )


def _crc32(header: int, data: bytes) -> int:
    return zlib.crc32(data, zlib.crc32(header.to_bytes(4, "big")))
