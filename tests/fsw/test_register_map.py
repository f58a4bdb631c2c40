"""Registers as flight software knows them: field arithmetic, and the generated map's consistency.

That the generated file follows gateware/registers.rdl is tested in tests/gateware.
"""

import struct
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw import registers as r
from fsw.register_map import Field, Region, Register

temperature = Field("gpu", 16, 16, reset=37315, scale=0.01, unit="K")
current = Field("current", 0, 16, scale=0.04, offset=-1310.72, unit="A")


def test_extract():
    assert temperature.extract(0x91C393B7) == 0x91C3
    assert Field("state", 28, 4).extract(0x2FFFFFFF) == 2
    assert Field("safe", 0, 1).extract(0xFFFFFFFE) == 0


def test_engineering_values():
    assert temperature.value(37315) == pytest.approx(373.15)
    assert current.value(0x8000) == pytest.approx(0.0)
    assert current.value(0) == pytest.approx(-1310.72)
    assert current.raw(-100.0) == 0x8000 - 2500


@pytest.mark.parametrize(
    ("value", "raw"), [(-1.0, 0), (0.004, 0), (0.006, 1), (655.35, 0xFFFF), (1e9, 0xFFFF)]
)
def test_raw_rounds_and_saturates(value, raw):
    assert temperature.raw(value) == raw


@given(st.sampled_from(r.REGISTERS), st.data())
def test_raw_undoes_value(register, data):
    field = data.draw(st.sampled_from(register.fields))
    raw = data.draw(st.integers(0, field.maximum))
    assert field.raw(field.value(raw)) == raw


@given(st.sampled_from(r.REGISTERS), st.data())
def test_unpack_undoes_pack(register, data):
    raws = {
        field.name: data.draw(st.integers(0, field.maximum), field.name)
        for field in register.fields
    }
    assert register.unpack(register.pack(**raws)) == raws


def test_pack_keeps_the_reset_value_of_other_fields():
    assert r.CONTROL_PUMP_DRIVE.pack(b=0xFFFF) == 0x4000FFFF
    assert r.CONTROL_WATCHDOG.pack(enable=1) == 0x80000000 | 500


def test_errors_name_the_register_and_the_range():
    with pytest.raises(ValueError, match=r"control\.watchdog\.period = 65536, must be 0 to 65535"):
        r.CONTROL_WATCHDOG.pack(period=65536)
    with pytest.raises(KeyError, match="control.watchdog has no field 'perio'; it has enable, pe"):
        r.CONTROL_WATCHDOG.pack(perio=1)
    with pytest.raises(IndexError, match=r"tray_control\.cap\[32\]: index must be 0 to 31"):
        r.TRAY_CONTROL_CAP.at(32)


def test_registers_of_trays():
    assert r.TRAY_CONTROL_CAP.at(17) == 0x244
    assert r.TRAYS_ERRORS.at(2) == 0x102C
    assert r.TRAYS.end(18) == 0x1120
    assert r.TRAY_CONTROL.end(18) == 0x248
    assert r.MEMORY.end(18) == 0x11000


def region_of(register: Register) -> Region:
    (region,) = [region for region in r.REGIONS if region.base <= register.address < region.end(32)]
    return region


def test_every_register_lies_in_one_region_of_its_access():
    for register in r.REGISTERS:
        region = region_of(register)
        assert region.access == register.access
        assert register.at(register.count - 1) + 4 <= region.end(register.count)
        assert register.address % 4 == 0


def test_regions_do_not_overlap():
    for one, other in combinations(r.REGIONS, 2):
        assert one.end(32) <= other.base or other.end(32) <= one.base


def test_fields_do_not_overlap_and_give_the_reset_value():
    for register in r.REGISTERS:
        used, reset = 0, 0
        for field in register.fields:
            bits = field.maximum << field.lsb
            assert not used & bits, f"{register.name}.{field.name}"
            used |= bits
            reset |= field.reset << field.lsb
        assert reset == register.reset, register.name


def test_the_fast_block_is_dense_and_short():
    fast = [register for register in r.REGISTERS if region_of(register) == r.FAST]
    assert [register.address for register in fast] == list(range(0x100, 0x140, 4))
    assert r.FAST.size <= 64


@given(st.binary(min_size=64, max_size=64))
def test_fast_block_equals_the_registers(data):
    block = r.FastBlock.from_bytes(data)
    fast = [register for register in r.REGISTERS if region_of(register) == r.FAST]
    expected = []
    for register, word in zip(fast, struct.unpack(">16I", data), strict=True):
        expected += [field.extract(word) for field in register.fields]
    assert list(block) == expected
    assert tuple(r.FAST_FIELDS) == r.FastBlock._fields


@given(st.binary(min_size=16, max_size=16))
def test_tray_block_equals_the_registers(data):
    trays = (r.TRAYS_STATUS, r.TRAYS_LOAD, r.TRAYS_TEMPERATURE, r.TRAYS_ERRORS)
    expected = []
    for register, word in zip(trays, struct.unpack(">4I", data), strict=True):
        expected += [field.extract(word) for field in register.fields]
    assert list(r.TrayBlock.from_bytes(data)) == expected
    assert tuple(r.TRAY_FIELDS) == r.TrayBlock._fields


def test_fast_block_by_hand():
    data = bytearray(64)
    data[0:4] = bytes.fromhex("1234 0003")  # uptime; tripped and safe
    data[0x10:0x14] = bytes.fromhex("4E20 0064")  # 400 V, 2 A
    data[0x14:0x18] = bytes.fromhex("4E20 7FFF")  # 0.04 A out of the battery
    block = r.FastBlock.from_bytes(bytes(data))
    assert (block.status_uptime, block.status_tripped, block.status_safe) == (0x1234, 1, 1)
    assert r.FAST_FIELDS["bus_voltage"].value(block.bus_voltage) == pytest.approx(400.0)
    assert r.FAST_FIELDS["bus_current"].value(block.bus_current) == pytest.approx(2.0)
    assert r.FAST_FIELDS["battery_current"].value(block.battery_current) == pytest.approx(-0.04)


def test_a_block_of_another_length_is_refused():
    with pytest.raises(struct.error):
        r.FastBlock.from_bytes(bytes(63))
