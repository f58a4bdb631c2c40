"""A campaign file: what is sampled, how often, and when it may stop.

    name = "flops"
    experiment = "flops"
    samples = 2000
    seed = 1

    [flops]
    weights = "bits"  # and registers, memories: which of them

    [stop]
    outcome = "silent corruption"
    half_width = 0.01
    every = 500

`experiment` names the table that describes the fault space: `[flops]`, one upset of a register or
memory of the controller, or `[mission]`, one fault of a satellite that flies.
"""

from __future__ import annotations

import hashlib
import shlex
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from hil.complaints import complaints
from hil.errors import UsageError
from hil.faults.golden import sources
from hil.faults.outcome import Outcome
from hil.faults.suite import Fault
from hil.targets.lockstep import TRAYS_DEFAULT, TRAYS_MAXIMUM

SAMPLES_MOST = 10_000_000
Seconds = Annotated[float, Field(ge=1, le=1e6)]
WHEN_DRAWN = ("at_s", "when")  # keys of a fault that a campaign has no use for
TimeWeights = Literal["uniform", "flux"]
Seed = Annotated[int, Field(ge=0, lt=2**63)]


class Section(BaseModel):
    """A table of a campaign file."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FlopSpace(Section):
    """Registers and memories of the controller.

    Weights: "bits", each bit alike; "uniform", each name alike, and the bits of a name.
    """

    weights: Literal["bits", "uniform"] = "bits"
    registers: tuple[str, ...] = ("*",)  # shell patterns
    memories: tuple[str, ...] = ()  # likewise
    scrub_ticks: Annotated[int, Field(ge=1, le=0xFFFF)] = (
        20  # of the memory's scrubber, for 8 words
    )
    trays: Annotated[int, Field(ge=1, le=TRAYS_MAXIMUM)] = TRAYS_DEFAULT

    @model_validator(mode="after")
    def _is_not_empty(self) -> Self:
        if not (self.registers or self.memories):
            raise ValueError('registers and memories: both are empty, expected ["*"] for one')
        return self


class DrawnFault(Section):
    """A kind of fault with the values that are always the same, and those that are drawn.

    Drawn are `[least, most]`, inclusive where both are whole numbers, or one of a list. What is
    neither given nor drawn the kind draws itself, or has its default.
    """

    kind: str
    weight: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    weights: TimeWeights | None = None  # of its time of strike, the campaign's where not given
    values: dict[str, Any] = {}
    draw: dict[str, Annotated[list[float | int | str], Field(min_length=1)]] = {}

    @model_validator(mode="after")
    def _is_a_fault(self) -> Self:
        """With each end of a range, each entry of a list: no sample may be refused later."""
        for name in WHEN_DRAWN:
            if name in self.values or name in self.draw:
                raise ValueError(f"{name}: the campaign draws when a fault comes, leave it out")
        for name, choices in self.draw.items():
            if name in self.values:
                raise ValueError(f"{name}: stands in values and in draw, expected in one of them")
            low, high = choices[0], choices[-1]
            if _is_range(choices) and low > high:  # type: ignore[operator]
                raise ValueError(f"draw.{name} = [{low}, {high}], must be [least, most]")
        first = {name: choices[0] for name, choices in self.draw.items()}
        for name, choices in self.draw.items():
            for choice in choices:
                self._fault({**first, name: choice})
        self.lowest()
        return self

    def lowest(self) -> Fault:
        """The fault with the first of everything that is drawn."""
        return self._fault({name: choices[0] for name, choices in self.draw.items()})

    def draw_from(self, rng: np.random.Generator) -> Fault:
        """A fault, to come at 0 s."""
        return self._fault({name: _drawn(rng, self.draw[name]) for name in sorted(self.draw)})

    def _fault(self, drawn: dict[str, Any]) -> Fault:
        return Fault.model_validate({"kind": self.kind, **self.values, **drawn})


class MissionSpace(Section):
    """Faults of a satellite that flies, over `stretch_s` that begin `lead_s` after its start.

    Weights are those of the time of strike: "uniform", or "flux", as the protons above 30 MeV come.
    """

    weights: TimeWeights = "uniform"
    target: Literal["model", "rtl"] = "model"
    scenario: str = "nominal"
    vehicle: str | None = None
    scenario_values: dict[str, Any] = {}
    vehicle_values: dict[str, dict[str, Any]] = {}
    stretch_s: Seconds
    arc_s: Seconds = 60.0  # flights of one arc have one golden run
    lead_s: Seconds = 60.0  # flown before an arc
    tail_s: Seconds = 60.0  # flown after an arc
    fault: Annotated[tuple[DrawnFault, ...], Field(min_length=1)]


class StopRule(Section):
    """Stop once the share of an outcome is known well enough, at 95 %.

    Looked at after every `every` samples, so that workers do not change where it stops.
    """

    outcome: Outcome
    half_width: Annotated[float, Field(gt=0, lt=0.5)]
    every: Annotated[int, Field(ge=1)] = 500


class CampaignFile(Section):
    """A campaign file."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
    description: str = ""
    experiment: Literal["flops", "mission"]
    samples: Annotated[int, Field(ge=1, le=SAMPLES_MOST)]
    seed: Seed = 1
    flops: FlopSpace | None = None
    mission: MissionSpace | None = None
    stop: StopRule | None = None

    @model_validator(mode="after")
    def _its_own_table(self) -> Self:
        if getattr(self, self.experiment) is None:
            raise ValueError(
                f'experiment = "{self.experiment}", but there is no [{self.experiment}]'
            )
        other = "mission" if self.experiment == "flops" else "flops"
        if getattr(self, other) is not None:
            raise ValueError(
                f'[{other}] has no use in a campaign with experiment = "{self.experiment}"'
            )
        return self


SECTIONS: dict[str, type[BaseModel]] = {
    "": CampaignFile,
    "flops": FlopSpace,
    "mission": MissionSpace,
    "mission.fault": DrawnFault,
    "stop": StopRule,
}


@dataclass(frozen=True)
class Order:
    """A campaign as ordered: the file, and what the command line says instead."""

    path: str  # of the file
    text: str
    file: CampaignFile
    seed: int
    samples: int

    def identity(self) -> dict[str, str | int]:
        """What its samples depend on; more samples may be asked for later."""
        digest = hashlib.sha256(self.text.encode()).hexdigest()
        return {"file": digest, "seed": self.seed, "sources": sources()}

    def replay(self, sample: int) -> str:
        """The command that makes one sample again."""
        file = shlex.quote(self.path)
        return f"racksat faults campaign {file} --seed {self.seed} --only {sample}"


def load(path: Path, samples: int | None = None, seed: int | None = None) -> Order:
    """Read a campaign file. Raises UsageError that names file, key and what is allowed."""
    try:
        text = path.read_text(encoding="utf-8")
        tables = tomllib.loads(text)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise UsageError(f"{path}: cannot be read: {reason}") from error
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path.name}: not valid TOML: {error}") from error
    try:
        file = CampaignFile.model_validate(tables)
    except ValidationError as error:
        lines = [f"{path.name}: {line}" for line in complaints(error, SECTIONS)]
        raise UsageError("\n".join(lines)) from error
    for option, value, least, most in (
        ("--samples", samples, 1, SAMPLES_MOST),
        ("--seed", seed, 0, 2**63 - 1),
    ):
        if value is not None and not least <= value <= most:
            raise UsageError(f"{option} {value}: must be {least} to {most}")
    return Order(
        path.as_posix(),
        text,
        file,
        file.seed if seed is None else seed,
        file.samples if samples is None else samples,
    )


def _drawn(rng: np.random.Generator, choices: list[float | int | str]) -> float | int | str:
    low, high = choices[0], choices[-1]
    if not _is_range(choices):
        return choices[int(rng.integers(len(choices)))]
    if isinstance(low, int) and isinstance(high, int):
        return int(rng.integers(low, high, endpoint=True))
    return float(rng.uniform(float(low), float(high)))


def _is_range(choices: list[float | int | str]) -> bool:
    return len(choices) == 2 and not any(isinstance(choice, str) for choice in choices)
