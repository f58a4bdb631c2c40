// A netlist of the controller in lockstep: as lockstep_top, but sensor vectors arrive word by word, as
// on a board, and nothing in it can be reached beside its ports. Without a netlist among the sources
// it is the RTL that `gates` instantiates.
`timescale 1ns / 1ns
`default_nettype none

module gates_top #(
    parameter TRAYS = 1
) ();
    wire                       busy;
    wire                       rst;
    wire                       tick;
    wire [7:0]                 rx_data;
    wire                       rx_valid;
    wire                       rx_ready;
    wire [7:0]                 tx_data;
    wire                       tx_valid;
    wire                       tx_ready;
    wire [8*(32+16*TRAYS)-1:0] sensors;
    wire                       present;
    wire                       sample_valid;
    wire [7:0]                 sample_index;
    wire [31:0]                sample_data;
    wire                       feeder_idle;
    wire [8*(28+4*TRAYS)-1:0]  actuators;
    wire                       idle;

    reg clk = 0;
    always begin
        if (!busy) @(busy);
        #10 clk = 1;
    end
    always @(posedge clk) clk <= 0;

    request_driver #(.TRAYS(TRAYS)) driver (
        .i_clk       (clk),
        .o_busy      (busy),
        .o_rst       (rst),
        .o_tick      (tick),
        .i_tick      (1'b0),
        .o_data      (rx_data),
        .o_valid     (rx_valid),
        .i_ready     (rx_ready),
        .i_data      (tx_data),
        .i_valid     (tx_valid),
        .o_ready     (tx_ready),
        .o_sensors   (sensors),
        .o_present   (present),
        .i_actuators (actuators),
        .i_idle      (idle && feeder_idle)
    );

    sample_feeder #(.WORDS(8 + 4 * TRAYS)) feeder (
        .i_clk     (clk),
        .i_rst     (rst),
        .i_sensors (sensors),
        .i_present (present),
        .o_valid   (sample_valid),
        .o_index   (sample_index),
        .o_data    (sample_data),
        .o_idle    (feeder_idle)
    );

    // No parameters: a netlist has none.
    gates gates (
        .i_clk          (clk),
        .i_rst          (rst),
        .i_tick         (tick),
        .i_rx_data      (rx_data),
        .i_rx_valid     (rx_valid),
        .o_rx_ready     (rx_ready),
        .i_rx_error     (1'b0),
        .o_tx_data      (tx_data),
        .o_tx_valid     (tx_valid),
        .i_tx_ready     (tx_ready),
        .i_sample_valid (sample_valid),
        .i_sample_index (sample_index),
        .i_sample_data  (sample_data),
        .o_actuators    (actuators),
        .o_idle         (idle)
    );
endmodule

`default_nettype wire
