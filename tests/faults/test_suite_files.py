"""Suite files: what is wrong in them is told with file, case, key and what was expected."""

from __future__ import annotations

from pathlib import Path

import pytest

from hil.errors import UsageError
from hil.faults.case_flight import flown
from hil.faults.suite import load

GOOD = """
[suite]
name = "s"
seed = 7
duration_s = 60
[suite.vehicle_values.rack]
boot_s = 3.0

[[case]]
name = "one"
expect = ["soc > 0.3 always"]
[[case.fault]]
kind = "sensor.bias"
channel = "coolant_supply_a"
bias = 5
at_s = 20
"""


def suite(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "s.toml"
    path.write_text(text)
    return path


def test_a_case_takes_what_it_does_not_say_from_the_suite(tmp_path: Path) -> None:
    text = GOOD + "[case.vehicle_values.rack]\nreload_s = 2.0\n"
    (case,) = load(suite(tmp_path, text)).case
    assert (case.seed, case.duration_s, case.scenario) == (7, 60.0, "nominal")
    what = flown(case, tmp_path)
    assert (what.vehicle.rack.boot_s, what.vehicle.rack.reload_s) == (3.0, 2.0)
    assert what.mission.cycles == 600
    assert what.scenario.require == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('name = "s"', "", "s.toml: suite.name: missing"),
        ('name = "s"', 'name = "a b"', "s.toml: suite.name = 'a b'"),
        ("seed = 7", "sed = 7", "s.toml: suite.sed: unknown key, expected one of name"),
        ("seed = 7", "seed = -7", "s.toml: suite.seed = -7, must be >= 0"),
        ('name = "one"', "", "s.toml: case.1.name: missing"),
        ('name = "one"', 'nam = "one"', "s.toml: case.1.nam: unknown key, expected one of name"),
        ('name = "one"\n', 'name = "one"\nduration_s = 0\n', 'case "one": case.1.duration_s = 0'),
        ("expect = [", "expect = [] #", 'case "one": case.1.expect'),
        ('"soc > 0.3 always"', '"soc > 0.3"', "case.1.expect: 1: 'soc > 0.3': column 10: expected"),
        ('"soc > 0.3 always"', '"sco > 0.3 always"', "did you mean soc"),
        (
            'kind = "sensor.bias"',
            'kind = "sensor.bais"',
            "no such kind of fault; did you mean sens",
        ),
        ('kind = "sensor.bias"', "", 'case.1.fault.1: kind: missing, such as kind = "sensor.bias"'),
        ("bias = 5", "", "case.1.fault.1: bias: missing"),
        ("bias = 5", 'bias = "much"', "case.1.fault.1: bias = 'much', must be a valid number"),
        (
            "bias = 5",
            "bias = 5\nheight = 3",
            "case.1.fault.1: height: unknown key, expected one of",
        ),
        ("coolant_supply_a", "coolant_suply_a", "no such sensor channel; did you mean coolant_sup"),
        ("bias = 5", "bias = 5\ntray = 3", "channel coolant_supply_a is the rack's"),
        ("at_s = 20", "at_s = 60", "fault.1.at_s = 60, must be < duration_s = 60"),
        ("at_s = 20", "at_s = -1", 'case "one": case.1.fault.1.at_s = -1, must be >= 0'),
        ("at_s = 20", "for_s = 0", "case.1.fault.1.for_s = 0, must be > 0"),
        ("at_s = 20", 'when = "in_eclips"', "case.1.fault.1.when = 'in_eclips', column 10: expec"),
        ("at_s = 20", "when = 'mode == \"dark\"'", '"eclipse"'),
        ("[[case.fault]]", "[[case.faults]]", "case.1.faults: unknown key, expected one of name"),
        ("[suite]", "[suite", "s.toml: not valid TOML"),
    ],
)
def test_mistakes(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in GOOD
    with pytest.raises(UsageError) as caught:
        load(suite(tmp_path, GOOD.replace(old, new, 1)))
    assert message in str(caught.value)
    assert str(caught.value).startswith("s.toml: ")


def test_a_fault_that_is_done_at_once_has_no_end(tmp_path: Path) -> None:
    text = GOOD.replace(
        'kind = "sensor.bias"\nchannel = "coolant_supply_a"\nbias = 5',
        'kind = "upset.tray_sefi"\nfor_s = 3',
    )
    with pytest.raises(UsageError, match="for_s: upset.tray_sefi is done at once"):
        load(suite(tmp_path, text))


def test_two_cases_of_one_name(tmp_path: Path) -> None:
    again = GOOD[GOOD.index("[[case]]") :]
    with pytest.raises(UsageError, match="case.2.name = 'one', another case has it"):
        load(suite(tmp_path, GOOD + again))


def test_no_case_and_no_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="s.toml: case: missing"):
        load(suite(tmp_path, GOOD[: GOOD.index("[[case]]")]))
    with pytest.raises(UsageError, match="cannot be read"):
        load(tmp_path / "absent.toml")


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("[case.vehicle_values.rack]\nboot = 3.0", "rack.boot: unknown key"),
        ("[case.scenario_values.initial]\nsoc = 3.0", "initial.soc = 3.0"),
        ("[case.scenario_values]\nvehicle = 'none'", "unknown vehicle 'none'"),
    ],
)
def test_values_that_the_vehicle_or_scenario_has_not(
    tmp_path: Path, table: str, message: str
) -> None:
    (case,) = load(suite(tmp_path, f"{GOOD}{table}\n")).case
    with pytest.raises(UsageError) as caught:
        flown(case, tmp_path)
    assert message in str(caught.value)


def test_keys_are_told_as_they_stand_in_files(tmp_path: Path) -> None:
    text = GOOD.replace('kind = "sensor.bias"', 'kind = "upset.rtl_memory"')
    text = text.replace('channel = "coolant_supply_a"\nbias = 5\n', "memry = 1\n")
    with pytest.raises(UsageError, match="memry: unknown key, expected one of memory, word, bit"):
        load(suite(tmp_path, text))
