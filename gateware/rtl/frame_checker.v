// Length and CRC-16 of a frame, byte by byte as it comes in. What leaves are the bytes of the
// packet in the frame, that is without the CRC-16, and the verdict at the end of the frame.
//
// Latency: a packet byte leaves when the second byte behind it comes in; the verdict falls in the
// clock of i_end. Reset: between frames.
`default_nettype none

module frame_checker (
    input  wire       i_clk,
    input  wire       i_rst,
    // unescaped bytes of the frame
    input  wire [7:0] i_data,
    input  wire       i_valid,
    input  wire       i_end,
    input  wire       i_framing_error,
    input  wire       i_between,  // the next byte is the first of a frame
    // bytes of the packet
    output wire [7:0] o_data,
    output wire       o_valid,
    // verdict, one of them with i_end
    output wire       o_good,
    output wire       o_framing,
    output wire       o_oversize,
    output wire       o_crc,
    output wire [8:0] o_length  // of the packet, with o_good
);

    localparam [8:0] BYTES_MAX = 9'd275;  // RMAP header 16, data 256, data CRC 1, CRC-16 2
    localparam [8:0] BYTES_MIN = 9'd3;
    localparam [15:0] CRC_START = 16'hFFFF;

    reg [8:0]  count_q;  // stays at BYTES_MAX + 1
    reg [15:0] crc_q;
    reg [7:0]  last_q;
    reg [7:0]  before_last_q;

    wire [15:0] crc;
    wire        oversize = (count_q > BYTES_MAX);

    crc16 crc16 (
        .i_crc  (crc_q),
        .i_data (i_data),
        .o_crc  (crc)
    );

    assign o_data  = before_last_q;
    assign o_valid = i_valid && (count_q >= 9'd2) && !oversize;

    assign o_framing  = i_end && i_framing_error;
    assign o_oversize = i_end && !i_framing_error && oversize;
    assign o_crc      = i_end && !i_framing_error && !oversize
                        && ((crc_q != 16'd0) || (count_q < BYTES_MIN));
    assign o_good     = i_end && !i_framing_error && !oversize
                        && (crc_q == 16'd0) && (count_q >= BYTES_MIN);
    assign o_length   = count_q - 9'd2;

    always @(posedge i_clk)
        if (i_rst) begin
            count_q       <= 9'd0;
            crc_q         <= CRC_START;
            last_q        <= 8'd0;
            before_last_q <= 8'd0;
        end else if (i_between) begin
            count_q <= 9'd0;
            crc_q   <= CRC_START;
        end else if (i_valid) begin
            count_q       <= oversize ? count_q : count_q + 9'd1;
            crc_q         <= crc;
            last_q        <= i_data;
            before_last_q <= last_q;
        end

endmodule

`default_nettype wire
