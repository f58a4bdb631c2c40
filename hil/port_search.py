"""Finding a serial port again that failed, in a thread of its own: opening it may take a while."""

from __future__ import annotations

import contextlib
import threading

import serial

from hil.identity import Identity, identify
from hil.serial_port import PortAddress

AGAIN_S = 0.3  # of wall time, between two attempts
END_S = 2.0  # how long the end of an attempt is waited for


class PortSearch:
    """Looks for the port at `address` until it is `found`, with a controller that answers.

    `trouble` says what is in the way. `failed` is the port that failed; it is closed first.
    """

    def __init__(self, address: PortAddress, baud: int, failed: serial.SerialBase) -> None:
        self.found: tuple[serial.SerialBase, Identity] | None = None
        self.trouble = ""
        self._address = address
        self._baud = baud
        self._failed = failed
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, name="port search", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Look no further; close what was found."""
        self._ended.set()
        self._thread.join(END_S)
        if self.found is not None:
            self.found[0].close()

    def _look(self) -> None:
        with contextlib.suppress(Exception):  # it has failed
            self._failed.close()
        while not self._ended.is_set():
            try:
                self.found = self._attempt()
                return
            except Exception as error:  # termios.error and what bridges raise are of no common kind
                self.trouble = str(error) or type(error).__name__
                self._ended.wait(AGAIN_S)

    def _attempt(self) -> tuple[serial.SerialBase, Identity]:
        port = self._address.reopen(self._baud)
        try:
            return port, identify(port)
        except BaseException:  # as while an FPGA is configured
            port.close()
            raise
