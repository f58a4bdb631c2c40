"""What holds for every lockstep target, and between two runs of one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import serial

import hil.ports  # noqa: F401  makes model:// and rtl:// known
from fsw import registers as r
from fsw.payload_link import PayloadLink
from hil.targets.lockstep import LockstepTarget
from hil.targets.model import ModelTarget
from hil.targets.rtl import RtlTarget

ROOT = Path(__file__).resolve().parents[2]
TICK_NS = 10_000_000


@pytest.mark.parametrize("trays", [0, 33, -1])
@pytest.mark.parametrize("target", [ModelTarget, RtlTarget])
def test_trays_out_of_range(target: type[LockstepTarget], trays: int) -> None:
    with pytest.raises(ValueError, match=f"trays = {trays}, must be 1 to 32"):
        target(trays)


def test_two_runs_give_the_same_bytes() -> None:
    script = """
import hashlib, random
import serial
import hil.ports
from fsw.slip import encode_frame
draw = random.Random(7)
digest = hashlib.sha256()
with serial.serial_for_url("rtl://", timeout=0.01) as port:
    for cycle in range(50):
        port.target.set_sensors(draw.randbytes(320))
        port.target.advance_to(cycle * 100_000_000)
        if cycle % 9 == 0:
            port.target.flip_memory(draw.randrange(1024), 1 << draw.randrange(39))
        port.write(encode_frame(bytes.fromhex("FE014C20670001000000010000004054")))
        port.write(draw.randbytes(draw.randrange(40)))
        digest.update(port.read(200) + port.target.actuators())
        digest.update(str(port.target.now_ns).encode())
print(digest.hexdigest())
"""
    digests = {
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1")
    }
    assert len(digests) == 1
    assert len(digests.pop()) == 65


@pytest.mark.skipif(
    shutil.which("iverilog") is None, reason="no iverilog: apt-get install iverilog"
)
def test_icarus_answers_as_verilator_does() -> None:
    answers = []
    for simulator in ("verilator", "icarus"):
        with serial.serial_for_url(f"rtl://?simulator={simulator}", timeout=0.1) as port:
            target = port.target
            assert target.simulator == simulator
            link = PayloadLink(port)
            target.set_sensors(bytes(i % 256 for i in range(320)))
            target.advance_to(5 * TICK_NS)
            link.write(r.CONTROL_POWER_SWITCH.address, bytes((0, 0, 0, 3)))
            link.write(r.MEMORY.base, b"abcd")
            flipped = target.flip_memory(0, 0x10)
            target.advance_to(100 * TICK_NS)
            fast = link.read(r.FAST.base, 64)
            answers.append((flipped, fast, target.actuators(), target.peek_memory(0)))
    assert answers[0] == answers[1]
    assert answers[0][1][0x34:0x38].hex() == "00010000"  # one error corrected
