"""The memories that upsets strike, as the ledger sees them."""

from __future__ import annotations

import struct
from collections.abc import Iterable

from fsw.config_frames import FRAME_BYTES, essential_bits
from fsw.protected_memory import ProtectedMemory
from hil.faults.codes import FrameCode, Secded
from hil.faults.reports import Reports
from hil.targets.target import Target

FRAME_WORDS = FRAME_BYTES // 4


class ControllerMemory(Secded):
    """The payload controller's protected memory, in the target."""

    def __init__(self, target: Target, reports: Reports) -> None:
        self._target = target
        self._reports = reports

    def peek(self, word: int) -> int:
        """The stored codeword."""
        return self._target.peek_memory(word)

    def flip(self, word: int, mask: int) -> int:
        """XOR `mask` into the stored codeword. Raises InjectionError when it does not take."""
        return self._target.flip_memory(word, mask)

    def reported(self) -> int:
        """Uncorrectable words that the controller counted and flight software knows of."""
        return self._reports.controller_memory


class ConfigFrames(FrameCode):
    """The payload controller's configuration frames, in the target.

    A codeword is a frame: bit 32·w + b is bit b of its word w, as diagnostics.config_error counts.
    """

    def __init__(self, target: Target, reports: Reports) -> None:
        self._target = target
        self._reports = reports
        frames = struct.iter_unpack(f">{FRAME_WORDS}I", essential_bits())
        self._essential = [_joined(words) for words in frames]

    def remark(self, frame: int, mask: int) -> str:
        """Whether the design depends on one of the bits."""
        return "essential" if self._essential[frame] & mask else ""

    def peek(self, frame: int) -> int:
        """The stored frame."""
        first = FRAME_WORDS * frame
        return _joined(self._target.peek_config(first + word) for word in range(FRAME_WORDS))

    def flip(self, frame: int, mask: int) -> int:
        """XOR `mask` into the stored frame. Raises InjectionError when it does not take."""
        for word in range(FRAME_WORDS):
            flips = mask >> 32 * word & 0xFFFFFFFF
            if flips:
                self._target.flip_config(FRAME_WORDS * frame + word, flips)
        return self.peek(frame)

    def reported(self) -> int:
        """Damage beyond the scanner that the controller counted and flight software knows of."""
        return self._reports.config_frames


class FlightMemory(Secded):
    """Flight software's own protected store."""

    def __init__(self, store: ProtectedMemory) -> None:
        self._store = store

    def peek(self, word: int) -> int:
        """The stored codeword."""
        return self._store.peek(word)

    def flip(self, word: int, mask: int) -> int:
        """XOR `mask` into the stored codeword."""
        return self._store.flip(word, mask)

    def reported(self) -> int:
        """Uncorrectable words met so far."""
        return self._store.counters.uncorrectable


def _joined(words: Iterable[int]) -> int:
    """A frame as one number, word 0 lowest."""
    return sum(word << 32 * place for place, word in enumerate(words))
