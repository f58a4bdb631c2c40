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
    // state
    input  wire        i_safe,
    input  wire        i_cold,  // the coolant, for the thermostat
    // drives, 0xFFFF = full
    output wire [15:0] o_pump_a,
    output wire [15:0] o_pump_b,
    output wire [15:0] o_bypass,
    output wire [15:0] o_heater
);

    assign o_pump_a = i_safe ? i_safe_drive[`RS_CONTROL_SAFE_DRIVE_PUMP]
                             : i_pump_drive[`RS_CONTROL_PUMP_DRIVE_A];
    assign o_pump_b = i_safe ? 16'd0 : i_pump_drive[`RS_CONTROL_PUMP_DRIVE_B];
    assign o_bypass = i_safe ? i_safe_drive[`RS_CONTROL_SAFE_DRIVE_BYPASS]
                             : i_thermal_drive[`RS_CONTROL_THERMAL_DRIVE_BYPASS];
    assign o_heater = i_cold ? 16'hFFFF
                    : i_safe ? 16'd0
                             : i_thermal_drive[`RS_CONTROL_THERMAL_DRIVE_HEATER];

endmodule

`default_nettype wire
