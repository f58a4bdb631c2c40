// Registers that flight software writes: the setpoints and limits of `control`, the caps of
// `tray_control`, and the triggers of `command`, which are not kept.
//
// All but `scratch` are triplicated. Bit i of o_mismatch belongs to word i of `control`.
//
// Latency: 1 clock from i_write to the new value; the triggers act in the clock of i_write.
// Reset: the reset values of the register map.
`default_nettype none
`include "registers.vh"

module control_registers #(
    parameter TRAYS = 18
) (
    input  wire                i_clk,
    input  wire                i_rst,
    // one word, in one clock
    input  wire                i_write,
    input  wire [16:0]         i_address,
    input  wire [31:0]         i_data,
    // registers; undefined bits are 0
    output wire [TRAYS-1:0]    o_power_switch,
    output wire [31:0]         o_pump_drive,
    output wire [31:0]         o_thermal_drive,
    output wire [31:0]         o_safe_drive,
    output wire [15:0]         o_thermostat,
    output wire [31:0]         o_temperature_limit,
    output wire [7:0]          o_debounce,
    output wire [15:0]         o_current_limit,
    output wire                o_watchdog_enable,
    output wire [15:0]         o_watchdog_period,
    output wire                o_scrub_enable,
    output wire [15:0]         o_scrub_period,
    output wire [31:0]         o_scratch,
    output wire                o_config_scan_enable,
    output wire [7:0]          o_config_scan_period,
    output wire [32*TRAYS-1:0] o_caps,  // tray 0 at the top
    // triggers
    output wire                o_watchdog_restart,  // kicked, or control.watchdog written
    output wire                o_bad_kick,
    output wire                o_scrub_restart,
    output wire                o_config_scan_restart,
    output wire                o_enter_safe,
    output wire                o_leave_safe,
    output wire [TRAYS-1:0]    o_over_temperature_clear,
    output wire [TRAYS-1:0]    o_over_current_clear,
    output wire                o_tray_reset,
    output wire                o_tray_scrub,
    output wire                o_tray_reload,
    // upset copies in this clock
    output wire [11:0]         o_mismatch,
    output wire [TRAYS-1:0]    o_caps_mismatch,
    input  wire [42:0]         i_upset  // for tests, see triplicated
);

    localparam [31:0] KICK_KEY  = 32'h5AFEC0DE;
    localparam [31:0] ENTER_KEY = 32'h5AFE0001;
    localparam [31:0] LEAVE_KEY = 32'h5AFE0000;

    reg [31:0] scratch_q;

    wire [31:0] address = {15'd0, i_address};

    wire write_kick = i_write && (address == `RS_COMMAND_WATCHDOG_KICK);
    wire write_safe = i_write && (address == `RS_COMMAND_SAFE);
    wire clear_hot  = i_write && (address == `RS_COMMAND_OVER_TEMPERATURE_CLEAR);
    wire clear_over = i_write && (address == `RS_COMMAND_OVER_CURRENT_CLEAR);

    assign o_watchdog_restart = (write_kick && (i_data == KICK_KEY))
                             || (i_write && (address == `RS_CONTROL_WATCHDOG));
    assign o_bad_kick         = write_kick && (i_data != KICK_KEY);
    assign o_scrub_restart    = i_write && (address == `RS_CONTROL_SCRUB);
    assign o_config_scan_restart = i_write && (address == `RS_CONTROL_CONFIG_SCAN);
    assign o_enter_safe       = write_safe && (i_data == ENTER_KEY);
    assign o_leave_safe       = write_safe && (i_data == LEAVE_KEY);
    assign o_tray_reset       = i_write && (address == `RS_COMMAND_TRAY_RESET);
    assign o_tray_scrub       = i_write && (address == `RS_COMMAND_TRAY_SCRUB);
    assign o_tray_reload      = i_write && (address == `RS_COMMAND_TRAY_RELOAD);

    assign o_over_temperature_clear = i_data[TRAYS-1:0] & {TRAYS{clear_hot}};
    assign o_over_current_clear     = i_data[TRAYS-1:0] & {TRAYS{clear_over}};

    assign o_scratch = scratch_q;

    // Reset values, cut to the bits that exist.
    localparam [31:0] POWER_SWITCH_RESET = `RS_CONTROL_POWER_SWITCH_RESET;
    localparam [31:0] THERMOSTAT_RESET   = `RS_CONTROL_THERMOSTAT_RESET;
    localparam [31:0] DEBOUNCE_RESET     = `RS_CONTROL_OVER_TEMPERATURE_DEBOUNCE_RESET;
    localparam [31:0] CURRENT_RESET      = `RS_CONTROL_OVER_CURRENT_LIMIT_RESET;
    localparam [31:0] WATCHDOG_RESET     = `RS_CONTROL_WATCHDOG_RESET;
    localparam [31:0] SCRUB_RESET        = `RS_CONTROL_SCRUB_RESET;
    localparam [31:0] SCAN_RESET         = `RS_CONTROL_CONFIG_SCAN_RESET;

    triplicated #(.WIDTH(TRAYS), .RESET(POWER_SWITCH_RESET[TRAYS-1:0]), .NUMBER(8'd0)) power_switch (
        .i_clk      (i_clk),
        .i_rst      (i_rst),
        .i_write    (i_write && (address == `RS_CONTROL_POWER_SWITCH)),
        .i_data     (i_data[TRAYS-1:0]),
        .o_data     (o_power_switch),
        .o_mismatch (o_mismatch[0]),
        .i_upset    (i_upset)
    );

    triplicated #(.WIDTH(32), .RESET(`RS_CONTROL_PUMP_DRIVE_RESET), .NUMBER(8'd1)) pump_drive (
        .i_clk      (i_clk),
        .i_rst      (i_rst),
        .i_write    (i_write && (address == `RS_CONTROL_PUMP_DRIVE)),
        .i_data     (i_data),
        .o_data     (o_pump_drive),
        .o_mismatch (o_mismatch[1]),
        .i_upset    (i_upset)
    );

    triplicated #(.WIDTH(32), .RESET(`RS_CONTROL_THERMAL_DRIVE_RESET), .NUMBER(8'd2)) thermal_drive (
        .i_clk      (i_clk),
        .i_rst      (i_rst),
        .i_write    (i_write && (address == `RS_CONTROL_THERMAL_DRIVE)),
        .i_data     (i_data),
        .o_data     (o_thermal_drive),
        .o_mismatch (o_mismatch[2]),
        .i_upset    (i_upset)
    );

    triplicated #(.WIDTH(32), .RESET(`RS_CONTROL_SAFE_DRIVE_RESET), .NUMBER(8'd3)) safe_drive (
        .i_clk      (i_clk),
        .i_rst      (i_rst),
        .i_write    (i_write && (address == `RS_CONTROL_SAFE_DRIVE)),
        .i_data     (i_data),
        .o_data     (o_safe_drive),
        .o_mismatch (o_mismatch[3]),
        .i_upset    (i_upset)
    );

    triplicated #(.WIDTH(16), .RESET(THERMOSTAT_RESET[`RS_CONTROL_THERMOSTAT_SUPPLY_MIN]), .NUMBER(8'd4)) thermostat (
        .i_clk      (i_clk),
        .i_rst      (i_rst),
        .i_write    (i_write && (address == `RS_CONTROL_THERMOSTAT)),
        .i_data     (i_data[`RS_CONTROL_THERMOSTAT_SUPPLY_MIN]),
        .o_data     (o_thermostat),
        .o_mismatch (o_mismatch[4]),
        .i_upset    (i_upset)
    );

    triplicated #(.WIDTH(32), .RESET(`RS_CONTROL_OVER_TEMPERATURE_LIMIT_RESET), .NUMBER(8'd5)) temperature_limit (
        .i_clk      (i_clk),
        .i_rst      (i_rst),
        .i_write    (i_write && (address == `RS_CONTROL_OVER_TEMPERATURE_LIMIT)),
        .i_data     (i_data),
        .o_data     (o_temperature_limit),
        .o_mismatch (o_mismatch[5]),
        .i_upset    (i_upset)
    );

    triplicated #(.WIDTH(8), .RESET(DEBOUNCE_RESET[`RS_CONTROL_OVER_TEMPERATURE_DEBOUNCE_TICKS]), .NUMBER(8'd6)) debounce (
        .i_clk      (i_clk),
        .i_rst      (i_rst),
        .i_write    (i_write && (address == `RS_CONTROL_OVER_TEMPERATURE_DEBOUNCE)),
        .i_data     (i_data[`RS_CONTROL_OVER_TEMPERATURE_DEBOUNCE_TICKS]),
        .o_data     (o_debounce),
        .o_mismatch (o_mismatch[6]),
        .i_upset    (i_upset)
    );

    triplicated #(.WIDTH(16), .RESET(CURRENT_RESET[`RS_CONTROL_OVER_CURRENT_LIMIT_LIMIT]), .NUMBER(8'd7)) current_limit (
        .i_clk      (i_clk),
        .i_rst      (i_rst),
        .i_write    (i_write && (address == `RS_CONTROL_OVER_CURRENT_LIMIT)),
        .i_data     (i_data[`RS_CONTROL_OVER_CURRENT_LIMIT_LIMIT]),
        .o_data     (o_current_limit),
        .o_mismatch (o_mismatch[7]),
        .i_upset    (i_upset)
    );

    triplicated #(.WIDTH(17), .RESET({WATCHDOG_RESET[31], WATCHDOG_RESET[`RS_CONTROL_WATCHDOG_PERIOD]}), .NUMBER(8'd8)) watchdog (
        .i_clk      (i_clk),
        .i_rst      (i_rst),
        .i_write    (i_write && (address == `RS_CONTROL_WATCHDOG)),
        .i_data     ({i_data[31], i_data[`RS_CONTROL_WATCHDOG_PERIOD]}),
        .o_data     ({o_watchdog_enable, o_watchdog_period}),
        .o_mismatch (o_mismatch[8]),
        .i_upset    (i_upset)
    );

    triplicated #(.WIDTH(17), .RESET({SCRUB_RESET[31], SCRUB_RESET[`RS_CONTROL_SCRUB_PERIOD]}), .NUMBER(8'd9)) scrub (
        .i_clk      (i_clk),
        .i_rst      (i_rst),
        .i_write    (i_write && (address == `RS_CONTROL_SCRUB)),
        .i_data     ({i_data[31], i_data[`RS_CONTROL_SCRUB_PERIOD]}),
        .o_data     ({o_scrub_enable, o_scrub_period}),
        .o_mismatch (o_mismatch[9]),
        .i_upset    (i_upset)
    );

    always @(posedge i_clk)
        if (i_rst)
            scratch_q <= `RS_CONTROL_SCRATCH_RESET;
        else if (i_write && (address == `RS_CONTROL_SCRATCH))
            scratch_q <= i_data;

    triplicated #(.WIDTH(9), .RESET({SCAN_RESET[31], SCAN_RESET[`RS_CONTROL_CONFIG_SCAN_PERIOD]}), .NUMBER(8'd11)) config_scan (
        .i_clk      (i_clk),
        .i_rst      (i_rst),
        .i_write    (o_config_scan_restart),
        .i_data     ({i_data[31], i_data[`RS_CONTROL_CONFIG_SCAN_PERIOD]}),
        .o_data     ({o_config_scan_enable, o_config_scan_period}),
        .o_mismatch (o_mismatch[11]),
        .i_upset    (i_upset)
    );

    assign o_mismatch[10] = 1'b0;  // `scratch` is not triplicated

    genvar tray;
    generate
        for (tray = 0; tray < TRAYS; tray = tray + 1) begin : gen_cap
            localparam [31:0] ADDRESS = `RS_TRAY_CONTROL_BASE + `RS_TRAY_CONTROL_PER_TRAY * tray;
            localparam [31:0] NUMBER  = 32 + tray;
            triplicated #(.WIDTH(32), .RESET(`RS_TRAY_CONTROL_CAP_RESET), .NUMBER(NUMBER[7:0])) cap (
                .i_clk      (i_clk),
                .i_rst      (i_rst),
                .i_write    (i_write && (address == ADDRESS)),
                .i_data     (i_data),
                .o_data     (o_caps[32*(TRAYS-1-tray) +: 32]),
                .o_mismatch (o_caps_mismatch[tray]),
                .i_upset    (i_upset)
            );
        end
    endgenerate

endmodule

`default_nettype wire
