// Stands in for protected_memory: answers whenever it likes.
`default_nettype none

module protected_memory (
    input  wire        i_clk,
    input  wire        i_rst,
    output wire        o_ready,
    output wire [7:0]  o_clear_index,
    input  wire        i_bus_valid,
    input  wire        i_bus_write,
    input  wire [1:0]  i_bus_flip,
    input  wire [9:0]  i_bus_word,
    input  wire [31:0] i_bus_data,
    output wire        o_bus_done,
    output wire [31:0] o_bus_data,
    input  wire        i_scrub_valid,
    input  wire [9:0]  i_scrub_word,
    output wire        o_scrub_done,
    output wire        o_corrected,
    output wire        o_uncorrectable,
    output wire        o_error_valid,
    output wire        o_error_uncorrectable,
    output wire [6:0]  o_error_syndrome,
    output wire [9:0]  o_error_word,
    output wire        o_lost_valid,
    output wire [9:0]  o_lost_word
);

    (* anyseq *) wire        ready;
    (* anyseq *) wire [7:0]  clear_index;
    (* anyseq *) wire        bus_done;
    (* anyseq *) wire [31:0] bus_data;
    (* anyseq *) wire        scrub_done;
    (* anyseq *) wire        corrected;
    (* anyseq *) wire        uncorrectable;

    assign o_ready         = ready;
    assign o_clear_index   = clear_index;
    assign o_bus_done      = bus_done;
    assign o_bus_data      = bus_data;
    assign o_scrub_done    = scrub_done;
    assign o_corrected     = corrected;
    assign o_uncorrectable = uncorrectable;

    // What only telemetry shows.
    assign o_error_valid         = 1'b0;
    assign o_error_uncorrectable = 1'b0;
    assign o_error_syndrome      = 7'd0;
    assign o_error_word          = 10'd0;
    assign o_lost_valid          = 1'b0;
    assign o_lost_word           = 10'd0;

endmodule

`default_nettype wire
