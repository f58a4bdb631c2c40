// Check bits of the SECDED (39,32) code: Hamming over 32 data bits, and a parity over everything.
//
// Data bit k stands at position p(k), the k-th of the integers 3, 5, 6, 7, 9, ... 38 that are no
// power of two; check bit j is the parity of the data bits whose position has bit j set.
// Codeword: [31:0] data, [37:32] check bits, [38] overall parity (even over all 39).
//
// Latency: combinational. State: none.
`default_nettype none

module secded_encode (
    input  wire [31:0] i_data,
    output wire [38:0] o_code
);

    wire [5:0] check = {^(i_data & 32'hFC000000),
                        ^(i_data & 32'h03FFF800),
                        ^(i_data & 32'h03FC07F0),
                        ^(i_data & 32'hE3C3C78E),
                        ^(i_data & 32'h9B33366D),
                        ^(i_data & 32'h56AAAD5B)};

    assign o_code = {^{check, i_data}, check, i_data};

endmodule

`default_nettype wire
