"""What became of an upset of the controller, by comparing a run of the script with the golden run.

The rules are looked at in this order; the first that holds decides. *Wrong* is what flight software
was given, or what the controller drives at the end of a slot, other than in the golden run, unless
it tells of the upset: counters and descriptions of errors, counts of traffic that a retry moves,
the position of a scrubber. A count is wrong when it is the counters that were struck.

| outcome | rule |
| --- | --- |
| tool error | the flip did not take, or was never reached |
| hang | the last transaction is not answered in any of its tries, or the controller does not \
come to rest |
| detected and lost | a transaction failed in all its tries, or the telemetry tells to the end of \
a trip, the safe state, lost frames or uncorrectable memory that the golden run has not |
| silent corruption | something is wrong |
| detected and recovered | a transaction was tried again; nothing is wrong |
| corrected | a counter of errors moved; nothing is wrong, no other register or memory differs \
at the end |
| latent | nothing is wrong, registers or memories differ at the end |
| masked | no difference at all |

The latency of a detection counts from the strike to the moment at which flight software had the
answer, or the telemetry, that tells of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from fsw import registers as r
from hil.faults.campaign.script import Done, Script, Step, Trace
from hil.faults.outcome import Outcome

COUNTED_MOST = 8  # by so much a counter of errors moves for one upset; beyond, it is wrong itself
TICKS_OF_A_RETRY = 3
WRONG_TOLD = 4

# Fields of telemetry that may tell of an upset, by how.
COUNTERS = frozenset(
    {
        "fast.memory_errors.corrected",
        "fast.memory_errors.uncorrectable",
        "fast.frames.dropped",
        "diagnostics.frame_errors.crc",
        "diagnostics.frame_errors.framing",
        "diagnostics.frame_errors_2.oversize",
        "diagnostics.frame_errors_2.discarded",
        "diagnostics.commands_refused.refused",
        "diagnostics.voter.mismatches",
        "diagnostics.watchdog_events.bad_kicks",
        "diagnostics.config_errors.corrected",
        "diagnostics.config_errors.uncorrectable",
        "diagnostics.config_errors_2.essential",
        "diagnostics.config_errors_2.crc",
    }
)
FLAGS = frozenset(  # wrong when no counter tells of an error, as counts of traffic are
    {
        "diagnostics.memory_error.valid",
        "diagnostics.config_error.valid",
        "fast.status.memory_error",
    }
)
DESCRIPTIONS = frozenset(  # of the last error, meaningless without one
    {
        "diagnostics.commands_refused.last_status",
        "diagnostics.voter.register",
        "diagnostics.memory_error.uncorrectable",
        "diagnostics.memory_error.syndrome",
        "diagnostics.memory_error.word",
        "diagnostics.memory_uncorrectable.word",
        "diagnostics.config_error.uncorrectable",
        "diagnostics.config_error.adjacent",
        "diagnostics.config_error.essential",
        "diagnostics.config_error.frame",
        "diagnostics.config_error.place",
    }
)
ALARMS = frozenset(
    {
        "fast.status.safe",
        "fast.status.tripped",
        "fast.status.watchdog_expired",
        "fast.status.config_damaged",
        "fast.over_temperature.trays",
        "fast.over_current.trays",
        "diagnostics.memory_uncorrectable.valid",
    }
)
TRAFFIC = frozenset({"fast.frames.received", "fast.activity.commands"})
UPTIME = frozenset({"fast.status.uptime"})
PROGRESS = frozenset(
    {
        "diagnostics.scrub_progress.passes",
        "diagnostics.scrub_progress.next_word",
        "diagnostics.config_progress.passes",
        "diagnostics.config_progress.next_frame",
    }
)
# Where counts and descriptions are kept: a difference there is a report, not damage.
COUNTING = "event_counters."
REPORT_STATE = (
    COUNTING,
    "repair_log.",
    "last_status_q",
    "memory.error_",
    "memory.lost_",
    "config_frames.error_",
)

_REGISTERS = {
    register.at(index): register for register in r.REGISTERS for index in range(register.count)
}


@dataclass(frozen=True)
class Run:
    """A run of the script and what the controller held at its end."""

    trace: Trace
    state: Mapping[str, str]
    tool_error: str = ""


@dataclass(frozen=True)
class Verdict:
    """The outcome and its evidence."""

    outcome: Outcome
    note: str
    detected_by: str = ""
    latency_s: float | None = None


@dataclass
class _Evidence:
    """What was found on the way through the steps."""

    wrong: list[str] = field(default_factory=list)
    signs: list[tuple[int, str]] = field(default_factory=list)  # when, by whom
    alarms: list[tuple[int, int, str]] = field(default_factory=list)  # step, when, which
    counts: list[str] = field(default_factory=list)  # of errors
    flags: list[str] = field(default_factory=list)  # wrong, unless an error was counted
    retries: int = 0

    def counted(self) -> bool:
        """Whether a counter of errors told."""
        return any(by != LINK for _, by in self.signs)


LINK = "link"


def judge(script: Script, struck: Run, golden: Run, place: str, struck_ns: int) -> Verdict:
    """The verdict on a run in which `place` was struck at `struck_ns`."""
    if struck.tool_error:
        return Verdict(Outcome.TOOL_ERROR, struck.tool_error)
    if struck.trace.hung:
        return Verdict(Outcome.HANG, "the controller does not come to rest")
    found = _evidence(script, struck.trace, golden.trace)
    last = struck.trace.done[-1]
    if last.data is None and not last.answered:
        return Verdict(Outcome.HANG, last.error, *_first(found, struck_ns))
    failed = [done for done in struck.trace.done if done.data is None]
    telemetry = [n for n, step in enumerate(script.steps) if step.address == r.FAST.base]
    lasting = [alarm for alarm in found.alarms if alarm[0] >= telemetry[-1]]
    if lasting:
        found.signs += [(when, "telemetry") for _, when, _ in found.alarms[:1]]
    else:
        found.wrong += [f"a false alarm, {text}" for _, _, text in found.alarms]
    if place.startswith(COUNTING):
        found.wrong += found.counts  # of an error that never was
    if not found.counted() and not found.retries and not failed:
        found.wrong += found.flags  # of an error that nobody counted
    differing = [name for name, value in struck.state.items() if value != golden.state.get(name)]
    damage = [name for name in differing if not name.startswith(REPORT_STATE)]
    sign = _first(found, struck_ns)
    if failed:
        return Verdict(Outcome.LOST, failed[0].error, *sign)
    if lasting:
        return Verdict(Outcome.LOST, lasting[0][2], *sign)
    if found.wrong:
        return Verdict(Outcome.SILENT, "; ".join(found.wrong[:WRONG_TOLD]), *sign)
    if found.retries:
        return Verdict(Outcome.RECOVERED, f"{found.retries} more tries", *sign)
    if found.counted() and not damage:
        return Verdict(Outcome.CORRECTED, "", *sign)
    if differing:
        return Verdict(Outcome.LATENT, f"differs: {', '.join(differing[:5])}", *sign)
    return Verdict(Outcome.MASKED, "")


def _first(found: _Evidence, struck_ns: int) -> tuple[str, float | None]:
    """By whom the upset was first detected, and how long after the strike."""
    if not found.signs:
        return "", None
    when, by = min(found.signs)
    return by, max(when - struck_ns, 0) / 1e9


def _evidence(script: Script, struck: Trace, golden: Trace) -> _Evidence:
    found = _Evidence()
    steps = zip(script.steps, struck.done, golden.done, strict=True)
    for number, (step, got, want) in enumerate(steps):
        found.retries += got.retries
        if got.retries or got.data is None:
            found.signs.append((got.end_ns, LINK))
        if got.data is not None and got.data != want.data:
            _compare(number, step, got, want, found)
        if got.actuators != want.actuators:
            found.wrong.append(
                f"actuators after {step.name}: {_first_difference(got.actuators, want.actuators)}"
            )
    return found


def _compare(number: int, step: Step, got: Done, want: Done, found: _Evidence) -> None:
    """Sort what was read into `found`, field by field."""
    assert got.data is not None and want.data is not None
    for name, had, wanted in _fields(step.address, got.data, want.data):
        told = f"{step.name}: {name} {had:#x}, expected {wanted:#x}"
        if name in COUNTERS and 0 < (had - wanted & 0xFFFF) <= COUNTED_MOST:
            found.signs.append((got.end_ns, name))
            found.counts.append(told)
        elif name in FLAGS or (name in TRAFFIC and abs(had - wanted) <= COUNTED_MOST):
            found.flags.append(told)
        elif name in ALARMS:
            found.alarms.append((number, got.end_ns, told))
        elif not (
            name in PROGRESS
            or name in DESCRIPTIONS
            or (name in UPTIME and 0 < had - wanted <= TICKS_OF_A_RETRY * got.retries)
        ):
            found.wrong.append(told)


def _fields(address: int, got: bytes, want: bytes) -> Iterator[tuple[str, int, int]]:
    """Fields that differ: name, what was read, what the golden run read."""
    for offset in range(0, len(want), 4):
        had, wanted = (int.from_bytes(data[offset : offset + 4], "big") for data in (got, want))
        if had == wanted:
            continue
        register = _REGISTERS.get(address + offset)
        if register is None:  # a memory
            yield f"word 0x{address + offset:X}", had, wanted
            continue
        named = 0
        for part in register.fields:
            named |= part.maximum << part.lsb
            if part.extract(had) != part.extract(wanted):
                yield f"{register.name}.{part.name}", part.extract(had), part.extract(wanted)
        if (had ^ wanted) & ~named:
            yield f"{register.name}, unused bits", had & ~named, wanted & ~named


def _first_difference(got: bytes, want: bytes) -> str:
    at = next(i for i in range(len(want)) if got[i] != want[i])
    word = at // 4 * 4
    return (
        f"word {word // 4} is {got[word : word + 4].hex()}, expected {want[word : word + 4].hex()}"
    )
