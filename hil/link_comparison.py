"""Where the links of two runs part: the first other value that was read, the first other command.

Flight software decides by what it reads and nothing else. So the first field that it read
differently is where two runs part, and what differs behind it follows from it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hil.transactions import (
    Transaction,
    command_text,
    data_difference,
    reply_text,
    same_form,
    write_data,
)

# Fields that are not compared, with the reason.
FREE_RUNNING = {
    "identity.build.hash": "names the build of the gateware",
    "identity.features.adc": "a board may have sensors of its own",
    "identity.features.injection": "a flight build has none",
    "identity.uptime.ticks": "counts from power-on, for a board before the run",
    "fast.status.uptime": "its low half",
    "fast.frames.received": "counts the frames of a bench on the same wire, too",
    "fast.frames.dropped": "counts noise on the wire",
    "fast.activity.commands": "counts the commands of a bench on the same wire, too",
    "diagnostics.scrub_progress.passes": "goes by the time since power-on",
    "diagnostics.scrub_progress.next_word": "goes by the time since power-on",
    "diagnostics.config_progress.passes": "goes by the time since power-on",
    "diagnostics.config_progress.next_frame": "goes by the time since power-on",
}


@dataclass(frozen=True)
class LinkDifference:
    """Where two links first differ: in a field read, in a reply, or in a command."""

    name: str
    times_s: tuple[float, float]
    values: tuple[str, str]


def compare_links(
    first: Iterator[Transaction], second: Iterator[Transaction]
) -> tuple[int, LinkDifference | None, LinkDifference | None]:
    """Transactions walked side by side, first difference in what was read, and in a command.

    Transaction ids are not compared. The walk ends with the shorter run, or where commands go to
    different registers: what was read behind that has no counterpart. A reply that misses where
    a recording ends was not lost.
    """
    count = 0
    register: LinkDifference | None = None
    command: LinkDifference | None = None
    pairs = zip(first, second, strict=False)
    pair = next(pairs, None)
    while pair is not None:
        (one, other), pair = pair, next(pairs, None)
        count += 1
        form = same_form(one.command, other.command)
        command = command or _command_difference(one, other)
        if not form:
            break
        if pair is not None or (one.received and other.received):
            register = register or _reply_difference(one, other)
        if register and command:
            break
    return count, register, command


def _command_difference(one: Transaction, other: Transaction) -> LinkDifference | None:
    times_s = one.time_ns / 1e9, other.time_ns / 1e9
    command = one.command
    if command is None and one.sent == other.sent:
        return None
    if command is None or not same_form(command, other.command):
        values = command_text(one.sent), command_text(other.sent)
        return LinkDifference("another command", times_s, values)
    found = data_difference(command.address, write_data(command), write_data(other.command))
    if found is None:
        return None
    return LinkDifference(f"write of {found.name}", times_s, (found.first, found.second))


def _reply_difference(one: Transaction, other: Transaction) -> LinkDifference | None:
    times_s = one.time_ns / 1e9, other.time_ns / 1e9
    ends = reply_text(one), reply_text(other)
    if ends[0] != ends[1]:
        return LinkDifference(f"reply to {command_text(one.sent)}", times_s, ends)
    command, reply, other_reply = one.command, one.reply, other.reply
    if command is None or reply is None or other_reply is None:
        return None
    found = data_difference(
        command.address, reply.data or b"", other_reply.data or b"", FREE_RUNNING
    )
    if found is None:
        return None
    return LinkDifference(found.name, times_s, (found.first, found.second))
