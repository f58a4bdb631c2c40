// Decoder of the SECDED (39,32) code of secded_encode: corrects one flipped bit of a codeword,
// detects two.
//
// Latency: combinational. State: none.
`default_nettype none

module secded_decode (
    input  wire [38:0] i_code,
    output wire [38:0] o_code,          // corrected; as it came when that is not possible
    output wire [38:0] o_flip,          // what was corrected
    output wire [6:0]  o_syndrome,      // overall parity, then 6 Hamming bits
    output wire        o_corrected,     // one bit was wrong
    output wire        o_uncorrectable
);

    wire [38:0] recoded;
    wire [5:0]  hamming = recoded[37:32] ^ i_code[37:32];
    wire        odd     = ^i_code;

    secded_encode secded_encode (
        .i_data (i_code[31:0]),
        .o_code (recoded)
    );

    // The position of a single wrong bit, one-hot. 0 is the overall parity bit, the powers of two
    // are the check bits, the others up to 38 the data bits.
    wire [63:0] position = {63'd0, odd} << hamming;
    wire [38:0] flip     = {position[0],
                            position[32], position[16], position[8],
                            position[4], position[2], position[1],
                            position[38:33], position[31:17], position[15:9],
                            position[7:5], position[3]};
    wire        nowhere  = |position[63:39];

    assign o_code          = i_code ^ flip;
    assign o_flip          = flip;
    assign o_syndrome      = {odd, hamming};
    assign o_corrected     = odd && !nowhere;
    assign o_uncorrectable = nowhere || (!odd && (hamming != 6'd0));

    // Only the check bits of the recoded word are compared; data and parity are in i_code.
    wire unused = &{1'b0, recoded[38], recoded[31:0]};

endmodule

`default_nettype wire
