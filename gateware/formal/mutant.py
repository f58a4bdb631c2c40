"""A deliberate mistake in the Verilog, which a proof has to find."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Mutant:
    """A change of one place, and the proof that must fail for it."""

    name: str
    proof: str
    file: str  # in gateware/rtl or gateware/formal
    old: str  # occurs exactly once
    new: str
    depth: int = 8  # clocks within which there has to be a counterexample
    script: bytes = b""  # bytes from the line, for the proofs that take them
    parameters: Mapping[str, int] = field(default_factory=dict)
    defines: tuple[str, ...] = ()  # macros, on top of CLAIMS_ONLY


def replaced_once(text: str, old: str, new: str, what: str) -> str:
    """`text` with `new` in the place of `old`. Raises ValueError unless it is there exactly once.

    `what` says in the message whose `old` it is.
    """
    if (count := text.count(old)) != 1:
        raise ValueError(
            f"{what} has {old!r} {count} times, must have it once; the Verilog has changed, "
            "change the mutant"
        )
    return text.replace(old, new)
