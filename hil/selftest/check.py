"""What a check of the self-test is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fsw.register_map import Register
from hil.selftest.board import BoardUnderTest


class CheckFailed(Exception):
    """What was there, and what was expected."""


@dataclass(frozen=True)
class Check:
    """One row of the self-test."""

    name: str
    run: Callable[[BoardUnderTest], str]  # gives what was measured; raises CheckFailed or LinkError
    injects: bool = False  # needs the test key


def expect(what: str, got: object, wanted: object) -> None:
    """Raise CheckFailed unless they are equal."""
    if got != wanted:
        raise CheckFailed(f"{what}: {_shown(got)}, expected {_shown(wanted)}")


def _shown(value: object) -> str:
    return f"0x{value:04X}" if isinstance(value, int) and value > 9 else str(value)


class Counted:
    """How far a 16-bit counter has come since it was made."""

    def __init__(self, board: BoardUnderTest, register: Register, name: str) -> None:
        self._board = board
        self._register = register
        self._name = name
        self._start = self._read()

    @property
    def count(self) -> int:
        """Counts since."""
        return self._read() - self._start & 0xFFFF

    def expect(self, count: int) -> None:
        """Raise CheckFailed when it has not counted just that."""
        expect(f"{self._register.name}.{self._name} advanced by", self.count, count)

    def _read(self) -> int:
        return self._board.fields(self._register)[self._name]
