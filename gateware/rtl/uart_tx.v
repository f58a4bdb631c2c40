// UART transmitter, 8N1.
//
// Latency: the start bit begins 1 clock after a byte is taken; a byte is on the line for exactly
// 10 bits, and the next one may follow without a gap. Reset: line idle; a byte in progress is lost.
`default_nettype none

module uart_tx #(
    parameter DIVIDER = 12  // clocks a bit
) (
    input  wire       i_clk,
    input  wire       i_rst,
    input  wire [7:0] i_data,
    input  wire       i_valid,
    output wire       o_ready,
    output wire       o_line
);

    localparam COUNT_BITS = $clog2(DIVIDER);
    localparam [31:0] LAST = DIVIDER - 1;
    localparam [3:0] BITS = 4'd10;  // start, 8 data, stop

    reg [COUNT_BITS-1:0] count_q;
    reg [3:0]            left_q;   // bits left, the one on the line included
    reg [8:0]            shift_q;  // bits on and behind the line, lowest first

    wire over = (count_q == LAST[COUNT_BITS-1:0]);

    assign o_ready = (left_q == 4'd0) || ((left_q == 4'd1) && over);
    assign o_line  = shift_q[0];

    always @(posedge i_clk)
        if (i_rst) begin
            count_q <= {COUNT_BITS{1'b0}};
            left_q  <= 4'd0;
            shift_q <= 9'h1FF;
        end else if (o_ready || (left_q > BITS)) begin  // the latter after an upset
            count_q <= {COUNT_BITS{1'b0}};
            left_q  <= (o_ready && i_valid) ? BITS : 4'd0;
            shift_q <= (o_ready && i_valid) ? {i_data, 1'b0} : 9'h1FF;
        end else if (over) begin
            count_q <= {COUNT_BITS{1'b0}};
            left_q  <= left_q - 4'd1;
            shift_q <= {1'b1, shift_q[8:1]};
        end else
            count_q <= count_q + 1'b1;

endmodule

`default_nettype wire
