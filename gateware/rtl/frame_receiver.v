// Bytes from the line to a checked RMAP packet: input FIFO, SLIP decoder, frame checker, packet
// store. While the target works on a packet (i_ready low), bytes wait in the FIFO.
//
// An error mark belongs to the byte it comes with, or stands for a byte that was lost, or for all of
// them when a pointer of the FIFO was upset; one that meets a full FIFO is kept until there is room.
//
// Latency: a byte at the input in clock 0 is decoded in clock 2; o_packet falls in the clock in
// which the closing END is decoded. Reset: empty, between frames.
`default_nettype none

module frame_receiver (
    input  wire         i_clk,
    input  wire         i_rst,
    input  wire         i_tick,
    // from the line
    input  wire [7:0]   i_rx_data,
    input  wire         i_rx_valid,
    input  wire         i_rx_error,
    output wire         o_rx_ready,
    // the packet, kept until the first byte of the next one
    output wire         o_packet,     // a good frame is complete
    output wire [8:0]   o_length,     // with o_packet
    output wire [119:0] o_header,
    output wire         o_header_ok,
    output wire         o_data_ok,
    input  wire [5:0]   i_index,
    output wire [31:0]  o_word,
    output wire [31:0]  o_first,
    input  wire         i_ready,
    // frames dropped, one clock each
    output wire         o_framing,
    output wire         o_oversize,
    output wire         o_crc,
    output wire         o_idle        // no byte is waiting
);

    reg mark_q;  // an error mark that still has to go into the FIFO

    wire       mark      = i_rx_error || mark_q;
    wire       fifo_push = i_rx_valid || mark;
    wire       fifo_ready;
    wire       fifo_empty;
    wire       fifo_lost;
    wire       line_valid;
    wire       line_error;
    wire [7:0] line_data;
    wire [7:0] plain_data;
    wire       plain_valid;
    wire       frame_end;
    wire       framing_error;
    wire       between;
    wire [7:0] packet_data;
    wire       packet_valid;

    assign o_rx_ready = fifo_ready;
    assign o_idle     = fifo_empty && !mark_q;

    always @(posedge i_clk)
        if (i_rst)
            mark_q <= 1'b0;
        else
            mark_q <= fifo_lost || (mark && !fifo_ready);

    byte_fifo #(.WIDTH(9), .DEPTH_LOG2(9)) byte_fifo (
        .i_clk   (i_clk),
        .i_rst   (i_rst),
        .i_data  ({mark, i_rx_valid ? i_rx_data : 8'd0}),
        .i_valid (fifo_push),
        .o_ready (fifo_ready),
        .o_data  ({line_error, line_data}),
        .o_valid (line_valid),
        .i_ready (i_ready),
        .o_empty (fifo_empty),
        .o_lost  (fifo_lost)
    );

    slip_decoder slip_decoder (
        .i_clk           (i_clk),
        .i_rst           (i_rst),
        .i_tick          (i_tick),
        .i_data          (line_data),
        .i_error         (line_error),
        .i_valid         (line_valid),
        .i_ready         (i_ready),
        .o_data          (plain_data),
        .o_valid         (plain_valid),
        .o_end           (frame_end),
        .o_framing_error (framing_error),
        .o_between       (between)
    );

    frame_checker frame_checker (
        .i_clk           (i_clk),
        .i_rst           (i_rst),
        .i_data          (plain_data),
        .i_valid         (plain_valid),
        .i_end           (frame_end),
        .i_framing_error (framing_error),
        .i_between       (between),
        .o_data          (packet_data),
        .o_valid         (packet_valid),
        .o_good          (o_packet),
        .o_framing       (o_framing),
        .o_oversize      (o_oversize),
        .o_crc           (o_crc),
        .o_length        (o_length)
    );

    rmap_receiver rmap_receiver (
        .i_clk       (i_clk),
        .i_rst       (i_rst),
        .i_data      (packet_data),
        .i_valid     (packet_valid),
        .i_between   (between),
        .o_header    (o_header),
        .o_header_ok (o_header_ok),
        .o_data_ok   (o_data_ok),
        .i_index     (i_index),
        .o_word      (o_word),
        .o_first     (o_first)
    );

endmodule

`default_nettype wire
