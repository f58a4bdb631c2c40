// The controller in lockstep: clocked only while a request is carried out, ticked when the bench
// says, its byte port open to the bench.
`timescale 1ns / 1ns
`default_nettype none

module lockstep_top #(
    parameter        TRAYS    = 18,
    parameter        TICK_HZ  = 100,
    parameter [31:0] BUILD_ID = 32'h0,
    parameter        FLIGHT   = 0
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
    wire [8*(28+4*TRAYS)-1:0]  actuators;
    wire                       idle;
    wire [42:0]                upset;

    // Both edges in one time step: a step costs the simulator as much as the RTL in it.
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
        .i_idle      (idle)
    );

    controller #(.TRAYS(TRAYS), .TICK_HZ(TICK_HZ), .BUILD_ID(BUILD_ID), .FLIGHT(FLIGHT)) controller (
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
        .i_sensors      (sensors),
        .i_present      (present),
        .i_sample_valid (1'b0),
        .i_sample_index (8'd0),
        .i_sample_data  (32'd0),
        .o_actuators    (actuators),
        .o_idle         (idle),
        .i_upset        (upset)
    );

    upset_injector #(.TRAYS(TRAYS)) injector (
        .i_clk   (clk),
        .o_upset (upset)
    );
endmodule

`default_nettype wire
