// Stands in for config_frames: answers whenever it likes, and scans as it likes.
`default_nettype none

module config_frames (
    input  wire        i_clk,
    input  wire        i_rst,
    input  wire        i_tick,
    output wire        o_ready,
    input  wire        i_bus_valid,
    input  wire        i_bus_write,
    input  wire [1:0]  i_bus_kind,
    input  wire [7:0]  i_bus_word,
    input  wire [31:0] i_bus_data,
    output wire        o_bus_done,
    output wire [31:0] o_bus_data,
    input  wire        i_enable,
    input  wire [7:0]  i_period,
    input  wire        i_restart,
    input  wire        i_quiet,
    output wire        o_busy,
    output wire        o_due,
    output wire [1:0]  o_state,
    output wire [15:0] o_lost,
    output wire        o_crc_error,
    output wire [3:0]  o_next_frame,
    output wire        o_damaged,
    output wire        o_error_valid,
    output wire        o_error_uncorrectable,
    output wire        o_error_adjacent,
    output wire        o_error_essential,
    output wire [3:0]  o_error_frame,
    output wire [8:0]  o_error_place,
    output wire        o_corrected,
    output wire        o_uncorrectable,
    output wire        o_essential,
    output wire        o_crc_wrong,
    output wire        o_pass
);

    (* anyseq *) wire        ready;
    (* anyseq *) wire        bus_done;
    (* anyseq *) wire [31:0] bus_data;
    (* anyseq *) wire        busy;
    (* anyseq *) wire        due;
    (* anyseq *) wire [4:0]  events;

    assign o_ready    = ready;
    assign o_bus_done = bus_done;
    assign o_bus_data = bus_data;
    assign o_busy     = busy;
    assign o_due      = due;
    assign {o_corrected, o_uncorrectable, o_essential, o_crc_wrong, o_pass} = events;

    // What only telemetry shows.
    assign o_state               = 2'd0;
    assign o_lost                = 16'd0;
    assign o_crc_error           = 1'b0;
    assign o_next_frame          = 4'd0;
    assign o_damaged             = 1'b0;
    assign o_error_valid         = 1'b0;
    assign o_error_uncorrectable = 1'b0;
    assign o_error_adjacent      = 1'b0;
    assign o_error_essential     = 1'b0;
    assign o_error_frame         = 4'd0;
    assign o_error_place         = 9'd0;

endmodule

`default_nettype wire
