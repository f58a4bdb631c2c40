"""What a fuzzed case is made of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Ticks:
    """Time passes."""

    count: int


@dataclass(frozen=True)
class Sensors:
    """A sensor vector is presented."""

    vector: bytes


@dataclass(frozen=True)
class Flip:
    """Bits of a stored codeword change."""

    word: int
    mask: int


@dataclass(frozen=True)
class FrameFlip:
    """Bits of a stored word of the configuration frames change."""

    word: int
    mask: int


Step = bytes | Ticks | Sensors | Flip | FrameFlip  # bytes: on the link


@dataclass(frozen=True)
class Case:
    """One frame with its surroundings, and what was done to it ("" for nothing)."""

    steps: tuple[Step, ...]
    damage: str = ""
