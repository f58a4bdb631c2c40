"""Unit tests of the Verilog: one pytest test for each cocotb test in `cocotb_*.py`."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest


def cocotb_tests() -> Iterator[tuple[str, str]]:
    """Module and name of every function under `@cocotb.test`, read from the sources."""
    for path in sorted(Path(__file__).parent.glob("cocotb_*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.AsyncFunctionDef) and any(
                "cocotb.test" in ast.unparse(decorator) for decorator in node.decorator_list
            ):
                yield path.stem, node.name


@pytest.mark.parametrize(("module", "name"), list(cocotb_tests()))
def test_rtl(cocotb_outcomes: Callable[[str], dict[str, str]], module: str, name: str) -> None:
    outcomes = cocotb_outcomes(module)
    assert name in outcomes, f"{module} has not run {name}; it has run {sorted(outcomes)}"
    if outcomes[name]:
        pytest.fail(outcomes[name], pytrace=False)
