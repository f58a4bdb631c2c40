// Walks through the protected memory in the background: every `period` ticks it has 8 words read,
// which corrects single-bit errors in place before a second one joins them.
//
// Latency: the burst starts 1 clock after its tick and takes 2 clocks a word while the register bus
// leaves the memory alone. Reset: at word 0, no burst.
`default_nettype none

module scrubber (
    input  wire        i_clk,
    input  wire        i_rst,
    input  wire        i_tick,
    // settings
    input  wire        i_enable,
    input  wire [15:0] i_period,   // in ticks; 0 acts as 1
    input  wire        i_restart,  // the period starts anew
    // memory
    output wire        o_valid,
    output wire [9:0]  o_word,
    input  wire        i_done,
    // progress
    output wire        o_pass      // one clock, with the last word of a pass
);

    localparam [7:0] BURST = 8'd8;

    reg [15:0] ticks_q;   // to the next burst
    reg        restart_q; // the period starts in this clock
    reg [7:0]  due_q;     // words of the bursts asked for and not yet done
    reg [9:0]  word_q;

    wire expire = i_tick && i_enable && !i_restart && !restart_q && (ticks_q[15:1] == 15'd0);

    assign o_valid  = (due_q != 8'd0);
    assign o_word   = word_q;
    assign o_pass   = i_done && (word_q == 10'd1023);

    always @(posedge i_clk)
        if (i_rst) begin
            ticks_q   <= 16'd0;
            restart_q <= 1'b1;
            due_q     <= 8'd0;
            word_q    <= 10'd0;
        end else begin
            restart_q <= i_restart;
            if (!i_enable || restart_q || expire)
                ticks_q <= i_period;
            else if (i_tick)
                ticks_q <= ticks_q - 16'd1;
            if (expire || i_done)
                due_q <= due_q + (expire ? BURST : 8'd0) - {7'd0, i_done};
            if (i_done)
                word_q <= word_q + 10'd1;
        end

endmodule

`default_nettype wire
