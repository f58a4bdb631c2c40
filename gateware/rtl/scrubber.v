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
    output wire [15:0] o_passes
);

    localparam [15:0] BURST = 16'd8;

    reg [15:0] ticks_q;
    reg [15:0] due_q;     // words of the bursts asked for and not yet done
    reg [9:0]  word_q;
    reg [15:0] passes_q;

    wire [15:0] ticks  = ticks_q + 16'd1;
    wire        expire = i_tick && i_enable && !i_restart && (ticks >= i_period);

    assign o_valid  = (due_q != 16'd0);
    assign o_word   = word_q;
    assign o_passes = passes_q;

    always @(posedge i_clk)
        if (i_rst) begin
            ticks_q  <= 16'd0;
            due_q    <= 16'd0;
            word_q   <= 10'd0;
            passes_q <= 16'd0;
        end else begin
            if (!i_enable || i_restart || expire)
                ticks_q <= 16'd0;
            else if (i_tick)
                ticks_q <= ticks;
            due_q <= due_q + (expire ? BURST : 16'd0) - {15'd0, i_done};
            if (i_done) begin
                word_q <= word_q + 10'd1;
                if (word_q == 10'd1023)
                    passes_q <= passes_q + 16'd1;
            end
        end

endmodule

`default_nettype wire
