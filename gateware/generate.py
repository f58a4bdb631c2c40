"""Derive every rendering of the register map from `registers.rdl`.

    python -m gateware.generate           write the files
    python -m gateware.generate --check   exit 1 when one of them is stale

`registers.rdl` is the only place where an address, a field, a reset value or an access type is
written. PeakRDL-regblock's SystemVerilog is refused by Icarus 11 and by yosys, which is why these
emitters are our own and small.
"""

from __future__ import annotations

import sys
from pathlib import Path

from gateware.rdl import FieldEntry, RegionEntry, read_map

ROOT = Path(__file__).resolve().parent.parent
NOTICE = "Generated from gateware/registers.rdl by `python -m gateware.generate`. Do not edit."

# Link constants: the RMAP default logical address (ECSS-E-ST-50-52C, 254), our keys, frame limits.
LOGICAL_ADDRESS = 0xFE
FLIGHT_KEY = 0x20
TEST_KEY = 0x5D  # six bits away from the flight key
WRITE_MAX = 256  # bytes of data in a write; the target buffers whole frames
READ_MAX = 512  # bytes of data in a read: the tray block of 32 trays


def verilog(regions: list[RegionEntry]) -> str:
    """Header of macros: region bounds, register addresses, resets, and the ends of each field."""
    lines = [
        f"// {NOTICE}",
        "`ifndef RACKSAT_REGISTERS_VH",
        "`define RACKSAT_REGISTERS_VH",
        "",
        f"`define RS_LOGICAL_ADDRESS 8'h{LOGICAL_ADDRESS:02X}",
        f"`define RS_FLIGHT_KEY 8'h{FLIGHT_KEY:02X}",
        f"`define RS_TEST_KEY 8'h{TEST_KEY:02X}",
        f"`define RS_WRITE_MAX {WRITE_MAX}",
        f"`define RS_READ_MAX {READ_MAX}",
    ]
    for region in regions:
        prefix = f"RS_{region.name.upper()}"
        lines += [
            "",
            f"// {region.title}: {region.access}",
            f"`define {prefix}_BASE 32'h{region.base:08X}",
        ]
        if region.per_tray:
            lines.append(f"`define {prefix}_PER_TRAY {region.per_tray}")
        else:
            lines.append(f"`define {prefix}_END 32'h{region.base + region.size:08X}")
        for register in region.registers:
            name = f"{prefix}_{register.name.upper()}"
            lines.append(f"`define {name} 32'h{region.base + register.offset:08X}")
            if "w" in region.access or region.name == "identity":
                lines.append(f"`define {name}_RESET 32'h{register.reset:08X}")
            for field in register.fields:
                lines.append(f"`define {name}_{field.name.upper()} {field.msb}:{field.lsb}")
    return "\n".join([*lines, "", "`endif", ""])


def field_literal(field: FieldEntry) -> str:
    text = f'Field("{field.name}", {field.lsb}, {field.width}'
    if field.reset:
        text += f", reset=0x{field.reset:X}"
    if field.scale != "1.0":
        text += f", scale={field.scale}"
    if field.offset != "0.0":
        text += f", offset={field.offset}"
    if field.unit:
        text += f', unit="{field.unit}"'
    return text + ")"


def block_class(region: RegionEntry, name: str, prefix: str) -> list[str]:
    """A NamedTuple of the raw fields of a telemetry block, decoded by straight-line code."""
    fields = [
        (index, field)
        for index, register in enumerate(region.registers)
        for field in register.fields
    ]
    words = ", ".join(f"w{index}" for index in range(len(region.registers)))
    lines = [
        "",
        "",
        f"class {name}(NamedTuple):",
        f'    """Raw fields of the {region.title.lower()}."""',
        "",
    ]
    lines += [f"    {field.alias}: int" for _, field in fields]
    lines += [
        "",
        "    @classmethod",
        f'    def from_bytes(cls, data: bytes) -> "{name}":',
        f'        """Decode {4 * len(region.registers)} bytes; struct.error on another length."""',
        f"        {words} = {prefix}_WORDS.unpack(data)",
        "        return cls(",
    ]
    for index, field in fields:
        shifted = f"w{index} >> {field.lsb}" if field.lsb else f"w{index}"
        masked = (
            shifted
            if field.msb == 31
            else f"{'(' + shifted + ')' if field.lsb else shifted} & 0x{(1 << field.width) - 1:X}"
        )
        lines.append(f"            {masked},")
    lines += ["        )", "", ""]
    lines.append(f"{prefix}_FIELDS: dict[str, Field] = {{")
    for _, field in fields:
        lines.append(f'    "{field.alias}": {field_literal(field)},')
    lines.append("}")
    return lines


def python_registers(regions: list[RegionEntry]) -> str:
    """`fsw/registers.py`: regions, registers, and the two telemetry blocks."""
    by_name = {region.name: region for region in regions}
    lines = [
        f'"""{NOTICE}"""',
        "",
        "from struct import Struct",
        "from typing import NamedTuple",
        "",
        "from fsw.register_map import Field, Region, Register",
        "",
        f"LOGICAL_ADDRESS = 0x{LOGICAL_ADDRESS:02X}",
        f"FLIGHT_KEY = 0x{FLIGHT_KEY:02X}",
        f"TEST_KEY = 0x{TEST_KEY:02X}",
        f"WRITE_MAX = {WRITE_MAX}",
        f"READ_MAX = {READ_MAX}",
        "",
        f'FAST_WORDS = Struct(">{len(by_name["fast"].registers)}I")',
        f'TRAY_WORDS = Struct(">{len(by_name["trays"].registers)}I")',
        "",
    ]
    for region in regions:
        extra = f", per_tray={region.per_tray}" if region.per_tray else ""
        extra += ", key=TEST_KEY" if region.key == "test" else ", key=FLIGHT_KEY"
        lines.append(
            f'{region.name.upper()} = Region("{region.name}", 0x{region.base:X}, '
            f'{region.size}, "{region.access}"{extra})'
        )
    lines += ["", f"REGIONS = ({', '.join(region.name.upper() for region in regions)})"]
    for region in regions:
        for register in region.registers:
            name = f"{region.name.upper()}_{register.name.upper()}"
            lines += ["", f"{name} = Register("]
            lines.append(f'    "{region.name}.{register.name}",')
            lines.append(f"    0x{region.base + register.offset:X},")
            lines.append(f'    "{region.access}",')
            lines.append(f"    0x{register.reset:X},")
            lines += [
                "    (",
                *(f"        {field_literal(field)}," for field in register.fields),
                "    ),",
            ]
            if register.count > 1:
                lines.append(f"    count={register.count},")
                lines.append(f"    stride={register.stride},")
            lines.append(")")
    lines += block_class(by_name["fast"], "FastBlock", "FAST")
    lines += block_class(by_name["trays"], "TrayBlock", "TRAY")
    names = ", ".join(
        f"{region.name.upper()}_{register.name.upper()}"
        for region in regions
        for register in region.registers
    )
    lines += ["", f"REGISTERS = ({names})", ""]
    return "\n".join(lines)


def sim_channels(regions: list[RegionEntry]) -> str:
    """`sim/channels.py`: the layout of the sensor vector, with the calibration of each channel."""
    by_name = {region.name: region for region in regions}
    lines = [
        f'"""{NOTICE}',
        "",
        "The sensor vector is big-endian: the rack channels, 16 bits each, in this order, then",
        "16 bytes a tray laid out as the tray block of the register map.",
        "Engineering value = raw * scale + offset.",
        '"""',
        "",
        "from typing import NamedTuple",
        "",
        "",
        "class Channel(NamedTuple):",
        '    """Where a channel lies (32-bit word and bit, in its tray), and its calibration."""',
        "",
        "    name: str",
        "    word: int",
        "    lsb: int",
        "    width: int",
        "    scale: float",
        "    offset: float",
        "    unit: str",
        "",
        "",
    ]
    for constant, region in (
        ("RACK_CHANNELS", by_name["fast"]),
        ("TRAY_CHANNELS", by_name["trays"]),
    ):
        lines.append(f"{constant} = (")
        position = 0
        for word, register in enumerate(region.registers):
            for field in register.fields:
                if not field.sensor:
                    continue
                if constant == "RACK_CHANNELS":
                    at_word, lsb = position // 2, 16 * (1 - position % 2)
                    position += 1
                    if field.width != 16:
                        raise ValueError(
                            f"registers.rdl: rack sensor {field.alias} must be 16 bits wide"
                        )
                else:
                    at_word, lsb = word, field.lsb
                lines.append(
                    f'    Channel("{field.alias}", {at_word}, {lsb}, {field.width}, '
                    f'{field.scale}, {field.offset}, "{field.unit}"),'
                )
        lines.append(")")
    lines += ["", "RACK_BYTES = 2 * len(RACK_CHANNELS)", "TRAY_BYTES = 16", ""]
    return "\n".join(lines)


def markdown(regions: list[RegionEntry]) -> str:
    """`docs/registers.md`."""
    lines = [
        f"<!-- {NOTICE} -->",
        "# Register map of the payload controller",
        "",
        f"RMAP target logical address 0x{LOGICAL_ADDRESS:02X}, flight key 0x{FLIGHT_KEY:02X}, "
        f"test key 0x{TEST_KEY:02X}.",
        "Registers are 32 bits wide and big-endian. A transfer must be aligned to 4 bytes and lie",
        f"inside one region; a write carries at most {WRITE_MAX} bytes, a read at most {READ_MAX}.",
        "Regions of trays end at the number of trays fitted. Each region is served with one key; "
        "a flight",
        "build does not know the test key.",
        "Engineering value = raw × scale + offset.",
    ]
    for region in regions:
        lines += ["", f"## {region.title}", "", region.text, ""]
        lines.append(
            f"Base 0x{region.base:04X}, {region.size} bytes, access `{region.access}`, "
            f"{region.key} key."
        )
        if not region.registers:
            continue
        lines += ["", "| address | register | bits | field | reset | scale | unit | meaning |"]
        lines.append("| --- | --- | --- | --- | --- | --- | --- | --- |")
        for register in region.registers:
            address = f"0x{region.base + register.offset:04X}"
            if register.count > 1:
                address += f" + {register.stride}·i"
            for number, field in enumerate(register.fields):
                place = f"{address} | {register.name}" if number == 0 else " | "
                bits = f"{field.msb}:{field.lsb}" if field.width > 1 else f"{field.msb}"
                scale = "" if field.scale == "1.0" else f"{float(field.scale):.6g}"
                if field.offset != "0.0":
                    scale += f" {float(field.offset):+g}"
                meaning = (
                    field.text if number or not register.text else f"{register.text} {field.text}"
                )
                lines.append(
                    f"| {place} | {bits} | {field.name} | 0x{field.reset:X} | {scale} "
                    f"| {field.unit} | {meaning} |"
                )
    return "\n".join([*lines, ""])


def render() -> dict[Path, str]:
    """Every generated file with its contents."""
    regions = read_map()
    return {
        ROOT / "gateware" / "rtl" / "registers.vh": verilog(regions),
        ROOT / "fsw" / "registers.py": python_registers(regions),
        ROOT / "sim" / "channels.py": sim_channels(regions),
        ROOT / "docs" / "registers.md": markdown(regions),
    }


def stale() -> list[Path]:
    """Generated files that differ from what the RDL says now."""
    return [
        path
        for path, text in render().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]


def main(arguments: list[str]) -> int:
    if arguments == ["--check"]:
        paths = stale()
        for path in paths:
            print(f"{path.relative_to(ROOT)} is stale: run `python -m gateware.generate`")
        return 1 if paths else 0
    if arguments:
        print(f"gateware.generate: got {' '.join(arguments)!r}, expected nothing or --check")
        return 2
    for path, text in render().items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
