"""What each LED of a board says, from the UART's pin to the LED's, on the boards' own tops.

Simulated at 12 clocks a bit as on the slowest board, with a tick of 120 clocks, so that ticks pass
as quickly as bytes.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from fsw import registers as r
from hil import bitstream
from tests.conformance import wire

BOARDS = ("icebreaker", "tangnano9k", "ulx3s")
LIGHTS = ("heartbeat", "link", "trip", "safe")
TICK = 120  # clocks
STIMULUS_LOAD, STIMULUS_TEMPERATURE = (  # of tray 0
    r.STIMULUS_TRAYS.base + register.address - r.TRAYS.base
    for register in (r.TRAYS_LOAD, r.TRAYS_TEMPERATURE)
)

# Pins of the LEDs by the boards' schematics, in the order of LIGHTS, and which are lit by a 0:
# iCEBreaker LEDG_N, LED2, LEDR_N, LED1; Tang Nano 9K and ULX3S LED 0 to 3.
PINS = {
    "icebreaker": ("37", "27", "11", "26"),
    "tangnano9k": ("10", "11", "13", "14"),
    "ulx3s": ("B2", "C2", "C1", "D2"),
}
LIT_BY_0 = {
    "icebreaker": {"heartbeat", "trip"},
    "tangnano9k": set(LIGHTS),
    "ulx3s": set(),
}

BENCH = """
`timescale 1ns/1ns
module bench;
    localparam BIT = 24;
    reg clk = 0, rx = 1;
    wire tx;
    wire [3:0] pins;
    wire [3:0] lit = pins ^ 4'b{inverted};
    reg [7:0] sent [0:{last}];
    integer clocks = 0, traffic = 0, i, j;
    always #1 clk = !clk;
    always @(posedge clk) begin
        clocks = clocks + 1;
        if (!rx || !tx) traffic = clocks;
    end
    top #(.BUILD_ID(32'h0), .CLOCK_HZ(12000), .BAUD(1000)) dut (
        .i_clk(clk), .{button}, .i_uart_rx(rx), .o_uart_tx(tx), {lights}
    );
    defparam dut.board_controller.board_reset.HOLD = 16;
    always @(lit[3]) $display("heartbeat %b %0d", lit[3], clocks);
    always @(lit[2]) $display("link %b %0d", lit[2], clocks - traffic);
    task send(input integer first, input integer count);
        for (i = first; i < first + count; i = i + 1) begin
            rx = 0; #(BIT);
            for (j = 0; j < 8; j = j + 1) begin rx = sent[i][j]; #(BIT); end
            rx = 1; #(BIT);
        end
    endtask
    initial begin
        $readmemh("sent.hex", sent);
        #(20 * 2 * {tick});
        $display("start %b", lit[2:0]);
{steps}
        $finish;
    end
endmodule
"""


def write(address: int, word: int, key: int = wire.FLIGHT_KEY) -> bytes:
    return wire.frame(wire.command(wire.WRITE, address, 4, word.to_bytes(4, "big"), key=key))


# What is sent, one after the other; each is followed by 40 ticks.
STEPS = {
    "a lone byte": b"\x55",
    "power": write(r.CONTROL_POWER_SWITCH.address, 1),
    "current": write(STIMULUS_LOAD, r.TRAYS_LOAD.pack(current=0xFFFF), wire.TEST_KEY),
    "no current": write(STIMULUS_LOAD, 0, wire.TEST_KEY),
    "clear": write(r.COMMAND_OVER_CURRENT_CLEAR.address, 1),
    "hot": write(STIMULUS_TEMPERATURE, 0xFFFF_0000, wire.TEST_KEY),
    "cool": write(STIMULUS_TEMPERATURE, 0, wire.TEST_KEY),
    "clear again": write(r.COMMAND_OVER_TEMPERATURE_CLEAR.address, 1),
    "safe": write(r.COMMAND_SAFE.address, 0x5AFE_0001),
    "leave safe": write(r.COMMAND_SAFE.address, 0x5AFE_0000),
    "watchdog": write(r.CONTROL_WATCHDOG.address, r.CONTROL_WATCHDOG.pack(enable=1, period=30)),
}


def simulate(name: str, folder: Path) -> str:
    """What the bench prints."""
    order = bitstream.order(name)
    top = order.sources[-1].read_text()
    button = "i_button(1'b0)" if "i_button," in top else "i_button_n(1'b1)"
    suffix = {light: "_n" if f"o_{light}_n" in top else "" for light in LIGHTS}
    assert {light for light in LIGHTS if suffix[light]} == LIT_BY_0[name]
    lights = (f".o_{light}{suffix[light]}(pins[{3 - i}])" for i, light in enumerate(LIGHTS))
    steps, first = [], 0
    for step, data in STEPS.items():
        steps.append(f"        send({first}, {len(data)}); #(40 * 2 * {TICK});")
        steps.append(f'        $display("{step.replace(" ", "_")} %b", lit[2:0]);')
        first += len(data)
    sent = b"".join(STEPS.values())
    (folder / "sent.hex").write_text("\n".join(f"{byte:02x}" for byte in sent))
    (folder / "bench.v").write_text(
        BENCH.format(
            inverted="".join("1" if suffix[light] else "0" for light in LIGHTS),
            last=len(sent) - 1,
            button=button,
            lights=", ".join(lights),
            tick=TICK,
            steps="\n".join(steps),
        )
    )
    sources = [str(path) for path in order.sources]
    rtl = bitstream.GATEWARE / "rtl"
    compile_ = ["iverilog", "-g2005", f"-I{rtl}", "-s", "bench", "-o", "bench"]
    subprocess.run([*compile_, "bench.v", *sources], cwd=folder, check=True)
    run = subprocess.run(
        ["vvp", "-N", "bench"], cwd=folder, capture_output=True, text=True, check=True
    )
    return run.stdout


@pytest.mark.skipif(shutil.which("iverilog") is None, reason="no Icarus Verilog (iverilog)")
@pytest.mark.parametrize("name", BOARDS)
def test_each_light_says_what_the_table_says(name: str, tmp_path: Path) -> None:
    printed = simulate(name, tmp_path)
    lit = dict(re.findall(r"^(\w+) ([01]{3})$", printed, re.MULTILINE))
    assert lit == {  # link, trip, safe, 40 ticks after each step
        "start": "000",
        "a_lone_byte": "000",
        "power": "000",
        "current": "010",
        "no_current": "010",  # a trip is latched
        "clear": "000",
        "hot": "010",
        "cool": "010",
        "clear_again": "000",
        "safe": "001",
        "leave_safe": "000",
        "watchdog": "001",
    }

    # The heartbeat turns over every 64 ticks, whatever else happens.
    beats = [(state, int(clock)) for state, clock in re.findall(r"heartbeat (\d) (\d+)", printed)]
    beats = [beat for beat in beats if beat[1] > TICK]  # without the one when reset sets in
    gaps = [after[1] - before[1] for before, after in zip(beats, beats[1:], strict=False)]
    assert len(gaps) >= 5 and set(gaps) == {64 * TICK}
    assert {state for state, _ in beats} == {"0", "1"}

    # The link is lit at the first 0 of either line, and for 8 to 16 ticks after the last.
    changes = [(state, int(clocks)) for state, clocks in re.findall(r"link (\d) (-?\d+)", printed)]
    changes = changes[next(i for i, change in enumerate(changes) if change[0] == "1") :]
    assert [state for state, _ in changes] == ["1", "0"] * len(STEPS)
    assert all(clocks <= 4 for state, clocks in changes if state == "1")
    assert all(8 * TICK <= clocks <= 16 * TICK + 4 for state, clocks in changes if state == "0")


@pytest.mark.parametrize("name", BOARDS)
def test_each_light_is_at_its_led(name: str) -> None:
    text = bitstream.order(name).pins.read_text()
    for light, pin in zip(LIGHTS, PINS[name], strict=True):
        port = f"o_{light}_n" if light in LIT_BY_0[name] else f"o_{light}"
        assert re.search(rf'(?m)^[^#/\n]*\b{port}"?(?: SITE)? +"?{pin}"?;?$', text), (light, pin)
