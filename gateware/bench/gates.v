// The controller as boards instantiate it, samples coming word by word and what boards tie tied: what
// is synthesised for the post-synthesis check. `gates_top` takes this module, or the netlist made of
// it, which has its name. One parameter differs: it does not start on stimulus (STIMULUS), as the bench
// is the front end and counts the commands of its tests.
//
// Latency and reset: as the controller.
`default_nettype none

module gates #(
    parameter        TRAYS    = 1,
    parameter [31:0] BUILD_ID = 32'h0
) (
    input  wire                      i_clk,
    input  wire                      i_rst,
    input  wire                      i_tick,
    input  wire [7:0]                i_rx_data,
    input  wire                      i_rx_valid,
    output wire                      o_rx_ready,
    input  wire                      i_rx_error,
    output wire [7:0]                o_tx_data,
    output wire                      o_tx_valid,
    input  wire                      i_tx_ready,
    input  wire                      i_sample_valid,
    input  wire [7:0]                i_sample_index,
    input  wire [31:0]               i_sample_data,
    output wire [8*(28+4*TRAYS)-1:0] o_actuators,
    output wire                      o_idle
);

    controller #(.TRAYS(TRAYS), .BUILD_ID(BUILD_ID), .PARALLEL(0), .ADC(1)) controller (
        .i_clk          (i_clk),
        .i_rst          (i_rst),
        .i_tick         (i_tick),
        .i_rx_data      (i_rx_data),
        .i_rx_valid     (i_rx_valid),
        .o_rx_ready     (o_rx_ready),
        .i_rx_error     (i_rx_error),
        .o_tx_data      (o_tx_data),
        .o_tx_valid     (o_tx_valid),
        .i_tx_ready     (i_tx_ready),
        .i_sensors      ({8*(32+16*TRAYS){1'b0}}),
        .i_present      (1'b0),
        .i_sample_valid (i_sample_valid),
        .i_sample_index (i_sample_index),
        .i_sample_data  (i_sample_data),
        .o_actuators    (o_actuators),
        .o_idle         (o_idle),
        .i_upset        (43'd0)
    );

endmodule

`default_nettype wire
