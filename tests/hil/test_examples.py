"""The C example against a served controller, beside our own client; the frames in docs/serve.md."""

from __future__ import annotations

import random
import re
import shutil
import subprocess
import time
from pathlib import Path
from struct import Struct

import pytest
import serial
from served import ROOT, Served

from fsw import registers as r
from fsw.payload_link import PayloadLink
from hil.run_folder import RunFolder
from hil.targets.model import ModelTarget

FAST = Struct(">16I")
TRAY, WATTS = 7, 3141.6
CLOCK_MHZ = 1234


@pytest.fixture(scope="module")
def cap_trays(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example, built as its Makefile says."""
    if shutil.which("cc") is None or shutil.which("make") is None:
        pytest.skip("no C compiler or no make")
    folder = tmp_path_factory.mktemp("example") / "c"
    shutil.copytree(ROOT / "examples" / "c", folder)
    made = subprocess.run(["make", "-C", folder, "-B"], capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stdout + made.stderr
    assert "-Wall -Wextra -Werror" in made.stdout
    assert made.stderr == ""
    return folder / "cap_trays"


def run(program: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [program, *words], capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize(
    "words",
    [("--target", "rtl", "--pty"), ("--target", "model", "--tcp", "0")],
    ids=("rtl", "model"),
)
def test_both_clients_see_the_same_registers(
    tmp_path: Path, cap_trays: Path, words: tuple[str, ...]
) -> None:
    rack = random.Random(4).randbytes(32)
    with Served(tmp_path, *words) as served:
        with serial.serial_for_url(served.url) as port:
            bench = PayloadLink(port, 2.0, initiator_address=0x68, key=r.TEST_KEY)
            bench.write(r.INJECTION_SOURCE.address, (1).to_bytes(4, "big"))
            bench.write(r.STIMULUS_RACK.base, rack)
            flight = PayloadLink(port, 2.0)
            flight.write(r.TRAY_CONTROL_CAP.at(TRAY), cap(5000.0, CLOCK_MHZ))
            ours = FAST.unpack(flight.read(r.FAST.base, 64))
        done = run(cap_trays, served.url, str(TRAY), str(WATTS))
        assert done.returncode == 0, done.stderr
        with serial.serial_for_url(served.url) as port:
            flight = PayloadLink(port, 2.0)
            assert flight.read(r.TRAY_CONTROL_CAP.at(TRAY), 4) == cap(WATTS, CLOCK_MHZ)
            others = flight.read(r.TRAY_CONTROL.base, 4 * 18)
            assert others.count(b"\xff\xff\xff\xff") == 17
            until = ticks(flight) + 30  # the next minor cycle has recorded the actuators
            while ticks(flight) < until:
                time.sleep(0.02)
        assert served.stop() == 0
    lines = re.findall(r"^0x(01[0-9A-F]{2})  ([0-9A-F]{8})$", done.stdout, re.MULTILINE)
    assert [int(address, 16) for address, _ in lines] == list(range(0x100, 0x140, 4))
    theirs = [int(word, 16) for _, word in lines]
    # uptime, frames and activity count; 32 bytes of stimulus lie in bus, battery, ... monitor
    assert theirs[0] & 0xFFFF == ours[0] & 0xFFFF
    assert theirs[1:14] == list(ours[1:14])
    stimulus = Struct(">8I").unpack(rack)
    assert [*theirs[4:7], *theirs[8:13]] == list(stimulus)
    supply = [stimulus[3] >> 16, stimulus[3] & 0xFFFF, stimulus[4] >> 16]
    celsius = " ".join(f"{raw / 100 - 273.15:.2f} C" for raw in supply)
    assert f"coolant supply    {celsius}\n" in done.stdout
    assert f"bus               {(stimulus[0] >> 16) / 50:.2f} V" in done.stdout
    assert f"tray {TRAY} capped at {WATTS} W" in done.stdout
    caps = RunFolder(served.folder).topic("actuators").channels[f"power_cap_{TRAY}_w"]
    assert caps[-1] == pytest.approx(WATTS, abs=0.1)


def ticks(link: PayloadLink) -> int:
    return int.from_bytes(link.read(r.IDENTITY_UPTIME.address, 4), "big")


def cap(watts: float, clock_mhz: int) -> bytes:
    return r.TRAY_CONTROL_CAP.pack(power=round(watts / 0.2), clock=clock_mhz).to_bytes(4, "big")


def test_the_example_says_what_is_wrong(tmp_path: Path, cap_trays: Path) -> None:
    for words in ((), ("x", "1"), ("x", "one", "2"), ("x", "1", "2 W"), ("x", "1", "14000")):
        done = run(cap_trays, *words)
        assert done.returncode == 2
        assert done.stderr.startswith("usage: cap_trays DEVICE [TRAY WATTS]")
    done = run(cap_trays, str(tmp_path / "none"))
    assert done.returncode == 1 and "No such file or directory" in done.stderr
    with Served(tmp_path, "--target", "model", "--pty") as served:
        done = run(cap_trays, served.url, "18", "100")
        assert done.returncode == 2
        assert "tray 18: there are trays 0 to 17" in done.stderr


def test_the_frames_in_the_documentation_are_answered_as_it_says() -> None:
    text = (ROOT / "docs" / "serve.md").read_text(encoding="utf-8")
    frames = re.findall(r"^([<>]) ((?:[0-9A-F]{2} ?)+)$", text, re.MULTILINE)
    assert [direction for direction, _ in frames] == [">", "<", ">", "<"]
    target = ModelTarget()
    for (_, command), (_, reply) in zip(frames[::2], frames[1::2], strict=True):
        assert target.exchange(bytes.fromhex(command)) == bytes.fromhex(reply)
    assert target.actuators()[32:36].hex() == "3d6affff"  # the cap of tray 1
