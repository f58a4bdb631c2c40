"""Scenarios: what is flown and what must hold, as TOML.

A scenario names a vehicle preset, where and when it flies, what it is asked to compute, what is
broken from the start, and the limits that telemetry must keep. Files of `hil/scenarios` are known
by their name; any other is given by its path. Unknown keys are errors. List entries are counted
from 1 in messages: `require.2` is the second `[[require]]`.
"""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from hil.complaints import complaints
from hil.errors import UsageError

SCENARIOS = Path(__file__).parent / "scenarios"

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Finite = Annotated[float, Field(allow_inf_nan=False)]


Element = Literal[
    "controller_memory",
    "flight_memory",
    "config_frames",
    "hbm_corrected",
    "hbm_uncorrectable",
    "weights",
    "compute",
    "tray_hang",
    "tray_latchup",
]


class Section(BaseModel):
    """A table of a scenario file."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Duration(Section):
    """How long is flown: `orbits` or `seconds`."""

    orbits: Positive | None = None
    seconds: Positive | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.orbits is None) == (self.seconds is None):
            raise ValueError("give either orbits or seconds")
        return self


class OrbitStart(Section):
    """Where the flight begins; what is left out comes from the vehicle's own orbit.

    The node is given by `local_time_h` (sun-synchronous) or by `beta_deg`, the angle of the Sun
    above the orbit plane at the epoch. Without `inclination_deg` the orbit is sun-synchronous.
    """

    altitude_km: Annotated[float, Field(ge=200, le=2000)] | None = None
    inclination_deg: Annotated[float, Field(ge=0, le=180)] | None = None
    local_time_h: Annotated[float, Field(ge=0, lt=24)] | None = None
    beta_deg: Annotated[float, Field(ge=-90, le=90)] | None = None
    epoch: datetime | None = None
    start_s: NotNegative = 0.0  # from the epoch to the first minor cycle
    start: Literal["epoch", "saa"] = "epoch"  # saa: shortly before the worst pass of that day

    @field_validator("epoch")
    @classmethod
    def _with_time_zone(cls, epoch: datetime | None) -> datetime | None:
        if epoch is not None and epoch.tzinfo is None:
            raise ValueError("must carry its time zone, such as 2026-06-21T00:00:00Z")
        return None if epoch is None else epoch.astimezone(UTC)

    @model_validator(mode="after")
    def _one_node(self) -> Self:
        if self.local_time_h is not None and self.beta_deg is not None:
            raise ValueError("give either local_time_h or beta_deg")
        if self.local_time_h is not None and self.inclination_deg is not None:
            raise ValueError(
                "local_time_h belongs to a sun-synchronous orbit, whose inclination follows from "
                "its altitude: leave inclination_deg out, or give beta_deg"
            )
        if self.start == "saa" and self.start_s:
            raise ValueError('give either start_s or start = "saa"')
        return self


class Storm(Section):
    """A solar particle event; flux above 10 MeV in protons/cm²/s at its peak."""

    start_s: NotNegative
    duration_s: Positive
    peak_flux_10mev_cm2_s: Positive


class Environment(Section):
    """Assumptions on Sun, Earth and belts."""

    solar_constant_w_m2: Annotated[float, Field(ge=1200, le=1500)] = 1361.0
    albedo: Fraction = 0.30
    olr_w_m2: Annotated[float, Field(ge=100, le=400)] = 241.0
    solar_activity: Literal["min", "max"] = "max"
    upset_scale: NotNegative = 1.0  # multiplies every upset rate; 1 is space as it is
    upset_scales: dict[Element, NotNegative] = {}  # further factors of single elements
    storm: Storm | None = None


class Initial(Section):
    """State of the spacecraft at the first minor cycle."""

    soc: Fraction = 0.9
    coolant_c: Annotated[float, Field(ge=-60, le=60)] = 20.0


class DemandStep(Section):
    """From `at_s` on, this share of the rack's capacity is asked for."""

    at_s: NotNegative
    level: Fraction


class Faults(Section):
    """What is broken on the spacecraft from the start."""

    panels_lost: Annotated[int, Field(ge=0)] = 0  # radiator panels cut off from the loop


class Requirement(Section):
    """A limit on one telemetry channel.

    With holds = "always" the limit may be broken for at most `for_s` at a stretch, with "once" it
    must be met at some time, with "end" by the last sample. Nothing counts before `after_s`.
    """

    channel: str
    name: str = ""
    above: Finite | None = None
    at_least: Finite | None = None
    below: Finite | None = None
    at_most: Finite | None = None
    equals: Finite | str | None = None
    differs: Finite | str | None = None
    holds: Literal["always", "once", "end"] = "always"
    for_s: NotNegative = 0.0
    after_s: NotNegative = 0.0

    @model_validator(mode="after")
    def _one_limit(self) -> Self:
        given = [key for key in LIMITS if getattr(self, key) is not None]
        if len(given) != 1:
            raise ValueError(
                f"give exactly one of {', '.join(LIMITS)}; got {', '.join(given) or 'none'}"
            )
        if self.for_s and self.holds != "always":
            raise ValueError(f'for_s belongs to holds = "always", not to "{self.holds}"')
        return self

    @property
    def operator(self) -> str:
        """The key of the limit: one of LIMITS."""
        return next(key for key in LIMITS if getattr(self, key) is not None)

    @property
    def limit(self) -> float | str:
        """The value of the limit."""
        value: float | str = getattr(self, self.operator)
        return value

    @property
    def title(self) -> str:
        """Its name, or the limit in words."""
        return self.name or f"{self.channel} {self.rule}"

    @property
    def rule(self) -> str:
        """The limit in words, as in `below 87 but for 5 s`."""
        limit = f"{self.limit:g}" if isinstance(self.limit, float) else repr(self.limit)
        words = f"{self.operator.replace('_', ' ')} {limit}"
        if self.holds != "always":
            words += {"once": " at some time", "end": " at the end"}[self.holds]
        if self.for_s:
            words += f" but for {self.for_s:g} s"
        if self.after_s:
            words += f" after {self.after_s:g} s"
        return words


LIMITS = ("above", "at_least", "below", "at_most", "equals", "differs")


class Scenario(Section):
    """A scenario file."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
    description: str = ""
    vehicle: str = "rack_100kw"  # a preset's name, or a path relative to the scenario file
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 1
    duration: Duration = Duration(orbits=1.0)
    orbit: OrbitStart = OrbitStart()
    conditions: Environment = Environment()
    initial: Initial = Initial()
    demand: list[DemandStep] = [DemandStep(at_s=0.0, level=1.0)]  # or one number in the file
    faults: Faults = Faults()
    open_loop: bool = False  # flight software's control laws are left out
    parameters: dict[str, Finite] = {}  # of flight software, over those of the vehicle
    require: list[Requirement] = []

    @field_validator("demand", mode="before")
    @classmethod
    def _one_level_is_a_step(cls, demand: object) -> object:
        return [{"at_s": 0, "level": demand}] if isinstance(demand, int | float) else demand

    @field_validator("demand")
    @classmethod
    def _demand_from_start(cls, demand: list[DemandStep]) -> list[DemandStep]:
        times_s = [step.at_s for step in demand]
        if not times_s or times_s[0] != 0 or times_s != sorted(set(times_s)):
            raise ValueError("steps must begin at at_s = 0 and rise in time")
        return demand


SECTIONS: dict[str, type[BaseModel]] = {
    "": Scenario,
    "duration": Duration,
    "orbit": OrbitStart,
    "conditions": Environment,
    "conditions.storm": Storm,
    "initial": Initial,
    "demand": DemandStep,
    "faults": Faults,
    "require": Requirement,
}


def names() -> list[str]:
    """Names of the scenarios that come with racksat."""
    return sorted(path.stem for path in SCENARIOS.glob("*.toml"))


def find(name_or_path: str) -> Path:
    """The file of a scenario known by name or path. Raises UsageError when there is none."""
    path = Path(name_or_path)
    if path.suffix == ".toml" or len(path.parts) > 1:
        if not path.is_file():
            raise UsageError(f"{path}: no such scenario file")
        return path
    if name_or_path not in names():
        raise UsageError(
            f"unknown scenario {name_or_path!r}; known are {', '.join(names())}, "
            "or give the path of a .toml file"
        )
    return SCENARIOS / f"{name_or_path}.toml"


def load(path: Path) -> Scenario:
    """Read a scenario file. Raises UsageError that names file, key, value and what is allowed."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise UsageError(f"{path}: cannot be read: {reason}") from error
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path.name}: not valid TOML: {error}") from error
    try:
        return Scenario.model_validate(tables)
    except ValidationError as error:
        lines = [f"{path.name}: {line}" for line in complaints(error, SECTIONS)]
        raise UsageError("\n".join(lines)) from error


def overridden(
    scenario: Scenario,
    orbits: float | None,
    duration: float | None,
    seed: int | None,
    open_loop: bool = False,
) -> Scenario:
    """The scenario with what the command line says instead. Raises UsageError."""
    if orbits is not None and duration is not None:
        raise UsageError("--orbits and --duration: give one of them")
    for option, value in (("--orbits", orbits), ("--duration", duration)):
        if value is not None and not 0 < value < float("inf"):
            raise UsageError(f"{option} {value:g}: must be > 0")
    if seed is not None and not 0 <= seed < 2**63:
        raise UsageError(f"--seed {seed}: must be 0 to {2**63 - 1}")
    changes: dict[str, object] = {}
    if orbits is not None or duration is not None:
        changes["duration"] = Duration(orbits=orbits, seconds=duration)
    if seed is not None:
        changes["seed"] = seed
    if open_loop:
        changes["open_loop"] = True
    return scenario.model_copy(update=changes)
