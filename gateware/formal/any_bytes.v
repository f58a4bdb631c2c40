// Stands in for byte_fifo: any byte with any mark, at any time. What holds behind this holds behind
// whatever the FIFO and the line really deliver.
`default_nettype none

module byte_fifo #(
    parameter WIDTH      = 8,
    parameter DEPTH_LOG2 = 9
) (
    input  wire             i_clk,
    input  wire             i_rst,
    input  wire [WIDTH-1:0] i_data,
    input  wire             i_valid,
    output wire             o_ready,
    output wire [WIDTH-1:0] o_data,
    output wire             o_valid,
    input  wire             i_ready,
    output wire             o_empty,
    output wire             o_lost
);

    (* anyseq *) wire [WIDTH-1:0] data;
    (* anyseq *) wire             valid;
    (* anyseq *) wire             ready;
    (* anyseq *) wire             empty;
    (* anyseq *) wire             lost;

    assign o_data  = data;
    assign o_valid = valid;
    assign o_ready = ready;
    assign o_empty = empty;
    assign o_lost  = lost;

endmodule

`default_nettype wire
