"""Two RMAP initiators on one UART."""

import threading
from collections import deque

import pytest
import serial

import hil.ports  # noqa: F401
from fsw import registers as r
from fsw.payload_link import LinkDown, LinkTimeout, PayloadLink
from fsw.rmap import ReadCommand, WriteCommand, encode_command
from fsw.slip import encode_frame
from hil.arbiter import BENCH_ADDRESS, FLIGHT_ADDRESS, HOLD_S, QUEUE_BYTES, SLICE_S, Arbiter

PATIENCE_S = 20.0  # of a test that waits for another thread


def reply(initiator: int, text: bytes = b"") -> bytes:
    """A frame that begins like a reply to this initiator."""
    return encode_frame(bytes([initiator]) + text)


def read_frame(initiator: int) -> bytes:
    command = ReadCommand(
        0,
        4,
        transaction_id=1,
        key=r.FLIGHT_KEY,
        initiator_address=initiator,
        target_address=0xFE,
    )
    return encode_frame(encode_command(command))


class Wire:
    """A port by script: what each read finds; time passes only when nothing is found."""

    def __init__(self, *finds: bytes | Exception) -> None:
        self.finds = deque(finds)
        self.sent: list[bytes] = []
        self.now_s = 100.0
        self.timeout: float | None = None
        self.write_timeout: float | None = 1.0

    def write(self, data: bytes) -> int:
        self.sent.append(data)
        return len(data)

    def read(self, size: int) -> bytes:
        find = self.finds.popleft() if self.finds else b""
        if isinstance(find, Exception):
            raise find
        if not find:
            self.now_s += self.timeout or 0.0
        return find

    def clock(self) -> float:
        return self.now_s


def shared(*finds: bytes | Exception) -> tuple[Wire, Arbiter, list[bytes]]:
    wire, lost = Wire(*finds), []
    arbiter = Arbiter(wire, wire.clock, lost.append)
    arbiter.flight.timeout = arbiter.bench.timeout = 0.02
    return wire, arbiter, lost


@pytest.fixture
def lockstep():
    with serial.serial_for_url("model://?trays=3") as port:
        yield Arbiter(port, lambda: port.target.now_ns / 1e9)


def links(arbiter: Arbiter) -> tuple[PayloadLink, PayloadLink]:
    return (
        PayloadLink(arbiter.flight, initiator_address=FLIGHT_ADDRESS),
        PayloadLink(arbiter.bench, initiator_address=BENCH_ADDRESS, retries=0),
    )


class TestTwoInitiators:
    def test_each_gets_its_own_replies(self, lockstep):
        flight, bench = links(lockstep)
        for value in range(20):
            flight.write(r.CONTROL_SCRATCH.address, value.to_bytes(4, "big"))
            assert bench.read(r.CONTROL_SCRATCH.address, 4) == value.to_bytes(4, "big")
            assert bench.read(r.IDENTITY.base, 4) == b"RKST"
            assert flight.read(r.IDENTITY.base, 4) == b"RKST"
        assert flight.counters.bad_replies == bench.counters.bad_replies == 0
        assert lockstep.flight.unanswered == lockstep.bench.unanswered == 0

    def test_a_late_reply_goes_to_whoever_it_was_for(self):
        late, own = reply(BENCH_ADDRESS, b"late"), reply(FLIGHT_ADDRESS, b"own")
        wire, arbiter, _ = shared(b"", b"", late + own)
        arbiter.bench.write(read_frame(BENCH_ADDRESS))
        assert arbiter.bench.read(10) == b""
        arbiter.flight.write(read_frame(FLIGHT_ADDRESS))
        assert arbiter.flight.read(len(own)) == own
        assert arbiter.bench.read(len(late)) == late
        assert arbiter.bench.unanswered == 1

    @pytest.mark.parametrize("cut", range(1, 20))
    def test_replies_may_arrive_in_any_portions(self, cut):
        stream = reply(FLIGHT_ADDRESS, b"one \xc0\xdb") + reply(BENCH_ADDRESS, b"two")
        wire, arbiter, lost = shared(stream[:cut], stream[cut:])
        first, second = reply(FLIGHT_ADDRESS, b"one \xc0\xdb"), reply(BENCH_ADDRESS, b"two")
        assert arbiter.flight.read(len(first)) == first
        assert arbiter.bench.read(len(second)) == second
        assert lost == []


class TestWhoseBytes:
    def test_a_frame_without_an_address_goes_to_whoever_waits(self):
        broken = encode_frame(b"\x00 damaged")
        wire, arbiter, lost = shared(broken)
        arbiter.flight.write(read_frame(FLIGHT_ADDRESS))
        assert arbiter.flight.read(len(broken)) == broken
        assert lost == []

    def test_such_a_frame_does_not_end_the_wait(self):
        good = reply(FLIGHT_ADDRESS)
        wire, arbiter, _ = shared(encode_frame(b"\x00"), good)
        arbiter.flight.write(read_frame(FLIGHT_ADDRESS))
        arbiter.flight.read(3)
        assert arbiter.flight.latency.count == 0
        arbiter.flight.read(len(good))
        assert arbiter.flight.latency.count == 1

    def test_a_frame_nobody_waits_for_is_handed_out_and_counted(self):
        wire, arbiter, lost = shared(b"noise" + reply(FLIGHT_ADDRESS))
        good = reply(FLIGHT_ADDRESS)
        assert arbiter.flight.read(len(good)) == good
        assert b"".join(lost) == b"\xc0noise\xc0"
        assert arbiter.unclaimed_bytes == 7

    def test_noise_before_a_reply_does_not_swallow_it(self):
        good = reply(FLIGHT_ADDRESS, b"whole")
        wire, arbiter, _ = shared(b"\x55\xaa" + good)
        arbiter.bench.write(read_frame(BENCH_ADDRESS))
        assert arbiter.flight.read(len(good)) == good

    def test_what_is_not_read_is_dropped_from_the_oldest_on_and_counted(self):
        frame = reply(BENCH_ADDRESS, bytes(1000))
        count = QUEUE_BYTES // len(frame) + 2
        good = reply(FLIGHT_ADDRESS)
        wire, arbiter, _ = shared(frame * count + good)
        arbiter.flight.read(len(good))
        assert arbiter.bench.in_waiting == QUEUE_BYTES
        assert arbiter.bench.overflowed == count * len(frame) - QUEUE_BYTES


class TestTurns:
    def test_the_wire_is_given_back_when_a_reply_does_not_come(self):
        wire, arbiter, _ = shared()
        arbiter.bench.write(read_frame(BENCH_ADDRESS))
        assert arbiter.bench.read(8) == b""
        before_s = wire.now_s
        arbiter.flight.write(read_frame(FLIGHT_ADDRESS))
        assert wire.now_s == before_s
        assert len(wire.sent) == 2

    def test_a_command_without_reply_does_not_hold_the_wire(self):
        wire, arbiter, _ = shared()
        silent = WriteCommand(
            r.CONTROL_SCRATCH.address,
            bytes(4),
            reply=False,
            transaction_id=1,
            key=r.FLIGHT_KEY,
            initiator_address=BENCH_ADDRESS,
            target_address=0xFE,
        )
        arbiter.bench.write(encode_frame(encode_command(silent)))
        arbiter.flight.write(read_frame(FLIGHT_ADDRESS))
        assert len(wire.sent) == 2 and arbiter.bench.unanswered == 0

    def test_an_initiator_that_never_reads_loses_the_wire(self):
        wire, arbiter, _ = shared()
        arbiter.bench.write(read_frame(BENCH_ADDRESS))
        wire.now_s += HOLD_S + SLICE_S
        arbiter.flight.write(read_frame(FLIGHT_ADDRESS))
        assert len(wire.sent) == 2 and arbiter.bench.unanswered == 1

    def test_flight_software_waits_for_one_transaction_of_the_bench_at_most(self):
        """The bench talks without a pause from a thread; flight software comes in between."""
        asked = threading.Event()
        order: list[int] = []

        class Answering(Wire):
            def write(self, data: bytes) -> int:
                order.append(data[5])
                self.finds.append(reply(data[5]))
                return len(data)

            def read(self, size: int) -> bytes:
                if order == [BENCH_ADDRESS] * 3:  # in the middle of the bench's third transaction
                    asked.set()
                    for _ in range(2000):
                        if arbiter.flight.waiting:
                            break
                        threading.Event().wait(0.01)
                return super().read(size)

        wire = Answering()
        arbiter = Arbiter(wire, wire.clock)
        arbiter.flight.timeout = arbiter.bench.timeout = 5.0

        def bench() -> None:
            for _ in range(6):
                arbiter.bench.write(read_frame(BENCH_ADDRESS))
                assert arbiter.bench.read(5) == reply(BENCH_ADDRESS)

        talker = threading.Thread(target=bench, daemon=True)
        talker.start()
        assert asked.wait(PATIENCE_S)
        arbiter.flight.write(read_frame(FLIGHT_ADDRESS))
        assert arbiter.flight.read(5) == reply(FLIGHT_ADDRESS)
        talker.join(PATIENCE_S)
        assert not talker.is_alive()
        assert order.index(FLIGHT_ADDRESS) == 3
        assert order.count(BENCH_ADDRESS) == 6

    def test_latency_runs_from_the_command_to_the_end_of_the_reply(self):
        good = reply(FLIGHT_ADDRESS)
        wire, arbiter, _ = shared(b"", good)
        arbiter.flight.write(read_frame(FLIGHT_ADDRESS))
        arbiter.flight.read(len(good))
        assert arbiter.flight.latency.largest_s == pytest.approx(SLICE_S)


class TestAPortThatFails:
    @pytest.mark.parametrize("error", [OSError(5, "Input/output error"), TypeError("closed")])
    def test_both_are_told_until_another_is_connected(self, error):
        wire, arbiter, _ = shared(error)
        flight, bench = links(arbiter)
        with pytest.raises(LinkDown, match=str(error.args[-1])):
            flight.read(0, 4)
        with pytest.raises(LinkDown):
            bench.read(0, 4)
        with pytest.raises(serial.SerialException, match=str(error.args[-1])):
            arbiter.flight.read(1)
        assert len(wire.sent) == 1
        arbiter.connect(wire)
        with pytest.raises(LinkTimeout):
            bench.read(0, 4)
        assert arbiter.failure == ""

    def test_half_a_frame_from_before_is_not_joined_to_what_comes_after(self):
        wire, arbiter, _ = shared(b"\xc0\x68half", OSError("gone"))
        with pytest.raises(serial.SerialException):
            arbiter.bench.read(20)
        good = reply(FLIGHT_ADDRESS)
        new = Wire(good)
        arbiter.connect(new)
        assert arbiter.flight.read(len(good)) == good
