// Stands in for rmap_target: any sequence of accesses to the register bus, sensible or not. What
// holds behind this holds for whatever commands flight software sends.
`default_nettype none

module rmap_target #(
    parameter TRAYS  = 18,
    parameter FLIGHT = 0
) (
    input  wire         i_clk,
    input  wire         i_rst,
    input  wire         i_packet,
    input  wire [8:0]   i_length,
    input  wire [119:0] i_header,
    input  wire         i_header_ok,
    input  wire         i_data_ok,
    output wire [5:0]   o_index,
    input  wire [31:0]  i_word,
    input  wire [31:0]  i_first,
    output wire         o_ready,
    input  wire         i_hold,
    output wire         o_bus_valid,
    output wire         o_bus_write,
    output wire [16:0]  o_bus_address,
    output wire [31:0]  o_bus_data,
    input  wire         i_bus_done,
    input  wire [31:0]  i_bus_data,
    output wire         o_replying,
    output wire [7:0]   o_reply_data,
    output wire         o_reply_valid,
    output wire         o_reply_last,
    input  wire         i_reply_ready,
    output wire         o_decide,
    output wire         o_discarded,
    output wire         o_refused,
    output wire [7:0]   o_status,
    output wire         o_executed
);

    (* anyseq *) wire        bus_valid;
    (* anyseq *) wire        bus_write;
    (* anyseq *) wire [16:0] bus_address;
    (* anyseq *) wire [31:0] bus_data;

    assign o_bus_valid   = bus_valid;
    assign o_bus_write   = bus_write;
    assign o_bus_address = bus_address;
    assign o_bus_data    = bus_data;

    // What the rest of the controller needs and the claims do not look at.
    assign o_index       = 6'd0;
    assign o_ready       = 1'b1;
    assign o_replying    = 1'b0;
    assign o_reply_data  = 8'd0;
    assign o_reply_valid = 1'b0;
    assign o_reply_last  = 1'b0;
    assign o_decide      = 1'b0;
    assign o_discarded   = 1'b0;
    assign o_refused     = 1'b0;
    assign o_status      = 8'd0;
    assign o_executed    = 1'b0;

endmodule

`default_nettype wire
