"""The bad line: what becomes of frames, in simulated time, and as a port of its own."""

from __future__ import annotations

from urllib.parse import quote

import numpy as np
import pytest
import serial

import hil.ports  # noqa: F401  makes faulty:// known
from fsw.payload_link import LinkDown, LinkTimeout, PayloadLink
from fsw.registers import IDENTITY
from hil.errors import PortUrlError
from hil.faults.faulty_port import FaultyPort
from hil.faults.kinds.link import KINDS, PortKind, Unplugged
from hil.ports.lockstep import LockstepPort

BY_NAME = {kind.name: kind for kind in KINDS}


def bad_line(kind: PortKind) -> tuple[PayloadLink, FaultyPort, LockstepPort]:
    inner = serial.serial_for_url("model://")
    assert isinstance(inner, LockstepPort)
    line = FaultyPort(inner, lambda: inner.target.now_ns)
    kind.put_into(line, np.random.default_rng(3))
    return PayloadLink(line), line, inner


def kind(name: str, **parameters: object) -> PortKind:
    return BY_NAME[name].model_validate(parameters)


class Remembered:
    """The port behind, as far as writing goes."""

    def __init__(self) -> None:
        self.written = b""
        self.timeout: float | None = None
        self.in_waiting = 0

    def write(self, data: bytes, /) -> int:
        self.written += data
        return len(data)

    def read(self, size: int = 1, /) -> bytes:
        return b""

    def reset_input_buffer(self) -> None: ...


@pytest.fixture
def identity() -> bytes:
    with serial.serial_for_url("model://") as port:
        return PayloadLink(port).read(IDENTITY.base, 12)


@pytest.mark.parametrize(
    ("fault", "counter"),
    [
        (kind("link.drop", frames=1, direction="to_controller"), "timeouts"),
        (kind("link.drop", frames=1, direction="from_controller"), "timeouts"),
        (kind("link.delay", frames=1, direction="from_controller", delay_s=0.03), "stale_replies"),
        (kind("link.reorder", frames=1, direction="from_controller"), "stale_replies"),
        (kind("link.truncate", frames=1, direction="from_controller"), "timeouts"),
        (kind("link.truncate", frames=1, direction="from_controller", closed=True), "crc_errors"),
        (kind("link.garbage", frames=1, direction="from_controller", count=40), "crc_errors"),
        (kind("link.bit_errors", frames=1, direction="from_controller", rate=0.05), "crc_errors"),
    ],
)
def test_a_transaction_survives_one_bad_frame(
    fault: PortKind, counter: str, identity: bytes
) -> None:
    link, _, _ = bad_line(fault)
    for _ in range(20):
        assert link.read(IDENTITY.base, 12) == identity
    assert getattr(link.counters, counter) + link.counters.framing_errors >= 1


def test_a_frame_that_comes_twice_does_no_harm(identity: bytes) -> None:
    link, _, _ = bad_line(kind("link.duplicate", direction="to_controller"))
    assert link.read(IDENTITY.base, 12) == identity
    assert link.read(IDENTITY.base, 12) == identity
    assert link.counters.stale_replies >= 1


def test_a_frame_that_waits_for_the_next_proves_no_reordering() -> None:
    line = FaultyPort(inner := Remembered(), lambda: 0)
    effect = kind("link.reorder", direction="to_controller").put_into(
        line, np.random.default_rng(3)
    )
    first, second = b"\xc0one\xc0", b"\xc0two\xc0"
    line.write(first)
    assert inner.written == b"" and effect.evidence == ""
    line.write(second)
    assert inner.written == second + first and "not the same" in effect.evidence


@pytest.mark.parametrize("closed", [False, True])
def test_a_truncated_frame_has_lost_something_whatever_is_kept(closed: bool) -> None:
    frame = b"\xc0abc\xc0"
    for keep in (0.0, 0.5, 0.999):
        fault = kind("link.truncate", keep=keep, closed=closed)
        ((left, _),) = fault.strike(frame, 0, np.random.default_rng(3))  # type: ignore[attr-defined]
        assert len(left) < len(frame) and left.endswith(b"\xc0") is (closed or keep == 0.0)


def test_a_fault_of_one_frame_is_gone_after_it() -> None:
    line = FaultyPort(inner := Remembered(), lambda: 0)
    effect = kind("link.drop", direction="to_controller", frames=1).put_into(
        line, np.random.default_rng(3)
    )
    assert effect.present
    for frame in (b"\xc0one\xc0", b"\xc0two\xc0"):
        line.write(frame)
    assert inner.written == b"\xc0two\xc0" and not effect.present


def test_a_delay_is_one_of_simulated_time(identity: bytes) -> None:
    link, _, inner = bad_line(kind("link.delay", direction="from_controller", delay_s=0.01))
    plain = serial.serial_for_url("model://")
    PayloadLink(plain).read(IDENTITY.base, 12)
    assert link.read(IDENTITY.base, 12) == identity
    late_ms = (inner.target.now_ns - plain.target.now_ns) / 1e6
    assert late_ms == pytest.approx(10.0, abs=0.2)


@pytest.mark.parametrize("name", ["link.silence", "link.drop"])
def test_silence_costs_the_timeouts_of_all_tries(name: str) -> None:
    link, _, inner = bad_line(kind(name))
    with pytest.raises(LinkTimeout):
        link.read(IDENTITY.base, 12)
    assert inner.target.now_ns / 1e6 == pytest.approx(3 * 20.0, abs=2.0)


def test_an_unplugged_port_fails_and_comes_back(identity: bytes) -> None:
    inner = serial.serial_for_url("model://")
    line = FaultyPort(inner, lambda: inner.target.now_ns)
    effect = Unplugged().put_into(line, np.random.default_rng(1))
    link = PayloadLink(line)
    with pytest.raises(LinkDown):
        link.read(IDENTITY.base, 12)
    assert effect.evidence
    effect.end()
    assert link.read(IDENTITY.base, 12) == identity


def test_evidence_says_what_became_of_a_frame() -> None:
    inner = serial.serial_for_url("model://")
    line = FaultyPort(inner, lambda: inner.target.now_ns)
    effect = kind("link.drop", direction="from_controller").put_into(line, np.random.default_rng(1))
    with pytest.raises(LinkTimeout):
        PayloadLink(line).read(IDENTITY.base, 12)
    assert effect.evidence == "a frame of 29 bytes from controller was kept back"


def test_as_a_port_of_its_own(identity: bytes) -> None:
    behind = quote("model://?trays=4", safe="")
    url = f"faulty://?port={behind}&fault=link.drop,share=0.3&fault=link.delay,delay_s=0.001&seed=4"
    with serial.serial_for_url(url, timeout=0.02) as port:
        link = PayloadLink(port, retries=20)
        for _ in range(10):
            assert link.read(IDENTITY.base, 12)[:4] == identity[:4]
        assert link.counters.timeouts > 0
        assert port.target.trays == 4


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("", "expected faulty://?port=URL&fault="),
        ("port=model://", "expected faulty://?port=URL&fault="),
        ("port=model://&fault=link.dorp", "no such kind; there are link.bit_errors"),
        ("port=model://&fault=link.drop,share=2", "share = '2', must be <= 1"),
        ("port=model://&fault=link.drop,shar=1", "shar: unknown key"),
        ("port=model://&fault=link.drop&speed=9", "speed=9, expected"),
    ],
)
def test_urls_that_cannot_be_used(query: str, message: str) -> None:
    with pytest.raises(PortUrlError) as caught:
        serial.serial_for_url(f"faulty://?{query}")
    assert message in str(caught.value)
