"""What a register is: the types that the generated `fsw/registers.py` is made of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Field:
    """Bits `lsb` to `lsb + width - 1` of a register; engineering value = raw * scale + offset."""

    name: str
    lsb: int
    width: int
    reset: int = 0
    scale: float = 1.0
    offset: float = 0.0
    unit: str = ""

    @property
    def maximum(self) -> int:
        """Largest raw value."""
        return (1 << self.width) - 1

    def extract(self, word: int) -> int:
        """Raw value of this field in a 32-bit word."""
        return (word >> self.lsb) & self.maximum

    def value(self, raw: int) -> float:
        """Engineering value of a raw one, in `unit`."""
        return raw * self.scale + self.offset

    def raw(self, value: float) -> int:
        """Nearest raw value of an engineering one, saturated at the field's ends."""
        return min(max(round((value - self.offset) / self.scale), 0), self.maximum)


@dataclass(frozen=True, slots=True)
class Register:
    """A 32-bit register; `stride` and `count` where it stands once per tray."""

    name: str
    address: int
    access: str  # "r", "w" or "rw"
    reset: int
    fields: tuple[Field, ...]
    count: int = 1
    stride: int = 4

    def field(self, name: str) -> Field:
        """The field of that name. Raises KeyError when there is none."""
        for field in self.fields:
            if field.name == name:
                return field
        known = ", ".join(field.name for field in self.fields)
        raise KeyError(f"register {self.name} has no field {name!r}; it has {known}")

    def pack(self, **raw: int) -> int:
        """A word with these raw fields; the others hold their reset value.

        Raises KeyError on an unknown field, ValueError on a value that does not fit.
        """
        word = self.reset
        for name, value in raw.items():
            field = self.field(name)
            if not 0 <= value <= field.maximum:
                raise ValueError(f"{self.name}.{name} = {value}, must be 0 to {field.maximum}")
            word = word & ~(field.maximum << field.lsb) | value << field.lsb
        return word

    def unpack(self, word: int) -> dict[str, int]:
        """Raw value of every field of a word."""
        return {field.name: field.extract(word) for field in self.fields}

    def at(self, index: int) -> int:
        """Address of element `index` of a register that stands once per tray."""
        if not 0 <= index < self.count:
            raise IndexError(f"{self.name}[{index}]: index must be 0 to {self.count - 1}")
        return self.address + index * self.stride


@dataclass(frozen=True, slots=True)
class Region:
    """A span of addresses with one access and one key; a transfer must lie inside one region.

    With `per_tray` bytes given, the region ends at the number of trays fitted.
    """

    name: str
    base: int
    size: int  # bytes; of the largest rack where per_tray is given
    access: str  # "r", "w" or "rw"
    key: int  # RMAP key it is served with
    per_tray: int = 0

    def end(self, trays: int) -> int:
        """First address behind the region in a rack of that many trays."""
        return self.base + (self.per_tray * trays if self.per_tray else self.size)
