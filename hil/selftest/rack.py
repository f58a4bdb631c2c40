"""Checks of what acts on the rack: samples, trips, thermostat, watchdog."""

from __future__ import annotations

from collections.abc import Callable

from fsw import registers as r
from hil.selftest.board import LEAVE_SAFE, BoardUnderTest
from hil.selftest.check import CheckFailed, Counted, expect
from sim.channels import RACK_BYTES, RACK_CHANNELS, TRAY_BYTES, TRAY_CHANNELS

UNLIMITED = 0xFFFF  # an over-current limit that nothing is above
SUPPLY_WORD = 3  # of the sensor vector: coolant supply A, B
PERIOD_TICKS = 50  # of the watchdog
LATE_TICKS = 1  # between a tick and its look
POLL_S = 0.01
KICK = 0x5AFE_C0DE


def stimulus(board: BoardUnderTest) -> str:
    board.set(r.CONTROL_POWER_SWITCH, 0)
    size = RACK_BYTES + TRAY_BYTES * board.trays
    numbered = b"".join(
        (0x2345_6001 * (n + 1) & 0xFFFF_FFFF).to_bytes(4, "big") for n in range(size // 4)
    )
    for vector in (numbered, bytes(octet ^ 0xFF for octet in numbered)):
        board.stimulate(vector)
        shown = board.samples()
        wrong = [name for name, pick in channels(board.trays) if pick(shown) != pick(vector)]
        if wrong:
            raise CheckFailed(f"{len(wrong)} channels wrong: {', '.join(wrong[:5])}")
    return f"{len(channels(board.trays))} channels in telemetry as stimulated"


def channels(trays: int) -> list[tuple[str, Callable[[bytes], int]]]:
    """Every channel of the sensor vector: its name, and its value in a vector."""

    def picked(base: int, word: int, lsb: int, width: int) -> Callable[[bytes], int]:
        at = base + 4 * word
        return lambda vector: int.from_bytes(vector[at : at + 4], "big") >> lsb & (1 << width) - 1

    rack = [(c.name, picked(0, c.word, c.lsb, c.width)) for c in RACK_CHANNELS]
    return rack + [
        (f"tray {tray} {c.name}", picked(RACK_BYTES + TRAY_BYTES * tray, c.word, c.lsb, c.width))
        for tray in range(trays)
        for c in TRAY_CHANNELS
    ]


def over_current(board: BoardUnderTest) -> str:
    limit = board.fields(r.CONTROL_OVER_CURRENT_LIMIT)["limit"]
    if limit == UNLIMITED:
        limit = r.CONTROL_OVER_CURRENT_LIMIT.reset
        board.set(r.CONTROL_OVER_CURRENT_LIMIT, limit)
    board.stimulate(bytes(RACK_BYTES + TRAY_BYTES * board.trays))
    everything = (1 << board.trays) - 1
    board.set(r.COMMAND_OVER_CURRENT_CLEAR, everything)
    board.set(r.COMMAND_OVER_TEMPERATURE_CLEAR, everything)
    board.set(r.CONTROL_POWER_SWITCH, everything)
    expect("load switches", power(board), everything)
    for tray in range(board.trays):
        word = (RACK_BYTES + TRAY_BYTES * tray) // 4 + 1
        board.stimulate_word(word, limit)
        expect(f"load switches, tray {tray} at its limit", power(board), everything)
        board.stimulate_word(word, limit + 1)
        expect(
            f"load switches, tray {tray} above its limit", power(board), everything & ~(1 << tray)
        )
        expect("over_current", board.word(r.FAST_OVER_CURRENT), 1 << tray)
        expect("flags.tripped", board.driven(r.ACTUATORS_FLAGS)["tripped"], 1)
        board.stimulate_word(word, 0)
        board.set(r.COMMAND_OVER_CURRENT_CLEAR, 1 << tray)
        expect(f"load switches, tray {tray} cleared", power(board), everything)
    board.set(r.CONTROL_POWER_SWITCH, 0)
    amperes = r.CONTROL_OVER_CURRENT_LIMIT.field("limit").value(limit)
    switches = "load switch opens" if board.trays == 1 else "load switches open"
    return f"{board.trays} {switches} above {amperes:g} A, until cleared"


def power(board: BoardUnderTest) -> int:
    """Load switches as they are driven; telemetry must say the same."""
    driven = board.driven(r.ACTUATORS_POWER)["trays"]
    expect("fast.powered", board.word(r.FAST_POWERED), driven)
    return driven


def thermostat(board: BoardUnderTest) -> str:
    threshold = r.CONTROL_THERMOSTAT.reset
    kelvin = r.CONTROL_THERMOSTAT.field("supply_min").value
    board.set(r.CONTROL_THERMOSTAT, threshold)
    board.set(r.CONTROL_THERMAL_DRIVE, 0x1234)
    for supply, heater in (
        (threshold, 0x1234),
        (threshold - 1, 0xFFFF),
        (threshold, 0x1234),
    ):
        board.stimulate_word(SUPPLY_WORD, supply << 16)
        driven = board.driven(r.ACTUATORS_THERMAL)["heater"]
        expect(f"heater at {kelvin(supply):.2f} K", driven, heater)
    return f"heater full below {kelvin(threshold):.2f} K, as commanded from there on"


def watchdog(board: BoardUnderTest) -> str:
    period = PERIOD_TICKS
    expiries = Counted(board, r.DIAGNOSTICS_WATCHDOG_EVENTS, "expired")
    board.set(r.CONTROL_WATCHDOG, r.CONTROL_WATCHDOG.pack(enable=1, period=period))
    for _ in range(3):
        board.wait(period / 2 / board.identity.tick_hz)
        board.set(r.COMMAND_WATCHDOG_KICK, KICK)
    expiries.expect(0)
    before = board.ticks()
    board.set(r.COMMAND_WATCHDOG_KICK, KICK)
    kicked = board.ticks()
    awake = kicked
    for _ in range(10 * period):
        status = board.fields(r.FAST_STATUS)
        if status["safe"]:
            break
        awake = status["uptime"]
        if awake - kicked & 0xFFFF > period + LATE_TICKS:
            raise CheckFailed(f"not safe {awake - kicked & 0xFFFF} ticks after the last kick")
        board.wait(POLL_S)
    else:
        raise CheckFailed(f"not safe, and the uptime stands at {awake}")
    took = status["uptime"] - before & 0xFFFF
    if took < period:
        raise CheckFailed(f"safe {took} ticks after a kick, expected {period}")
    expiries.expect(1)
    expect("load switches", board.word(r.FAST_POWERED), 0)
    safe_drive = board.fields(r.CONTROL_SAFE_DRIVE)
    if board.identity.injection:
        pumps = board.driven(r.ACTUATORS_PUMP)
        expect("pumps", pumps, {"a": safe_drive["pump"], "b": 0})
        bypass = board.driven(r.ACTUATORS_THERMAL)["bypass"]
        expect("bypass", bypass, safe_drive["bypass"])
    board.set(r.CONTROL_WATCHDOG, r.CONTROL_WATCHDOG.pack(enable=0))
    board.set(r.COMMAND_SAFE, LEAVE_SAFE)
    expect("safe after the command to leave", board.fields(r.FAST_STATUS)["safe"], 0)
    return (
        f"kept awake by kicks, safe within {took} ticks without (period {period}), left on command"
    )
