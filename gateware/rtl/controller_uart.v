// The payload controller behind a UART, with its own time base: what a board top wraps.
//
// Latency: as the controller; a byte takes 10 bits each way. Reset: everything.
`default_nettype none

module controller_uart #(
    parameter        TRAYS    = 18,
    parameter        TICK_HZ  = 100,
    parameter [31:0] BUILD_ID = 32'h0,
    parameter        CLOCK_HZ = 12000000,
    parameter        BAUD     = 1000000,
    parameter        PARALLEL = 1,
    parameter        ADC      = 0,
    parameter        STIMULUS = 0,
    parameter        FLIGHT   = 0
) (
    input  wire                       i_clk,
    input  wire                       i_rst,
    // line, 8N1
    input  wire                       i_uart_rx,
    output wire                       o_uart_tx,
    // rack, as at the controller
    input  wire [8*(32+16*TRAYS)-1:0] i_sensors,
    input  wire                       i_present,
    input  wire                       i_sample_valid,
    input  wire [7:0]                 i_sample_index,
    input  wire [31:0]                i_sample_data,
    output wire [8*(28+4*TRAYS)-1:0]  o_actuators,
    output wire                       o_tick,   // time base of everything slow
    output wire                       o_idle
);

    localparam DIVIDER = (CLOCK_HZ + BAUD / 2) / BAUD;

    localparam TICK_BITS = $clog2(CLOCK_HZ / TICK_HZ);
    localparam [31:0] TICK_LAST = CLOCK_HZ / TICK_HZ - 1;

    reg [TICK_BITS-1:0] prescaler_q;

    wire       tick = (prescaler_q == TICK_LAST[TICK_BITS-1:0]);
    wire [7:0] rx_data;
    wire       rx_valid;
    wire       rx_error;
    wire       rx_ready;
    wire [7:0] tx_data;
    wire       tx_valid;
    wire       tx_ready;
    wire       idle;

    assign o_idle = idle && tx_ready;
    assign o_tick = tick;

    always @(posedge i_clk)
        if (i_rst || tick)
            prescaler_q <= {TICK_BITS{1'b0}};
        else
            prescaler_q <= prescaler_q + 1'b1;

    uart_rx #(.DIVIDER(DIVIDER)) uart_rx (
        .i_clk   (i_clk),
        .i_rst   (i_rst),
        .i_line  (i_uart_rx),
        .o_data  (rx_data),
        .o_valid (rx_valid),
        .o_error (rx_error)
    );

    uart_tx #(.DIVIDER(DIVIDER)) uart_tx (
        .i_clk   (i_clk),
        .i_rst   (i_rst),
        .i_data  (tx_data),
        .i_valid (tx_valid),
        .o_ready (tx_ready),
        .o_line  (o_uart_tx)
    );

    controller #(
        .TRAYS    (TRAYS),
        .TICK_HZ  (TICK_HZ),
        .BUILD_ID (BUILD_ID),
        .PARALLEL (PARALLEL),
        .ADC      (ADC),
        .STIMULUS (STIMULUS),
        .FLIGHT   (FLIGHT)
    ) controller (
        .i_clk          (i_clk),
        .i_rst          (i_rst),
        .i_tick         (tick),
        .i_rx_data      (rx_data),
        .i_rx_valid     (rx_valid),
        .o_rx_ready     (rx_ready),
        .i_rx_error     (rx_error || (rx_valid && !rx_ready)),  // overrun
        .o_tx_data      (tx_data),
        .o_tx_valid     (tx_valid),
        .i_tx_ready     (tx_ready),
        .i_sensors      (i_sensors),
        .i_present      (i_present),
        .i_sample_valid (i_sample_valid),
        .i_sample_index (i_sample_index),
        .i_sample_data  (i_sample_data),
        .o_actuators    (o_actuators),
        .o_idle         (idle),
        .i_upset        (43'd0)
    );

endmodule

`default_nettype wire
