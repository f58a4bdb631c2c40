"""The traffic that a struck controller is watched with: a script of transactions, one a slot.

Flight software's own link (`fsw.payload_link`) makes the transactions, with its retries. Each has a
slot of simulated time that holds all its tries, so that a retry shifts nothing behind it: what a
run and its golden run differ in is the upset's doing.

After a reset and the set-up, the script has two cycles of everything that a minor cycle of flight
software may do. An upset falls into the first; the second shows what is left of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from fsw import registers as r
from fsw.payload_link import LinkError, LinkTimeout, PayloadLink
from hil.errors import SimulatorDied
from hil.ports.lockstep import LockstepPort
from hil.targets.lockstep import LockstepTarget
from sim.channels import RACK_BYTES, TRAY_BYTES

SLOT_NS = 90_000_000  # three tries of 20 ms and their bytes
KICK = 0x5AFEC0DE
MEMORY_BYTES = 256
HANGS = ("the controller hangs", "the controller does not stop")  # what the bench then says


@dataclass(frozen=True)
class Step:
    """A transaction: writes `data`, or reads `length` bytes where that is empty."""

    name: str
    address: int
    length: int = 0
    data: bytes = b""


@dataclass(frozen=True)
class Done:
    """What came of a step."""

    data: bytes | None  # read; b"" of a write; None when all tries failed
    error: str  # why they did
    answered: bool  # False: not a byte that could be understood came back
    retries: int
    end_ns: int  # when flight software had its answer
    actuators: bytes  # at the end of the slot


@dataclass(frozen=True)
class Trace:
    """A run of the script; `hung` when the bench gave the controller up."""

    done: tuple[Done, ...]
    hung: bool = False


class _Line(LockstepPort):
    """A port on a target that outlives it."""

    scheme = "campaign"
    options = ()

    def __init__(self, target: LockstepTarget) -> None:
        self._given = target
        super().__init__("campaign://")

    def create_target(self, options: dict[str, str]) -> LockstepTarget:
        return self._given

    def close(self) -> None:
        self._target = None  # which lives on
        super().close()


class Script:
    """The steps for a number of trays, and a link to walk them with."""

    def __init__(self, trays: int, scrub_ticks: int) -> None:
        """`scrub_ticks`: period of the memory's scrubber."""
        self.trays = trays
        self.setup = _setup(trays, scrub_ticks)
        self.first = _cycle(trays, 0)
        self.second = _cycle(trays, 1)

    @property
    def steps(self) -> tuple[Step, ...]:
        """Those that are watched."""
        return self.first + self.second

    def end_ns(self, number: int) -> int:
        """Simulated time at the end of a watched step's slot."""
        return (len(self.setup) + number + 1) * SLOT_NS

    def begin(self, target: LockstepTarget) -> PayloadLink:
        """Reset the target and set it up; the link to go on with."""
        target.reset()
        target.now_ns = 0
        link = PayloadLink(_Line(target))
        for number, step in enumerate(self.setup):
            _take(step, link, target, number)
        return link

    def walk(self, link: PayloadLink, target: LockstepTarget) -> Trace:
        """The watched steps, after `begin`. Raises SimulatorDied where it did not die of a hang."""
        done: list[Done] = []
        try:
            for number, step in enumerate(self.steps, start=len(self.setup)):
                done.append(_take(step, link, target, number))
        except SimulatorDied as death:
            if not any(sign in str(death) for sign in HANGS):
                raise
            return Trace(tuple(done), hung=True)
        return Trace(tuple(done))


def _take(step: Step, link: PayloadLink, target: LockstepTarget, number: int) -> Done:
    """One step in its slot, at whose beginning there are new sensor values."""
    target.set_sensors(_sensors(target.trays, number % 16))
    retries = link.counters.retries
    data, error, answered = None, "", True
    try:
        if step.data:
            link.write(step.address, step.data)
            data = b""
        else:
            data = link.read(step.address, step.length)
    except LinkError as failure:
        error, answered = str(failure), not isinstance(failure, LinkTimeout)
    end_ns = target.now_ns
    target.advance_to((number + 1) * SLOT_NS)
    retried = link.counters.retries - retries
    return Done(data, error, answered, retried, end_ns, target.actuators())


def _setup(trays: int, scrub_ticks: int) -> tuple[Step, ...]:
    """Trays on, watchdog on, pace of the scrubber, memory filled."""
    every = (1 << trays) - 1
    return (
        Step("limits", r.CONTROL_SCRATCH.address, data=_words(0x600DF00D)),
        Step(
            "watchdog and scrubbers",
            r.CONTROL_WATCHDOG.address,
            data=_words(
                r.CONTROL_WATCHDOG.pack(enable=1, period=150),
                r.CONTROL_SCRUB.pack(period=scrub_ticks),
            ),
        ),
        Step("power", r.CONTROL_POWER_SWITCH.address, data=_words(every)),
        Step("memory", r.MEMORY.base, data=_pattern(3)),
    )


def _cycle(trays: int, turn: int) -> tuple[Step, ...]:
    every = (1 << trays) - 1
    caps = [
        r.TRAY_CONTROL_CAP.pack(power=20_000 + 7 * i + turn, clock=1_500 + i) for i in range(trays)
    ]
    place = r.MEMORY.base + MEMORY_BYTES * (1 + turn)
    pump = r.CONTROL_PUMP_DRIVE.pack(a=0x8000 + turn, b=0x1234)
    thermal = r.CONTROL_THERMAL_DRIVE.pack(bypass=0x4321 + turn, heater=0x0100)
    return (
        Step("fast block", r.FAST.base, r.FAST.size),
        Step("setpoints", r.CONTROL_PUMP_DRIVE.address, data=_words(pump, thermal)),
        Step("watchdog kick", r.COMMAND_WATCHDOG_KICK.address, data=_words(KICK)),
        Step("power switches", r.CONTROL_POWER_SWITCH.address, data=_words(every >> turn)),
        Step("tray caps", r.TRAY_CONTROL.base, data=_words(*caps)),
        Step("command lines", r.COMMAND_TRAY_RESET.address, data=_words(1 << turn)),
        Step("memory write", place, data=_pattern(turn)),
        Step("tray block", r.TRAYS.base, 16 * trays),
        Step("memory read", place, MEMORY_BYTES),
        Step("frames read", r.CONFIG_FRAMES.base + 64 * turn, 64),
        Step("caps read-back", r.TRAY_CONTROL.base, 4 * trays),
        Step("diagnostics", r.DIAGNOSTICS.base, r.DIAGNOSTICS.size),
        Step("fast block again", r.FAST.base, r.FAST.size),
        Step(
            "control read-back", r.CONTROL.base, r.CONTROL.size
        ),  # without counters: leaves the same behind
    )


def _words(*words: int) -> bytes:
    return b"".join(word.to_bytes(4, "big") for word in words)


def _pattern(turn: int) -> bytes:
    """Bytes of all values, those that SLIP escapes among them."""
    return bytes((value * 3 + turn) & 0xFF for value in range(MEMORY_BYTES))


@cache
def _sensors(trays: int, turn: int) -> bytes:
    """A vector without a trip in it: every 16-bit channel its own value, well below all limits."""
    count = (RACK_BYTES + TRAY_BYTES * trays) // 2
    return b"".join((0x7000 + 16 * k + turn).to_bytes(2, "big") for k in range(count))
