// The controller as on a board: every clock between two ticks, bytes bit by bit over the UART. The
// requests of `lockstep_top` mean the same here, so that both can be driven by one script and
// compared; ticks come from the controller's own prescaler and are waited for.
`timescale 1ns / 1ns
`default_nettype none

module full_clock_top #(
    parameter        TRAYS    = 18,
    parameter        TICK_HZ  = 100,
    parameter [31:0] BUILD_ID = 32'h0,
    parameter        CLOCK_HZ = 1000000,
    parameter        BAUD     = 250000
) ();
    localparam DIVIDER = (CLOCK_HZ + BAUD / 2) / BAUD;

    wire                       busy;
    wire                       rst;
    wire [7:0]                 rx_data;
    wire                       rx_valid;
    wire                       rx_ready;
    wire                       rx_line;
    wire [7:0]                 tx_data;
    wire                       tx_valid;
    wire                       tx_line;
    wire [8*(32+16*TRAYS)-1:0] sensors;
    wire                       present;
    wire [8*(28+4*TRAYS)-1:0]  actuators;
    wire                       idle;

    reg clk = 0;
    always begin
        if (!busy) @(busy);
        #10 clk = 1;
    end
    always @(posedge clk) clk <= 0;

    request_driver #(.TRAYS(TRAYS), .PACED(1), .SETTLE(2 * 10 * DIVIDER)) driver (
        .i_clk       (clk),
        .o_busy      (busy),
        .o_rst       (rst),
        .o_tick      (),
        .i_tick      (board.tick),
        .o_data      (rx_data),
        .o_valid     (rx_valid),
        .i_ready     (rx_ready),
        .i_data      (tx_data),
        .i_valid     (tx_valid),
        .o_ready     (),
        .o_sensors   (sensors),
        .o_present   (present),
        .i_actuators (actuators),
        .i_idle      (idle && rx_ready)
    );

    uart_tx #(.DIVIDER(DIVIDER)) uart_tx (
        .i_clk   (clk),
        .i_rst   (rst),
        .i_data  (rx_data),
        .i_valid (rx_valid),
        .o_ready (rx_ready),
        .o_line  (rx_line)
    );

    uart_rx #(.DIVIDER(DIVIDER)) uart_rx (
        .i_clk   (clk),
        .i_rst   (rst),
        .i_line  (tx_line),
        .o_data  (tx_data),
        .o_valid (tx_valid),
        .o_error ()
    );

    controller_uart #(
        .TRAYS    (TRAYS),
        .TICK_HZ  (TICK_HZ),
        .BUILD_ID (BUILD_ID),
        .CLOCK_HZ (CLOCK_HZ),
        .BAUD     (BAUD)
    ) board (
        .i_clk       (clk),
        .i_rst       (rst),
        .i_uart_rx   (rx_line),
        .o_uart_tx   (tx_line),
        .i_sensors   (sensors),
        .i_present   (present),
        .i_sample_valid (1'b0),
        .i_sample_index (8'd0),
        .i_sample_data  (32'd0),
        .o_actuators (actuators),
        .o_tick         (),
        .o_idle      (idle)
    );
endmodule

`default_nettype wire
