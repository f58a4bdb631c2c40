"""The simulated RTL as a lockstep target: its queue, its memory access, its end."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial

import hil.ports  # noqa: F401  makes rtl:// known
from fsw import registers as r
from fsw.payload_link import PayloadLink
from fsw.register_map import Register
from fsw.rmap import ReadCommand, decode_reply, encode_command
from fsw.slip import FrameDecoder, encode_frame
from gateware.bench import message
from hil.errors import InjectionError, SimulatorDied
from hil.ports.lockstep import LockstepPort
from hil.targets.rtl import RtlTarget

ROOT = Path(__file__).resolve().parents[2]
TICK_NS = 10_000_000


@pytest.fixture(scope="module")
def shared_port() -> Iterator[LockstepPort]:
    with serial.serial_for_url("rtl://", timeout=0.1) as port:
        yield port


@pytest.fixture
def port(shared_port: LockstepPort) -> LockstepPort:
    """The port, its controller in its reset state, at the beginning of a tick."""
    target = shared_port.target
    target.advance_to((target.now_ns // TICK_NS + 1) * TICK_NS)
    shared_port.reset_input_buffer()
    target.reset()
    return shared_port


@pytest.fixture
def link(port: LockstepPort) -> PayloadLink:
    return PayloadLink(port)


@pytest.fixture
def target(port: LockstepPort) -> RtlTarget:
    assert isinstance(port.target, RtlTarget)
    return port.target


def word(link: PayloadLink, register: Register) -> int:
    return int.from_bytes(link.read(register.address, 4), "big")


def sensors(trays: int = 18, current: int = 0) -> bytes:
    """All zero but the current of tray 0."""
    vector = bytearray(32 + 16 * trays)
    vector[32 + 6 : 32 + 8] = current.to_bytes(2, "big")
    return bytes(vector)


def test_ecss_write_command_is_refused_for_its_key(port: LockstepPort) -> None:
    # The write command of ECSS-E-ST-50-52C, annex A: its key is 0, flight registers have 0x20.
    packet = bytes.fromhex("FE016C0067000000A00000000000109F0123456789ABCDEF101112131415161756")
    port.write(encode_frame(packet))
    reply = port.read(12)
    assert reply[:8].hex() == "c067012c03fe0000"  # status 3, invalid key
    assert reply[-1] == 0xC0


def test_actuators_after_power_on(target: RtlTarget) -> None:
    # pump A 0x4000, pump B and bypass 0; the thermostat heats, coolant supply A reads 0; caps open.
    assert target.actuators() == bytes(16) + bytes.fromhex("4000 0000 0000 ffff 00000000") + (
        b"\xff" * 72
    )


def test_ticks_fall_on_multiples_of_10_ms(link: PayloadLink, target: RtlTarget) -> None:
    start = target.now_ns
    assert start % TICK_NS == 0
    target.advance_to(start + TICK_NS - 1)
    target.advance_to(start + TICK_NS - 2)  # never back
    assert target.now_ns == start + TICK_NS - 1
    assert word(link, r.IDENTITY_UPTIME) == 0
    target.advance_to(start + 2 * TICK_NS)
    assert word(link, r.IDENTITY_UPTIME) == 2
    target.advance_to(start + 600_000 * TICK_NS)  # more ticks than a request takes
    assert word(link, r.IDENTITY_UPTIME) == 600_000


def test_sensors_arrive_byte_by_byte(link: PayloadLink, target: RtlTarget) -> None:
    vector = bytes(i % 251 for i in range(32 + 16 * 18))
    target.set_sensors(vector)
    fast = link.read(r.FAST.base, 64)
    assert fast[0x10:0x1C] == vector[0:12]
    assert fast[0x20:0x34] == vector[12:32]
    trays = link.read(r.TRAYS.base, 16 * 18)
    assert trays[4:16] == vector[36:48]
    assert trays[17 * 16 + 4 :] == vector[32 + 17 * 16 + 4 :]


def test_a_wrong_sensor_vector_is_refused(target: RtlTarget) -> None:
    with pytest.raises(ValueError, match="of 31 bytes, must be 320 for 18 trays"):
        target.set_sensors(bytes(31))


def test_every_queued_sensor_vector_acts(link: PayloadLink, target: RtlTarget) -> None:
    link.write(r.CONTROL_POWER_SWITCH.address, bytes((0, 0, 0, 1)))
    target.set_sensors(sensors(current=40_001))
    target.set_sensors(sensors(current=40_000))
    assert word(link, r.FAST_OVER_CURRENT) == 1
    assert word(link, r.FAST_POWERED) == 0


def test_ticks_before_and_after_sensors_keep_their_order(
    link: PayloadLink, target: RtlTarget
) -> None:
    hot = bytearray(sensors())
    hot[32 + 8 : 32 + 10] = (40_000).to_bytes(2, "big")  # GPU of tray 0, limit 37,315
    link.write(r.CONTROL_POWER_SWITCH.address, bytes((0, 0, 0, 1)))
    start = target.now_ns
    target.set_sensors(bytes(hot))
    target.advance_to(start + 9 * TICK_NS)
    target.set_sensors(sensors())
    target.advance_to(start + 10 * TICK_NS)
    target.set_sensors(bytes(hot))
    target.advance_to(start + 19 * TICK_NS)
    assert word(link, r.FAST_OVER_TEMPERATURE) == 0  # 9 ticks, one cool, 9 ticks; debounce is 10
    target.advance_to(start + 20 * TICK_NS)
    assert word(link, r.FAST_OVER_TEMPERATURE) == 1


def test_a_minor_cycle_is_one_message(
    target: RtlTarget, port: LockstepPort, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[int, bytes]] = []
    call = target.process.call

    def counted(kind: int, payload: bytes = b"") -> bytes:
        calls.append((kind, payload))
        return call(kind, payload)

    monkeypatch.setattr(target.process, "call", counted)
    before = target.actuators()
    target.set_sensors(sensors())
    target.advance_to(target.now_ns + 10 * TICK_NS)
    port.write(b"\xc0\xc0")
    assert target.actuators() == before
    segment = b"\x01" + bytes((0, 0, 0, 10)) + bytes((0, 2)) + sensors() + b"\xc0\xc0"
    assert calls == [(message.RUN, segment)]


def test_replies_longer_than_the_reply_buffer(link: PayloadLink, target: RtlTarget) -> None:
    pattern = bytes(i * 7 % 256 for i in range(512))
    link.write(r.MEMORY.base, pattern[:256])
    link.write(r.MEMORY.base + 256, pattern[256:])
    read = ReadCommand(address=r.MEMORY.base, length=512, key=r.FLIGHT_KEY)
    command = encode_frame(encode_command(read))
    decoder = FrameDecoder()
    payloads = decoder.feed(target.exchange(command * 40))  # 800 bytes in, 20 kB out
    assert [decode_reply(payload).data for payload in payloads] == [pattern] * 40


def test_flips_take_and_are_corrected(link: PayloadLink, target: RtlTarget) -> None:
    address = r.MEMORY.base + 4 * 1023
    link.write(address, bytes.fromhex("DEADBEEF"))
    codeword = target.peek_memory(1023)
    assert codeword & 0xFFFF_FFFF == 0xDEAD_BEEF
    assert target.flip_memory(1023, 1 << 38) == codeword ^ 1 << 38
    assert target.peek_memory(1023) == codeword ^ 1 << 38
    assert word(link, r.FAST_MEMORY_ERRORS) == 0
    assert link.read(address, 4).hex() == "deadbeef"
    assert word(link, r.FAST_MEMORY_ERRORS) == 1 << 16
    assert target.peek_memory(1023) == codeword


def test_flips_of_frames_take_and_are_corrected(link: PayloadLink, target: RtlTarget) -> None:
    assert target.flip_config(255, 1 << 31) == 1 << 31 == target.peek_config(255)
    assert link.read(r.CONFIG_FRAMES.base + 1020, 4).hex() == "80000000"
    link.write(r.CONTROL_CONFIG_SCAN.address, bytes.fromhex("80000001"))
    target.advance_to((target.now_ns // TICK_NS + 16) * TICK_NS)
    assert target.peek_config(255) == 0
    assert word(link, r.DIAGNOSTICS_CONFIG_ERRORS) == 1 << 16
    with pytest.raises(IndexError, match="frame word 256, must be 0 to 255"):
        target.peek_config(256)
    with pytest.raises(ValueError, match="flip mask 0x100000000, must be 1 to 0xffffffff"):
        target.flip_config(0, 1 << 32)


def test_a_flip_that_does_not_take_is_an_error(
    target: RtlTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = target.process.call
    monkeypatch.setattr(
        target.process,
        "call",
        lambda kind, payload=b"": bytes(8) if kind == message.FLIP else call(kind, payload),
    )
    with pytest.raises(InjectionError, match="flip of memory word 5: read back 0x0000000000, exp"):
        target.flip_memory(5, 1)


def test_a_register_flip_that_does_not_take_is_an_error(
    target: RtlTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = target.process.call
    monkeypatch.setattr(
        target.process,
        "call",
        lambda kind, payload=b"": (
            bytes(8 + target.actuator_bytes)
            if kind == message.FLIP_REGISTER
            else call(kind, payload)
        ),
    )
    with pytest.raises(InjectionError, match="flip of copy b of thermostat: read back 0x0, expec"):
        target.flip_register("thermostat", "b", 1)


@pytest.mark.parametrize(("index", "mask"), [(1024, 1), (-1, 1), (0, 0), (0, 1 << 39)])
def test_flips_out_of_range(target: RtlTarget, index: int, mask: int) -> None:
    with pytest.raises((IndexError, ValueError), match="must be"):
        target.flip_memory(index, mask)


def test_reset_is_power_on(link: PayloadLink, target: RtlTarget) -> None:
    link.write(r.CONTROL_SCRATCH.address, b"abcd")
    link.write(r.MEMORY.base, b"abcd")
    target.set_sensors(b"\xff" * 320)
    target.advance_to(target.now_ns + TICK_NS)
    before_ns = target.now_ns
    target.reset()
    assert target.now_ns == before_ns
    assert link.read(r.CONTROL_SCRATCH.address, 4) == bytes(4)
    assert target.peek_memory(0) == 0
    assert link.read(r.FAST_BUS.address, 4) == bytes(4)
    assert word(link, r.IDENTITY_UPTIME) == 0


def test_reset_cause() -> None:
    with RtlTarget(trays=1) as target:
        read = ReadCommand(address=r.DIAGNOSTICS_RESET_CAUSE.address, length=4, key=r.FLIGHT_KEY)
        for cause in (1, 2, 2):
            (payload,) = FrameDecoder().feed(target.exchange(encode_frame(encode_command(read))))
            assert decode_reply(payload).data == cause.to_bytes(4, "big")
            target.reset()


def test_one_tray() -> None:
    with serial.serial_for_url("rtl://?trays=1", timeout=0.1) as port:
        port.target.set_sensors(bytes(32) + bytes(range(16)))
        assert PayloadLink(port).read(r.TRAYS.base + 4, 12) == bytes(range(4, 16))
        assert len(port.target.actuators()) == 32


def test_a_killed_simulator_is_reported_by_every_call() -> None:
    target = RtlTarget()
    directory = target.process.log.parent
    os.kill(target.process.pid, signal.SIGKILL)
    target.set_sensors(sensors())
    for use in (target.actuators, target.reset, lambda: target.exchange(b"\xc0")):
        with pytest.raises(SimulatorDied, match="signal SIGKILL") as caught:
            use()
        assert "running gateware.bench.lockstep.serve" in str(caught.value)
        assert caught.value.exit_code == 3
    target.close()
    target.close()
    assert not directory.exists()
    with pytest.raises(SimulatorDied):
        target.reset()


def test_a_simulator_killed_while_it_is_waited_for() -> None:
    with RtlTarget() as target:
        pid = target.process.pid
        os.kill(pid, signal.SIGSTOP)
        thread = threading.Thread(target=os.kill, args=(pid, signal.SIGKILL))
        thread.start()
        with pytest.raises(SimulatorDied, match="SIGKILL"):
            target.exchange(b"\xc0")
        thread.join()


def test_an_interrupt_ends_the_simulator() -> None:
    with RtlTarget() as target:
        os.kill(target.process.pid, signal.SIGSTOP)
        thread = threading.Timer(0.2, os.kill, args=(os.getpid(), signal.SIGINT))
        thread.start()
        with pytest.raises(KeyboardInterrupt):
            target.exchange(b"\xc0")
        with pytest.raises(SimulatorDied, match="interrupt"):
            target.exchange(b"\xc0")


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs pidfd_open")
def test_the_simulator_ends_with_its_parent() -> None:
    script = "import os, sys; from hil.targets.rtl import RtlTarget; t = RtlTarget();" + (
        "print(t.process.pid, flush=True); sys.stdin.read()"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None and parent.stdin is not None
    with parent:
        simulator = os.pidfd_open(int(parent.stdout.readline()))
        parent.kill()
        parent.stdin.close()
    ended, _, _ = select.select([simulator], [], [], 60)
    os.close(simulator)
    assert ended
