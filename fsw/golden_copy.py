"""Golden copy of a region of the controller, and its upkeep: one link transaction a step.

At start, and after every reset of the controller, blocks are read back and compared; chunks that
differ are written. So a restarted flight software need not write what is already there. Whoever
looks after a region may have more blocks compared, or chunks written without a look.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable

from fsw.events import Report, Severity
from fsw.payload_link import PayloadLink
from fsw.register_map import Region
from fsw.registers import READ_MAX


class GoldenCopy:
    """The copy in flight software's memory, and what is still to be compared or written."""

    def __init__(
        self, region: Region, chunk_bytes: int, make: Callable[[], bytes], report: Report
    ) -> None:
        """`make` works the copy out; a chunk is what one command writes. Raises ValueError when
        the copy does not fill the region."""
        self.region = region
        self.chunk_bytes = chunk_bytes
        self.blocks = region.size // READ_MAX
        self.chunks = region.size // chunk_bytes
        self._make = make
        self._report = report
        self._writes: list[int] = []  # chunks
        self._compares: list[int] = []  # blocks
        self._patrol = 0
        self.chunks_written = 0
        self.rebuild()

    @property
    def image(self) -> bytes:
        """The golden copy itself."""
        return self._image

    @property
    def busy(self) -> bool:
        """Something is still to be compared or written."""
        return bool(self._writes or self._compares)

    def rebuild(self) -> None:
        """What the copy is made from has changed: it is written where it differs."""
        self._take(self._make())
        self.start_over()

    def check(self) -> None:
        """Compare the copy's own CRC; make it anew when it is damaged."""
        if zlib.crc32(self._image) != self._crc:
            self._take(self._make())
            self._report(
                Severity.MEDIUM,
                "GOLDEN_REBUILT",
                f"the golden copy of {self.region.name} was damaged, rebuilt",
                region=self.region.name,
            )

    def start_over(self) -> None:
        """The controller was reset: compare everything, write what differs."""
        self._compares = list(range(self.blocks))
        self._writes = []
        self.verified = False  # every block was compared or written since

    def patrol(self) -> None:
        """Queue the next block for comparison."""
        if not self.busy:
            self._compares.append(self._patrol)
            self._patrol = (self._patrol + 1) % self.blocks

    def write(self, chunks: Iterable[int]) -> None:
        """Queue chunks to be written without a look."""
        self._writes += [chunk for chunk in chunks if chunk not in self._writes]

    def step(self, link: PayloadLink) -> bool:
        """One transaction; False when there was nothing to do.

        Raises LinkError; what was not done stays queued.
        """
        if self._writes:
            start = self._writes[0] * self.chunk_bytes
            link.write(self.region.base + start, self._image[start : start + self.chunk_bytes])
            self._writes.pop(0)
            self.chunks_written += 1
        elif self._compares:
            self._compare(link, self._compares[0])
            self._compares.pop(0)
        else:
            return False
        self.verified = self.verified or not self.busy
        return True

    def _take(self, image: bytes) -> None:
        if len(image) != self.region.size:
            raise ValueError(
                f"golden copy of {len(image)} bytes for {self.region.name}, "
                f"must be {self.region.size}"
            )
        self._image = image
        self._crc = zlib.crc32(image)

    def _compare(self, link: PayloadLink, block: int) -> None:
        start = block * READ_MAX
        end = start + READ_MAX
        found = link.read(self.region.base + start, READ_MAX)
        golden = self._image[start:end]
        if found == golden:
            return
        size = self.chunk_bytes
        self.write(
            (start + k) // size
            for k in range(0, READ_MAX, size)
            if golden[k : k + size] != found[k : k + size]
        )
        if self.verified:
            wrong = sum(golden[k : k + 4] != found[k : k + 4] for k in range(0, READ_MAX, 4))
            self._report(
                Severity.MEDIUM,
                "MEMORY_DIFFERS",
                f"{wrong} words of block {block} of {self.region.name} differed from the golden "
                "copy, rewritten",
                region=self.region.name,
                words=wrong,
                block=block,
            )
