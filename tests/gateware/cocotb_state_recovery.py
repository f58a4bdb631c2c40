"""State registers forced to values that do not exist: the link serves again after two ENDs."""

from __future__ import annotations

from typing import Any

import cocotb
from cocotb.handle import Immediate
from cocotb.triggers import Timer
from controller_bench import ControllerBench, unframe

from fsw import registers as r
from tests.conformance import wire

GOOD = wire.frame(wire.command(wire.READ, r.IDENTITY_ID.address, 4))
LONG = wire.frame(wire.command(wire.READ, r.MEMORY.base, 256))
ONE_HOT = {"rmap_target": 7, "frame_encoder": 5, "memory": 4}


def illegal(width: int) -> list[int]:
    """Values of a one-hot register with no bit set, or several."""
    return [value for value in range(1 << width) if value.bit_count() != 1]


async def serves(bench: ControllerBench, place: str) -> None:
    """A good frame after two ENDs is answered, whatever came out before."""
    await bench.step(700)  # what the upset has set off runs out
    reply = await bench.exchange(b"\xc0\xc0" + GOOD)
    assert len(reply) > 2, f"{place}: no reply"
    frame = b"\xc0" + reply.strip(b"\xc0").split(b"\xc0")[-1] + b"\xc0"
    assert unframe(frame)[12:16] == b"RKST", f"{place}: {reply.hex()}"


@cocotb.test()
async def every_upset_of_a_state_is_illegal(dut: Any) -> None:
    """One-hot: any one bit flipped gives none of the states, so nothing is acted on."""
    bench = await ControllerBench(dut).start()
    for module, width in ONE_HOT.items():
        state = getattr(dut.controller, module).state_q
        assert len(state) == width
        idle = int(state.value)
        assert idle.bit_count() == 1
        for bit in range(width):
            state.value = Immediate(idle ^ 1 << bit)
            await bench.step()
            assert int(state.value) == idle, f"{module} from {idle ^ 1 << bit:#b}"


@cocotb.test()
async def idle_in_an_illegal_state(dut: Any) -> None:
    bench = await ControllerBench(dut).start()
    await bench.write(r.MEMORY.base, 0x12345678)
    await bench.write(r.CONTROL_SCRATCH, 0x12345678)
    forced = 0
    for module, width in ONE_HOT.items():
        state = getattr(dut.controller, module).state_q
        for value in illegal(width):
            bench.received.clear()
            state.value = Immediate(value)
            await bench.step(3)
            assert dut.idle.value, f"{module} {value:#b}"
            assert not bench.received, f"{module} {value:#b} sends {bench.received.hex()}"
            await serves(bench, f"{module} {value:#b}")
            forced += 1
    assert forced == 121 + 27 + 12
    assert await bench.word(r.MEMORY.base) == 0x12345678
    assert await bench.word(r.CONTROL_SCRATCH) == 0x12345678


@cocotb.test()
async def illegal_in_the_middle_of_a_reply(dut: Any) -> None:
    bench = await ControllerBench(dut).start()
    for module, width in ONE_HOT.items():
        state = getattr(dut.controller, module).state_q
        for value in illegal(width):
            await bench.feed(LONG)
            await bench.step(60)
            assert dut.tx_valid.value
            state.value = Immediate(value)
            await serves(bench, f"{module} {value:#b} in a reply")


@cocotb.test()
async def a_reply_given_up_is_closed(dut: Any) -> None:
    """Its frame ends at once and has no good CRC-16; the next reply is a frame of its own."""
    bench = await ControllerBench(dut).start()
    bench.received.clear()
    await bench.feed(LONG)
    await bench.step(60)
    dut.controller.rmap_target.state_q.value = Immediate(0)
    await bench.step(10)
    assert dut.idle.value
    broken = bytes(bench.received)
    assert broken[0] == 0xC0 and broken[-1] == 0xC0 and 40 < len(broken) < 80
    body = broken.strip(b"\xc0")
    assert wire.crc16(body[:-2]) != int.from_bytes(body[-2:], "big")
    assert unframe(await bench.exchange(GOOD))[12:16] == b"RKST"


@cocotb.test()
async def receiver_flags_between_frames(dut: Any) -> None:
    """Registers that are clear between frames, forced to everything they can hold."""
    bench = await ControllerBench(dut).start()
    receiver = dut.controller.frame_receiver
    registers = {
        receiver.slip_decoder.active_q: range(1, 2),
        receiver.slip_decoder.escaped_q: range(1, 2),
        receiver.slip_decoder.error_q: range(1, 2),
        receiver.slip_decoder.silence_q: range(1, 4),
        receiver.frame_checker.count_q: range(1, 512),
        receiver.frame_checker.crc_q: [1 << bit for bit in range(16)],
        receiver.rmap_receiver.position_q: range(1, 512),
        dut.controller.rmap_target.position_q: range(1, 16),
        dut.controller.rmap_target.unsent_q: range(1, 256),
        dut.controller.rmap_target.words_q: range(1, 256),
        dut.controller.frame_encoder.slip_encoder.second_valid_q: range(1, 2),
    }
    for register, values in registers.items():
        for value in values:
            register.value = Immediate(value)
            await bench.step()
            reply = await bench.exchange(b"\xc0\xc0" + GOOD)
            frame = b"\xc0" + reply.strip(b"\xc0").split(b"\xc0")[-1] + b"\xc0"
            assert unframe(frame)[12:16] == b"RKST", f"{register._path} {value}: {reply.hex()}"


@cocotb.test()
async def an_upset_pointer_empties_the_input(dut: Any) -> None:
    """Between frames nothing follows; within one, that frame is dropped and no other."""
    bench = await ControllerBench(dut).start()
    fifo = dut.controller.frame_receiver.byte_fifo
    pointers = [(fifo.write_q, 10), (fifo.read_q, 10)]
    pointers += [(fifo.write_parity_q, 1), (fifo.read_parity_q, 1)]
    dropped = 0
    for pointer, width in pointers:
        for bit in range(width):
            place = f"bit {bit} of {pointer._path}"
            pointer.value = Immediate(int(pointer.value) ^ 1 << bit)
            await Timer(1, "ns")
            assert fifo.o_lost.value, place
            await bench.step()
            assert not fifo.o_lost.value and int(fifo.write_q.value) == 0, place
            await bench.until_idle()
            await bench.exchange(b"\xc0")  # the error mark of what was lost, and its frame's END
            dropped += 1
            await bench.feed(GOOD[:9])
            pointer.value = Immediate(int(pointer.value) ^ 1 << bit)
            await bench.feed(GOOD[9:])
            await bench.until_idle()
            dropped += 1
            assert unframe(await bench.exchange(GOOD))[12:16] == b"RKST", place
    assert await bench.fields(r.DIAGNOSTICS_FRAME_ERRORS) == {"crc": 0, "framing": dropped}


@cocotb.test()
async def words_of_a_reply_run_out(dut: Any) -> None:
    bench = await ControllerBench(dut).start()
    for register in (dut.controller.rmap_target.unsent_q, dut.controller.rmap_target.words_q):
        for value in (0, 1, 5, 255):
            await bench.feed(LONG)
            await bench.step(60)
            register.value = Immediate(value)
            await bench.step(600)
            await serves(bench, f"{register._path} {value}")


@cocotb.test()
async def silence_ends_a_frame_from_any_count(dut: Any) -> None:
    bench = await ControllerBench(dut).start()
    decoder = dut.controller.frame_receiver.slip_decoder
    await bench.feed(b"\xc0\xfe\x01")
    await bench.step(5)
    decoder.silence_q.value = Immediate(3)  # one more than it ever counts to
    await bench.tick()
    assert decoder.active_q.value == 0
    assert (await bench.fields(r.DIAGNOSTICS_FRAME_ERRORS))["framing"] == 1


@cocotb.test()
async def uart_recovers(dut: Any) -> None:
    bench = await ControllerBench(dut).start()
    dut.line_in.value = 1
    await bench.step(20)
    for value in range(12, 16):
        dut.uart_rx.bit_q.value = Immediate(value)
        for _ in range(3):
            await bench.step()
            assert not dut.line_valid.value and not dut.line_error.value
        assert int(dut.uart_rx.bit_q.value) == 10, "not awaiting a start bit"
    for value in range(11, 16):
        dut.uart_tx.left_q.value = Immediate(value)
        await bench.step()
        assert dut.send_ready.value and dut.line_out.value
