"""Frames in and out of the controller: SLIP, CRC-16, lengths, timeouts, flow control."""

from __future__ import annotations

import binascii
import random
from typing import Any

import cocotb
from controller_bench import ControllerBench, unframe

from fsw import registers as r
from tests.conformance import wire

END, ESC = b"\xc0", b"\xdb"
PROBE = wire.command(wire.READ, 0x0000, 4)
MAGIC = bytes.fromhex("524B5354")


async def drops(bench: ControllerBench) -> tuple[int, int, int]:
    """Frames dropped so far: framing, oversize, CRC. Their sum must be in the fast block."""
    errors = await bench.fields(r.DIAGNOSTICS_FRAME_ERRORS)
    oversize = (await bench.fields(r.DIAGNOSTICS_FRAME_ERRORS_2))["oversize"]
    dropped = (await bench.fields(r.FAST_FRAMES))["dropped"]
    assert dropped == errors["framing"] + oversize + errors["crc"]
    return errors["framing"], oversize, errors["crc"]


async def assert_answers(bench: ControllerBench) -> None:
    assert await bench.read(0x0000) == MAGIC


@cocotb.test()
async def literal_frame_and_reply(dut: Any) -> None:
    bench = await ControllerBench(dut).start()
    # Read 4 bytes from 0x0000, which hold "RKST". CRC-16 by binascii.crc_hqx(packet, 0xFFFF).
    command = bytes.fromhex("C0 FE014C2067000100 00000000000004 49 2551 C0")
    reply = bytes.fromhex("C0 67010C00FE000100 000004 76 524B5354 E2 5D43 C0")
    assert await bench.exchange(command) == reply


@cocotb.test()
async def escapes_both_ways(dut: Any) -> None:
    bench = await ControllerBench(dut).start()
    word = bytes.fromhex("C0DBDCDD")
    write = wire.frame(wire.command(wire.WRITE, 0x68, 4, word))
    assert bytes.fromhex("DBDCDBDDDCDD") in write
    await bench.exchange(write)
    reply = await bench.exchange(wire.frame(wire.command(wire.READ, 0x68, 4)))
    assert bytes.fromhex("DBDCDBDDDCDD") in reply
    assert unframe(reply)[12:16] == word
    assert await drops(bench) == (0, 0, 0)


@cocotb.test()
async def empty_frames_are_no_frames(dut: Any) -> None:
    bench = await ControllerBench(dut).start()
    assert await bench.exchange(END * 7) == b""
    assert await drops(bench) == (0, 0, 0)


@cocotb.test()
async def one_end_between_frames_is_enough(dut: Any) -> None:
    bench = await ControllerBench(dut).start()
    body = wire.frame(PROBE)[1:]
    replies = await bench.exchange(END + body * 3)
    assert replies.count(MAGIC) == 3


@cocotb.test()
async def bad_escapes_are_framing_errors(dut: Any) -> None:
    bench = await ControllerBench(dut).start()
    good = wire.frame(PROBE)
    for count, bad in enumerate(
        (
            END + ESC + b"\x00" + good[1:],  # ESC, anything
            END + ESC + ESC + good[1:],  # ESC, ESC
            good[:-1] + ESC + END,  # ESC, END: the END ends the frame
            END + ESC + END,
        ),
        start=1,
    ):
        assert await bench.exchange(bad) == b"", bad.hex()
        assert (await drops(bench))[0] == count
    assert await drops(bench) == (4, 0, 0)
    await assert_answers(bench)


@cocotb.test()
async def lengths_at_the_limits(dut: Any) -> None:
    bench = await ControllerBench(dut).start()
    body = bytes(range(256)) * 2
    for length in (1, 2):  # too short to hold a CRC-16 and a byte; CRC-16 of nothing included
        await bench.exchange(END + wire.escape(b"\xff" * length) + END)
    assert await drops(bench) == (0, 0, 2)
    # 275 bytes with a good CRC-16 are a frame (of no RMAP packet: discarded), 276 are too many
    await bench.exchange(wire.frame(body[:273]))
    assert (await bench.fields(r.DIAGNOSTICS_FRAME_ERRORS_2))["discarded"] == 1
    await bench.exchange(wire.frame(body[:274]))
    assert await drops(bench) == (0, 1, 2)
    await bench.exchange(wire.frame(body * 10))  # nothing wraps
    assert await drops(bench) == (0, 2, 2)
    await assert_answers(bench)


@cocotb.test()
async def one_byte_packet_is_received_and_discarded(dut: Any) -> None:
    bench = await ControllerBench(dut).start()
    assert await bench.exchange(wire.frame(b"\xfe")) == b""
    assert await drops(bench) == (0, 0, 0)
    assert (await bench.fields(r.DIAGNOSTICS_FRAME_ERRORS_2))["discarded"] == 1


@cocotb.test()
async def every_single_bit_error_is_dropped(dut: Any) -> None:
    bench = await ControllerBench(dut).start()
    good = wire.command(wire.WRITE, 0x68, 4, b"\x11\x22\x33\x44")
    body = good + wire.crc16(good).to_bytes(2, "big")
    for bit in range(8 * len(body)):
        flipped = bytearray(body)
        flipped[bit // 8] ^= 0x80 >> bit % 8
        assert await bench.exchange(END + wire.escape(bytes(flipped)) + END) == b""
    assert await drops(bench) == (0, 0, 8 * len(body))
    assert await bench.word(r.CONTROL_SCRATCH) == 0


@cocotb.test()
async def every_bit_of_the_crc16_counts(dut: Any) -> None:
    bench = await ControllerBench(dut).start()
    # What to add to the CRC-16 of a frame so that a single bit is left over in the receiver's.
    wrong = {binascii.crc_hqx(k.to_bytes(2, "big"), 0): k for k in range(1 << 16)}
    for bit in range(16):
        body = PROBE + (wire.crc16(PROBE) ^ wrong[1 << bit]).to_bytes(2, "big")
        assert await bench.exchange(END + wire.escape(body) + END) == b""
    assert await drops(bench) == (0, 0, 16)


@cocotb.test()
async def precedence_of_drop_causes(dut: Any) -> None:
    bench = await ControllerBench(dut).start()
    long = b"\x00" * 300
    await bench.exchange(END + long + ESC + b"\x00" + END)  # oversize, then a bad escape
    assert await drops(bench) == (1, 0, 0)
    await bench.exchange(END + long + END)  # oversize, wrong CRC-16 as well
    assert await drops(bench) == (1, 1, 0)


@cocotb.test()
async def error_mark_drops_its_frame_only(dut: Any) -> None:
    bench = await ControllerBench(dut).start()
    good = wire.frame(PROBE)
    bench.received.clear()
    await bench.feed(good[:9])
    await bench.mark_error()
    await bench.feed(good[9:] + good)
    await bench.until_idle()
    assert bytes(bench.received).count(MAGIC) == 1
    assert await drops(bench) == (1, 0, 0)
    await bench.mark_error()  # between frames: a byte was lost there, which spoils no later frame
    reply = await bench.exchange(good)
    assert MAGIC in reply
    assert await drops(bench) == (2, 0, 0)


@cocotb.test()
async def timeout_falls_at_the_third_silent_tick(dut: Any) -> None:
    bench = await ControllerBench(dut).start()
    good = wire.frame(PROBE)
    await bench.feed(good[:5])
    await bench.until_idle()
    await bench.tick(2)
    assert MAGIC in await bench.exchange(good[5:])  # two ticks are no timeout
    await bench.exchange(good[:5])
    await bench.tick(2)
    await bench.exchange(good[5:6])  # a byte in between starts the count anew
    await bench.tick(2)
    assert MAGIC in await bench.exchange(good[6:])
    assert await drops(bench) == (0, 0, 0)
    await bench.exchange(good[:5])
    await bench.tick(3)
    # dropped at the tick: what follows is a new frame, and a CRC error of its own
    await bench.exchange(good[5:])
    assert await drops(bench) == (1, 0, 1)
    await assert_answers(bench)


@cocotb.test()
async def timeout_needs_a_frame_in_progress(dut: Any) -> None:
    bench = await ControllerBench(dut).start()
    await bench.exchange(END)
    await bench.tick(5)
    assert await drops(bench) == (0, 0, 0)
    await bench.exchange(END + ESC)  # a lone ESC is a byte
    await bench.tick(3)
    assert await drops(bench) == (1, 0, 0)
    await bench.exchange(ESC + b"\x01")  # so is a frame that is already in error; counted once
    await bench.tick(6)
    assert await drops(bench) == (2, 0, 0)
    await assert_answers(bench)


@cocotb.test()
async def commands_wait_in_order_while_replies_are_stalled(dut: Any) -> None:
    bench = await ControllerBench(dut).start()
    bench.received.clear()
    bench.ready = lambda clock: False
    words = [bytes((k, 0xC0, 0xDB, k)) for k in range(20)]
    data = b"".join(wire.frame(wire.command(wire.WRITE, 0x68, 4, word)) for word in words[:8])
    data += wire.frame(wire.command(wire.READ, 0x68, 4))
    assert len(data) < 512
    await bench.feed(data)
    await bench.step(100)
    assert not bench.received
    bench.ready = lambda clock: True
    await bench.until_idle()
    replies = bytes(bench.received)
    assert replies.count(END) == 18
    last = END + replies[:-1].split(END)[-1] + END
    assert unframe(last)[12:16] == words[7]


@cocotb.test()
async def back_pressure_changes_no_byte(dut: Any) -> None:
    bench = await ControllerBench(dut).start()
    rng = random.Random(1055)
    # 64 words full of bytes to be escaped
    data = b"".join(bytes(rng.choice(b"\xc0\xdb\xdc\x00") for _ in range(4)) for _ in range(64))
    await bench.execute(wire.WRITE, 0x10000, 256, data)
    command = wire.frame(wire.command(wire.READ, 0x10000, 256))
    unhindered = await bench.exchange(command)
    assert unframe(unhindered)[12:-1] == data
    pattern = [rng.random() < 0.4 for _ in range(997)]
    bench.ready = lambda clock: pattern[clock % 997]
    assert await bench.exchange(command) == unhindered


@cocotb.test()
async def full_input_fifo_loses_nothing(dut: Any) -> None:
    bench = await ControllerBench(dut).start()
    bench.received.clear()
    frames = [wire.frame(wire.command(wire.READ, 0, 4, transaction=0x4100 + k)) for k in range(60)]
    data = b"".join(frames)
    assert len(data) > 2 * 512
    bench.ready = lambda clock: clock % 8 == 0  # slower out than in: the FIFO fills up
    await bench.feed(data)
    await bench.until_idle(20_000)
    replies = [wire.END.to_bytes(1, "big") + part for part in bytes(bench.received).split(END)]
    identifiers = [part[6:8] for part in replies if len(part) > 1]
    assert identifiers == [(0x4100 + k).to_bytes(2, "big") for k in range(60)]
    bench.ready = lambda clock: True
    assert await drops(bench) == (0, 0, 0)
