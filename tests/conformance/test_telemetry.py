"""Fast block and tray block: sensors as they are, the controller's own bits among them."""

import pytest

from fsw import registers as r

SHOWN = [  # sensor channel and the field of the fast block that shows it
    "bus_voltage", "bus_current", "battery_voltage", "battery_current", "array_current",
    "battery_temperature", "coolant_supply_a", "coolant_supply_b", "coolant_supply_c",
    "coolant_return", "coolant_flow", "radiator_outlet", "pump_speed_a", "pump_speed_b",
    "bypass_position", "protons",
]  # fmt: skip


def fast(link):
    return r.FastBlock.from_bytes(link.read(r.FAST.base, 64))


def trays_block(link, trays):
    data = link.read(r.TRAYS.base, 16 * trays)
    return [r.TrayBlock.from_bytes(data[at : at + 16]) for at in range(0, len(data), 16)]


def test_after_reset(link, stimulus):
    stimulus.need("a reset")
    block = fast(link)
    assert block == r.FastBlock.from_bytes(bytes(64))._replace(
        status_heater_on=1, frames_received=1
    )


def test_every_rack_channel_has_its_place(link, stimulus):
    values = {name: 0x1001 * (i + 1) & 0xFFFF for i, name in enumerate(SHOWN)}
    stimulus.rack(**values)
    block = fast(link)
    assert {name: getattr(block, name) for name in SHOWN} == values


def test_rack_channels_lie_in_order(link, stimulus):
    vector = bytes(range(1, 33)) + bytes(16 * stimulus.trays)
    stimulus.present(vector)
    data = link.read(r.FAST.base, 64)
    assert data[0x10:0x1C] + data[0x20:0x34] == vector[:32]
    assert data[0x1C:0x20] == bytes(4)


def test_tray_words_lie_in_order(link, stimulus):
    vector = bytes(i * 3 + 1 & 0xFF for i in range(32 + 16 * stimulus.trays))
    stimulus.present(vector)
    shown = link.read(r.TRAYS.base, 16 * stimulus.trays)
    for at in range(0, 16 * stimulus.trays, 16):
        sensor = vector[32 + at : 48 + at]
        assert shown[at] == sensor[0] & 0xF1
        assert shown[at + 1 : at + 16] == sensor[1:]


def test_controller_bits_replace_the_sensors(link, stimulus):
    """Bits 27 to 25 of a tray's first word come from the controller, whatever the sensor says."""
    vector = bytearray(32 + 16 * stimulus.trays)
    for tray in range(stimulus.trays):
        vector[32 + 16 * tray] = 0xFF
    stimulus.present(bytes(vector))
    link.set(r.CONTROL_POWER_SWITCH, 0b101)
    for tray, block in enumerate(trays_block(link, stimulus.trays)):
        assert block.status_powered == (tray in (0, 2))
        assert (block.status_over_temperature, block.status_over_current) == (0, 0)
        assert (block.status_state, block.status_slowdown) == (15, 1)


@pytest.mark.trays(3)
def test_trips_show_in_the_tray_block(link, stimulus):
    last = stimulus.trays - 1
    link.set(r.CONTROL_POWER_SWITCH, 1 | 1 << last)
    link.set(r.CONTROL_OVER_TEMPERATURE_DEBOUNCE, 1)
    stimulus.tray(0, load_current=40001)
    stimulus.tray(last, temperature_gpu=37316)
    stimulus.ticks(1)
    blocks = trays_block(link, stimulus.trays)
    seen = {
        tray: (b.status_powered, b.status_over_temperature, b.status_over_current)
        for tray, b in enumerate(blocks)
    }
    assert seen.pop(0) == (0, 0, 1)
    assert seen.pop(last) == (0, 1, 0)
    assert set(seen.values()) == {(0, 0, 0)}


@pytest.mark.trays(4)
def test_hottest_of_the_powered_trays(link, stimulus):
    stimulus.tray(0, temperature_gpu=30000, temperature_hbm=31000)
    stimulus.tray(1, temperature_gpu=32000, temperature_hbm=30500)
    stimulus.tray(stimulus.trays - 1, temperature_gpu=29000, temperature_hbm=33000)
    for mask, gpu, hbm in (
        (0, 0, 0),
        (0b01, 30000, 31000),
        (0b10, 32000, 30500),
        (0b11, 32000, 31000),
        (1 << stimulus.trays - 1, 29000, 33000),
        ((1 << stimulus.trays) - 1, 32000, 33000),
        (0b100, 0, 0),
    ):
        link.set(r.CONTROL_POWER_SWITCH, mask)
        block = fast(link)
        assert (block.hottest_gpu, block.hottest_hbm) == (gpu, hbm)


def test_hottest_forgets_trays_in_the_safe_state(link, stimulus):
    stimulus.tray(0, temperature_gpu=30000, temperature_hbm=31000)
    link.set(r.CONTROL_POWER_SWITCH, 1)
    assert fast(link).hottest_gpu == 30000
    link.set(r.COMMAND_SAFE, 0x5AFE_0001)
    assert fast(link).hottest_gpu == 0


def test_counters_of_the_reading_command(link, stimulus):
    """frames.received includes the frame that reads it, activity.commands not yet its command."""
    first = fast(link)
    for count in range(1, 5):
        block = fast(link)
        assert block.frames_received == first.frames_received + count & 0xFFFF
        assert block.activity_commands == first.activity_commands + count & 0xFFFF


def test_single_words_agree_with_the_block(link, stimulus):
    stimulus.present(bytes(i & 0xFF for i in range(32 + 16 * stimulus.trays)))
    link.set(r.CONTROL_POWER_SWITCH, 3)
    link.set(r.CONTROL_THERMOSTAT, 0)
    block = link.read(r.FAST.base, 64)
    assert link.read(r.FAST.base)[2:] == block[2:4]  # behind the uptime, which may go on
    for address in range(r.FAST.base + 4, r.FAST.base + 56, 4):  # the last two words count reads
        at = address - r.FAST.base
        assert link.read(address) == block[at : at + 4]


@pytest.mark.parametrize("length", [15, 17])
def test_sensor_vector_of_another_length_is_an_error(stimulus, length):
    with pytest.raises(ValueError, match="bytes"):
        stimulus.target.set_sensors(bytes(32 + length * stimulus.trays))
