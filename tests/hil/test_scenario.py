"""Scenario files: what they say, and what is said about a wrong one."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from hil import scenario
from hil.errors import UsageError

MINIMAL = 'name = "mine"\n'


def write(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def complaint(folder: Path, text: str) -> str:
    with pytest.raises(UsageError) as caught:
        scenario.load(write(folder, text))
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_a_name_is_enough(tmp_path: Path) -> None:
    loaded = scenario.load(write(tmp_path, MINIMAL))
    assert loaded.vehicle == "rack_100kw"
    assert loaded.duration.orbits == 1.0
    assert loaded.require == []


def test_everything_a_file_can_say(tmp_path: Path) -> None:
    loaded = scenario.load(
        write(
            tmp_path,
            """
            name = "all"
            description = "every key"
            vehicle = "nvl72_135kw"
            seed = 5
            demand = [{ at_s = 0, level = 1.0 }, { at_s = 600, level = 0.2 }]
            duration = { seconds = 600 }
            initial = { soc = 0.5, coolant_c = 4 }
            faults = { panels_lost = 1 }
            parameters = { soc_floor = 0.4 }
            [orbit]
            altitude_km = 600
            beta_deg = -10
            inclination_deg = 53
            start_s = 30
            epoch = 2026-06-21T02:00:00+02:00
            [conditions]
            solar_constant_w_m2 = 1423
            albedo = 0.4
            olr_w_m2 = 286
            solar_activity = "min"
            upset_scale = 10
            storm = { start_s = 0, duration_s = 60, peak_flux_10mev_cm2_s = 1e4 }
            [[require]]
            name = "cool"
            channel = "gpu_temp_max_c"
            below = 87
            for_s = 5
            after_s = 60
            [[require]]
            channel = "fsw_mode"
            equals = "nominal"
            holds = "end"
            """,
        )
    )
    assert loaded.orbit.epoch == datetime(2026, 6, 21, tzinfo=UTC)
    assert [step.level for step in loaded.demand] == [1.0, 0.2]
    assert loaded.conditions.storm is not None
    cool, mode = loaded.require
    assert (cool.operator, cool.limit) == ("below", 87.0)
    assert cool.rule == "below 87 but for 5 s after 60 s"
    assert mode.title == "fsw_mode equals 'nominal' at the end"


@pytest.mark.parametrize("name", scenario.names())
def test_the_scenarios_that_come_with_racksat_load(name: str) -> None:
    loaded = scenario.load(scenario.find(name))
    assert loaded.name == name
    assert loaded.description
    assert loaded.require


def test_the_promised_scenarios_are_there() -> None:
    assert {"nominal", "hot", "cold", "saa"} <= set(scenario.names())


def test_misspelt_key_of_a_requirement_names_the_known_ones(tmp_path: Path) -> None:
    text = (
        MINIMAL
        + '[[require]]\nchannel = "soc"\nabove = 0\n[[require]]\nchanel = "soc"\nabove = 0.2\n'
    )
    lines = complaint(tmp_path, text).splitlines()
    assert "mine.toml: require.2.channel: missing" in lines
    unknown = next(line for line in lines if "chanel" in line)
    assert unknown.startswith(
        "mine.toml: require.2.chanel: unknown key, expected one of channel, name, above"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("colour = 3\n", "mine.toml: colour: unknown key, expected one of name, description, veh"),
        ("[orbit]\nheight = 3\n", "mine.toml: orbit.height: unknown key, expected one of altitude"),
        (
            "[conditions.storm]\nstart_s = 0\nduration_s = 1\nend_s = 4\n",
            "mine.toml: conditions.storm.end_s: unknown key, expected one of start_s, duration_s",
        ),
        (
            "demand = [{ at_s = 0, levle = 1 }]\n",
            "mine.toml: demand.1.levle: unknown key, expected one of at_s, level",
        ),
        ("[initial]\nsoc = 1.5\n", "mine.toml: initial.soc = 1.5, must be <= 1"),
        ("seed = -1\n", "mine.toml: seed = -1, must be >= 0"),
        ("[duration]\norbits = 0\n", "mine.toml: duration.orbits = 0, must be > 0"),
        ("[duration]\n", "mine.toml: duration: give either orbits or seconds"),
        (
            "[duration]\nseconds = nan\n",
            "mine.toml: duration.seconds = nan, must be a finite number",
        ),
        (
            "[orbit]\nepoch = 2026-06-21T00:00:00\n",
            "mine.toml: orbit.epoch = datetime.datetime(2026, 6, 21, 0, 0), must carry its time",
        ),
        (
            "[orbit]\nlocal_time_h = 6\nbeta_deg = 0\n",
            "mine.toml: orbit: give either local_time_h or beta_deg",
        ),
        (
            "demand = [{ at_s = 5, level = 1 }]\n",
            "mine.toml: demand: steps must begin at at_s = 0",
        ),
        (
            '[[require]]\nchannel = "soc"\nabove = 1\nbelow = 2\n',
            "mine.toml: require.1: give exactly one of above, at_least, below",
        ),
        ("demand = 1.5\n", "mine.toml: demand.1.level = 1.5, must be <= 1"),
        (
            '[[require]]\nchannel = "soc"\nbelow = "x"\n',
            "mine.toml: require.1.below = 'x', must be a valid number",
        ),
        (
            "[conditions.upset_scales]\nweight = 2\n",
            "mine.toml: conditions.upset_scales.weight = 'weight', must be 'controller_memory', ",
        ),
        ("seed = = 3\n", "mine.toml: not valid TOML: "),
    ],
)
def test_wrong_value_names_file_key_and_what_is_allowed(
    tmp_path: Path, text: str, expected: str
) -> None:
    assert complaint(tmp_path, MINIMAL + text).startswith(expected)


def test_unknown_scenario_lists_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"unknown scenario 'hott'; known are cold, hot, nominal"):
        scenario.find("hott")


def test_missing_and_unreadable_files(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no\.toml: no such scenario file"):
        scenario.find(str(tmp_path / "no.toml"))
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="cannot be read: not UTF-8 text"):
        scenario.load(binary)
    folder = tmp_path / "folder.toml"
    folder.mkdir()
    with pytest.raises(UsageError, match="cannot be read: Is a directory"):
        scenario.load(folder)
