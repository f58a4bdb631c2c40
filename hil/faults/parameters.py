"""The parameters of a kind in words, out of its own fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hil.faults.kinds import Kind

SIGNS = {
    "minimum": ">=",
    "exclusiveMinimum": ">",
    "maximum": "<=",
    "exclusiveMaximum": "<",
}


def parameters(kind: type[Kind]) -> list[str]:
    """A line for each parameter: name, type, range, default."""
    schema = kind.model_json_schema(by_alias=True)
    required = schema.get("required", [])
    return [
        _line(name, table, name in required) for name, table in schema.get("properties", {}).items()
    ]


def _line(name: str, table: Mapping[str, Any], required: bool) -> str:
    words = f"{name}: {_type(table)}"
    if "description" in table:
        words += f", {table['description']}"
    if required:
        return f"{words}, required"
    default = table.get("default")
    return f"{words}, optional" if default is None else f"{words}, {default!r} if not given"


def _type(table: Mapping[str, Any]) -> str:
    choices = [each for each in table.get("anyOf", [table]) if each.get("type") != "null"]
    return " or ".join(_simple(each) for each in choices)


def _simple(table: Mapping[str, Any]) -> str:
    if "enum" in table:
        return " | ".join(map(str, table["enum"]))
    bounds = [f"{sign} {table[key]:g}" for key, sign in SIGNS.items() if key in table]
    name = {"string": "text", "integer": "whole number", "boolean": "true or false"}
    return " ".join([name.get(table["type"], table["type"]), *bounds])
