"""The initiator against a controller of a few lines that can be told to misbehave, in its own time.

Replies are put together from literal offsets of ECSS-E-ST-50-52C, not with the codec under test.
"""

import pytest
import serial

from fsw.payload_link import (
    BABBLE_BYTES,
    LinkBadReply,
    LinkCounters,
    LinkDown,
    LinkError,
    LinkRefused,
    LinkTimeout,
    PayloadLink,
)
from fsw.rmap import crc8
from fsw.slip import FrameDecoder, encode_frame

BYTE_S = 10e-6
TURNAROUND_S = 50e-6


def reply_packet(command, status=0, data=b"", **changes):
    """The reply to a command packet. `changes`: of byte positions, before the CRCs."""
    head = bytearray([command[4], 1, command[2] & 0x3F, status, 0xFE, command[5], command[6]])
    if not command[2] & 0x20:
        head += bytes([0]) + len(data).to_bytes(3, "big")
    for position, value in changes.items():
        head[int(position[1:])] = value
    packet = bytes(head) + bytes([crc8(head)])
    return packet if head[2] & 0x20 else packet + data + bytes([crc8(data)])


class Controller:
    """Memory behind a port in simulated time. `script`: one entry per command, each a function
    from the command packet and its good reply to wire bytes; None for the good reply."""

    def __init__(self, script=()):
        self.timeout = None
        self.now_s = 0.0
        self.reads = 0
        self.memory = bytearray(range(256)) * 4
        self.commands = []
        self.script = list(script)
        self.decoder = FrameDecoder()
        self.line = []  # (arrival_s, byte)

    def write(self, data):
        self.now_s += len(data) * BYTE_S
        for command in self.decoder.feed(data):
            self.commands.append(command)
            self.answer(command)
        return len(data)

    def answer(self, command):
        address, length = (
            int.from_bytes(command[8:12], "big"),
            int.from_bytes(command[12:15], "big"),
        )
        data = b""
        if command[2] == 0x4C:  # read, incrementing
            data = bytes(self.memory[address : address + length])
        elif command[2] == 0x5C:  # read-modify-write
            old = self.memory[address : address + 4]
            value, mask = command[16:20], command[20:24]
            self.memory[address : address + 4] = bytes(
                o & ~m | v & m for o, v, m in zip(old, value, mask, strict=True)
            )
            data = bytes(old)
        else:
            assert command[2] == 0x7C, "verified, acknowledged, incrementing write expected"
            self.memory[address : address + length] = command[16:-1]
        good = reply_packet(command, 0, data)
        step = self.script.pop(0) if self.script else None
        self.send(encode_frame(good) if step is None else step(command, good))

    def send(self, wire):
        start = max(self.now_s + TURNAROUND_S, self.line[-1][0] if self.line else 0.0)
        self.line += [(start + (k + 1) * BYTE_S, byte) for k, byte in enumerate(wire)]

    def read(self, size=1):
        self.reads += 1
        deadline = self.now_s + self.timeout
        if len(self.line) >= size and self.line[size - 1][0] <= deadline:
            self.now_s = max(self.now_s, self.line[size - 1][0])
            taken, self.line = self.line[:size], self.line[size:]
        else:
            self.now_s = deadline
            taken = [entry for entry in self.line if entry[0] <= deadline]
            self.line = self.line[len(taken) :]
        return bytes(byte for _, byte in taken)


def silent(command, good):
    return b""


def damaged(command, good):
    frame = bytearray(encode_frame(good))
    frame[5] ^= 0x01
    return bytes(frame)


def refusing(status):
    return lambda command, good: encode_frame(reply_packet(command, status))


# --- what goes right ---


def test_read_bytes_on_the_wire():
    port = Controller()
    assert PayloadLink(port).read(0x40, 8) == bytes(range(0x40, 0x48))
    assert port.commands[0][:15] == bytes.fromhex("FE 01 4C 20 67 0001 00 00000040 000008")


def test_write_and_read_back():
    port = Controller()
    link = PayloadLink(port)
    link.write(0x40, b"\xc0\xdb\xdc\xdd")
    assert port.memory[0x40:0x44] == b"\xc0\xdb\xdc\xdd"
    assert link.read(0x40, 4) == b"\xc0\xdb\xdc\xdd"


def test_read_modify_write_gives_the_old_word():
    port = Controller()
    link = PayloadLink(port)
    assert link.read_modify_write(0x40, 0xFFFF0000, 0x00FF00FF) == 0x40414243
    assert link.read(0x40, 4) == bytes.fromhex("40FF4200")


def test_a_read_costs_its_bytes_and_nothing_else():
    port = Controller()
    PayloadLink(port).read(0x40, 64)
    command, reply = 16 + 4, 64 + 13 + 4
    escapes = 0
    assert port.now_s == pytest.approx((command + reply + escapes) * BYTE_S + TURNAROUND_S)
    assert port.reads == 2


@pytest.mark.parametrize("data", [b"\xc0" * 64, b"\xdb" * 64, b"\xdc\xdb" * 32])
def test_escapes_cost_their_bytes_and_no_timeout(data):
    port = Controller()
    port.memory[0x100:0x140] = data
    link = PayloadLink(port)
    assert link.read(0x100, 64) == data
    escapes = data.count(b"\xc0") + data.count(b"\xdb")
    assert (101 + escapes) * BYTE_S <= port.now_s - TURNAROUND_S <= (101 + escapes + 4) * BYTE_S
    assert link.counters.timeouts == 0


def test_long_transfers_are_split():
    port = Controller()
    link = PayloadLink(port)
    assert link.read(0, 1024) == bytes(range(256)) * 4
    assert [int.from_bytes(command[12:15], "big") for command in port.commands] == [512, 512]
    link.write(0x100, bytes(600))
    assert [len(command) - 17 for command in port.commands[2:]] == [256, 256, 88]
    assert port.memory[0x100 : 0x100 + 600] == bytes(600)
    assert link.counters.transactions == 5


def test_empty_transfers_are_transactions():
    port = Controller()
    link = PayloadLink(port)
    assert link.read(0x40, 0) == b""
    link.write(0x40, b"")
    assert len(port.commands) == 2


def test_transaction_ids_wrap():
    port = Controller()
    link = PayloadLink(port)
    for _ in range(65537):
        link._next_id()
    link.read(0, 4)
    assert port.commands[0][5:7] == b"\x00\x02"


# --- what goes wrong ---


def test_silence_costs_the_timeout_of_every_try():
    port = Controller([silent] * 3)
    link = PayloadLink(port, timeout_s=0.02, retries=2)
    with pytest.raises(LinkTimeout) as caught:
        link.read(0x100, 64)
    assert str(caught.value) == (
        "read of 64 bytes at 0x0100: no valid reply within 0.02 s in 3 tries; "
        "last seen: nothing whole"
    )
    assert port.now_s == pytest.approx(3 * (0.02 + 20 * BYTE_S), abs=5 * BYTE_S)
    counters = link.counters
    assert (counters.transactions, counters.retries) == (1, 2)
    assert (counters.timeouts, counters.failed) == (3, 1)


def test_a_retry_helps_and_has_an_id_of_its_own():
    port = Controller([silent, silent])
    link = PayloadLink(port)
    assert link.read(0, 4) == b"\x00\x01\x02\x03"
    assert [command[6] for command in port.commands] == [1, 2, 3]
    assert (link.counters.retries, link.counters.failed) == (2, 0)


def test_lost_replies_of_many_transactions_can_be_bounded():
    port = Controller([silent, silent, None, silent, silent])
    link = PayloadLink(port)
    link.losses_left = 3
    assert link.read(0, 4) == b"\x00\x01\x02\x03"  # at the third try
    with pytest.raises(LinkTimeout, match="in 1 try;"):
        link.read(0, 4)
    link.losses_left = 3
    assert link.read(0, 4) == b"\x00\x01\x02\x03"
    assert (len(port.commands), link.counters.timeouts) == (6, 4)


def test_no_retry_for_what_must_not_be_repeated():
    port = Controller([silent])
    with pytest.raises(LinkTimeout, match="in 1 try;"):
        PayloadLink(port).write(0x80, b"\x5a\xfe\xc0\xde", retries=0)
    assert len(port.commands) == 1


def test_a_damaged_frame_is_counted_and_retried():
    port = Controller([damaged])
    link = PayloadLink(port)
    assert link.read(0, 4) == b"\x00\x01\x02\x03"
    assert (link.counters.crc_errors, link.counters.retries) == (1, 1)


def test_a_bad_escape_is_counted():
    port = Controller([lambda command, good: b"\xc0\x01\xdb\x02" + bytes(13) + b"\xc0"])
    link = PayloadLink(port)
    assert link.read(0, 4) == b"\x00\x01\x02\x03"
    assert link.counters.framing_errors == 1


def test_an_endless_frame_is_cut_off():
    port = Controller([lambda command, good: b"\x55" * 20000])
    port.timeout = 10.0
    link = PayloadLink(port, timeout_s=1.0, retries=0)
    with pytest.raises(LinkTimeout):
        link.read(0, 4)
    # no more is read than the limit and one read on top
    assert port.now_s < (20 + BABBLE_BYTES + 600) * BYTE_S + TURNAROUND_S


def test_an_oversize_frame_is_counted():
    port = Controller([lambda command, good: encode_frame(bytes(600)) + encode_frame(good)])
    link = PayloadLink(port)
    assert link.read(0, 4) == b"\x00\x01\x02\x03"
    assert link.counters.oversize_errors == 1


def edited(position, value, fix_crcs=False):
    """A reply with one byte changed under a good CRC-16."""

    def step(command, good):
        if fix_crcs:
            data = good[12:-1] if not good[2] & 0x20 else b""
            return encode_frame(reply_packet(command, 0, data, **{f"b{position}": value}))
        packet = bytearray(good)
        packet[position] ^= value
        return encode_frame(bytes(packet))

    return step


@pytest.mark.parametrize(
    ("step", "counter", "text"),
    [
        (edited(11, 0xFF), "header_crc_errors", "CRC-8 wrong"),
        (edited(13, 0x01), "data_crc_errors", "data field of 4 bytes: CRC-8 wrong"),
        (edited(1, 2, True), "malformed", "protocol identifier 0x02, expected 0x01"),
        (edited(0, 0x68, True), "wrong_address", "reply from 0xFE to 0x68"),
        (edited(4, 0xFD, True), "wrong_address", "reply from 0xFD to 0x67"),
        (edited(2, 0x08, True), "wrong_instruction", "reply to instruction 0x08"),
        (edited(6, 0x77, True), "stale_replies", "reply to transaction 119"),
        (edited(10, 5, True), "length_errors", "its length field 5 needs 18"),
        (
            lambda command, good: encode_frame(reply_packet(command, 0, b"abc")),
            "length_errors",
            "reply with 3 of 4 bytes",
        ),
        (damaged, "crc_errors", "a damaged frame"),
    ],
)
def test_each_wrong_reply_has_its_counter(step, counter, text):
    port = Controller([step])
    link = PayloadLink(port, retries=0)
    with pytest.raises(LinkBadReply) as caught:
        link.read(0, 4)
    assert text in str(caught.value)
    assert getattr(link.counters, counter) == 1
    assert link.counters.bad_replies == (0 if counter == "crc_errors" else 1)
    assert link.counters.failed == 1
    assert link.read(0, 4) == b"\x00\x01\x02\x03"


@pytest.mark.parametrize("length", [4, 64])
def test_a_refusal_is_told_at_once(length):
    port = Controller([refusing(10)])
    link = PayloadLink(port)
    with pytest.raises(LinkRefused) as caught:
        link.read(0x3000, length)
    assert caught.value.status == 10
    assert str(caught.value) == (
        f"read of {length} bytes at 0x3000: refused with status "
        "10 (command not implemented or not authorised)"
    )
    # a refusal is shorter than the reply: no timeout is spent on the difference
    assert port.now_s == pytest.approx(37 * BYTE_S + TURNAROUND_S)
    assert link.counters.refused == {10: 1}
    assert (link.counters.retries, link.counters.timeouts, link.counters.failed) == (0, 0, 1)


def test_a_refusal_with_an_escape_is_told_at_once_too():
    port = Controller([refusing(0xC0)])
    with pytest.raises(LinkRefused, match=r"192 \(reserved\)"):
        PayloadLink(port).read(0x3000, 64)
    assert port.now_s == pytest.approx(38 * BYTE_S + TURNAROUND_S)


@pytest.mark.parametrize("status", [4, 5, 6, 7])
def test_damage_on_the_way_there_is_retried(status):
    port = Controller([refusing(status)])
    link = PayloadLink(port)
    link.write(0x40, b"abcd")
    assert link.counters.refused == {status: 1}
    assert link.counters.retries == 1


def test_a_late_reply_is_told_from_the_one_awaited():
    held = []

    def late(command, good):
        held.append(encode_frame(good))
        return b""

    def after_it(command, good):
        return held[0] + encode_frame(good)

    port = Controller([late, after_it])
    link = PayloadLink(port)
    assert link.read(0x10, 4) == b"\x10\x11\x12\x13"
    assert link.counters.stale_replies == 1
    assert link.counters.retries == 1


@pytest.mark.parametrize("stale", [0, 4, 64, 300])
@pytest.mark.parametrize("length", [None, 0, 4, 300])
def test_an_older_reply_of_any_length_costs_no_timeout(stale, length):
    def behind(command, good):
        older = bytes([0x67, 1, 0x0C, 0, 0xFE, 0xAB, 0xCD, 0]) + stale.to_bytes(3, "big")
        older += bytes([crc8(older)]) + bytes(stale) + b"\0"
        return encode_frame(older) + encode_frame(good)

    port = Controller([behind])
    link = PayloadLink(port)
    if length is None:
        link.write(0x40, b"abcd")
    else:
        link.read(0x40, length)
    assert link.counters.stale_replies == 1
    assert (link.counters.timeouts, link.counters.retries) == (0, 0)
    assert port.reads < 40  # and it is not fetched byte by byte


@pytest.mark.parametrize("noise", [b"\x00", b"\x55" * 7, b"\xdb", b"\xc0\xc0", b"\x01\xc0\x02"])
def test_noise_before_the_reply_costs_no_timeout(noise):
    port = Controller([lambda command, good: noise + encode_frame(good)])
    link = PayloadLink(port)
    assert link.read(0x40, 64) == bytes(range(0x40, 0x80))
    assert (link.counters.timeouts, link.counters.retries) == (0, 0)


def test_a_reply_with_a_lost_byte_or_a_lost_end():
    port = Controller(
        [
            lambda command, good: encode_frame(good)[:6] + encode_frame(good)[7:],
            lambda command, good: encode_frame(good)[:-1],
        ]
    )
    link = PayloadLink(port)
    assert link.read(0x40, 8) == bytes(range(0x40, 0x48))
    assert link.counters.timeouts == 2
    assert link.counters.crc_errors == 1


def test_a_reply_that_crawls_in_is_awaited_no_longer_than_the_timeout_per_read():
    port = Controller([lambda command, good: encode_frame(good)[:5]])
    with pytest.raises(LinkTimeout):
        PayloadLink(port, timeout_s=0.01, retries=0).read(0x40, 8)
    assert port.now_s == pytest.approx(20 * BYTE_S + 0.01)


def test_a_port_that_fails():
    class Unplugged(Controller):
        def write(self, data):
            raise serial.SerialException("device disconnected")

    link = PayloadLink(Unplugged())
    with pytest.raises(LinkDown, match="port failed: device disconnected"):
        link.read(0, 4)
    assert (link.counters.port_errors, link.counters.failed, link.counters.retries) == (1, 1, 0)


def test_every_link_error_is_a_link_error():
    for kind in (LinkTimeout, LinkBadReply, LinkRefused, LinkDown):
        assert issubclass(kind, LinkError)


def test_works_on_pyserials_own_loopback():
    """`loop://` echoes: a command is no reply, and the link says so."""
    port = serial.serial_for_url("loop://", timeout=0.01)
    link = PayloadLink(port, timeout_s=0.005, retries=1)
    with pytest.raises(LinkBadReply, match="is not that of a reply"):
        link.read(0, 4)
    assert link.counters.malformed == 2
    port.close()


def test_counters_may_be_exchanged_at_any_time():
    port = Controller([damaged, None, damaged])
    link = PayloadLink(port)
    link.read(0, 4)
    link.counters = LinkCounters()
    link.read(0, 4)
    assert (link.counters.crc_errors, link.counters.transactions) == (1, 1)
