// One 32-bit word out of a wide vector whose first word is at the top; 0 behind its end.
//
// Latency: combinational. State: none.
`default_nettype none

module word_select #(
    parameter WORDS      = 18,
    parameter INDEX_BITS = 5
) (
    input  wire [32*WORDS-1:0]   i_words,
    input  wire [INDEX_BITS-1:0] i_index,
    output wire [31:0]           o_word
);

    wire [31:0] index = {{32-INDEX_BITS{1'b0}}, i_index};

    assign o_word = (index < WORDS) ? i_words[32 * (WORDS - 1 - index) +: 32] : 32'd0;

endmodule

`default_nettype wire
