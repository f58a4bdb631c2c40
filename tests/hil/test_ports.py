"""The lockstep port behaves as a serial port does, in simulated time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import pytest
import serial

import hil.ports  # noqa: F401  makes model:// known
from hil.errors import PortUrlError
from hil.ports.lockstep import LockstepPort
from hil.targets.lockstep import LockstepTarget, Store


class Echo(LockstepTarget):
    """Answers every write with the bytes it got, and writes down what reached it."""

    name: ClassVar[str] = "echo"

    def __init__(self, trays: int = 18) -> None:
        super().__init__(trays)
        self.seen: list[tuple[str, int | bytes]] = []
        self.closed = False

    def _drive_sensors(self, sensors: bytes) -> None:
        self.seen.append(("sensors", sensors))

    def _tick(self, count: int) -> None:
        self.seen.append(("ticks", count))

    def actuators(self) -> bytes:
        return bytes(self.actuator_bytes)

    def exchange(self, data: bytes) -> bytes:
        self.seen.append(("bytes", data))
        return data

    def _flip(self, store: Store, word: int, mask: int) -> int:
        return mask

    def _peek(self, store: Store, word: int) -> int:
        return 0

    def flip_register(self, name: str, copy: str, mask: int) -> int:
        return mask

    def reset(self) -> None:
        self.seen.clear()

    def close(self) -> None:
        self.closed = True


class EchoPort(LockstepPort):
    scheme: ClassVar[str] = "echo"
    options: ClassVar[tuple[str, ...]] = ("trays", "baud")

    def create_target(self, options: dict[str, str]) -> LockstepTarget:
        return Echo(int(options.get("trays", "18")))


@pytest.fixture
def port() -> Iterator[EchoPort]:
    with EchoPort("echo://", timeout=0.02) as port:
        yield port


def seen(port: LockstepPort) -> list[tuple[str, int | bytes]]:
    target = port.target
    assert isinstance(target, Echo)
    return target.seen


def test_a_byte_takes_ten_bits(port: EchoPort) -> None:
    assert port.write(bytes(20)) == 20
    assert port.target.now_ns == 200_000
    port.baudrate = 115_200
    assert port.write(b"x") == 1
    assert port.target.now_ns == 286_806  # 10 / 115,200 s = 86,805.6 ns


def test_a_reply_starts_50_us_after_the_command(port: EchoPort) -> None:
    port.write(b"abcd")
    assert port.read(1) == b"a"
    assert port.target.now_ns == 40_000 + 50_000 + 10_000
    assert port.read(3) == b"bcd"
    assert port.target.now_ns == 130_000


def test_a_read_that_stays_short_takes_its_timeout(port: EchoPort) -> None:
    port.write(b"abcd")
    assert port.read(5) == b"abcd"
    assert port.target.now_ns == 40_000 + 20_000_000


def test_a_timeout_cuts_a_reply_in_two(port: EchoPort) -> None:
    port.write(b"abcd")  # arrive at 100, 110, 120, 130 us
    port.timeout = 0.00007
    assert port.read(4) == b"ab"
    assert port.target.now_ns == 110_000
    assert port.read(4) == b"cd"
    assert port.target.now_ns == 180_000


def test_replies_queue_behind_each_other(port: EchoPort) -> None:
    port.write(b"abcdefghij")  # sent by 100 us, arrives from 160 to 250 us
    port.write(b"k")  # sent by 110 us, would arrive at 170 us
    assert port.read(11) == b"abcdefghijk"
    assert port.target.now_ns == 260_000


def test_ticks_come_after_the_bytes_they_fall_into(port: EchoPort) -> None:
    port.target.advance_to(9_900_000)
    port.write(bytes(20))
    assert port.target.now_ns == 10_100_000
    assert seen(port) == [("bytes", bytes(20)), ("ticks", 1)]
    port.read(1000)
    assert seen(port)[2:] == [("ticks", 2)]  # 20 ms from 10.1 ms on: ticks at 20 and 30 ms


def test_in_waiting_counts_what_has_arrived(port: EchoPort) -> None:
    port.write(b"abcd")
    port.target.advance_to(99_999)
    assert port.in_waiting == 0
    port.target.advance_to(120_000)
    assert port.in_waiting == 3
    assert port.read(port.in_waiting) == b"abcd"  # a look takes a byte time: the last one came


def test_a_polling_loop_ends(port: EchoPort) -> None:
    port.write(b"abcd")
    polls = 0
    while port.in_waiting < 4:
        polls += 1
    assert polls == 9  # from 40 us to 130 us in steps of 10 us
    port.timeout = 0
    assert port.read(10) == b"abcd"
    port.write(b"z")
    data = b""
    while not data:
        data = port.read(1)
    assert data == b"z"


def test_a_poll_of_a_silent_line_takes_no_time(port: EchoPort) -> None:
    port.timeout = 0
    assert port.read(1) == b""
    assert port.in_waiting == 0
    assert port.target.now_ns == 0


def test_reset_input_buffer_leaves_what_is_on_its_way(port: EchoPort) -> None:
    port.write(b"abcd")
    port.target.advance_to(115_000)
    port.reset_input_buffer()
    assert port.read(10) == b"cd"


def test_a_read_that_would_wait_forever_is_an_error(port: EchoPort) -> None:
    port.timeout = None
    port.write(b"ab")
    with pytest.raises(serial.SerialException, match="read of 3 bytes .* wait forever in lockstep"):
        port.read(3)
    assert port.read(2) == b"ab"


def test_read_until_and_lines(port: EchoPort) -> None:
    port.write(b"one\ntwo\nthr")
    assert port.read_until() == b"one\n"
    assert port.readline() == b"two\n"
    assert port.read_until(size=2) == b"th"
    start_ns = port.target.now_ns
    assert port.read_until() == b"r"
    assert port.target.now_ns == start_ns + 20_000_000
    assert port.timeout == 0.02


@pytest.mark.parametrize("data", [b"ab", bytearray(b"ab"), memoryview(b"ab"), [0x61, 0x62]])
def test_what_can_be_written(port: EchoPort, data: object) -> None:
    assert port.write(data) == 2
    assert port.read(2) == b"ab"


def test_text_cannot_be_written(port: EchoPort) -> None:
    with pytest.raises(TypeError):
        port.write("ab")


def test_nothing_written_takes_no_time(port: EchoPort) -> None:
    assert port.write(b"") == 0
    assert port.read(0) == b""
    assert port.target.now_ns == 0
    assert seen(port) == []


def test_settings_are_accepted(port: EchoPort) -> None:
    port.apply_settings({**port.get_settings(), "parity": "E", "stopbits": 2, "rtscts": True})
    port.rts = False
    port.dtr = False
    port.cancel_read()
    port.cancel_write()
    port.reset_output_buffer()
    port.flush()
    assert (port.out_waiting, port.cts, port.dsr, port.ri, port.cd) == (0, True, True, False, True)
    assert port.target.now_ns == 0


def test_a_closed_port_is_closed() -> None:
    port = EchoPort("echo://", timeout=1)
    target = port.target
    port.write(b"ab")
    port.close()
    assert not port.is_open
    assert isinstance(target, Echo) and target.closed
    for use in (lambda: port.write(b"a"), lambda: port.read(), lambda: port.in_waiting):
        with pytest.raises(serial.PortNotOpenError):
            use()
    port.close()
    port.open()
    assert port.target is not target
    assert port.in_waiting == 0
    port.close()


def test_baud_of_the_url_wins() -> None:
    for url, arguments, byte_ns in (
        ("echo://", {}, 10_000),
        ("echo://", {"baudrate": 500_000}, 20_000),
        ("echo://?baud=250000", {"baudrate": 500_000}, 40_000),
    ):
        with EchoPort(url, **arguments) as port:
            port.write(b"x")
            assert port.target.now_ns == byte_ns


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("model://?simulator=icarus", "unknown parameter 'simulator'; known: trays, baud"),
        ("rtl://?tray=3", "unknown parameter 'tray'; known: trays, baud, simulator"),
        ("model://?trays=0", "trays=0: must be a whole number from 1 to 32"),
        ("model://?trays=many", "trays=many: must be a whole number from 1 to 32"),
        ("model://?baud=0", "baud=0: must be a whole number from 1 to 1000000000"),
        ("model://?trays", "'trays' is not name=value pairs"),
        ("model://host:5000", "expected model://, or model://.name=value"),
        ("rtl://?simulator=questa", "simulator=questa: must be verilator or icarus"),
    ],
)
def test_a_wrong_url_says_what_is_right(url: str, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        serial.serial_for_url(url)
    assert isinstance(caught.value, PortUrlError)
    assert caught.value.exit_code == 2


def test_do_not_open_as_with_any_port() -> None:
    port = serial.serial_for_url("model://?trays=3", do_not_open=True, timeout=1)
    assert not port.is_open
    port.open()
    assert port.target.trays == 3
    assert port.name == "model://?trays=3"
    port.close()
