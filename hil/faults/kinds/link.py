"""Faults of the serial link, between flight software and the controller's UART."""

from __future__ import annotations

from abc import abstractmethod
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from hil.faults.effect import Effect
from hil.faults.faulty_port import (
    FROM_CONTROLLER,
    TO_CONTROLLER,
    FaultyPort,
    Filter,
    Frames,
    another,
)
from hil.faults.kinds.kind import Kind, Seconds, Share
from hil.faults.rig import Rig

Way = Literal["to_controller", "from_controller", "both"]
WAYS = {
    "to_controller": (TO_CONTROLLER,),
    "from_controller": (FROM_CONTROLLER,),
    "both": (TO_CONTROLLER, FROM_CONTROLLER),
}


class PortKind(Kind):
    """A fault of the line, which any faulty port can have."""

    def begin(self, rig: Rig, rng: np.random.Generator) -> Effect:
        """Put it into the satellite's line."""
        return self.put_into(rig.port, rng)

    @abstractmethod
    def put_into(self, port: FaultyPort, rng: np.random.Generator) -> Effect:
        """Put it into a port."""


class LinkKind(PortKind):
    """A fault that meets frames on their way: each with probability `share`, at most `frames`."""

    direction: Way = "both"
    share: Share = 1.0
    frames: Annotated[int, Field(ge=1)] | None = None

    @abstractmethod
    def strike(self, frame: bytes, due_ns: int, rng: np.random.Generator) -> Frames:
        """What goes on instead of a frame that is met."""

    def put_into(self, port: FaultyPort, rng: np.random.Generator) -> Effect:
        """Put a filter into each direction of a port."""
        effect = Effect()
        left = [self.frames]

        def rule(frame: bytes, due_ns: int) -> Frames:
            if left[0] == 0 or (self.share < 1.0 and rng.random() >= self.share):
                return [(frame, due_ns)]
            if left[0] is not None:
                left[0] -= 1
                effect.present = left[0] > 0
            return self.strike(frame, due_ns, rng)

        for direction in WAYS[self.direction]:
            port.filter(direction, self.filter(direction, rule), effect, self.acted)
        effect.stop = lambda: port.release(effect)
        return effect

    def filter(self, direction: str, rule: Filter) -> Filter:
        """The filter of one direction, made of the rule for all."""
        return rule

    def acted(self, before: Frames, after: Frames) -> bool:
        """Whether what became of a frame proves the fault."""
        return another(before, after)


class BitErrors(LinkKind):
    """Each bit of a frame is inverted with probability `rate`."""

    name: ClassVar[str] = "link.bit_errors"

    rate: Annotated[float, Field(gt=0, le=0.5)] = 1e-4

    def strike(self, frame: bytes, due_ns: int, rng: np.random.Generator) -> Frames:
        flips = np.packbits(rng.random(8 * len(frame)) < self.rate)
        if not flips.any():
            return [(frame, due_ns)]
        return [((np.frombuffer(frame, np.uint8) ^ flips).tobytes(), due_ns)]


class Drop(LinkKind):
    """Frames are lost."""

    name: ClassVar[str] = "link.drop"

    def strike(self, frame: bytes, due_ns: int, rng: np.random.Generator) -> Frames:
        return []


class Duplicate(LinkKind):
    """Frames come twice."""

    name: ClassVar[str] = "link.duplicate"

    def strike(self, frame: bytes, due_ns: int, rng: np.random.Generator) -> Frames:
        return [(frame, due_ns), (frame, due_ns)]


class Delay(LinkKind):
    """Frames come `delay_s` later."""

    name: ClassVar[str] = "link.delay"

    delay_s: Seconds = 0.03

    def strike(self, frame: bytes, due_ns: int, rng: np.random.Generator) -> Frames:
        return [(frame, due_ns + round(self.delay_s * 1e9))]


class Reorder(LinkKind):
    """A frame waits for the next one of its direction and comes behind it."""

    name: ClassVar[str] = "link.reorder"

    def filter(self, direction: str, rule: Filter) -> Filter:
        waiting: list[bytes] = []

        def swap(frame: bytes, due_ns: int) -> Frames:
            if waiting:
                return [(frame, due_ns), (waiting.pop(), due_ns)]
            passed = rule(frame, due_ns)
            if passed:
                return passed
            waiting.append(frame)
            return []

        return swap

    def strike(self, frame: bytes, due_ns: int, rng: np.random.Generator) -> Frames:
        return []  # kept by the filter above

    def acted(self, before: Frames, after: Frames) -> bool:
        return len(after) > len(before)  # one that waits may still be lost: it has to come behind


class Truncate(LinkKind):
    """Frames lose their last bytes: `keep` of their length stays, their end too if `closed`."""

    name: ClassVar[str] = "link.truncate"

    keep: Annotated[float, Field(ge=0, lt=1)] = 0.5
    closed: bool = False

    def strike(self, frame: bytes, due_ns: int, rng: np.random.Generator) -> Frames:
        most = len(frame) - (2 if self.closed else 1)  # at least a byte is lost
        part = frame[: max(1, min(int(len(frame) * self.keep), most))]
        return [(part + (frame[-1:] if self.closed else b""), due_ns)]


class Garbage(LinkKind):
    """Random bytes come before a frame."""

    name: ClassVar[str] = "link.garbage"

    count: Annotated[int, Field(ge=1, le=4096)] = 16

    def strike(self, frame: bytes, due_ns: int, rng: np.random.Generator) -> Frames:
        return [(rng.bytes(self.count) + frame, due_ns)]


class Silence(LinkKind):
    """One direction, or both, is silent."""

    name: ClassVar[str] = "link.silence"

    direction: Way = "from_controller"

    def strike(self, frame: bytes, due_ns: int, rng: np.random.Generator) -> Frames:
        return []


class Unplugged(PortKind):
    """The port fails as a serial device does that is pulled out; with `for_s` it comes back."""

    name: ClassVar[str] = "link.unplugged"

    def put_into(self, port: FaultyPort, rng: np.random.Generator) -> Effect:
        """Unplug it."""
        effect = Effect()
        port.unplug(effect)
        effect.stop = lambda: port.release(effect)
        return effect


KINDS = (
    BitErrors,
    Drop,
    Duplicate,
    Delay,
    Reorder,
    Truncate,
    Garbage,
    Silence,
    Unplugged,
)
