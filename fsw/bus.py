"""Software bus: the latest message of each type, with its age.

Messages are frozen dataclasses, declared in the file of the app that publishes them. A reader
takes the latest one and decides by its age whether it may still act on it; nothing is queued.
"""

from __future__ import annotations

from dataclasses import is_dataclass
from typing import TypeVar

Message = TypeVar("Message")


class Bus:
    """Latest message per message type."""

    def __init__(self) -> None:
        self._latest: dict[type, object] = {}
        self._time_ns: dict[type, int] = {}

    def publish(self, message: object, time_ns: int) -> None:
        """Replace the latest message of this type. Raises TypeError on a non-dataclass."""
        kind = type(message)
        if kind not in self._latest and not is_dataclass(message):
            raise TypeError(f"bus: {kind.__name__} is not a dataclass; declare it as a frozen one")
        self._latest[kind] = message
        self._time_ns[kind] = time_ns

    def latest(self, kind: type[Message]) -> Message | None:
        """The last message of that type, None when there was none yet."""
        return self._latest.get(kind)  # type: ignore[return-value]

    def age_s(self, kind: type, time_ns: int) -> float:
        """Seconds since the last message of that type, infinity when there was none yet."""
        published_ns = self._time_ns.get(kind)
        return float("inf") if published_ns is None else (time_ns - published_ns) / 1e9
