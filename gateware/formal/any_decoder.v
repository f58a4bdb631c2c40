// Stands in for secded_decode: any verdict on any word, but never two at once.
`default_nettype none

module secded_decode (
    input  wire [38:0] i_code,
    output wire [38:0] o_code,
    output wire [38:0] o_flip,
    output wire [6:0]  o_syndrome,
    output wire        o_corrected,
    output wire        o_uncorrectable
);

    (* anyseq *) wire [38:0] flip;
    (* anyseq *) wire [6:0]  syndrome;
    (* anyseq *) wire        corrected;
    (* anyseq *) wire        uncorrectable;

    assign o_code          = i_code ^ flip;
    assign o_flip          = flip;
    assign o_syndrome      = syndrome;
    assign o_corrected     = corrected;
    assign o_uncorrectable = uncorrectable && !corrected;

endmodule

`default_nettype wire
