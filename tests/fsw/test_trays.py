"""Tray care: staggering, hangs, trips, giving up."""

from dataclasses import dataclass, field

from fsw.acquisition import TrayTelemetry
from fsw.events import EventLog
from fsw.parameters import Parameters
from fsw.trays import TrayCare, TrayCommands

PARAMETERS = {
    "tray_stagger_s": 1.0,
    "tray_boot_s": 30.0,
    "tray_hang_s": 5.0,
    "tray_resets_max": 2.0,
    "tray_reset_grace_s": 15.0,
    "tray_cycles_max": 2.0,
    "tray_off_s": 5.0,
    "tray_trips_max": 2.0,
    "tray_rearm_s": 10.0,
    "tray_forgive_s": 500.0,
}


@dataclass
class Tray:
    """A tray that boots in ten seconds, and can be made to misbehave."""

    state: int = 0
    timer_s: float = 0.0
    heartbeat: int = 0
    hung: bool = False
    hangs_for_ever: bool = False
    dead: bool = False
    shorted: bool = False
    over_current: bool = False
    over_temperature: bool = False
    gpu_k: float = 330.0
    power_ons: int = 0
    resets: int = 0

    def step(self, index: int, commands: TrayCommands) -> TrayTelemetry:
        bit = 1 << index
        if commands.clear_over_current & bit:
            self.over_current = False
        if commands.clear_over_temperature & bit:
            self.over_temperature = False
        wanted = bool(commands.power_switch & bit)
        if wanted and self.shorted:
            self.over_current = True
        powered = wanted and not self.over_current and not self.over_temperature
        if not powered:
            self.state, self.hung = 0, False
        elif self.state == 0:
            self.state, self.timer_s = 1, 10.0
            self.power_ons += 1
        elif commands.reset & bit:
            self.resets += 1
            self.state, self.timer_s, self.hung = 1, 10.0, False
        elif self.state == 1 and not self.dead:
            self.timer_s -= 1.0
            if self.timer_s <= 0.0:
                self.state = 2
                self.hung = self.hangs_for_ever
        if self.state == 2 and not self.hung:
            self.heartbeat = (self.heartbeat + 10) & 0xFF
        return TrayTelemetry(
            self.state,
            powered,
            self.over_temperature,
            self.over_current,
            False,
            self.heartbeat,
            1980,
            5000.0,
            100.0,
            self.gpu_k,
            340.0,
            0,
            0,
            0,
        )


@dataclass
class Flown:
    count: int = 3
    switches: int = 0
    trays: list[Tray] = field(default_factory=list)
    time_s: float = 0.0
    may_run: int = 0xFFFFFFFF
    history: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.trays = self.trays or [Tray() for _ in range(self.count)]
        self.events = EventLog()
        self.care = TrayCare(Parameters(PARAMETERS), self.count, self.events.report, self.switches)
        self.commands = TrayCommands(self.switches)

    def run(self, seconds: int) -> None:
        for _ in range(seconds):
            self.time_s += 1.0
            seen = [tray.step(k, self.commands) for k, tray in enumerate(self.trays)]
            self.commands = self.care.step(seen, self.time_s, self.may_run)
            self.history.append(self.commands.power_switch)

    def ids(self) -> list[str]:
        return [event.id for event in self.events.drain()]


def test_trays_come_on_one_a_second():
    flown = Flown()
    flown.run(4)
    assert flown.history == [1, 3, 7, 7]


def test_trays_that_may_not_run_go_off_at_once():
    flown = Flown()
    flown.run(30)
    flown.may_run = 0b001
    flown.run(1)
    assert flown.commands.power_switch == 0b001
    flown.may_run = 0
    flown.run(1)
    assert flown.commands.power_switch == 0


def test_a_hung_tray_is_reset_and_comes_back():
    flown = Flown()
    flown.run(30)
    flown.trays[1].hung = True
    flown.run(40)
    assert flown.trays[1].resets == 1
    assert flown.trays[1].state == 2
    assert flown.trays[1].power_ons == 1
    assert flown.ids() == ["TRAY_RESET"]
    assert all(mask == 7 for mask in flown.history[5:])  # nobody else lost power


def test_a_heartbeat_that_nobody_could_read_is_no_hang():
    flown = Flown()
    flown.run(30)
    seen = [tray.step(k, flown.commands) for k, tray in enumerate(flown.trays)]
    for seconds in range(1, 20):  # the last block that came, looked at again and again
        flown.commands = flown.care.step(seen, 30.0 + seconds, flown.may_run, 31.0)
        assert flown.commands.reset == 0
    assert flown.ids() == []
    flown.commands = flown.care.step(seen, 50.0, flown.may_run, 50.0)  # now it stands still
    assert flown.commands.reset == 7


def test_a_tray_that_hangs_again_and_again_is_reset_then_cycled_then_given_up():
    flown = Flown()
    flown.trays[2].hangs_for_ever = True
    flown.run(400)
    tray = flown.trays[2]
    # Two resets in each of three lives: after power-on and after each of two power cycles.
    assert (tray.resets, tray.power_ons) == (6, 3)
    ids = flown.ids()
    assert ids.count("TRAY_POWER_CYCLE") == 2
    assert ids[-1] == "TRAY_GIVEN_UP"
    assert flown.care.given_up == 0b100
    assert flown.commands.power_switch == 0b011


def test_a_fault_state_is_answered_like_a_hang():
    flown = Flown()
    flown.run(30)
    flown.trays[0].state = 4
    flown.run(2)
    assert flown.trays[0].resets == 1


def test_a_tray_that_never_boots_is_cycled_and_given_up():
    flown = Flown()
    flown.trays[0].dead = True
    flown.run(200)
    assert flown.trays[0].power_ons == 3
    assert flown.trays[0].resets == 0
    assert flown.care.given_up == 0b001


def test_a_latch_up_is_waited_out_re_armed_and_powered_again():
    flown = Flown()
    flown.run(30)
    flown.trays[1].over_current = True
    flown.run(3)
    assert flown.commands.power_switch == 0b101
    flown.run(30)
    assert flown.trays[1].state == 2
    assert flown.trays[1].power_ons == 2
    assert flown.ids() == ["TRAY_TRIPPED", "TRAY_REARMED"]


def test_a_lasting_short_is_given_up_after_bounded_attempts():
    flown = Flown()
    flown.run(30)
    flown.trays[1].over_current = flown.trays[1].shorted = True
    flown.run(200)
    assert flown.care.given_up == 0b010
    assert flown.ids().count("TRAY_REARMED") == 2


def test_an_over_temperature_trip_waits_until_the_tray_is_cool():
    flown = Flown()
    flown.run(30)
    flown.trays[0].over_temperature = True
    flown.trays[0].gpu_k = 365.0
    flown.run(60)
    assert flown.trays[0].over_temperature
    flown.trays[0].gpu_k = 330.0
    flown.run(30)
    assert flown.trays[0].state == 2


def test_a_long_good_time_forgives_earlier_attempts():
    flown = Flown()
    flown.run(30)
    for _ in range(3):  # one more than allowed without forgiveness
        flown.trays[0].over_current = True
        flown.run(600)
    assert flown.care.given_up == 0
    assert flown.trays[0].state == 2


def test_taking_over_running_trays_touches_none_of_them():
    trays = [Tray(state=2) for _ in range(3)]
    flown = Flown(switches=0b111, trays=trays)
    flown.run(60)
    assert set(flown.history) == {0b111}
    assert [tray.power_ons for tray in trays] == [0, 0, 0]
    assert flown.ids() == []


def test_the_ground_can_have_a_tray_tried_again():
    flown = Flown()
    flown.trays[0].dead = True
    flown.run(200)
    assert flown.care.given_up == 0b001
    flown.trays[0].dead = False
    flown.care.forgive(0b001)
    flown.run(20)
    assert flown.trays[0].state == 2
