// What a frame on the line is, said a second time from docs/link.md: SLIP, lengths, CRCs and the
// fields of the packet, byte by byte and bit by bit, without a look at how the receiver does it.
//
// o_end is high in the clock in which a frame ends, with exactly one of the four verdicts. The
// record of the last good frame is there from the next clock on.
`default_nettype none

module frame_monitor (
    input  wire         i_clk,
    input  wire         i_rst,
    input  wire         i_tick,
    input  wire [7:0]   i_data,
    input  wire         i_mark,      // something was lost in or just before this byte
    input  wire         i_waiting,   // a byte is there
    input  wire         i_take,      // and is taken
    // the frame that is coming in
    output wire         o_inside,    // a byte has come since the last END
    output wire         o_broken,    // to be skipped
    output wire         o_escaped,   // the last byte was ESC
    output wire [1:0]   o_silence,   // ticks since the last byte
    output wire [8:0]   o_bytes,     // unescaped; stays at 276
    output wire [15:0]  o_crc16,
    output wire [15:0]  o_held,      // its last two bytes, which may be the CRC-16
    output wire [127:0] o_head,      // the first 16 bytes before those, the last at the bottom
    output wire         o_head_good, // their CRC-8, once they are there
    output wire [7:0]   o_crc8,      // of all before those; from byte 16 on anew
    // how it ends
    output wire         o_end,
    output wire         o_good,
    output wire         o_framing,
    output wire         o_oversize,
    output wire         o_crc,
    // the last good frame
    output wire [8:0]   o_length,      // of the packet
    output wire [127:0] o_header,      // its first 16 bytes
    output wire         o_header_good, // their CRC-8
    output wire         o_data_good,   // the CRC-8 of what follows
    output wire         o_last_good    // the last frame was a good one
);

    localparam [8:0] BYTES_MAX = 9'd275;

    reg         inside_q;
    reg         broken_q;
    reg         escaped_q;
    reg [1:0]   silence_q;
    reg [8:0]   bytes_q;
    reg [15:0]  crc16_q;
    reg [15:0]  held_q;
    reg [127:0] head_q;
    reg         head_good_q;
    reg [7:0]   crc8_q;
    reg [8:0]   length_q;
    reg [127:0] header_q;
    reg         header_good_q;
    reg         data_good_q;
    reg         last_good_q;

    // polynomial 0x1021, highest bit first
    function [15:0] crc16_step;
        input [15:0] crc;
        input [7:0]  data;
        integer i;
        begin
            crc16_step = crc;
            for (i = 7; i >= 0; i = i - 1)
                crc16_step = {crc16_step[14:0], 1'b0}
                           ^ ((crc16_step[15] ^ data[i]) ? 16'h1021 : 16'h0000);
        end
    endfunction

    // x^8 + x^2 + x + 1, lowest bit first
    function [7:0] crc8_step;
        input [7:0] crc;
        input [7:0] data;
        integer i;
        begin
            crc8_step = crc;
            for (i = 0; i < 8; i = i + 1)
                crc8_step = {1'b0, crc8_step[7:1]} ^ ((crc8_step[0] ^ data[i]) ? 8'hE0 : 8'h00);
        end
    endfunction

    wire late     = inside_q && i_tick && !i_waiting && (silence_q == 2'd2);
    wire delimits = i_take && (i_data == 8'hC0);
    wire begins   = inside_q || i_mark;
    wire escapes  = !escaped_q && (i_data == 8'hDB);
    wire breaks   = i_mark || (escaped_q && (i_data != 8'hDC) && (i_data != 8'hDD));
    wire adds     = i_take && !delimits && !broken_q && !breaks && !escapes;

    wire [7:0] plain   = !escaped_q ? i_data : (i_data == 8'hDC) ? 8'hC0 : 8'hDB;
    wire [8:0] packet = bytes_q - 9'd2;  // bytes of it, once there are two to hold back
    wire       anew   = (packet == 9'd0) || (packet == 9'd16);
    wire [7:0] crc8_d = crc8_step(anew ? 8'h00 : crc8_q, held_q[15:8]);

    wire broken   = late || broken_q || i_mark || escaped_q;
    wire too_long = (bytes_q > BYTES_MAX);
    wire right    = (bytes_q >= 9'd3) && (crc16_q == 16'd0);

    assign o_end      = late || (delimits && begins);
    assign o_framing  = o_end && broken;
    assign o_oversize = o_end && !broken && too_long;
    assign o_crc      = o_end && !broken && !too_long && !right;
    assign o_good     = o_end && !broken && !too_long && right;

    assign o_inside      = inside_q;
    assign o_broken      = broken_q;
    assign o_escaped     = escaped_q;
    assign o_silence     = silence_q;
    assign o_bytes       = bytes_q;
    assign o_crc16       = crc16_q;
    assign o_head        = head_q;
    assign o_head_good   = head_good_q;
    assign o_crc8        = crc8_q;
    assign o_held        = held_q;
    assign o_length      = length_q;
    assign o_header      = header_q;
    assign o_header_good = header_good_q;
    assign o_data_good   = data_good_q;
    assign o_last_good   = last_good_q;

    always @(posedge i_clk)
        if (i_rst || o_end || delimits) begin
            inside_q  <= 1'b0;
            broken_q  <= 1'b0;
            escaped_q <= 1'b0;
            silence_q <= 2'd0;
            bytes_q   <= 9'd0;
            crc16_q   <= 16'hFFFF;
        end else if (i_take) begin
            inside_q  <= 1'b1;
            broken_q  <= broken_q || breaks;
            escaped_q <= escapes && !broken_q && !breaks;
            silence_q <= 2'd0;
            if (adds) begin
                if (!too_long)
                    bytes_q <= bytes_q + 9'd1;
                crc16_q <= crc16_step(crc16_q, plain);
                held_q  <= {held_q[7:0], plain};
                if ((bytes_q >= 9'd2) && !too_long) begin
                    crc8_q <= crc8_d;
                    if (packet < 9'd16)
                        head_q <= {head_q[119:0], held_q[15:8]};
                    if (packet == 9'd15)
                        head_good_q <= (crc8_d == 8'd0);
                end
            end
        end else if (inside_q && i_tick && !i_waiting)
            silence_q <= silence_q + 2'd1;

    always @(posedge i_clk)
        if (i_rst)
            last_good_q <= 1'b0;
        else if (o_end)
            last_good_q <= o_good;

    always @(posedge i_clk)
        if (o_good) begin
            length_q      <= packet;
            header_q      <= head_q;
            header_good_q <= head_good_q;
            data_good_q   <= (crc8_q == 8'd0);
        end

endmodule

`default_nettype wire
