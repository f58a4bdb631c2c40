// Flight-software watchdog and the safe state it leads to.
//
// While enabled and not safe, `period` ticks without a kick enter the safe state. The safe state is
// left by command only.
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
    output wire        o_expire     // expires in this clock
);

    reg [15:0] ticks_q;
    reg        safe_q;
    reg        expired_q;

    wire [15:0] ticks   = ticks_q + 16'd1;
    wire        stopped = !i_enable || safe_q || i_restart || i_enter_safe || i_leave_safe;
    wire        expire  = i_tick && !stopped && (ticks >= i_period);

    assign o_safe    = safe_q;
    assign o_expired = expired_q;
    assign o_expire  = expire;

    always @(posedge i_clk)
        if (i_rst) begin
            ticks_q   <= 16'd0;
            safe_q    <= 1'b0;
            expired_q <= 1'b0;
        end else begin
            if (stopped || expire)
                ticks_q <= 16'd0;
            else if (i_tick)
                ticks_q <= ticks;
            if (expire || i_enter_safe)
                safe_q <= 1'b1;
            else if (i_leave_safe)
                safe_q <= 1'b0;
            expired_q <= expired_q || expire;
        end

endmodule

`default_nettype wire
