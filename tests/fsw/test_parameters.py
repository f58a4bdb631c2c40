"""The parameter table, and that nothing gets past its limits."""

import math

import pytest

from fsw.parameters import BY_ID, BY_NAME, TABLE, ParameterError, Parameters, known


def test_names_and_ids_are_unique():
    assert len(TABLE) == len(BY_NAME) == len(BY_ID)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_rows_make_sense(row):
    assert row.minimum < row.maximum
    assert row.check(row.default) == row.default
    assert row.description
    assert row.name == row.name.lower()


def test_the_table_agrees_with_itself():
    p = Parameters()
    assert p["soc_floor"] + p["soc_margin"] < p["soc_full"]
    assert p["tray_power_min_w"] < p["tray_power_max_w"]
    assert p["clock_min_mhz"] < p["clock_max_mhz"]
    assert p["gpu_slowdown_k"] < p["trip_gpu_k"]
    assert p["hbm_limit_k"] < p["trip_hbm_k"]
    assert p["coolant_freezing_k"] < p["heater_full_k"] < p["heater_on_k"]
    assert p["heater_on_k"] < p["coolant_setpoint_k"] < p["coolant_supply_max_k"]
    curve = [p[f"battery_ocv_{percent:03d}_v"] for percent in range(0, 101, 5)]
    assert curve == sorted(curve)
    for kind in ("scrub_flux_{}_cm2_s", "scrub_period_{}_ticks", "digest_interval_{}_s"):
        values = [p[kind.format(level)] for level in range(4) if kind.format(level) in p]
        assert values in (sorted(values), sorted(values, reverse=True))


def test_the_id_is_the_crc_of_the_name():
    # CRC-16/CCITT-FALSE of the ASCII name, worked out with fastcrc
    fastcrc = pytest.importorskip("fastcrc")
    assert known("soc_floor").id == fastcrc.crc16.ibm_3740(b"soc_floor") == 0x24BA


def test_overrides_and_changes():
    parameters = Parameters({"soc_floor": 0.6})
    assert parameters["soc_floor"] == 0.6
    assert parameters.changes() == {}
    parameters.set("soc_floor", 0.65)
    parameters.set("cap_step_w", 30)
    assert parameters.changes() == {"soc_floor": 0.65, "cap_step_w": 30.0}
    parameters.set("soc_floor", 0.6)
    assert parameters.changes() == {"cap_step_w": 30.0}


def test_changes_come_back_from_the_store():
    parameters = Parameters()
    parameters.set("soc_floor", 0.65)
    data = parameters.encode_changes()
    assert data == bytes.fromhex("24BA 3FE4CCCCCCCCCCCD")
    other = Parameters()
    other.load_changes(data)
    assert other["soc_floor"] == 0.65
    other.load_changes(b"")


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("24BA 3FE4CCCCCCCCCC", "stored changes of 9 bytes, must be a multiple of 10"),
        (
            "24BA 3FE4CCCCCCCCCCCD 0000 3FE4CCCCCCCCCCCD",
            "stored parameter id 0x0000 is not in the table",
        ),
        (
            "24BA 3FE4CCCCCCCCCCCD 24BA 4059000000000000",
            "parameter soc_floor = 100, must be 0 to 0.95",
        ),
    ],
)
def test_stored_changes_that_cannot_be(data, text):
    parameters = Parameters()
    with pytest.raises(ParameterError, match=text):
        parameters.load_changes(bytes.fromhex(data))
    assert parameters.changes() == {}


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("soc_floor", 1.2, "parameter soc_floor = 1.2, must be 0 to 0.95"),
        (
            "battery_capacity_ah",
            -5,
            "parameter battery_capacity_ah = -5 A h, must be 1 to 100000 A",
        ),
        ("soc_floor", math.nan, "parameter soc_floor = nan, must be a number"),
        ("soc_floor", "0.5", "parameter soc_floor = '0.5', must be a number"),
        ("soc_floor", True, "parameter soc_floor = True, must be a number"),
        ("soc_flor", 0.5, "parameter 'soc_flor' is not known; did you mean soc_floor"),
        ("zzz", 0.5, "parameter 'zzz' is not known; see fsw/parameters.py"),
    ],
)
def test_what_is_refused_changes_nothing(name, value, text):
    parameters = Parameters()
    with pytest.raises(ParameterError, match=text):
        parameters.set(name, value)
    assert parameters.changes() == {}
    with pytest.raises(ParameterError, match=text):
        Parameters({name: value})


def test_it_is_a_mapping():
    parameters = Parameters()
    assert set(parameters) == set(BY_NAME)
    assert len(dict(parameters)) == len(TABLE)
    with pytest.raises(KeyError):
        parameters["zzz"]
