"""Care of the controller's configuration frames: what the scanner cannot undo by itself.

The scanner corrects single and adjacent bits on its own; its counters are read once a second, and
at once when the fast block says that the frames are damaged. What it names as lost is then written
from the golden copy, everything when the CRC over all frames is wrong. A fatal scanner is
switched off and on. Whether that helped is known two complete passes later: the first of them may
have begun before the repair. After `config_attempts_max` repairs in a row that did not help care
gives up, until the scanner finds the frames good or the ground raises the number.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from enum import IntEnum

from fsw import registers as r
from fsw.acquisition import CounterDifference
from fsw.config_frames import FRAME_BYTES, FRAMES, essential_bits, golden_frames
from fsw.controller import Controller
from fsw.events import Report, Severity
from fsw.golden_copy import GoldenCopy
from fsw.payload_link import PayloadLink

PASSES_TO_JUDGE = 2
RESTART_LOOKS = 10  # minor cycles for a scanner to be seen off, and on again
ALL_FRAMES = (1 << FRAMES) - 1
_REGISTERS = (
    r.DIAGNOSTICS_CONFIG_STATE,
    r.DIAGNOSTICS_CONFIG_ERROR,
    r.DIAGNOSTICS_CONFIG_ERRORS,
    r.DIAGNOSTICS_CONFIG_ERRORS_2,
    r.DIAGNOSTICS_CONFIG_PROGRESS,
)
_WORDS = struct.Struct(f">{len(_REGISTERS)}I")


class ScanState(IntEnum):
    """diagnostics.config_state.state."""

    IDLE = 0
    OBSERVATION = 1
    INJECTION = 2
    FATAL = 3

    def __str__(self) -> str:
        return self.name.lower()


class FrameCare:
    """Frames and mask of essential bits, and the scanner that guards them."""

    def __init__(
        self, parameters: Mapping[str, float], controller: Controller, report: Report
    ) -> None:
        self._parameters = parameters
        self._controller = controller
        self._report = report
        self.frames = GoldenCopy(r.CONFIG_FRAMES, FRAME_BYTES, golden_frames, report)
        self.mask = GoldenCopy(r.ESSENTIAL_BITS, r.WRITE_MAX, essential_bits, report)
        self.state = ScanState.OBSERVATION
        self.corrected = 0  # frames, since the start of flight software, as all that follows
        self.essential = 0
        self.uncorrectable = 0
        self.crc_errors = 0
        self.reloaded = 0  # frames written to repair them
        self.restarts = 0
        self._counters = [CounterDifference() for _ in range(4)]
        self._period_ticks: int | None = None  # none was asked for yet
        self._enabled = True
        self.damaged = False  # as the fast block said last
        self._due = False
        self._restart_looks: int | None = None  # since it was begun; None: no restart under way
        self._expect_load()

    def notice(self, damaged: bool) -> None:
        """10 Hz: what the fast block says; a new damage is looked at in this cycle."""
        self._due = self._due or (damaged and not self.damaged)
        self.damaged = damaged

    def pace(self, period_ticks: int) -> None:
        """1 Hz: scan a frame every so many ticks; and have a look."""
        self._due = True
        if period_ticks != self._period_ticks:
            self._period_ticks = period_ticks
            self._want()

    def check(self) -> None:
        """0.1 Hz: the golden copies themselves, and a block of the mask, which nothing scans."""
        self.frames.check()
        self.mask.check()
        self.mask.patrol()

    def start_over(self) -> None:
        """The controller was reset: its counters are 0, frames and mask are not ours."""
        for counter in self._counters:
            counter.update(0)
        self.frames.start_over()
        self.mask.start_over()
        self._enabled = True
        self._restart_looks = None
        self._want()
        self._expect_load()

    def step(self, link: PayloadLink) -> bool:
        """One transaction; False when there was nothing to do. Raises LinkError."""
        if self._due or self._restart_looks is not None:
            first = _REGISTERS[0].address
            words = _WORDS.unpack(link.read(first, _WORDS.size))
            self._due = False
            self._judge(*(reg.unpack(word) for reg, word in zip(_REGISTERS, words, strict=True)))
            return True
        return self.frames.step(link) or self.mask.step(link)

    def _expect_load(self) -> None:
        """The comparison that follows is a repair of everything, to be judged like others."""
        self._repaired = ALL_FRAMES  # frames whose next scans are awaited, bit i = frame i
        self._crc_repaired = True
        self._restarted = False
        self._repaired_at: int | None = None  # passes when the last repair was complete
        self._failed = 0  # repairs in a row that did not help
        self.given_up = False

    def _judge(
        self,
        state: Mapping[str, int],
        error: Mapping[str, int],
        errors: Mapping[str, int],
        errors_2: Mapping[str, int],
        progress: Mapping[str, int],
    ) -> None:
        self.state = ScanState(state["state"])
        self._count(error, errors, errors_2)
        if self._restart_looks is not None:
            self._go_on_restarting()
        elif self.frames.busy:
            self._repaired_at = None  # a repair is under way
        elif self.state is ScanState.FATAL:
            self._restart()
        else:
            self._repair(state["lost"], bool(state["crc_error"]), progress["passes"])

    def _repair(self, lost: int, crc_error: bool, passes: int) -> None:
        awaited = self._repaired or self._crc_repaired or self._restarted
        if awaited and self._repaired_at is None:
            self._repaired_at = passes
        elif awaited and passes - (self._repaired_at or 0) & 0xFFFF >= PASSES_TO_JUDGE:
            failed = lost & self._repaired or (crc_error and self._crc_repaired)
            self._failed = self._failed + 1 if failed else 0
            self._repaired, self._crc_repaired, self._restarted = 0, False, False
        elif not (awaited or lost or crc_error):
            self._failed, self.given_up = 0, False
        lost &= ~self._repaired
        if crc_error and not self._crc_repaired and self._may_repair():
            self._crc_repaired = True
            self._rewrite(ALL_FRAMES)
            self._report(
                Severity.MEDIUM,
                "CONFIG_CRC_WRONG",
                "CRC over all configuration frames wrong, all are rewritten",
            )
        elif lost and self._may_repair():
            self._rewrite(lost)
            names = ", ".join(str(frame) for frame in range(FRAMES) if lost >> frame & 1)
            self._report(
                Severity.LOW,
                "CONFIG_FRAMES_LOST",
                f"uncorrectable configuration frames {names} are rewritten",
                frames=lost,
            )

    def _may_repair(self) -> bool:
        """False, and an event, when too many repairs in a row have not helped."""
        may = self._failed < self._parameters["config_attempts_max"]
        if not may and not self.given_up:
            self._report(
                Severity.HIGH,
                "CONFIG_GIVEN_UP",
                f"configuration frames are damaged still after {self._failed} repairs",
                repairs=self._failed,
            )
        self.given_up = not may
        return may

    def _rewrite(self, lost: int) -> None:
        self.frames.write(frame for frame in range(FRAMES) if lost >> frame & 1)
        self.reloaded += lost.bit_count()
        self._repaired |= lost
        self._repaired_at = None

    def _restart(self) -> None:
        if self._restarted:
            self._failed += 1
            self._restarted = False
        if not self._may_repair():
            return
        self.restarts += 1
        self._restarted = True
        self._repaired_at = None
        self._restart_looks = 0
        self._enabled = False
        self._want()
        self._report(
            Severity.MEDIUM,
            "CONFIG_SCAN_RESTARTED",
            "the scanner of the configuration frames is fatal, it is restarted",
        )

    def _go_on_restarting(self) -> None:
        """Enable the scanner once it is seen to be off, until it is seen to have left that."""
        assert self._restart_looks is not None
        self._restart_looks += 1
        off = self.state in (ScanState.IDLE, ScanState.INJECTION)
        late = self._restart_looks >= RESTART_LOOKS
        if late or (self._enabled and not off):
            self._restart_looks = None
        if not self._enabled and (late or off):
            self._enabled = True
            self._want()

    def _want(self) -> None:
        register = r.CONTROL_CONFIG_SCAN
        period = self._period_ticks
        if period is None:
            if self._enabled:
                return  # what the controller holds is left alone
            period = register.field("period").reset
        self._controller.want(register, register.pack(enable=int(self._enabled), period=period))

    def _count(
        self, error: Mapping[str, int], errors: Mapping[str, int], errors_2: Mapping[str, int]
    ) -> None:
        corrected, uncorrectable, essential, crc = (
            counter.update(raw)
            for counter, raw in zip(
                self._counters,
                (errors["corrected"], errors["uncorrectable"], *errors_2.values()),
                strict=True,
            )
        )
        self.uncorrectable += uncorrectable
        self.crc_errors += crc
        if corrected:
            self.corrected += corrected
            self._report(
                Severity.LOW,
                "CONFIG_CORRECTED",
                f"configuration frames corrected by the scanner: {corrected}{_last(error)}",
                frames=corrected,
            )
        if essential:
            self.essential += essential
            self._report(
                Severity.MEDIUM,
                "CONFIG_ESSENTIAL",
                f"corrections of bits that the design depends on: {essential}"
                f"{_last(error) if error['essential'] else ''}",
                corrections=essential,
            )


def _last(error: Mapping[str, int]) -> str:
    """Where the last error was, if it was a corrected one."""
    if not error["valid"] or error["uncorrectable"]:
        return ""
    adjacent = " and its neighbour" if error["adjacent"] else ""
    word, bit = divmod(error["place"], 32)
    return f", the last in frame {error['frame']} word {word} bit {bit}{adjacent}"
