// Stands in for event_counters: any count, and busy whenever it likes.
`default_nettype none

module event_counters (
    input  wire        i_clk,
    input  wire        i_rst,
    input  wire        i_clear,
    input  wire [3:0]  i_clear_row,
    output wire        o_busy,
    input  wire        i_read,
    input  wire [3:0]  i_row,
    output wire [31:0] o_row,
    input  wire        i_received,
    input  wire        i_dropped,
    input  wire [6:0]  i_trips,
    input  wire        i_executed,
    input  wire        i_memory_corrected,
    input  wire        i_memory_uncorrectable,
    input  wire        i_crc,
    input  wire        i_framing,
    input  wire        i_oversize,
    input  wire        i_discarded,
    input  wire        i_refused,
    input  wire        i_expired,
    input  wire        i_bad_kick,
    input  wire        i_scrub_pass,
    input  wire        i_mismatch,
    input  wire        i_config_corrected,
    input  wire        i_config_uncorrectable,
    input  wire        i_config_essential,
    input  wire        i_config_crc,
    input  wire        i_config_pass,
    input  wire        i_tick,
    output wire [15:0] o_ticks
);

    (* anyseq *) wire        busy;
    (* anyseq *) wire [31:0] row;
    (* anyseq *) wire [15:0] ticks;

    assign o_busy  = busy;
    assign o_row   = row;
    assign o_ticks = ticks;

endmodule

`default_nettype wire
