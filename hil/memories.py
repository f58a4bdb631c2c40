"""The two memories that upsets strike, as the ledger sees them."""

from __future__ import annotations

from fsw.protected_memory import ProtectedMemory
from hil.faults.reports import Reports
from hil.targets.lockstep import LockstepTarget


class ControllerMemory:
    """The payload controller's protected memory, in the target."""

    def __init__(self, target: LockstepTarget, reports: Reports) -> None:
        self._target = target
        self._reports = reports

    def peek(self, word: int) -> int:
        """The stored codeword."""
        return self._target.peek_memory(word)

    def flip(self, word: int, mask: int) -> int:
        """XOR `mask` into the stored codeword. Raises InjectionError when it does not take."""
        return self._target.flip_memory(word, mask)

    def reported(self) -> int:
        """Uncorrectable words that the controller counted and flight software knows of."""
        return self._reports.controller_memory


class FlightMemory:
    """Flight software's own protected store."""

    def __init__(self, store: ProtectedMemory) -> None:
        self._store = store

    def peek(self, word: int) -> int:
        """The stored codeword."""
        return self._store.peek(word)

    def flip(self, word: int, mask: int) -> int:
        """XOR `mask` into the stored codeword."""
        return self._store.flip(word, mask)

    def reported(self) -> int:
        """Uncorrectable words met so far."""
        return self._store.counters.uncorrectable
