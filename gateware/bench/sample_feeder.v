// Hands a sensor vector over word by word, one a clock, as a front end does to a board's controller.
//
// Latency: the first word comes in the clock after i_present, o_idle is low from i_present on until
// the last one has gone. A vector that is presented meanwhile starts anew. Reset: idle.
`timescale 1ns / 1ns
`default_nettype none

module sample_feeder #(
    parameter WORDS = 12  // of 32 bits, 8 and 4 a tray
) (
    input  wire                i_clk,
    input  wire                i_rst,
    input  wire [32*WORDS-1:0] i_sensors,  // word 0 at the top; held until o_idle
    input  wire                i_present,
    output wire                o_valid,
    output wire [7:0]          o_index,
    output wire [31:0]         o_data,
    output wire                o_idle
);
    reg       valid_q = 0;
    reg [7:0] index_q = 0;

    assign o_valid = valid_q;
    assign o_index = index_q;
    assign o_data  = i_sensors[32 * (WORDS - 1 - index_q) +: 32];
    assign o_idle  = !i_present && !valid_q;

    always @(posedge i_clk)
        if (i_rst || i_present) begin
            valid_q <= !i_rst;
            index_q <= 0;
        end else if (valid_q) begin
            valid_q <= index_q != WORDS - 1;
            index_q <= index_q + 1;
        end
endmodule

`default_nettype wire
