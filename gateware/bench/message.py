"""Messages between the bench's process and the simulator's, over a stream socket.

A message is a header and its payload:

| to the simulator | payload | answer |
| --- | --- | --- |
| RUN | segments | actuators, then reply bytes of the link |
| RESET | | actuators |
| FLIP | store, word and mask | the word after the flip |
| PEEK | store and word (mask 0) | the word |
| FLIP_REGISTER | register, copy and mask | a sound copy and the flipped one, then actuators |
| CLOCKS | | clocks since the simulation began |
| FLOPS | | a line a register: name and width |
| ARRAYS | | a line a memory of the Verilog: name, words and width |
| FLIP_FLOP | a line a register: name and mask | actuators, then a line each: before and after |
| ARM | name, mask and clocks until the flip, as a line | |
| STRUCK | | the register before and after, as a line; empty while the flip is ahead |
| STATE | | a line a register or memory: name and value, or digest of the words |

Numbers in lines are hexadecimal. What takes or gives names needs a simulation built with names.

Stores are 0, the codewords of the protected memory, and 1, the words of the configuration frames.
A segment is `SEGMENT`, then a sensor vector if it says so, then bytes of the link; its parts act in
this order: sensors, ticks, bytes.
"""

from __future__ import annotations

import socket
from struct import Struct

RUN, RESET, FLIP, PEEK, FLIP_REGISTER, CLOCKS, FLOPS, FLIP_FLOP, ARM, STRUCK, STATE, ARRAYS = range(
    12
)

HEADER = Struct(">BI")  # kind, bytes of payload
SEGMENT = Struct(">?IH")  # sensor vector follows, ticks, bytes of the link
STORED = Struct(">BHQ")  # store, word index, flip mask
WORD = Struct(">Q")
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
