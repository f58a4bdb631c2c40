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
        .o_actuators (actuators),
        .o_idle      (idle),
        .i_upset     (43'd0)
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
        .o_actuators (uart_actuators),
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
