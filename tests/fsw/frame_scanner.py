"""A controller's configuration frames and their scanner, from docs/controller.md: a surrogate.

It is a link, too: words behind addresses. Its code is CRC-32C of package fastcrc, brought to the
polynomial division of the frames by linearity, and it corrects by trying every flip.
"""

from __future__ import annotations

from functools import cache

from fastcrc.crc32 import iscsi

from fsw.payload_link import LinkTimeout

FRAMES = 0x11000
MASK = 0x11400
STATE = 0x1A4
CONFIG_SCAN = 0x6C
MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def remainder(data: bytes) -> int:
    """Of `data` times x^32 divided by 0x1EDC6F41.

    CRC-32C takes bits from the lowest up and adds a constant for its initial and final inversion:
    mirroring every byte, and then the result, undoes the one, the CRC of zeros the other.
    """
    mirrored = iscsi(data.translate(MIRRORED)) ^ iscsi(bytes(len(data)))
    return int(f"{mirrored:032b}"[::-1], 2)


def syndrome(frame: bytes) -> int:
    """0 for a good frame."""
    return remainder(frame[:-4]) ^ int.from_bytes(frame[-4:], "big")


@cache
def corrections() -> dict[int, tuple[int, int]]:
    """Mask over 512 bits, the first of them the highest, and place, by syndrome."""
    found = {}
    for width in (0b1, 0b11):
        for shift in range(512 - width.bit_length() + 1):
            mask = width << shift
            word, bit = divmod(511 - shift, 32)
            found[syndrome(mask.to_bytes(64, "big"))] = (mask, 32 * word + 31 - bit)
    return found


class FrameScanner:
    """The controller as its care sees it."""

    def __init__(self) -> None:
        self.memory = {FRAMES: bytearray(1024), MASK: bytearray(1024)}
        self.enabled, self.fatal = True, False
        self.lost = self.error = self.corrected = self.uncorrectable = 0
        self.essential = self.crc_errors = self.passes = self.next_frame = 0
        self.crc_error = False
        self.stuck: set[int] = set()  # frames that are lost whatever is written
        self.down = False
        self.reads: list[tuple[int, int]] = []
        self.writes: list[tuple[int, int]] = []
        self._checks = b""
        self._comparable = False

    @property
    def damaged(self) -> bool:
        """As the fast block says."""
        return bool(self.lost or self.crc_error or self.fatal)

    def read(self, address: int, length: int) -> bytes:
        if self.down:
            raise LinkTimeout("down")
        self.reads.append((address, length))
        if address == STATE:
            state = 3 if self.fatal else int(self.enabled)
            words = (
                state << 30 | self.crc_error << 29 | self.lost,
                self.error,
                self.corrected << 16 | self.uncorrectable,
                self.essential << 16 | self.crc_errors,
                self.passes << 16 | self.next_frame,
            )
            return b"".join(word.to_bytes(4, "big") for word in words)[:length]
        base = address & ~0x3FF
        return bytes(self.memory[base][address - base : address - base + length])

    def write(self, address: int, data: bytes, retries: int | None = None) -> None:
        if self.down:
            raise LinkTimeout("down")
        self.writes.append((address, len(data)))
        base = address & ~0x3FF
        self.memory[base][address - base : address - base + len(data)] = data
        self._comparable = self._comparable and base != FRAMES

    def flip(self, frame: int, mask: int) -> None:
        """Invert bits of a frame; the highest of 512 is bit 31 of word 0."""
        self._put(frame, self._frame(frame) ^ mask)

    def enable(self, on: bool) -> None:
        """Write control.config_scan."""
        self.enabled = on
        self.fatal = self.fatal and on

    def scan(self, frames: int = 16) -> None:
        """Scan so many frames."""
        for _ in range(frames):
            if self.enabled and not self.fatal:
                self._scan_one(self.next_frame)

    def _frame(self, frame: int) -> int:
        return int.from_bytes(self.memory[FRAMES][64 * frame : 64 * frame + 64], "big")

    def _put(self, frame: int, value: int) -> None:
        self.memory[FRAMES][64 * frame : 64 * frame + 64] = value.to_bytes(64, "big")

    def _scan_one(self, frame: int) -> None:
        if frame == 0:
            self._checks, self._comparable = b"", True
        found = syndrome(self._frame(frame).to_bytes(64, "big"))
        mask, place = corrections().get(found, (0, 0))
        if frame in self.stuck or (found and not mask):
            if not self.lost >> frame & 1:
                self.uncorrectable += 1
                self.error = 0b11 << 30 | frame << 16
            self.lost |= 1 << frame
            self._comparable = False
        else:
            self.lost &= ~(1 << frame)
            if mask:
                self.flip(frame, mask)
                self.corrected += 1
                bits = int.from_bytes(self.memory[MASK][64 * frame : 64 * frame + 64], "big")
                essential = bool(bits & mask)
                self.essential += essential
                adjacent = mask.bit_count() == 2
                self.error = 1 << 31 | adjacent << 29 | essential << 28 | frame << 16 | place
        data = self._frame(frame).to_bytes(64, "big")
        if frame < 15:
            self._checks += data[-4:]
        elif self._comparable:
            self.crc_error = remainder(self._checks) != int.from_bytes(data[-8:-4], "big")
            self.crc_errors += self.crc_error
        self.next_frame = (frame + 1) % 16
        self.passes += self.next_frame == 0
