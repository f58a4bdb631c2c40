"""The bench's own transactions with a board, beside those of flight software.

A lost reply costs the bench what it asked for, never the flight: it is not asked again at once, and
while the board stays silent the bench asks less and less often, so that waiting for nothing makes
no late cycles.
"""

from __future__ import annotations

from collections.abc import Callable

from fsw.payload_link import LinkError, PayloadLink
from fsw.register_map import Region
from hil.errors import Unreachable

BACK_OFF_FIRST_NS = 50_000_000  # after a lost reply; doubled with every further one
BACK_OFF_NS = 500_000_000  # and never longer than this
Report = Callable[[str, str, str], None]  # severity, name, text


class BenchLink:
    """Reads and writes of regions with their keys, as long as the board answers.

    `link` is an RMAP initiator of its own with `retries=0`; `now_ns` is mission time.
    """

    def __init__(self, link: PayloadLink, now_ns: Callable[[], int]) -> None:
        self.silent_since_ns: int | None = None  # mission time; None while the board answers
        self.trouble = ""  # what the last transaction failed with
        self.report: Report = lambda severity, name, text: None
        self._link = link
        self._now_ns = now_ns
        self._back_off_ns = 0
        self._ask_ns = 0  # not before

    def read(self, region: Region, start: int, length: int) -> bytes:
        """`length` bytes from `start` on. Raises Unreachable."""
        self._begin(region)
        try:
            data = self._link.read(region.base + start, length)
        except LinkError as error:
            raise self._lost(error) from error
        self._answered()
        return data

    def write(self, region: Region, start: int, data: bytes) -> None:
        """Write from `start` on. Raises Unreachable; then it may or may not have been done."""
        self._begin(region)
        try:
            self._link.write(region.base + start, data)
        except LinkError as error:
            raise self._lost(error) from error
        self._answered()

    def _begin(self, region: Region) -> None:
        if self.silent_since_ns is not None and self._now_ns() < self._ask_ns:
            raise Unreachable(f"the board is silent: {self.trouble}")
        self._link.key = region.key

    def _lost(self, error: LinkError) -> Unreachable:
        now_ns = self._now_ns()
        self.trouble = str(error)
        if self.silent_since_ns is None:
            self.silent_since_ns = now_ns
            self._back_off_ns = BACK_OFF_FIRST_NS
            self.report("medium", "bench.silent", f"the bench gets no reply: {error}")
        self._ask_ns = now_ns + self._back_off_ns
        self._back_off_ns = min(2 * self._back_off_ns, BACK_OFF_NS)
        return Unreachable(f"the board cannot be reached: {error}")

    def _answered(self) -> None:
        if self.silent_since_ns is None:
            return
        silent_s = (self._now_ns() - self.silent_since_ns) / 1e9
        self.silent_since_ns = None
        self.report("info", "bench.back", f"the bench gets replies again after {silent_s:.1f} s")
