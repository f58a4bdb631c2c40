"""Coverage records of Verilator, by hand, and the file of justifications."""

from __future__ import annotations

from pathlib import Path

import pytest

from hil.coverage import JUSTIFIED, RTL, Justification, load_justifications
from hil.coverage_data import Coverage, Figure, Gap
from hil.errors import UsageError

SOURCE = """module m;
always @(posedge i_clk)
    if (a)
        b <= c ? d : e;
""".splitlines()


def record(count: int, instance: str, **fields: object) -> str:
    body = "".join(f"\1{name}\2{value}" for name, value in fields.items())
    return f"C '{body}\1h\2{instance}' {count}\n"


def statement(count: int, line: int, what: str, lines: str, instance: str = "top.m") -> str:
    place = {"f": "/rtl/m.v", "l": line, "n": 5, "t": "line", "page": "v_line/m"}
    return record(count, instance, **place, o=what, S=lines)


def toggle(count: int, what: str, instance: str = "top.m", file: str = "/rtl/m.v") -> str:
    place = {"f": file, "l": 1, "n": 3, "t": "toggle", "page": "v_toggle/m"}
    return record(count, instance, **place, o=what)


@pytest.fixture
def coverage(tmp_path: Path) -> Coverage:
    one, other = tmp_path / "1.dat", tmp_path / "2.dat"
    one.write_text(
        "# SystemC::Coverage-3\n"
        + statement(7, 2, "block", "2")
        + statement(0, 3, "if", "3-4")
        + statement(0, 4, "cond_then", "4")
        + "".join(toggle(0, f"q[{bit}]:{way}") for bit in range(4) for way in ("0->1", "1->0"))
        + toggle(0, "b:0->1")
        + toggle(3, "outside:0->1", file="/bench/top.v")
    )
    other.write_text(
        statement(5, 3, "if", "3-4", "top.two.m")
        + toggle(2, "q[0]:0->1", "top.two.m")
        + toggle(1, "q[0]:1->0")
        + toggle(4, "q[1]:0->1", "top.two.m")
    )
    return Coverage.of([one, other], Path("/rtl"))


def test_records_of_instances_and_files_add_up(coverage: Coverage) -> None:
    assert coverage.modules() == ["m"]
    assert coverage.line("m") == Figure(3, 3)
    assert coverage.branch("m") == Figure(1, 2)
    assert coverage.toggle("m") == Figure(3, 9)
    assert coverage.executed("m") == {2: 7, 3: 5, 4: 5}


def test_gaps_name_bits_in_ranges_and_arms_by_their_source(coverage: Coverage) -> None:
    assert coverage.gaps("m", SOURCE) == [
        Gap("m", 1, "b", "0 to 1"),
        Gap("m", 1, "q[1]", "1 to 0"),
        Gap("m", 1, "q[3:2]", "changes"),
        Gap("m", 4, "then of: b <= c ? d : e;", "taken"),
    ]


def test_annotated_source_marks_gaps(coverage: Coverage) -> None:
    lines = coverage.annotated("m", SOURCE).splitlines()
    assert "            7 | always @(posedge i_clk)" in lines
    assert "!             |     ^ q[3:2] never changes" in lines
    assert "!           5 |         b <= c ? d : e;" in lines


@pytest.mark.parametrize(
    ("place", "matches"),
    [
        ("m: q[3:2]", True),
        ("m: q[7:0]", True),
        ("m: q[2]", False),
        ("m: q[3]", False),
        ("m: q", False),
        ("n: q[3:2]", False),
    ],
)
def test_justified_bits_contain_the_gap(place: str, matches: bool) -> None:
    found = Justification((place,), "why").matching(Gap("m", 1, "q[3:2]", "changes"))
    assert found == (place if matches else None)


def test_justification_without_a_reason_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "coverage.toml"
    path.write_text('[[justified]]\nplaces = ["m: q"]\n')
    with pytest.raises(UsageError, match="entry 1: expected places and a reason"):
        load_justifications(path)


def test_every_justified_place_is_in_a_module_that_exists() -> None:
    for entry in load_justifications(JUSTIFIED):
        for place in entry.places:
            module, _, signal = place.partition(": ")
            source = (RTL / f"{module}.v").read_text()
            scopes = signal.partition("[")[0].split(".")  # generate blocks, then the signal
            assert all(name in source for name in scopes), place
