"""Golden copy of the controller's protected memory, and its upkeep.

Flight software keeps the configuration of the rack in the controller's 4 KiB of protected memory.
The golden copy is worked out from the parameters, so that a restarted flight software arrives at
the same bytes and need not write what is already there.

Beyond the comparison of every golden copy, a block is compared now and then for ever; a word the
controller reports as uncorrectable is rewritten; when more were lost than it could name, everything
is.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping

from fsw.events import Report, Severity
from fsw.golden_copy import GoldenCopy
from fsw.payload_link import PayloadLink
from fsw.registers import DIAGNOSTICS_MEMORY_UNCORRECTABLE, MEMORY, WRITE_MAX

MAGIC = 0x524B4346  # ASCII RKCF
_HEADER = struct.Struct(">III")  # magic, number of parameters, CRC-32 of everything behind
_ENTRY = struct.Struct(">If")  # CRC-32 of the name, value


def golden_image(parameters: Mapping[str, float]) -> bytes:
    """The 4 KiB image: header, parameters by name, and a filler with every bit pattern."""
    body = b"".join(
        _ENTRY.pack(zlib.crc32(name.encode()), parameters[name]) for name in sorted(parameters)
    )
    filler = bytearray()
    seed = zlib.crc32(body)
    room = MEMORY.size - _HEADER.size - len(body)
    if room < 0:
        raise ValueError(f"{len(parameters)} parameters do not fit the {MEMORY.size} byte image")
    while len(filler) < room:
        seed = zlib.crc32(struct.pack(">I", seed), 0x5AFE)
        filler += struct.pack(">I", seed)
    body += bytes(filler[:room])
    return _HEADER.pack(MAGIC, len(parameters), zlib.crc32(body)) + body


class GoldenImage(GoldenCopy):
    """The golden copy, and the words that the controller has lost."""

    def __init__(self, parameters: Mapping[str, float], report: Report) -> None:
        super().__init__(MEMORY, WRITE_MAX, lambda: golden_image(parameters), report)
        self._named = 0  # uncorrectable words reported and not yet dealt with
        self._word: int | None = None  # to be rewritten alone
        self.uncorrectable_met = 0
        self.words_rewritten = 0

    def start_over(self) -> None:
        """The controller was reset: compare everything, write what differs."""
        super().start_over()
        self._named = 0
        self._word = None

    def uncorrectable(self, count: int) -> None:
        """The controller met `count` more uncorrectable words."""
        self._named += count
        self.uncorrectable_met += count

    def step(self, link: PayloadLink) -> bool:
        """One transaction, for a lost word before all others."""
        if self._word is not None:
            self._rewrite(link, self._word)
        elif self._named:
            self._find(link)
        else:
            return super().step(link)
        return True

    def _find(self, link: PayloadLink) -> None:
        register = DIAGNOSTICS_MEMORY_UNCORRECTABLE
        word = register.unpack(int.from_bytes(link.read(register.address, 4), "big"))
        if word["valid"] and self._named == 1:
            self._word = word["word"]
        elif word["valid"]:
            # Only the last one has a name: write everything.
            self.write(range(self.chunks))
            self._report(
                Severity.MEDIUM,
                "MEMORY_REWRITE",
                f"{self._named} uncorrectable words, all memory is rewritten",
                words=self._named,
            )
        self._named = 0

    def _rewrite(self, link: PayloadLink, index: int) -> None:
        start = 4 * index
        link.write(MEMORY.base + start, self._image[start : start + 4])
        self._word = None
        self.words_rewritten += 1
        self._report(
            Severity.LOW,
            "MEMORY_WORD_REWRITTEN",
            f"uncorrectable word {index} rewritten from the golden copy",
            word=index,
        )
