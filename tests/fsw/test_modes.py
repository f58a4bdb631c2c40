"""The table of modes, guard by guard."""

from dataclasses import replace

import pytest

from fsw.modes import COMMANDABLE, TRANSITIONS, Conditions, Mode, Modes

CALM = Conditions(
    configured=True,
    controller_safe=False,
    coolant_running=True,
    charge_allows=True,
    dark=False,
    degraded=False,
    standby_wanted=False,
    safe_wanted=False,
    recovery_due=False,
)


def after(mode: Mode, allowed: Mode = Mode.NOMINAL, **changes: bool) -> Mode:
    modes = Modes(mode, allowed)
    modes.step(replace(CALM, **changes))
    return modes.mode


def test_the_way_up_is_boot_standby_nominal():
    modes = Modes()
    seen = [modes.mode]
    for _ in range(3):
        modes.step(CALM)
        seen.append(modes.mode)
    assert seen == [Mode.BOOT, Mode.STANDBY, Mode.NOMINAL, Mode.NOMINAL]


@pytest.mark.parametrize(
    ("start", "changes", "end"),
    [
        (Mode.BOOT, {"configured": False}, Mode.BOOT),
        (Mode.BOOT, {"safe_wanted": True}, Mode.SAFE),
        (Mode.STANDBY, {"coolant_running": False}, Mode.STANDBY),
        (Mode.STANDBY, {"charge_allows": False}, Mode.STANDBY),
        (Mode.STANDBY, {"standby_wanted": True}, Mode.STANDBY),
        (Mode.NOMINAL, {"dark": True}, Mode.ECLIPSE),
        (Mode.NOMINAL, {"coolant_running": False}, Mode.NOMINAL),
        (Mode.ECLIPSE, {"dark": True}, Mode.ECLIPSE),
        (Mode.ECLIPSE, {}, Mode.NOMINAL),
        (Mode.NOMINAL, {"degraded": True}, Mode.DEGRADED),
        (Mode.ECLIPSE, {"degraded": True, "dark": True}, Mode.DEGRADED),
        (Mode.DEGRADED, {"degraded": True}, Mode.DEGRADED),
        (Mode.DEGRADED, {}, Mode.NOMINAL),
        (Mode.SAFE, {}, Mode.SAFE),
        (Mode.SAFE, {"controller_safe": True, "recovery_due": True}, Mode.BOOT),
        (Mode.SAFE, {"recovery_due": True, "safe_wanted": True}, Mode.SAFE),
    ],
)
def test_transition(start: Mode, changes: dict[str, bool], end: Mode):
    assert after(start, **changes) is end


@pytest.mark.parametrize("mode", [Mode.STANDBY, Mode.NOMINAL, Mode.ECLIPSE, Mode.DEGRADED])
def test_from_every_mode_there_is_a_way_to_safe_and_to_boot(mode: Mode):
    assert after(mode, controller_safe=True) is Mode.SAFE
    assert after(mode, allowed=Mode.SAFE) is Mode.SAFE
    assert after(mode, configured=False) is Mode.BOOT


@pytest.mark.parametrize("mode", [Mode.NOMINAL, Mode.ECLIPSE, Mode.DEGRADED])
def test_standby_takes_the_trays_off_from_every_computing_mode(mode: Mode):
    assert after(mode, standby_wanted=True) is Mode.STANDBY
    assert after(mode, allowed=Mode.STANDBY) is Mode.STANDBY


def test_safe_is_more_urgent_than_anything_else():
    assert after(Mode.NOMINAL, controller_safe=True, configured=False, dark=True) is Mode.SAFE


def test_the_ground_holds_standby_until_it_allows_more():
    modes = Modes(Mode.NOMINAL)
    modes.command(Mode.STANDBY)
    modes.step(CALM)
    modes.step(CALM)
    assert modes.mode is Mode.STANDBY
    modes.command(Mode.NOMINAL)
    modes.step(CALM)
    assert modes.mode is Mode.NOMINAL


@pytest.mark.parametrize("mode", sorted(set(Mode) - COMMANDABLE))
def test_modes_of_the_table_alone_cannot_be_commanded(mode: Mode):
    modes = Modes(Mode.NOMINAL)
    with pytest.raises(ValueError, match=f"mode {mode} cannot be commanded; commandable are safe"):
        modes.command(mode)
    assert modes.allowed is Mode.NOMINAL


def test_transitions_are_counted_and_told():
    modes = Modes(Mode.NOMINAL)
    transition = modes.step(replace(CALM, dark=True))
    assert transition is not None
    assert (transition.source, transition.target, transition.reason) == (
        Mode.NOMINAL,
        Mode.ECLIPSE,
        "dark",
    )
    assert modes.transitions == 1


def test_no_row_leads_back_to_its_own_mode_and_every_mode_can_be_left():
    assert all(row.source is not row.target for row in TRANSITIONS)
    assert {row.source for row in TRANSITIONS} == set(Mode)
    assert {row.target for row in TRANSITIONS} == set(Mode)


def test_numbers_of_the_protected_store_never_change():
    assert [(str(mode), int(mode)) for mode in Mode] == [
        ("boot", 0),
        ("safe", 1),
        ("standby", 2),
        ("nominal", 3),
        ("eclipse", 4),
        ("degraded", 5),
    ]
