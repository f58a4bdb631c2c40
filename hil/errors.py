"""The errors racksat reports itself, each with the exit code of the command line."""

from __future__ import annotations


class RacksatError(Exception):
    """Base of all of them; `exit_code` is what the command line ends with."""

    exit_code = 3


class UsageError(RacksatError):
    """Bad usage or input: the message says what arrived, what was expected and what to do."""

    exit_code = 2


class PortUrlError(UsageError, ValueError):
    """A port URL that cannot be used; a ValueError, as pyserial raises for an unknown protocol."""


class InternalError(RacksatError):
    """A fault of the bench itself, not of what it tests."""

    exit_code = 3


class InjectionError(InternalError):
    """An injected fault did not take: what was read back is not what was injected."""


class SimulatorDied(InternalError):
    """The simulator's process ended on its own; the message carries its last log lines."""


class ReplayDiverged(RacksatError):
    """Flight software decided otherwise than in the recording it is played against."""

    exit_code = 1


class Stopped(RacksatError):
    """A flight that ended before its time for a reason outside flight software: the verdict."""

    exit_code = 1


class Unreachable(RacksatError):
    """A board that does not answer just now, so that nothing can be done to it."""
