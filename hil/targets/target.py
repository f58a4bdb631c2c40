"""What the loop needs of a payload controller, in lockstep or on a board."""

from __future__ import annotations

from typing import Protocol

from fsw.register_map import Region


class Target(Protocol):
    """Sensors in, actuators out, time, and the memories that upsets strike.

    See `hil.targets.lockstep.LockstepTarget` for each of them.
    """

    @property
    def trays(self) -> int: ...

    @property
    def now_ns(self) -> int: ...

    def set_sensors(self, sensors: bytes) -> None: ...

    def actuators(self) -> bytes: ...

    def advance_to(self, time_ns: int) -> None: ...

    def flip_memory(self, word: int, mask: int) -> int: ...

    def peek_memory(self, word: int) -> int: ...

    def flip_config(self, word: int, mask: int) -> int: ...

    def peek_config(self, word: int) -> int: ...

    def flip_register(self, name: str, copy: str, mask: int) -> int | None: ...

    def look(self, region: Region, start: int, length: int) -> bytes: ...
