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
        ("bias = 5", "bias = true", "bias = True, must be a valid number"),
        ("bias = 5", 'bias = "5"', "bias = '5', must be a valid number"),
        ("bias = 5", "bias = nan", "bias = nan, must be a finite number"),
        ("bias = 5", "bias = 0", "bias = 0, 0 changes nothing, the fault could never fire"),
        ("seed = 7", 'seed = "7"', "suite.seed = '7', must be a valid integer"),
        ("seed = 7", "seed = true", "suite.seed = True, must be a valid integer"),
        ("duration_s = 60", "duration_s = 1e12", "suite.duration_s = 1000000000000.0, must be <="),
        ("at_s = 20", 'at_s = "20"', "case.1.fault.1.at_s = '20', must be a valid number"),
        ("at_s = 20", "for_s = 1e300", "case.1.fault.1.for_s = 1e+300, must be <= 1000000"),
        ('kind = "sensor.bias"', "kind = 3", "case.1.fault.1: kind = 3, no such kind of fault"),
        (
            'kind = "sensor.bias"',
            'kind = ["sensor.bias"]',
            "kind = ['sensor.bias'], no such kind of fault; did you mean sensor.bias",
        ),
        (
            "[[case.fault]]",
            "[case.fault]",
            "must be a list of tables, each written as [[case.fault]]",
        ),
        ("[[case]]", "[case]", "s.toml: case: must be a list of tables, each written as [[case]]"),
        (
            '["soc > 0.3 always"]',
            '"soc > 0.3 always"',
            "expect = 'soc > 0.3 always', must be a list",
        ),
        ('["soc > 0.3 always"]', "[3]", "case.1.expect.1 = 3, must be a valid string"),
        ('name = "one"', 'name = " "', "must be a line of text that is not blank"),
        ('name = "one"', 'name = "a\\nb"', "must be a line of text that is not blank"),
        (
            'name = "one"\n',
            'name = "one"\nscenario_values = { seed = 3 }\n',
            "scenario_values: seed: a case says it by seed, leave it out here",
        ),
        (
            "soc > 0.3 always",
            "soc > 0.3 always after 60 s",
            "after 60 s, must be < duration_s = 60",
        ),
        (
            "soc > 0.3 always",
            "soc > 0.3 always but for 60 s",
            "but for 60 s, must be < duration_s = 60",
        ),
        ("soc > 0.3 always", "soc > 0.3 within 1e400 s", "expected at most 1000000 s"),
        ("soc > 0.3 always", "soc > 1e400 always", "expected a number or a text in quotes"),
    ],
)
def test_mistakes(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in GOOD
    with pytest.raises(UsageError) as caught:
        load(suite(tmp_path, GOOD.replace(old, new, 1)))
    assert message in str(caught.value)
    assert str(caught.value).startswith("s.toml: ")


@pytest.mark.parametrize(
    ("kind", "parameters", "message"),
    [
        ("upset.config_frame", "bits = 3", 'pattern "single" flips one'),
        ("upset.config_frame", 'pattern = "burst"\nbit = 3', 'pattern "burst" draws all its bits'),
        ("upset.flight_memory", 'pattern = "burst"\nbits = 40', "bits = 40, a word has 39"),
        ("upset.flight_memory", 'pattern = "adjacent"\nbit = 38', "bit 39 is to be flipped"),
        ("upset.controller_memory", "word = 1024", "word 1024, there are 1024, counted from 0"),
        ("actuator.stuck", 'actuator = "pump_a"\nvalue = 5', "value = 5, pump_a is 0 to 1"),
        ("actuator.stuck", 'actuator = "tray_power"\nvalue = 0.5', "tray_power is 0 or 1"),
        ("actuator.slow", 'actuator = "tray_power"\nrate_per_s = 1', "is on or off, actuator.slow"),
        ("actuator.offset", 'actuator = "tray_reset"\noffset = 1', "is on or off, actuator.offset"),
        ("actuator.bypass_stuck", "position = 7", "position = 7, must be <= 1"),
        ("sensor.scale", 'channel = "protons"\nfactor = 1', "1 changes nothing"),
        ("computing.clock_jump", "jump_s = 1e300", "jump_s = 1e+300, must be <= 1000000000"),
        ("computing.app_overrun", 'app = "thermal"\noverrun_s = 1e9', "must be <= 1000000"),
        ("plant.solar_particle_event", "flux_10mev_cm2_s = 1e300", "must be <= 100000000"),
        ("plant.array_wing_lost", "for_s = 3", "is done at once, leave for_s out"),
        ("plant.battery_cell_shorted", "for_s = 3", "is done at once, leave for_s out"),
    ],
)
def test_parameters_that_contradict_each_other_or_are_out_of_range(
    tmp_path: Path, kind: str, parameters: str, message: str
) -> None:
    text = GOOD.replace(
        'kind = "sensor.bias"\nchannel = "coolant_supply_a"\nbias = 5',
        f'kind = "{kind}"\n{parameters}',
    )
    with pytest.raises(UsageError) as caught:
        load(suite(tmp_path, text))
    assert message in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1  # the mistake alone, not what follows from it


def test_text_that_is_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_bytes(b"\xff\xfe[suite]")
    with pytest.raises(UsageError, match="s.toml: cannot be read: not UTF-8 text"):
        load(tmp_path / "s.toml")


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
    with pytest.raises(
        UsageError, match="memry: unknown key, expected one of bit, pattern, bits, memory, word"
    ):
        load(suite(tmp_path, text))
