"""Every RMAP command that is executed, with its reply."""

import pytest

from fsw import registers as r

from .wire import READ, READ_SAME, REPLY_BIT, command, crc8

SCRATCH = r.CONTROL_SCRATCH.address
MEMORY = r.MEMORY.base


def exchange(link, packet, reply):
    assert link.exchange(bytes.fromhex(packet)).hex() == reply


def test_read_reply(link):
    exchange(link, "fe014c20671234000000000000000461", "67010c00fe1234000000044c524b5354e2")


def test_read_same_word_reply(link):
    exchange(
        link,
        "fe014820671234000000000000000817",
        "67010800fe123400000008f5524b5354524b53547d",
    )


def test_write_and_read_back_escaped_bytes(link):
    link.send_raw(bytes.fromhex("c0fe017c2067dbdcdbdd000000006800000470dbdcdbdddcddfd0875c0"))
    assert link.port.read(14) == bytes.fromhex("c067013c00fedbdcdbdd79da13c0")
    link.send_raw(bytes.fromhex("c0fe014c2067dbdcdbdd000000006800000437faffc0"))
    assert link.port.read(25) == bytes.fromhex("c067010c00fedbdcdbdd000000040adbdcdbdddcddfd0f81c0")


def test_read_modify_write_reply_is_the_old_word(link):
    link.set(SCRATCH, 0x1234_5678)
    reply = link.exchange(bytes.fromhex("fe015c2067567800000000680000080c0000ffff00ff00ff72"))
    head = bytes.fromhex("67011c00fe567800000004")
    data = bytes.fromhex("12345678")
    assert reply == head + bytes((crc8(head),)) + data + bytes((crc8(data),))
    assert link.word(SCRATCH) == 0x1200_56FF


@pytest.mark.parametrize(
    "data, mask, after",
    [
        (0x0000_0000, 0x0000_0000, 0xA5A5_5A5A),
        (0xFFFF_FFFF, 0x0000_0000, 0xA5A5_5A5A),
        (0x0000_0000, 0xFFFF_FFFF, 0x0000_0000),
        (0xFFFF_0000, 0x00FF_FF00, 0xA5FF_005A),
        (0x1234_5678, 0xFFFF_FFFF, 0x1234_5678),
    ],
)
def test_read_modify_write_masks(link, data, mask, after):
    for address in (SCRATCH, MEMORY + 0x40):
        link.set(address, 0xA5A5_5A5A)
        assert link.modify(address, data, mask) == 0xA5A5_5A5A
        assert link.word(address) == after


@pytest.mark.parametrize("increment", [False, True], ids=["same", "incrementing"])
@pytest.mark.parametrize("reply", [False, True], ids=["silent", "acknowledged"])
@pytest.mark.parametrize("verify", [False, True], ids=["unverified", "verified"])
def test_write_variants(link, verify, reply, increment):
    link.write(MEMORY, bytes(12))
    data = bytes.fromhex("111111112222222233333333")
    instruction = 0x60 | verify << 4 | reply << 3 | increment << 2
    link.send(command(instruction, MEMORY, 12, data, transaction=0x4321))
    if reply:
        head = bytes((0x67, 1, instruction & 0x3F, 0, 0xFE, 0x43, 0x21))
        assert link.reply() == head + bytes((crc8(head),))
    else:
        link.assert_silent()
    expected = data if increment else data[8:] + bytes(8)
    assert link.read(MEMORY, 12) == expected


def test_read_same_word_repeats_it(link):
    link.write(MEMORY, bytes.fromhex("deadbeef00000001"))
    reply = link.exchange(command(READ_SAME, MEMORY, 12))
    assert reply[12:-1] == bytes.fromhex("deadbeef") * 3


def test_read_incrementing(link):
    words = bytes(range(64))
    link.write(MEMORY + 0x100, words)
    assert link.read(MEMORY + 0x100, 64) == words
    assert link.read(MEMORY + 0x104, 8) == words[4:12]


@pytest.mark.parametrize("transaction", [0x0000, 0xFFFF, 0xC0DB, 0x00FF])
def test_transaction_is_echoed(link, transaction):
    reply = link.exchange(command(READ, SCRATCH, 4, transaction=transaction))
    assert reply[5:7] == transaction.to_bytes(2, "big")


@pytest.mark.parametrize("initiator", [0x20, 0x67, 0xC0, 0xDB, 0xFE, 0xFF])
def test_initiator_is_addressed(link, initiator):
    reply = link.exchange(command(READ, SCRATCH, 4, initiator=initiator))
    assert reply[0] == initiator
    assert reply[4] == 0xFE


@pytest.mark.parametrize("instruction", [READ, READ_SAME])
def test_read_of_nothing(link, instruction):
    reply = link.exchange(command(instruction, SCRATCH, 0, transaction=0x1234))
    head = bytes((0x67, 1, instruction & 0x3F, 0, 0xFE, 0x12, 0x34, 0, 0, 0, 0))
    assert reply == head + bytes((crc8(head), 0))


def test_write_of_nothing(link):
    link.set(SCRATCH, 0x0BAD_F00D)
    reply = link.exchange(bytes.fromhex("fe017c206712340000000068000000e900"))
    head = bytes.fromhex("67013c00fe1234")
    assert reply == head + bytes((crc8(head),))
    assert link.word(SCRATCH) == 0x0BAD_F00D


def test_longest_write_and_read(link):
    first = bytes(i * 7 + 1 & 0xFF for i in range(256))
    second = bytes(i * 5 + 2 & 0xFF for i in range(256))
    link.write(MEMORY, first)
    link.write(MEMORY + 256, second)
    assert link.read(MEMORY, 512) == first + second


def test_longest_write_of_bytes_that_need_escapes(link):
    data = b"\xc0\xdb\xdc\xdd" * 64
    link.write(MEMORY + 0xF00, data)
    assert link.read(MEMORY + 0xF00, 256) == data


def test_data_crc_of_zero_bytes(link):
    reply = link.exchange(command(READ, SCRATCH, 4))
    assert reply[-5:] == bytes(5)


def test_commands_are_counted_after_their_reply(link):
    first = link.fields(r.FAST_ACTIVITY)["commands"]
    assert link.fields(r.FAST_ACTIVITY)["commands"] == first + 1 & 0xFFFF
    link.send(command(READ & ~REPLY_BIT & 0xFF | 0x20, SCRATCH, 4, bytes(4)))  # silent write
    assert link.fields(r.FAST_ACTIVITY)["commands"] == first + 3 & 0xFFFF
