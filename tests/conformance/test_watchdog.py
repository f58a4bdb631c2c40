"""Flight-software watchdog and the safe state it leads to."""

import pytest

from fsw import registers as r

ENABLE = 1 << 31
KICK = 0x5AFE_C0DE
ENTER, LEAVE = 0x5AFE_0001, 0x5AFE_0000


def is_safe(stimulus):
    return stimulus.actuators().flags & 1 == 1


class TestExpiry:
    @pytest.mark.parametrize("period, ticks", [(0, 1), (1, 1), (2, 2), (7, 7), (65535, 65535)])
    def test_after_the_period(self, link, stimulus, period, ticks):
        link.set(r.CONTROL_WATCHDOG, ENABLE | period)
        stimulus.ticks(ticks - 1)
        assert not is_safe(stimulus)
        stimulus.ticks(1)
        assert is_safe(stimulus)
        status = link.fields(r.FAST_STATUS)
        assert (status["safe"], status["watchdog_expired"], status["watchdog_enabled"]) == (1, 1, 1)
        assert link.fields(r.DIAGNOSTICS_WATCHDOG_EVENTS) == {"expired": 1, "bad_kicks": 0}

    def test_disabled_never(self, link, stimulus):
        link.set(r.CONTROL_WATCHDOG, 3)
        stimulus.ticks(1000)
        assert not is_safe(stimulus)
        assert link.fields(r.FAST_STATUS)["watchdog_enabled"] == 0

    def test_kick_restarts_the_period(self, link, stimulus):
        link.set(r.CONTROL_WATCHDOG, ENABLE | 5)
        for _ in range(10):
            stimulus.ticks(4)
            link.set(r.COMMAND_WATCHDOG_KICK, KICK)
        assert not is_safe(stimulus)
        stimulus.ticks(4)
        assert not is_safe(stimulus)
        stimulus.ticks(1)
        assert is_safe(stimulus)

    @pytest.mark.parametrize("key", [0, 0x5AFE_C0DF, 0xDEC0_FE5A, 0xFFFF_FFFF])
    def test_wrong_key_is_no_kick(self, link, stimulus, key):
        link.set(r.CONTROL_WATCHDOG, ENABLE | 5)
        stimulus.ticks(4)
        link.set(r.COMMAND_WATCHDOG_KICK, key)
        assert link.fields(r.DIAGNOSTICS_WATCHDOG_EVENTS)["bad_kicks"] == 1
        stimulus.ticks(1)
        assert is_safe(stimulus)

    def test_writing_the_register_restarts_the_period(self, link, stimulus):
        link.set(r.CONTROL_WATCHDOG, ENABLE | 5)
        stimulus.ticks(4)
        link.set(r.CONTROL_WATCHDOG, ENABLE | 5)
        stimulus.ticks(4)
        assert not is_safe(stimulus)
        stimulus.ticks(1)
        assert is_safe(stimulus)

    def test_period_starts_when_enabled(self, link, stimulus):
        stimulus.ticks(1000)
        link.set(r.CONTROL_WATCHDOG, ENABLE | 5)
        stimulus.ticks(4)
        assert not is_safe(stimulus)

    def test_expires_once_while_safe(self, link, stimulus):
        link.set(r.CONTROL_WATCHDOG, ENABLE | 2)
        stimulus.ticks(100)
        assert link.fields(r.DIAGNOSTICS_WATCHDOG_EVENTS)["expired"] == 1

    def test_leaving_safe_gives_a_whole_period(self, link, stimulus):
        link.set(r.CONTROL_WATCHDOG, ENABLE | 5)
        stimulus.ticks(50)
        link.set(r.COMMAND_SAFE, LEAVE)
        assert not is_safe(stimulus)
        stimulus.ticks(4)
        assert not is_safe(stimulus)
        stimulus.ticks(1)
        assert is_safe(stimulus)
        assert link.fields(r.DIAGNOSTICS_WATCHDOG_EVENTS)["expired"] == 2

    def test_expired_bit_outlives_the_safe_state(self, link, stimulus):
        link.set(r.CONTROL_WATCHDOG, ENABLE | 1)
        stimulus.ticks(1)
        link.set(r.CONTROL_WATCHDOG, 0)
        link.set(r.COMMAND_SAFE, LEAVE)
        status = link.fields(r.FAST_STATUS)
        assert (status["safe"], status["watchdog_expired"], status["watchdog_enabled"]) == (0, 1, 0)


class TestSafeState:
    def test_by_command(self, link):
        before = link.fields(r.FAST_STATUS)
        link.set(r.COMMAND_SAFE, ENTER)
        status = link.fields(r.FAST_STATUS)
        assert status["safe"] == 1
        assert status["watchdog_expired"] == before["watchdog_expired"]
        link.set(r.COMMAND_SAFE, LEAVE)
        assert link.fields(r.FAST_STATUS)["safe"] == 0

    @pytest.mark.parametrize("key", [0, 1, 0x5AFE_0002, 0x0001_5AFE, 0xFFFF_FFFF])
    def test_other_keys_do_nothing(self, link, key):
        link.set(r.COMMAND_SAFE, key)
        assert link.fields(r.FAST_STATUS)["safe"] == 0
        link.set(r.COMMAND_SAFE, ENTER)
        link.set(r.COMMAND_SAFE, key)
        assert link.fields(r.FAST_STATUS)["safe"] == 1

    def test_drives(self, link, stimulus):
        stimulus.rack(coolant_supply_a=29815)
        link.set(r.CONTROL_POWER_SWITCH, 0x3)
        link.write(r.CONTROL_PUMP_DRIVE.address, bytes.fromhex("1111222233334444"))
        link.set(r.COMMAND_SAFE, ENTER)
        safe = stimulus.actuators()
        assert (safe.power, safe.pump_a, safe.pump_b) == (0, 0x6000, 0)
        assert (safe.bypass, safe.heater, safe.flags) == (0xFFFF, 0, 1)
        assert link.word(r.FAST_POWERED) == 0

    def test_drives_follow_safe_drive(self, link, stimulus):
        link.set(r.COMMAND_SAFE, ENTER)
        link.set(r.CONTROL_SAFE_DRIVE, 0x1234_5678)
        actuators = stimulus.actuators()
        assert (actuators.pump_a, actuators.pump_b, actuators.bypass) == (0x1234, 0, 0x5678)

    def test_leaving_restores_the_setpoints(self, link, stimulus):
        link.set(r.CONTROL_POWER_SWITCH, 0x3)
        link.write(r.CONTROL_PUMP_DRIVE.address, bytes.fromhex("1111222233334444"))
        before = stimulus.actuators()
        link.set(r.COMMAND_SAFE, ENTER)
        assert stimulus.actuators() != before
        link.set(r.COMMAND_SAFE, LEAVE)
        assert stimulus.actuators() == before

    def test_registers_can_be_written_meanwhile(self, link, stimulus):
        link.set(r.COMMAND_SAFE, ENTER)
        link.set(r.CONTROL_POWER_SWITCH, 0x1)
        assert link.word(r.CONTROL_POWER_SWITCH) == 1
        assert stimulus.actuators().power == 0
        link.set(r.COMMAND_SAFE, LEAVE)
        assert stimulus.actuators().power == 1

    def test_caps_stay(self, link, stimulus):
        link.set(r.TRAY_CONTROL_CAP.at(0), 0x0100_0200)
        link.set(r.COMMAND_SAFE, ENTER)
        assert stimulus.actuators().caps[0] == 0x0100_0200
