"""The link traffic of a minor cycle: telemetry in, then registers and commands out.

Apps never touch the link. What fails here is reported and tried again in the next cycle; a fault
of the bench behind the port is not a link fault and goes up to the caller. A controller that was
reset is recognised by its uptime, or by a watchdog that is off, and is configured again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from fsw import registers as r
from fsw.controller import Controller, configuration
from fsw.events import Report, Severity
from fsw.parameters import Parameters
from fsw.payload_link import LinkError, PayloadLink

UPTIME_TOLERANCE_TICKS = 30
UPTIME_MASK = 0xFFFF
# Lost replies in a cycle, each of which costs its timeout of 20 ms, after which the rest of the
# traffic waits for the next cycle: so that a bad link makes old data, not late cycles.
LOST_MAX = 4
LOST_BEFORE_TRAYS = 2
LOST_BEFORE_WRITES = 2
LOST_BEFORE_UPKEEP = 1
UPKEEP_TRANSACTIONS = 2  # in a minor cycle, all memories together
WATCHDOG_ENABLED = 1 << r.FAST_STATUS.field("watchdog_enabled").lsb
WATCHDOG_ENABLE_BIT = 1 << r.CONTROL_WATCHDOG.field("enable").lsb


class Upkeep(Protocol):
    """Somebody who looks after a memory of the controller."""

    def start_over(self) -> None:
        """The controller was reset."""

    def step(self, link: PayloadLink) -> bool:
        """One transaction; False when there was nothing to do. Raises LinkError."""


class LinkCycle:
    """Inputs and outputs of every minor cycle, and what is known about the other end."""

    def __init__(
        self,
        controller: Controller,
        upkeep: Sequence[Upkeep],
        parameters: Parameters,
        report: Report,
        on_configured: Callable[[bool], None],
    ) -> None:
        """`upkeep` stands in order of precedence. `on_configured` is called after every
        synchronisation with True when the controller had kept our configuration, with False when
        it came out of a reset."""
        self._controller = controller
        self._upkeep = upkeep
        self._parameters = parameters
        self._report = report
        self._on_configured = on_configured
        self._uptime_ticks: int | None = None  # all 32 bits
        self._uptime_ns = 0
        self._cycles_without = 0
        self._told = False
        self._trays_due = self._compare_due = False
        self._writes_first = False  # the tray block cost a cycle its writes, the kick among them
        self._timeouts_before = 0
        self.failures = 0  # cycles cut short by a link error
        self.synchronised = False
        self.fast: bytes | None = None  # blocks of this cycle
        self.trays: bytes | None = None
        self.last_good_ns: int | None = None
        self.first_ns: int | None = None
        self.frozen_since_ns: int | None = None
        self.resets_seen = 0
        self._resets_untold = 0

    def silent_s(self, time_ns: int) -> float:
        """Seconds without a good fast block."""
        since = self.last_good_ns if self.last_good_ns is not None else self.first_ns
        return 0.0 if since is None else (time_ns - since) / 1e9

    def take_resets(self) -> int:
        """Resets of the controller seen since the last call."""
        count, self._resets_untold = self._resets_untold, 0
        return count

    def frozen_s(self, time_ns: int) -> float:
        """Seconds that the controller's uptime has stood still."""
        return 0.0 if self.frozen_since_ns is None else (time_ns - self.frozen_since_ns) / 1e9

    def inputs(self, time_ns: int, with_trays: bool) -> None:
        """Synchronise where that is due, then read the telemetry blocks."""
        if self.first_ns is None:
            self.first_ns = time_ns
        self.fast = self.trays = None
        self._trays_due = self._trays_due or with_trays
        link = self._controller.link
        self._timeouts_before = link.counters.timeouts
        link.losses_left = LOST_MAX
        try:
            if not self.synchronised and not self._synchronise(time_ns):
                return
            fast = link.read(r.FAST.base, r.FAST.size)
            if not self._plausible(fast, time_ns):
                return
            self.fast = fast
            if self._trays_due and not self._writes_first and self._lost() < LOST_BEFORE_TRAYS:
                self._writes_first = True
                self.trays = link.read(r.TRAYS.base, r.TRAYS.per_tray * self._controller.trays)
                self._trays_due = self._writes_first = False
        except LinkError as error:
            self._failed(error)
        if self.fast is None:
            self._cycles_without += 1
            if self.silent_s(time_ns) > self._parameters["link_lost_s"]:
                self.synchronised = False  # what it holds is not known any more
            return
        if self._cycles_without:
            self._report(
                Severity.INFO,
                "LINK_BACK",
                f"telemetry again after {self._cycles_without} cycles without",
                cycles=self._cycles_without,
            )
        self._cycles_without = 0
        self.last_good_ns = time_ns

    def outputs(self, compare: bool) -> None:
        """Write what changed, send commands, look after the controller's memories."""
        self._compare_due = self._compare_due or compare
        if self.fast is None or self._lost() >= LOST_BEFORE_WRITES:
            return
        controller = self._controller
        try:
            controller.flush()
            self._writes_first = False
            if self._lost() >= LOST_BEFORE_UPKEEP:
                return
            if self._compare_due:
                controller.compare()
                self._compare_due = False
            for _ in range(UPKEEP_TRANSACTIONS):
                done = any(upkeep.step(controller.link) for upkeep in self._upkeep)
                if not done or self._lost() >= LOST_BEFORE_UPKEEP:
                    break
        except LinkError as error:
            self._failed(error)
        else:
            self._told = False

    def _lost(self) -> int:
        """Replies lost in this cycle so far."""
        return self._controller.link.counters.timeouts - self._timeouts_before

    def _failed(self, error: LinkError) -> None:
        """Tell the first of failures in a row; the counters have them all."""
        self.failures += 1
        if not self._told:
            self._report(Severity.LOW, "LINK_FAILED", str(error), error=type(error).__name__)
        self._told = True

    def _synchronise(self, time_ns: int) -> bool:
        """Identify the controller, learn what it holds, want our configuration."""
        controller = self._controller
        if not controller.identify():
            return False
        identity = controller.identity
        assert identity is not None
        known_before = self._uptime_ticks is not None
        reset = self._uptime_ticks is not None and identity.uptime_ticks < self._uptime_ticks
        self._uptime_ticks, self._uptime_ns = identity.uptime_ticks, time_ns
        controller.read_back()
        watchdog = controller.known[r.CONTROL_WATCHDOG.address]
        kept = not reset and bool(watchdog & WATCHDOG_ENABLE_BIT)
        if not kept and known_before:
            self.resets_seen += 1
            self._resets_untold += 1
            self._report(
                Severity.HIGH,
                "CONTROLLER_RESET",
                "the payload controller was reset, it is configured again",
            )
        if not kept:
            controller.drop_commands()
            for upkeep in self._upkeep:
                upkeep.start_over()
        self.synchronised = True
        controller.want_all(configuration(self._parameters))
        self._on_configured(kept)
        return True

    def _expected_uptime(self, time_ns: int) -> int | None:
        identity = self._controller.identity
        if self._uptime_ticks is None or identity is None:
            return None
        elapsed = (time_ns - self._uptime_ns) * identity.tick_hz // 1_000_000_000
        return self._uptime_ticks + elapsed

    def _plausible(self, fast: bytes, time_ns: int) -> bool:
        """False when the controller seems to have been reset: it is looked at more closely."""
        low = fast[0] << 8 | fast[1]
        expected = self._expected_uptime(time_ns)
        assert expected is not None and self._uptime_ticks is not None
        advance = (low - self._uptime_ticks) & UPTIME_MASK
        off = (low - expected + 0x8000 & UPTIME_MASK) - 0x8000
        if advance == 0 and time_ns > self._uptime_ns:
            # The controller answers, but its clock stands still.
            if self.frozen_since_ns is None:
                self.frozen_since_ns = self._uptime_ns
            return True
        self.frozen_since_ns = None
        configured = self._controller.known.get(r.CONTROL_WATCHDOG.address, 0)
        lost = bool(configured & WATCHDOG_ENABLE_BIT) and not fast[3] & WATCHDOG_ENABLED
        if abs(off) > UPTIME_TOLERANCE_TICKS or lost:
            self.synchronised = False
            return False
        self._uptime_ticks = expected + off
        self._uptime_ns = time_ns
        return True
