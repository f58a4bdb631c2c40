// One kind of command line to the trays (reset, scrub or reload): a write raises the lines of its
// bits and holds every raised line for 20 ticks from now.
//
// The lines are triplicated, and low while no tick is left. An upset of the ticks shortens or lengthens a
// pulse, to 31 ticks at most, and raises nothing.
//
// Latency: 1 clock from the write to the lines; they fall in the clock after the 20th tick.
// Reset: all low.
`default_nettype none

module command_lines #(
    parameter       TRAYS  = 18,
    parameter [7:0] NUMBER = 8'd0  // of the lines in diagnostics.voter.register
) (
    input  wire             i_clk,
    input  wire             i_rst,
    input  wire             i_tick,
    input  wire             i_write,
    input  wire [TRAYS-1:0] i_trays,
    output wire [TRAYS-1:0] o_lines,
    // an upset copy in this clock
    output wire             o_mismatch,
    input  wire [42:0]      i_upset      // for tests, see triplicated
);

    localparam [4:0] HOLD_TICKS = 5'd20;

    reg [4:0] left_q;

    wire start = i_write && (i_trays != {TRAYS{1'b0}});
    wire none  = (left_q[4:1] == 4'd0) && (i_tick || !left_q[0]);  // left in the next clock

    triplicated #(.WIDTH(TRAYS), .NUMBER(NUMBER)) lines (
        .i_clk      (i_clk),
        .i_rst      (i_rst),
        .i_write    (start || none),
        .i_data     (start ? o_lines | i_trays : {TRAYS{1'b0}}),
        .o_data     (o_lines),
        .o_mismatch (o_mismatch),
        .i_upset    (i_upset)
    );

    always @(posedge i_clk)
        if (i_rst)
            left_q <= 5'd0;
        else if (start)
            left_q <= HOLD_TICKS;
        else if (i_tick && (left_q != 5'd0))
            left_q <= left_q - 5'd1;

endmodule

`default_nettype wire
