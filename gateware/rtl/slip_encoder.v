// Bytes to SLIP (RFC 1055): END and ESC inside a frame are sent as two bytes.
//
// Latency: 1 clock; one output byte a clock. Reset: nothing to send.
`default_nettype none

module slip_encoder (
    input  wire       i_clk,
    input  wire       i_rst,
    // bytes of frames and the ENDs around them
    input  wire [7:0] i_data,
    input  wire       i_delimiter,  // send END, whatever i_data is
    input  wire       i_valid,
    output wire       o_ready,
    // to the line
    output wire [7:0] o_data,
    output wire       o_valid,
    input  wire       i_ready
);

    localparam [7:0] END     = 8'hC0;
    localparam [7:0] ESC     = 8'hDB;
    localparam [7:0] ESC_END = 8'hDC;
    localparam [7:0] ESC_ESC = 8'hDD;

    reg [7:0] data_q;
    reg       valid_q;
    reg [7:0] second_q;        // behind an ESC
    reg       second_valid_q;

    wire advance = !valid_q || i_ready;
    wire escape  = !i_delimiter && ((i_data == END) || (i_data == ESC));

    assign o_ready = advance && !second_valid_q;
    assign o_data  = data_q;
    assign o_valid = valid_q;

    always @(posedge i_clk)
        if (i_rst) begin
            data_q         <= 8'd0;
            valid_q        <= 1'b0;
            second_q       <= 8'd0;
            second_valid_q <= 1'b0;
        end else if (advance) begin
            valid_q        <= second_valid_q || i_valid;
            second_valid_q <= !second_valid_q && i_valid && escape;
            second_q       <= (i_data == END) ? ESC_END : ESC_ESC;
            if (second_valid_q)
                data_q <= second_q;
            else if (i_valid)
                data_q <= i_delimiter ? END : escape ? ESC : i_data;
        end

endmodule

`default_nettype wire
