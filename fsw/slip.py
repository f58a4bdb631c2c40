"""Frames on a byte stream: SLIP (RFC 1055) around a payload and its CRC-16.

On the wire: END, the escaped bytes of payload + CRC-16 (big-endian), END. The leading END ends
whatever noise stood on the line before. Two ENDs in a row are no frame.
"""

from __future__ import annotations

from binascii import crc_hqx

END = 0xC0
ESC = 0xDB
ESC_END = 0xDC
ESC_ESC = 0xDD

CRC_BYTES = 2
FRAME_OVERHEAD = CRC_BYTES + 2  # CRC-16 and two ENDs: wire bytes beyond the payload, escapes apart

_END = bytes([END])
_ESC = bytes([ESC])
_ESCAPED_END = bytes([ESC, ESC_END])
_ESCAPED_ESC = bytes([ESC, ESC_ESC])


def crc16(data: bytes) -> int:
    """CRC-16/CCITT-FALSE (also IBM-3740): x16+x12+x5+1, initially 0xFFFF; 0 over data + CRC."""
    return crc_hqx(data, 0xFFFF)


def escape(data: bytes) -> bytes:
    """Bytes as they stand between two ENDs."""
    return data.replace(_ESC, _ESCAPED_ESC).replace(_END, _ESCAPED_END)


def unescape(data: bytes) -> bytes:
    """Undo `escape`. Raises ValueError on an ESC followed by anything but ESC_END or ESC_ESC."""
    escapes = data.count(_ESC)
    if not escapes:
        return data
    good = data.count(_ESCAPED_END) + data.count(_ESCAPED_ESC)
    if good != escapes:
        raise ValueError(f"{escapes - good} of {escapes} ESC not followed by 0xDC or 0xDD")
    return data.replace(_ESCAPED_END, _END).replace(_ESCAPED_ESC, _ESC)


def encode_frame(payload: bytes) -> bytes:
    """The frame of a payload, ready for the wire."""
    data = payload + crc_hqx(payload, 0xFFFF).to_bytes(CRC_BYTES, "big")
    return _END + escape(data) + _END


class FrameDecoder:
    """Takes bytes in any portions, gives payloads of good frames, counts the others.

    A bad frame is counted once, at its END: as a framing error before an oversize before a CRC
    error. `max_bytes` limits payload + CRC-16; a longer frame is dropped without being kept.
    """

    def __init__(self, max_bytes: int = 4096) -> None:
        self.max_bytes = max_bytes
        self.frames = 0
        self.crc_errors = 0  # frames of fewer than 3 bytes included
        self.framing_errors = 0
        self.oversize_errors = 0
        self._pending = b""  # escaped bytes since the last END
        self._overrun = False  # the frame in progress is already too long
        self._bad_escape = False  # ... and had a bad escape in its dropped part

    @property
    def bad_frames(self) -> int:
        """All frames dropped."""
        return self.crc_errors + self.framing_errors + self.oversize_errors

    @property
    def in_progress(self) -> bool:
        """True when bytes of an unfinished frame have arrived."""
        return bool(self._pending) or self._overrun

    @property
    def pending_bytes(self) -> int:
        """Unescaped bytes of the unfinished frame so far, its CRC-16 included."""
        return len(self._pending) - self._pending.count(_ESC)

    def feed(self, data: bytes) -> list[bytes]:
        """Payloads of the good frames that end in these bytes."""
        *closed, self._pending = (self._pending + data).split(_END)
        payloads = []
        for escaped in closed:
            if escaped or self._overrun:
                payload = self._close(escaped)
                if payload is not None:
                    payloads.append(payload)
        if len(self._pending) > 2 * self.max_bytes:
            self._drop_pending()
        return payloads

    def abort(self) -> None:
        """End the frame in progress as a framing error: inter-byte timeout or UART error."""
        if self.in_progress:
            self.framing_errors += 1
        self._forget()

    def _close(self, escaped: bytes) -> bytes | None:
        overrun, bad_escape = self._overrun, self._bad_escape
        self._overrun = self._bad_escape = False
        try:
            data = unescape(escaped)
        except ValueError:
            bad_escape = True
        if bad_escape:
            self.framing_errors += 1
        elif overrun or len(data) > self.max_bytes:
            self.oversize_errors += 1
        elif len(data) <= CRC_BYTES or crc_hqx(data, 0xFFFF):
            self.crc_errors += 1
        else:
            self.frames += 1
            return data[:-CRC_BYTES]
        return None

    def _drop_pending(self) -> None:
        keep = _ESC if self._pending.endswith(_ESC) else b""  # its second byte is still to come
        try:
            unescape(self._pending.removesuffix(keep))
        except ValueError:
            self._bad_escape = True
        self._overrun = True
        self._pending = keep

    def _forget(self) -> None:
        self._pending = b""
        self._overrun = self._bad_escape = False
