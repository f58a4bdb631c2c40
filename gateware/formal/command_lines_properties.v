// Claims about command lines, whatever their registers hold at first, while in every clock any bits of
// any one copy of the lines may flip:
//   a line rises in the clock after a write with its bit, and at no other time;
//   after a write, the lines that are up stay up for 20 ticks, and none is up after that;
//   while no tick is left, none is up, but in the clock of an upset.
`default_nettype none

module command_lines_properties #(
    parameter TRAYS = 18
) (
    input wire             i_clk,
    input wire             i_rst,
    input wire             i_tick,
    input wire             i_write,
    input wire [TRAYS-1:0] i_trays,
    input wire [42:0]      i_upset
);

    wire [TRAYS-1:0] lines;

    command_lines #(.TRAYS(TRAYS), .NUMBER(8'd20)) dut (
        .i_clk   (i_clk),
        .i_rst   (i_rst),
        .i_tick  (i_tick),
        .i_write (i_write),
        .i_trays (i_trays),
        .o_lines (lines),
        .i_upset (i_upset)
    );

    (* hierconn *) wire [4:0] \dut.left_q ;

    wire [TRAYS-1:0] asked = i_write ? i_trays : {TRAYS{1'b0}};
    wire             start = (asked != {TRAYS{1'b0}});

    reg             started = 1'b0;
    reg             timed_q = 1'b0;  // a write has been seen
    reg [4:0]       ticks_q;         // since the last one
    reg [TRAYS-1:0] up_q;            // one clock ago
    reg [TRAYS-1:0] asked_q;
    reg             none_q = 1'b0;   // nothing was left, nothing asked for

    always @(posedge i_clk) begin
        started <= 1'b1;
        timed_q <= !i_rst && (start || timed_q);
        ticks_q <= start ? 5'd0 : (i_tick && (ticks_q != 5'd20)) ? ticks_q + 5'd1 : ticks_q;
        up_q    <= i_rst ? {TRAYS{1'b0}} : lines;
        asked_q <= i_rst ? {TRAYS{1'b0}} : asked;
        none_q  <= i_rst || ((dut.left_q == 5'd0) && !start);
    end

    always @* begin
        if (started) begin
            assert ((lines & ~up_q & ~asked_q) == {TRAYS{1'b0}});
            assert ((asked_q & ~lines) == {TRAYS{1'b0}});
            if (timed_q && (ticks_q != 5'd20))
                assert ((up_q & ~lines) == {TRAYS{1'b0}});
        end
        if (timed_q && (ticks_q == 5'd20))
            assert (lines == {TRAYS{1'b0}});
        assert (!none_q || (lines == {TRAYS{1'b0}}));
    end

`ifndef CLAIMS_ONLY
    // Carries the induction.
    always @*
        if (timed_q)
            assert ((ticks_q <= 5'd20) && (dut.left_q == 5'd20 - ticks_q));
`endif

endmodule

`default_nettype wire
