"""Cuts of compute for want of power: told once, with the cause."""

from fsw.events import Event, EventLog, Severity
from fsw.parameters import Parameters
from fsw.power import PowerBudget
from fsw.power_cut import PowerCut


class Flown:
    def __init__(self) -> None:
        self.log = EventLog()
        self.cut = PowerCut(Parameters(), self.log.report)

    def run(
        self,
        seconds: int,
        cap_w: float,
        drawn_w: float | None = None,
        eclipse_w: float = 1e5,
        sunlit_w: float = 1e5,
        dark: bool = False,
        surprise: bool = False,
    ) -> list[Event]:
        for _ in range(seconds):
            budget = PowerBudget(
                cap_w, eclipse_w, sunlit_w, 8e3, 0.9, 18, 0, dark=dark, surprise=surprise
            )
            self.cut.step(budget, cap_w if drawn_w is None else drawn_w, 18, 1.0)
        return self.log.drain()


def test_a_cap_that_rises_after_a_start_is_no_cut():
    flown = Flown()
    assert flown.run(60, 2e4, drawn_w=1.6e4) == []  # trays boot
    assert [flown.run(1, 2e4 + 1e3 * k) for k in range(80)] == [[]] * 80


def test_a_lasting_cut_is_told_once_at_its_begin_and_its_end():
    flown = Flown()
    assert flown.run(100, 1e5) == []
    assert flown.run(4, 8e4, sunlit_w=8e4) == []
    (begun,) = flown.run(500, 7e4, sunlit_w=7e4)
    assert (begun.id, begun.severity) == ("POWER_CUT", Severity.MEDIUM)
    assert begun.text == (
        "trays are held to 70.0 kW: the array gives too little for load and charge"
    )
    assert flown.run(100, 9.4e4) == []  # not yet what they could take
    assert flown.run(29, 9.6e4) == []
    (ended,) = flown.run(100, 9.6e4)
    assert (ended.id, ended.severity) == ("POWER_CUT_ENDED", Severity.INFO)


def test_trays_that_are_throttled_for_heat_or_have_no_work_are_not_cut():
    assert Flown().run(100, 8e4, drawn_w=5e4) == []


def test_a_cap_that_swings_around_a_level_does_not_chatter():
    flown = Flown()
    flown.run(100, 1e5)
    told = [event for k in range(200) for event in flown.run(3, 8.9e4 if k % 2 else 9.1e4)]
    assert told == []
    flown.run(100, 7e4)
    told = [event for k in range(20) for event in flown.run(20, 7e4 if k % 2 else 9.9e4)]
    assert told == []


def test_an_eclipse_that_was_planned_for_matters_little():
    for values, severity, cause in (
        ({"eclipse_w": 6e4}, Severity.LOW, "an eclipse is near"),
        ({"dark": True}, Severity.LOW, "dark"),
        ({"dark": True, "surprise": True}, Severity.MEDIUM, "dark, and no forecast says so"),
    ):
        flown = Flown()
        flown.run(10, 1e5)
        (begun,) = flown.run(10, 6e4, **values)  # type: ignore[arg-type]
        assert (begun.severity, begun.fields["cause"]) == (severity, cause)
