"""What is wrong with a file that pydantic refused, in a line for each key.

A line names the key by its path, what arrived and what is allowed; entries of lists are counted
from 1: `require.2.chanel: unknown key, expected one of channel, name, ...`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

WORDING = (
    ("Input should be", "must be"),
    ("String should", "must"),
    ("a valid dictionary or instance of", "a table, as in"),
    ("greater than or equal to", ">="),
    ("less than or equal to", "<="),
    ("greater than", ">"),
    ("less than", "<"),
)
# Put into a location by pydantic, not by the file: branches of a union, the key of a dictionary.
TAGS = ("float", "str", "finite-float", "[key]")

Sections = Mapping[str, type[BaseModel]]


def complaints(error: ValidationError, sections: Sections) -> list[str]:
    """A line for each key, misspelt keys first; `sections` are the tables by their path."""
    details = sorted(error.errors(), key=lambda detail: detail["type"] != "extra_forbidden")
    return list(dict.fromkeys(_complaint(dict(detail), sections) for detail in details))


def _complaint(detail: dict[str, Any], sections: Sections) -> str:
    location = [part for part in detail["loc"] if part not in TAGS]
    where = ".".join(str(part + 1) if isinstance(part, int) else part for part in location)
    message = detail["msg"].removeprefix("Value error, ")
    if detail["type"] == "extra_forbidden":
        table = ".".join(part for part in location[:-1] if isinstance(part, str))
        fields = sections[table].model_fields.items()
        known = ", ".join(field.alias or name for name, field in fields)
        return f"{where}: unknown key, expected one of {known}"
    if detail["type"] == "missing":
        return f"{where}: missing"
    for long, short in WORDING:
        message = message.replace(long, short)
    value = detail["input"]
    if isinstance(value, dict | list | BaseModel):
        return f"{where}: {message}" if where else message
    return f"{where} = {value!r}, {message}"
