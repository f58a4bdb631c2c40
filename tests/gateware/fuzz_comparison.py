"""Puts cases to two controllers side by side, says where they differ, and shrinks what led there.

Cases go out in batches, back to back. After each batch every reply byte and the actuators are
compared, every `CHECK_CASES` cases the counters of the fast and diagnostics blocks, and at the end
of a run all readable regions and every codeword that was flipped. Trouble in a controller (the
simulation ends, the model raises) is a difference too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from fuzz_steps import Case, Flip, FrameFlip, Sensors, Ticks
from traffic import TRAYS, command, word_write

from fsw import registers as r
from gateware.model_link import encode_frame
from hil.errors import SimulatorDied
from hil.targets.lockstep import LockstepTarget

BATCH_CASES = 24
BATCH_BYTES = 4096
CHECK_CASES = 100
SHRINK_RUNS = 1000

CAUSES = {  # what the diagnostics block counts
    "crc": (r.DIAGNOSTICS_FRAME_ERRORS, "crc"),
    "framing": (r.DIAGNOSTICS_FRAME_ERRORS, "framing"),
    "oversize": (r.DIAGNOSTICS_FRAME_ERRORS_2, "oversize"),
    "discarded": (r.DIAGNOSTICS_FRAME_ERRORS_2, "discarded"),
    "refused": (r.DIAGNOSTICS_COMMANDS_REFUSED, "refused"),
}


def reads(region_names: Iterable[str]) -> bytes:
    """Frames that read whole regions, in this order."""
    spans = {region.name: (region.base, region.end(TRAYS)) for region in r.REGIONS}
    return b"".join(
        encode_frame(command(0x4C, address, min(512, end - address)))
        for base, end in (spans[name] for name in region_names)
        for address in range(base, end, 512)
    )


REPLY_AGAIN = encode_frame(word_write(r.INJECTION_REPLY_FAULT.address, 0))
COUNTERS = REPLY_AGAIN + reads([r.FAST.name, r.DIAGNOSTICS.name])
DIAGNOSTICS_REPLY_BYTES = 12 + r.DIAGNOSTICS.size + 1 + 2
READBACK = REPLY_AGAIN + reads(  # the counters last: reading has its own consequences
    [
        region.name
        for region in r.REGIONS
        if "r" in region.access and region not in (r.FAST, r.DIAGNOSTICS)
    ]
    + [r.FAST.name, r.DIAGNOSTICS.name]
)


@dataclass(frozen=True)
class Difference:
    """The controllers do not agree, after so many cases of the run."""

    cases: int
    what: str
    sent: bytes
    model: str
    other: str


class Disagreement(Exception):
    """Carries the difference out of a run."""

    def __init__(self, what: str, sent: bytes, model: str, other: str) -> None:
        super().__init__(what)
        self.parts = (what, sent, model, other)


class Comparison:
    """A model and another controller, which is started again when it dies."""

    def __init__(self, model: LockstepTarget, start_other: Callable[[], LockstepTarget]) -> None:
        self.model = model
        self._start_other = start_other
        self._other: LockstepTarget | None = start_other()
        self.seen: Counter[str] = Counter()  # bytes, replies by status, drops by cause

    def close(self) -> None:
        """End both."""
        self.model.close()
        if self._other is not None:
            self._other.close()

    def run(self, cases: Sequence[Case]) -> Difference | None:
        """Reset both, put the cases to them; the first difference, None when there is none."""
        if self._other is None:
            self._other = self._start_other()
        run = _Run(self.model, self._other)
        try:
            run.all(cases)
        except Disagreement as difference:
            return Difference(run.cases, *difference.parts)
        except SimulatorDied as died:
            self._other.close()
            self._other = None
            return Difference(run.cases, "the simulation ended", bytes(run.wire), "", str(died))
        self.seen += run.seen
        return None

    def shrink(self, cases: Sequence[Case], difference: Difference) -> tuple[list[int], Difference]:
        """Indices of cases that still differ, none of which can be left out, and how they differ.

        Stops after `SHRINK_RUNS` runs, so the result may be longer than it need be.
        """
        kept, difference = self._shortest_beginning(cases, difference)
        size = max(len(kept) // 2, 1)
        runs = 0
        while runs < SHRINK_RUNS:
            start, before = 0, len(kept)
            while start < len(kept) and runs < SHRINK_RUNS:
                fewer = kept[:start] + kept[start + size :]
                runs += 1
                found = self.run([cases[index] for index in fewer]) if fewer else None
                if found is None:
                    start += size
                else:
                    kept, difference = fewer, found
            if size > 1:
                size //= 2
            elif len(kept) == before:  # a round of one by one has taken nothing away
                break
        return kept, difference

    def _shortest_beginning(
        self, cases: Sequence[Case], difference: Difference
    ) -> tuple[list[int], Difference]:
        """The cases up to the one that brings the difference about."""
        good, bad = 0, min(difference.cases, len(cases))
        while bad - good > 1:
            middle = (good + bad) // 2
            found = self.run(cases[:middle])
            if found is None:
                good = middle
            else:
                bad, difference = middle, found
        return list(range(bad)), difference


class _Run:
    """One pass over some cases, from reset."""

    def __init__(self, model: LockstepTarget, other: LockstepTarget) -> None:
        self.model, self.other = model, other
        self.cases = 0
        self.seen: Counter[str] = Counter()
        self.wire = bytearray()  # bytes not yet sent
        self._flipped: set[int] = set()
        self._causes: dict[str, int] = dict.fromkeys(CAUSES, 0)

    def all(self, cases: Sequence[Case]) -> None:
        """Everything. Raises Disagreement or SimulatorDied."""
        self.model.reset()
        self.other.reset()
        batched = 0
        for case in cases:
            self._put(case)
            self.cases += 1
            batched += 1
            check = self.cases % CHECK_CASES == 0
            if check or batched == BATCH_CASES or len(self.wire) > BATCH_BYTES:
                self._exchange()
                batched = 0
            if check:
                self._counters()
        self._exchange()
        self._counters()
        for word in sorted(self._flipped):
            codewords = [target.peek_memory(word) for target in (self.model, self.other)]
            self._compare(f"codeword {word} differs", b"", *map(hex, codewords))
        self.wire += READBACK
        self._exchange()

    def _put(self, case: Case) -> None:
        for step in case.steps:
            if isinstance(step, bytes):
                self.wire += step
                continue
            self._exchange()
            if isinstance(step, Ticks):
                for target in (self.model, self.other):
                    tick = target.now_ns // target.tick_ns + step.count
                    target.advance_to(tick * target.tick_ns)
            elif isinstance(step, Sensors):
                self.model.set_sensors(step.vector)
                self.other.set_sensors(step.vector)
            elif isinstance(step, Flip):
                self._flipped.add(step.word)
                stored = [t.flip_memory(step.word, step.mask) for t in (self.model, self.other)]
                self._compare(f"codeword {step.word} differs", b"", *map(hex, stored))
            elif isinstance(step, FrameFlip):
                stored = [t.flip_config(step.word, step.mask) for t in (self.model, self.other)]
                self._compare(f"frame word {step.word} differs", b"", *map(hex, stored))

    def _exchange(self) -> bytes:
        """Send what has gathered; the replies, which agree."""
        sent = bytes(self.wire)
        try:
            expected = self.model.exchange(sent)
            actuators = self.model.actuators()
        except Exception as error:  # whatever it is, the fuzzer has found it
            text = f"{type(error).__name__}: {error}"
            raise Disagreement("the model raises", sent, text, "") from error
        got = self.other.exchange(sent)
        self.wire.clear()
        if got != expected:
            raise Disagreement("replies differ", sent, expected.hex(), got.hex())
        self._compare("actuators differ", sent, actuators.hex(), self.other.actuators().hex())
        self.seen["bytes"] += len(sent)
        for part in expected.split(b"\xc0"):
            if part:
                reply = part.replace(b"\xdb\xdc", b"\xc0").replace(b"\xdb\xdd", b"\xdb")
                self.seen[f"status {reply[3]}"] += 1
        return expected

    def _counters(self) -> None:
        """Read and compare the counters; note what they have counted since.

        Injected faults of replies end here. While the link hangs there is nothing to note.
        """
        self.wire += COUNTERS
        *_, last, _ = b"", *self._exchange().split(b"\xc0")
        body = last.replace(b"\xdb\xdc", b"\xc0").replace(b"\xdb\xdd", b"\xdb")
        if len(body) != DIAGNOSTICS_REPLY_BYTES:
            return
        for cause, (register, field) in CAUSES.items():
            at = 12 + register.address - r.DIAGNOSTICS.base
            count = register.unpack(int.from_bytes(body[at : at + 4], "big"))[field]
            self.seen[cause] += count - self._causes[cause] & 0xFFFF
            self._causes[cause] = count

    @staticmethod
    def _compare(what: str, sent: bytes, model: str, other: str) -> None:
        if other != model:
            raise Disagreement(what, sent, model, other)
