"""Registers wanted and known: what is written, and when."""

import struct

import pytest

from fsw import registers as r
from fsw.controller import KICK_KEY, Controller, configuration, spans
from fsw.events import EventLog
from fsw.parameters import Parameters
from fsw.payload_link import LinkTimeout


class FakeLink:
    """Words by address."""

    def __init__(self, trays: int = 4) -> None:
        self.words: dict[int, int] = {}
        for register in r.REGISTERS:
            for index in range(register.count):
                self.words[register.at(index)] = register.reset
        self.words[0x08] = 100 << 16 | 4 << 8 | trays
        self.writes: list[tuple[int, bytes, int | None]] = []
        self.down = False

    def read(self, address: int, length: int) -> bytes:
        return b"".join(
            self.words.get(a, 0).to_bytes(4, "big") for a in range(address, address + length, 4)
        )

    def write(self, address: int, data: bytes, retries: int | None = None) -> None:
        if self.down:
            raise LinkTimeout("down")
        self.writes.append((address, data, retries))
        for offset in range(0, len(data), 4):
            self.words[address + offset] = int.from_bytes(data[offset : offset + 4], "big")


@pytest.fixture
def link() -> FakeLink:
    return FakeLink()


def controller(link: FakeLink, events: EventLog | None = None) -> Controller:
    return Controller(link, 4, (events or EventLog()).report)  # type: ignore[arg-type]


def test_changes_beside_each_other_are_one_span_and_short_gaps_are_joined():
    known = dict.fromkeys(range(0, 80, 4), 0)
    wanted = dict(known)
    wanted |= {4: 1, 8: 1, 20: 1, 60: 1}
    assert spans(wanted, known, sorted(wanted)) == [[4, 8, 12, 16, 20], [60]]


def test_an_unknown_word_is_no_part_of_a_gap():
    assert spans({0: 1, 8: 1}, {}, [0, 8]) == [[0], [8]]


def test_nothing_is_written_when_nothing_differs(link: FakeLink):
    device = controller(link)
    device.read_back()
    device.want(r.CONTROL_PUMP_DRIVE, 0x40000000)
    device.flush()
    assert link.writes == []


def test_only_what_changed_is_written_and_only_once(link: FakeLink):
    device = controller(link)
    device.read_back()
    device.want(r.CONTROL_PUMP_DRIVE, 0x80000000)
    device.want(r.CONTROL_THERMAL_DRIVE, 0x12340000)
    device.flush()
    device.flush()
    assert link.writes == [(0x44, bytes.fromhex("8000000012340000"), None)]


def test_caps_of_all_trays_are_one_write(link: FakeLink):
    device = controller(link)
    device.read_back()
    for index in range(4):
        device.want(r.TRAY_CONTROL_CAP, 0x10000000 + index, index)
    device.flush()
    assert [(address, len(data)) for address, data, _ in link.writes] == [(0x200, 16)]


def test_after_a_reset_everything_wanted_is_written_again(link: FakeLink):
    device = controller(link)
    device.read_back()
    device.want_all(configuration(Parameters()))
    device.want(r.CONTROL_POWER_SWITCH, 0xF)
    device.flush()
    before = {a: link.words[a] for a in device.wanted}
    link.words.update({a: 0 for a in device.wanted})
    device.read_back()
    device.flush()
    assert {a: link.words[a] for a in device.wanted} == before


def test_a_command_waits_once_and_not_beyond_a_reset(link: FakeLink):
    device = controller(link)
    for _ in range(3):
        device.command(r.COMMAND_TRAY_RESET, 0b1)
    device.command(r.COMMAND_TRAY_RESET, 0b10)
    device.flush()
    assert [data for _, data, _ in link.writes] == [b"\0\0\0\1", b"\0\0\0\2"]
    device.command(r.COMMAND_TRAY_RESET, 0b1)
    device.drop_commands()
    device.flush()
    assert len(link.writes) == 2


def test_the_configuration_as_words():
    words = configuration(Parameters())
    assert words[0x54] == 37315 << 16 | 37815  # 373.15 K, 378.15 K
    assert words[0x5C] == 26000  # 130 A at 5 mA
    assert words[0x60] == 0x80000320  # enabled, 800 ticks
    assert words[0x4C] == 0x6000FFFF  # 0.375 and full bypass
    assert words[0x58] == 15


def test_a_register_that_changed_by_itself_is_reported_and_written_again(link: FakeLink):
    events = EventLog()
    device = controller(link, events)
    device.read_back()
    device.want_all(configuration(Parameters()))
    device.flush()
    link.words[0x5C] ^= 0x100
    device.compare()
    device.flush()
    assert link.words[0x5C] == 26000
    assert device.upsets_repaired == 1
    assert [event.id for event in events.drain()] == ["REGISTER_CHANGED"]
    device.compare()
    assert events.drain() == []


def test_command_registers_are_written_once_without_retries(link: FakeLink):
    device = controller(link)
    device.command(r.COMMAND_WATCHDOG_KICK, KICK_KEY)
    device.flush()
    device.flush()
    assert link.writes == [(0x80, bytes.fromhex("5AFEC0DE"), 0)]


def test_a_command_that_is_not_acknowledged_is_reported_and_not_repeated(link: FakeLink):
    events = EventLog()
    device = controller(link, events)
    device.command(r.COMMAND_TRAY_RESET, 1)
    link.down = True
    with pytest.raises(LinkTimeout):
        device.flush()
    link.down = False
    device.flush()
    assert link.writes == []
    assert device.commands_lost == 1
    assert [event.id for event in events.drain()] == ["LINK_COMMAND_LOST"]


def test_registers_that_a_failure_kept_from_being_written_are_written_later(link: FakeLink):
    device = controller(link)
    device.read_back()
    device.want(r.CONTROL_POWER_SWITCH, 3)
    link.down = True
    with pytest.raises(LinkTimeout):
        device.flush()
    link.down = False
    device.flush()
    assert link.words[0x40] == 3


@pytest.mark.parametrize(
    ("address", "word", "complaint"),
    [
        (0x00, 0x12345678, "id 0x12345678, expected 0x524B5354"),
        (0x04, 0x02000000, "register map version 2, expected 1"),
        (0x08, 0x00640412, "18 trays fitted, expected 4"),
        (0x08, 0x00000404, "tick rate 0 Hz, expected above 0"),
    ],
)
def test_a_controller_that_is_not_the_one_expected_is_refused(
    link: FakeLink, address: int, word: int, complaint: str
):
    events = EventLog()
    device = controller(link, events)
    link.words[address] = word
    assert not device.identify()
    assert not device.identify()
    told = events.drain()
    assert [event.id for event in told] == ["WRONG_CONTROLLER"]
    assert told[0].text == f"payload controller has {complaint}"


def test_identity(link: FakeLink):
    link.words[0x10] = 4711
    device = controller(link)
    assert device.identify()
    assert device.identity is not None
    assert (device.identity.tick_hz, device.identity.trays) == (100, 4)
    assert device.identity.uptime_ticks == 4711
    assert struct.pack(">I", device.identity.magic) == b"RKST"
