"""What is wrong with a file that pydantic refused, in a line for each key.

A line names the key by its path, what arrived and what is allowed; entries of lists are counted
from 1: `require.2.chanel: unknown key, expected one of channel, name, ...`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

WORDING = (
    ("Input should be", "must be"),
    ("String should", "must"),
    ("a valid dictionary", "a table"),
    ("a valid tuple", "a list"),
    ("Tuple should", "must"),
    ("List should", "must"),
    ("greater than or equal to", ">="),
    ("less than or equal to", "<="),
    ("greater than", ">"),
    ("less than", "<"),
)
INSTANCE = re.compile(r" or instance of \w+")  # the name of a class says nothing to a user
# Put into a location by pydantic, not by the file: branches of a union, the key of a dictionary.
TAGS = ("float", "str", "finite-float", "[key]")

Sections = Mapping[str, type[BaseModel]]


def complaints(error: ValidationError, sections: Sections) -> list[str]:
    """A line for each key, misspelt keys first; `sections` are the tables by their path."""
    details = sorted(error.errors(), key=lambda detail: detail["type"] != "extra_forbidden")
    told = [dict(detail) for detail in details if not _follows(dict(detail))]
    return list(dict.fromkeys(_complaint(detail, sections) for detail in told))


def _follows(detail: dict[str, Any]) -> bool:
    """Whether a list is only too short because its entries are wrong, which is told of each."""
    return detail["type"] == "too_short" and len(detail["input"]) >= _least(detail)


def _least(detail: dict[str, Any]) -> int:
    return int(detail["ctx"]["min_length"])


def _complaint(detail: dict[str, Any], sections: Sections) -> str:
    location = [part for part in detail["loc"] if part not in TAGS]
    where = ".".join(str(part + 1) if isinstance(part, int) else part for part in location)
    message = detail["msg"].removeprefix("Value error, ")
    if detail["type"] == "extra_forbidden":
        table = ".".join(part for part in location[:-1] if isinstance(part, str))
        fields = sections[table].model_fields.items()
        known = ", ".join(field.alias or name for name, field in fields)
        return f"{where}: unknown key, expected one of {known}"
    if detail["type"] == "tuple_type" and isinstance(detail["input"], dict):
        table = ".".join(part for part in location if isinstance(part, str))
        return f"{where}: must be a list of tables, each written as [[{table}]]"
    if detail["type"] == "missing":
        return f"{where}: missing"
    message = INSTANCE.sub("", message)
    if detail["type"] == "too_short":
        return f"{where}: {len(detail['input'])} entries, must be {_least(detail)} or more"
    for long, short in WORDING:
        message = message.replace(long, short)
    value = detail["input"]
    if isinstance(value, dict | list | BaseModel):
        return f"{where}: {message}" if where else message
    return f"{where} = {value!r}, {message}"
