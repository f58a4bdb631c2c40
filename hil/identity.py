"""Who answers at the other end of a port: the controller's identity, or what answered instead."""

from __future__ import annotations

from dataclasses import dataclass, replace

import serial

from fsw import registers as r
from fsw.link_errors import LinkDown, LinkError, LinkRefused
from fsw.payload_link import PayloadLink
from fsw.register_map import Register
from fsw.slip import FrameDecoder, encode_frame
from hil.arbiter import BENCH_ADDRESS
from hil.errors import UsageError

TRIES = 4
TIMEOUT_S = 0.1  # of a try: a USB bridge with its latency timer at 16 ms answers in 35 ms
SHOWN_BYTES = 16

MAGIC: int = r.IDENTITY_ID.reset
MAP_VERSION = tuple(
    r.IDENTITY_VERSION.field(name).extract(r.IDENTITY_VERSION.reset)
    for name in ("major", "minor", "patch")
)


class IdentityError(UsageError):
    """No controller answered. `reason` says in a few words what did."""

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(text)
        self.reason = reason


@dataclass(frozen=True)
class Identity:
    """What the region `identity` says."""

    magic: int
    version: tuple[int, int, int]  # of the register map: major, minor, patch
    build: int  # of the bitstream; 0 in the model
    trays: int
    tick_hz: int
    uptime_ticks: int
    injection: bool  # the test key is served
    adc: bool  # an analogue front end is built in

    @classmethod
    def from_bytes(cls, region: bytes) -> Identity:
        """Of the bytes of the region."""

        def fields(register: Register) -> dict[str, int]:
            start = register.address - r.IDENTITY.base
            return register.unpack(int.from_bytes(region[start : start + 4], "big"))

        version, config = fields(r.IDENTITY_VERSION), fields(r.IDENTITY_CONFIG)
        features = fields(r.IDENTITY_FEATURES)
        return cls(
            magic=fields(r.IDENTITY_ID)["magic"],
            version=(version["major"], version["minor"], version["patch"]),
            build=fields(r.IDENTITY_BUILD)["hash"],
            trays=config["trays"],
            tick_hz=config["tick_hz"],
            uptime_ticks=fields(r.IDENTITY_UPTIME)["ticks"],
            injection=bool(features["injection"]),
            adc=bool(features["adc"]),
        )

    def __str__(self) -> str:
        version = ".".join(str(part) for part in self.version)
        return (
            f"racksat controller {version}, build 0x{self.build:08X}, {self.trays} "
            f"tray{'' if self.trays == 1 else 's'}, ticks at {self.tick_hz} Hz, "
            + ("injection built in" if self.injection else "flight build without injection")
            + (", ADC front end" if self.adc else "")
        )

    def same_board(self, other: Identity) -> bool:
        """Whether it may be the same bitstream, as far as an identity tells."""
        return replace(self, uptime_ticks=0) == replace(other, uptime_ticks=0)

    def complaints(
        self, expected_trays: int | None = None, expected_build: int | None = None
    ) -> list[str]:
        """What is not as expected, and what to do: a line each. The map's version is expected
        to be that of this bench, or a compatible later one."""
        lines = []
        if self.version[0] != MAP_VERSION[0] or self.version[1] < MAP_VERSION[1]:
            found, expected = (
                ".".join(str(part) for part in version) for version in (self.version, MAP_VERSION)
            )
            lines.append(
                f"register map: found {found}, expected {expected} or a later "
                f"{MAP_VERSION[0]}.x: flash a bitstream that these sources make"
            )
        if expected_trays is not None and self.trays != expected_trays:
            lines.append(
                f"trays: found {self.trays}, expected {expected_trays}: flash the bitstream of a "
                f"board with {expected_trays}, or expect {self.trays}"
            )
        if expected_build is not None and self.build != expected_build:
            lines.append(
                f"build: found 0x{self.build:08X}, expected 0x{expected_build:08X}: flash the "
                "bitstream built last, or build it anew with `racksat bitstream`"
            )
        return lines


def identify(port: serial.SerialBase, timeout_s: float = TIMEOUT_S) -> Identity:
    """The identity of the controller at an open port; the port's timeout stays `timeout_s`.

    Asks a few times: a frame begins with an END, which ends whatever half a frame the receiver
    holds, and what waits in the port is thrown away first. Raises IdentityError, which says what
    came back instead.
    """
    heard = _Listener(port)
    try:
        link = PayloadLink(heard, timeout_s, retries=TRIES - 1, initiator_address=BENCH_ADDRESS)
        port.reset_input_buffer()  # type: ignore[attr-defined]  # missing in the stubs
        region = link.read(r.IDENTITY.base, r.IDENTITY.size)
    except (OSError, LinkDown) as error:
        raise IdentityError(f"{port.port}: {error}", "the port failed") from error
    except LinkRefused as error:
        raise IdentityError(
            f"{port.port}: {error}; a device that speaks RMAP answers, yet does not give an "
            "identity to the flight key: not a racksat controller, or one with another map",
            "refuses to give its identity",
        ) from error
    except LinkError as error:
        text, reason = heard.verdict(str(error))
        raise IdentityError(f"{port.port}: {text}", reason) from error
    identity = Identity.from_bytes(region)
    if identity.magic != MAGIC:
        raise IdentityError(
            f"{port.port}: the word at 0x0000 is 0x{identity.magic:08X}, expected "
            f"0x{MAGIC:08X} (RKST): a device that speaks RMAP, but no racksat controller",
            f"another device, 0x{identity.magic:08X}",
        )
    return identity


class _Listener:
    """The port, with all that was written and read kept for the verdict."""

    def __init__(self, port: serial.SerialBase) -> None:
        self._port = port
        self._sent = bytearray()
        self._heard = bytearray()

    @property
    def timeout(self) -> float | None:
        return self._port.timeout

    @timeout.setter
    def timeout(self, timeout_s: float | None) -> None:
        self._port.timeout = timeout_s

    def write(self, data: bytes, /) -> int | None:
        self._sent += data
        return self._port.write(data)

    def read(self, size: int = 1, /) -> bytes:
        data = bytes(self._port.read(size))
        self._heard += data
        return data

    def verdict(self, problem: str) -> tuple[str, str]:
        """What the bytes heard say, with what to try; and the same in a few words."""
        heard, baud = bytes(self._heard), self._port.baudrate
        if not heard:
            return (
                f"nothing answers: not a byte in {TRIES} tries at {baud} baud; check that the "
                "board has power and its bitstream, that the cable carries data, and that this is "
                "the serial port and not the programming port of the board",
                "nothing answers",
            )
        shown = heard[:SHOWN_BYTES].hex(" ").upper()
        shown += " ..." if len(heard) > SHOWN_BYTES else ""
        payloads = FrameDecoder().feed(heard)
        if not payloads:
            return (
                f"{len(heard)} bytes came back and no whole frame among them: {shown}; "
                f"is {baud} baud the rate of the board? is it another kind of device?",
                "bytes that are no frames",
            )
        if any(encode_frame(payload) in self._sent for payload in payloads):
            return (
                "the bench's own commands come back: the line echoes, as with TX wired to RX; "
                "wire TX to the board's RX and RX to its TX",
                "an echo",
            )
        return (
            f"{len(payloads)} good frames came back and none is the reply: {problem}; "
            f"first bytes: {shown}; another device that speaks in SLIP frames?",
            "frames that are no reply",
        )
