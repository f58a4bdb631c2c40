"""What a defect of flight software is, and how tables of them are written.

`put` receives a `pytest.MonkeyPatch`, which takes back what it set.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pytest import MonkeyPatch

Put = Callable[[MonkeyPatch], None]


@dataclass(frozen=True)
class FlightMutant:
    """A defect, and how it is put in."""

    name: str
    breaks: str
    put: Put


def entering(table: list[FlightMutant]) -> Callable[[str, str], Callable[[Put], Put]]:
    """A decorator with name and what is broken, that enters a `put` into the table."""

    def mutant(name: str, breaks: str) -> Callable[[Put], Put]:
        def enter(put: Put) -> Put:
            table.append(FlightMutant(name, breaks, put))
            return put

        return enter

    return mutant


def replace(patch: MonkeyPatch, owner: Any, name: str, value: Any) -> None:
    """Set what must exist: a defect of a name that is gone would break nothing."""
    patch.setattr(owner, name, value, raising=True)


def nothing(*_arguments: object, **_options: object) -> None:
    """Does nothing, returns nothing."""
