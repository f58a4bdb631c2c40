"""A payload controller whose time stands still until the bench moves it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import ClassVar, Self

from sim.channels import RACK_BYTES, TRAY_BYTES

TRAYS_DEFAULT = 18
TRAYS_MAXIMUM = 32
MEMORY_WORDS = 1024
CODEWORD_BITS = 39


class LockstepTarget(ABC):
    """The controller with its sensors and actuators as byte vectors.

    Ticks fall on the multiples of `tick_ns` and are issued when time passes them; bytes and sensor
    values enter at `now_ns` and take no time. A subclass realises the methods marked abstract.
    """

    name: ClassVar[str]
    tick_ns: ClassVar[int] = 10_000_000  # 100 Hz, as in identity.config.tick_hz

    def __init__(self, trays: int = TRAYS_DEFAULT) -> None:
        if not 1 <= trays <= TRAYS_MAXIMUM:
            raise ValueError(f"trays = {trays}, must be 1 to {TRAYS_MAXIMUM}")
        self.trays = trays
        self.now_ns = 0
        self.sensor_bytes = RACK_BYTES + TRAY_BYTES * trays
        self.actuator_bytes = 28 + 4 * trays

    def set_sensors(self, sensors: bytes) -> None:
        """New sensor vector, laid out as in `sim.channels`. Raises ValueError on a wrong length."""
        if len(sensors) != self.sensor_bytes:
            raise ValueError(
                f"sensor vector of {len(sensors)} bytes, "
                f"must be {self.sensor_bytes} for {self.trays} trays"
            )
        self._drive_sensors(sensors)

    def advance_to(self, time_ns: int) -> None:
        """Let time pass; a time that has passed already changes nothing."""
        if time_ns <= self.now_ns:
            return
        ticks = time_ns // self.tick_ns - self.now_ns // self.tick_ns
        self.now_ns = time_ns
        if ticks:
            self._tick(ticks)

    @abstractmethod
    def _drive_sensors(self, sensors: bytes) -> None:
        """Put a sensor vector of the right length on the controller's inputs."""

    @abstractmethod
    def _tick(self, count: int) -> None:
        """Give the controller this many ticks, each when it is idle."""

    @abstractmethod
    def actuators(self) -> bytes:
        """Actuator vector as it is now: `28 + 4 * trays` bytes."""

    @abstractmethod
    def exchange(self, data: bytes) -> bytes:
        """Bytes from the link into the controller; the bytes it answers with. Takes no time."""

    @abstractmethod
    def flip_memory(self, word: int, mask: int) -> int:
        """XOR `mask` (39 bits) into a stored codeword of the protected memory.

        Returns the codeword read back. Raises InjectionError when the flip did not take.
        """

    @abstractmethod
    def peek_memory(self, word: int) -> int:
        """Stored codeword of the protected memory, without side effect."""

    @abstractmethod
    def flip_register(self, name: str, copy: str, mask: int) -> int:
        """XOR `mask` into one copy ("a", "b" or "c") of a triplicated register.

        Names and widths are those of `gateware.triplication`. Clocks follow, without a tick: the
        copy has been repaired when this returns. Returns the copy read back before that. Raises
        KeyError or ValueError for what does not exist, InjectionError when the flip did not take.
        """

    @abstractmethod
    def reset(self) -> None:
        """Back to the state after power-on, sensor vector included; `now_ns` goes on.

        Only the reset cause says that it was another reset.
        """

    @abstractmethod
    def close(self) -> None:
        """Release what the target holds; harmless when closed already."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def check_word(word: int) -> None:
    """Raise IndexError unless `word` is an index into the protected memory."""
    if not 0 <= word < MEMORY_WORDS:
        raise IndexError(f"memory word {word}, must be 0 to {MEMORY_WORDS - 1}")


def check_mask(mask: int) -> None:
    """Raise ValueError unless `mask` flips at least one bit of a codeword."""
    if not 0 < mask < 1 << CODEWORD_BITS:
        raise ValueError(f"flip mask {mask:#x}, must be 1 to {(1 << CODEWORD_BITS) - 1:#x}")
