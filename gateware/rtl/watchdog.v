// Flight-software watchdog and the safe state it leads to.
//
// While enabled and not safe, `period` ticks without a kick enter the safe state. The safe state is
// left by command only.
//
// The counter and the safe state are triplicated.
//
// Latency: 1 clock from the tick or the command to o_safe. Reset: not safe, counter 0.
`default_nettype none

module watchdog (
    input  wire        i_clk,
    input  wire        i_rst,
    input  wire        i_tick,
    // settings
    input  wire        i_enable,
    input  wire [15:0] i_period,    // in ticks; 0 acts as 1
    input  wire        i_restart,   // kick, or new settings: the period starts anew
    // commands
    input  wire        i_enter_safe,
    input  wire        i_leave_safe,
    // state
    output wire        o_safe,
    output wire        o_expired,   // has expired since reset
    output wire        o_expire,    // expires in this clock
    // upset copies in this clock
    output wire        o_safe_mismatch,
    output wire        o_ticks_mismatch,
    input  wire [42:0] i_upset       // for tests, see triplicated
);

    reg expired_q;

    wire        is_safe;
    wire [15:0] ticks;  // since the period started
    wire [15:0] ticks_next = ticks + 16'd1;
    wire        stopped    = !i_enable || is_safe || i_restart || i_enter_safe || i_leave_safe;
    wire        expire     = i_tick && !stopped && (ticks_next >= i_period);

    assign o_safe    = is_safe;
    assign o_expired = expired_q;
    assign o_expire  = expire;

    triplicated #(.WIDTH(1), .NUMBER(8'd16)) safe (
        .i_clk      (i_clk),
        .i_rst      (i_rst),
        .i_write    (expire || i_enter_safe || i_leave_safe),
        .i_data     (expire || i_enter_safe),
        .o_data     (is_safe),
        .o_mismatch (o_safe_mismatch),
        .i_upset    (i_upset)
    );

    triplicated #(.WIDTH(16), .NUMBER(8'd17)) counter (
        .i_clk      (i_clk),
        .i_rst      (i_rst),
        .i_write    (i_tick || stopped),
        .i_data     ((stopped || expire) ? 16'd0 : ticks_next),
        .o_data     (ticks),
        .o_mismatch (o_ticks_mismatch),
        .i_upset    (i_upset)
    );

    always @(posedge i_clk)
        if (i_rst)
            expired_q <= 1'b0;
        else
            expired_q <= expired_q || expire;

endmodule

`default_nettype wire
