// Claims about the receiver after an upset, with every register at any value whatever and no reset: an
// END leaves SLIP decoder, frame checker and packet buffer between frames; so does a timeout, and
// three ticks without a byte are enough for it.
//
// The FIFO is any_bytes.v.
`default_nettype none

module recovery_properties (
    input wire       i_clk,
    input wire       i_tick,
    input wire       i_ready,
    input wire [5:0] i_index
);

    frame_receiver dut (
        .i_clk      (i_clk),
        .i_rst      (1'b0),
        .i_tick     (i_tick),
        .i_rx_data  (8'd0),
        .i_rx_valid (1'b0),
        .i_rx_error (1'b0),
        .i_index    (i_index),
        .i_ready    (i_ready)
    );

    (* hierconn *) wire [7:0]  \dut.line_data ;
    (* hierconn *) wire        \dut.line_valid ;
    (* hierconn *) wire        \dut.frame_end ;
    (* hierconn *) wire        \dut.slip_decoder.active_q ;
    (* hierconn *) wire        \dut.slip_decoder.escaped_q ;
    (* hierconn *) wire        \dut.slip_decoder.error_q ;
    (* hierconn *) wire [1:0]  \dut.slip_decoder.silence_q ;
    (* hierconn *) wire [8:0]  \dut.frame_checker.count_q ;
    (* hierconn *) wire [15:0] \dut.frame_checker.crc_q ;
    (* hierconn *) wire [8:0]  \dut.rmap_receiver.position_q ;

    wire take    = dut.line_valid && i_ready;
    wire ends    = take && (dut.line_data == 8'hC0);
    wire between = !dut.slip_decoder.active_q
                   && !dut.slip_decoder.escaped_q
                   && !dut.slip_decoder.error_q
                   && (dut.slip_decoder.silence_q == 2'd0)
                   && (dut.frame_checker.count_q == 9'd0)
                   && (dut.frame_checker.crc_q == 16'hFFFF)
                   && (dut.rmap_receiver.position_q == 9'd0);

    reg       ended_q = 1'b0;  // an END or a timeout in the last clock
    reg [1:0] quiet_q = 2'd0;  // ticks without a byte, 3 and more

    wire quiet = i_tick && !dut.line_valid;

    always @(posedge i_clk) begin
        ended_q <= ends || dut.frame_end;
        quiet_q <= take ? 2'd0 : (quiet && (quiet_q != 2'd3)) ? quiet_q + 2'd1 : quiet_q;
    end

    always @* begin
        assert (!ended_q || between);
        assert ((quiet_q != 2'd3) || !dut.slip_decoder.active_q);
    end

`ifndef CLAIMS_ONLY
    // Carries the induction.
    always @*
        assert ((quiet_q <= dut.slip_decoder.silence_q)
                || !dut.slip_decoder.active_q);
`endif

endmodule

`default_nettype wire
