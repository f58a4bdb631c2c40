"""The dev boards that the gateware has a top for: `gateware/boards/<board>/board.toml`."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hil.complaints import complaints
from hil.errors import UsageError

BOARDS = Path(__file__).resolve().parent.parent / "gateware" / "boards"
FILE = "board.toml"

Text = Annotated[str, Field(min_length=1)]
Positive = Annotated[int, Field(gt=0)]
UsbId = Annotated[int, Field(ge=0, le=0xFFFF)]


class Table(BaseModel):
    """A table of a board file."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Usb(Table):
    """How the board's serial port is found among others."""

    vendor_id: UsbId
    product_id: UsbId
    serial_channel: Literal["A", "B"]  # of the USB bridge
    channels: Literal[1, 2]  # that the bridge has; the other one is for programming
    calls_itself: Annotated[
        tuple[Text, ...], Field(min_length=1)
    ]  # in its product's or maker's name


class Lights(Table):
    """Which LED shows what."""

    heartbeat: Text
    link: Text
    trip: Text
    safe: Text


class Board(Table):
    """A dev board and the controller it carries."""

    name: Text
    family: Literal["ice40", "ecp5", "gowin"]
    device: Text  # as place and route calls it
    other_devices: tuple[Text, ...] = ()  # that the board is sold with too
    package: Text
    clock_hz: Positive
    baud: Positive
    trays: Annotated[int, Field(ge=1, le=32)]
    flash: Annotated[str, Field(pattern=r"\{bitstream\}")]  # command that writes it
    usb: Usb
    lights: Lights


SECTIONS: dict[str, type[BaseModel]] = {"": Board, "usb": Usb, "lights": Lights}


def names(boards: Path = BOARDS) -> list[str]:
    """The boards there are, by the name of their folder."""
    return sorted(path.parent.name for path in boards.glob(f"*/{FILE}"))


def load(name: str, boards: Path = BOARDS) -> Board:
    """The board of that name. Raises UsageError when there is none or its file is wrong."""
    if name not in names(boards):
        raise UsageError(f"no board {name!r}: must be one of {', '.join(names(boards))}")
    text = (boards / name / FILE).read_text(encoding="utf-8")
    try:
        return Board.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{name}/{FILE}: not valid TOML: {error}") from error
    except ValidationError as error:
        lines = [f"{name}/{FILE}: {line}" for line in complaints(error, SECTIONS)]
        raise UsageError("\n".join(lines)) from error
