// Claims about injection, whatever its registers hold, while nobody writes to it:
//   where at most one bit of what hangs the link, freezes or skews a sensor or cuts off the front end is
//   set, as one upset leaves it, none of that acts, and one clock later no bit is set;
//   with a kind of reply fault but no count, or a count but no kind, no reply is hit that begins then.
`default_nettype none

module injection_upset_properties (
    input wire        i_clk,
    input wire        i_rst,
    input wire        i_tick,
    input wire [16:0] i_address,
    input wire [31:0] i_data,
    input wire        i_decide,
    input wire        i_replying,
    input wire        i_link_quiet
);

    wire drop_reply;
    wire corrupt_reply;
    wire hang;
    wire front_end_off;
    wire freeze;
    wire skew;

    injection dut (
        .i_clk           (i_clk),
        .i_rst           (i_rst),
        .i_tick          (i_tick),
        .i_write         (1'b0),
        .i_address       (i_address),
        .i_data          (i_data),
        .i_decide        (i_decide),
        .i_replying      (i_replying),
        .i_link_quiet    (i_link_quiet),
        .o_drop_reply    (drop_reply),
        .o_corrupt_reply (corrupt_reply),
        .o_hang          (hang),
        .o_front_end_off (front_end_off),
        .o_freeze        (freeze),
        .o_skew          (skew)
    );

    (* hierconn *) wire [15:0] \dut.hang_q ;
    (* hierconn *) wire        \dut.hang_armed_q ;
    (* hierconn *) wire        \dut.hanging_q ;
    (* hierconn *) wire [1:0]  \dut.sensor_q ;
    (* hierconn *) wire        \dut.sensor_armed_q ;
    (* hierconn *) wire        \dut.front_end_off_q ;
    (* hierconn *) wire        \dut.front_end_off_again_q ;
    (* hierconn *) wire [1:0]  \dut.reply_q ;
    (* hierconn *) wire [7:0]  \dut.replies_q ;

    wire [22:0] bits = {dut.hang_q, dut.hang_armed_q, dut.hanging_q, dut.sensor_q,
                        dut.sensor_armed_q, dut.front_end_off_q, dut.front_end_off_again_q};
    wire        one  = ((bits & (bits - 23'd1)) == 23'd0);  // at most

    reg one_q      = 1'b0;
    reg harmless_q = 1'b0;

    always @(posedge i_clk) begin
        one_q      <= one;
        harmless_q <= i_decide && ((dut.reply_q == 2'd0) || (dut.replies_q == 8'd0));
    end

    always @* begin
        assert (!one || (!hang && !freeze && !skew && !front_end_off));
        assert (!one_q || (bits == 23'd0));
        assert (!harmless_q || (!drop_reply && !corrupt_reply));
    end

endmodule

`default_nettype wire
