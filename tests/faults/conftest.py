"""Suites of fault cases as tests: `pytest tests/faults/*.toml --target rtl`."""

from hil.faults.pytest_plugin import expect, inject, pytest_collect_file, satellite

__all__ = ["expect", "inject", "pytest_collect_file", "satellite"]
