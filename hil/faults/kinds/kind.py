"""What a kind of fault is: its parameters, what it needs, and what it does to a rig.

A kind is one class. Its fields are the parameters, with their units in the names; its docstring is
the documentation that `racksat faults list` prints. `begin` puts the fault into a rig and returns
the effect: what can be known of it afterwards.
"""

from __future__ import annotations

import difflib
from abc import ABC, abstractmethod
from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, ClassVar

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from hil.errors import UsageError
from hil.faults.effect import Effect
from hil.faults.words import MOST_S

if TYPE_CHECKING:
    from hil.faults.rig import Rig
    from sim.vehicle import Vehicle

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Share = Annotated[float, Field(gt=0, le=1)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Seconds = Annotated[float, Field(gt=0, le=MOST_S)]
Tray = Annotated[int, Field(ge=0, le=31)]


# Fields of kinds that name what is struck.
PLACES = (
    "element",
    "channel",
    "actuator",
    "register_name",
    "app",
    "converter",
    "loop",
    "pump",
    "direction",
)


class Needs(StrEnum):
    """What the target has to offer."""

    ANY = "any target"
    NAMES = "rtl with names"  # every register by its name in the Verilog


class Kind(BaseModel, ABC):
    """A kind of fault with its parameters."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: ClassVar[str]  # family.kind
    needs: ClassVar[Needs] = Needs.ANY
    lasting: ClassVar[bool] = True  # can be taken away after `for_s`; False: it is done at once

    @property
    def where(self) -> str:
        """Its parameters in words."""
        values = self.model_dump(exclude_defaults=True, by_alias=True)
        return ", ".join(f"{name} {value}" for name, value in values.items())

    @property
    def struck(self) -> str:
        """The element it strikes; empty where the kind says all."""
        for name in PLACES:
            if isinstance(value := getattr(self, name, None), str):
                return value
        return ""

    def check(self, vehicle: Vehicle) -> None:
        """Raise UsageError where this vehicle has no such place; asked before anything is flown."""
        tray: int | None = getattr(self, "tray", None)
        if tray is not None and tray >= vehicle.rack.trays:
            raise UsageError(
                f"{self.name}: tray {tray}, the vehicle has {vehicle.rack.trays}, counted from 0"
            )

    @abstractmethod
    def begin(self, rig: Rig, rng: np.random.Generator) -> Effect:
        """Put the fault in. `rng` is this fault's own.

        Raises UsageError where the target has no such place, InjectionError when it does not take.
        """

    def __str__(self) -> str:
        return f"{self.name} ({self.where})" if self.where else self.name


def changes(value: float, nothing: float) -> float:
    """`value` if it does something. Raises ValueError where it is `nothing`."""
    if value == nothing:
        raise ValueError(f"{nothing:g} changes nothing, the fault could never fire")
    return value


def chosen(what: str, value: str, known: Iterable[str]) -> str:
    """`value` if it is known. Raises ValueError, which names the nearest ones."""
    names = sorted(known)
    if value not in names:
        near = difflib.get_close_matches(value, names, n=3, cutoff=0.4) or names
        raise ValueError(f"no such {what}; did you mean {', '.join(near)}?")
    return value
