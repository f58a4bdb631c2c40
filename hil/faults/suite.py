"""A suite of fault cases, as TOML.

    [suite]
    name = "sensors"
    duration_s = 180

    [[case]]
    name = "one supply sensor lies"
    expect = ["gpu_temp_max_c < 87 always", 'event "SUPPLY_SENSOR" within 5 s']
    [[case.fault]]
    kind = "sensor.bias"
    channel = "coolant_supply_a"
    bias = 20
    at_s = 120

A case takes scenario, vehicle, duration and seed from `[suite]` where it does not say its own.
`scenario_values` and `vehicle_values` replace single keys of the scenario's and vehicle's files.
Unknown keys are errors; entries of lists are counted from 1 in messages.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from hil.complaints import complaints
from hil.errors import UsageError
from hil.faults.channels import check_condition, check_expectation, near
from hil.faults.kinds import KINDS, Kind, Needs
from hil.faults.language import (
    Condition,
    Expectation,
    parse_condition,
    parse_expectation,
)
from hil.faults.words import MOST_S, LanguageError

Positive = Annotated[float, Field(gt=0, le=MOST_S, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Seed = Annotated[int, Field(ge=0, lt=2**63)]
WHEN = ("at_s", "when", "for_s")
# Keys of a scenario that a case says by its own.
OWN_KEYS = {"duration": "duration_s", "seed": "seed", "require": "expect"}


class Section(BaseModel):
    """A table of a suite file."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Fault(BaseModel):
    """A fault: its kind with its parameters, when it comes and for how long.

    It comes at `at_s`, or in the first minor cycle from then on in which `when` holds. It stays for
    `for_s`, or for good.
    """

    model_config = ConfigDict(frozen=True, strict=True, arbitrary_types_allowed=True)

    kind: Kind
    at_s: NotNegative = 0.0
    when: str | None = None
    for_s: Positive | None = None

    @model_validator(mode="before")
    @classmethod
    def _parameters_of_the_kind(cls, table: object) -> object:
        if not isinstance(table, dict) or isinstance(table.get("kind"), Kind):
            return table
        name = table.get("kind")
        if name is None:
            raise ValueError('kind: missing, such as kind = "sensor.bias"; see racksat faults list')
        if not isinstance(name, str) or name not in KINDS:
            raise ValueError(f"kind = {name!r}, no such kind of fault{near(str(name), KINDS)}")
        parameters = {key: value for key, value in table.items() if key not in ("kind", *WHEN)}
        timing = {key: value for key, value in table.items() if key in WHEN}
        try:
            kind = KINDS[name].model_validate(parameters)
        except ValidationError as error:
            raise ValueError("; ".join(_of_kind(error, KINDS[name]))) from None
        return {"kind": kind, **timing}

    @field_validator("when")
    @classmethod
    def _condition_is_known(cls, when: str | None) -> str | None:
        if when is not None:
            check_condition(parse_condition(when))
        return when

    @model_validator(mode="after")
    def _can_it_end(self) -> Self:
        if self.for_s is not None and not self.kind.lasting:
            raise ValueError(f"for_s: {self.kind.name} is done at once, leave for_s out")
        return self

    @property
    def condition(self) -> Condition | None:
        """When it comes, but for `at_s`."""
        return None if self.when is None else parse_condition(self.when)

    def __str__(self) -> str:
        words = f"{self.kind} at {self.at_s:g} s" if self.when is None else str(self.kind)
        if self.when is not None:
            words += f" when {self.when}" + (f" from {self.at_s:g} s on" if self.at_s else "")
        return words + (f" for {self.for_s:g} s" if self.for_s is not None else "")


class Defaults(Section):
    """The head of a suite."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
    description: str = ""
    scenario: str = "nominal"  # a name, or a path relative to the suite
    vehicle: str | None = None  # the scenario's where not given
    duration_s: Positive = 300.0
    seed: Seed = 1
    scenario_values: dict[str, Any] = {}
    vehicle_values: dict[str, dict[str, Any]] = {}


class Case(Section):
    """A case: what is flown, what breaks, what must hold."""

    name: str
    description: str = ""
    scenario: str = "nominal"
    vehicle: str | None = None
    duration_s: Positive = 300.0
    seed: Seed = 1
    scenario_values: dict[str, Any] = {}
    vehicle_values: dict[str, dict[str, Any]] = {}
    fault: Annotated[tuple[Fault, ...], Field(min_length=1, strict=False)]
    expect: Annotated[tuple[str, ...], Field(min_length=1, strict=False)]

    @field_validator("name")
    @classmethod
    def _can_be_told(cls, name: str) -> str:
        if not name.strip() or not name.isprintable():
            raise ValueError("must be a line of text that is not blank")
        return name

    @field_validator("scenario_values")
    @classmethod
    def _are_not_the_cases_own(cls, values: dict[str, Any]) -> dict[str, Any]:
        for key, own in OWN_KEYS.items():
            if key in values:
                raise ValueError(f"{key}: a case says it by {own}, leave it out here")
        return values

    @field_validator("expect")
    @classmethod
    def _is_of_the_language(cls, expect: tuple[str, ...]) -> tuple[str, ...]:
        for number, text in enumerate(expect, start=1):
            try:
                check_expectation(parse_expectation(text))
            except LanguageError as error:
                raise ValueError(f"{number}: {text!r}: {error}") from error
        return expect

    @model_validator(mode="after")
    def _in_time(self) -> Self:
        for number, fault in enumerate(self.fault, start=1):
            if fault.at_s >= self.duration_s:
                raise ValueError(
                    f"fault.{number}.at_s = {fault.at_s:g}, must be < duration_s = "
                    f"{self.duration_s:g}"
                )
        for number, expectation in enumerate(self.expectations, start=1):
            span = getattr(expectation, "span", None)
            if span is None:
                continue
            for words, seconds in (("after", span.after_s), ("but for", span.tolerated_s)):
                if seconds >= self.duration_s:
                    raise ValueError(
                        f"expect: {number}: {expectation.text!r}: {words} {seconds:g} s, must be "
                        f"< duration_s = {self.duration_s:g}"
                    )
        return self

    @property
    def expectations(self) -> list[Expectation]:
        """What must hold."""
        return [parse_expectation(text) for text in self.expect]

    @property
    def needs(self) -> Needs:
        """The most that one of its faults needs."""
        order = list(Needs)
        return max((fault.kind.needs for fault in self.fault), key=order.index)


class Suite(Section):
    """A suite file."""

    suite: Defaults
    case: Annotated[tuple[Case, ...], Field(min_length=1, strict=False)]

    @model_validator(mode="before")
    @classmethod
    def _defaults_of_cases(cls, tables: Any, info: ValidationInfo) -> Any:
        if not isinstance(tables, dict) or not isinstance(tables.get("suite"), dict):
            return tables
        shared = {
            key: tables["suite"][key]
            for key in ("scenario", "vehicle", "duration_s", "seed")
            if key in tables["suite"]
        }
        cases = tables.get("case")
        if not isinstance(cases, list):
            return tables
        full = []
        for case in cases:
            if isinstance(case, dict):
                case = shared | case
                for key in ("scenario_values", "vehicle_values"):
                    own, common = case.get(key, {}), tables["suite"].get(key, {})
                    if isinstance(own, Mapping) and isinstance(common, Mapping):
                        case[key] = merged(common, own)
            full.append(case)
        return {**tables, "case": full}

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        seen: set[str] = set()
        for number, case in enumerate(self.case, start=1):
            if case.name in seen:
                raise ValueError(f"case.{number}.name = {case.name!r}, another case has it")
            seen.add(case.name)
        return self


SECTIONS: dict[str, type[BaseModel]] = {"": Suite, "suite": Defaults, "case": Case}


def load(path: Path) -> Suite:
    """Read a suite file. Raises UsageError that names file, case, key and what is allowed."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise UsageError(f"{path}: cannot be read: {reason}") from error
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path.name}: not valid TOML: {error}") from error
    try:
        return Suite.model_validate(tables)
    except ValidationError as error:
        lines = [f"{path.name}: {_with_name(line, tables)}" for line in complaints(error, SECTIONS)]
        raise UsageError("\n".join(lines)) from error


def merged(common: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Tables within tables, `own` over `common`."""
    result = dict(common)
    for key, value in own.items():
        both = isinstance(value, Mapping) and isinstance(result.get(key), Mapping)
        result[key] = merged(result[key], value) if both else value
    return result


def _of_kind(error: ValidationError, kind: type[Kind]) -> list[str]:
    return complaints(error, {"": kind})


def _with_name(line: str, tables: Mapping[str, Any]) -> str:
    """A complaint with the name of its case, where it has one."""
    parts = line.split(".", 2)
    if parts[0] != "case" or len(parts) < 2:
        return line
    number = parts[1].split(":")[0].split(" ")[0]
    cases = tables.get("case")
    if not number.isdigit() or not isinstance(cases, list) or int(number) > len(cases):
        return line
    case = cases[int(number) - 1]
    name = case.get("name") if isinstance(case, dict) else None
    return f'case "{name}": {line}' if isinstance(name, str) else line
