// Flips bits in one copy of a triplicated register of the controller beside it, and reads the copy
// back before it is repaired.
//
// The bench fills in `register` (numbered as in diagnostics.voter.register), `copy` (0 to 2) and
// `mask`, toggles `strike` and lets clocks go by. At the end of the second the copy is flipped; in
// the third, `flipped` and `sound` are taken from that copy and from the one behind it.
//
// The controller has a port for this, because registers that are written from outside the clock, by
// the simulator's interface or by another process, make it a fifth to a half slower.
`timescale 1ns / 1ns
`default_nettype none

`define READ_BACK(NUMBER, NAME)                                                    \
    always @(posedge i_clk)                                                        \
        if (struck) if (register == NUMBER) begin                                  \
            flipped <= copy == 0 ? NAME.copy_a_q : copy == 1 ? NAME.copy_b_q       \
                                                             : NAME.copy_c_q;      \
            sound   <= copy == 0 ? NAME.copy_b_q : copy == 1 ? NAME.copy_c_q       \
                                                             : NAME.copy_a_q;      \
        end

module upset_injector #(
    parameter TRAYS = 18
) (
    input  wire        i_clk,
    output reg  [42:0] o_upset
);
    reg [7:0]  register = 0;
    reg [1:0]  copy = 0;
    reg [31:0] mask = 0;
    reg        strike = 0;
    reg [31:0] flipped = 0;
    reg [31:0] sound = 0;

    reg seen = 0;    // `strike`, a clock ago
    reg struck = 0;  // the copy is flipped

    initial o_upset = 0;

    always @(posedge i_clk) begin
        seen    <= strike;
        o_upset <= strike != seen ? {1'b1, copy, register, mask} : 43'd0;
        struck  <= o_upset[42];
    end

    `READ_BACK(0, controller.control_registers.power_switch)
    `READ_BACK(1, controller.control_registers.pump_drive)
    `READ_BACK(2, controller.control_registers.thermal_drive)
    `READ_BACK(3, controller.control_registers.safe_drive)
    `READ_BACK(4, controller.control_registers.thermostat)
    `READ_BACK(5, controller.control_registers.temperature_limit)
    `READ_BACK(6, controller.control_registers.debounce)
    `READ_BACK(7, controller.control_registers.current_limit)
    `READ_BACK(8, controller.control_registers.watchdog)
    `READ_BACK(9, controller.control_registers.scrub)
    `READ_BACK(11, controller.control_registers.config_scan)
    `READ_BACK(16, controller.watchdog.safe)
    `READ_BACK(17, controller.watchdog.counter)
    `READ_BACK(18, controller.trips.over_temperature)
    `READ_BACK(19, controller.trips.over_current)
    `READ_BACK(20, controller.reset_command.lines)
    `READ_BACK(21, controller.scrub_command.lines)
    `READ_BACK(22, controller.reload_command.lines)

    genvar tray;
    generate
        for (tray = 0; tray < TRAYS; tray = tray + 1) begin : gen_cap
            `READ_BACK(32 + tray, controller.control_registers.gen_cap[tray].cap)
        end
    endgenerate
endmodule

`default_nettype wire
