"""Golden model of the faults that the test key puts into the link: lost replies, a link that hangs.

Both are written with a command and begin when the reply to that command has gone.
"""

from __future__ import annotations

from fsw import registers as r
from gateware.model_link import FrameReceiver, encode_frame

_DROP, _CORRUPT = 1, 2  # injection.reply_fault.kind


class LinkFaults:
    """What is wrong with replies now, and what will be after the command that is executed."""

    def __init__(self, receiver: FrameReceiver) -> None:
        self._receiver = receiver
        self._kind = 0
        self._count = 0
        self._next_fault: tuple[int, int] | None = None
        self._hang_ticks = 0
        self._pending = False

    def write_reply_fault(self, word: int) -> None:
        """As register injection.reply_fault; the fault before it is over at once."""
        fields = r.INJECTION_REPLY_FAULT.unpack(word)
        self._next_fault = fields["kind"], fields["count"]
        self._count = 0
        self._pending = True

    def write_link_hang(self, word: int) -> None:
        """As register injection.link_hang."""
        self._hang_ticks = r.INJECTION_LINK_HANG.unpack(word)["ticks"]
        self._pending = True

    def frame(self, reply: bytes) -> bytes:
        """Bytes on the wire of a reply: none, or with a wrong CRC-16, while there is a fault."""
        if not self._count:
            return encode_frame(reply)
        self._count -= 1
        if self._kind == _DROP:
            return b""
        return encode_frame(reply, crc_error=int(self._kind == _CORRUPT))

    def end_command(self) -> None:
        """The reply, if any, has gone: what the command has written begins."""
        if not self._pending:
            return
        self._pending = False
        if self._next_fault is not None:
            self._kind, self._count = self._next_fault
            self._next_fault = None
        if self._hang_ticks:
            self._receiver.hang(self._hang_ticks)
            self._hang_ticks = 0
