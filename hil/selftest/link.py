"""Checks of the link: who answers, what is refused and dropped, how fast it is."""

from __future__ import annotations

from statistics import median

from fsw import registers as r
from fsw.link_errors import LinkRefused
from fsw.rmap import Status, WriteCommand, encode_command
from fsw.slip import encode_frame
from hil.arbiter import BENCH_ADDRESS
from hil.selftest.board import BoardUnderTest
from hil.selftest.check import CheckFailed, Counted, expect

PATTERNS = (0, 0xFFFF_FFFF, 0x5555_5555, 0xAAAA_AAAA, 0xC0DB_DCDD, *(1 << bit for bit in range(32)))
KEPT = 0x600D_600D  # in the scratch register, while a write must not be done
WRONG_KEY = 0x21
SILENCE_S = 0.02
READS = 100
REPLY_S = 0.02  # how long flight software waits for a reply


def identity(board: BoardUnderTest) -> str:
    complaints = board.identity.complaints()
    if complaints:
        raise CheckFailed(f"{board.identity}; {'; '.join(complaints)}")
    return str(board.identity)


def echo(board: BoardUnderTest) -> str:
    for pattern in PATTERNS:
        board.set(r.CONTROL_SCRATCH, pattern)
        expect("scratch", board.word(r.CONTROL_SCRATCH), pattern)
    return f"{len(PATTERNS)} patterns through the scratch register"


def wrong_key(board: BoardUnderTest) -> str:
    refused = Counted(board, r.DIAGNOSTICS_COMMANDS_REFUSED, "refused")
    board.set(r.CONTROL_SCRATCH, KEPT)
    try:
        board.write(r.CONTROL_SCRATCH.address, bytes(4), WRONG_KEY)
    except LinkRefused as refusal:
        expect("status", refusal.status, int(Status.INVALID_KEY))
    else:
        raise CheckFailed(f"a write with key 0x{WRONG_KEY:02X} was done, expected a refusal")
    expect("scratch", board.word(r.CONTROL_SCRATCH), KEPT)
    refused.expect(1)
    return f"key 0x{WRONG_KEY:02X} refused with status {int(Status.INVALID_KEY)}, and counted"


def damaged_frame(board: BoardUnderTest) -> str:
    dropped = Counted(board, r.FAST_FRAMES, "dropped")
    crc = Counted(board, r.DIAGNOSTICS_FRAME_ERRORS, "crc")
    board.set(r.CONTROL_SCRATCH, KEPT)
    command = WriteCommand(r.CONTROL_SCRATCH.address, bytes(4), initiator_address=BENCH_ADDRESS)
    octets = bytearray(encode_frame(encode_command(command)))
    octets[12] ^= 0x04  # of the address: no escape comes or goes
    board.port.write(bytes(octets))
    heard = board.wait(SILENCE_S)
    expect("bytes in answer to a damaged frame", len(heard), 0)
    dropped.expect(1)
    crc.expect(1)
    expect("scratch", board.word(r.CONTROL_SCRATCH), KEPT)
    return "one flipped bit: not answered, not done, dropped and counted"


def latency(board: BoardUnderTest) -> str:
    retries = board.link.counters.retries
    times_s = []
    for _ in range(READS):
        start_s = board.now_s()
        board.read(r.FAST.base, r.FAST.size)
        times_s.append(board.now_s() - start_s)
    lost = board.link.counters.retries - retries
    told = (
        f"median {1e3 * median(times_s):.2f} ms, worst {1e3 * max(times_s):.2f} ms "
        f"of {READS} reads of {r.FAST.size} bytes, {len(times_s) / sum(times_s):.0f} reads/s"
    )
    if lost:
        raise CheckFailed(f"{told}; {lost} replies lost")
    if median(times_s) > REPLY_S:
        raise CheckFailed(
            f"{told}; flight software waits {1e3 * REPLY_S:.0f} ms for a reply: "
            "lower the latency timer of the port (see `racksat boards`)"
        )
    return told


def line(board: BoardUnderTest) -> str:
    counters = board.link.counters
    damaged = counters.crc_errors + counters.framing_errors + counters.bad_replies
    told = (
        f"{counters.transactions} transactions, {counters.retries} repeated, {damaged} frames "
        "damaged or not awaited"
    )
    if damaged or counters.retries:
        raise CheckFailed(f"{told}; look at cable and baud rate")
    return told
