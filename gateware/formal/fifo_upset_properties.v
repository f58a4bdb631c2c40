// Claims about the receiver's FIFO when an upset has flipped any one bit of one of its pointers or of
// their parity, in any state it can be in: one clock later it is as after a reset, whatever was to come
// out of it is gone, and the first byte that is stored then, or what is stored for lack of one, carries
// an error mark. So no byte is delivered twice, and none is missing without a mark.
`default_nettype none

module fifo_upset_properties (
    input wire       i_clk,
    input wire       i_tick,
    input wire [7:0] i_rx_data,
    input wire       i_rx_valid,
    input wire       i_rx_error,
    input wire [5:0] i_index,
    input wire       i_ready
);

    localparam [9:0] ROOM = 10'd512;

    frame_receiver dut (
        .i_clk      (i_clk),
        .i_rst      (1'b0),
        .i_tick     (i_tick),
        .i_rx_data  (i_rx_data),
        .i_rx_valid (i_rx_valid),
        .i_rx_error (i_rx_error),
        .i_index    (i_index),
        .i_ready    (i_ready)
    );

    (* hierconn *) wire [9:0] \dut.byte_fifo.write_q ;
    (* hierconn *) wire [9:0] \dut.byte_fifo.read_q ;
    (* hierconn *) wire       \dut.byte_fifo.write_parity_q ;
    (* hierconn *) wire       \dut.byte_fifo.read_parity_q ;
    (* hierconn *) wire       \dut.byte_fifo.push ;
    (* hierconn *) wire [8:0] \dut.byte_fifo.i_data ;
    (* hierconn *) wire       \dut.fifo_lost ;
    (* hierconn *) wire       \dut.fifo_empty ;
    (* hierconn *) wire       \dut.line_valid ;

    // -- any state it can be in, and any one bit of it flipped

    (* anyconst *) wire [9:0] write;
    (* anyconst *) wire [9:0] read;
    (* anyconst *) wire [4:0] flip;

    wire [21:0] right = {write, ^write, read, ^read};
    wire [21:0] found = {dut.byte_fifo.write_q, dut.byte_fifo.write_parity_q,
                         dut.byte_fifo.read_q, dut.byte_fifo.read_parity_q};

    reg started = 1'b0;  // the upset was one clock ago or more
    reg second  = 1'b0;  // it was one clock ago
    reg owed    = 1'b0;  // nothing has been stored since

    always @(posedge i_clk) begin
        started <= 1'b1;
        second  <= !started;
        owed    <= !started || (owed && !dut.byte_fifo.push);
    end

    always @*
        if (!started) begin
            assume (write - read <= ROOM);
            assume (flip < 5'd22);
            assume (found == (right ^ (22'd1 << flip)));
            assert (dut.fifo_lost);
        end

    always @* begin
        if (second)
            assert ((found == 22'd0) && dut.fifo_empty && !dut.fifo_lost);
        if (owed) begin
            assert (!dut.line_valid);
            assert (!dut.byte_fifo.push || dut.byte_fifo.i_data[8]);
        end
    end

`ifndef CLAIMS_ONLY
    // Carries the induction.
    (* hierconn *) wire \dut.mark_q ;

    always @*
        if (owed) begin
            assert (dut.mark_q);
            assert (found == 22'd0);
        end
`endif

endmodule

`default_nettype wire
