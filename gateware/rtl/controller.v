// The payload controller of a rack-satellite behind a byte stream: RMAP over SLIP in and out,
// sensor vector in, actuator vector out. What it does is written in docs/registers.md.
//
// Both vectors are big-endian byte strings with the first byte at the top:
//   i_sensors    8 rack words (32 bits), then 4 words a tray, as in the tray block
//   o_actuators  power, reset, scrub, reload of the trays (32 bits each, bit i = tray i), pump A,
//                pump B, bypass, heater (16 bits each), flags (32 bits, bit 0 = safe), then one cap
//                word a tray
//
// Latency: see the modules. A frame is answered from 5 clocks after its closing END on, one byte a
// clock. Reset: everything; the memory then clears itself for 1024 clocks (o_idle low).
`default_nettype none

module controller #(
    parameter        TRAYS    = 18,   // 1 to 32
    parameter        TICK_HZ  = 100,  // what i_tick comes at; told to flight software, not used
    parameter [31:0] BUILD_ID = 32'h0
) (
    input  wire                        i_clk,
    input  wire                        i_rst,
    input  wire                        i_tick,     // one clock, time base of everything slow
    // bytes from the line
    input  wire [7:0]                  i_rx_data,
    input  wire                        i_rx_valid,
    output wire                        o_rx_ready,
    input  wire                        i_rx_error, // one clock: something was lost in this frame
    // bytes to the line
    output wire [7:0]                  o_tx_data,
    output wire                        o_tx_valid,
    input  wire                        i_tx_ready,
    // rack
    input  wire [8*(32+16*TRAYS)-1:0]  i_sensors,
    output wire [8*(28+4*TRAYS)-1:0]   o_actuators,
    // nothing is in progress
    output wire                        o_idle,
    // upsets for tests, 0 in flight: {strike, copy, register, mask}, see triplicated
    input  wire [42:0]                 i_upset
);

    // -- frames in

    wire         packet;
    wire [8:0]   packet_length;
    wire [119:0] header;
    wire         header_ok;
    wire         data_ok;
    wire [5:0]   data_index;
    wire [31:0]  data_word;
    wire         target_ready;
    wire         framing;
    wire         oversize;
    wire         bad_crc;
    wire         receiver_idle;

    frame_receiver frame_receiver (
        .i_clk       (i_clk),
        .i_rst       (i_rst),
        .i_tick      (i_tick),
        .i_rx_data   (i_rx_data),
        .i_rx_valid  (i_rx_valid),
        .i_rx_error  (i_rx_error),
        .o_rx_ready  (o_rx_ready),
        .o_packet    (packet),
        .o_length    (packet_length),
        .o_header    (header),
        .o_header_ok (header_ok),
        .o_data_ok   (data_ok),
        .i_index     (data_index),
        .o_word      (data_word),
        .i_ready     (target_ready),
        .o_framing   (framing),
        .o_oversize  (oversize),
        .o_crc       (bad_crc),
        .o_idle      (receiver_idle)
    );

    // -- commands, replies

    wire        bus_valid;
    wire        bus_write;
    wire [16:0] bus_address;
    wire [31:0] bus_data;
    wire        registers_done;
    wire [31:0] registers_data;
    wire        memory_done;
    wire [31:0] memory_data;
    wire        memory_ready;
    wire        scrub_valid;
    wire [7:0]  reply_data;
    wire        replying;
    wire        reply_valid;
    wire        reply_last;
    wire        reply_ready;
    wire        discarded;
    wire        refused;
    wire [7:0]  refusal;
    wire        executed;
    wire        encoder_idle;

    rmap_target #(.TRAYS(TRAYS)) rmap_target (
        .i_clk         (i_clk),
        .i_rst         (i_rst),
        .i_packet      (packet),
        .i_length      (packet_length),
        .i_header      (header),
        .i_header_ok   (header_ok),
        .i_data_ok     (data_ok),
        .o_index       (data_index),
        .i_word        (data_word),
        .o_ready       (target_ready),
        .i_hold        (scrub_valid || !memory_ready),
        .o_bus_valid   (bus_valid),
        .o_bus_write   (bus_write),
        .o_bus_address (bus_address),
        .o_bus_data    (bus_data),
        .i_bus_done    (registers_done || memory_done),
        .i_bus_data    (memory_done ? memory_data : registers_data),
        .o_replying    (replying),
        .o_reply_data  (reply_data),
        .o_reply_valid (reply_valid),
        .o_reply_last  (reply_last),
        .i_reply_ready (reply_ready),
        .o_discarded   (discarded),
        .o_refused     (refused),
        .o_status      (refusal),
        .o_executed    (executed)
    );

    frame_encoder frame_encoder (
        .i_clk   (i_clk),
        .i_rst   (i_rst),
        .i_data  (reply_data),
        .i_open  (replying),
        .i_valid (reply_valid),
        .i_last  (reply_last),
        .o_ready (reply_ready),
        .o_data  (o_tx_data),
        .o_valid (o_tx_valid),
        .i_ready (i_tx_ready),
        .o_idle  (encoder_idle)
    );

    // -- registers: all below the protected memory, which has address bit 16 to itself

    wire                in_memory = bus_address[16];
    wire                register_write;
    wire [TRAYS-1:0]    power_switch;
    wire [31:0]         pump_drive;
    wire [31:0]         thermal_drive;
    wire [31:0]         safe_drive;
    wire [15:0]         thermostat;
    wire [31:0]         temperature_limit;
    wire [7:0]          debounce;
    wire [15:0]         current_limit;
    wire                watchdog_enable;
    wire [15:0]         watchdog_period;
    wire                scrub_enable;
    wire [15:0]         scrub_period;
    wire [31:0]         scratch;
    wire [32*TRAYS-1:0] caps;
    wire                watchdog_restart;
    wire                bad_kick;
    wire                scrub_restart;
    wire                enter_safe;
    wire                leave_safe;
    wire [TRAYS-1:0]    over_temperature_clear;
    wire [TRAYS-1:0]    over_current_clear;
    wire                reset_write;
    wire                scrub_write;
    wire                reload_write;
    wire [9:0]          control_mismatch;
    wire [TRAYS-1:0]    caps_mismatch;

    control_registers #(.TRAYS(TRAYS)) control_registers (
        .i_clk                    (i_clk),
        .i_rst                    (i_rst),
        .i_write                  (register_write),
        .i_address                (bus_address),
        .i_data                   (bus_data),
        .o_power_switch           (power_switch),
        .o_pump_drive             (pump_drive),
        .o_thermal_drive          (thermal_drive),
        .o_safe_drive             (safe_drive),
        .o_thermostat             (thermostat),
        .o_temperature_limit      (temperature_limit),
        .o_debounce               (debounce),
        .o_current_limit          (current_limit),
        .o_watchdog_enable        (watchdog_enable),
        .o_watchdog_period        (watchdog_period),
        .o_scrub_enable           (scrub_enable),
        .o_scrub_period           (scrub_period),
        .o_scratch                (scratch),
        .o_caps                   (caps),
        .o_watchdog_restart       (watchdog_restart),
        .o_bad_kick               (bad_kick),
        .o_scrub_restart          (scrub_restart),
        .o_enter_safe             (enter_safe),
        .o_leave_safe             (leave_safe),
        .o_over_temperature_clear (over_temperature_clear),
        .o_over_current_clear     (over_current_clear),
        .o_tray_reset             (reset_write),
        .o_tray_scrub             (scrub_write),
        .o_tray_reload            (reload_write),
        .o_mismatch               (control_mismatch),
        .o_caps_mismatch          (caps_mismatch),
        .i_upset                  (i_upset)
    );

    // -- trips

    wire [16*TRAYS-1:0] gpu;      // tray i at [16*i +: 16]
    wire [16*TRAYS-1:0] hbm;
    wire [16*TRAYS-1:0] current;
    wire [TRAYS-1:0]    over_temperature;
    wire [TRAYS-1:0]    over_current;
    wire [TRAYS-1:0]    powered;
    wire                settled;
    wire [6:0]          latched;
    wire [15:0]         hottest_gpu;
    wire [15:0]         hottest_hbm;
    wire                safe;
    wire                over_temperature_mismatch;
    wire                over_current_mismatch;

    genvar tray;
    generate
        for (tray = 0; tray < TRAYS; tray = tray + 1) begin : gen_tray
            wire [47:0] block = i_sensors[128*(TRAYS-1-tray) + 32 +: 48];
            assign current[16*tray +: 16] = block[47:32];
            assign gpu[16*tray +: 16]     = block[31:16];
            assign hbm[16*tray +: 16]     = block[15:0];
        end
    endgenerate

    trips #(.TRAYS(TRAYS)) trips (
        .i_clk                       (i_clk),
        .i_rst                       (i_rst),
        .i_tick                      (i_tick),
        .i_power_switch              (power_switch),
        .i_safe                      (safe),
        .i_over_temperature_clear    (over_temperature_clear),
        .i_over_current_clear        (over_current_clear),
        .i_gpu_limit                 (temperature_limit[31:16]),
        .i_hbm_limit                 (temperature_limit[15:0]),
        .i_current_limit             (current_limit),
        .i_debounce                  (debounce),
        .i_gpu                       (gpu),
        .i_hbm                       (hbm),
        .i_current                   (current),
        .o_over_temperature          (over_temperature),
        .o_over_current              (over_current),
        .o_powered                   (powered),
        .o_settled                   (settled),
        .o_latched                   (latched),
        .o_over_temperature_mismatch (over_temperature_mismatch),
        .o_over_current_mismatch     (over_current_mismatch),
        .i_upset                     (i_upset)
    );

    hottest #(.TRAYS(TRAYS)) hottest (
        .i_powered (powered),
        .i_gpu     (gpu),
        .i_hbm     (hbm),
        .o_gpu     (hottest_gpu),
        .o_hbm     (hottest_hbm)
    );

    // -- watchdog, command lines, drives

    wire             watchdog_expired;
    wire             watchdog_expire;
    wire             safe_mismatch;
    wire             ticks_mismatch;
    wire [TRAYS-1:0] reset_lines;
    wire [TRAYS-1:0] scrub_lines;
    wire [TRAYS-1:0] reload_lines;
    wire [15:0]      pump_a;
    wire [15:0]      pump_b;
    wire [15:0]      bypass;
    wire [15:0]      heater;

    watchdog watchdog (
        .i_clk            (i_clk),
        .i_rst            (i_rst),
        .i_tick           (i_tick),
        .i_enable         (watchdog_enable),
        .i_period         (watchdog_period),
        .i_restart        (watchdog_restart),
        .i_enter_safe     (enter_safe),
        .i_leave_safe     (leave_safe),
        .o_safe           (safe),
        .o_expired        (watchdog_expired),
        .o_expire         (watchdog_expire),
        .o_safe_mismatch  (safe_mismatch),
        .o_ticks_mismatch (ticks_mismatch),
        .i_upset          (i_upset)
    );

    command_lines #(.TRAYS(TRAYS)) reset_command (
        .i_clk   (i_clk),
        .i_rst   (i_rst),
        .i_tick  (i_tick),
        .i_write (reset_write),
        .i_trays (bus_data[TRAYS-1:0]),
        .o_lines (reset_lines)
    );

    command_lines #(.TRAYS(TRAYS)) scrub_command (
        .i_clk   (i_clk),
        .i_rst   (i_rst),
        .i_tick  (i_tick),
        .i_write (scrub_write),
        .i_trays (bus_data[TRAYS-1:0]),
        .o_lines (scrub_lines)
    );

    command_lines #(.TRAYS(TRAYS)) reload_command (
        .i_clk   (i_clk),
        .i_rst   (i_rst),
        .i_tick  (i_tick),
        .i_write (reload_write),
        .i_trays (bus_data[TRAYS-1:0]),
        .o_lines (reload_lines)
    );

    actuator_drive actuator_drive (
        .i_pump_drive     (pump_drive),
        .i_thermal_drive  (thermal_drive),
        .i_safe_drive     (safe_drive),
        .i_thermostat     (thermostat),
        .i_safe           (safe),
        .i_coolant_supply (i_sensors[128*TRAYS+144 +: 16]),
        .o_pump_a         (pump_a),
        .o_pump_b         (pump_b),
        .o_bypass         (bypass),
        .o_heater         (heater)
    );

    assign o_actuators = {{{32-TRAYS{1'b0}}, powered},
                          {{32-TRAYS{1'b0}}, reset_lines},
                          {{32-TRAYS{1'b0}}, scrub_lines},
                          {{32-TRAYS{1'b0}}, reload_lines},
                          pump_a, pump_b, bypass, heater,
                          31'd0, safe,
                          caps};

    // -- protected memory

    wire        scrub_done;
    wire [9:0]  scrub_word;
    wire [15:0] scrub_passes;
    wire [15:0] corrected;
    wire [15:0] uncorrectable;
    wire        error_valid;
    wire        error_uncorrectable;
    wire [6:0]  error_syndrome;
    wire [9:0]  error_word;
    wire        lost_valid;
    wire [9:0]  lost_word;

    protected_memory memory (
        .i_clk                 (i_clk),
        .i_rst                 (i_rst),
        .o_ready               (memory_ready),
        .i_bus_valid           (bus_valid && in_memory),
        .i_bus_write           (bus_write),
        .i_bus_word            (bus_address[11:2]),
        .i_bus_data            (bus_data),
        .o_bus_done            (memory_done),
        .o_bus_data            (memory_data),
        .i_scrub_valid         (scrub_valid),
        .i_scrub_word          (scrub_word),
        .o_scrub_done          (scrub_done),
        .o_corrected           (corrected),
        .o_uncorrectable       (uncorrectable),
        .o_error_valid         (error_valid),
        .o_error_uncorrectable (error_uncorrectable),
        .o_error_syndrome      (error_syndrome),
        .o_error_word          (error_word),
        .o_lost_valid          (lost_valid),
        .o_lost_word           (lost_word)
    );

    scrubber scrubber (
        .i_clk     (i_clk),
        .i_rst     (i_rst),
        .i_tick    (i_tick),
        .i_enable  (scrub_enable),
        .i_period  (scrub_period),
        .i_restart (scrub_restart),
        .o_valid   (scrub_valid),
        .o_word    (scrub_word),
        .i_done    (scrub_done),
        .o_passes  (scrub_passes)
    );

    // -- upsets of the triplicated registers, resets

    wire [15:0] mismatch_count;
    wire [7:0]  last_repaired;
    wire        power_on;
    wire        external_reset;

    repair_counter #(.TRAYS(TRAYS)) repair_counter (
        .i_clk        (i_clk),
        .i_rst        (i_rst),
        .i_control    (control_mismatch),
        .i_state      ({over_current_mismatch, over_temperature_mismatch,
                        ticks_mismatch, safe_mismatch}),
        .i_caps       (caps_mismatch),
        .o_mismatches (mismatch_count),
        .o_register   (last_repaired)
    );

    reset_cause reset_cause (
        .i_clk      (i_clk),
        .i_rst      (i_rst),
        .o_power_on (power_on),
        .o_external (external_reset)
    );

    // -- telemetry

    wire [31:0] uptime;
    wire [15:0] received_count;
    wire [15:0] framing_count;
    wire [15:0] oversize_count;
    wire [15:0] crc_count;
    wire [15:0] discarded_count;
    wire [15:0] refused_count;
    wire [7:0]  last_status;
    wire [15:0] executed_count;
    wire [15:0] trip_count;
    wire [15:0] expired_count;
    wire [15:0] bad_kick_count;

    event_counters event_counters (
        .i_clk       (i_clk),
        .i_rst       (i_rst),
        .i_tick      (i_tick),
        .i_received  (packet),
        .i_framing   (framing),
        .i_oversize  (oversize),
        .i_crc       (bad_crc),
        .i_discarded (discarded),
        .i_refused   (refused),
        .i_status    (refusal),
        .i_executed  (executed),
        .i_trips     (latched),
        .i_expired   (watchdog_expire),
        .i_bad_kick  (bad_kick),
        .o_uptime    (uptime),
        .o_received  (received_count),
        .o_framing   (framing_count),
        .o_oversize  (oversize_count),
        .o_crc       (crc_count),
        .o_discarded (discarded_count),
        .o_refused   (refused_count),
        .o_status    (last_status),
        .o_executed  (executed_count),
        .o_trips     (trip_count),
        .o_expired   (expired_count),
        .o_bad_kicks (bad_kick_count)
    );

    register_file #(.TRAYS(TRAYS), .TICK_HZ(TICK_HZ), .BUILD_ID(BUILD_ID)) register_file (
        .i_clk                 (i_clk),
        .i_rst                 (i_rst),
        .i_valid               (bus_valid && !in_memory),
        .i_write               (bus_write),
        .i_address             (bus_address),
        .o_done                (registers_done),
        .o_data                (registers_data),
        .o_write               (register_write),
        .i_power_switch        (power_switch),
        .i_pump_drive          (pump_drive),
        .i_thermal_drive       (thermal_drive),
        .i_safe_drive          (safe_drive),
        .i_thermostat          (thermostat),
        .i_temperature_limit   (temperature_limit),
        .i_debounce            (debounce),
        .i_current_limit       (current_limit),
        .i_watchdog_enable     (watchdog_enable),
        .i_watchdog_period     (watchdog_period),
        .i_scrub_enable        (scrub_enable),
        .i_scrub_period        (scrub_period),
        .i_scratch             (scratch),
        .i_caps                (caps),
        .i_safe                (safe),
        .i_watchdog_expired    (watchdog_expired),
        .i_heater_on           (heater != 16'd0),
        .i_over_temperature    (over_temperature),
        .i_over_current        (over_current),
        .i_powered             (powered),
        .i_hottest_gpu         (hottest_gpu),
        .i_hottest_hbm         (hottest_hbm),
        .i_sensors             (i_sensors),
        .i_corrected           (corrected),
        .i_uncorrectable       (uncorrectable),
        .i_error_valid         (error_valid),
        .i_error_uncorrectable (error_uncorrectable),
        .i_error_syndrome      (error_syndrome),
        .i_error_word          (error_word),
        .i_lost_valid          (lost_valid),
        .i_lost_word           (lost_word),
        .i_scrub_passes        (scrub_passes),
        .i_scrub_word          (scrub_word),
        .i_uptime              (uptime),
        .i_received            (received_count),
        .i_framing             (framing_count),
        .i_oversize            (oversize_count),
        .i_crc                 (crc_count),
        .i_discarded           (discarded_count),
        .i_refused             (refused_count),
        .i_status              (last_status),
        .i_executed            (executed_count),
        .i_trips               (trip_count),
        .i_expired             (expired_count),
        .i_bad_kicks           (bad_kick_count),
        .i_mismatches          (mismatch_count),
        .i_repaired            (last_repaired),
        .i_power_on            (power_on),
        .i_external_reset      (external_reset)
    );

    assign o_idle = receiver_idle && target_ready && encoder_idle && memory_ready && !scrub_valid
                 && settled;

endmodule

`default_nettype wire
