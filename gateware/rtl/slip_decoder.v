// SLIP (RFC 1055) bytes to unescaped bytes and frame ends.
//
// A frame is what lies between two ENDs; empty ones are ignored. It is in error after ESC was
// followed by anything but ESC_END or ESC_ESC, after a byte that came with an error mark, and when
// three ticks pass inside it without a byte. A frame in error is skipped to its END and reported
// there; after a timeout it is reported at the third tick, and the next byte starts a new frame.
//
// Latency: combinational outputs, one byte a clock. The end of a frame is reported in the clock in
// which its END is taken. Reset: between frames.
`default_nettype none

module slip_decoder (
    input  wire       i_clk,
    input  wire       i_rst,
    input  wire       i_tick,
    // from the line
    input  wire [7:0] i_data,
    input  wire       i_error,    // with i_valid: something is wrong in or just before this byte
    input  wire       i_valid,
    input  wire       i_ready,    // the byte is taken in this clock
    // unescaped bytes
    output wire [7:0] o_data,
    output wire       o_valid,
    // the frame is over
    output wire       o_end,
    output wire       o_framing_error, // with o_end
    output wire       o_between        // the next byte is the first of a frame
);

    localparam [7:0] END     = 8'hC0;
    localparam [7:0] ESC     = 8'hDB;
    localparam [7:0] ESC_END = 8'hDC;
    localparam [7:0] ESC_ESC = 8'hDD;

    localparam [1:0] LAST_TICK = 2'd2;  // two silent ticks seen, the third is the timeout

    reg       active_q;   // a byte has come since the last END
    reg       escaped_q;  // the last byte was ESC
    reg       error_q;    // skip to the next END
    reg [1:0] silence_q;  // ticks without a byte

    wire take    = i_valid && i_ready;
    wire is_end  = (i_data == END);
    wire is_esc  = (i_data == ESC);
    wire known   = (i_data == ESC_END) || (i_data == ESC_ESC);
    wire bad     = error_q || i_error;
    wire timeout = active_q && i_tick && !i_valid && (silence_q >= LAST_TICK);

    assign o_data  = !escaped_q            ? i_data
                   : (i_data == ESC_END)   ? END
                                           : ESC;
    assign o_valid = take && !bad && !is_end && (escaped_q ? known : !is_esc);

    assign o_between       = timeout || (take && is_end);
    assign o_end           = timeout || (take && is_end && (active_q || i_error));
    assign o_framing_error = timeout || bad || escaped_q;

    always @(posedge i_clk)
        if (i_rst || o_between) begin  // every END, so that no upset outlives the frame
            active_q  <= 1'b0;
            escaped_q <= 1'b0;
            error_q   <= 1'b0;
            silence_q <= 2'd0;
        end else if (take) begin
            active_q  <= 1'b1;
            escaped_q <= !bad && !escaped_q && is_esc;
            error_q   <= bad || (escaped_q && !known);
            silence_q <= 2'd0;
        end else if (i_tick && active_q && !i_valid)
            silence_q <= silence_q + 2'd1;

endmodule

`default_nettype wire
