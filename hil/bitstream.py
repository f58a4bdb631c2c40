"""A bitstream for a dev board: synthesis, place and route, timing, pack.

All that is made, logs included, is kept in one folder. A design that misses its timing is not
packed.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from hil import board_files, clock
from hil.board_files import Board
from hil.errors import RacksatError, UsageError
from hil.fpga_tools import Tool, find_tools
from hil.place_report import Cells, Placement, count_cells, parse_report, warnings_in

GATEWARE = board_files.BOARDS.parent
LOG_LINES = 15
SOURCES = "sources"  # folder of the copied inputs

SYNTHESIS = {
    # Comparisons are smaller in LUTs than in carry chains, which take a logic cell for each bit;
    # and what need not be faster than the clock (abc9.D, in ps) can be smaller.
    "ice40": "scratchpad -set abc9.D {period_ps}\nsynth_ice40 -device u -abc9 -nocarry",
    "ecp5": "synth_ecp5",
    "gowin": "synth_gowin -family gw1n",
}
PINS = {"ice40": "pins.pcf", "ecp5": "pins.lpf", "gowin": "pins.cst"}
BITSTREAM = {"ice40": ".bin", "ecp5": ".bit", "gowin": ".fs"}

Say = Callable[[str], None]


class BuildError(RacksatError):
    """A stage of the build failed, or the design is too large or too slow for the board."""

    exit_code = 1


@dataclass(frozen=True)
class Order:
    """What is built, and where it is put."""

    board_name: str
    board: Board
    folder: Path
    gateware: Path = GATEWARE

    @property
    def sources(self) -> list[Path]:
        """The Verilog, board top last."""
        boards = self.gateware / "boards"
        return [
            *sorted((self.gateware / "rtl").glob("*.v")),
            *sorted((boards / "common").glob("*.v")),
            boards / self.board_name / "top.v",
        ]

    @property
    def pins(self) -> Path:
        """The pin file."""
        return self.gateware / "boards" / self.board_name / PINS[self.board.family]

    @property
    def inputs(self) -> list[Path]:
        """All files that go into the bitstream."""
        return [*self.sources, *sorted((self.gateware / "rtl").glob("*.vh")), self.pins]

    @property
    def bitstream(self) -> Path:
        return self.folder / f"{self.board_name}{BITSTREAM[self.board.family]}"

    @property
    def build_id(self) -> int:
        """What register `identity.build` says: the first 32 bits of SHA-256 over what is built."""
        board = self.board
        digest = hashlib.sha256(
            f"{board.device} {board.package} {board.trays} {board.clock_hz} {board.baud}".encode()
        )
        digest.update(SYNTHESIS[board.family].encode())
        for path in self.inputs:
            digest.update(f"\0{path.name}\0".encode())
            digest.update(path.read_bytes())
        return int.from_bytes(digest.digest()[:4], "big")


@dataclass(frozen=True)
class Built:
    """A placed and routed design, packed if it meets its timing."""

    order: Order
    tools: list[Tool]
    cells: Cells
    placement: Placement
    warnings: list[str]
    duration_s: float
    bitstream: Path | None

    def conclusion(self) -> str:
        """Warnings, where it lies, and how to flash it."""
        lines = [f"{len(self.warnings)} warnings", *self.warnings]
        folder = self.order.folder
        if self.bitstream is None:
            return "\n".join([*lines, f"not packed: too slow; logs and report in {folder}"])
        flash = self.order.board.flash.format(bitstream=self.bitstream)
        lines.append(
            f"{self.bitstream}, build {self.order.build_id:08x}; logs and report beside it"
        )
        return "\n".join([*lines, f"to flash it: {flash}"])

    def summary(self) -> dict[str, object]:
        """What `summary.json` holds."""
        board = self.order.board
        return {
            "board": self.order.board_name,
            "device": board.device,
            "package": board.package,
            "trays": board.trays,
            "baud": board.baud,
            "build_id": f"{self.order.build_id:08x}",
            "timing_met": self.placement.met,
            "clock_mhz": self.placement.constraint_mhz,
            "fmax_mhz": round(self.placement.fmax_mhz, 2),
            "margin": round(self.placement.margin, 4),
            "slack_ns": round(self.placement.slack_ns, 2),
            **asdict(self.cells),
            "logic_cells": asdict(self.placement.logic),
            "block_rams": asdict(self.placement.ram),
            "warnings": self.warnings,
            "tools": [tool.version for tool in self.tools],
            "duration_s": round(self.duration_s, 1),
            "bitstream": self.bitstream.name if self.bitstream else None,
        }


def order(name: str, device: str | None = None, gateware: Path = GATEWARE) -> Order:
    """The order for a board, for another device it is sold with if one is named.

    It is built in `build/bitstreams/<board>` of the current folder. Raises UsageError when there
    is no such board or device.
    """
    board = board_files.load(name, gateware / "boards")
    devices = (board.device, *board.other_devices)
    if device is not None and device not in devices:
        raise UsageError(f"--device {device}: {name} has {' or '.join(devices)}")
    if device is not None:
        board = board.model_copy(update={"device": device})
    return Order(name, board, Path("build") / "bitstreams" / name, gateware)


def build(wanted: Order, say: Say) -> Built:
    """Build it, a line for each stage. Raises UsageError without tools, BuildError if one fails."""
    tools = find_tools(wanted.board.family)
    synthesis, place, pack = tools
    if wanted.folder.exists():
        shutil.rmtree(wanted.folder)
    for path in wanted.inputs:  # the folder is complete, and all that yowasp's sandbox need see
        copy = wanted.folder / SOURCES / path.relative_to(wanted.gateware)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    start_s = clock.wall_s()

    def stage(name: str, command: Sequence[str], log: str) -> float:
        say(f"{name} ({Path(command[0]).name}) ...")
        before_s = clock.wall_s()
        run(name, command, wanted.folder, log)
        return clock.wall_s() - before_s

    script = wanted.folder / "synthesis.ys"
    script.write_text(synthesis_script(wanted), encoding="utf-8")
    took_s = stage("synthesis", [synthesis.path, script.name], "synthesis.log")
    cells = count_cells(wanted.folder / "netlist.json", wanted.board.family)
    say(f"  {cells.luts} LUTs, {cells.flip_flops} flip-flops, {took_s:.0f} s")

    took_s = stage("place and route", [place.path, *place_arguments(wanted)], "route.log")
    report = (wanted.folder / "report.json").read_text(encoding="utf-8")
    placement = parse_report(report, wanted.board.family, wanted.board.clock_hz / 1e6)
    say(f"  logic cells {placement.logic}, block RAM {placement.ram}, {took_s:.0f} s")

    verdict = "met" if placement.met else "NOT MET"
    say(f"timing {verdict}: {_speed(placement)}")
    if placement.met:
        took_s = stage("pack", [pack.path, *pack_arguments(wanted)], "pack.log")
        say(f"  {wanted.bitstream.stat().st_size} bytes, {took_s:.0f} s")
    built = Built(
        order=wanted,
        tools=tools,
        cells=cells,
        placement=placement,
        warnings=[
            f"{log.stem}: {line}"
            for log in sorted(wanted.folder.glob("*.log"))
            for line in warnings_in(log)
        ],
        duration_s=clock.wall_s() - start_s,
        bitstream=wanted.bitstream if placement.met else None,
    )
    summary = json.dumps(built.summary(), indent=2) + "\n"
    (wanted.folder / "summary.json").write_text(summary, encoding="utf-8")
    return built


def synthesis_script(wanted: Order) -> str:
    """For yosys: read, set the parameters of top, synthesise."""
    board = wanted.board
    parameters = {
        "TRAYS": str(board.trays),
        "CLOCK_HZ": str(board.clock_hz),
        "BAUD": str(board.baud),
        "BUILD_ID": f"32'h{wanted.build_id:08x}",
    }
    lines = [
        f"read_verilog -I{SOURCES}/rtl {SOURCES}/{path.relative_to(wanted.gateware).as_posix()}"
        for path in wanted.sources
    ]
    lines += [f"chparam -set {name} {value} top" for name, value in parameters.items()]
    lines += [f"{synthesis_command(board)} -top top -json netlist.json", "check -assert"]
    return "\n".join(lines) + "\n"


def synthesis_command(board: Board) -> str:
    """For yosys: what makes cells of the board's family, but for what is to be made of."""
    return SYNTHESIS[board.family].format(period_ps=10**12 // board.clock_hz)


def place_arguments(wanted: Order) -> list[str]:
    """For nextpnr. Timing is judged from the report, not by its exit code."""
    board = wanted.board
    common = ["--json", "netlist.json", "--report", "report.json", "--seed", "1"]
    common += ["--freq", f"{board.clock_hz / 1e6:g}", "--timing-allow-fail"]
    pins = f"{SOURCES}/{wanted.pins.relative_to(wanted.gateware).as_posix()}"
    if board.family == "ice40":
        part = [f"--{board.device}", "--package", board.package]
        return [*part, "--pcf", pins, "--asc", "routed.asc", *common]
    if board.family == "ecp5":
        part = [f"--{board.device}", "--package", board.package]
        return [*part, "--lpf", pins, "--textcfg", "routed.config", *common]
    part = ["--device", board.device, "--vopt", "family=GW1N-9C", "--vopt", f"cst={pins}"]
    return [*part, "--write", "routed.json", *common]


def pack_arguments(wanted: Order) -> list[str]:
    """For icepack, ecppack or gowin_pack."""
    file = wanted.bitstream.name
    return {
        "ice40": ["routed.asc", file],
        "ecp5": ["--compress", "--input", "routed.config", "--bit", file],
        "gowin": ["-d", "GW1N-9C", "-o", file, "routed.json"],
    }[wanted.board.family]


def _speed(placement: Placement) -> str:
    return (
        f"{placement.fmax_mhz:.2f} MHz for {placement.constraint_mhz:g} MHz, "
        f"margin {100 * placement.margin:.0f} % ({placement.slack_ns:.1f} ns)"
    )


def run(name: str, command: Sequence[str], folder: Path, log: str) -> None:
    """Run a stage in a folder, its output appended to `log`. Raises BuildError with its errors."""
    with (folder / log).open("ab") as output:
        done = subprocess.run(
            command, cwd=folder, stdout=output, stderr=subprocess.STDOUT, check=False
        )
    if done.returncode == 0:
        return
    lines = (folder / log).read_text(encoding="utf-8", errors="replace").splitlines()
    told = [line for line in lines if line.startswith("ERROR")] or lines[-LOG_LINES:]
    raise BuildError(
        f"{name} failed: {Path(command[0]).name} ended with {done.returncode}, "
        f"log in {folder / log}\n" + "\n".join(told)
    )
