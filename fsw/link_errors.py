"""Ways in which a transaction on the payload link goes wrong: exceptions and counters."""

from __future__ import annotations

from dataclasses import dataclass, field


class LinkError(Exception):
    """A transaction failed; the text says which and why."""


class LinkTimeout(LinkError):
    """No whole frame with a valid reply arrived in any try."""


class LinkBadReply(LinkError):
    """Replies arrived and were wrong in every try, or in the last."""


class LinkRefused(LinkError):
    """The controller replied with a non-zero status."""

    def __init__(self, text: str, status: int) -> None:
        super().__init__(text)
        self.status = status


class LinkDown(LinkError):
    """The port itself failed, as when a cable is pulled."""


@dataclass(slots=True)
class LinkCounters:
    """Counts since the start or the last reset. A try may count in several."""

    transactions: int = 0
    retries: int = 0
    failed: int = 0  # transactions that raised
    timeouts: int = 0  # tries that ended without a valid reply
    crc_errors: int = 0  # frames with a wrong CRC-16
    framing_errors: int = 0  # frames with a bad escape
    oversize_errors: int = 0  # frames longer than any reply
    header_crc_errors: int = 0  # good frames, header CRC-8 wrong
    data_crc_errors: int = 0  # good frames, data CRC-8 wrong
    length_errors: int = 0  # replies with less or more data than asked for or announced
    malformed: int = 0  # good frames that are no RMAP reply
    wrong_address: int = 0  # replies to or from somebody else
    wrong_instruction: int = 0  # replies to another kind of command
    stale_replies: int = 0  # replies under another transaction id
    port_errors: int = 0
    refused: dict[int, int] = field(default_factory=dict)  # replies by non-zero status

    @property
    def bad_replies(self) -> int:
        """Good frames that were not the awaited reply."""
        return (
            self.header_crc_errors
            + self.data_crc_errors
            + self.length_errors
            + self.malformed
            + self.wrong_address
            + self.wrong_instruction
            + self.stale_replies
        )
