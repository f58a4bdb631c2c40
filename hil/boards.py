"""What is plugged in: the serial ports of this machine, and which known board each may belong to.

Boards are told by their USB ids, as `gateware/boards/*/board.toml` has them. Several boards share
the ids of a bridge; then the names of product and maker decide, if the system gives them.
"""

from __future__ import annotations

from dataclasses import dataclass

from serial.tools import list_ports
from serial.tools.list_ports_common import ListPortInfo

from hil import board_files
from hil.board_files import Board
from hil.identity import Identity, identify
from hil.serial_port import interface_number, open_port

BAUD_DEFAULT = 1_000_000


@dataclass(frozen=True)
class BoardPort:
    """A serial port, and the boards it may belong to."""

    info: ListPortInfo
    boards: tuple[Board, ...]  # that have these USB ids
    certain: bool  # its own names say that it is one of them
    channel: str | None  # of a bridge with several, "A" or "B"; None where it is not told

    @property
    def is_candidate(self) -> bool:
        """Whether a controller may answer: some board has its serial port here."""
        return any(self._carries_serial(board) for board in self.boards)

    @property
    def baud(self) -> int:
        """Rate to ask at."""
        return self.boards[0].baud if self.boards else BAUD_DEFAULT

    @property
    def board_text(self) -> str:
        """Board and channel in a few words; empty where no board is known."""
        if not self.boards:
            return ""
        names = " or ".join(board.name for board in self.boards)
        text = names if self.certain else f"{names}?"
        if all(board.usb.channels == 1 for board in self.boards):
            return text
        if self.channel is None:
            channels = "/".join(sorted({board.usb.serial_channel for board in self.boards}))
            return f"{text}, which channel is not told: serial is {channels}"
        return f"{text}, channel {self.channel}: {'serial' if self.is_candidate else 'programming'}"

    def _carries_serial(self, board: Board) -> bool:
        return self.channel in (None, board.usb.serial_channel) or board.usb.channels == 1


def plugged_in() -> list[BoardPort]:
    """The serial ports of this machine, sorted by name."""
    known = [board_files.load(name) for name in board_files.names()]
    return [board_port(info, known) for info in sorted(list_ports.comports())]


def board_port(info: ListPortInfo, known: list[Board]) -> BoardPort:
    """A port with the boards out of `known` that it may belong to."""
    same = [
        board
        for board in known
        if (board.usb.vendor_id, board.usb.product_id) == (info.vid, info.pid)
    ]
    names = f"{info.product} {info.manufacturer} {info.description}".lower()
    named = [
        board for board in same if any(word.lower() in names for word in board.usb.calls_itself)
    ]
    return BoardPort(info, tuple(named or same), bool(named), _channel(info))


def ask(url: str, baud: int = BAUD_DEFAULT) -> Identity:
    """Open a port and ask who is there. Raises PortError, PortUrlError or IdentityError."""
    with open_port(url, baud) as port:
        return identify(port)


def _channel(info: ListPortInfo) -> str | None:
    """Linux tells the number of the interface; FTDI's driver for Windows lets the serial number end
    in the channel."""
    number = interface_number(info.location)
    if number is not None:
        return "ABCD"[number] if number < 4 else None
    name = str(info.device).upper()
    if name.startswith("COM") and str(info.serial_number)[-1:] in ("A", "B"):
        return str(info.serial_number)[-1]
    return None
