"""`replay://PATH`: a recorded link, played back to whoever writes what was written then."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import serial
from serial.serialutil import to_bytes  # type: ignore[attr-defined]  # missing in the stubs

from hil.errors import PortUrlError

if TYPE_CHECKING:
    from hil.recorded_link import RecordedLink

SCHEME = "replay://"


class Serial(serial.SerialBase):
    """Serial port with a recording at its other end, see `hil.recorded_link`.

    PATH is the folder of a run, or a link.bin. Line settings and timeouts have no effect.
    """

    _port: str | None  # belongs to SerialBase

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._link: RecordedLink | None = None
        super().__init__(*args, **kwargs)

    def open(self) -> None:
        """Open the recording. Raises PortUrlError without a path, UsageError without a file."""
        from hil.recorded_link import RecordedLink  # here: pyserial hides a handler's ImportError

        if self.is_open:
            raise serial.SerialException("Port is already open.")
        url = self._port or ""
        path = url[len(SCHEME) :]
        if not url.lower().startswith(SCHEME) or not path:
            raise PortUrlError(f"port {url!r}: expected replay:// and the folder of a run")
        self._link = RecordedLink(Path(path))
        self.is_open = True

    def close(self) -> None:
        """Close the recording."""
        self._link = None
        self.is_open = False

    @property
    def link(self) -> RecordedLink:
        """What is played. Raises PortNotOpenError on a closed port."""
        if self._link is None:
            raise serial.PortNotOpenError()
        return self._link

    def write(self, data: Any, /) -> int:
        """Send the bytes that were recorded; raises ReplayDiverged on others."""
        return self.link.write(to_bytes(data))

    def read(self, size: int = 1) -> bytes:
        """Up to `size` bytes, fewer where the recording has a timeout."""
        return self.link.read(size)

    @property
    def in_waiting(self) -> int:
        """Recorded bytes that can be read before the next write."""
        return self.link.in_waiting

    def reset_input_buffer(self) -> None:
        """Forget what can be read before the next write."""
        self.link.read(self.link.in_waiting)

    def reset_output_buffer(self) -> None:
        """Nothing to forget: `write` leaves nothing unsent."""

    def flush(self) -> None:
        """Nothing to wait for."""

    def _reconfigure_port(self, force_update: bool = False) -> None: ...

    def _update_rts_state(self) -> None: ...

    def _update_dtr_state(self) -> None: ...

    def _update_break_state(self) -> None: ...
