"""Two controllers side by side through the same random commands, ticks, sensors and faults.

A flip of a triplicated register is repaired before the next step, as `flip_register` says: two
copies are never upset at once, which the golden model has no notion of.
"""

from __future__ import annotations

from random import Random

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule
from traffic import (
    FLIP_REGIONS,
    FLIPPED_BITS,
    FLIPPED_WORDS,
    FLIPS,
    INJECTIONS,
    READINGS,
    SETPOINTS,
    STREAMS,
    TICKS,
    TRAYS,
    broken_headers,
    broken_packets,
    command,
    commands,
    image_writes,
    word_write,
)

from fsw import registers as r
from fsw.register_map import Region, Register
from gateware.model_link import encode_frame
from gateware.model_watchdog import ENTER_SAFE_KEY, KICK_KEY, LEAVE_SAFE_KEY
from gateware.triplication import COPIES, triplicated
from hil.targets.lockstep import LockstepTarget


class Equivalence(RuleBasedStateMachine):
    """Two controllers that must not be told apart."""

    def __init__(self, model: LockstepTarget, other: LockstepTarget) -> None:
        super().__init__()
        self.targets = (model, other)
        self.sensors = bytearray(32 + 16 * TRAYS)
        self.flipped: set[int] = set()
        for target in self.targets:
            target.reset()

    def exchange(self, data: bytes) -> None:
        """Send bytes to both; replies and actuators must agree."""
        expected, got = (target.exchange(data) for target in self.targets)
        assert got == expected, f"{data.hex()} answered with {got.hex()}, model {expected.hex()}"
        self.compare_actuators()

    def present_sensors(self) -> None:
        for target in self.targets:
            target.set_sensors(bytes(self.sensors))

    def compare_actuators(self) -> None:
        expected, got = (target.actuators() for target in self.targets)
        assert got == expected, f"actuators {got.hex()}, model {expected.hex()}"

    @rule(packet=commands())
    def send_command(self, packet: bytes) -> None:
        self.exchange(encode_frame(packet))

    @rule(setpoints=st.lists(SETPOINTS, min_size=1, max_size=4))
    def write_setpoints(self, setpoints: list[tuple[int, int]]) -> None:
        self.exchange(b"".join(encode_frame(word_write(*setpoint)) for setpoint in setpoints))

    @rule(packet=st.one_of(broken_headers(), broken_packets()))
    def send_broken_packet(self, packet: bytes) -> None:
        self.exchange(encode_frame(packet))

    @rule(streams=st.lists(STREAMS, min_size=1, max_size=3))
    def send_anything(self, streams: list[bytes]) -> None:
        self.exchange(b"".join(streams))

    @rule(packet=commands(), cut=st.integers(0, 30), count=st.integers(1, 4))
    def send_with_a_pause(self, packet: bytes, cut: int, count: int) -> None:
        frame = encode_frame(packet)
        self.exchange(frame[:cut])
        self.let_ticks_pass(count)
        self.exchange(frame[cut:])

    @rule(count=TICKS, look=st.booleans())
    def let_ticks_pass(self, count: int, look: bool = True) -> None:
        for target in self.targets:
            target.advance_to((target.now_ns // target.tick_ns + count) * target.tick_ns)
        if look:
            self.compare_actuators()

    @rule(
        tray=st.integers(0, TRAYS - 1),
        offset=st.sampled_from([8, 10]),
        debounce=st.integers(0, 4),
        counts=st.lists(st.integers(1, 3), min_size=1, max_size=3),
    )
    def heat_a_tray(self, tray: int, offset: int, debounce: int, counts: list[int]) -> None:
        self.exchange(
            encode_frame(word_write(r.CONTROL_OVER_TEMPERATURE_DEBOUNCE.address, debounce))
            + encode_frame(word_write(r.COMMAND_SAFE.address, LEAVE_SAFE_KEY))
            + encode_frame(word_write(r.CONTROL_POWER_SWITCH.address, 0xFFFF_FFFF))
            + encode_frame(word_write(r.COMMAND_OVER_TEMPERATURE_CLEAR.address, 1 << tray))
        )
        at = 32 + 16 * tray + offset
        self.sensors[at : at + 2] = b"\xff\xfe"
        self.present_sensors()
        for count in counts:
            self.let_ticks_pass(count)

    @rule(
        register=st.sampled_from(
            [r.COMMAND_TRAY_RESET, r.COMMAND_TRAY_SCRUB, r.COMMAND_TRAY_RELOAD]
        ),
        writes=st.lists(
            st.tuples(st.sampled_from([0, 0, 1, 6, 1 << TRAYS, 0xFFFF_FFFF]), st.integers(1, 21)),
            min_size=2,
            max_size=4,
        ),
    )
    def hold_a_line(self, register: Register, writes: list[tuple[int, int]]) -> None:
        for word, count in writes:
            self.exchange(encode_frame(word_write(register.address, word)))
            self.let_ticks_pass(count)

    @rule(
        period=st.integers(0, 6),
        acts=st.lists(
            st.tuples(
                st.integers(1, 5), st.sampled_from(["again", "kick", "bad", "enter", "leave"])
            ),
            min_size=1,
            max_size=4,
        ),
    )
    def race_the_watchdog(self, period: int, acts: list[tuple[int, str]]) -> None:
        again = (r.CONTROL_WATCHDOG.address, 1 << 31 | period)
        self.exchange(
            encode_frame(word_write(r.COMMAND_SAFE.address, LEAVE_SAFE_KEY))
            + encode_frame(word_write(*again))
        )
        for count, act in acts:
            self.let_ticks_pass(count)
            writes = {
                "again": again,
                "kick": (r.COMMAND_WATCHDOG_KICK.address, KICK_KEY),
                "bad": (r.COMMAND_WATCHDOG_KICK.address, KICK_KEY ^ 1),
                "enter": (r.COMMAND_SAFE.address, ENTER_SAFE_KEY),
                "leave": (r.COMMAND_SAFE.address, LEAVE_SAFE_KEY),
            }
            self.exchange(encode_frame(word_write(*writes[act])))

    @rule(
        readings=st.lists(
            st.tuples(st.integers(0, TRAYS - 1), st.sampled_from([0, 6, 8, 10]), READINGS),
            min_size=1,
            max_size=5,
        )
    )
    def set_tray_sensors(self, readings: list[tuple[int, int, int]]) -> None:
        for tray, offset, value in readings:
            at = 32 + 16 * tray + offset
            self.sensors[at : at + 2] = value.to_bytes(2, "big")
        self.present_sensors()

    @rule(place=st.integers(0, 15), value=READINGS)
    def set_rack_sensor(self, place: int, value: int) -> None:
        self.sensors[2 * place : 2 * place + 2] = value.to_bytes(2, "big")
        self.present_sensors()

    @rule(vector=st.binary(min_size=16, max_size=16), quiet=st.booleans())
    def set_all_sensors(self, vector: bytes, quiet: bool) -> None:
        self.sensors[:] = bytes(len(self.sensors)) if quiet else vector * (2 + TRAYS)
        self.present_sensors()

    @rule(word=FLIPPED_WORDS, bits=FLIPPED_BITS)
    def flip_memory(self, word: int, bits: list[int]) -> None:
        mask = sum(1 << bit for bit in bits)
        expected, got = (target.flip_memory(word, mask) for target in self.targets)
        assert got == expected, f"codeword {word} is {got:#x}, model {expected:#x}"
        self.flipped.add(word)

    @rule(
        name=st.sampled_from(list(triplicated(TRAYS))),
        copy=st.sampled_from(COPIES),
        bits=st.lists(st.integers(0, 31), min_size=1, max_size=3),
    )
    def flip_register(self, name: str, copy: str, bits: list[int]) -> None:
        width = triplicated(TRAYS)[name].width
        mask = 0
        for bit in bits:
            mask |= 1 << bit % width
        expected, got = (target.flip_register(name, copy, mask) for target in self.targets)
        assert got == expected, f"copy {copy} of {name} is {got:#x}, model {expected:#x}"
        self.compare_actuators()

    @rule(seed=st.integers(0, 3), crc_error=st.sampled_from([0, 0, 1]), passes=st.integers(0, 3))
    def load_frames(self, seed: int, crc_error: int, passes: int) -> None:
        self.scan(1, 0)
        self.exchange(image_writes(Random(seed), crc_error))
        self.scan(1, 16 * passes)

    @rule(period=st.integers(0, 2), count=st.sampled_from([1, 5, 15, 16, 17, 33]))
    def scan(self, period: int, count: int) -> None:
        self.exchange(encode_frame(word_write(r.CONTROL_CONFIG_SCAN.address, 1 << 31 | period)))
        if count:
            self.let_ticks_pass(count)
        self.exchange(encode_frame(command(0x4C, r.DIAGNOSTICS_CONFIG_STATE.address, 20)))

    @rule(
        number=st.integers(0, 15),
        bits=st.lists(st.tuples(st.integers(0, 511), st.booleans()), min_size=2, max_size=2),
        how=st.sampled_from(["one", "adjacent", "adjacent", "two"]),
        fresh=st.booleans(),
        beside=st.booleans(),
        count=st.sampled_from([0, 1, 16, 16]),
    )
    def strike_a_frame(
        self,
        number: int,
        bits: list[tuple[int, bool]],
        how: str,
        fresh: bool,
        beside: bool,
        count: int,
    ) -> None:
        """One bit or two, by their position from the frame's first on and whether essential."""
        if fresh:
            address = r.CONFIG_FRAMES.base + 64 * number
            self.exchange(encode_frame(command(0x7C, address, 64, bytes(64))))
        if how == "adjacent":
            position = min(bits[0][0], 510)
            bits = [(position, bits[0][1]), (position + 1, bits[1][1])]
        for position, essential in bits[: 1 if how == "one" else 2]:
            word, mask = 16 * number + position // 32, 1 << 31 - position % 32
            bits_around = mask if essential else mask ^ 0xFFFF_FFFF
            address = r.ESSENTIAL_BITS.base + 4 * word
            self.exchange(encode_frame(word_write(address, bits_around)))
            if beside:
                expected, got = (target.flip_config(word, mask) for target in self.targets)
                assert got == expected, f"frame word {word} is {got:#x}, model {expected:#x}"
            else:
                self.exchange(encode_frame(word_write(r.FLIP_CONFIG.base + 4 * word, mask)))
        self.scan(1, count)

    @rule(
        region=st.sampled_from(FLIP_REGIONS),
        start=st.floats(0, 1, exclude_max=True),
        words=st.lists(FLIPS, min_size=1, max_size=8),
        idle=st.booleans(),
    )
    def flip_over_the_link(
        self, region: Region, start: float, words: list[int], idle: bool
    ) -> None:
        if idle:
            self.exchange(encode_frame(word_write(r.CONTROL_CONFIG_SCAN.address, 1)))
        address = region.base + 4 * int(start * (region.size // 4))
        data = b"".join(word.to_bytes(4, "big") for word in words)
        self.exchange(encode_frame(command(0x7C, address, len(data), data)))
        self.exchange(encode_frame(command(0x4C, r.DIAGNOSTICS_VOTER.address, 12)))

    @rule(
        samples=st.lists(
            st.tuples(st.one_of(st.integers(0, 7 + 4 * TRAYS), st.integers(9, 10)), READINGS),
            min_size=1,
            max_size=5,
        ),
        other=READINGS,
        fault=st.one_of(st.none(), INJECTIONS[r.INJECTION_SENSOR_FAULT.address]),
    )
    def stimulate(self, samples: list[tuple[int, int]], other: int, fault: int | None) -> None:
        if fault is not None:
            self.exchange(encode_frame(word_write(r.INJECTION_SENSOR_FAULT.address, fault)))
        for word, value in samples:
            packet = word_write(r.STIMULUS_RACK.base + 4 * word, other << 16 | value)
            self.exchange(encode_frame(packet))

    @rule(
        ticks=st.integers(0, 4),
        streams=st.lists(st.one_of(STREAMS, commands().map(encode_frame)), max_size=4),
        counts=st.lists(st.integers(0, 2), min_size=4, max_size=4),
    )
    def hang_the_link(self, ticks: int, streams: list[bytes], counts: list[int]) -> None:
        """In the end it hears again."""
        self.exchange(encode_frame(word_write(r.INJECTION_LINK_HANG.address, ticks)))
        for stream, count in zip(streams, counts, strict=False):
            self.exchange(stream)
            if count:
                self.let_ticks_pass(count)
        self.let_ticks_pass(4)

    def teardown(self) -> None:
        """Full readback: codewords that were hit, then every readable region, then the counters."""
        for word in sorted(self.flipped):
            expected, got = (target.peek_memory(word) for target in self.targets)
            assert got == expected, f"codeword {word} is {got:#x}, model {expected:#x}"
        self.exchange(b"\xc0")
        self.exchange(encode_frame(word_write(r.INJECTION_REPLY_FAULT.address, 0)))
        regions = [region for region in r.REGIONS if "r" in region.access]
        for region in [*regions, r.FAST, r.DIAGNOSTICS]:
            end = region.end(TRAYS)
            for address in range(region.base, end, 512):
                self.exchange(encode_frame(command(0x4C, address, min(512, end - address))))
