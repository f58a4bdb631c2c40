// Flips bits in one copy of a triplicated register of the controller beside it, at once and without
// a clock.
//
// The bench fills in `register` (numbered as in diagnostics.voter.register), `copy` (0 to 2) and
// `mask`, toggles `strike`, and is woken by the toggle of `struck`; `was` and `now` then hold
// the copy as it was and as it is.
//
// The copies are written from here, by their hierarchical names, because registers that are public
// to the simulator's interface make Verilator evaluate all logic behind them once more a clock.
`timescale 1ns / 1ns
`default_nettype none

`define FLIP(NUMBER, NAME)                                                         \
    always @(strike)                                                               \
        if (register == NUMBER) begin                                              \
            case (copy)                                                            \
                2'd0: begin                                                        \
                    was             = NAME.copy_a_q;                               \
                    NAME.copy_a_q   = NAME.copy_a_q ^ mask;                        \
                    now             = NAME.copy_a_q;                               \
                end                                                                \
                2'd1: begin                                                        \
                    was             = NAME.copy_b_q;                               \
                    NAME.copy_b_q   = NAME.copy_b_q ^ mask;                        \
                    now             = NAME.copy_b_q;                               \
                end                                                                \
                default: begin                                                     \
                    was             = NAME.copy_c_q;                               \
                    NAME.copy_c_q   = NAME.copy_c_q ^ mask;                        \
                    now             = NAME.copy_c_q;                               \
                end                                                                \
            endcase                                                                \
            struck = strike;                                                       \
        end

module upset_injector #(
    parameter TRAYS = 18
) ();
    reg [7:0]  register = 0;
    reg [1:0]  copy = 0;
    reg [31:0] mask = 0;
    reg        strike = 0;
    reg [31:0] was = 0;
    reg [31:0] now = 0;
    reg        struck = 0;

    `FLIP(0, controller.control_registers.power_switch)
    `FLIP(1, controller.control_registers.pump_drive)
    `FLIP(2, controller.control_registers.thermal_drive)
    `FLIP(3, controller.control_registers.safe_drive)
    `FLIP(4, controller.control_registers.thermostat)
    `FLIP(5, controller.control_registers.temperature_limit)
    `FLIP(6, controller.control_registers.debounce)
    `FLIP(7, controller.control_registers.current_limit)
    `FLIP(8, controller.control_registers.watchdog)
    `FLIP(9, controller.control_registers.scrub)
    `FLIP(16, controller.watchdog.safe)
    `FLIP(17, controller.watchdog.counter)
    `FLIP(18, controller.trips.over_temperature)
    `FLIP(19, controller.trips.over_current)

    genvar tray;
    generate
        for (tray = 0; tray < TRAYS; tray = tray + 1) begin : gen_cap
            `FLIP(32 + tray, controller.control_registers.gen_cap[tray].cap)
        end
    endgenerate
endmodule

`default_nettype wire
