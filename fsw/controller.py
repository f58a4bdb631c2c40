"""The payload controller as flight software drives it: registers wanted, registers known.

Apps say what they want; `flush` writes what differs from what the controller is known to hold, in
as few transactions as the changes allow. After a reset of the controller everything is unknown, and
the same mechanism writes it again. Command registers are queued and sent once, without retries.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from fsw import registers as r
from fsw.events import Report, Severity
from fsw.payload_link import LinkError, PayloadLink
from fsw.register_map import Register

KICK_KEY = 0x5AFEC0DE
SAFE_ENTER_KEY = 0x5AFE0001
SAFE_LEAVE_KEY = 0x5AFE0000
GAP_WORDS = 4  # known words between two changes that are rewritten to save a transaction
MAJOR_VERSION = r.IDENTITY_VERSION.unpack(r.IDENTITY_VERSION.reset)["major"]


@dataclass(frozen=True, slots=True)
class Identity:
    """The identity block."""

    magic: int
    major: int
    minor: int
    patch: int
    tick_hz: int
    trays: int
    build: int
    uptime_ticks: int


def configuration(parameters: Mapping[str, float]) -> dict[int, int]:
    """Limits and safeguards, word by address, as they are to stand in every mode."""

    def raw(register: Register, **values: float) -> int:
        return register.pack(
            **{name: register.field(name).raw(value) for name, value in values.items()}
        )

    p = parameters
    return {
        r.CONTROL_SAFE_DRIVE.address: raw(
            r.CONTROL_SAFE_DRIVE, pump=p["safe_pump"], bypass=p["safe_bypass"]
        ),
        r.CONTROL_THERMOSTAT.address: raw(r.CONTROL_THERMOSTAT, supply_min=p["thermostat_k"]),
        r.CONTROL_OVER_TEMPERATURE_LIMIT.address: raw(
            r.CONTROL_OVER_TEMPERATURE_LIMIT, gpu=p["trip_gpu_k"], hbm=p["trip_hbm_k"]
        ),
        r.CONTROL_OVER_TEMPERATURE_DEBOUNCE.address: raw(
            r.CONTROL_OVER_TEMPERATURE_DEBOUNCE, ticks=p["trip_debounce_ticks"]
        ),
        r.CONTROL_OVER_CURRENT_LIMIT.address: raw(
            r.CONTROL_OVER_CURRENT_LIMIT, limit=p["trip_current_a"]
        ),
        r.CONTROL_WATCHDOG.address: raw(
            r.CONTROL_WATCHDOG, enable=1, period=p["watchdog_period_ticks"]
        ),
    }


def spans(
    wanted: Mapping[int, int], known: Mapping[int, int], order: Sequence[int]
) -> list[list[int]]:
    """Runs of addresses to write: those that differ, joined over short gaps of known words."""
    result: list[list[int]] = []
    gap: list[int] = []
    for address in order:
        if result and address != (gap or result[-1])[-1] + 4:
            gap = []
        if known.get(address) == wanted[address]:
            gap.append(address)
            continue
        joins = result and len(gap) <= GAP_WORDS and address - result[-1][-1] == 4 * (len(gap) + 1)
        if joins:
            result[-1] += [*gap, address]
        else:
            result.append([address])
        gap = []
    return result


class Controller:
    """Wanted and known registers of one controller."""

    def __init__(self, link: PayloadLink, trays: int, report: Report) -> None:
        self.link = link
        self.trays = trays
        self.wanted: dict[int, int] = {}
        self.known: dict[int, int] = {}
        self.identity: Identity | None = None
        self.upsets_repaired = 0  # registers found changed at a read-back
        self.commands_lost = 0
        self._report = report
        self._commands: list[tuple[Register, int, Callable[[], None] | None]] = []
        self._order: tuple[int, ...] = ()
        self._dirty = False
        self._complaint = ""

    def identify(self) -> bool:
        """Read the identity block; False, with an event, when it is not the one expected."""
        data = self.link.read(r.IDENTITY.base, r.IDENTITY.size)
        magic, version, config, build, uptime, _features = struct.unpack(">6I", data)
        version_fields = r.IDENTITY_VERSION.unpack(version)
        config_fields = r.IDENTITY_CONFIG.unpack(config)
        self.identity = identity = Identity(
            magic,
            version_fields["major"],
            version_fields["minor"],
            version_fields["patch"],
            config_fields["tick_hz"],
            config_fields["trays"],
            build,
            uptime,
        )
        complaint = ""
        if identity.magic != r.IDENTITY_ID.reset:
            complaint = f"id 0x{magic:08X}, expected 0x{r.IDENTITY_ID.reset:08X}"
        elif identity.major != MAJOR_VERSION:
            complaint = f"register map version {identity.major}, expected {MAJOR_VERSION}"
        elif identity.trays != self.trays:
            complaint = f"{identity.trays} trays fitted, expected {self.trays}"
        elif identity.tick_hz == 0:
            complaint = "tick rate 0 Hz, expected above 0"
        if complaint and complaint != self._complaint:
            self._report(Severity.HIGH, "WRONG_CONTROLLER", f"payload controller has {complaint}")
        self._complaint = complaint
        return not complaint

    def read_back(self) -> None:
        """Learn what the controller holds in its control registers and caps."""
        self.known = self._read_registers()
        self._dirty = True

    def compare(self) -> None:
        """Read back again; what changed by itself is reported and written again."""
        found = self._read_registers()
        wrong = [
            address
            for address, word in self.known.items()
            if address in self.wanted and found.get(address) != word
        ]
        self.known = found
        if wrong:
            self._dirty = True
            self.upsets_repaired += len(wrong)
            self._report(
                Severity.MEDIUM,
                "REGISTER_CHANGED",
                f"{len(wrong)} control registers changed by themselves, first 0x{wrong[0]:04X}; "
                "written again",
                count=len(wrong),
                address=wrong[0],
            )

    def _read_registers(self) -> dict[int, int]:
        known: dict[int, int] = {}
        for base, size in (
            (r.CONTROL.base, r.CONTROL.size),
            (r.TRAY_CONTROL.base, 4 * self.trays),
        ):
            words = struct.unpack(f">{size // 4}I", self.link.read(base, size))
            known.update(zip(range(base, base + size, 4), words, strict=True))
        return known

    def drop_commands(self) -> None:
        """The controller was reset: commands queued for it are void."""
        self._commands = []

    def want(self, register: Register, word: int, index: int = 0) -> None:
        """Have `word` written to a control or cap register at the next flush."""
        address = register.at(index) if index else register.address
        if self.wanted.get(address) == word:
            return
        if address not in self.wanted:
            self._order = tuple(sorted([*self.wanted, address]))
        self.wanted[address] = word
        self._dirty = True

    def want_all(self, words: Mapping[int, int]) -> None:
        """Have words written, by address."""
        self.wanted.update(words)
        self._order = tuple(sorted(self.wanted))
        self._dirty = True

    def command(
        self, register: Register, word: int, done: Callable[[], None] | None = None
    ) -> None:
        """Queue a command register; `done` is called once it is acknowledged.

        A command that waits already is not queued again: what a bad link held up is sent once.
        """
        if all(queued[:2] != (register, word) for queued in self._commands):
            self._commands.append((register, word, done))

    def flush(self) -> None:
        """Write what differs, then send queued commands. Raises LinkError; the rest stays."""
        if self._dirty:
            for span in spans(self.wanted, self.known, self._order):
                words = [self.wanted[address] for address in span]
                for start in range(0, len(words), r.WRITE_MAX // 4):
                    part = words[start : start + r.WRITE_MAX // 4]
                    self.link.write(span[start], struct.pack(f">{len(part)}I", *part))
                    self.known.update(zip(span[start:], part, strict=False))
            self._dirty = False
        while self._commands:
            register, word, done = self._commands.pop(0)
            try:
                self.link.write(register.address, struct.pack(">I", word), retries=0)
            except LinkError as error:
                self.commands_lost += 1
                self._report(
                    Severity.LOW,
                    "LINK_COMMAND_LOST",
                    f"{register.name} not acknowledged: {error}",
                    register=register.name,
                )
                raise
            if done is not None:
                done()
