// UART receiver, 8N1, sampled in the middle of the bits.
//
// A stop bit that is not 1 (framing error or break) is reported instead of the byte, and the line
// must be 1 again before the next start bit counts.
//
// Latency: o_valid or o_error for one clock, 9.5 bits and 3 clocks after the start edge.
// Reset: waits for an idle line.
`default_nettype none

module uart_rx #(
    parameter DIVIDER = 12  // clocks a bit, at least 4
) (
    input  wire       i_clk,
    input  wire       i_rst,
    input  wire       i_line,  // asynchronous
    output wire [7:0] o_data,
    output wire       o_valid,
    output wire       o_error
);

    localparam COUNT_BITS = $clog2(DIVIDER);
    localparam [31:0] LAST   = DIVIDER - 1;
    localparam [31:0] MIDDLE = DIVIDER / 2 - 1;

    localparam [3:0] START = 4'd0;   // 1 to 8 are the data bits
    localparam [3:0] STOP  = 4'd9;
    localparam [3:0] QUIET = 4'd10;  // the line is 1, or is awaited to be
    localparam [3:0] BREAK = 4'd11;

    reg                  meta_q;
    reg                  line_q;
    reg [COUNT_BITS-1:0] count_q;
    reg [3:0]            bit_q;
    reg [7:0]            data_q;
    reg                  valid_q;
    reg                  error_q;

    wire sample = (count_q == MIDDLE[COUNT_BITS-1:0]);
    wire over   = (count_q == LAST[COUNT_BITS-1:0]);

    assign o_data  = data_q;
    assign o_valid = valid_q;
    assign o_error = error_q;

    always @(posedge i_clk)
        if (i_rst) begin
            meta_q <= 1'b0;  // not idle until seen so
            line_q <= 1'b0;
        end else begin
            meta_q <= i_line;
            line_q <= meta_q;
        end

    always @(posedge i_clk)
        if (i_rst) begin
            count_q <= {COUNT_BITS{1'b0}};
            bit_q   <= BREAK;
            data_q  <= 8'd0;
            valid_q <= 1'b0;
            error_q <= 1'b0;
        end else begin
            valid_q <= 1'b0;
            error_q <= 1'b0;
            count_q <= over ? {COUNT_BITS{1'b0}} : count_q + 1'b1;
            case (bit_q)
                QUIET:   begin
                             count_q <= {COUNT_BITS{1'b0}};
                             if (!line_q)
                                 bit_q <= START;
                         end
                BREAK:   if (line_q)
                             bit_q <= QUIET;
                START:   if (sample && line_q)
                             bit_q <= QUIET;  // a spike, no start bit
                         else if (over)
                             bit_q <= 4'd1;
                STOP:    if (sample) begin
                             valid_q <= line_q;
                             error_q <= !line_q;
                             bit_q   <= line_q ? QUIET : BREAK;
                         end
                4'd1, 4'd2, 4'd3, 4'd4, 4'd5, 4'd6, 4'd7, 4'd8: begin
                             if (sample)
                                 data_q <= {line_q, data_q[7:1]};
                             if (over)
                                 bit_q <= bit_q + 4'd1;
                         end
                default: bit_q <= BREAK;  // after an upset
            endcase
        end

endmodule

`default_nettype wire
