// The payload controller of a rack-satellite behind a byte stream: RMAP over SLIP in and out,
// sensor vector in, actuator vector out. What it does is written in docs/registers.md.
//
// Both vectors are big-endian byte strings with the first byte at the top:
//   i_sensors    8 rack words (32 bits), then 4 words a tray, as in the tray block
//   o_actuators  power, reset, scrub, reload of the trays (32 bits each, bit i = tray i), pump A,
//                pump B, bypass, heater (16 bits each), flags (32 bits, bit 0 = safe, bit 1 = a tray
//                has tripped), then one cap word a tray
//
// Sensors come as a vector (PARALLEL = 1) or word by word, see acquisition. A FLIGHT build has no
// stimulus and no injection: it does not know the test key.
//
// Latency: see the modules. A read is answered from 7 clocks after the closing END of its command on,
// one byte a clock; a write after as many more as it takes: 2 a word to registers, 1 to memory, 4 to
// configuration frames. An over-current opens its switch after 2 clocks. Reset: everything; the memory
// then clears itself for 1024 clocks (o_idle low).
`default_nettype none
`include "registers.vh"

module controller #(
    parameter        TRAYS    = 18,   // 1 to 32
    parameter        TICK_HZ  = 100,  // what i_tick comes at; told to flight software, not used
    parameter [31:0] BUILD_ID = 32'h0,
    parameter        PARALLEL = 1,    // the front end gives vectors; 0: words
    parameter        ADC      = 0,    // the front end is an ADC; told to flight software, not used
    parameter        STIMULUS = 0,    // 1: from reset on, takes stimulus instead of the front end
    parameter        FLIGHT   = 0     // 1: no test key
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
    input  wire                        i_present,      // take the vector
    input  wire                        i_sample_valid, // or take a word
    input  wire [7:0]                  i_sample_index,
    input  wire [31:0]                 i_sample_data,
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
    wire [31:0]  first_word;
    wire         target_ready;
    wire         framing;
    wire         oversize;
    wire         bad_crc;
    wire         receiver_idle;
    wire         counting;  // events wait for their counters
    wire         hang;      // injected

    frame_receiver frame_receiver (
        .i_clk       (i_clk),
        .i_rst       (i_rst || hang),
        .i_tick      (i_tick && !hang),
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
        .o_first     (first_word),
        .i_ready     (target_ready && !counting && !hang),
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
    wire        config_done;
    wire [31:0] config_data;
    wire        config_ready;
    wire        config_busy;
    wire        config_due;
    wire        scrub_valid;
    wire        decide;
    wire        drop_reply;
    wire        corrupt_reply;
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

    rmap_target #(.TRAYS(TRAYS), .FLIGHT(FLIGHT)) rmap_target (
        .i_clk         (i_clk),
        .i_rst         (i_rst),
        .i_packet      (packet),
        .i_length      (packet_length),
        .i_header      (header),
        .i_header_ok   (header_ok),
        .i_data_ok     (data_ok),
        .o_index       (data_index),
        .i_word        (data_word),
        .i_first       (first_word),
        .o_ready       (target_ready),
        .i_hold        (scrub_valid || !memory_ready || config_busy || counting || !encoder_idle),
        .o_bus_valid   (bus_valid),
        .o_bus_write   (bus_write),
        .o_bus_address (bus_address),
        .o_bus_data    (bus_data),
        .i_bus_done    (registers_done || memory_done || config_done),
        .i_bus_data    (memory_done ? memory_data : config_done ? config_data : registers_data),
        .o_replying    (replying),
        .o_reply_data  (reply_data),
        .o_reply_valid (reply_valid),
        .o_reply_last  (reply_last),
        .i_reply_ready (reply_ready),
        .o_decide      (decide),
        .o_discarded   (discarded),
        .o_refused     (refused),
        .o_status      (refusal),
        .o_executed    (executed)
    );

    frame_encoder frame_encoder (
        .i_clk     (i_clk),
        .i_rst     (i_rst),
        .i_data    (reply_data),
        .i_open    (replying),
        .i_valid   (reply_valid),
        .i_last    (reply_last),
        .o_ready   (reply_ready),
        .i_drop    (drop_reply),
        .i_corrupt (corrupt_reply),
        .o_data    (o_tx_data),
        .o_valid   (o_tx_valid),
        .i_ready   (i_tx_ready),
        .o_idle    (encoder_idle)
    );

    // -- who is meant on the bus

    wire [31:0] address       = {15'd0, bus_address};
    wire        flips_memory  = (FLIGHT == 0) && (address >= `RS_FLIP_MEMORY_BASE) && (address < `RS_FLIP_CHECK_BASE);
    wire        flips_check   = (FLIGHT == 0) && (address >= `RS_FLIP_CHECK_BASE) && (address < `RS_FLIP_CONFIG_BASE);
    wire        flips_config  = (FLIGHT == 0) && (address >= `RS_FLIP_CONFIG_BASE);
    wire        in_essential  = (address >= `RS_ESSENTIAL_BITS_BASE);  // when in_config
    wire        in_memory     = flips_memory || flips_check
                             || ((address >= `RS_MEMORY_BASE) && (address < `RS_CONFIG_FRAMES_BASE));
    wire        in_config     = flips_config
                             || ((address >= `RS_CONFIG_FRAMES_BASE) && (address < `RS_STIMULUS_RACK_BASE));
    wire        in_registers  = !in_memory && !in_config;
    wire        memory_access = bus_valid && in_memory && !counting;

    // -- registers

    wire                register_write;
    wire                register_read;
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
    wire                config_scan_enable;
    wire [7:0]          config_scan_period;
    wire                config_scan_restart;
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
    wire [11:0]         control_mismatch;
    wire [TRAYS-1:0]    caps_mismatch;
    wire [10:0]         strike;  // injected: strike, copy, register

    // A strike of the test bench goes before one through the link, whose mask is the word written.
    wire [42:0]         upset = {i_upset[42] || strike[10],
                                 i_upset[42] ? i_upset[41:32] : strike[9:0],
                                 i_upset[42] ? i_upset[31:0]  : bus_data};

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
        .o_config_scan_enable     (config_scan_enable),
        .o_config_scan_period     (config_scan_period),
        .o_caps                   (caps),
        .o_watchdog_restart       (watchdog_restart),
        .o_bad_kick               (bad_kick),
        .o_scrub_restart          (scrub_restart),
        .o_config_scan_restart    (config_scan_restart),
        .o_enter_safe             (enter_safe),
        .o_leave_safe             (leave_safe),
        .o_over_temperature_clear (over_temperature_clear),
        .o_over_current_clear     (over_current_clear),
        .o_tray_reset             (reset_write),
        .o_tray_scrub             (scrub_write),
        .o_tray_reload            (reload_write),
        .o_mismatch               (control_mismatch),
        .o_caps_mismatch          (caps_mismatch),
        .i_upset                  (upset)
    );

    // -- sensors, injection

    wire [16*TRAYS-1:0] gpu;      // tray i at [16*i +: 16]
    wire [16*TRAYS-1:0] hbm;
    wire [16*TRAYS-1:0] current;
    wire [15:0]         coolant_supply;
    wire                front_end_off;
    wire                freeze;
    wire                skew;
    wire [8:0]          channel;
    wire [15:0]         offset;
    wire                stimulus;
    wire [7:0]          stimulus_index;
    wire [7:0]          sample_index;
    wire [31:0]         sample;
    wire                storing;
    wire [7:0]          clear_index;

    acquisition #(.TRAYS(TRAYS), .PARALLEL(PARALLEL)) acquisition (
        .i_clk            (i_clk),
        .i_rst            (i_rst),
        .i_clear          (!memory_ready),
        .i_clear_word     (clear_index),
        .i_sensors        (i_sensors),
        .i_present        (i_present),
        .i_sample_valid   (i_sample_valid),
        .i_sample_index   (i_sample_index),
        .i_sample_data    (i_sample_data),
        .i_stimulus_valid (stimulus),
        .i_stimulus_index (stimulus_index),
        .i_stimulus_data  (bus_data),
        .i_front_end_off  (front_end_off),
        .i_freeze         (freeze),
        .i_skew           (skew),
        .i_channel        (channel),
        .i_offset         (offset),
        .i_read           (register_read),
        .i_index          (sample_index),
        .o_word           (sample),
        .o_storing        (storing),
        .o_coolant_supply (coolant_supply),
        .o_gpu            (gpu),
        .o_hbm            (hbm),
        .o_current        (current)
    );

    generate
        if (FLIGHT == 0) begin : gen_injection
            injection #(.STIMULUS(STIMULUS)) injection (
                .i_clk            (i_clk),
                .i_rst            (i_rst),
                .i_tick           (i_tick),
                .i_write          (register_write),
                .i_address        (bus_address),
                .i_data           (bus_data),
                .i_decide         (decide),
                .i_replying       (replying),
                .i_link_quiet     (target_ready && !packet && encoder_idle),
                .o_drop_reply     (drop_reply),
                .o_corrupt_reply  (corrupt_reply),
                .o_hang           (hang),
                .o_front_end_off  (front_end_off),
                .o_freeze         (freeze),
                .o_skew           (skew),
                .o_channel        (channel),
                .o_offset         (offset),
                .o_stimulus       (stimulus),
                .o_stimulus_index (stimulus_index),
                .o_strike         (strike)
            );
        end else begin : gen_flight
            assign {drop_reply, corrupt_reply, hang} = 3'd0;
            assign {front_end_off, freeze, skew, channel, offset} = 28'd0;
            assign {stimulus, stimulus_index} = 9'd0;
            assign strike = 11'd0;
            wire unused = decide;
        end
    endgenerate

    // -- trips

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
        .i_upset                     (upset)
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
    wire             reset_mismatch;
    wire             scrub_mismatch;
    wire             reload_mismatch;
    wire [15:0]      pump_a;
    wire [15:0]      pump_b;
    wire [15:0]      bypass;
    wire [15:0]      heater;

    // A coolant below nothing does not exist: a threshold of 0 never heats.
    wire             cold = (coolant_supply < thermostat);

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
        .i_upset          (upset)
    );

    command_lines #(.TRAYS(TRAYS), .NUMBER(8'd20)) reset_command (
        .i_clk      (i_clk),
        .i_rst      (i_rst),
        .i_tick     (i_tick),
        .i_write    (reset_write),
        .i_trays    (bus_data[TRAYS-1:0]),
        .o_lines    (reset_lines),
        .o_mismatch (reset_mismatch),
        .i_upset    (upset)
    );

    command_lines #(.TRAYS(TRAYS), .NUMBER(8'd21)) scrub_command (
        .i_clk      (i_clk),
        .i_rst      (i_rst),
        .i_tick     (i_tick),
        .i_write    (scrub_write),
        .i_trays    (bus_data[TRAYS-1:0]),
        .o_lines    (scrub_lines),
        .o_mismatch (scrub_mismatch),
        .i_upset    (upset)
    );

    command_lines #(.TRAYS(TRAYS), .NUMBER(8'd22)) reload_command (
        .i_clk      (i_clk),
        .i_rst      (i_rst),
        .i_tick     (i_tick),
        .i_write    (reload_write),
        .i_trays    (bus_data[TRAYS-1:0]),
        .o_lines    (reload_lines),
        .o_mismatch (reload_mismatch),
        .i_upset    (upset)
    );

    actuator_drive actuator_drive (
        .i_pump_drive    (pump_drive),
        .i_thermal_drive (thermal_drive),
        .i_safe_drive    (safe_drive),
        .i_safe          (safe),
        .i_cold          (cold),
        .o_pump_a        (pump_a),
        .o_pump_b        (pump_b),
        .o_bypass        (bypass),
        .o_heater        (heater)
    );

    assign o_actuators = {{{32-TRAYS{1'b0}}, powered},
                          {{32-TRAYS{1'b0}}, reset_lines},
                          {{32-TRAYS{1'b0}}, scrub_lines},
                          {{32-TRAYS{1'b0}}, reload_lines},
                          pump_a, pump_b, bypass, heater,
                          30'd0, (over_temperature != {TRAYS{1'b0}}) || (over_current != {TRAYS{1'b0}}), safe,
                          caps};

    // -- protected memory

    wire        scrub_done;
    wire [9:0]  scrub_word;
    wire        scrub_pass;
    wire        corrected;
    wire        uncorrectable;
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
        .o_clear_index         (clear_index),
        .i_bus_valid           (memory_access),
        .i_bus_write           (bus_write),
        .i_bus_flip            ({flips_check, flips_memory}),
        .i_bus_word            (bus_address[11:2]),
        .i_bus_data            (bus_data),
        .o_bus_done            (memory_done),
        .o_bus_data            (memory_data),
        .i_scrub_valid         (scrub_valid && !counting),
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
        .o_pass    (scrub_pass)
    );

    // -- configuration frames

    wire [1:0]  config_state;
    wire [15:0] config_lost;
    wire        config_crc_error;
    wire [3:0]  config_next_frame;
    wire        config_damaged;
    wire        config_error_valid;
    wire        config_error_uncorrectable;
    wire        config_error_adjacent;
    wire        config_error_essential;
    wire [3:0]  config_error_frame;
    wire [8:0]  config_error_place;
    wire        config_corrected;
    wire        config_uncorrectable;
    wire        config_essential;
    wire        config_crc;
    wire        config_pass;

    config_frames config_frames (
        .i_clk                 (i_clk),
        .i_rst                 (i_rst),
        .i_tick                (i_tick),
        .o_ready               (config_ready),
        .i_bus_valid           (bus_valid && in_config),
        .i_bus_write           (bus_write),
        .i_bus_kind            (flips_config ? 2'd2 : {1'b0, in_essential}),
        .i_bus_word            (bus_address[9:2]),
        .i_bus_data            (bus_data),
        .o_bus_done            (config_done),
        .o_bus_data            (config_data),
        .i_enable              (config_scan_enable),
        .i_period              (config_scan_period),
        .i_restart             (config_scan_restart),
        .i_quiet               (target_ready && !packet),
        .o_busy                (config_busy),
        .o_due                 (config_due),
        .o_state               (config_state),
        .o_lost                (config_lost),
        .o_crc_error           (config_crc_error),
        .o_next_frame          (config_next_frame),
        .o_damaged             (config_damaged),
        .o_error_valid         (config_error_valid),
        .o_error_uncorrectable (config_error_uncorrectable),
        .o_error_adjacent      (config_error_adjacent),
        .o_error_essential     (config_error_essential),
        .o_error_frame         (config_error_frame),
        .o_error_place         (config_error_place),
        .o_corrected           (config_corrected),
        .o_uncorrectable       (config_uncorrectable),
        .o_essential           (config_essential),
        .o_crc_wrong           (config_crc),
        .o_pass                (config_pass)
    );

    // -- upsets of the triplicated registers, resets, counts

    wire        repair;
    wire [7:0]  last_repaired;
    wire        power_on;
    wire        external_reset;
    wire [3:0]  counter_row;
    wire [31:0] counters;
    wire [15:0] ticks;

    repair_log #(.TRAYS(TRAYS)) repair_log (
        .i_clk      (i_clk),
        .i_rst      (i_rst),
        .i_control  (control_mismatch),
        .i_state    ({reload_mismatch, scrub_mismatch, reset_mismatch,
                      over_current_mismatch, over_temperature_mismatch,
                      ticks_mismatch, safe_mismatch}),
        .i_caps     (caps_mismatch),
        .o_repair   (repair),
        .o_register (last_repaired)
    );

    reset_cause reset_cause (
        .i_clk      (i_clk),
        .i_rst      (i_rst),
        .o_power_on (power_on),
        .o_external (external_reset)
    );

    event_counters event_counters (
        .i_clk                  (i_clk),
        .i_rst                  (i_rst),
        .i_clear                (!memory_ready),
        .i_clear_row            (clear_index[3:0]),
        .o_busy                 (counting),
        .i_read                 (register_read),
        .i_row                  (counter_row),
        .o_row                  (counters),
        .i_received             (packet),
        .i_dropped              (framing || oversize || bad_crc),
        .i_trips                (latched),
        .i_executed             (executed),
        .i_memory_corrected     (corrected),
        .i_memory_uncorrectable (uncorrectable),
        .i_crc                  (bad_crc),
        .i_framing              (framing),
        .i_oversize             (oversize),
        .i_discarded            (discarded),
        .i_refused              (refused),
        .i_expired              (watchdog_expire),
        .i_bad_kick             (bad_kick),
        .i_scrub_pass           (scrub_pass),
        .i_mismatch             (repair),
        .i_config_corrected     (config_corrected),
        .i_config_uncorrectable (config_uncorrectable),
        .i_config_essential     (config_essential),
        .i_config_crc           (config_crc),
        .i_config_pass          (config_pass),
        .i_tick                 (i_tick),
        .o_ticks                (ticks)
    );

    // The status of the last refusal.
    reg [7:0] last_status_q;

    always @(posedge i_clk)
        if (i_rst)
            last_status_q <= 8'd0;
        else if (refused)
            last_status_q <= refusal;

    // -- what the bus reads

    register_file #(
        .TRAYS    (TRAYS),
        .TICK_HZ  (TICK_HZ),
        .BUILD_ID (BUILD_ID),
        .FLIGHT   (FLIGHT),
        .ADC      (ADC)
    ) register_file (
        .i_clk                        (i_clk),
        .i_rst                        (i_rst),
        .i_valid                      (bus_valid && in_registers),
        .i_wait                       (counting || storing),
        .i_write                      (bus_write),
        .i_address                    (bus_address),
        .o_done                       (registers_done),
        .o_data                       (registers_data),
        .o_write                      (register_write),
        .o_read                       (register_read),
        .o_sample_index               (sample_index),
        .i_sample                     (sample),
        .o_counter_row                (counter_row),
        .i_counters                   (counters),
        .i_power_switch               (power_switch),
        .i_pump_drive                 (pump_drive),
        .i_thermal_drive              (thermal_drive),
        .i_safe_drive                 (safe_drive),
        .i_thermostat                 (thermostat),
        .i_temperature_limit          (temperature_limit),
        .i_debounce                   (debounce),
        .i_current_limit              (current_limit),
        .i_watchdog_enable            (watchdog_enable),
        .i_watchdog_period            (watchdog_period),
        .i_scrub_enable               (scrub_enable),
        .i_scrub_period               (scrub_period),
        .i_scratch                    (scratch),
        .i_config_scan_enable         (config_scan_enable),
        .i_config_scan_period         (config_scan_period),
        .i_caps                       (caps),
        .i_safe                       (safe),
        .i_watchdog_expired           (watchdog_expired),
        .i_over_temperature           (over_temperature),
        .i_over_current               (over_current),
        .i_powered                    (powered),
        .i_reset_lines                (reset_lines),
        .i_scrub_lines                (scrub_lines),
        .i_reload_lines               (reload_lines),
        .i_cold                       (cold),
        .i_heater_on                  (heater != 16'd0),
        .i_hottest_gpu                (hottest_gpu),
        .i_hottest_hbm                (hottest_hbm),
        .i_ticks                      (ticks),
        .i_status                     (last_status_q),
        .i_repaired                   (last_repaired),
        .i_power_on                   (power_on),
        .i_external_reset             (external_reset),
        .i_error_valid                (error_valid),
        .i_error_uncorrectable        (error_uncorrectable),
        .i_error_syndrome             (error_syndrome),
        .i_error_word                 (error_word),
        .i_lost_valid                 (lost_valid),
        .i_lost_word                  (lost_word),
        .i_scrub_word                 (scrub_word),
        .i_config_state               (config_state),
        .i_config_crc_error           (config_crc_error),
        .i_config_lost                (config_lost),
        .i_config_damaged             (config_damaged),
        .i_config_error_valid         (config_error_valid),
        .i_config_error_uncorrectable (config_error_uncorrectable),
        .i_config_error_adjacent      (config_error_adjacent),
        .i_config_error_essential     (config_error_essential),
        .i_config_error_frame         (config_error_frame),
        .i_config_error_place         (config_error_place),
        .i_config_next_frame          (config_next_frame)
    );

    assign o_idle = receiver_idle && target_ready && encoder_idle && memory_ready && config_ready
                 && !scrub_valid && !config_due && !counting && settled;

endmodule

`default_nettype wire
