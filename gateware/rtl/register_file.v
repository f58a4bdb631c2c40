// The registers as the bus sees them, all regions but the memories: writes go to control_registers and
// injection, reads come from here. Samples and counters are read where they are kept.
//
// Latency: 1 clock from i_valid to o_done, for reads and writes; an access waits while i_wait is high.
// Reset: no access in progress; the registers take the reset values of the register map.
`default_nettype none
`include "registers.vh"

module register_file #(
    parameter        TRAYS    = 18,
    parameter        TICK_HZ  = 100,
    parameter [31:0] BUILD_ID = 32'h0,
    parameter        FLIGHT   = 0,
    parameter        ADC      = 0
) (
    input  wire                     i_clk,
    input  wire                     i_rst,
    // register bus: held until o_done
    input  wire                     i_valid,
    input  wire                     i_wait,
    input  wire                     i_write,
    input  wire [16:0]              i_address,
    output wire                     o_done,
    output wire [31:0]              o_data,   // 0 without o_done
    output wire                     o_write,  // the write acts in this clock
    output wire                     o_read,   // the read acts in this clock
    // samples, and rows of counters, both of the clock before
    output wire [7:0]               o_sample_index,
    input  wire [31:0]              i_sample,
    output wire [3:0]               o_counter_row,
    input  wire [31:0]              i_counters,
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
    input  wire                     i_config_scan_enable,
    input  wire [7:0]               i_config_scan_period,
    input  wire [32*TRAYS-1:0]      i_caps,
    // state
    input  wire                     i_safe,
    input  wire                     i_watchdog_expired,
    input  wire [TRAYS-1:0]         i_over_temperature,
    input  wire [TRAYS-1:0]         i_over_current,
    input  wire [TRAYS-1:0]         i_powered,
    input  wire [TRAYS-1:0]         i_reset_lines,
    input  wire [TRAYS-1:0]         i_scrub_lines,
    input  wire [TRAYS-1:0]         i_reload_lines,
    input  wire                     i_cold,
    input  wire                     i_heater_on,
    input  wire [15:0]              i_hottest_gpu,
    input  wire [15:0]              i_hottest_hbm,
    input  wire [15:0]              i_ticks,   // lower half of the uptime
    input  wire [7:0]               i_status,  // of the last refusal
    input  wire [7:0]               i_repaired,
    input  wire                     i_power_on,
    input  wire                     i_external_reset,
    // memory
    input  wire                     i_error_valid,
    input  wire                     i_error_uncorrectable,
    input  wire [6:0]               i_error_syndrome,
    input  wire [9:0]               i_error_word,
    input  wire                     i_lost_valid,
    input  wire [9:0]               i_lost_word,
    input  wire [9:0]               i_scrub_word,
    // configuration frames
    input  wire [1:0]               i_config_state,
    input  wire                     i_config_crc_error,
    input  wire [15:0]              i_config_lost,
    input  wire                     i_config_damaged,
    input  wire                     i_config_error_valid,
    input  wire                     i_config_error_uncorrectable,
    input  wire                     i_config_error_adjacent,
    input  wire                     i_config_error_essential,
    input  wire [3:0]               i_config_error_frame,
    input  wire [8:0]               i_config_error_place,
    input  wire [3:0]               i_config_next_frame
);

    localparam [31:0] TRAYS_BASE   = `RS_TRAYS_BASE;
    localparam [31:0] CAPS_BASE    = `RS_TRAY_CONTROL_BASE;
    localparam [31:0] BUS          = `RS_FAST_BUS;
    localparam [31:0] COOLANT      = `RS_FAST_COOLANT_SUPPLY;
    localparam [31:0] TRAYS_FITTED = TRAYS;
    localparam [31:0] TICK_RATE    = TICK_HZ;
    localparam [7:0]  MEMORY_KIB   = 8'd4;
    localparam        INJECTION    = (FLIGHT == 0);
    localparam        ADC_FITTED   = (ADC != 0);

    reg        done_q;
    reg [31:0] data_q;     // but for samples and counters
    reg        sample_q;   // the word is a sample
    reg        status_q;   // and of it, the status of a tray
    reg        counters_q; // the word has counters

    wire        act     = i_valid && !done_q && !i_wait;
    wire [31:0] address = {15'd0, i_address};

    // Bit vectors of the trays, widened to a register.
    wire [31:0] power_switch     = {{32-TRAYS{1'b0}}, i_power_switch};
    wire [31:0] over_temperature = {{32-TRAYS{1'b0}}, i_over_temperature};
    wire [31:0] over_current     = {{32-TRAYS{1'b0}}, i_over_current};
    wire [31:0] powered          = {{32-TRAYS{1'b0}}, i_powered};
    wire [31:0] reset_lines      = {{32-TRAYS{1'b0}}, i_reset_lines};
    wire [31:0] scrub_lines      = {{32-TRAYS{1'b0}}, i_scrub_lines};
    wire [31:0] reload_lines     = {{32-TRAYS{1'b0}}, i_reload_lines};
    wire        tripped          = (over_temperature != 32'd0) || (over_current != 32'd0);

    // Of what has bit 16 only this is read here. A flight build does not have it.
    wire        is_actuator = (FLIGHT == 0) && i_address[16];

    // Drives as they are, or, without trips to the safe state and cold coolant, as they are commanded.
    wire [31:0] pumps;
    wire [31:0] thermal;

    actuator_drive read_drive (
        .i_pump_drive    (i_pump_drive),
        .i_thermal_drive (i_thermal_drive),
        .i_safe_drive    (i_safe_drive),
        .i_safe          (is_actuator && i_safe),
        .i_cold          (is_actuator && i_cold),
        .o_pump_a        (pumps[31:16]),
        .o_pump_b        (pumps[15:0]),
        .o_bypass        (thermal[31:16]),
        .o_heater        (thermal[15:0])
    );

    wire [6:0]  tray_word = i_address[8:2] - TRAYS_BASE[8:2];
    wire [4:0]  cap_index = i_address[6:2] - CAPS_BASE[6:2];
    wire        is_tray   = (address >= TRAYS_BASE) && !is_actuator;
    wire        is_cap    = (address >= CAPS_BASE) && !is_tray;
    wire        is_status = is_tray && (tray_word[1:0] == 2'd0);
    wire [31:0] bits      = 32'd1 << tray_word[6:2];
    wire [31:0] cap;

    word_select #(.WORDS(TRAYS), .INDEX_BITS(5)) cap_select (
        .i_words (i_caps),
        .i_index (cap_index),
        .o_word  (cap)
    );

    // Where a sample is kept: 8 rack words, which are in the fast block in two runs, then the trays.
    wire       before_hottest = (address < `RS_FAST_HOTTEST);
    wire [3:0] rack_word      = before_hottest ? i_address[5:2] - BUS[5:2]
                                               : i_address[5:2] - COOLANT[5:2] + 4'd3;
    wire       is_rack        = ((address >= `RS_FAST_BUS) && before_hottest)
                             || ((address >= `RS_FAST_COOLANT_SUPPLY) && (address <= `RS_FAST_MONITOR));

    assign o_sample_index = is_tray ? {1'b0, tray_word} + 8'd8 : {4'd0, rack_word};

    // Where counters are kept: the rows of event_counters.
    reg       has_counters;
    reg [3:0] counter_row;

    always @* begin
        has_counters = 1'b1;
        case (address)
            `RS_FAST_FRAMES:                  counter_row = 4'd0;
            `RS_FAST_ACTIVITY:                counter_row = 4'd1;
            `RS_FAST_MEMORY_ERRORS:           counter_row = 4'd2;
            `RS_DIAGNOSTICS_FRAME_ERRORS:     counter_row = 4'd3;
            `RS_DIAGNOSTICS_FRAME_ERRORS_2:   counter_row = 4'd4;
            `RS_DIAGNOSTICS_COMMANDS_REFUSED: counter_row = 4'd5;
            `RS_DIAGNOSTICS_WATCHDOG_EVENTS:  counter_row = 4'd6;
            `RS_DIAGNOSTICS_SCRUB_PROGRESS:   counter_row = 4'd7;
            `RS_DIAGNOSTICS_VOTER:            counter_row = 4'd8;
            `RS_DIAGNOSTICS_CONFIG_ERRORS:    counter_row = 4'd9;
            `RS_DIAGNOSTICS_CONFIG_ERRORS_2:  counter_row = 4'd10;
            `RS_DIAGNOSTICS_CONFIG_PROGRESS:  counter_row = 4'd11;
            `RS_IDENTITY_UPTIME:              counter_row = 4'd12;
            default: {has_counters, counter_row} = 5'd0;
        endcase
    end

    assign o_counter_row = counter_row;

    // Lower halves without a counter are 0 in event_counters and come from data_q.
    assign o_done  = done_q;
    assign o_data  = data_q
                   | ({32{sample_q}} & i_sample & {4'hF, {3{!status_q}}, 25'h1FFFFFF})
                   | ({32{counters_q}} & i_counters);
    assign o_write = act && i_write;
    assign o_read  = act && !i_write;

    always @(posedge i_clk)
        if (i_rst) begin
            done_q     <= 1'b0;
            data_q     <= 32'd0;
            sample_q   <= 1'b0;
            status_q   <= 1'b0;
            counters_q <= 1'b0;
        end else begin
            done_q     <= act;
            sample_q   <= o_read && (is_tray || is_rack);
            status_q   <= is_status;
            counters_q <= o_read && has_counters;
            data_q     <= 32'd0;
            if (o_read)
                case (address)
                    `RS_IDENTITY_ID:       data_q <= `RS_IDENTITY_ID_RESET;
                    `RS_IDENTITY_VERSION:  data_q <= `RS_IDENTITY_VERSION_RESET;
                    `RS_IDENTITY_CONFIG:   data_q <= {TICK_RATE[15:0], MEMORY_KIB, TRAYS_FITTED[7:0]};
                    `RS_IDENTITY_BUILD:    data_q <= BUILD_ID;
                    `RS_IDENTITY_UPTIME:   data_q[15:0] <= i_ticks;
                    `RS_IDENTITY_FEATURES: data_q <= {30'd0, ADC_FITTED, INJECTION};

                    `RS_CONTROL_POWER_SWITCH:              data_q <= power_switch;
                    `RS_CONTROL_PUMP_DRIVE, `RS_ACTUATORS_PUMP: data_q <= pumps;
                    `RS_CONTROL_THERMAL_DRIVE, `RS_ACTUATORS_THERMAL: data_q <= thermal;
                    `RS_CONTROL_SAFE_DRIVE:                data_q <= i_safe_drive;
                    `RS_CONTROL_THERMOSTAT:                data_q <= {16'd0, i_thermostat};
                    `RS_CONTROL_OVER_TEMPERATURE_LIMIT:    data_q <= i_temperature_limit;
                    `RS_CONTROL_OVER_TEMPERATURE_DEBOUNCE: data_q <= {24'd0, i_debounce};
                    `RS_CONTROL_OVER_CURRENT_LIMIT:        data_q <= {16'd0, i_current_limit};
                    `RS_CONTROL_WATCHDOG:    data_q <= {i_watchdog_enable, 15'd0, i_watchdog_period};
                    `RS_CONTROL_SCRUB:       data_q <= {i_scrub_enable, 15'd0, i_scrub_period};
                    `RS_CONTROL_SCRATCH:     data_q <= i_scratch;
                    `RS_CONTROL_CONFIG_SCAN: data_q <= {i_config_scan_enable, 23'd0, i_config_scan_period};

                    `RS_FAST_STATUS: data_q <= {i_ticks, 9'd0, i_config_damaged, i_watchdog_expired,
                                                i_heater_on, i_error_valid, i_watchdog_enable, tripped, i_safe};
                    `RS_FAST_OVER_TEMPERATURE: data_q <= over_temperature;
                    `RS_FAST_OVER_CURRENT:     data_q <= over_current;
                    `RS_FAST_POWERED, `RS_ACTUATORS_POWER: data_q <= powered;
                    `RS_FAST_HOTTEST:          data_q <= {i_hottest_gpu, i_hottest_hbm};

                    `RS_DIAGNOSTICS_COMMANDS_REFUSED:     data_q[7:0] <= i_status;
                    `RS_DIAGNOSTICS_MEMORY_ERROR: data_q <= {i_error_valid, i_error_uncorrectable, 7'd0,
                                                             i_error_syndrome, 6'd0, i_error_word};
                    `RS_DIAGNOSTICS_SCRUB_PROGRESS:       data_q[9:0] <= i_scrub_word;
                    `RS_DIAGNOSTICS_MEMORY_UNCORRECTABLE: data_q <= {i_lost_valid, 21'd0, i_lost_word};
                    `RS_DIAGNOSTICS_VOTER:                data_q[7:0] <= i_repaired;
                    `RS_DIAGNOSTICS_RESET_CAUSE:          data_q <= {30'd0, i_external_reset, i_power_on};
                    `RS_DIAGNOSTICS_CONFIG_STATE: data_q <= {i_config_state, i_config_crc_error, 13'd0,
                                                             i_config_lost};
                    `RS_DIAGNOSTICS_CONFIG_ERROR: data_q <= {i_config_error_valid, i_config_error_uncorrectable,
                                                             i_config_error_adjacent, i_config_error_essential,
                                                             8'd0, i_config_error_frame, 7'd0,
                                                             i_config_error_place};
                    `RS_DIAGNOSTICS_CONFIG_PROGRESS:      data_q[3:0] <= i_config_next_frame;

                    `RS_ACTUATORS_RESET_LINES:  data_q <= reset_lines;
                    `RS_ACTUATORS_SCRUB_LINES:  data_q <= scrub_lines;
                    `RS_ACTUATORS_RELOAD_LINES: data_q <= reload_lines;
                    `RS_ACTUATORS_FLAGS:        data_q <= {30'd0, tripped, i_safe};

                    default:
                        if (is_status)
                            data_q[27:25] <= {|(powered & bits), |(over_temperature & bits),
                                              |(over_current & bits)};
                        else if (is_cap)
                            data_q <= cap;
                endcase
        end

endmodule

`default_nettype wire
