"""Messages between the bench's process and the simulator's, over a stream socket.

A message is a header and its payload:

| to the simulator | payload | answer |
| --- | --- | --- |
| RUN | segments | actuators, then reply bytes of the link |
| RESET | | actuators |
| FLIP | word and mask | codeword after the flip |
| PEEK | word | codeword |
| FLIP_REGISTER | register, copy and mask | a sound copy and the flipped one, then actuators |

A segment is `SEGMENT`, then a sensor vector if it says so, then bytes of the link; its parts act in
this order: sensors, ticks, bytes.
"""

from __future__ import annotations

import socket
from struct import Struct

RUN, RESET, FLIP, PEEK, FLIP_REGISTER = range(5)

HEADER = Struct(">BI")  # kind, bytes of payload
SEGMENT = Struct(">?IH")  # sensor vector follows, ticks, bytes of the link
WORD = Struct(">HQ")  # word index, flip mask
CODEWORD = Struct(">Q")
REGISTER = Struct(">BBI")  # number of a triplicated register, copy 0 to 2, flip mask
COPIES = Struct(">II")  # a sound one, the flipped one
SOCKET_VARIABLE = "RACKSAT_LOCKSTEP_SOCKET"  # environment: file descriptor of the simulator's end
SEGMENT_BYTES = 0xFFFF  # most bytes of the link in a segment
SEGMENT_TICKS = 0xFFFFFFFF


def send(connection: socket.socket, kind: int, payload: bytes) -> None:
    """Send one message. Raises OSError when the other end is gone."""
    connection.sendall(HEADER.pack(kind, len(payload)) + payload)


def receive(connection: socket.socket) -> tuple[int, bytes]:
    """Kind and payload of the next message. Raises EOFError when the other end is gone."""
    data = _more(connection)
    while len(data) < HEADER.size:
        data += _more(connection)
    kind, length = HEADER.unpack_from(data)
    end = HEADER.size + length
    while len(data) < end:
        data += _more(connection)
    return kind, data[HEADER.size :]


def _more(connection: socket.socket) -> bytes:
    data = connection.recv(65536)
    if not data:
        raise EOFError("the other end of the lockstep socket is closed")
    return data
