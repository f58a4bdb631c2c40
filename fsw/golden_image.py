"""Golden copy of the controller's protected memory, and its upkeep.

Flight software keeps the configuration of the rack in the controller's 4 KiB of protected memory.
The golden copy is worked out from the parameters, so that a restarted flight software arrives at
the same bytes and need not write what is already there.

Upkeep is one link transaction or two a minor cycle: at start and then slowly for ever, blocks are
read back and compared; a word the controller reports as uncorrectable is rewritten; when more were
lost than it could name, everything is.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping

from fsw.events import Report, Severity
from fsw.payload_link import PayloadLink
from fsw.registers import DIAGNOSTICS_MEMORY_UNCORRECTABLE, MEMORY, READ_MAX, WRITE_MAX

MAGIC = 0x524B4346  # ASCII RKCF
_HEADER = struct.Struct(">III")  # magic, number of parameters, CRC-32 of everything behind
_ENTRY = struct.Struct(">If")  # CRC-32 of the name, value
BLOCKS = MEMORY.size // READ_MAX


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


class GoldenImage:
    """The copy in flight software's memory, and what is still to be compared or written."""

    def __init__(self, parameters: Mapping[str, float], report: Report) -> None:
        self._parameters = parameters
        self._report = report
        self._image = golden_image(parameters)
        self._crc = zlib.crc32(self._image)
        self._compare: list[int] = list(range(BLOCKS))
        self._write: list[int] = []  # chunks of WRITE_MAX to be written without a look
        self._named: int = 0  # uncorrectable words reported and not yet dealt with
        self._patrol = 0
        self.verified = False  # every block was compared or written since the last start
        self.uncorrectable_met = 0
        self.words_rewritten = 0
        self.chunks_written = 0

    @property
    def image(self) -> bytes:
        """The golden copy itself."""
        return self._image

    def rebuild(self) -> None:
        """The parameters changed: the image follows, and is written where it differs."""
        self._image = golden_image(self._parameters)
        self._crc = zlib.crc32(self._image)
        self.start_over()

    def check(self) -> None:
        """Compare the copy's own CRC; rebuild it from the parameters when it is damaged."""
        if zlib.crc32(self._image) != self._crc:
            self._image = golden_image(self._parameters)
            self._crc = zlib.crc32(self._image)
            self._report(Severity.MEDIUM, "GOLDEN_REBUILT", "the golden copy was damaged, rebuilt")

    def start_over(self) -> None:
        """The controller was reset: compare everything, write what differs."""
        self._compare = list(range(BLOCKS))
        self._write = []
        self._named = 0
        self.verified = False

    def uncorrectable(self, count: int) -> None:
        """The controller met `count` more uncorrectable words."""
        self._named += count
        self.uncorrectable_met += count

    def patrol(self) -> None:
        """Queue the next block for comparison."""
        if not self._compare and not self._write:
            self._compare.append(self._patrol)
            self._patrol = (self._patrol + 1) % BLOCKS

    def step(self, link: PayloadLink) -> None:
        """At most one read and two writes. Raises LinkError; what was not done stays queued."""
        if self._named:
            self._repair(link)
        elif self._write:
            self._write_chunk(link, self._write[0])
            self._write.pop(0)
        elif self._compare:
            self._compare_block(link, self._compare[0])
            self._compare.pop(0)
        else:
            return
        if not (self._write or self._compare or self._named):
            self.verified = True

    def _repair(self, link: PayloadLink) -> None:
        register = DIAGNOSTICS_MEMORY_UNCORRECTABLE
        word = register.unpack(int.from_bytes(link.read(register.address, 4), "big"))
        if word["valid"] and self._named == 1:
            self._rewrite(link, word["word"])
        elif word["valid"]:
            # Only the last one has a name: write everything.
            self._write = list(range(MEMORY.size // WRITE_MAX))
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
        self.words_rewritten += 1
        self._report(
            Severity.LOW,
            "MEMORY_WORD_REWRITTEN",
            f"uncorrectable word {index} rewritten from the golden copy",
            word=index,
        )

    def _compare_block(self, link: PayloadLink, block: int) -> None:
        start = block * READ_MAX
        found = link.read(MEMORY.base + start, READ_MAX)
        if found == self._image[start : start + READ_MAX]:
            return
        chunks = range(start // WRITE_MAX, (start + READ_MAX) // WRITE_MAX)
        wrong = 0
        for chunk in chunks:
            first = chunk * WRITE_MAX
            golden = self._image[first : first + WRITE_MAX]
            seen = found[first - start : first - start + WRITE_MAX]
            if seen != golden:
                wrong += sum(golden[k : k + 4] != seen[k : k + 4] for k in range(0, WRITE_MAX, 4))
                self._write_chunk(link, chunk)
        if self.verified:
            self._report(
                Severity.MEDIUM,
                "MEMORY_DIFFERS",
                f"{wrong} words of block {block} differed from the golden copy, rewritten",
                words=wrong,
                block=block,
            )

    def _write_chunk(self, link: PayloadLink, chunk: int) -> None:
        start = chunk * WRITE_MAX
        link.write(MEMORY.base + start, self._image[start : start + WRITE_MAX])
        self.chunks_written += 1
