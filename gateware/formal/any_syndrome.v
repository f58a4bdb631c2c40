// Stands in for config_syndrome: any syndrome. What it really is, is proved in syndrome_properties.v.
`default_nettype none

module config_syndrome (
    input  wire        i_clk,
    input  wire        i_rst,
    input  wire        i_load,
    input  wire        i_absorb,
    input  wire        i_divide,
    input  wire        i_turn,
    input  wire [31:0] i_word,
    input  wire        i_top,
    input  wire        i_bottom,
    output wire [31:0] o_syndrome,
    output wire        o_zero,
    output wire        o_single,
    output wire        o_pair
);

    (* anyseq *) wire [31:0] syndrome;

    assign o_syndrome = syndrome;
    assign o_zero     = (syndrome == 32'd0);
    assign o_single   = (syndrome == 32'd1);
    assign o_pair     = (syndrome == 32'd3);

endmodule

`default_nettype wire
