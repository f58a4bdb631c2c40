"""Who answers: the golden model, and whatever else may sit at the end of a cable."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import serial

import hil.ports  # noqa: F401  makes model:// known
from fsw import registers as r
from fsw.slip import FrameDecoder, encode_frame
from gateware.model import ControllerModel
from hil.errors import UsageError
from hil.identity import Identity, IdentityError, identify
from hil.serial_port import open_port
from tests.conformance import wire

REGION = bytes.fromhex("524B5354 01020000 00640412 1234ABCD 00000007 00000001")
PLENTY_S = 2.0  # for a reply through a pty on a loaded machine
BRIEF_S = 0.02  # for what never answers


@contextmanager
def device(answer: Callable[[bytes], bytes]) -> Iterator[str]:
    """A pty whose other end answers every portion of bytes; its name."""
    master, slave = os.openpty()

    def serve() -> None:
        while True:
            try:
                data = os.read(master, 4096)
                os.write(master, answer(data))
            except OSError:  # closed
                return

    name = os.ttyname(slave)
    thread = threading.Thread(target=serve, daemon=True)
    try:
        with open_port(name, 1_000_000):  # raw from here on; kept so by `slave`
            thread.start()
        yield name
    finally:
        os.close(slave)  # the read of the other end fails, its thread ends
        thread.join(PLENTY_S)
        os.close(master)


def rmap_device(region: bytes, status: int = 0) -> Callable[[bytes], bytes]:
    """Answers reads as an RMAP target does, whatever the address."""
    decoder = FrameDecoder()

    def answer(data: bytes) -> bytes:
        replies = b""
        for command in decoder.feed(data):
            header = bytes([command[4], 1, 0x0C, status, command[0], *command[5:7], 0])
            body = b"" if status else region
            header += len(body).to_bytes(3, "big")
            replies += encode_frame(
                header + bytes([wire.crc8(header)]) + body + bytes([wire.crc8(body)])
            )
        return replies

    return answer


def failure(answer: Callable[[bytes], bytes], timeout_s: float = PLENTY_S) -> IdentityError:
    with device(answer) as name, open_port(name, 115_200) as port:
        with pytest.raises(IdentityError) as caught:
            identify(port, timeout_s)
        assert str(caught.value).startswith(f"{name}: ")
        return caught.value


# -- an identity


def test_the_model_says_who_it_is() -> None:
    with open_port("model://?trays=4", 1_000_000) as port:
        port.target.advance_to(2_000_000_000)  # type: ignore[attr-defined]
        found = identify(port)
    assert (found.magic, found.trays, found.tick_hz, found.uptime_ticks) == (
        0x524B5354,
        4,
        100,
        200,
    )
    assert found.injection and not found.adc
    assert found.complaints(4, 0) == []


def test_text_of_an_identity() -> None:
    found = Identity.from_bytes(REGION)
    assert found == Identity(0x524B5354, (1, 2, 0), 0x1234ABCD, 18, 100, 7, True, False)
    assert str(found) == (
        "racksat controller 1.2.0, build 0x1234ABCD, 18 trays, ticks at 100 Hz, injection built in"
    )
    other = Identity.from_bytes(REGION[:11] + b"\x01" + REGION[12:-1] + b"\x02")
    assert str(other).endswith(
        "1 tray, ticks at 100 Hz, flight build without injection, ADC front end"
    )


def test_complaints_say_found_expected_and_what_to_do() -> None:
    version = r.IDENTITY_VERSION.reset.to_bytes(4, "big")  # the one that this bench knows
    found = Identity.from_bytes(REGION[:4] + version + REGION[8:])
    assert found.complaints() == []
    trays, build = found.complaints(expected_trays=1, expected_build=0xBEEF)
    assert trays.startswith("trays: found 18, expected 1: flash the bitstream of a board with 1")
    assert build.startswith("build: found 0x1234ABCD, expected 0x0000BEEF: flash")


@pytest.mark.parametrize(
    ("version", "fits"),
    [("00FF0000", False), ("01000000", False), ("01FE0003", True), ("02000000", False)],
)
def test_a_map_is_to_be_this_one_or_a_compatible_later_one(version: str, fits: bool) -> None:
    found = Identity.from_bytes(REGION[:4] + bytes.fromhex(version) + REGION[8:])
    assert (found.complaints() == []) is fits
    if not fits:
        assert found.complaints()[0].startswith("register map: found ")


class Shaky(serial.SerialBase):
    """The golden model behind a line that spoils what it is told to."""

    def __init__(self, spoil: Callable[[int, bytes], bytes], waiting: bytes = b"") -> None:
        super().__init__()
        self.model = ControllerModel(18)
        self.replies = 0
        self._spoil = spoil
        self._arrived = bytearray(waiting)

    def _reconfigure_port(self) -> None: ...

    def reset_input_buffer(self) -> None:
        self._arrived.clear()

    def write(self, data: bytes, /) -> int:
        reply = self.model.put(data)
        if reply:
            self._arrived += self._spoil(self.replies, reply)
            self.replies += 1
        return len(data)

    def read(self, size: int = 1, /) -> bytes:
        data = bytes(self._arrived[:size])
        del self._arrived[:size]
        return data


def test_a_board_in_mid_frame_is_heard() -> None:
    """Half a command lies in its receiver, an escape last; garbage lies in the port."""
    port = Shaky(lambda number, reply: reply, waiting=bytes(range(200)) * 50)
    port.model.put(b"\xc0\xfe\x01\x4c\xdb")
    assert identify(port).trays == 18
    assert port.replies == 1


def test_lost_and_damaged_replies_are_asked_for_again() -> None:
    def spoil(number: int, reply: bytes) -> bytes:
        return (b"", reply[:9], reply[:-3] + b"\x00" + reply[-2:], reply)[number]

    port = Shaky(spoil)
    assert identify(port).trays == 18
    assert port.replies == 4


def test_the_bench_asks_in_its_own_name() -> None:
    """Flight software at the same line must be able to tell the reply from its own."""
    commands: list[bytes] = []

    def keep(number: int, reply: bytes) -> bytes:
        commands.extend(FrameDecoder().feed(reply))
        return reply

    identify(Shaky(keep))
    assert [reply[0] for reply in commands] == [0x68]  # initiator logical address


# -- something else


def test_silence() -> None:
    error = failure(lambda data: b"", BRIEF_S)
    assert error.reason == "nothing answers" and error.exit_code == 2
    assert isinstance(error, UsageError)
    for hint in ("power", "cable", "programming port", "115200 baud"):
        assert hint in str(error)


def test_bytes_that_are_no_frames() -> None:
    error = failure(lambda data: b"login: " * 100, BRIEF_S)
    assert error.reason == "bytes that are no frames"
    assert "6C 6F 67 69 6E 3A 20 6C" in str(error) and "baud the rate" in str(error)


def test_frames_that_are_no_reply() -> None:
    error = failure(lambda data: encode_frame(b"telemetry") * 9, BRIEF_S)
    assert error.reason == "frames that are no reply"
    assert "another device that speaks in SLIP" in str(error)


def test_an_echo() -> None:
    error = failure(lambda data: data, BRIEF_S)
    assert error.reason == "an echo" and "TX wired to RX" in str(error)


def test_a_refusal() -> None:
    error = failure(rmap_device(b"", status=10))
    assert error.reason == "refuses to give its identity"
    assert "status 10" in str(error)


def test_another_device() -> None:
    error = failure(rmap_device(b"\xde\xad\xbe\xef" + REGION[4:]))
    assert error.reason == "another device, 0xDEADBEEF"
    assert "expected 0x524B5354 (RKST)" in str(error)


def test_a_port_that_fails() -> None:
    master, slave = os.openpty()
    with open_port(os.ttyname(slave), 1_000_000) as port:
        os.close(slave)
        os.close(master)  # as when the plug is pulled
        with pytest.raises(IdentityError) as caught:
            identify(port, BRIEF_S)
    assert caught.value.reason == "the port failed"


def test_a_port_that_fails_while_it_is_asked() -> None:
    def unplugged(number: int, reply: bytes) -> bytes:
        raise OSError(5, "Input/output error")

    with pytest.raises(IdentityError, match="Input/output error") as caught:
        identify(Shaky(unplugged))
    assert caught.value.reason == "the port failed"
