"""A payload controller whose time stands still until the bench moves it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from types import TracebackType
from typing import ClassVar, Self

from fsw.payload_link import PayloadLink
from fsw.register_map import Region
from hil.arbiter import BENCH_ADDRESS
from hil.errors import InjectionError
from sim.channels import RACK_BYTES, TRAY_BYTES

TRAYS_DEFAULT = 18
TRAYS_MAXIMUM = 32
CODEWORD_BITS = 39


@dataclass(frozen=True)
class Store:
    """Words that an upset can strike beside the link."""

    name: str
    number: int  # in messages to the simulator
    words: int
    bits: int  # of a word

    def check_word(self, word: int) -> None:
        """Raise IndexError unless `word` is the index of one."""
        if not 0 <= word < self.words:
            raise IndexError(f"{self.name} word {word}, must be 0 to {self.words - 1}")

    def check_mask(self, mask: int) -> None:
        """Raise ValueError unless `mask` flips at least one bit of a word."""
        if not 0 < mask < 1 << self.bits:
            raise ValueError(f"flip mask {mask:#x}, must be 1 to {(1 << self.bits) - 1:#x}")


MEMORY = Store("memory", 0, 1024, CODEWORD_BITS)  # codewords of the protected memory
FRAMES = Store("frame", 1, 256, 32)  # the configuration frames, 16 words each


class LockstepTarget(ABC):
    """The controller with its sensors and actuators as byte vectors.

    Ticks fall on the multiples of `tick_ns` and are issued when time passes them; bytes and sensor
    values enter at `now_ns` and take no time. A subclass realises the methods marked abstract.
    """

    name: ClassVar[str]
    transparent: ClassVar[bool] = True  # memory and registers can be reached beside the link
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

    def flip_memory(self, word: int, mask: int) -> int:
        """XOR `mask` (39 bits) into a stored codeword of the protected memory.

        Returns the codeword read back. Raises InjectionError when the flip did not take.
        """
        return self._strike(MEMORY, word, mask)

    def peek_memory(self, word: int) -> int:
        """Stored codeword of the protected memory, without side effect."""
        MEMORY.check_word(word)
        return self._peek(MEMORY, word)

    def flip_config(self, word: int, mask: int) -> int:
        """XOR `mask` into a stored word, 0 to 255, of the configuration frames.

        The scanner's state does not change. Returns the word read back. Raises InjectionError when
        the flip did not take.
        """
        return self._strike(FRAMES, word, mask)

    def peek_config(self, word: int) -> int:
        """Stored word, 0 to 255, of the configuration frames."""
        FRAMES.check_word(word)
        return self._peek(FRAMES, word)

    def _strike(self, store: Store, word: int, mask: int) -> int:
        store.check_word(word)
        store.check_mask(mask)
        before = self._peek(store, word)
        after = self._flip(store, word, mask)
        if after != before ^ mask:
            raise InjectionError(
                f"flip of {store.name} word {word}: read back {after:#012x}, "
                f"expected {before:#012x} ^ {mask:#012x} = {before ^ mask:#012x}"
            )
        return after

    @abstractmethod
    def _flip(self, store: Store, word: int, mask: int) -> int:
        """XOR `mask` into a stored word; the word read back."""

    @abstractmethod
    def _peek(self, store: Store, word: int) -> int:
        """A stored word, without side effect."""

    @abstractmethod
    def flip_register(self, name: str, copy: str, mask: int) -> int:
        """XOR `mask` into one copy ("a", "b" or "c") of a triplicated register.

        Names and widths are those of `gateware.triplication`. Clocks follow, without a tick: the
        copy has been repaired when this returns. Returns the copy read back before that. Raises
        KeyError or ValueError for what does not exist, InjectionError when the flip did not take.
        """

    def look(self, region: Region, start: int, length: int) -> bytes:
        """Registers, read in no time by the bench as an initiator of its own.

        Raises LinkError when the controller does not answer.
        """
        link = self.side_door()
        link.key = region.key
        return link.read(region.base + start, length)

    def side_door(self) -> PayloadLink:
        """The bench as an initiator whose transactions take no time."""
        return PayloadLink(_SideDoor(self), retries=0, initiator_address=BENCH_ADDRESS)

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


class _SideDoor:
    """A port straight into a target."""

    timeout: float | None = None

    def __init__(self, target: LockstepTarget) -> None:
        self._target = target
        self._received = b""

    def write(self, data: bytes, /) -> int:
        self._received += self._target.exchange(data)
        return len(data)

    def read(self, size: int = 1, /) -> bytes:
        data, self._received = self._received[:size], self._received[size:]
        return data
