"""The triplicated registers of the controller: names, numbers and widths, for model and bench.

Numbers are those of `diagnostics.voter.register`: the word of a register in region `control`, 16 to
22 for state, 32 + i for the cap of tray i. A mask selects flip-flops of one copy: bit i is bit i of
the register, but for the enable bit of `watchdog`, `scrub` (bit 16) and `config_scan` (bit 8).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from fsw import registers as r

COPIES = ("a", "b", "c")

STATE_FIRST = 16
CAPS_FIRST = 32


@dataclass(frozen=True)
class TriplicatedRegister:
    """One of them."""

    name: str
    number: int
    width: int  # flip-flops in each copy

    @property
    def mask(self) -> int:
        """All flip-flops of a copy."""
        return (1 << self.width) - 1

    def check(self, copy: str, mask: int) -> None:
        """Raise ValueError unless `mask` flips at least one bit that exists in a copy that does."""
        if copy not in COPIES:
            raise ValueError(f"copy {copy!r} of {self.name}, must be one of {', '.join(COPIES)}")
        if not 0 < mask <= self.mask:
            raise ValueError(f"flip mask {mask:#x} for {self.name}, must be 1 to {self.mask:#x}")


@cache
def triplicated(trays: int) -> Mapping[str, TriplicatedRegister]:
    """All of them by name, in the order of their numbers."""
    entries = []
    for register in r.REGISTERS:
        if register.name.startswith("control.") and register != r.CONTROL_SCRATCH:
            width = sum(field.width for field in register.fields)
            if register == r.CONTROL_POWER_SWITCH:
                width = trays
            name = register.name.removeprefix("control.")
            entries.append((name, (register.address - r.CONTROL.base) // 4, width))
    per_tray = ("over_temperature", "over_current", "reset_lines", "scrub_lines", "reload_lines")
    state = (("safe", 1), ("watchdog_ticks", 16), *((name, trays) for name in per_tray))
    entries += [(name, STATE_FIRST + index, width) for index, (name, width) in enumerate(state)]
    entries += [(f"cap_{tray}", CAPS_FIRST + tray, 32) for tray in range(trays)]
    return {name: TriplicatedRegister(name, number, width) for name, number, width in entries}


def triplicated_register(name: str, trays: int) -> TriplicatedRegister:
    """One by its name. Raises KeyError, with the names there are."""
    registers = triplicated(trays)
    if name not in registers:
        raise KeyError(f"no triplicated register {name!r}; there are {', '.join(registers)}")
    return registers[name]
