"""The protected memory of a board, struck and looked at through the link alone.

The link shows words behind their code, and a read corrects what it can, as the scrubber does. So a
struck word is believed wrong until the controller has shown that it met it: by the scrubber's
progress, or for what its code cannot correct by the count of uncorrectable words. Only then is it
read, and what the bench reads was corrected, or counted, by the controller itself.
"""

from __future__ import annotations

from dataclasses import dataclass

from fsw import registers as r
from fsw.register_map import Region, Register
from fsw.secded import encode
from hil.targets.bench_link import BenchLink
from hil.targets.lockstep import MEMORY

SETTLE_NS = 500_000_000  # until flight software has rewritten a word it was told of
AGAIN_NS = 3_000_000_000  # until a word that was still wrong is looked at again
SEEN_NS = 50_000_000  # that long the controller's progress is believed
PASSES = 1 << r.DIAGNOSTICS_SCRUB_PROGRESS.field("passes").width  # passes, until their count wraps


@dataclass
class _Struck:
    """A word that was struck and not seen good since."""

    codeword: int  # as it should be
    mask: int = 0
    place: int = 0  # of the scrubber at the last strike
    uncorrectable: int = 0  # count at the last strike
    read_ns: int | None = None  # not before; None until the controller has met it


class StruckMemory:
    """Strikes words, and looks at them, over `link`."""

    def __init__(self, link: BenchLink) -> None:
        self._link = link
        self._struck: dict[int, _Struck] = {}
        self._seen: tuple[int, int, int] | None = None  # at mission time: place, uncorrectable

    def forget(self) -> None:
        """The controller was reset: what was struck is gone."""
        self._struck.clear()

    def flip(self, word: int, mask: int) -> int:
        """XOR `mask` (39 bits) into a stored codeword; the codeword as it should be now.

        Raises Unreachable; then it may have been struck all the same.
        """
        MEMORY.check_word(word)
        MEMORY.check_mask(mask)
        struck = self._struck.get(word) or _Struck(encode(self._read(word)))
        place, uncorrectable = self._progress()
        for region, part in ((r.FLIP_MEMORY, mask & 0xFFFFFFFF), (r.FLIP_CHECK, mask >> 32)):
            if part:
                self._link.write(region, 4 * word, part.to_bytes(4, "big"))
        struck.mask ^= mask
        struck.place, struck.uncorrectable, struck.read_ns = place, uncorrectable, None
        self._struck[word] = struck
        return struck.codeword ^ struck.mask

    def peek(self, word: int, now_ns: int) -> int:
        """A codeword as far as the link shows it. Raises Unreachable."""
        MEMORY.check_word(word)
        struck = self._struck.get(word)
        if struck is None:
            return encode(self._read(word))
        if not self._is_due(word, struck, now_ns):
            return struck.codeword ^ struck.mask
        if struck.mask.bit_count() > 1:
            before = self._uncorrectable()
            data = self._read(word)
            if self._uncorrectable() != before:  # this read has met it, still wrong
                struck.read_ns = now_ns + AGAIN_NS
                return struck.codeword ^ struck.mask
        else:
            data = self._read(word)
        del self._struck[word]
        return encode(data)

    def _is_due(self, word: int, struck: _Struck, now_ns: int) -> bool:
        """Whether the controller has met the word since it was struck, and it may be read."""
        if struck.read_ns is not None:
            return now_ns >= struck.read_ns
        if self._seen is None or now_ns - self._seen[0] > SEEN_NS:
            self._seen = (now_ns, *self._progress())
        _, place, uncorrectable = self._seen
        ahead = (word - struck.place) % MEMORY.words
        met = (place - struck.place) % (PASSES * MEMORY.words) > ahead
        if struck.mask.bit_count() <= 1:
            return met
        # Read too soon, it would be counted once more, and flight software deal with two.
        if met or uncorrectable != struck.uncorrectable:
            struck.read_ns = now_ns + SETTLE_NS
        return False

    def _progress(self) -> tuple[int, int]:
        """Where the scrubber is, in words since it began; uncorrectable words counted."""
        scrub = self._fields(r.DIAGNOSTICS, r.DIAGNOSTICS_SCRUB_PROGRESS)
        place = scrub["passes"] * MEMORY.words + scrub["next_word"]
        return place, self._uncorrectable()

    def _uncorrectable(self) -> int:
        return self._fields(r.FAST, r.FAST_MEMORY_ERRORS)["uncorrectable"]

    def _fields(self, region: Region, register: Register) -> dict[str, int]:
        word = self._link.read(region, register.address - region.base, 4)
        return register.unpack(int.from_bytes(word, "big"))

    def _read(self, word: int) -> int:
        return int.from_bytes(self._link.read(r.MEMORY, 4 * word, 4), "big")
