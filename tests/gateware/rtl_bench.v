// What the unit tests of the Verilog look at: the controller behind its byte port, the controller
// behind a UART, and the parts that are worth a look of their own. One top, so that one build does.
`timescale 1ns / 1ps
`default_nettype none

module rtl_bench #(
    parameter TRAYS = 3
) (
    input wire clk,
    input wire rst
);

    // -- controller, byte port
    reg                        tick = 0;
    reg  [7:0]                 rx_data = 0;
    reg                        rx_valid = 0;
    reg                        rx_error = 0;
    wire                       rx_ready;
    wire [7:0]                 tx_data;
    wire                       tx_valid;
    reg                        tx_ready = 1;
    reg  [8*(32+16*TRAYS)-1:0] sensors = 0;
    wire [8*(28+4*TRAYS)-1:0]  actuators;
    wire                       idle;

    controller #(.TRAYS(TRAYS), .BUILD_ID(32'h0BADCAFE)) controller (
        .i_clk       (clk),
        .i_rst       (rst),
        .i_tick      (tick),
        .i_rx_data   (rx_data),
        .i_rx_valid  (rx_valid),
        .o_rx_ready  (rx_ready),
        .i_rx_error  (rx_error),
        .o_tx_data   (tx_data),
        .o_tx_valid  (tx_valid),
        .i_tx_ready  (tx_ready),
        .i_sensors   (sensors),
        .i_present   (1'b1),
        .i_sample_valid (1'b0),
        .i_sample_index (8'd0),
        .i_sample_data  (32'd0),
        .o_actuators (actuators),
        .o_idle      (idle),
        .i_upset     (43'd0)
    );

    // -- flight build of the same, fed word by word as by an ADC; at rest but when its tests run
    reg                        flight_tick = 0;
    reg  [7:0]                 flight_rx_data = 0;
    reg                        flight_rx_valid = 0;
    reg                        flight_rx_error = 0;
    wire                       flight_rx_ready;
    wire [7:0]                 flight_tx_data;
    wire                       flight_tx_valid;
    reg                        flight_tx_ready = 1;
    reg  [8*(32+16*TRAYS)-1:0] flight_sensors = 0;
    wire [8*(28+4*TRAYS)-1:0]  flight_actuators;
    wire                       flight_idle;

    // Its front end: the words of flight_sensors, round and round, one in 4 clocks.
    localparam WORDS = 8 + 4 * TRAYS;

    reg       flight_scan = 0;
    reg [9:0] flight_phase = 0;

    wire [7:0] flight_index = flight_phase[9:2];

    always @(posedge clk)
        if (flight_scan)
            flight_phase <= (flight_phase == 4 * WORDS - 1) ? 10'd0 : flight_phase + 10'd1;

    controller #(
        .TRAYS    (TRAYS),
        .BUILD_ID (32'h0BADCAFE),
        .PARALLEL (0),
        .ADC      (1),
        .FLIGHT   (1)
    ) flight_controller (
        .i_clk          (clk),
        .i_rst          (rst),
        .i_tick         (flight_tick),
        .i_rx_data      (flight_rx_data),
        .i_rx_valid     (flight_rx_valid),
        .o_rx_ready     (flight_rx_ready),
        .i_rx_error     (flight_rx_error),
        .o_tx_data      (flight_tx_data),
        .o_tx_valid     (flight_tx_valid),
        .i_tx_ready     (flight_tx_ready),
        .i_sensors      ({8*(32+16*TRAYS){1'b0}}),
        .i_present      (1'b0),
        .i_sample_valid (flight_scan && flight_phase[1:0] == 2'd3),
        .i_sample_index (flight_index),
        .i_sample_data  (flight_sensors[32*(WORDS-1-flight_index) +: 32]),
        .o_actuators    (flight_actuators),
        .o_idle         (flight_idle),
        .i_upset        (43'd0)
    );

    // -- controller, UART of 12 clocks a bit, a tick every 1200 clocks
    reg          uart_rx_line = 1;
    wire         uart_tx_line;
    wire [255:0] uart_actuators;
    wire         uart_idle;

    controller_uart #(
        .TRAYS    (1),
        .TICK_HZ  (10000),
        .CLOCK_HZ (12000000),
        .BAUD     (1000000)
    ) controller_uart (
        .i_clk       (clk),
        .i_rst       (rst),
        .i_uart_rx   (uart_rx_line),
        .o_uart_tx   (uart_tx_line),
        .i_sensors   (384'd0),
        .i_present   (1'b0),
        .i_sample_valid (1'b0),
        .i_sample_index (8'd0),
        .i_sample_data  (32'd0),
        .o_actuators (uart_actuators),
        .o_tick         (),
        .o_idle      (uart_idle)
    );

    // -- UART, 12 clocks a bit
    reg        line_in = 1;
    wire [7:0] line_data;
    wire       line_valid;
    wire       line_error;
    reg  [7:0] send_data = 0;
    reg        send_valid = 0;
    wire       send_ready;
    wire       line_out;

    uart_rx #(.DIVIDER(12)) uart_rx (
        .i_clk   (clk),
        .i_rst   (rst),
        .i_line  (line_in),
        .o_data  (line_data),
        .o_valid (line_valid),
        .o_error (line_error)
    );

    uart_tx #(.DIVIDER(12)) uart_tx (
        .i_clk   (clk),
        .i_rst   (rst),
        .i_data  (send_data),
        .i_valid (send_valid),
        .o_ready (send_ready),
        .o_line  (line_out)
    );

    // -- scanner of the configuration frames
    reg         frames_tick = 0;
    wire        frames_ready;
    reg         frames_valid = 0;
    reg         frames_write = 0;
    reg  [1:0]  frames_kind = 0;
    reg  [7:0]  frames_word = 0;
    reg  [31:0] frames_data = 0;
    wire        frames_done;
    wire [31:0] frames_read;
    reg         frames_enable = 1;
    reg  [7:0]  frames_period = 1;
    reg         frames_restart = 0;
    reg         frames_quiet = 1;
    wire        frames_busy;
    wire        frames_due;
    wire [1:0]  frames_state;
    wire [15:0] frames_lost;
    wire        frames_crc_error;
    wire [3:0]  frames_next;
    wire        frames_damaged;
    wire [16:0] frames_error;
    wire [4:0]  frames_events;
    reg  [79:0] frames_counts = 0;  // of the events, 16 bits each

    config_frames config_frames (
        .i_clk                 (clk),
        .i_rst                 (rst),
        .i_tick                (frames_tick),
        .o_ready               (frames_ready),
        .i_bus_valid           (frames_valid),
        .i_bus_write           (frames_write),
        .i_bus_kind            (frames_kind),
        .i_bus_word            (frames_word),
        .i_bus_data            (frames_data),
        .o_bus_done            (frames_done),
        .o_bus_data            (frames_read),
        .i_enable              (frames_enable),
        .i_period              (frames_period),
        .i_restart             (frames_restart),
        .i_quiet               (frames_quiet),
        .o_busy                (frames_busy),
        .o_due                 (frames_due),
        .o_state               (frames_state),
        .o_lost                (frames_lost),
        .o_crc_error           (frames_crc_error),
        .o_next_frame          (frames_next),
        .o_damaged             (frames_damaged),
        .o_error_valid         (frames_error[16]),
        .o_error_uncorrectable (frames_error[15]),
        .o_error_adjacent      (frames_error[14]),
        .o_error_essential     (frames_error[13]),
        .o_error_frame         (frames_error[12:9]),
        .o_error_place         (frames_error[8:0]),
        .o_corrected           (frames_events[4]),
        .o_uncorrectable       (frames_events[3]),
        .o_essential           (frames_events[2]),
        .o_crc_wrong           (frames_events[1]),
        .o_pass                (frames_events[0])
    );

    integer event_number;
    always @(posedge clk)
        if (rst)
            frames_counts <= 0;
        else if (frames_events != 0)
            for (event_number = 0; event_number < 5; event_number = event_number + 1)
                frames_counts[16*event_number +: 16] <= frames_counts[16*event_number +: 16]
                                                      + {15'd0, frames_events[event_number]};

    // -- event counters
    reg         count_clear = 0;
    reg  [3:0]  count_clear_row = 0;
    reg         count_read = 0;
    reg  [3:0]  count_row = 0;
    reg  [18:0] count_events = 0;  // all but trips, in the order of the ports, the last at bit 0
    reg  [6:0]  count_trips = 0;
    reg         count_tick = 0;
    wire        count_busy;
    wire [31:0] count_word;
    wire [15:0] count_ticks;

    event_counters event_counters (
        .i_clk                  (clk),
        .i_rst                  (rst),
        .i_clear                (count_clear),
        .i_clear_row            (count_clear_row),
        .o_busy                 (count_busy),
        .i_read                 (count_read),
        .i_row                  (count_row),
        .o_row                  (count_word),
        .i_received             (count_events[18]),
        .i_dropped              (count_events[17]),
        .i_trips                (count_trips),
        .i_executed             (count_events[16]),
        .i_memory_corrected     (count_events[15]),
        .i_memory_uncorrectable (count_events[14]),
        .i_crc                  (count_events[13]),
        .i_framing              (count_events[12]),
        .i_oversize             (count_events[11]),
        .i_discarded            (count_events[10]),
        .i_refused              (count_events[9]),
        .i_expired              (count_events[8]),
        .i_bad_kick             (count_events[7]),
        .i_scrub_pass           (count_events[6]),
        .i_mismatch             (count_events[5]),
        .i_config_corrected     (count_events[4]),
        .i_config_uncorrectable (count_events[3]),
        .i_config_essential     (count_events[2]),
        .i_config_crc           (count_events[1]),
        .i_config_pass          (count_events[0]),
        .i_tick                 (count_tick),
        .o_ticks                (count_ticks)
    );

    // -- store of samples, with flip-flops for vectors and with a RAM for words
    localparam STORE_TRAYS = 2;

    reg                              store_clear = 0;
    reg  [7:0]                       store_clear_word = 0;
    reg  [8*(32+16*STORE_TRAYS)-1:0] store_vector = 0;
    reg                              store_present = 0;
    reg  [1:0]                       store_sample_valid = 0;  // bit 0: of vectors, bit 1: of words
    reg  [7:0]                       store_sample_index = 0;
    reg  [31:0]                      store_sample_data = 0;
    reg                              store_stimulus_valid = 0;
    reg  [7:0]                       store_stimulus_index = 0;
    reg  [31:0]                      store_stimulus_data = 0;
    reg                              store_front_end_off = 0;
    reg                              store_freeze = 0;
    reg                              store_skew = 0;
    reg  [8:0]                       store_channel = 0;
    reg  [15:0]                      store_offset = 0;
    reg                              store_read = 0;
    reg  [7:0]                       store_index = 0;
    wire [31:0]                      store_word [0:1];
    wire [1:0]                       store_storing;
    wire [16+48*STORE_TRAYS-1:0]     store_seen [0:1];  // coolant supply, GPU, HBM, current

    genvar kind;
    generate
        for (kind = 0; kind < 2; kind = kind + 1) begin : gen_store
            acquisition #(.TRAYS(STORE_TRAYS), .PARALLEL(kind == 0)) acquisition (
                .i_clk            (clk),
                .i_rst            (rst),
                .i_clear          (store_clear),
                .i_clear_word     (store_clear_word),
                .i_sensors        (store_vector),
                .i_present        (store_present),
                .i_sample_valid   (store_sample_valid[kind]),
                .i_sample_index   (store_sample_index),
                .i_sample_data    (store_sample_data),
                .i_stimulus_valid (store_stimulus_valid),
                .i_stimulus_index (store_stimulus_index),
                .i_stimulus_data  (store_stimulus_data),
                .i_front_end_off  (store_front_end_off),
                .i_freeze         (store_freeze),
                .i_skew           (store_skew),
                .i_channel        (store_channel),
                .i_offset         (store_offset),
                .i_read           (store_read),
                .i_index          (store_index),
                .o_word           (store_word[kind]),
                .o_storing        (store_storing[kind]),
                .o_coolant_supply (store_seen[kind][48*STORE_TRAYS +: 16]),
                .o_gpu            (store_seen[kind][32*STORE_TRAYS +: 16*STORE_TRAYS]),
                .o_hbm            (store_seen[kind][16*STORE_TRAYS +: 16*STORE_TRAYS]),
                .o_current        (store_seen[kind][0 +: 16*STORE_TRAYS])
            );
        end
    endgenerate

    // -- codes
    reg  [31:0] plain = 0;
    wire [38:0] encoded;
    reg  [38:0] code = 0;
    wire [38:0] repaired;
    wire [6:0]  syndrome;
    wire        corrected;
    wire        uncorrectable;

    secded_encode secded_encode (.i_data(plain), .o_code(encoded));

    secded_decode secded_decode (
        .i_code          (code),
        .o_code          (repaired),
        .o_syndrome      (syndrome),
        .o_corrected     (corrected),
        .o_uncorrectable (uncorrectable)
    );

    reg  [7:0]  crc_data = 0;
    reg  [7:0]  crc8_state = 0;
    wire [7:0]  crc8_next;
    reg  [15:0] crc16_state = 0;
    wire [15:0] crc16_next;

    crc8  crc8  (.i_crc(crc8_state), .i_data(crc_data), .o_crc(crc8_next));
    crc16 crc16 (.i_crc(crc16_state), .i_data(crc_data), .o_crc(crc16_next));

endmodule

`default_nettype wire
