"""Region actuators: what is driven, read with the test key."""

from struct import Struct

import pytest

from fsw import registers as r

from .wire import READ_SAME, TEST_KEY

ENTER, LEAVE = 0x5AFE_0001, 0x5AFE_0000
SAFE, TRIPPED = 1, 2
HEAD = Struct(">4I4HI")  # power, reset, scrub, reload; pump A, pump B, bypass, heater; flags
WARM, COLD = 29815, 27314  # above and below the thermostat's reset value


def driven(injection, stimulus):
    """The region in one read, which in simulation is the head of the actuator vector."""
    data = injection.read(r.ACTUATORS.base, r.ACTUATORS.size, TEST_KEY)
    assert data == stimulus.head(), data.hex()
    return HEAD.unpack(data)


@pytest.fixture
def warm(injection, stimulus):
    """Warm coolant and no load."""
    stimulus.rack(coolant_supply_a=WARM)
    return stimulus


def test_place(trays):
    assert (r.ACTUATORS.base, r.ACTUATORS.size) == (0x13100, HEAD.size)
    assert (r.ACTUATORS.access, r.ACTUATORS.key) == ("r", TEST_KEY)


def test_after_reset(injection, warm):
    assert driven(injection, warm) == (0, 0, 0, 0, 0x4000, 0, 0, 0, 0)


def test_drives_follow_the_setpoints(injection, warm):
    injection.write(r.CONTROL_PUMP_DRIVE.address, bytes.fromhex("1234567889abcdef"))
    assert driven(injection, warm)[4:] == (0x1234, 0x5678, 0x89AB, 0xCDEF, 0)


def test_load_switches_end_at_the_trays_fitted(injection, warm, trays):
    injection.set(r.CONTROL_POWER_SWITCH, 0xFFFF_FFFF)
    assert driven(injection, warm)[0] == (1 << trays) - 1
    injection.set(r.CONTROL_POWER_SWITCH, 1 << trays - 1)
    assert driven(injection, warm)[0] == 1 << trays - 1


@pytest.mark.parametrize(
    "register, place",
    [(r.COMMAND_TRAY_RESET, 1), (r.COMMAND_TRAY_SCRUB, 2), (r.COMMAND_TRAY_RELOAD, 3)],
    ids=["reset", "scrub", "reload"],
)
def test_command_lines(injection, warm, trays, register, place):
    injection.set(register, 0xFFFF_FFFF)
    lines = [0, 0, 0, 0]
    lines[place] = (1 << trays) - 1
    assert list(driven(injection, warm)[:4]) == lines


@pytest.mark.parametrize("register", [r.COMMAND_TRAY_RESET, r.COMMAND_TRAY_RELOAD])
def test_command_lines_fall(injection, warm, register):
    injection.set(register, 1)
    warm.ticks(19)
    assert sum(driven(injection, warm)[:4]) == 1
    warm.ticks(1)
    assert sum(driven(injection, warm)[:4]) == 0


def test_safe_state_goes_before_the_setpoints(injection, warm):
    injection.set(r.CONTROL_POWER_SWITCH, 1)
    injection.write(r.CONTROL_PUMP_DRIVE.address, bytes.fromhex("1111222233334444"))
    injection.set(r.CONTROL_SAFE_DRIVE, 0x1234_5678)
    injection.set(r.COMMAND_SAFE, ENTER)
    assert driven(injection, warm) == (0, 0, 0, 0, 0x1234, 0, 0x5678, 0, SAFE)
    assert injection.word(r.CONTROL_PUMP_DRIVE) == 0x1111_2222
    injection.set(r.COMMAND_SAFE, LEAVE)
    assert driven(injection, warm) == (1, 0, 0, 0, 0x1111, 0x2222, 0x3333, 0x4444, 0)


@pytest.mark.parametrize("safe, commanded", [(0, 0x4444), (1, 0)], ids=["commanded", "safe"])
def test_thermostat_goes_before_all(injection, warm, safe, commanded):
    injection.set(r.CONTROL_THERMAL_DRIVE, 0x4444)
    injection.set(r.COMMAND_SAFE, LEAVE + safe)
    assert driven(injection, warm)[7:] == (commanded, safe)
    warm.rack(coolant_supply_a=COLD)
    assert driven(injection, warm)[7:] == (0xFFFF, safe)
    warm.rack(coolant_supply_a=WARM)
    assert driven(injection, warm)[7:] == (commanded, safe)


def test_a_trip_opens_its_switch_and_flags(injection, warm, trays):
    injection.set(r.CONTROL_POWER_SWITCH, (1 << trays) - 1)
    warm.tray(0, load_current=40001)
    assert driven(injection, warm)[0] == (1 << trays) - 2
    assert driven(injection, warm)[8] == TRIPPED
    assert injection.word(r.CONTROL_POWER_SWITCH) == (1 << trays) - 1
    injection.set(r.COMMAND_SAFE, ENTER)
    assert driven(injection, warm)[8] == TRIPPED | SAFE
    warm.tray(0, load_current=0)
    injection.set(r.COMMAND_SAFE, LEAVE)
    injection.set(r.COMMAND_OVER_CURRENT_CLEAR, 1)
    assert driven(injection, warm)[0] == (1 << trays) - 1
    assert driven(injection, warm)[8] == 0


def test_over_temperature_flags(injection, warm):
    injection.set(r.CONTROL_POWER_SWITCH, 1)
    injection.set(r.CONTROL_OVER_TEMPERATURE_DEBOUNCE, 1)
    warm.tray(0, temperature_hbm=37816)
    warm.ticks(1)
    assert driven(injection, warm)[0] == 0
    assert driven(injection, warm)[8] == TRIPPED


def test_word_by_word(injection, warm):
    """Words of this region alone: no sample, no cap and no counter shines through."""
    injection.write(r.TRAY_CONTROL.base, b"\xff" * 4)
    injection.set(r.CONTROL_OVER_CURRENT_LIMIT, 0xFFFF)
    injection.set(r.CONTROL_OVER_TEMPERATURE_LIMIT, 0xFFFF_FFFF)
    warm.present(b"\xff" * (32 + 16 * warm.trays))
    injection.set(r.CONTROL_POWER_SWITCH, 1)
    injection.write(r.CONTROL_PUMP_DRIVE.address, bytes.fromhex("0102030405060708"))
    words = (1, 0, 0, 0, 0x0102_0304, 0x0506_0708, 0)
    for number, word in enumerate(words):
        address = r.ACTUATORS.base + 4 * number
        assert injection.read(address, 4, TEST_KEY) == word.to_bytes(4, "big")
        again = injection.execute(READ_SAME, address, 8, None, TEST_KEY)
        assert again == 2 * word.to_bytes(4, "big")


def test_reading_changes_nothing(injection, warm):
    injection.set(r.COMMAND_TRAY_SCRUB, 1)
    first = driven(injection, warm)
    assert all(driven(injection, warm) == first for _ in range(3))
