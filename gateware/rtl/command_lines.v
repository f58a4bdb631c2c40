// One kind of command line to the trays (reset, scrub or reload): a write raises the lines of its
// bits and holds every raised line for 20 ticks from now.
//
// Latency: 1 clock from the write to the lines; they fall in the clock after the 20th tick.
// Reset: all low.
`default_nettype none

module command_lines #(
    parameter TRAYS = 18
) (
    input  wire             i_clk,
    input  wire             i_rst,
    input  wire             i_tick,
    input  wire             i_write,
    input  wire [TRAYS-1:0] i_trays,
    output wire [TRAYS-1:0] o_lines
);

    localparam [4:0] HOLD_TICKS = 5'd20;

    reg [TRAYS-1:0] lines_q;
    reg [4:0]       left_q;

    wire start = i_write && (i_trays != {TRAYS{1'b0}});

    assign o_lines = lines_q;

    always @(posedge i_clk)
        if (i_rst) begin
            lines_q <= {TRAYS{1'b0}};
            left_q  <= 5'd0;
        end else if (start) begin
            lines_q <= lines_q | i_trays;
            left_q  <= HOLD_TICKS;
        end else if (i_tick && (left_q != 5'd0)) begin
            left_q <= left_q - 5'd1;
            if (left_q == 5'd1)
                lines_q <= {TRAYS{1'b0}};
        end

endmodule

`default_nettype wire
