"""Time that is warped and time that is clocked through end in the same state.

The same script runs on the controller in lockstep, which is clocked only while it has something to
do, and on the controller as on a board: every clock between two ticks, bytes bit by bit through
the UARTs, ticks from its own prescaler. The script keeps its frames between two ticks; the full
clock's bench ends the simulation when one does not fit.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from fsw import registers as r
from fsw.register_map import Register
from fsw.rmap import (
    Command,
    ReadCommand,
    ReadModifyWriteCommand,
    WriteCommand,
    decode_reply,
    encode_command,
)
from fsw.slip import FrameDecoder, encode_frame
from hil.targets.lockstep import LockstepTarget
from hil.targets.rtl import RtlTarget

TRAYS = 18
TICK_NS = 10_000_000
TICKS = 300
ACTUATOR_BYTES = 28 + 4 * TRAYS
CLOCK_HZ = 1_000_000  # 10,000 clocks a tick
BAUD = 250_000  # 4 clocks a bit, 250 byte times a tick

POWER_ALL = (1 << TRAYS) - 1
HOT, COOL = 38_000, 31_000  # raw GPU temperature; the limit after reset is 37,315
OVERLOAD, LOAD = 40_001, 3_000  # raw current; the limit after reset is 40,000


@pytest.fixture(scope="module")
def targets() -> Iterator[tuple[LockstepTarget, LockstepTarget]]:
    clocked = {"CLOCK_HZ": CLOCK_HZ, "BAUD": BAUD}
    with (
        RtlTarget(TRAYS) as warped,
        RtlTarget(TRAYS, top="full_clock_top", parameters=clocked) as full,
    ):
        yield warped, full


@dataclass
class Observer:
    """Does things to a target and keeps everything it answers."""

    target: LockstepTarget
    seen: list[bytes]

    def to_tick(self, tick: int) -> None:
        self.target.advance_to(tick * TICK_NS)
        self.seen.append(self.target.actuators())

    def send(self, data: bytes) -> bytes:
        reply = self.target.exchange(data)
        self.seen += [reply, self.target.actuators()]
        return reply

    def command(self, command: Command) -> bytes:
        return self.send(encode_frame(encode_command(command)))

    def write(self, register: Register, word: int) -> None:
        data = word.to_bytes(4, "big")
        self.command(WriteCommand(address=register.address, data=data, key=r.FLIGHT_KEY))

    def read(self, address: int, length: int) -> bytes:
        return self.command(ReadCommand(address=address, length=length, key=r.FLIGHT_KEY))


def sensors(gpu: int, current: int, fill: int) -> bytes:
    """Every tray with this GPU temperature; tray 0 with this current, the others with LOAD."""
    vector = bytearray((fill + i) % 192 for i in range(32))  # no byte that SLIP escapes
    for tray in range(TRAYS):
        vector += bytes(6) + (current if tray == 0 else LOAD).to_bytes(2, "big")
        vector += gpu.to_bytes(2, "big") + bytes(6)
    return bytes(vector)


def fly(target: LockstepTarget) -> Observer:
    """The script: each mechanism that counts ticks, crossed with traffic drawn from a seed."""
    draw = random.Random(2024)
    observer = Observer(target, [])
    events: dict[int, Callable[[], object]] = {
        1: lambda: observer.write(r.CONTROL_POWER_SWITCH, POWER_ALL),
        2: lambda: observer.write(r.CONTROL_SCRUB, 0x8000_0003),
        3: lambda: observer.write(r.CONTROL_OVER_TEMPERATURE_DEBOUNCE, 5),
        4: lambda: observer.write(r.CONTROL_CONFIG_SCAN, 0x8000_0002),
        5: lambda: observer.write(r.COMMAND_TRAY_RESET, 0b0101),  # 20 ticks
        11: lambda: observer.write(r.COMMAND_TRAY_RESET, 0b1000),
        20: lambda: target.set_sensors(sensors(HOT, LOAD, 1)),
        24: lambda: target.set_sensors(sensors(COOL, LOAD, 2)),  # one tick before the trip
        40: lambda: target.set_sensors(sensors(HOT, LOAD, 3)),
        60: lambda: target.set_sensors(sensors(COOL, OVERLOAD, 4)),
        61: lambda: observer.write(r.COMMAND_OVER_TEMPERATURE_CLEAR, POWER_ALL),
        63: lambda: target.set_sensors(sensors(COOL, LOAD, 5)),
        64: lambda: observer.write(r.COMMAND_OVER_CURRENT_CLEAR, POWER_ALL),
        70: lambda: observer.write(r.CONTROL_WATCHDOG, 0x8000_0010),
        80: lambda: observer.write(r.COMMAND_WATCHDOG_KICK, 0x5AFE_C0DE),
        90: lambda: observer.write(r.COMMAND_WATCHDOG_KICK, 0xBAD0_BAD0),
        120: lambda: observer.write(r.COMMAND_SAFE, 0x5AFE_0000),
        130: lambda: observer.write(r.CONTROL_WATCHDOG, 0),
        150: lambda: observer.send(b"\xc0\xfe\x01"),  # a frame that stops: 3 ticks of silence
        160: lambda: observer.send(b"\xc0\xdb\xc0"),  # a bad escape
        170: lambda: observer.send(b"\xc0" + bytes(20) + b"\xc0"),  # a bad CRC
    }
    for tick in range(TICKS):
        observer.to_tick(tick)
        if tick in events:
            events[tick]()
        elif tick % 10 == 6:
            target.flip_memory(draw.randrange(40), 1 << draw.randrange(39))
        elif tick % 50 == 27:
            target.flip_memory(draw.randrange(40), 3 << draw.randrange(38))
        elif tick % 40 == 28:
            target.flip_config(draw.randrange(256), 1 << draw.randrange(32))
        elif not 150 <= tick < 155:
            traffic(observer, draw)
    return observer


def traffic(observer: Observer, draw: random.Random) -> None:
    """One transaction out of the usual ones, or none."""
    word = r.MEMORY.base + 4 * draw.randrange(40)
    kind = draw.randrange(6)
    if kind == 0:
        data = bytes(draw.randrange(192) for _ in range(4 * draw.randint(1, 16)))
        observer.command(WriteCommand(address=word, data=data, key=r.FLIGHT_KEY))
    elif kind == 1:
        observer.command(
            ReadModifyWriteCommand(
                address=word, data=bytes(4), mask=b"\0\0\xff\0", key=r.FLIGHT_KEY
            )
        )
    elif kind == 2:
        observer.read(r.FAST.base, 64)
    elif kind == 3:
        observer.read(word, 4 * draw.randint(1, 8))
    elif kind == 4:
        observer.read(r.DIAGNOSTICS.base, 4 * draw.randint(1, 17))  # beyond its end: refused


def final_state(observer: Observer) -> dict[str, bytes]:
    """Every readable region, by name, and the stored codewords."""
    state = {}
    tick = TICKS
    for region in r.REGIONS:
        if "r" not in region.access or region == r.MEMORY:
            continue
        for address in range(region.base, region.end(TRAYS), 32):
            tick += 1
            observer.to_tick(tick)
            length = min(32, region.end(TRAYS) - address)
            state[f"{region.name} {address:#x}"] = observer.read(address, length)
    state["codewords"] = b"".join(
        observer.target.peek_memory(word).to_bytes(5, "big") for word in range(1024)
    )
    return state


def test_warped_and_full_clock_end_in_the_same_state(
    targets: tuple[LockstepTarget, LockstepTarget],
) -> None:
    warped, full = map(fly, targets)
    assert len(warped.seen) == len(full.seen) > TICKS
    for index, (ours, theirs) in enumerate(zip(warped.seen, full.seen, strict=True)):
        assert ours == theirs, f"observation {index}"
    ours, theirs = final_state(warped), final_state(full)
    assert ours == theirs
    assert len(ours) >= 10
    assert_everything_happened(observer=warped, state=ours)


def assert_everything_happened(observer: Observer, state: dict[str, bytes]) -> None:
    """The script has set off what it was written for: equal but idle would prove nothing."""

    def fields(register: Register) -> dict[str, int]:
        block = register.address // 32 * 32
        data = b"".join(data for name, data in state.items() if name.endswith(f" {block:#x}"))
        (payload,) = FrameDecoder().feed(data)
        start = register.address - block
        return register.unpack(int.from_bytes(decode_reply(payload).data[start : start + 4], "big"))

    assert fields(r.IDENTITY_UPTIME)["ticks"] == TICKS + 1
    memory = fields(r.FAST_MEMORY_ERRORS)
    assert memory["corrected"] >= 5
    assert memory["uncorrectable"] >= 1
    assert fields(r.FAST_ACTIVITY)["trips"] == TRAYS + 1  # all too hot, one overloaded
    assert fields(r.DIAGNOSTICS_WATCHDOG_EVENTS) == {"expired": 1, "bad_kicks": 1}
    assert fields(r.DIAGNOSTICS_FRAME_ERRORS) == {"crc": 1, "framing": 2}
    assert fields(r.DIAGNOSTICS_COMMANDS_REFUSED)["last_status"] == 10
    assert fields(r.DIAGNOSTICS_SCRUB_PROGRESS)["next_word"] > 0
    assert fields(r.DIAGNOSTICS_CONFIG_ERRORS)["corrected"] >= 5
    assert fields(r.DIAGNOSTICS_CONFIG_PROGRESS)["passes"] > TICKS // 2 // 16 - 2
    lines = {
        int.from_bytes(seen[4:8], "big") for seen in observer.seen if len(seen) == ACTUATOR_BYTES
    }
    assert lines == {0, 0b0101, 0b1101}
    flags = [seen[27] for seen in observer.seen if len(seen) == ACTUATOR_BYTES]
    assert flags[0] == 0 and 1 in flags and flags[-1] == 0  # safe, and left
