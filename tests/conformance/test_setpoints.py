"""Control registers: reset values, the bits that exist, and the actuators behind them."""

import pytest

from fsw import registers as r

CONTROL = [register for register in r.REGISTERS if register.name.startswith("control.")]

# Address, reset value, bits that exist (power_switch apart, whose bits are the trays fitted).
REGISTERS = {
    "pump_drive": (0x44, 0x4000_0000, 0xFFFF_FFFF),
    "thermal_drive": (0x48, 0x0000_0000, 0xFFFF_FFFF),
    "safe_drive": (0x4C, 0x6000_FFFF, 0xFFFF_FFFF),
    "thermostat": (0x50, 0x0000_6AB3, 0x0000_FFFF),
    "over_temperature_limit": (0x54, 0x91C3_93B7, 0xFFFF_FFFF),
    "over_temperature_debounce": (0x58, 0x0000_000A, 0x0000_00FF),
    "over_current_limit": (0x5C, 0x0000_9C40, 0x0000_FFFF),
    "watchdog": (0x60, 0x0000_01F4, 0x8000_FFFF),
    "scrub": (0x64, 0x8000_0064, 0x8000_FFFF),
    "scratch": (0x68, 0x0000_0000, 0xFFFF_FFFF),
    "config_scan": (0x6C, 0x8000_000A, 0x8000_00FF),
}


@pytest.mark.parametrize("address, reset, bits", REGISTERS.values(), ids=REGISTERS)
def test_control_register(link, address, reset, bits):
    assert link.word(address) == reset
    for value in (0xFFFF_FFFF, 0x0000_0000, 0xA5A5_A5A5, 0x5A5A_5A5A, reset):
        link.set(address, value)
        assert link.word(address) == value & bits


def test_power_switch_has_the_trays_fitted(link, trays):
    assert link.word(r.CONTROL_POWER_SWITCH) == 0
    link.set(r.CONTROL_POWER_SWITCH, 0xFFFF_FFFF)
    assert link.word(r.CONTROL_POWER_SWITCH) == (1 << trays) - 1
    link.modify(r.CONTROL_POWER_SWITCH.address, 0, 0x0000_0002)
    assert link.word(r.CONTROL_POWER_SWITCH) == (1 << trays) - 1 & ~2


def test_registers_are_apart(link, trays):
    values = {register.address: 0x1111_1111 * (i + 1) for i, register in enumerate(CONTROL)}
    for address, value in values.items():
        link.set(address, value)
    for register in CONTROL[1:]:
        _, _, bits = REGISTERS[register.name.removeprefix("control.")]
        assert link.word(register) == values[register.address] & bits
    assert link.word(r.CONTROL_POWER_SWITCH) == 0x1111_1111 & (1 << trays) - 1


def test_whole_region_in_one_write(link):
    words = [1, 0x1234_5678, 0x9ABC_DEF0, 3, 4, 0xFFFF_FFFF, 6, 0xFFFF, 7, 8, 9, 10]
    data = b"".join(word.to_bytes(4, "big") for word in words)
    link.write(r.CONTROL.base, data)
    assert link.read(r.CONTROL.base, 48) == data


def test_caps(link, trays):
    address = r.TRAY_CONTROL.base
    assert link.read(address, 4 * trays) == b"\xff" * 4 * trays
    caps = b"".join((0x1000_0800 + i).to_bytes(4, "big") for i in range(trays))
    link.write(address, caps)
    assert link.read(address, 4 * trays) == caps
    link.set(r.TRAY_CONTROL_CAP.at(trays - 1), 0x0123_4567)
    assert link.read(address, 4 * trays) == caps[:-4] + bytes.fromhex("01234567")
    link.write(address, b"\xff" * 4 * trays)


class TestActuators:
    def test_after_reset(self, stimulus):
        stimulus.rack(coolant_supply_a=29815)
        actuators = stimulus.actuators()
        assert (actuators.power, actuators.reset, actuators.scrub, actuators.reload) == (0,) * 4
        assert (actuators.pump_a, actuators.pump_b) == (0x4000, 0)
        assert (actuators.bypass, actuators.heater, actuators.flags) == (0, 0, 0)
        assert actuators.caps == (0xFFFF_FFFF,) * stimulus.trays

    def test_drives_follow_registers(self, link, stimulus):
        stimulus.rack(coolant_supply_a=29815)
        link.write(r.CONTROL_PUMP_DRIVE.address, bytes.fromhex("1234567889abcdef"))
        actuators = stimulus.actuators()
        assert (actuators.pump_a, actuators.pump_b) == (0x1234, 0x5678)
        assert (actuators.bypass, actuators.heater) == (0x89AB, 0xCDEF)

    def test_power_follows_the_switch(self, link, stimulus):
        for mask in (1, 1 << stimulus.trays - 1, 0x2A, (1 << stimulus.trays) - 1, 0):
            link.set(r.CONTROL_POWER_SWITCH, mask)
            expected = mask & (1 << stimulus.trays) - 1
            assert stimulus.actuators().power == expected
            assert link.word(r.FAST_POWERED) == expected

    @pytest.mark.trays(2)
    def test_caps_in_tray_order(self, link, stimulus):
        link.set(r.TRAY_CONTROL_CAP.at(0), 0x1111_2222)
        link.set(r.TRAY_CONTROL_CAP.at(stimulus.trays - 1), 0x3333_4444)
        caps = stimulus.actuators().caps
        assert caps[0] == 0x1111_2222
        assert caps[-1] == 0x3333_4444
        assert set(caps[1:-1]) <= {0xFFFF_FFFF}

    def test_raw_layout(self, link, stimulus):
        stimulus.rack(coolant_supply_a=0xFFFF)
        link.set(r.CONTROL_POWER_SWITCH, 1)
        link.set(r.COMMAND_TRAY_RELOAD, 1)
        assert stimulus.head().hex() == ("00000001000000000000000000000001400000000000000000000000")


class TestThermostat:
    def test_heats_below_the_threshold(self, link, stimulus):
        link.set(r.CONTROL_THERMAL_DRIVE, 0x0000_0123)
        for supply, heater in ((27315, 0x0123), (27314, 0xFFFF), (0, 0xFFFF), (65535, 0x0123)):
            stimulus.rack(coolant_supply_a=supply)
            assert stimulus.actuators().heater == heater
            assert link.fields(r.FAST_STATUS)["heater_on"] == 1

    def test_heater_on_is_the_output(self, link, stimulus):
        stimulus.rack(coolant_supply_a=27315)
        assert link.fields(r.FAST_STATUS)["heater_on"] == 0
        stimulus.rack(coolant_supply_a=27314)
        assert link.fields(r.FAST_STATUS)["heater_on"] == 1

    def test_only_sensor_a_counts(self, stimulus):
        stimulus.rack(coolant_supply_a=28000, coolant_supply_b=1, coolant_supply_c=1)
        assert stimulus.actuators().heater == 0

    def test_zero_disables(self, link, stimulus):
        assert stimulus.actuators().heater == 0xFFFF  # the sensor reads 0 after reset
        link.set(r.CONTROL_THERMOSTAT, 0)
        assert stimulus.actuators().heater == 0

    def test_works_in_the_safe_state(self, link, stimulus):
        link.set(r.CONTROL_THERMAL_DRIVE, 0x0000_8000)
        link.set(r.COMMAND_SAFE, 0x5AFE_0001)
        stimulus.rack(coolant_supply_a=27314)
        assert stimulus.actuators().heater == 0xFFFF
        stimulus.rack(coolant_supply_a=27315)
        assert stimulus.actuators().heater == 0
