"""Read `registers.rdl` into regions, registers and fields that the emitters can walk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from systemrdl.compiler import RDLCompiler
from systemrdl.node import FieldNode, MemNode, Node, RegfileNode, RegNode

SOURCE = Path(__file__).resolve().parent / "registers.rdl"


@dataclass(frozen=True)
class FieldEntry:
    name: str
    alias: str
    msb: int
    lsb: int
    reset: int
    unit: str
    scale: str
    offset: str
    sensor: bool
    text: str

    @property
    def width(self) -> int:
        return self.msb - self.lsb + 1


@dataclass(frozen=True)
class RegisterEntry:
    name: str
    offset: int  # inside its region, of the first element
    count: int
    stride: int
    fields: tuple[FieldEntry, ...]
    text: str

    @property
    def reset(self) -> int:
        return sum(field.reset << field.lsb for field in self.fields)


@dataclass(frozen=True)
class RegionEntry:
    name: str
    title: str
    text: str
    base: int
    size: int
    access: str
    key: str  # "flight" or "test"
    per_tray: int
    registers: tuple[RegisterEntry, ...]


def text_property(node: Node, name: str, default: str = "") -> str:
    value = node.get_property(name, default=default)
    return default if value is None else str(value)


def reset_of(field: FieldNode) -> int:
    value = field.get_property("reset", default=0)
    return value if isinstance(value, int) else 0


def access_of(field: FieldNode) -> str:
    return ("r" if field.is_sw_readable else "") + ("w" if field.is_sw_writable else "")


def field_entry(register: RegNode, field: FieldNode) -> FieldEntry:
    return FieldEntry(
        name=field.inst_name,
        alias=text_property(field, "short", f"{register.inst_name}_{field.inst_name}"),
        msb=field.high,
        lsb=field.low,
        reset=reset_of(field),
        unit=text_property(field, "unit"),
        scale=text_property(field, "scale", "1.0"),
        offset=text_property(field, "offset", "0.0"),
        sensor=text_property(field, "source") == "sensor",
        text=text_property(field, "desc"),
    )


def register_entry(register: RegNode, offset: int, count: int, stride: int) -> RegisterEntry:
    fields = tuple(field_entry(register, field) for field in register.fields())
    return RegisterEntry(
        name=register.inst_name,
        offset=offset,
        count=count,
        stride=stride,
        fields=tuple(sorted(fields, key=lambda field: -field.msb)),
        text=text_property(register, "desc"),
    )


def region_entry(node: RegfileNode) -> RegionEntry:
    """A regfile with its registers; an array of registers or of regfiles stands once per tray."""
    registers: list[RegisterEntry] = []
    per_tray = 0
    accesses = set()
    for child in node.children(unroll=False):
        count, stride = 1, 4
        if not isinstance(child, RegNode | RegfileNode):
            raise ValueError(f"registers.rdl: {node.inst_name}.{child.inst_name} is no register")
        if child.is_array:
            count, stride = (child.array_dimensions or [1])[0], child.array_stride or 4
            per_tray = stride
        members = [child] if isinstance(child, RegNode) else list(child.registers())
        for member in members:
            offset = child.raw_address_offset + (
                0 if member is child else member.raw_address_offset
            )
            registers.append(register_entry(member, offset, count, stride))
            accesses |= {access_of(field) for field in member.fields()}
    if len(accesses) != 1:
        raise ValueError(
            f"registers.rdl: region {node.inst_name} mixes accesses {sorted(accesses)}; "
            "give all its registers one access, or split it"
        )
    return RegionEntry(
        name=node.inst_name,
        title=text_property(node, "name"),
        text=text_property(node, "desc"),
        base=node.raw_absolute_address,
        size=node.size,
        access=accesses.pop(),
        key=text_property(node, "key", "flight"),
        per_tray=per_tray,
        registers=tuple(registers),
    )


def memory_entry(node: MemNode) -> RegionEntry:
    """A region of words that are no registers."""
    return RegionEntry(
        name=node.inst_name,
        title=text_property(node, "name"),
        text=text_property(node, "desc"),
        base=node.raw_absolute_address,
        size=node.size,
        access=("r" if node.is_sw_readable else "") + ("w" if node.is_sw_writable else ""),
        key=text_property(node, "key", "flight"),
        per_tray=int(node.get_property("per_tray", default=0) or 0),
        registers=(),
    )


def read_map() -> list[RegionEntry]:
    """Compile the RDL into regions, in address order."""
    compiler = RDLCompiler()
    compiler.compile_file(str(SOURCE))
    regions = []
    for node in compiler.elaborate().top.children(unroll=False):
        if isinstance(node, MemNode):
            regions.append(memory_entry(node))
        elif isinstance(node, RegfileNode):
            regions.append(region_entry(node))
    return sorted(regions, key=lambda region: region.base)
