// Registers that flight software writes: the setpoints and limits of `control`, the caps of
// `tray_control`, and the triggers of `command`, which are not kept.
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
    output wire [32*TRAYS-1:0] o_caps,  // tray 0 at the top
    // triggers
    output wire                o_watchdog_restart,  // kicked, or control.watchdog written
    output wire                o_bad_kick,
    output wire                o_scrub_restart,
    output wire                o_enter_safe,
    output wire                o_leave_safe,
    output wire [TRAYS-1:0]    o_over_temperature_clear,
    output wire [TRAYS-1:0]    o_over_current_clear,
    output wire                o_tray_reset,
    output wire                o_tray_scrub,
    output wire                o_tray_reload
);

    localparam [31:0] KICK_KEY  = 32'h5AFEC0DE;
    localparam [31:0] ENTER_KEY = 32'h5AFE0001;
    localparam [31:0] LEAVE_KEY = 32'h5AFE0000;

    reg [TRAYS-1:0]    power_switch_q;
    reg [31:0]         pump_drive_q;
    reg [31:0]         thermal_drive_q;
    reg [31:0]         safe_drive_q;
    reg [15:0]         thermostat_q;
    reg [31:0]         temperature_limit_q;
    reg [7:0]          debounce_q;
    reg [15:0]         current_limit_q;
    reg                watchdog_enable_q;
    reg [15:0]         watchdog_period_q;
    reg                scrub_enable_q;
    reg [15:0]         scrub_period_q;
    reg [31:0]         scratch_q;
    reg [32*TRAYS-1:0] caps_q;

    wire [31:0] address = {15'd0, i_address};

    wire write_kick = i_write && (address == `RS_COMMAND_WATCHDOG_KICK);
    wire write_safe = i_write && (address == `RS_COMMAND_SAFE);
    wire clear_hot  = i_write && (address == `RS_COMMAND_OVER_TEMPERATURE_CLEAR);
    wire clear_over = i_write && (address == `RS_COMMAND_OVER_CURRENT_CLEAR);

    assign o_watchdog_restart = (write_kick && (i_data == KICK_KEY))
                             || (i_write && (address == `RS_CONTROL_WATCHDOG));
    assign o_bad_kick         = write_kick && (i_data != KICK_KEY);
    assign o_scrub_restart    = i_write && (address == `RS_CONTROL_SCRUB);
    assign o_enter_safe       = write_safe && (i_data == ENTER_KEY);
    assign o_leave_safe       = write_safe && (i_data == LEAVE_KEY);
    assign o_tray_reset       = i_write && (address == `RS_COMMAND_TRAY_RESET);
    assign o_tray_scrub       = i_write && (address == `RS_COMMAND_TRAY_SCRUB);
    assign o_tray_reload      = i_write && (address == `RS_COMMAND_TRAY_RELOAD);

    assign o_over_temperature_clear = i_data[TRAYS-1:0] & {TRAYS{clear_hot}};
    assign o_over_current_clear     = i_data[TRAYS-1:0] & {TRAYS{clear_over}};

    assign o_power_switch      = power_switch_q;
    assign o_pump_drive        = pump_drive_q;
    assign o_thermal_drive     = thermal_drive_q;
    assign o_safe_drive        = safe_drive_q;
    assign o_thermostat        = thermostat_q;
    assign o_temperature_limit = temperature_limit_q;
    assign o_debounce          = debounce_q;
    assign o_current_limit     = current_limit_q;
    assign o_watchdog_enable   = watchdog_enable_q;
    assign o_watchdog_period   = watchdog_period_q;
    assign o_scrub_enable      = scrub_enable_q;
    assign o_scrub_period      = scrub_period_q;
    assign o_scratch           = scratch_q;
    assign o_caps              = caps_q;

    // Reset values, cut to the bits that exist.
    localparam [31:0] POWER_SWITCH_RESET = `RS_CONTROL_POWER_SWITCH_RESET;
    localparam [31:0] THERMOSTAT_RESET   = `RS_CONTROL_THERMOSTAT_RESET;
    localparam [31:0] DEBOUNCE_RESET     = `RS_CONTROL_OVER_TEMPERATURE_DEBOUNCE_RESET;
    localparam [31:0] CURRENT_RESET      = `RS_CONTROL_OVER_CURRENT_LIMIT_RESET;
    localparam [31:0] WATCHDOG_RESET     = `RS_CONTROL_WATCHDOG_RESET;
    localparam [31:0] SCRUB_RESET        = `RS_CONTROL_SCRUB_RESET;

    always @(posedge i_clk)
        if (i_rst) begin
            power_switch_q      <= POWER_SWITCH_RESET[TRAYS-1:0];
            pump_drive_q        <= `RS_CONTROL_PUMP_DRIVE_RESET;
            thermal_drive_q     <= `RS_CONTROL_THERMAL_DRIVE_RESET;
            safe_drive_q        <= `RS_CONTROL_SAFE_DRIVE_RESET;
            thermostat_q        <= THERMOSTAT_RESET[`RS_CONTROL_THERMOSTAT_SUPPLY_MIN];
            temperature_limit_q <= `RS_CONTROL_OVER_TEMPERATURE_LIMIT_RESET;
            debounce_q          <= DEBOUNCE_RESET[`RS_CONTROL_OVER_TEMPERATURE_DEBOUNCE_TICKS];
            current_limit_q     <= CURRENT_RESET[`RS_CONTROL_OVER_CURRENT_LIMIT_LIMIT];
            watchdog_enable_q   <= WATCHDOG_RESET[31];
            watchdog_period_q   <= WATCHDOG_RESET[`RS_CONTROL_WATCHDOG_PERIOD];
            scrub_enable_q      <= SCRUB_RESET[31];
            scrub_period_q      <= SCRUB_RESET[`RS_CONTROL_SCRUB_PERIOD];
            scratch_q           <= `RS_CONTROL_SCRATCH_RESET;
        end else if (i_write)
            case (address)
                `RS_CONTROL_POWER_SWITCH:           power_switch_q <= i_data[TRAYS-1:0];
                `RS_CONTROL_PUMP_DRIVE:             pump_drive_q <= i_data;
                `RS_CONTROL_THERMAL_DRIVE:          thermal_drive_q <= i_data;
                `RS_CONTROL_SAFE_DRIVE:             safe_drive_q <= i_data;
                `RS_CONTROL_THERMOSTAT:
                    thermostat_q <= i_data[`RS_CONTROL_THERMOSTAT_SUPPLY_MIN];
                `RS_CONTROL_OVER_TEMPERATURE_LIMIT: temperature_limit_q <= i_data;
                `RS_CONTROL_OVER_TEMPERATURE_DEBOUNCE:
                    debounce_q <= i_data[`RS_CONTROL_OVER_TEMPERATURE_DEBOUNCE_TICKS];
                `RS_CONTROL_OVER_CURRENT_LIMIT:
                    current_limit_q <= i_data[`RS_CONTROL_OVER_CURRENT_LIMIT_LIMIT];
                `RS_CONTROL_WATCHDOG: begin
                    watchdog_enable_q <= i_data[31];
                    watchdog_period_q <= i_data[`RS_CONTROL_WATCHDOG_PERIOD];
                end
                `RS_CONTROL_SCRUB: begin
                    scrub_enable_q <= i_data[31];
                    scrub_period_q <= i_data[`RS_CONTROL_SCRUB_PERIOD];
                end
                `RS_CONTROL_SCRATCH:                scratch_q <= i_data;
                default:                            ;
            endcase

    genvar tray;
    generate
        for (tray = 0; tray < TRAYS; tray = tray + 1) begin : gen_cap
            localparam [31:0] ADDRESS = `RS_TRAY_CONTROL_BASE + `RS_TRAY_CONTROL_PER_TRAY * tray;
            always @(posedge i_clk)
                if (i_rst)
                    caps_q[32*(TRAYS-1-tray) +: 32] <= `RS_TRAY_CONTROL_CAP_RESET;
                else if (i_write && (address == ADDRESS))
                    caps_q[32*(TRAYS-1-tray) +: 32] <= i_data;
        end
    endgenerate

endmodule

`default_nettype wire
