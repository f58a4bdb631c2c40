"""Triplicated registers and the reset cause, as seen over the link."""

import pytest

from fsw import registers as r


def test_nothing_has_been_repaired_after_reset(link, stimulus):
    stimulus.need("a reset")
    assert link.word(r.DIAGNOSTICS_VOTER) == 0


def test_the_reset_cause_has_one_bit(link):
    assert link.word(r.DIAGNOSTICS_RESET_CAUSE) in (0b01, 0b10)


def test_a_reset_after_the_first_is_external(link, stimulus):
    stimulus.need("a reset")
    assert link.fields(r.DIAGNOSTICS_RESET_CAUSE) == {"power_on": 0, "external_reset": 1}


@pytest.mark.parametrize(
    ("name", "number", "bit"),
    [
        ("power_switch", 0, 0),
        ("pump_drive", 1, 31),
        ("thermal_drive", 2, 0),
        ("safe_drive", 3, 16),
        ("thermostat", 4, 15),
        ("over_temperature_limit", 5, 31),
        ("over_temperature_debounce", 6, 7),
        ("over_current_limit", 7, 15),
        ("watchdog", 8, 16),
        ("scrub", 9, 16),
        ("config_scan", 11, 8),
        ("safe", 16, 0),
        ("watchdog_ticks", 17, 15),
        ("over_temperature", 18, 0),
        ("over_current", 19, 0),
        ("reset_lines", 20, 0),
        ("scrub_lines", 21, 0),
        ("reload_lines", 22, 0),
        ("cap_0", 32, 31),
    ],
)
@pytest.mark.parametrize("copy", ["a", "b", "c"])
def test_an_upset_changes_nothing_and_is_counted(link, stimulus, name, number, bit, copy):
    link.set(r.CONTROL_POWER_SWITCH, 1)
    before = stimulus.actuators(), link.read(r.CONTROL.base, 48), link.read(r.FAST.base + 4, 48)
    for count in (1, 2):
        stimulus.flip_register(name, copy, bit)
        assert link.word(r.DIAGNOSTICS_VOTER) == count << 16 | number
    after = stimulus.actuators(), link.read(r.CONTROL.base, 48), link.read(r.FAST.base + 4, 48)
    assert after == before


def test_an_upset_is_repaired_before_the_next_one(link, stimulus):
    """The same bit in all three copies, one after the other: never two at once."""
    link.set(r.CONTROL_THERMOSTAT, 0x5555)
    for copy in "abc":
        stimulus.flip_register("thermostat", copy, 0)
        assert link.word(r.CONTROL_THERMOSTAT) == 0x5555
    assert link.fields(r.DIAGNOSTICS_VOTER) == {"mismatches": 3, "register": 4}


def test_a_flip_tells_what_the_copy_was_then(link, stimulus):
    stimulus.need("transparency")
    link.set(r.CONTROL_THERMOSTAT, 0x5555)
    for copy in "abc":
        assert stimulus.target.flip_register("thermostat", copy, 1) == 0x5554


def test_flipped_registers_keep_working(link, stimulus):
    stimulus.flip_register("pump_drive", "b", 3)
    link.set(r.CONTROL_PUMP_DRIVE, 0x1234_5678)
    assert stimulus.actuators().pump_a == 0x1234
    stimulus.flip_register("watchdog_ticks", "a", 15)
    link.set(r.CONTROL_WATCHDOG, 1 << 31 | 3)
    stimulus.ticks(2)
    stimulus.flip_register("watchdog_ticks", "a", 1)
    assert link.fields(r.FAST_STATUS)["safe"] == 0
    stimulus.ticks(1)
    assert link.fields(r.FAST_STATUS)["safe"] == 1
    stimulus.flip_register("safe", "c", 0)
    assert stimulus.actuators().flags == 1
    link.set(r.COMMAND_TRAY_RELOAD, 1)
    stimulus.ticks(19)
    stimulus.flip_register("reload_lines", "b", 0)
    assert stimulus.actuators().reload == 1
    stimulus.ticks(1)
    stimulus.flip_register("reload_lines", "b", 0)
    assert stimulus.actuators().reload == 0


def test_the_count_wraps(link, stimulus):
    stimulus.flip_register("scrub", "a", 16, times=0x1_0001)
    assert link.fields(r.DIAGNOSTICS_VOTER) == {"mismatches": 1, "register": 9}


def test_reset_clears_the_count(link, stimulus):
    stimulus.flip_register("cap_0", "a", 0)
    assert link.word(r.DIAGNOSTICS_VOTER) == 1 << 16 | 32
    stimulus.reset()
    assert link.word(r.DIAGNOSTICS_VOTER) == 0


def test_what_does_not_exist_is_refused(link, stimulus, trays):
    stimulus.need("transparency")
    target = stimulus.target
    with pytest.raises(ValueError, match="flip mask 0x10000 for thermostat, must be 1 to 0xffff"):
        target.flip_register("thermostat", "a", 1 << 16)
    with pytest.raises(ValueError, match="flip mask 0x0 for safe, must be 1 to 0x1"):
        target.flip_register("safe", "a", 0)
    with pytest.raises(ValueError, match="power_switch"):
        target.flip_register("power_switch", "a", 1 << trays)
    with pytest.raises(ValueError, match="copy 'd' of safe, must be one of a, b, c"):
        target.flip_register("safe", "d", 1)
    with pytest.raises(KeyError, match="no triplicated register 'scratch'; there are power_switch"):
        target.flip_register("scratch", "a", 1)
    with pytest.raises(KeyError, match=f"cap_{trays}"):
        target.flip_register(f"cap_{trays}", "a", 1)
    assert link.word(r.DIAGNOSTICS_VOTER) == 0
