// What the controller drives: pumps, bypass valve and heater from the setpoints, the survival
// thermostat and the safe state.
//
// Latency: combinational. State: none.
`default_nettype none
`include "registers.vh"

module actuator_drive (
    // setpoints
    input  wire [31:0] i_pump_drive,
    input  wire [31:0] i_thermal_drive,
    input  wire [31:0] i_safe_drive,
    input  wire [15:0] i_thermostat,      // 0: no thermostat
    input  wire        i_safe,
    // coolant supply A, raw
    input  wire [15:0] i_coolant_supply,
    // drives, 0xFFFF = full
    output wire [15:0] o_pump_a,
    output wire [15:0] o_pump_b,
    output wire [15:0] o_bypass,
    output wire [15:0] o_heater
);

    // A coolant below nothing does not exist: a threshold of 0 never heats.
    wire cold = (i_coolant_supply < i_thermostat);

    assign o_pump_a = i_safe ? i_safe_drive[`RS_CONTROL_SAFE_DRIVE_PUMP]
                             : i_pump_drive[`RS_CONTROL_PUMP_DRIVE_A];
    assign o_pump_b = i_safe ? 16'd0 : i_pump_drive[`RS_CONTROL_PUMP_DRIVE_B];
    assign o_bypass = i_safe ? i_safe_drive[`RS_CONTROL_SAFE_DRIVE_BYPASS]
                             : i_thermal_drive[`RS_CONTROL_THERMAL_DRIVE_BYPASS];
    assign o_heater = cold   ? 16'hFFFF
                    : i_safe ? 16'd0
                             : i_thermal_drive[`RS_CONTROL_THERMAL_DRIVE_HEATER];

endmodule

`default_nettype wire
