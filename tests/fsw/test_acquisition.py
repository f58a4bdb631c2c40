"""Raw counts to engineering values: calibration, validity, voting, wrap, state of charge."""

import struct

import pytest

from fsw.acquisition import Acquisition, CounterDifference
from fsw.parameters import Parameters
from fsw.supply_vote import SupplyVote

CYCLE_NS = 100_000_000

# A fast block by hand, word by word, from the register map.
FAST = bytes.fromhex(
    "1234 0035"  # uptime 0x1234, watchdog expired, heater on, watchdog enabled, safe
    "00000001"  # over-temperature: tray 0
    "00000002"  # over-current: tray 1
    "0003FFFC"  # powered: trays 2 to 17
    "4E20 30D4"  # bus 20,000 * 0.02 = 400 V, 12,500 * 0.02 = 250 A
    "4E20 7530"  # battery 400 V, 30,000 * 0.04 - 1310.72 = -110.72 A
    "1B58 7283"  # array 7,000 * 0.02 = 140 A, battery 293.15 K
    "87F9 8BE1"  # hottest GPU 348.09 K, HBM 358.09 K
    "7477 7481"  # coolant supply A 298.15 K, B 298.25 K
    "7463 785F"  # C 297.95 K, return 308.15 K
    "3A98 6F9B"  # flow 150.00 L/min, radiator outlet 285.71 K
    "1194 0000"  # pump A 4,500 rpm
    "4000 0064"  # bypass 0.25, 100 protons
    "0007 0002"  # 7 corrected, 2 uncorrectable
    "0100 0003"  # 256 frames, 3 dropped
    "0004 0200"  # 4 trips, 512 commands
)


def acquisition(trays: int = 18, soc: float | None = 0.5) -> Acquisition:
    return Acquisition(Parameters(), trays, soc)


def block(**counts: int) -> bytes:
    """FAST with raw halves replaced; names are those of the words below."""
    places = {
        "supply_a": 32,
        "supply_b": 34,
        "supply_c": 36,
        "return": 38,
        "bus_current": 18,
        "battery_current": 22,
        "battery_voltage": 20,
        "protons": 50,
        "corrected": 52,
        "uncorrectable": 54,
    }
    data = bytearray(FAST)
    for name, value in counts.items():
        struct.pack_into(">H", data, places[name], value)
    return bytes(data)


def test_a_remembered_charge_is_counted_on_and_after_a_long_gap_the_voltage_tells_it():
    remembered = Acquisition(Parameters(), 18, 0.4, CYCLE_NS)
    soon = remembered.fast(FAST, 101 * CYCLE_NS)
    assert soon.soc == pytest.approx(0.4 - 110.72 * 10.0 / 3600.0 / 249.0)
    told = acquisition(soc=None).fast(FAST, CYCLE_NS).soc
    assert abs(told - soon.soc) > 0.02
    assert remembered.fast(FAST, 10_000 * CYCLE_NS).soc == told
    of_the_future = Acquisition(Parameters(), 18, 0.5, 100 * CYCLE_NS)
    assert of_the_future.fast(FAST, CYCLE_NS).soc == told


def test_engineering_values_of_a_block_made_by_hand():
    values = acquisition().fast(FAST, CYCLE_NS)
    assert values.uptime_ticks == 0x1234
    assert values.watchdog_expired and values.heater_on and values.watchdog_enabled and values.safe
    assert not values.memory_error and not values.tripped
    assert (values.over_temperature, values.over_current, values.powered) == (1, 2, 0x3FFFC)
    assert values.bus_voltage_v == pytest.approx(400.0)
    assert values.bus_current_a == pytest.approx(250.0)
    assert values.battery_current_a == pytest.approx(-110.72)
    assert values.array_current_a == pytest.approx(140.0)
    assert values.array_power_w == pytest.approx(56_000.0)
    assert values.battery_power_w == pytest.approx(-44_288.0)
    assert values.battery_temperature_k == pytest.approx(293.15)
    assert values.hottest_gpu_k == pytest.approx(348.09)
    assert values.hottest_hbm_k == pytest.approx(358.09)
    assert values.coolant_supply_k == pytest.approx(298.15)  # the middle one of three
    assert values.coolant_return_k == pytest.approx(308.15)
    assert values.coolant_flow_l_min == pytest.approx(150.0)
    assert values.radiator_outlet_k == pytest.approx(285.71)
    assert (values.pump_speed_a_rpm, values.pump_speed_b_rpm) == (4500.0, 0.0)
    assert values.bypass_position == pytest.approx(0.25, abs=1e-5)
    assert values.invalid == () and values.outliers == ()


def test_counters_count_from_the_first_sample_and_wrap():
    decoder = acquisition()
    first = decoder.fast(block(protons=0xFFF0, corrected=0xFFFF), CYCLE_NS)
    second = decoder.fast(block(protons=0x0010, corrected=0x0001), 2 * CYCLE_NS)
    assert (first.protons, first.memory_corrected) == (0, 0)
    assert (second.protons, second.memory_corrected) == (32, 2)


def test_after_a_controller_reset_its_counters_start_from_zero_and_protons_go_on():
    decoder = acquisition()
    decoder.fast(block(protons=1000, uncorrectable=9), CYCLE_NS)
    decoder.forget_counters()
    values = decoder.fast(block(protons=1010, uncorrectable=1), 2 * CYCLE_NS)
    assert (values.memory_uncorrectable, values.protons) == (1, 10)


def test_a_value_out_of_range_is_held_and_named():
    decoder = acquisition()
    decoder.fast(FAST, CYCLE_NS)
    values = decoder.fast(block(**{"return": 0xFFFF}), 2 * CYCLE_NS)
    assert values.coolant_return_k == pytest.approx(308.15)
    assert values.invalid == ("coolant_return",)


def test_a_spike_is_held_and_a_lasting_step_is_believed():
    decoder = acquisition()
    decoder.fast(FAST, CYCLE_NS)
    step = block(**{"return": 0x785F + 2000})  # 20 K at once
    seen = [decoder.fast(step, (2 + k) * CYCLE_NS) for k in range(6)]
    assert seen[0].coolant_return_k == pytest.approx(308.15)
    assert seen[0].invalid == ("coolant_return",)
    assert seen[-1].coolant_return_k == pytest.approx(328.15)
    assert seen[-1].invalid == ()


def test_spikes_up_and_down_are_no_lasting_step():
    decoder = acquisition()
    decoder.fast(FAST, CYCLE_NS)
    for k in range(20):
        spike = block(**{"return": 0x785F + (2000 if k % 2 else -2000)})
        values = decoder.fast(spike, (2 + k) * CYCLE_NS)
        assert values.coolant_return_k == pytest.approx(308.15)
        assert values.invalid == ("coolant_return",)


def test_a_block_of_zeros_is_invalid_throughout_and_does_not_raise():
    values = acquisition(soc=None).fast(bytes(64), CYCLE_NS)
    assert {"coolant_supply_a", "coolant_supply_b", "coolant_supply_c"} <= set(values.invalid)
    assert "battery_voltage" in values.invalid


def test_a_block_of_another_length_is_refused():
    with pytest.raises(struct.error):
        acquisition().fast(bytes(60), CYCLE_NS)
    with pytest.raises(ValueError, match="tray block of 16 bytes, expected 32 for 2 trays"):
        acquisition(trays=2).trays(bytes(16), CYCLE_NS)


def test_tray_block_made_by_hand():
    tray = bytes.fromhex(
        "28 C8 07BC"  # running, powered, heartbeat 200, 1,980 MHz
        "6C7F 5096"  # 27,775 * 0.2 = 5,555 W, 20,630 * 0.005 = 103.15 A
        "87F9 8BE1"  # GPU 348.09 K, HBM 358.09 K
        "0005 0201"  # 5 corrected, 2 uncorrectable, 1 digest
    )
    decoder = acquisition(trays=2)
    off = bytes(16)
    decoder.trays(tray + off, CYCLE_NS)
    advanced = bytearray(tray)
    advanced[12:16] = bytes.fromhex("0008 0401")
    values = decoder.trays(bytes(advanced) + off, 11 * CYCLE_NS)
    first, second = values.trays
    assert (first.state, first.powered, first.heartbeat, first.clock_mhz) == (2, True, 200, 1980)
    assert first.power_w == pytest.approx(5555.0)
    assert first.current_a == pytest.approx(103.15)
    assert (first.hbm_corrected, first.hbm_uncorrectable, first.digests_wrong) == (3, 2, 0)
    assert (second.state, second.powered) == (0, False)
    assert values.power_w == pytest.approx(5555.0)


def test_counter_of_eight_bits_wraps_at_256():
    counter = CounterDifference(8)
    assert [counter.update(raw) for raw in (250, 255, 3, 3)] == [0, 5, 4, 0]


class TestSupplyVote:
    def vote(self) -> SupplyVote:
        return SupplyVote(limit_k=2.0, persistence=3)

    def test_one_sensor_that_runs_away_never_moves_the_value_out_of_the_others(self):
        vote = self.vote()
        for k in range(200):
            value_k = vote.update((298.0 + 0.1 * k, 298.2, 298.1), (True, True, True))
            assert 298.1 <= value_k <= 298.2
        assert vote.outliers == ("coolant_supply_a",)

    def test_an_outlier_comes_back_after_it_agreed_for_as_long(self):
        vote = self.vote()
        for _ in range(3):
            vote.update((310.0, 298.2, 298.1), (True, True, True))
        assert vote.outliers == ("coolant_supply_a",)
        for k in range(3):
            assert vote.outliers == ("coolant_supply_a",)
            vote.update((298.0 + 0.01 * k, 298.2, 298.1), (True, True, True))
        assert vote.outliers == ()

    def test_two_left_are_averaged_while_they_agree(self):
        vote = self.vote()
        assert vote.update((0.0, 298.0, 299.0), (False, True, True)) == pytest.approx(298.5)

    def test_two_left_that_disagree_follow_the_one_near_the_last_value(self):
        vote = self.vote()
        vote.update((0.0, 298.0, 298.0), (False, True, True))
        assert vote.update((0.0, 320.0, 298.1), (False, True, True)) == pytest.approx(298.1)

    def test_none_left_holds_the_last_value(self):
        vote = self.vote()
        vote.update((298.0, 298.1, 298.2), (True, True, True))
        assert vote.update((0.0, 0.0, 0.0), (False, False, False)) == pytest.approx(298.1)

    def test_a_sensor_that_stands_still_while_the_others_move_is_voted_out(self):
        vote = self.vote()
        for k in range(200):
            drift_k = 0.01 * k  # 2 K in all: never further than the limit from the stuck one
            vote.update((298.0, 298.0 + drift_k, 298.02 + drift_k), (True, True, True))
        assert vote.outliers == ("coolant_supply_a",)

    def test_sensors_that_stand_still_together_are_not_stuck(self):
        vote = self.vote()
        for _ in range(500):
            vote.update((298.0, 298.1, 298.2), (True, True, True))
        assert vote.outliers == ()


class TestStateOfCharge:
    def test_coulombs_are_counted(self):
        # 249 A h, so 249 A for an hour is the whole of it: 24.9 A for 36 s is a thousandth.
        decoder = acquisition(soc=0.5)
        raw = round((24.9 + 1310.72) / 0.04)
        loads = round((140.0 - 24.9) / 0.02)  # the array gives 140 A
        for k in range(361):
            sample = block(battery_current=raw, bus_current=loads)
            values = decoder.fast(sample, (k + 1) * CYCLE_NS)
        exact_a = raw * 0.04 - 1310.72
        assert values.soc == pytest.approx(0.5 + exact_a * 36.0 / 3600.0 / 249.0, abs=1e-9)

    def test_a_gap_in_the_telemetry_is_counted_as_well(self):
        decoder = acquisition(soc=0.5)
        raw = round((-100.0 + 1310.72) / 0.04)
        decoder.fast(block(battery_current=raw), CYCLE_NS)
        values = decoder.fast(block(battery_current=raw), CYCLE_NS + 10_000_000_000)
        assert values.soc == pytest.approx(0.5 - 100.0 * 10.0 / 3600.0 / 249.0, abs=1e-5)

    def test_the_first_estimate_comes_from_the_open_circuit_voltage(self):
        # 405.1 V at rest is 50 % in the table of the parameters.
        decoder = acquisition(soc=None)
        rest = round(1310.72 / 0.04)
        values = decoder.fast(
            block(battery_voltage=round(405.1 / 0.02), battery_current=rest), CYCLE_NS
        )
        assert values.soc == pytest.approx(0.5, abs=0.002)

    def test_a_wrong_count_is_drawn_to_the_voltage_at_rest_and_not_under_load(self):
        voltage, rest = round(405.1 / 0.02), round(1310.72 / 0.04)
        quiet, loaded = acquisition(soc=0.8), acquisition(soc=0.8)
        load = round((1310.72 - 13.0) / 0.04)
        for k in range(0, 20_000, 10):  # 2,000 s in steps of a second
            time_ns = (k + 1) * CYCLE_NS
            # The array gives 140 A.
            none = block(battery_voltage=voltage, battery_current=rest, bus_current=7000)
            some = block(battery_voltage=voltage, battery_current=load, bus_current=7650)
            at_rest = quiet.fast(none, time_ns)
            under = loaded.fast(some, time_ns)
        assert at_rest.soc == pytest.approx(0.5, abs=0.01)
        assert under.soc == pytest.approx(0.8 - 13.0 * 2000.0 / 3600.0 / 249.0, abs=0.005)
