"""The register map is written once; what is derived from it is current and agrees."""

import re
from pathlib import Path

import pytest

from fsw import registers
from fsw.register_map import Field, Register
from gateware import generate
from sim import channels


def test_generated_files_are_current() -> None:
    assert generate.stale() == [], "run `python -m gateware.generate`"


def test_an_edited_generated_file_is_stale(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    edited = tmp_path / "registers.vh"
    edited.write_text("// edited\n")
    monkeypatch.setattr(generate, "render", lambda: {edited: "// generated\n"})
    assert generate.stale() == [edited]


def test_regions_do_not_overlap_and_hold_their_registers() -> None:
    spans = [(region.base, region.base + region.size) for region in registers.REGIONS]
    assert all(end <= start for (_, end), (start, _) in zip(spans, spans[1:], strict=False))
    addresses = [
        register.at(index) for register in registers.REGISTERS for index in range(register.count)
    ]
    assert len(addresses) == len(set(addresses))
    assert all(any(start <= a < end for start, end in spans) for a in addresses)


def test_fields_of_a_register_do_not_overlap() -> None:
    for register in registers.REGISTERS:
        masks = [field.maximum << field.lsb for field in register.fields]
        assert sum(masks) == (mask := sum(masks) & 0xFFFFFFFF)
        joined = 0
        for each in masks:
            joined |= each
        assert joined == mask, register.name


def test_fast_block_decodes_literal_bytes() -> None:
    data = bytes.fromhex(
        "1234 0021 00000001 00000002 0003FFFC 4E20 61A8 9C40 8001 0102 7530"
        "8ACF 9000 7530 7531 7532 7A00 3A98 6D60 1388 0000 8000 FFFE 0007 0002 0101 0003 0004 0A0B"
    )
    block = registers.FastBlock.from_bytes(data)
    assert len(data) == 64
    assert (block.status_uptime, block.status_safe, block.status_watchdog_expired) == (0x1234, 1, 1)
    assert block.powered_trays == 0x3FFFC
    assert registers.FAST_FIELDS["bus_voltage"].value(block.bus_voltage) == pytest.approx(400.0)
    assert registers.FAST_FIELDS["battery_current"].value(block.battery_current) == pytest.approx(
        0.04
    )
    assert registers.FAST_FIELDS["coolant_supply_c"].value(block.coolant_supply_c) == pytest.approx(
        300.02
    )
    assert (block.protons, block.activity_commands) == (0xFFFE, 0x0A0B)


def test_sensor_vector_carries_every_sensor_field_once() -> None:
    names = [channel.name for channel in channels.RACK_CHANNELS]
    assert len(names) == len(set(names)) == 16
    assert set(names) <= set(registers.FAST_FIELDS)
    for channel in channels.RACK_CHANNELS:
        field = registers.FAST_FIELDS[channel.name]
        assert (channel.scale, channel.offset) == (field.scale, field.offset)
    for channel in channels.TRAY_CHANNELS:
        assert registers.TRAY_FIELDS[channel.name].lsb == channel.lsb


def test_verilog_header_has_the_addresses_of_the_python() -> None:
    header = (generate.ROOT / "gateware" / "rtl" / "registers.vh").read_text(encoding="utf-8")
    defined = dict(re.findall(r"`define (\w+) 32'h([0-9A-F]{8})", header))
    for register in registers.REGISTERS:
        macro = "RS_" + register.name.replace(".", "_").upper()
        assert int(defined[macro], 16) == register.address


def test_field_converts_and_saturates() -> None:
    field = Field("current", 0, 16, scale=0.04, offset=-1310.72, unit="A")
    assert field.raw(0.0) == 32768
    assert field.value(32768) == pytest.approx(0.0)
    assert (field.raw(-1e9), field.raw(1e9)) == (0, 65535)


def test_register_packs_and_refuses() -> None:
    register: Register = registers.CONTROL_WATCHDOG
    assert register.pack(enable=1, period=300) == 0x8000012C
    assert register.unpack(0x8000012C) == {"enable": 1, "period": 300}
    with pytest.raises(ValueError, match="control.watchdog.period = 65536, must be 0 to 65535"):
        register.pack(period=65536)
    with pytest.raises(KeyError, match="has no field 'perod'; it has enable, period"):
        register.pack(perod=1)
    with pytest.raises(IndexError, match="index must be 0 to 31"):
        registers.TRAY_CONTROL_CAP.at(32)
