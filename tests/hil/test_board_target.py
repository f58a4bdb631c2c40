"""A board as a target: what a lockstep target does beside the link, done over the link.

The board is the model, in lockstep: the truth can be looked at beside the link. Mission time is
the model's.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

import pytest
import serial

import hil.ports  # noqa: F401
from fsw import registers as r
from fsw.payload_link import PayloadLink
from hil.arbiter import BENCH_ADDRESS
from hil.errors import InjectionError, Stopped, Unreachable
from hil.identity import Identity, identify
from hil.targets.bench_link import BenchLink
from hil.targets.board import BoardTarget
from hil.targets.lockstep import LockstepTarget
from sim.channels import RACK_BYTES, TRAY_BYTES

TRAYS = 3
CYCLE_NS = 100_000_000
FRAME_WORDS = 16


class LockstepPace:
    """Wall time that is the model's."""

    speed = 1.0

    def __init__(self, target: LockstepTarget) -> None:
        self._target = target

    def now_ns(self) -> int:
        return self._target.now_ns

    def wait_until(self, time_ns: int) -> None:
        self._target.advance_to(time_ns)


class Cable:
    """The port; `cut` lets replies get lost, and `asked` counts the commands."""

    def __init__(self, port: serial.SerialBase) -> None:
        self._port = port
        self.cut = False
        self.asked: list[int] = []  # at mission time

    @property
    def timeout(self) -> float | None:
        return self._port.timeout

    @timeout.setter
    def timeout(self, timeout_s: float | None) -> None:
        self._port.timeout = timeout_s

    def write(self, data: bytes, /) -> int:
        self.asked.append(self._port.target.now_ns)
        return len(data) if self.cut else self._port.write(data)

    def read(self, size: int = 1, /) -> bytes:
        return bytes(self._port.read(size))


class Bench:
    """A board, and the model behind it."""

    def __init__(self, port: serial.SerialBase) -> None:
        self.truth: LockstepTarget = port.target
        self.identity = identify(port)
        self.flight = PayloadLink(port)
        self.cable = Cable(port)
        pace = LockstepPace(self.truth)
        link = PayloadLink(self.cable, retries=0, initiator_address=BENCH_ADDRESS)
        self.link = BenchLink(link, pace.now_ns)
        self.told: list[str] = []
        self.link.report = lambda severity, name, text: self.told.append(name)
        self.board = BoardTarget(self.link, self.identity, pace)
        self.board.on_reset = lambda: self.told.append("reset")
        self.board.prepare()
        self.cycle = 0

    def cycles(self, count: int, sensors: bytes = b"") -> None:
        """What the closed loop does with a target, without flight software."""
        for _ in range(count):
            self.cycle = self.truth.now_ns // CYCLE_NS + 1
            self.board.actuators()
            self.board.set_sensors(sensors or bytes(RACK_BYTES + TRAY_BYTES * TRAYS))
            self.board.advance_to(self.cycle * CYCLE_NS)


@pytest.fixture
def bench() -> Iterator[Bench]:
    with serial.serial_for_url(f"model://?trays={TRAYS}") as port:
        yield Bench(port)


def vector(seed: int) -> bytes:
    """A sensor vector without two equal halves of a word."""
    count = (RACK_BYTES + TRAY_BYTES * TRAYS) // 2
    return struct.pack(f">{count}H", *(seed + 257 * place & 0x7FFF for place in range(count)))


class TestPrepare:
    def test_registers_have_their_reset_values(self, bench: Bench) -> None:
        names = [x for x in r.REGISTERS if r.CONTROL.base <= x.address < r.CONTROL.base + 48]
        bench.flight.write(r.CONTROL.base, bytes(range(1, 49)))
        bench.flight.write(r.TRAY_CONTROL.base, bytes(range(4 * TRAYS)))
        bench.flight.write(r.COMMAND_SAFE.address, (0x5AFE0001).to_bytes(4, "big"))
        assert bench.truth.actuators() != LockstepReset.actuators()
        bench.board.prepare()
        for register in names:
            word = int.from_bytes(bench.flight.read(register.address, 4), "big")
            assert word == register.reset, register.name
        assert bench.flight.read(r.TRAY_CONTROL.base, 4 * TRAYS) == (
            r.TRAY_CONTROL_CAP.reset.to_bytes(4, "big") * TRAYS
        )
        assert bench.truth.actuators() == bench.board.actuators() == LockstepReset.actuators()

    def test_a_board_that_does_not_answer_cannot_be_prepared(self, bench: Bench) -> None:
        bench.cable.cut = True
        with pytest.raises(Unreachable, match="no valid reply"):
            bench.board.prepare()


class LockstepReset:
    """What a controller drives that nobody has talked to."""

    @staticmethod
    def actuators() -> bytes:
        with serial.serial_for_url(f"model://?trays={TRAYS}") as port:
            return bytes(port.target.actuators())


class TestSensorsAndActuators:
    def test_actuators_are_those_of_the_controller(self, bench: Bench) -> None:
        for register in (r.CONTROL_POWER_SWITCH, r.CONTROL_PUMP_DRIVE, r.CONTROL_THERMAL_DRIVE):
            bench.flight.write(register.address, b"\x12\x34\x56\x75")
        bench.flight.write(r.TRAY_CONTROL.base + 4, b"\x12\x34\x56\x78")
        bench.cycles(2)
        assert bench.board.actuators() == bench.truth.actuators()
        assert bench.truth.actuators() != LockstepReset.actuators()

    def test_sensors_come_to_telemetry_as_if_they_were_wired(self, bench: Bench) -> None:
        bench.cycles(3, vector(300))
        with serial.serial_for_url(f"model://?trays={TRAYS}") as port:
            port.target.set_sensors(vector(300))
            port.target.advance_to(300_000_000)
            wired = PayloadLink(port)
            for region in (r.FAST, r.TRAYS):
                length = region.size if region is r.FAST else TRAY_BYTES * TRAYS
                mine, other = (
                    struct.unpack(f">{length // 4}I", link.read(region.base, length))
                    for link in (bench.flight, wired)
                )
                sensed = [a == b for a, b in zip(mine, other, strict=True)]
                # All but status, counters of frames and commands: the bench talks, the wire not.
                assert sum(sensed) >= len(sensed) - (3 if region is r.FAST else 0)
                assert any(mine[place] for place in range(len(mine)) if sensed[place])


class TestMemory:
    def test_one_flip_is_corrected_by_the_scrubber_and_not_by_looking(self, bench: Bench) -> None:
        bench.flight.write(r.MEMORY.base + 4 * 500, b"good")
        good = bench.truth.peek_memory(500)
        assert bench.board.flip_memory(500, 1 << 38) == good ^ 1 << 38
        assert bench.truth.peek_memory(500) == good ^ 1 << 38
        bench.cycles(3)
        assert bench.board.peek_memory(500) == good ^ 1 << 38
        assert bench.truth.peek_memory(500) == good ^ 1 << 38  # a read would have corrected it
        bench.flight.write(r.CONTROL_SCRUB.address, (1 << 31 | 1).to_bytes(4, "big"))
        bench.cycles(15)
        assert bench.truth.peek_memory(500) == good
        assert bench.board.peek_memory(500) == good
        counts = r.FAST_MEMORY_ERRORS.unpack(
            int.from_bytes(bench.flight.read(r.FAST_MEMORY_ERRORS.address, 4), "big")
        )
        assert counts == {"corrected": 1, "uncorrectable": 0}

    def test_two_flips_stay_until_the_word_is_rewritten(self, bench: Bench) -> None:
        good = bench.truth.peek_memory(9)
        bench.board.flip_memory(9, 0b11)
        bench.flight.write(r.CONTROL_SCRUB.address, (1 << 31 | 1).to_bytes(4, "big"))
        for _ in range(3):
            bench.cycles(15)
            assert bench.board.peek_memory(9) == good ^ 0b11
        bench.flight.write(r.MEMORY.base + 4 * 9, bytes(4))
        bench.cycles(15)
        assert bench.board.peek_memory(9) == good == bench.truth.peek_memory(9)

    def test_a_second_strike_counts_with_the_first(self, bench: Bench) -> None:
        good = bench.truth.peek_memory(1023)
        bench.board.flip_memory(1023, 1)
        assert bench.board.flip_memory(1023, 1 << 35) == good ^ (1 << 35 | 1)
        assert bench.truth.peek_memory(1023) == good ^ (1 << 35 | 1)
        bench.board.flip_memory(1023, 1 << 35 | 1)
        bench.cycles(1)
        assert bench.truth.peek_memory(1023) == good == bench.board.peek_memory(1023)

    def test_a_reset_takes_the_flips_with_it(self, bench: Bench) -> None:
        bench.cycles(30)
        bench.board.flip_memory(7, 0b11)
        bench.truth.reset()
        bench.cycles(20)
        assert bench.board.peek_memory(7) == bench.truth.peek_memory(7)


class TestConfigurationFrames:
    def test_a_flip_is_read_back(self, bench: Bench) -> None:
        good = bench.truth.peek_config(37)
        assert bench.board.flip_config(37, 0x80000001) == good ^ 0x80000001
        assert bench.truth.peek_config(37) == good ^ 0x80000001 == bench.board.peek_config(37)

    def test_a_flip_that_does_not_take_is_an_error(
        self, bench: Bench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write = bench.link.write
        monkeypatch.setattr(
            bench.link,
            "write",
            lambda region, *rest: None if region is r.FLIP_CONFIG else write(region, *rest),
        )
        with pytest.raises(InjectionError, match=r"frame word 37: read back 0x[0-9a-f]{8}, exp"):
            bench.board.flip_config(37, 4)

    def test_looking_at_a_whole_frame_is_one_transaction(self, bench: Bench) -> None:
        before = len(bench.cable.asked)
        words = [bench.board.peek_config(2 * FRAME_WORDS + word) for word in range(FRAME_WORDS)]
        assert words == [bench.truth.peek_config(32 + word) for word in range(FRAME_WORDS)]
        assert len(bench.cable.asked) == before + 1


class TestResets:
    def test_a_reset_is_seen_and_stimulus_selected_again(self, bench: Bench) -> None:
        bench.cycles(25, vector(100))
        assert bench.told == []
        bench.truth.reset()
        bench.cycles(12, vector(100))
        assert bench.told == ["reset"] and bench.board.resets == 1
        bench.truth.set_sensors(bytes(RACK_BYTES + TRAY_BYTES * TRAYS))  # of a front end
        bench.truth.advance_to(bench.truth.now_ns + 50_000_000)
        block = bench.flight.read(r.TRAYS.base + 4, TRAY_BYTES - 4)  # all but the status of tray 0
        assert block == vector(100)[RACK_BYTES + 4 : RACK_BYTES + TRAY_BYTES]

    def test_a_reset_during_a_silence_longer_than_the_board_had_been_up_is_seen(self) -> None:
        with serial.serial_for_url(f"model://?trays={TRAYS}") as port:
            bench = Bench(port)
            bench.cycles(5)
            bench.cable.cut = True
            bench.truth.reset()
            bench.cycles(40)
            bench.cable.cut = False
            bench.cycles(8)
            assert bench.told == ["bench.silent", "bench.back", "reset"]

    def test_a_silence_is_no_reset(self, bench: Bench) -> None:
        bench.cycles(5)
        bench.cable.cut = True
        bench.cycles(40)
        bench.cable.cut = False
        bench.cycles(20)
        assert bench.board.resets == 0

    def test_a_board_that_keeps_resetting_ends_the_flight(self, bench: Bench) -> None:
        bench.cycles(5)
        with pytest.raises(Stopped, match=r"keeps resetting: 6 times in \d+ s. Check its supply"):
            for _ in range(10):
                bench.truth.reset()
                bench.cycles(20)
        assert bench.board.resets == 6

    def test_another_board_ends_the_flight(
        self, bench: Bench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        bench.cycles(3)
        other = Identity.from_bytes(bench.flight.read(r.IDENTITY.base, r.IDENTITY.size))
        monkeypatch.setattr(bench.board, "identity", other.__class__(**{**vars(other), "build": 7}))
        with pytest.raises(Stopped, match="another board answers: racksat controller .* 3 trays"):
            bench.cycles(12)


class TestSilence:
    def test_one_lost_reply_costs_one_cycle(self, bench: Bench) -> None:
        bench.cycles(5, vector(1))
        bench.cable.cut = True
        bench.cycles(1, vector(2))
        bench.cable.cut = False
        bench.cycles(2, vector(3))
        assert bench.told == ["bench.silent", "bench.back"]
        assert bench.flight.read(r.TRAYS.base, 16) == vector(3)[RACK_BYTES : RACK_BYTES + 16]

    def test_a_silent_board_is_asked_twice_a_second(self, bench: Bench) -> None:
        bench.cycles(5)
        bench.cable.cut = True
        bench.cycles(20)
        bench.cable.asked.clear()
        bench.cycles(100)
        gaps = [b - a for a, b in zip(bench.cable.asked, bench.cable.asked[1:], strict=False)]
        assert 15 <= len(gaps) <= 20 and min(gaps) >= 500_000_000

    def test_what_cannot_be_done_is_told_and_what_was_seen_is_kept(self, bench: Bench) -> None:
        bench.flight.write(r.CONTROL_POWER_SWITCH.address, b"\0\0\0\5")
        bench.cycles(2)
        seen = bench.board.actuators()
        bench.cable.cut = True
        for action in (
            lambda: bench.board.flip_memory(1, 1),
            lambda: bench.board.peek_memory(1),
            lambda: bench.board.flip_config(1, 1),
            lambda: bench.board.peek_config(1),
        ):
            with pytest.raises(Unreachable, match="cannot be reached|is silent"):
                action()
        bench.board.set_sensors(vector(1))
        assert bench.board.actuators() == seen
