"""The store of sensor samples: stimulus over the link, the front end, faults of a channel."""

import pytest

from fsw import registers as r

from .wire import TEST_KEY

RACK, TRAYS = r.STIMULUS_RACK.base, r.STIMULUS_TRAYS.base
WRITE_SAME = 0x78  # verified, acknowledged, not incrementing
FREEZE, SKEW = 1, 2
TRAY_CHANNELS = 16  # the first channel of a tray
CURRENT, GPU = 3, 4  # half words of a tray
SHOWN_BITS = 0xF1FF  # of the first half word of a tray; the others are the controller's own


def fault(kind, channel=0, offset=0):
    """Word for injection.sensor_fault."""
    return kind << 30 | channel << 16 | offset


def feed(link, vector):
    """Write a whole sensor vector as stimulus."""
    words = [int.from_bytes(vector[at : at + 4], "big") for at in range(0, len(vector), 4)]
    link.inject(RACK, *words[:8])
    for start in range(8, len(words), 64):
        link.inject(TRAYS + 4 * (start - 8), *words[start : start + 64])


def halves(vector):
    """Its channels, those with bits of the controller's own cut to what is shown."""
    channels = [int.from_bytes(vector[at : at + 2], "big") for at in range(0, len(vector), 2)]
    return [
        value & SHOWN_BITS if number >= TRAY_CHANNELS and number % 8 == 0 else value
        for number, value in enumerate(channels)
    ]


def shown(link, trays):
    """Channels as fast block and tray block show them."""
    fast = link.read(r.FAST.base, 64)
    return halves(fast[0x10:0x1C] + fast[0x20:0x34] + link.read(r.TRAYS.base, 16 * trays))


def vector_of(value, trays):
    """A sensor vector with every channel at one value."""
    return value.to_bytes(2, "big") * (16 + 8 * trays)


@pytest.fixture
def fed(injection):
    """A link whose stimulus stays: nothing comes from the front end."""
    injection.inject(r.INJECTION_SOURCE, 1)
    yield injection
    injection.inject(r.INJECTION_SOURCE, 0)


class TestStimulus:
    def test_whole_vector(self, fed, trays):
        vector = bytes(i * 7 + 3 & 0xFF for i in range(32 + 16 * trays))
        feed(fed, vector)
        assert shown(fed, trays) == halves(vector)

    def test_every_word_has_its_place(self, fed, trays):
        vector = bytearray(vector_of(0x1111, trays))
        feed(fed, vector)
        for word in range(len(vector) // 4):
            vector[4 * word : 4 * word + 4] = (0x2345_6001 + word).to_bytes(4, "big")
            fed.inject(RACK + 4 * word, 0x2345_6001 + word)
            assert shown(fed, trays) == halves(vector), f"word {word}"

    def test_same_word_again_and_again(self, fed, trays):
        feed(fed, bytes(32 + 16 * trays))
        data = bytes.fromhex("111122223333444455556666")
        fed.execute(WRITE_SAME, RACK + 8, 12, data, TEST_KEY)
        assert shown(fed, trays) == [0] * 4 + [0x5555, 0x6666] + [0] * (10 + 8 * trays)

    def test_thermostat_sees_it(self, fed):
        for supply, heater in ((27315, 0), (27314, 1)):
            fed.inject(RACK + 12, supply << 16)
            assert fed.fields(r.FAST_STATUS)["heater_on"] == heater

    def test_over_current_sees_it(self, fed):
        fed.inject(TRAYS, 0, 0, 0, 0)
        fed.set(r.CONTROL_OVER_CURRENT_LIMIT, 999)
        fed.set(r.CONTROL_POWER_SWITCH, 1)
        fed.inject(TRAYS + 4, 999)
        assert fed.word(r.FAST_OVER_CURRENT) == 0
        fed.inject(TRAYS + 4, 1000)
        assert fed.word(r.FAST_OVER_CURRENT) == 1

    def test_over_current_sees_every_word_of_a_write(self, fed):
        """A peak that the next word of the same write has ended already."""
        fed.inject(TRAYS, 0, 0, 0, 0)
        fed.set(r.CONTROL_OVER_CURRENT_LIMIT, 999)
        fed.set(r.CONTROL_POWER_SWITCH, 1)
        fed.execute(WRITE_SAME, TRAYS + 4, 8, bytes.fromhex("000003e8 00000000"), TEST_KEY)
        assert fed.word(r.FAST_OVER_CURRENT) == 1
        assert fed.fields(r.TRAYS_LOAD)["current"] == 0

    def test_over_temperature_sees_it(self, fed, stimulus):
        fed.set(r.CONTROL_POWER_SWITCH, 1)
        fed.inject(TRAYS + 8, 37316 << 16)
        stimulus.ticks(9)
        assert fed.word(r.FAST_OVER_TEMPERATURE) == 0
        stimulus.ticks(1)
        assert fed.word(r.FAST_OVER_TEMPERATURE) == 1


class TestFrontEnd:
    @pytest.fixture(autouse=True)
    def front_end(self, stimulus):
        stimulus.need("a front end")

    def test_is_not_taken_while_stimulus_is_the_source(self, injection, stimulus, trays):
        stimulus.present(vector_of(0x1111, trays))
        injection.inject(r.INJECTION_SOURCE, 1)
        assert shown(injection, trays) == halves(vector_of(0x1111, trays))
        stimulus.present(vector_of(0x2222, trays))
        assert shown(injection, trays) == halves(vector_of(0x1111, trays))
        injection.inject(RACK, 0x3333_4444)
        expected = bytes.fromhex("33334444") + vector_of(0x1111, trays)[4:]
        assert shown(injection, trays) == halves(expected)
        injection.inject(r.INJECTION_SOURCE, 0)
        assert shown(injection, trays) == halves(expected)
        stimulus.present(vector_of(0x2222, trays))
        assert shown(injection, trays) == halves(vector_of(0x2222, trays))

    def test_stimulus_holds_until_the_next_sample(self, injection, stimulus, trays):
        stimulus.present(vector_of(0x1111, trays))
        injection.inject(RACK + 28, 0x3333_4444)
        stimulus.ticks(100)
        fields = injection.fields(r.FAST_MONITOR)
        assert fields == {"bypass_position": 0x3333, "protons": 0x4444}
        stimulus.present(vector_of(0x1111, trays))
        assert injection.word(r.FAST_MONITOR) == 0x1111_1111

    def test_source_has_one_bit(self, injection, stimulus):
        injection.inject(r.INJECTION_SOURCE, 0xFFFF_FFFE)
        stimulus.rack(bus_voltage=5)
        assert injection.fields(r.FAST_BUS)["voltage"] == 5

    def test_an_over_current_that_is_not_taken_does_not_trip(self, injection, stimulus):
        injection.set(r.CONTROL_POWER_SWITCH, 1)
        injection.inject(r.INJECTION_SOURCE, 1)
        stimulus.tray(0, load_current=65535)
        stimulus.ticks(5)
        assert injection.word(r.FAST_OVER_CURRENT) == 0
        injection.inject(r.INJECTION_SOURCE, 0)
        stimulus.ticks(5)
        assert injection.word(r.FAST_OVER_CURRENT) == 0
        stimulus.present()
        assert injection.word(r.FAST_OVER_CURRENT) == 1


class TestFreeze:
    def test_every_channel(self, injection, stimulus, trays):
        for channel in range(16 + 8 * trays):
            old, new = 0x1111 + channel, 0x2222 + channel
            stimulus.present(vector_of(old, trays))
            injection.inject(r.INJECTION_SENSOR_FAULT, fault(FREEZE, channel, 0x1234))
            stimulus.present(vector_of(new, trays))
            expected = bytearray(vector_of(new, trays))
            expected[2 * channel : 2 * channel + 2] = old.to_bytes(2, "big")
            assert shown(injection, trays) == halves(expected), f"channel {channel}"
            injection.inject(r.INJECTION_SENSOR_FAULT, 0)

    def test_taken_back(self, injection, stimulus):
        stimulus.rack(bus_current=100)
        injection.inject(r.INJECTION_SENSOR_FAULT, fault(FREEZE, 1))
        stimulus.rack(bus_current=200)
        stimulus.rack(bus_current=300)
        injection.inject(r.INJECTION_SENSOR_FAULT, 0)
        assert injection.fields(r.FAST_BUS)["current"] == 100
        stimulus.rack(bus_current=300)
        assert injection.fields(r.FAST_BUS)["current"] == 300

    def test_stimulus_is_a_sample_too(self, fed):
        fed.inject(RACK, 0x1111_2222)
        fed.inject(r.INJECTION_SENSOR_FAULT, fault(FREEZE, 0))
        fed.inject(RACK, 0x3333_4444)
        assert fed.word(r.FAST_BUS) == 0x1111_4444
        fed.inject(r.INJECTION_SENSOR_FAULT, fault(FREEZE, 1))
        fed.inject(RACK, 0x5555_6666)
        assert fed.word(r.FAST_BUS) == 0x5555_4444
        fed.inject(r.INJECTION_SENSOR_FAULT, 0)

    @pytest.mark.trays(2)
    def test_trips_see_the_frozen_sample(self, injection, stimulus):
        injection.set(r.CONTROL_POWER_SWITCH, 0b11)
        channel = TRAY_CHANNELS + 8 + CURRENT
        injection.inject(r.INJECTION_SENSOR_FAULT, fault(FREEZE, channel))
        stimulus.tray(1, load_current=65535)
        assert injection.word(r.FAST_OVER_CURRENT) == 0
        stimulus.tray(0, load_current=65535)
        assert injection.word(r.FAST_OVER_CURRENT) == 0b01


class TestSkew:
    def test_every_channel(self, injection, stimulus, trays):
        """Neighbours do not get the carry."""
        for channel in range(16 + 8 * trays):
            injection.inject(r.INJECTION_SENSOR_FAULT, fault(SKEW, channel, 0x0101))
            stimulus.present(vector_of(0xFFFF, trays))
            expected = bytearray(vector_of(0xFFFF, trays))
            expected[2 * channel : 2 * channel + 2] = b"\x01\x00"
            assert shown(injection, trays) == halves(expected), f"channel {channel}"
        injection.inject(r.INJECTION_SENSOR_FAULT, 0)

    @pytest.mark.parametrize(
        "sample, offset, sum_", [(1000, 1, 1001), (1000, 0xFFFF, 999), (0, 0xFFFF, 0xFFFF)]
    )
    def test_sum(self, injection, stimulus, sample, offset, sum_):
        injection.inject(r.INJECTION_SENSOR_FAULT, fault(SKEW, 2, offset))
        for _ in range(2):  # to each sample, not to what is stored
            stimulus.rack(battery_voltage=sample)
            assert injection.fields(r.FAST_BATTERY)["voltage"] == sum_

    def test_acts_on_samples_from_then_on(self, injection, stimulus):
        stimulus.rack(bus_voltage=1000)
        injection.inject(r.INJECTION_SENSOR_FAULT, fault(SKEW, 0, 7))
        assert injection.fields(r.FAST_BUS)["voltage"] == 1000
        stimulus.present()
        assert injection.fields(r.FAST_BUS)["voltage"] == 1007
        injection.inject(r.INJECTION_SENSOR_FAULT, 0)
        assert injection.fields(r.FAST_BUS)["voltage"] == 1007
        stimulus.present()
        assert injection.fields(r.FAST_BUS)["voltage"] == 1000

    def test_stimulus_is_a_sample_too(self, fed):
        fed.inject(r.INJECTION_SENSOR_FAULT, fault(SKEW, 3, 0xFFFE))
        fed.inject(RACK + 4, 0x0001_0001)
        assert fed.word(r.FAST_BATTERY) == 0x0001_FFFF
        fed.inject(RACK, 0x0005_0005)  # a sample of others
        assert fed.word(r.FAST_BATTERY) == 0x0001_FFFF
        fed.inject(r.INJECTION_SENSOR_FAULT, 0)

    @pytest.mark.trays(2)
    def test_trips_see_the_skewed_sample(self, injection, stimulus):
        injection.set(r.CONTROL_POWER_SWITCH, 0b11)
        injection.set(r.CONTROL_OVER_TEMPERATURE_DEBOUNCE, 1)
        channel = TRAY_CHANNELS + 8 + GPU
        injection.inject(r.INJECTION_SENSOR_FAULT, fault(SKEW, channel, 316))
        stimulus.tray(0, temperature_gpu=37000)
        stimulus.tray(1, temperature_gpu=37000)
        stimulus.ticks(1)
        assert injection.word(r.FAST_OVER_TEMPERATURE) == 0b10


@pytest.mark.parametrize("kind", [0, 3])
def test_other_kinds_are_no_fault(injection, stimulus, kind):
    injection.inject(r.INJECTION_SENSOR_FAULT, fault(kind, 0, 5))
    stimulus.rack(bus_voltage=1000)
    assert injection.fields(r.FAST_BUS)["voltage"] == 1000


@pytest.mark.parametrize("kind", [FREEZE, SKEW])
def test_channels_of_trays_that_are_not_fitted(injection, stimulus, trays, kind):
    for channel in (16 + 8 * trays, 16 + 8 * 31 + 7, 511):
        injection.inject(r.INJECTION_SENSOR_FAULT, fault(kind, channel, 5))
        stimulus.present(vector_of(channel, trays))
        if channel >= 16 + 8 * trays:
            assert shown(injection, trays) == halves(vector_of(channel, trays))
