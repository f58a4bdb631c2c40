"""One sample of a campaign: a fault drawn from the fault space, and what became of it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import Protocol

import numpy as np

from hil.faults.outcome import Outcome


@dataclass(frozen=True)
class Sample:
    """A row of results.csv."""

    sample: int
    element: str  # what was struck: the block of the RTL, the part of the satellite
    kind: str  # class of the register, kind of the fault
    fault: str  # all of it, as the experiment spells it
    struck: str  # when, as the experiment counts: a clock, or simulated seconds
    phase: str  # what was going on: step of the script, phase of the orbit
    mode: str  # of the controller or of the satellite
    outcome: Outcome
    detected_by: str  # "" when nobody did
    latency_s: float | None  # simulated, from the strike to its detection
    note: str  # evidence for the outcome

    def line(self) -> str:
        """As a line of the journal, without its end."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def of_line(cls, line: str) -> Sample:
        """Read back from the journal. Raises ValueError on a line that is none."""
        try:
            values = json.loads(line)
            return cls(**{**values, "outcome": Outcome(values["outcome"])})
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a sample: {error}") from error

    def told(self) -> list[str]:
        """Lines for a terminal, one a field."""
        return [f"{name:<12} {cell}" for name, cell in zip(COLUMNS, self.row(), strict=True)]

    def row(self) -> list[str]:
        """As cells of results.csv, in the order of COLUMNS."""
        values = asdict(self)
        latency = "" if self.latency_s is None else f"{self.latency_s:.6f}"
        return [latency if name == "latency_s" else str(values[name]) for name in COLUMNS]


COLUMNS = tuple(field.name for field in fields(Sample))


class Experiment(Protocol):
    """Draws a fault and lets it act; keeps what is expensive, as a simulator, from one to the next.

    A sample depends on nothing but its number and generator: any of them can be made alone.
    """

    def sample(self, number: int, rng: np.random.Generator) -> Sample:
        """Draw a fault and follow it to its outcome."""

    def close(self) -> None:
        """Release what is kept; harmless when closed already."""


def generator(seed: int, number: int) -> np.random.Generator:
    """The generator of a sample, independent of every other sample's."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(number,)))
