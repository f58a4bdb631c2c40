// Majority of three copies of a register, bit by bit.
//
// Latency: combinational. State: none.
`default_nettype none

module voter #(
    parameter WIDTH = 1
) (
    input  wire [WIDTH-1:0] i_a,
    input  wire [WIDTH-1:0] i_b,
    input  wire [WIDTH-1:0] i_c,
    output wire [WIDTH-1:0] o_voted,
    output wire             o_mismatch  // the copies are not all equal
);

    assign o_voted    = (i_a & i_b) | (i_a & i_c) | (i_b & i_c);
    assign o_mismatch = (i_a != i_b) || (i_a != i_c);

endmodule

`default_nettype wire
