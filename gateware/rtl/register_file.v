// The registers as the bus sees them, all regions but the protected memory: writes go to
// control_registers, reads come from here.
//
// Latency: 1 clock from i_valid to o_done, for reads and writes. Reset: no access in progress; the
// registers take the reset values of the register map.
`default_nettype none
`include "registers.vh"

module register_file #(
    parameter        TRAYS    = 18,
    parameter        TICK_HZ  = 100,
    parameter [31:0] BUILD_ID = 32'h0
) (
    input  wire                     i_clk,
    input  wire                     i_rst,
    // register bus: held until o_done
    input  wire                     i_valid,
    input  wire                     i_write,
    input  wire [16:0]              i_address,
    output wire                     o_done,
    output wire [31:0]              o_data,
    output wire                     o_write,  // the write acts in this clock
    // control registers
    input  wire [TRAYS-1:0]         i_power_switch,
    input  wire [31:0]              i_pump_drive,
    input  wire [31:0]              i_thermal_drive,
    input  wire [31:0]              i_safe_drive,
    input  wire [15:0]              i_thermostat,
    input  wire [31:0]              i_temperature_limit,
    input  wire [7:0]               i_debounce,
    input  wire [15:0]              i_current_limit,
    input  wire                     i_watchdog_enable,
    input  wire [15:0]              i_watchdog_period,
    input  wire                     i_scrub_enable,
    input  wire [15:0]              i_scrub_period,
    input  wire [31:0]              i_scratch,
    input  wire [32*TRAYS-1:0]      i_caps,
    // state
    input  wire                     i_safe,
    input  wire                     i_watchdog_expired,
    input  wire                     i_heater_on,
    input  wire [TRAYS-1:0]         i_over_temperature,
    input  wire [TRAYS-1:0]         i_over_current,
    input  wire [TRAYS-1:0]         i_powered,
    input  wire [15:0]              i_hottest_gpu,
    input  wire [15:0]              i_hottest_hbm,
    input  wire [32*(8+4*TRAYS)-1:0] i_sensors,
    // memory
    input  wire [15:0]              i_corrected,
    input  wire [15:0]              i_uncorrectable,
    input  wire                     i_error_valid,
    input  wire                     i_error_uncorrectable,
    input  wire [6:0]               i_error_syndrome,
    input  wire [9:0]               i_error_word,
    input  wire                     i_lost_valid,
    input  wire [9:0]               i_lost_word,
    input  wire [15:0]              i_scrub_passes,
    input  wire [9:0]               i_scrub_word,
    // counts
    input  wire [31:0]              i_uptime,
    input  wire [15:0]              i_received,
    input  wire [15:0]              i_framing,
    input  wire [15:0]              i_oversize,
    input  wire [15:0]              i_crc,
    input  wire [15:0]              i_discarded,
    input  wire [15:0]              i_refused,
    input  wire [7:0]               i_status,
    input  wire [15:0]              i_executed,
    input  wire [15:0]              i_trips,
    input  wire [15:0]              i_expired,
    input  wire [15:0]              i_bad_kicks,
    input  wire [15:0]              i_mismatches,
    input  wire [7:0]               i_repaired,
    input  wire                     i_power_on,
    input  wire                     i_external_reset
);

    localparam [31:0] TRAYS_BASE   = `RS_TRAYS_BASE;
    localparam [31:0] CAPS_BASE    = `RS_TRAY_CONTROL_BASE;
    localparam [31:0] TRAYS_FITTED = TRAYS;
    localparam [31:0] TICK_RATE    = TICK_HZ;
    localparam [7:0]  MEMORY_KIB   = 8'd4;

    reg        done_q;
    reg [31:0] data_q;
    reg [31:0] data;

    wire        act     = i_valid && !done_q;
    wire [31:0] address = {15'd0, i_address};

    // Bit vectors of the trays, widened to a register.
    wire [31:0] power_switch     = {{32-TRAYS{1'b0}}, i_power_switch};
    wire [31:0] over_temperature = {{32-TRAYS{1'b0}}, i_over_temperature};
    wire [31:0] over_current     = {{32-TRAYS{1'b0}}, i_over_current};
    wire [31:0] powered          = {{32-TRAYS{1'b0}}, i_powered};
    wire        tripped          = (over_temperature != 32'd0) || (over_current != 32'd0);
    wire [15:0] dropped          = i_crc + i_framing + i_oversize;

    // Sensor vector: 8 rack words at the top, then 4 words a tray.
    wire [255:0] rack = i_sensors[128*TRAYS +: 256];

    wire [6:0]  tray_index = i_address[8:2] - TRAYS_BASE[8:2];
    wire [4:0]  cap_index  = i_address[6:2] - CAPS_BASE[6:2];
    wire        is_tray    = (address >= TRAYS_BASE);
    wire        is_cap     = (address >= CAPS_BASE) && !is_tray;
    wire        is_status  = (tray_index[1:0] == 2'd0);
    wire [31:0] bits       = 32'd1 << tray_index[6:2];
    wire [31:0] sensed;
    wire [31:0] cap;

    word_select #(.WORDS(4 * TRAYS), .INDEX_BITS(7)) tray_select (
        .i_words (i_sensors[128*TRAYS-1:0]),
        .i_index (tray_index),
        .o_word  (sensed)
    );

    word_select #(.WORDS(TRAYS), .INDEX_BITS(5)) cap_select (
        .i_words (i_caps),
        .i_index (cap_index),
        .o_word  (cap)
    );

    wire [31:0] tray_word = !is_status ? sensed
                          : {sensed[31:28], |(powered & bits), |(over_temperature & bits),
                             |(over_current & bits), sensed[24:0]};

    always @*
        case (address)
            `RS_IDENTITY_ID:      data = `RS_IDENTITY_ID_RESET;
            `RS_IDENTITY_VERSION: data = `RS_IDENTITY_VERSION_RESET;
            `RS_IDENTITY_CONFIG:  data = {TICK_RATE[15:0], MEMORY_KIB, TRAYS_FITTED[7:0]};
            `RS_IDENTITY_BUILD:   data = BUILD_ID;
            `RS_IDENTITY_UPTIME:  data = i_uptime;

            `RS_CONTROL_POWER_SWITCH:              data = power_switch;
            `RS_CONTROL_PUMP_DRIVE:                data = i_pump_drive;
            `RS_CONTROL_THERMAL_DRIVE:             data = i_thermal_drive;
            `RS_CONTROL_SAFE_DRIVE:                data = i_safe_drive;
            `RS_CONTROL_THERMOSTAT:                data = {16'd0, i_thermostat};
            `RS_CONTROL_OVER_TEMPERATURE_LIMIT:    data = i_temperature_limit;
            `RS_CONTROL_OVER_TEMPERATURE_DEBOUNCE: data = {24'd0, i_debounce};
            `RS_CONTROL_OVER_CURRENT_LIMIT:        data = {16'd0, i_current_limit};
            `RS_CONTROL_WATCHDOG: data = {i_watchdog_enable, 15'd0, i_watchdog_period};
            `RS_CONTROL_SCRUB:    data = {i_scrub_enable, 15'd0, i_scrub_period};
            `RS_CONTROL_SCRATCH:  data = i_scratch;

            `RS_FAST_STATUS: data = {i_uptime[15:0], 10'd0, i_watchdog_expired, i_heater_on,
                                     i_error_valid, i_watchdog_enable, tripped, i_safe};
            `RS_FAST_OVER_TEMPERATURE: data = over_temperature;
            `RS_FAST_OVER_CURRENT:     data = over_current;
            `RS_FAST_POWERED:          data = powered;
            `RS_FAST_BUS:              data = rack[255:224];
            `RS_FAST_BATTERY:          data = rack[223:192];
            `RS_FAST_SUPPLY:           data = rack[191:160];
            `RS_FAST_HOTTEST:          data = {i_hottest_gpu, i_hottest_hbm};
            `RS_FAST_COOLANT_SUPPLY:   data = rack[159:128];
            `RS_FAST_COOLANT_ENDS:     data = rack[127:96];
            `RS_FAST_COOLANT:          data = rack[95:64];
            `RS_FAST_PUMP_SPEED:       data = rack[63:32];
            `RS_FAST_MONITOR:          data = rack[31:0];
            `RS_FAST_MEMORY_ERRORS:    data = {i_corrected, i_uncorrectable};
            `RS_FAST_FRAMES:           data = {i_received, dropped};
            `RS_FAST_ACTIVITY:         data = {i_trips, i_executed};

            `RS_DIAGNOSTICS_FRAME_ERRORS:     data = {i_crc, i_framing};
            `RS_DIAGNOSTICS_FRAME_ERRORS_2:   data = {i_oversize, i_discarded};
            `RS_DIAGNOSTICS_COMMANDS_REFUSED: data = {i_refused, 8'd0, i_status};
            `RS_DIAGNOSTICS_WATCHDOG_EVENTS:  data = {i_expired, i_bad_kicks};
            `RS_DIAGNOSTICS_MEMORY_ERROR: data = {i_error_valid, i_error_uncorrectable, 7'd0,
                                                  i_error_syndrome, 6'd0, i_error_word};
            `RS_DIAGNOSTICS_SCRUB_PROGRESS:       data = {i_scrub_passes, 6'd0, i_scrub_word};
            `RS_DIAGNOSTICS_MEMORY_UNCORRECTABLE: data = {i_lost_valid, 21'd0, i_lost_word};
            `RS_DIAGNOSTICS_VOTER:                data = {i_mismatches, 8'd0, i_repaired};
            `RS_DIAGNOSTICS_RESET_CAUSE:          data = {30'd0, i_external_reset, i_power_on};

            default: data = is_tray ? tray_word : is_cap ? cap : 32'd0;
        endcase

    assign o_done  = done_q;
    assign o_data  = data_q;
    assign o_write = act && i_write;

    always @(posedge i_clk)
        if (i_rst) begin
            done_q <= 1'b0;
            data_q <= 32'd0;
        end else begin
            done_q <= act;
            if (act)
                data_q <= data;
        end

endmodule

`default_nettype wire
