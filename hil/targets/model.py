"""The golden model of the payload controller as a lockstep target."""

from __future__ import annotations

from typing import ClassVar

from gateware.model import ControllerModel
from hil.errors import InjectionError
from hil.targets.lockstep import TRAYS_DEFAULT, LockstepTarget, check_mask, check_word


class ModelTarget(LockstepTarget):
    """`gateware.model.ControllerModel` in lockstep; everything takes effect at once."""

    name: ClassVar[str] = "model"

    def __init__(self, trays: int = TRAYS_DEFAULT) -> None:
        super().__init__(trays)
        self._model = ControllerModel(trays, tick_hz=1_000_000_000 // self.tick_ns)

    def _drive_sensors(self, sensors: bytes) -> None:
        self._model.set_sensors(sensors)

    def _tick(self, count: int) -> None:
        self._model.tick(count)

    def actuators(self) -> bytes:
        """Actuator vector as it is now: `28 + 4 * trays` bytes."""
        return self._model.actuators()

    def exchange(self, data: bytes) -> bytes:
        """Bytes from the link into the controller; the bytes it answers with. Takes no time."""
        return self._model.put(data)

    def flip_memory(self, word: int, mask: int) -> int:
        """XOR `mask` (39 bits) into a stored codeword of the protected memory.

        Returns the codeword read back. Raises InjectionError when the flip did not take.
        """
        check_word(word)
        check_mask(mask)
        expected = self._model.peek_memory(word) ^ mask
        self._model.flip_memory(word, mask)
        codeword = self._model.peek_memory(word)
        if codeword != expected:
            raise InjectionError(
                f"flip of memory word {word} by {mask:#x} left {codeword:#x}, not {expected:#x}"
            )
        return codeword

    def peek_memory(self, word: int) -> int:
        """Stored codeword of the protected memory, without side effect."""
        check_word(word)
        return self._model.peek_memory(word)

    def flip_register(self, name: str, copy: str, mask: int) -> int:
        """XOR `mask` into one copy ("a", "b" or "c") of a triplicated register."""
        return self._model.flip_register(name, copy, mask)

    def reset(self) -> None:
        """Back to the state after power-on, sensor vector included; `now_ns` goes on."""
        self._model.reset()

    def close(self) -> None:
        """Nothing is held."""
