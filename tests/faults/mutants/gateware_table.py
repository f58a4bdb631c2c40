"""Defects of the controller's Verilog.

Each changes an expression: `new` stands in the place of `old`, where `at` shows with an @ which one
is meant. All of them are in one simulation, see `gateware_build.py`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Change:
    """An expression of one file in gateware/rtl, and the wrong one."""

    file: str
    old: str
    new: str
    at: str = "@"  # text that occurs exactly once, with `old` for the @


@dataclass(frozen=True)
class GatewareMutant:
    """A defect. Its number in the simulation is its place in the table, from 1."""

    name: str
    breaks: str
    changes: tuple[Change, ...]


def _mutant(name: str, breaks: str, *changes: Change) -> GatewareMutant:
    return GatewareMutant(name, breaks, changes)


VOTED = "(i_a & i_b) | (i_a & i_c) | (i_b & i_c)"
SHORTED = "powered[i] && (i_current[16*i +: 16] > i_current_limit)"
COOKED = "i_tick && hot[i] && (hot_ticks_q[8*i +: 8] >= debounce - 8'd1)"
LATCHED = "(too_much & ~i_over_current_clear) | shorted"
NO_TICK_LEFT = "(left_q[4:1] == 4'd0) && (i_tick || !left_q[0])"
POWERED = "i_power_switch & ~too_hot & ~too_much & {TRAYS{!i_safe}}"

GATEWARE_MUTANTS: tuple[GatewareMutant, ...] = (
    _mutant(
        "voter ORs",
        "a bit set in one copy is set in the register",
        Change("voter.v", VOTED, "i_a | i_b | i_c"),
    ),
    _mutant(
        "voter takes copy A",
        "an upset of copy A is one of the register",
        Change("voter.v", VOTED, "i_a"),
    ),
    _mutant(
        "copies not repaired",
        "an upset copy stays, and a second upset wins the vote",
        *(
            Change(
                "triplicated.v",
                "next",
                f"(i_write ? i_data : copy_{copy}_q)",
                f"            copy_{copy}_q <= @;",
            )
            for copy in "abc"
        ),
        # The count of repairs would never end, and with it no command.
        Change("voter.v", "(i_a != i_b) || (i_a != i_c)", "1'b0"),
    ),
    _mutant(
        "SECDED corrects nothing",
        "single-bit errors are counted and left",
        Change("secded_decode.v", "i_code ^ flip", "i_code"),
        Change("secded_decode.v", "flip", "39'd0", "assign o_flip          = @;"),
    ),
    _mutant(
        "a check bit not corrected",
        "an upset check bit is counted and left",
        Change("secded_decode.v", "position[16]", "1'b0"),
    ),
    _mutant(
        "SECDED without write-back",
        "a corrected word stays wrong in the memory",
        Change("protected_memory.v", "(checking && single)", "1'b0"),
    ),
    _mutant(
        "double errors counted as corrected",
        "flight software never hears of a lost word",
        Change(
            "protected_memory.v",
            "checking && single",
            "checking && (single || double)",
            "assign o_corrected           = @;",
        ),
        Change(
            "protected_memory.v",
            "checking && double",
            "1'b0",
            "assign o_uncorrectable       = @;",
        ),
    ),
    _mutant(
        "lost word misnamed",
        "flight software rewrites a word that is sound",
        Change("protected_memory.v", "word_q", "(word_q ^ 10'd1)", "lost_word_q  <= @;"),
    ),
    _mutant(
        "scrubber skips the last word",
        "word 1023 is never scrubbed",
        Change("scrubber.v", "word_q + 10'd1", "(word_q == 10'd1022) ? 10'd0 : word_q + 10'd1"),
    ),
    _mutant(
        "scrubber never runs",
        "upsets gather in the memory",
        Change(
            "scrubber.v",
            "i_tick && i_enable && !i_restart && !restart_q && (ticks_q[15:1] == 15'd0)",
            "1'b0",
        ),
    ),
    _mutant(
        "over-current never trips",
        "a latch-up goes on",
        Change("trips.v", SHORTED, "1'b0"),
    ),
    _mutant(
        "over-current not latched",
        "the switch of a latched-up tray chatters",
        Change("trips.v", LATCHED, "(too_much & ~{TRAYS{i_tick}}) | shorted"),
    ),
    _mutant(
        "over-current trips the neighbour",
        "a sound tray loses its power for the one that is latched up",
        Change(
            "trips.v",
            SHORTED,
            "powered[i] && (i_current[16*((i + 1) % TRAYS) +: 16] > i_current_limit)",
        ),
    ),
    _mutant(
        "last tray not guarded",
        "a latch-up of the last tray goes on",
        Change("trips.v", SHORTED, f"(i < TRAYS - 1) && {SHORTED}"),
    ),
    _mutant(
        "over-temperature not debounced",
        "one hot sample trips a tray",
        Change("trips.v", COOKED, "i_tick && hot[i]"),
    ),
    _mutant(
        "over-temperature never trips",
        "a tray that flight software cannot cool burns",
        Change("trips.v", COOKED, "1'b0"),
    ),
    _mutant(
        "over-temperature not latched",
        "a tray that is too hot comes back by itself",
        Change(
            "trips.v",
            "(too_hot & ~i_over_temperature_clear) | cooked",
            "(too_hot & ~{TRAYS{i_tick}}) | cooked",
        ),
    ),
    _mutant(
        "HBM not guarded",
        "a tray whose memory is too hot burns",
        Change("trips.v", "(i_hbm[16*i +: 16] > i_hbm_limit)", "1'b0"),
    ),
    _mutant(
        "watchdog never expires",
        "a rack without flight software goes on computing",
        Change("watchdog.v", "i_tick && !stopped && (ticks_next >= i_period)", "1'b0"),
    ),
    _mutant(
        "any write kicks",
        "flight software with a dead app holds off the watchdog",
        Change("control_registers.v", "(write_kick && (i_data == KICK_KEY))", "i_write"),
    ),
    _mutant(
        "a kick leaves the safe state",
        "the safe state is left without a decision",
        Change(
            "watchdog.v",
            "expire || i_enter_safe || i_leave_safe",
            "expire || i_enter_safe || i_leave_safe || i_restart",
        ),
    ),
    _mutant(
        "safe state leaves a switch closed",
        "tray 0 goes on drawing power",
        Change(
            "trips.v", POWERED, f"{POWERED} | (i_power_switch & {{{{TRAYS-1{{1'b0}}}}, i_safe}})"
        ),
    ),
    _mutant(
        "safe state without pump",
        "the coolant stands still in the safe state",
        Change("actuator_drive.v", "i_safe_drive[`RS_CONTROL_SAFE_DRIVE_PUMP]", "16'd0"),
    ),
    _mutant(
        "safe state closes the bypass valve",
        "the radiator freezes the coolant in the safe state",
        Change("actuator_drive.v", "i_safe_drive[`RS_CONTROL_SAFE_DRIVE_BYPASS]", "16'd0"),
    ),
    _mutant(
        "thermostat dead",
        "nothing heats the coolant without flight software",
        Change("controller.v", "(coolant_supply < thermostat)", "1'b0"),
    ),
    _mutant(
        "command lines stick",
        "a tray that was reset once stays in reset",
        Change("command_lines.v", NO_TICK_LEFT, "1'b0"),
    ),
    _mutant(
        "command lines fall with their last tick only",
        "lines that an upset has raised stay",
        Change("command_lines.v", NO_TICK_LEFT, "i_tick && (left_q == 5'd1)"),
    ),
    _mutant(
        "command lines dead",
        "no tray is reset, scrubbed or reloaded",
        Change("command_lines.v", "o_lines | i_trays", "{TRAYS{1'b0}}"),
    ),
    _mutant(
        "hang without being asked for",
        "one upset of its ticks makes the link deaf",
        Change("injection.v", "hang_armed_q && hanging_q", "hanging_q"),
        Change("injection.v", "!hang_armed_q", "1'b0"),
        Change(
            "injection.v",
            "hang_armed_q && (hang_q != 16'd0)",
            "(hang_q != 16'd0)",
            "<= @ && (hanging_q || i_link_quiet);",
        ),
    ),
    _mutant(
        "one flop cuts off the sensors",
        "one upset stops all samples, and with them the trips",
        Change(
            "injection.v",
            "front_end_off_q && front_end_off_again_q",
            "front_end_off_q || front_end_off_again_q",
        ),
    ),
    _mutant(
        "frame scanner never scans",
        "upsets gather in the configuration frames",
        Change(
            "config_frames.v",
            "i_tick && observing && !restart_q && (ticks_q[7:1] == 7'd0)",
            "1'b0",
        ),
    ),
    _mutant(
        "frame scanner skips frame 5",
        "frame 5 is never scanned",
        Change(
            "config_frames.v",
            "frame_q + 4'd1",
            "(closed && (frame_q == 4'd4)) ? 4'd6 : frame_q + 4'd1",
        ),
    ),
    _mutant(
        "frame scanner flips the neighbour",
        "a correction flips a good bit",
        Change(
            "config_frames.v",
            "{~position_q[8:5], position_q[4:0]}",
            "{~position_q[8:5], position_q[4:0] ^ 5'd1}",
        ),
    ),
    _mutant(
        "frame pairs not corrected",
        "two adjacent bits are a lost frame",
        Change("config_frames.v", "(single || (pair && !searched))", "single"),
    ),
    _mutant(
        "lost frames not named",
        "flight software never hears of a lost frame",
        Change("config_frames.v", "lost && !was_lost_q", "1'b0"),
    ),
    _mutant(
        "scanner goes on from an illegal state",
        "what it found so far is acted on",
        Change("config_frames.v", "!legal", "1'b0", "else if (@)\n            state_q <= 12'h800;"),
    ),
    _mutant(
        "RMAP target stays in an illegal state",
        "one upset ends the link",
        Change("rmap_target.v", "IDLE", "state_q", "default: state_d = @;"),
    ),
    _mutant(
        "CRC-16 not checked",
        "a damaged frame is taken for a command",
        Change(
            "frame_checker.v",
            "(crc_q == 16'd0) && (count_q >= BYTES_MIN)",
            "(count_q >= BYTES_MIN)",
        ),
        Change(
            "frame_checker.v",
            "((crc_q != 16'd0) || (count_q < BYTES_MIN))",
            "(count_q < BYTES_MIN)",
        ),
    ),
)
