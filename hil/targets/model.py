"""The golden model of the payload controller as a lockstep target."""

from __future__ import annotations

from typing import ClassVar

from gateware.model import ControllerModel
from hil.targets.lockstep import MEMORY, TRAYS_DEFAULT, LockstepTarget, Store


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

    def _flip(self, store: Store, word: int, mask: int) -> int:
        if store is MEMORY:
            self._model.flip_memory(word, mask)
        else:
            self._model.flip_config(word, mask)
        return self._peek(store, word)

    def _peek(self, store: Store, word: int) -> int:
        if store is MEMORY:
            return self._model.peek_memory(word)
        return self._model.peek_config(word)

    def flip_register(self, name: str, copy: str, mask: int) -> int:
        """XOR `mask` into one copy ("a", "b" or "c") of a triplicated register."""
        return self._model.flip_register(name, copy, mask)

    def reset(self) -> None:
        """Back to the state after power-on, sensor vector included; `now_ns` goes on."""
        self._model.reset()

    def close(self) -> None:
        """Nothing is held."""
