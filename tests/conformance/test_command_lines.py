"""Reset, scrub and reload lines of the trays: held for 20 ticks."""

import pytest

from fsw import registers as r

LINES = pytest.mark.parametrize(
    "register, line",
    [
        (r.COMMAND_TRAY_RESET, "reset"),
        (r.COMMAND_TRAY_SCRUB, "scrub"),
        (r.COMMAND_TRAY_RELOAD, "reload"),
    ],
    ids=["reset", "scrub", "reload"],
)


def lines(stimulus):
    actuators = stimulus.actuators()
    return {name: getattr(actuators, name) for name in ("reset", "scrub", "reload")}


@LINES
def test_held_for_20_ticks(link, stimulus, register, line):
    ends = 1 | 1 << stimulus.trays - 1
    link.set(register, ends)
    others = dict.fromkeys(("reset", "scrub", "reload"), 0)
    assert lines(stimulus) == {**others, line: ends}
    stimulus.ticks(19)
    assert lines(stimulus) == {**others, line: ends}
    stimulus.ticks(1)
    assert lines(stimulus) == others


@LINES
def test_second_write_adds_and_starts_again(link, stimulus, register, line):
    last = 1 << stimulus.trays - 1
    link.set(register, 1)
    stimulus.ticks(15)
    link.set(register, last)
    assert lines(stimulus)[line] == 1 | last
    stimulus.ticks(19)
    assert lines(stimulus)[line] == 1 | last
    stimulus.ticks(1)
    assert lines(stimulus)[line] == 0


@LINES
def test_writing_zero_does_nothing(link, stimulus, register, line):
    link.set(register, 0)
    assert lines(stimulus)[line] == 0
    link.set(register, 1)
    stimulus.ticks(15)
    link.set(register, 0)
    stimulus.ticks(4)
    assert lines(stimulus)[line] == 1
    stimulus.ticks(1)
    assert lines(stimulus)[line] == 0


@LINES
def test_lines_end_at_the_trays_fitted(link, stimulus, register, line):
    link.set(register, 0xFFFF_FFFF)
    assert lines(stimulus)[line] == (1 << stimulus.trays) - 1


@LINES
def test_safe_state_leaves_the_lines(link, stimulus, register, line):
    last = 1 << stimulus.trays - 1
    link.set(register, last)
    stimulus.ticks(10)
    link.set(r.COMMAND_SAFE, 0x5AFE_0001)
    assert lines(stimulus)[line] == last
    stimulus.ticks(9)
    assert lines(stimulus)[line] == last
    stimulus.ticks(1)
    assert lines(stimulus)[line] == 0
    link.set(register, 1 | last)
    assert lines(stimulus)[line] == 1 | last


@pytest.mark.trays(3)
def test_kinds_have_their_own_time(link, stimulus):
    link.set(r.COMMAND_TRAY_RESET, 1)
    stimulus.ticks(5)
    link.set(r.COMMAND_TRAY_SCRUB, 2)
    stimulus.ticks(5)
    link.set(r.COMMAND_TRAY_RELOAD, 4)
    stimulus.ticks(10)
    assert lines(stimulus) == {"reset": 0, "scrub": 2, "reload": 4}
    stimulus.ticks(5)
    assert lines(stimulus) == {"reset": 0, "scrub": 0, "reload": 4}
    stimulus.ticks(5)
    assert lines(stimulus) == {"reset": 0, "scrub": 0, "reload": 0}


@pytest.mark.trays(2)
def test_three_kinds_in_one_write(link, stimulus):
    link.write(r.COMMAND_TRAY_RESET.address, bytes.fromhex("000000010000000200000003"))
    assert lines(stimulus) == {"reset": 1, "scrub": 2, "reload": 3}
