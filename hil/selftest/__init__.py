"""Is this board in order? A row of checks over its link, each with what was measured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

import serial

from fsw.link_errors import LinkDown, LinkError
from hil.errors import UsageError
from hil.selftest import link, memory, rack
from hil.selftest.board import BoardUnderTest, Found
from hil.selftest.check import Check, CheckFailed

CHECKS = (
    Check("identity", link.identity),
    Check("echo", link.echo),
    Check("wrong key", link.wrong_key),
    Check("damaged frame", link.damaged_frame),
    Check("protected memory", memory.memory),
    Check("one bit flipped", memory.single_flip, injects=True),
    Check("two bits flipped", memory.double_flip, injects=True),
    Check("frame flipped", memory.frame_flip, injects=True),
    Check("voter", memory.voter, injects=True),
    Check("stimulus", rack.stimulus, injects=True),
    Check("over-current", rack.over_current, injects=True),
    Check("thermostat", rack.thermostat, injects=True),
    Check("watchdog", rack.watchdog),
    Check("reply time", link.latency),
    Check("line", link.line),
)


class Outcome(Enum):
    """Of a check."""

    OK = "ok"
    FAILED = "FAIL"
    NOT_POSSIBLE = "not possible"


@dataclass(frozen=True)
class Verdict:
    """On one check."""

    name: str
    outcome: Outcome
    detail: str

    def __str__(self) -> str:
        return f"{self.outcome.value:<13} {self.name:<17} {self.detail}"


def selftest(port: serial.SerialBase) -> Iterator[Verdict]:
    """The verdicts, each when its check has ended; then the board is as it was found.

    Raises IdentityError when no controller answers, UsageError when the port fails on the way.
    """
    board = BoardUnderTest(port)
    try:
        found = board.take_over()
        try:
            for check in CHECKS:
                yield _judged(check, board)
        finally:
            put_back = _judged(Check("put back", lambda board: _put_back(board, found)), board)
        if put_back.outcome is not Outcome.OK:
            yield put_back
    except LinkError as error:
        raise UsageError(f"{port.port}: {error}; is it still plugged in?") from error


def _judged(check: Check, board: BoardUnderTest) -> Verdict:
    """The verdict of a check. Raises LinkDown when the port fails."""
    if check.injects and not board.identity.injection:
        return Verdict(check.name, Outcome.NOT_POSSIBLE, "a flight build serves no test key")
    try:
        return Verdict(check.name, Outcome.OK, check.run(board))
    except LinkDown:
        raise
    except (CheckFailed, LinkError) as failure:
        return Verdict(check.name, Outcome.FAILED, str(failure))


def _put_back(board: BoardUnderTest, found: Found) -> str:
    board.put_back(found)
    return "as it was found"
