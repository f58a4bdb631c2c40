"""`faulty://?port=URL&fault=link.drop,share=0.1&fault=...&seed=1`: any port behind a bad line.

`port` is the URL or device behind, percent-encoded where it has a query of its own; each `fault` is
a kind of the family `link` with its parameters, in force from the opening on.
"""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

import numpy as np
import serial
from pydantic import ValidationError
from serial.serialutil import to_bytes  # type: ignore[attr-defined]  # missing in the stubs

from hil import clock
from hil.complaints import complaints
from hil.errors import PortUrlError
from hil.faults.faulty_port import FaultyPort
from hil.faults.kinds.link import KINDS, PortKind
from hil.ports.lockstep import BAUD_DEFAULT

FORM = "faulty://?port=URL&fault=link.drop,share=0.1&seed=1"


class Serial(serial.SerialBase):
    """Serial port behind a bad line. Times are those of the port behind: simulated, or real."""

    kinds: ClassVar[dict[str, type[PortKind]]] = {kind.name: kind for kind in KINDS}

    _port: str | None  # these three belong to SerialBase
    _baudrate: int
    _timeout: float | None

    def __init__(self, port: str | None = None, *args: Any, **kwargs: Any) -> None:
        self._inner: serial.SerialBase | None = None
        self._line: FaultyPort | None = None
        if not args:
            kwargs.setdefault("baudrate", BAUD_DEFAULT)
        super().__init__(port, *args, **kwargs)

    def open(self) -> None:
        """Open the port behind. Raises PortUrlError on a URL that cannot be used."""
        if self._port is None:
            raise serial.SerialException("Port must be configured before it can be used.")
        behind, kinds, seed = self._parse(self._port)
        inner = serial.serial_for_url(behind, baudrate=self._baudrate, timeout=self._timeout)
        target = getattr(inner, "target", None)

        def now_ns() -> int:
            return int(target.now_ns) if target is not None else round(clock.wall_s() * 1e9)

        self._inner, self._line = inner, FaultyPort(inner, now_ns)
        for kind, stream in zip(kinds, np.random.SeedSequence(seed).spawn(len(kinds)), strict=True):
            kind.put_into(self._line, np.random.Generator(np.random.PCG64(stream)))
        self.is_open = True
        self._reconfigure_port()

    def close(self) -> None:
        """Close it, and the port behind."""
        inner, self._inner, self._line = self._inner, None, None
        self.is_open = False
        if inner is not None:
            inner.close()

    def read(self, size: int = 1) -> bytes:
        """Up to `size` bytes, fewer when the timeout passes first."""
        return self._open_line.read(size)

    def write(self, data: Any, /) -> int:
        """Send bytes through the line."""
        return self._open_line.write(bytes(to_bytes(data)))

    @property
    def in_waiting(self) -> int:
        """Bytes that have arrived and were not read."""
        return self._open_line.in_waiting

    def reset_input_buffer(self) -> None:
        """Forget what has arrived."""
        self._open_line.reset_input_buffer()

    def reset_output_buffer(self) -> None:
        """Nothing to forget: `write` leaves nothing unsent."""

    def flush(self) -> None:
        """Wait until the port behind has sent everything."""
        if self._inner is not None:
            self._inner.flush()

    @property
    def target(self) -> Any:
        """The simulated controller behind, where there is one."""
        return getattr(self._inner, "target", None)

    @property
    def _open_line(self) -> FaultyPort:
        if self._line is None:
            raise serial.PortNotOpenError()
        return self._line

    def _reconfigure_port(self, force_update: bool = False) -> None:
        if self._line is not None and self._inner is not None:
            self._line.timeout = self._timeout
            self._inner.baudrate = self._baudrate

    def _update_rts_state(self) -> None: ...

    def _update_dtr_state(self) -> None: ...

    def _update_break_state(self) -> None: ...

    def _parse(self, url: str) -> tuple[str, list[PortKind], int]:
        behind, kinds, seed = "", [], 1
        for name, value in parse_qsl(urlsplit(url).query, keep_blank_values=True):
            if name == "port":
                behind = value
            elif name == "fault":
                kinds.append(self._kind(url, value))
            elif name == "seed" and value.isdigit():
                seed = int(value)
            else:
                raise PortUrlError(f"port {url!r}: {name}={value}, expected {FORM}")
        if not behind or not kinds:
            raise PortUrlError(f"port {url!r}: expected {FORM}")
        return behind, kinds, seed

    def _kind(self, url: str, text: str) -> PortKind:
        name, *pairs = text.split(",")
        if name not in self.kinds:
            known = ", ".join(self.kinds)
            raise PortUrlError(f"port {url!r}: fault={name}, no such kind; there are {known}")
        parameters = dict(pair.partition("=")[::2] for pair in pairs)
        try:
            return self.kinds[name].model_validate_strings(parameters)
        except ValidationError as error:
            lines = "; ".join(complaints(error, {"": self.kinds[name]}))
            raise PortUrlError(f"port {url!r}: fault={name}: {lines}") from error
