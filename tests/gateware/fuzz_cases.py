"""What the fuzzer puts to the controllers: seeded episodes of frames, half of them damaged.

A case is one frame with what goes on around it: ticks, sensor values, upsets. An episode starts
from reset. It draws how often each kind of damage and each kind of surroundings comes up, so that
some episodes are quiet enough to get somewhere and others are nothing but noise. The
episodes behind the first begin with a storm each, which takes a counter once round.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

from fuzz_mutations import FRAME_MUTATIONS, PACKET_MUTATIONS
from fuzz_steps import Case, Flip, FrameFlip, Sensors, Step, Ticks
from fuzz_storms import STORM, STORMS
from traffic import READ_MODIFY_WRITE, READS, TRAYS, WRITES, command, image_writes

from fsw import registers as r
from fsw.register_map import Region
from gateware.model_link import crc8, encode_frame
from gateware.model_watchdog import ENTER_SAFE_KEY, KICK_KEY, LEAVE_SAFE_KEY

EPISODE_CASES = 5000
SENSOR_BYTES = 32 + 16 * TRAYS


READABLE = [region for region in r.REGIONS if "r" in region.access]
WRITABLE = [  # but injection, where a word drawn at random ends all traffic
    region for region in r.REGIONS if "w" in region.access and region is not r.INJECTION
]
FLIPS = [r.FLIP_REGISTERS, r.FLIP_MEMORY, r.FLIP_CHECK, r.FLIP_CONFIG]
FRAMES = [r.CONFIG_FRAMES, r.FLIP_CONFIG]  # where words drawn at random leave no frame good
WORDS = [0, 1, 2, 3, 0x8000_0000, 0x8000_0001, 0x8000_0003, 0xFFFF_FFFF, 0xC0DB_DCDD, 0xDBDB_C0C0]
WORDS += [KICK_KEY, ENTER_SAFE_KEY, LEAVE_SAFE_KEY, 1 << TRAYS, (1 << 18) - 1]
COUNTS = [1, 1, 1, 1, 2, 3, 4, 7, 11, 16, 17, 32, 63, 64, 100, 127, 128]  # words
KEYS = [bytes((key,)) for key in (r.FLIGHT_KEY, r.TEST_KEY, 0x00, r.TEST_KEY ^ 1, 0xFF)]
INITIATORS = [0x67] * 6 + [0xC0, 0xDB, 0x00, 0xFF]
TICKS = [1, 1, 1, 2, 2, 3, 3, 4, 5, 9, 10, 19, 20, 21, 50, 100, 600]
READINGS = [0, 98, 99, 100, 101, 102, 0x1234, 0xFFFF]
ALL = 0xFFFF_FFFF
SETPOINTS = [  # where a write has consequences, and values that bring them about soon
    (r.CONTROL_POWER_SWITCH, (0, 1, 0x2_0001, ALL, ALL)),
    (r.CONTROL_THERMOSTAT, (0, 100, 0xFFFF)),
    (r.CONTROL_OVER_TEMPERATURE_LIMIT, (100 << 16 | 100, 101 << 16 | 99, ALL, ALL, 0)),
    (r.CONTROL_OVER_TEMPERATURE_DEBOUNCE, (0, 1, 2, 5)),
    (r.CONTROL_OVER_CURRENT_LIMIT, (0, 99, 100, 0xFFFF, 0xFFFF)),
    (r.CONTROL_WATCHDOG, (0, 1 << 31, 1 << 31 | 2, 1 << 31 | 8, 1 << 31 | 300)),
    (r.CONTROL_SCRUB, (0, 1 << 31, 1 << 31 | 2, 1 << 31 | 30)),
    (r.COMMAND_WATCHDOG_KICK, (KICK_KEY, KICK_KEY, 0)),
    (r.COMMAND_SAFE, (LEAVE_SAFE_KEY, LEAVE_SAFE_KEY, ENTER_SAFE_KEY)),
    (r.COMMAND_OVER_TEMPERATURE_CLEAR, (1, ALL)),
    (r.COMMAND_OVER_CURRENT_CLEAR, (1, ALL)),
    (r.COMMAND_TRAY_RESET, (0, 1, 1 << TRAYS, ALL)),
    (r.COMMAND_TRAY_SCRUB, (0, 1, 1 << TRAYS, ALL)),
    (r.COMMAND_TRAY_RELOAD, (0, 1, 1 << TRAYS, ALL)),
    (r.CONTROL_CONFIG_SCAN, (0, 1 << 31, 1 << 31 | 2, 1 << 31 | 30)),
    (r.INJECTION_SOURCE, (0, 0, 1)),
    (r.INJECTION_SENSOR_FAULT, (0, 1 << 30 | 19 << 16, 2 << 30 | 20 << 16 | 1, 2 << 30 | 6 << 16)),
    (r.INJECTION_REPLY_FAULT, (0, 1 << 30 | 1, 1 << 30 | 2, 2 << 30 | 1, 2 << 30 | 3)),
]
HANG_TICKS = [1, 1, 2, 3, 5]
WAKE = [  # undo a safe state and trips, which would end all change
    (r.COMMAND_SAFE, LEAVE_SAFE_KEY),
    (r.CONTROL_OVER_TEMPERATURE_LIMIT, ALL),
    (r.CONTROL_OVER_CURRENT_LIMIT, 0xFFFF),
    (r.COMMAND_OVER_TEMPERATURE_CLEAR, ALL),
    (r.COMMAND_OVER_CURRENT_CLEAR, ALL),
    (r.CONTROL_POWER_SWITCH, ALL),
    (r.CONTROL_CONFIG_SCAN, 1 << 31 | 1),
    (r.INJECTION_SOURCE, 0),
]


def episode(seed: int, number: int) -> Iterator[Case]:
    """The cases of an episode, always the same ones."""
    source = Source(Random(f"racksat {seed} {number}"))
    if 0 < number <= len(STORMS):
        yield Case(tuple(STORMS[number - 1]()), STORM)
    while True:
        yield source.case()


@dataclass
class Source:
    """Draws cases."""

    rng: Random
    sensors: bytearray = field(default_factory=lambda: bytearray(SENSOR_BYTES))

    def __post_init__(self) -> None:
        rng = self.rng
        self.packet_mutations = _some(rng, list(PACKET_MUTATIONS))
        self.frame_mutations = _some(rng, list(FRAME_MUTATIONS))
        self.tick_share = rng.choice([0.01, 0.04, 0.15])
        self.stall_share = rng.choice([0.0, 0.02, 0.1])
        self.sensor_share = rng.choice([0.0, 0.01, 0.05])
        self.flip_share = rng.choice([0.0, 0.002, 0.02])
        self.frame_share = rng.choice([0.0, 0.01, 0.05])
        self.hang_share = rng.choice([0.0, 0.002, 0.01])
        self.wake_share = rng.choice([0.005, 0.02])
        self.writable = WRITABLE
        if self.frame_share:
            self.writable = [region for region in WRITABLE if region not in FRAMES]
        self.last = encode_frame(self.packet())

    def case(self) -> Case:
        """The next case."""
        rng = self.rng
        steps: list[Step] = []
        if rng.random() < self.tick_share:
            steps.append(Ticks(rng.choice(TICKS)))
        if rng.random() < self.sensor_share:
            steps.append(self.readings())
        if rng.random() < self.flip_share:
            bits = rng.sample(range(39), rng.choice([1, 1, 1, 2, 2, 3]))
            word = rng.choice([rng.randrange(16), rng.randrange(1024)])
            steps.append(Flip(word, sum(1 << bit for bit in bits)))
        if rng.random() < self.frame_share:
            steps += self.frame_trouble()
        if rng.random() < self.hang_share:
            ticks = rng.choice(HANG_TICKS)
            steps.append(encode_frame(_write(r.INJECTION_LINK_HANG.address, ticks)))
            steps.append(Ticks(0))  # nothing goes out in one batch with it
            steps += [encode_frame(self.packet()), Ticks(rng.choice([1, ticks, 5]))]
        if rng.random() < self.wake_share:
            steps += [encode_frame(_write(reg.address, word)) for reg, word in WAKE]
        damage = ""
        packet = self.packet()
        if rng.random() < 0.5:
            damage, wire = self.damaged(packet)
        else:
            wire = encode_frame(packet)
        if rng.random() < self.stall_share:
            cut = rng.randrange(len(wire) + 1)
            steps += [wire[:cut], Ticks(rng.choice([1, 2, 2, 3, 3, 4])), wire[cut:]]
            damage = f"{damage} stall".strip()
        else:
            steps.append(wire)
        self.last = wire
        return Case(tuple(steps), damage)

    def damaged(self, packet: bytes) -> tuple[str, bytes]:
        """A frame that was a good one, and what happened to it."""
        rng = self.rng
        how = rng.random()
        names = []
        if how < 0.6:
            name = rng.choice(self.packet_mutations)
            packet = PACKET_MUTATIONS[name](rng, bytearray(packet))
            names.append(name)
        wire = encode_frame(packet)
        if how >= 0.5:
            name = rng.choice(self.frame_mutations)
            wire = bytes(FRAME_MUTATIONS[name](rng, bytearray(wire), self.last))
            names.append(name)
        if hangs(wire):
            return "", self.last
        return ", ".join(names), wire

    def frame_trouble(self) -> list[Step]:
        """Good configuration frames, or upsets in them of one bit, two neighbours or two others."""
        rng = self.rng
        if rng.random() < 0.1:
            return [image_writes(rng, rng.choice([0, 0, 1])), Ticks(rng.choice([15, 16, 32]))]
        position = rng.randrange(1, 16 * 512)
        positions = [position, rng.choice([position - 1, rng.randrange(16 * 512)])]
        del positions[rng.choice([1, 2]) :]
        flips = [FrameFlip(at // 32, 1 << 31 - at % 32) for at in positions]
        if rng.random() < 0.5:
            return [*flips, Ticks(rng.choice([1, 16]))]
        return [
            encode_frame(_write(r.FLIP_CONFIG.base + 4 * flip.word, flip.mask)) for flip in flips
        ]

    def packet(self) -> bytes:
        """A command that is executed: a place, a length and a key as they should be."""
        rng = self.rng
        what = rng.random()
        if what < 0.35:
            register, values = rng.choice(SETPOINTS)
            packet = _write(register.address, rng.choice(values), rng.choice(WRITES))
        elif what < 0.6:
            instruction = rng.choice(READS)
            address, length = self.place(READABLE, 128, bool(instruction & 4))
            packet = command(instruction, address, length)
        elif what < 0.75:
            region = rng.choice([region for region in self.writable if region.access == "rw"])
            address = rng.randrange(region.base, region.end(TRAYS), 4)
            packet = command(READ_MODIFY_WRITE, address, 8, self.data(8))
        else:
            instruction = rng.choice(WRITES)
            address, length = self.place(self.writable, 64, bool(instruction & 4))
            flips = any(region.base <= address < region.base + region.size for region in FLIPS)
            data = self.flips(length) if flips else self.data(length)
            packet = command(instruction, address, length, data)
        transaction = rng.choice([rng.randbytes(2), b"\xc0\xdb", b"\xdb\xdc"])
        key = packet[3:4] if rng.random() < 0.98 else rng.choice(KEYS)
        header = packet[:3] + key + bytes((rng.choice(INITIATORS),)) + transaction + packet[7:15]
        return header + bytes((crc8(header),)) + packet[16:]

    def place(self, regions: Sequence[Region], most: int, increment: bool) -> tuple[int, int]:
        """Address and length inside one of these regions, at most so many words."""
        rng = self.rng
        region = rng.choice(regions)
        base, end = region.base, region.end(TRAYS)
        address = rng.randrange(base, end, 4)
        if rng.random() < 0.3:
            address = base
        length = 4 * min(rng.choice(COUNTS), most) if rng.random() < 0.97 else 0
        return address, min(length, end - address) if increment else length

    def data(self, length: int) -> bytes:
        """Data bytes; many need an escape."""
        rng = self.rng
        if rng.random() < 0.2:
            return rng.choice([b"\xc0", b"\xdb", b"\xdc", b"\xdd", b"\x00"]) * length
        words = [rng.choice([rng.choice(WORDS), rng.getrandbits(32)]) for _ in range(length // 4)]
        return b"".join(word.to_bytes(4, "big") for word in words)

    def flips(self, length: int) -> bytes:
        """Masks, most of them of no bit or of one."""
        rng = self.rng
        words = [
            rng.choice([0, 0, 0, 1 << rng.randrange(32), rng.getrandbits(32) if how else 0])
            for how in (rng.random() < 0.1 for _ in range(length // 4))
        ]
        return b"".join(word.to_bytes(4, "big") for word in words)

    def readings(self) -> Sensors:
        """The sensor vector with some readings changed."""
        rng = self.rng
        how = rng.random()
        if how < 0.2:
            self.sensors[:] = bytes(SENSOR_BYTES)
        elif how < 0.3:
            self.sensors[:] = rng.randbytes(SENSOR_BYTES)
        else:
            for _ in range(rng.randrange(1, 6)):
                at = 2 * rng.randrange(SENSOR_BYTES // 2)
                if rng.random() < 0.7:
                    at = 32 + 16 * rng.randrange(TRAYS) + rng.choice([6, 8, 10])
                self.sensors[at : at + 2] = rng.choice(READINGS).to_bytes(2, "big")
        return Sensors(bytes(self.sensors))


def hangs(wire: bytes) -> bool:
    """Whether something that looks like a write of a long hang of the link is in these bytes."""
    for part in wire.split(b"\xc0"):
        body = part.replace(b"\xdb\xdc", b"\xc0").replace(b"\xdb\xdd", b"\xdb")
        if len(body) > 16 and body[3] == r.TEST_KEY and body[2] & 0x20:
            address, length = int.from_bytes(body[8:12], "big"), int.from_bytes(body[12:15], "big")
            if address <= r.INJECTION_LINK_HANG.address < address + max(length, 4):
                return True
    return False


def _some(rng: Random, names: list[str]) -> list[str]:
    """Names drawn with weights of their own; never none."""
    drawn = [name for name in names for _ in range(rng.choice([0, 1, 1, 4]))]
    return drawn or names


def _write(address: int, word: int, instruction: int = 0x6C) -> bytes:
    return command(instruction, address, 4, word.to_bytes(4, "big"))
