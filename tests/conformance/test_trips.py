"""Over-temperature and over-current trips, their debounce, latches and clears."""

import pytest

from fsw import registers as r

GPU_LIMIT, HBM_LIMIT, CURRENT_LIMIT = 37315, 37815, 40000  # reset values
DEBOUNCE_TICKS = 10
BOTH_KINDS = pytest.mark.parametrize(
    "hot",
    [{"temperature_gpu": GPU_LIMIT + 1}, {"temperature_hbm": HBM_LIMIT + 1}],
    ids=["gpu", "hbm"],
)


def cool(hot):
    return dict.fromkeys(hot, 30000)


def trips(link):
    return link.fields(r.FAST_ACTIVITY)["trips"]


@pytest.fixture
def rack(link, stimulus):
    """All trays switched on and cool."""
    link.set(r.CONTROL_POWER_SWITCH, (1 << stimulus.trays) - 1)
    return stimulus


class TestOverTemperature:
    @BOTH_KINDS
    def test_trips_at_the_last_tick_of_the_debounce(self, link, rack, hot):
        everything, last = (1 << rack.trays) - 1, 1 << rack.trays - 1
        rack.tray(rack.trays - 1, **hot)
        rack.ticks(DEBOUNCE_TICKS - 1)
        assert rack.actuators().power == everything
        assert link.word(r.FAST_OVER_TEMPERATURE) == 0
        rack.ticks(1)
        assert rack.actuators().power == everything & ~last
        assert link.word(r.FAST_OVER_TEMPERATURE) == last
        assert link.word(r.FAST_OVER_CURRENT) == 0
        assert link.word(r.FAST_POWERED) == everything & ~last
        assert link.fields(r.FAST_STATUS)["tripped"] == 1
        assert trips(link) == 1

    @BOTH_KINDS
    def test_limit_itself_is_allowed(self, link, rack, hot):
        rack.tray(0, **{name: value - 1 for name, value in hot.items()})
        rack.ticks(3 * DEBOUNCE_TICKS)
        assert link.word(r.FAST_OVER_TEMPERATURE) == 0

    def test_ticks_must_be_consecutive(self, link, rack):
        hot = {"temperature_gpu": 65535}
        for _ in range(3):
            rack.tray(0, **hot)
            rack.ticks(DEBOUNCE_TICKS - 1)
            rack.tray(0, **cool(hot))
            rack.ticks(1)
        assert link.word(r.FAST_OVER_TEMPERATURE) == 0
        rack.tray(0, **hot)
        rack.ticks(DEBOUNCE_TICKS)
        assert link.word(r.FAST_OVER_TEMPERATURE) == 1

    def test_either_limit_keeps_the_debounce_going(self, link, rack):
        for tick in range(DEBOUNCE_TICKS):
            gpu, hbm = (65535, 0) if tick % 2 else (0, 65535)
            rack.tray(0, temperature_gpu=gpu, temperature_hbm=hbm)
            rack.ticks(1)
        assert link.word(r.FAST_OVER_TEMPERATURE) == 1

    def test_only_ticks_look(self, link, rack):
        link.set(r.CONTROL_OVER_TEMPERATURE_DEBOUNCE, 1)
        rack.tray(0, temperature_gpu=65535)
        rack.tray(0, temperature_gpu=0)
        rack.ticks(1)
        assert link.word(r.FAST_OVER_TEMPERATURE) == 0

    @pytest.mark.parametrize("debounce, ticks", [(0, 1), (1, 1), (2, 2), (255, 255)])
    def test_debounce_register(self, link, rack, debounce, ticks):
        link.set(r.CONTROL_OVER_TEMPERATURE_DEBOUNCE, debounce)
        rack.tray(rack.trays - 1, temperature_hbm=65535)
        rack.ticks(ticks - 1)
        assert rack.actuators().power >> rack.trays - 1
        rack.ticks(1)
        assert not rack.actuators().power >> rack.trays - 1

    def test_shorter_debounce_acts_at_the_next_tick(self, link, rack):
        rack.tray(0, temperature_gpu=65535)
        rack.ticks(8)
        link.set(r.CONTROL_OVER_TEMPERATURE_DEBOUNCE, 3)
        assert link.word(r.FAST_OVER_TEMPERATURE) == 0
        rack.ticks(1)
        assert link.word(r.FAST_OVER_TEMPERATURE) == 1

    @pytest.mark.trays(2)
    def test_trays_are_debounced_apart(self, link, rack):
        rack.tray(0, temperature_gpu=65535)
        rack.ticks(4)
        rack.tray(1, temperature_gpu=65535)
        rack.ticks(6)
        assert link.word(r.FAST_OVER_TEMPERATURE) == 0b01
        rack.ticks(4)
        assert link.word(r.FAST_OVER_TEMPERATURE) == 0b11
        assert trips(link) == 2

    def test_every_tray_has_a_whole_debounce(self, link, rack):
        link.set(r.CONTROL_OVER_TEMPERATURE_DEBOUNCE, 255)
        for tray in range(rack.trays):
            rack.tray(tray, temperature_gpu=65535)
            rack.ticks(1)
        rack.ticks(254 - rack.trays)
        for tray in range(rack.trays):
            assert link.word(r.FAST_OVER_TEMPERATURE) == (1 << tray) - 1
            rack.ticks(1)
        assert rack.actuators().power == 0
        assert trips(link) == rack.trays

    def test_unpowered_trays_do_not_trip(self, link, stimulus):
        stimulus.tray(0, temperature_gpu=65535, temperature_hbm=65535)
        stimulus.ticks(50)
        assert link.word(r.FAST_OVER_TEMPERATURE) == 0

    def test_powering_off_restarts_the_debounce(self, link, rack):
        rack.tray(0, temperature_gpu=65535)
        rack.ticks(9)
        link.set(r.CONTROL_POWER_SWITCH, 0)
        rack.ticks(1)
        link.set(r.CONTROL_POWER_SWITCH, 1)
        rack.ticks(9)
        assert link.word(r.FAST_OVER_TEMPERATURE) == 0
        rack.ticks(1)
        assert link.word(r.FAST_OVER_TEMPERATURE) == 1

    def test_lowered_limit_trips(self, link, rack):
        rack.tray(rack.trays - 1, temperature_gpu=30000)
        link.set(r.CONTROL_OVER_TEMPERATURE_DEBOUNCE, 2)
        link.set(r.CONTROL_OVER_TEMPERATURE_LIMIT, 29999 << 16 | 0xFFFF)
        rack.ticks(2)
        assert link.word(r.FAST_OVER_TEMPERATURE) == 1 << rack.trays - 1

    def test_stays_latched_when_cool(self, link, rack):
        rack.tray(0, temperature_gpu=65535)
        rack.ticks(DEBOUNCE_TICKS)
        rack.tray(0, temperature_gpu=0)
        rack.ticks(100)
        link.set(r.CONTROL_POWER_SWITCH, 0)
        link.set(r.CONTROL_POWER_SWITCH, 1)
        assert link.word(r.FAST_OVER_TEMPERATURE) == 1
        assert rack.actuators().power == 0

    @pytest.mark.trays(2)
    def test_clear_powers_the_tray_again(self, link, rack):
        rack.tray(0, temperature_gpu=65535)
        rack.tray(1, temperature_gpu=65535)
        rack.ticks(DEBOUNCE_TICKS)
        rack.tray(0, temperature_gpu=0)
        link.set(r.COMMAND_OVER_TEMPERATURE_CLEAR, 0b01)
        assert link.word(r.FAST_OVER_TEMPERATURE) == 0b10
        assert rack.actuators().power & 0b11 == 0b01
        assert link.fields(r.FAST_STATUS)["tripped"] == 1

    def test_still_hot_after_a_clear_needs_a_whole_debounce(self, link, rack):
        rack.tray(0, temperature_gpu=65535)
        rack.ticks(DEBOUNCE_TICKS)
        link.set(r.COMMAND_OVER_TEMPERATURE_CLEAR, 0xFFFF_FFFF)
        assert link.word(r.FAST_OVER_TEMPERATURE) == 0
        rack.ticks(DEBOUNCE_TICKS - 1)
        assert link.word(r.FAST_OVER_TEMPERATURE) == 0
        rack.ticks(1)
        assert link.word(r.FAST_OVER_TEMPERATURE) == 1
        assert trips(link) == 2

    def test_over_current_clear_leaves_it(self, link, rack):
        rack.tray(0, temperature_gpu=65535)
        rack.ticks(DEBOUNCE_TICKS)
        link.set(r.COMMAND_OVER_CURRENT_CLEAR, 0xFFFF_FFFF)
        assert link.word(r.FAST_OVER_TEMPERATURE) == 1


class TestOverCurrent:
    def test_trips_without_a_tick(self, link, rack):
        rack.tray(rack.trays - 1, load_current=CURRENT_LIMIT + 1)
        assert rack.actuators().power == (1 << rack.trays - 1) - 1
        assert link.word(r.FAST_OVER_CURRENT) == 1 << rack.trays - 1
        assert link.word(r.FAST_OVER_TEMPERATURE) == 0
        assert link.fields(r.FAST_STATUS)["tripped"] == 1
        assert trips(link) == 1

    def test_limit_itself_is_allowed(self, link, rack):
        rack.tray(0, load_current=CURRENT_LIMIT)
        rack.ticks(10)
        assert link.word(r.FAST_OVER_CURRENT) == 0

    def test_several_at_once(self, link, rack):
        vector = bytearray(32 + 16 * rack.trays)
        for tray in range(0, rack.trays, 2):
            vector[32 + 16 * tray + 6 : 32 + 16 * tray + 8] = b"\xff\xff"
        rack.present(bytes(vector))
        even = sum(1 << tray for tray in range(0, rack.trays, 2))
        assert link.word(r.FAST_OVER_CURRENT) == even
        assert rack.actuators().power == (1 << rack.trays) - 1 & ~even
        assert trips(link) == even.bit_count()

    def test_unpowered_trays_do_not_trip(self, link, stimulus):
        stimulus.tray(0, load_current=65535)
        stimulus.ticks(5)
        assert link.word(r.FAST_OVER_CURRENT) == 0

    @pytest.mark.trays(3)
    def test_switching_into_an_over_current_trips(self, link, stimulus):
        stimulus.tray(1, load_current=65535)
        link.set(r.CONTROL_POWER_SWITCH, 0b111)
        assert link.word(r.FAST_OVER_CURRENT) == 0b010
        assert stimulus.actuators().power == 0b101

    def test_lowered_limit_trips_at_once(self, link, rack):
        rack.tray(0, load_current=1000)
        link.set(r.CONTROL_OVER_CURRENT_LIMIT, 999)
        assert rack.actuators().power & 1 == 0
        assert link.word(r.FAST_OVER_CURRENT) == 1

    def test_stays_latched(self, link, rack):
        rack.tray(0, load_current=65535)
        rack.tray(0, load_current=0)
        rack.ticks(100)
        assert link.word(r.FAST_OVER_CURRENT) == 1
        assert trips(link) == 1

    @pytest.mark.trays(2)
    def test_clear_powers_the_tray_again(self, link, rack):
        rack.tray(0, load_current=65535)
        rack.tray(0, load_current=0)
        rack.tray(1, load_current=65535)
        link.set(r.COMMAND_OVER_CURRENT_CLEAR, 0b01)
        assert link.word(r.FAST_OVER_CURRENT) == 0b10
        assert rack.actuators().power & 0b11 == 0b01

    def test_clear_while_present_trips_again_at_once(self, link, rack):
        rack.tray(0, load_current=65535)
        link.set(r.COMMAND_OVER_CURRENT_CLEAR, 1)
        assert link.word(r.FAST_OVER_CURRENT) == 1
        assert rack.actuators().power & 1 == 0
        assert trips(link) == 2

    def test_over_temperature_clear_leaves_it(self, link, rack):
        rack.tray(0, load_current=65535)
        rack.tray(0, load_current=0)
        link.set(r.COMMAND_OVER_TEMPERATURE_CLEAR, 0xFFFF_FFFF)
        assert link.word(r.FAST_OVER_CURRENT) == 1

    def test_safe_state_hides_an_over_current(self, link, rack):
        link.set(r.COMMAND_SAFE, 0x5AFE_0001)
        rack.tray(0, load_current=65535)
        assert link.word(r.FAST_OVER_CURRENT) == 0
        link.set(r.COMMAND_SAFE, 0x5AFE_0000)
        assert link.word(r.FAST_OVER_CURRENT) == 1


def test_flags_of_the_actuators_say_that_a_trip_is_latched(link, rack):
    """Bit 1, as fast.status.tripped; the safe state, bit 0, does not touch it."""
    assert rack.actuators().flags == 0b00
    rack.tray(0, temperature_gpu=65535)
    rack.ticks(DEBOUNCE_TICKS - 1)
    assert rack.actuators().flags == 0b00
    rack.ticks(1)
    assert rack.actuators().flags == 0b10
    link.set(r.COMMAND_SAFE, 0x5AFE_0001)
    assert rack.actuators().flags == 0b11
    rack.tray(0, load_current=65535)
    link.set(r.COMMAND_OVER_TEMPERATURE_CLEAR, 1)
    assert rack.actuators().flags == 0b01
    link.set(r.COMMAND_SAFE, 0x5AFE_0000)
    assert rack.actuators().flags == 0b10


def test_tripped_tray_latches_both_kinds_only_while_powered(link, rack):
    link.set(r.CONTROL_OVER_TEMPERATURE_DEBOUNCE, 1)
    rack.tray(0, load_current=65535, temperature_gpu=65535)
    rack.ticks(5)
    assert link.word(r.FAST_OVER_CURRENT) == 1
    assert link.word(r.FAST_OVER_TEMPERATURE) == 0
    assert trips(link) == 1
