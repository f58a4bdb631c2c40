// Claims about the link after an upset, in the controller as it is, with every register at any value
// whatever and no reset:
//   an END leaves SLIP decoder, frame checker and packet buffer between frames;
//   so does a timeout, and three ticks without a byte are enough for it;
//   a state that does not exist does nothing and is idle in the next clock: RMAP target, frame
//   encoder, protected memory.
// That the target cannot get stuck in states that do exist is in progress_properties.v.
//
// The FIFO is any_bytes.v.
`default_nettype none

module recovery_properties #(
    parameter TRAYS = 18
) (
    input wire                       i_clk,
    input wire                       i_tick,
    input wire                       i_tx_ready,
    input wire [8*(32+16*TRAYS)-1:0] i_sensors,
    input wire [42:0]                i_upset
);

    controller #(.TRAYS(TRAYS)) dut (
        .i_clk       (i_clk),
        .i_rst       (1'b0),
        .i_tick      (i_tick),
        .i_rx_data   (8'd0),
        .i_rx_valid  (1'b0),
        .i_rx_error  (1'b0),
        .i_tx_ready  (i_tx_ready),
        .i_sensors   (i_sensors),
        .i_upset     (i_upset)
    );

    (* hierconn *) wire [7:0]  \dut.frame_receiver.line_data ;
    (* hierconn *) wire        \dut.frame_receiver.line_valid ;
    (* hierconn *) wire        \dut.frame_receiver.frame_end ;
    (* hierconn *) wire        \dut.frame_receiver.slip_decoder.active_q ;
    (* hierconn *) wire        \dut.frame_receiver.slip_decoder.escaped_q ;
    (* hierconn *) wire        \dut.frame_receiver.slip_decoder.error_q ;
    (* hierconn *) wire [1:0]  \dut.frame_receiver.slip_decoder.silence_q ;
    (* hierconn *) wire [8:0]  \dut.frame_receiver.frame_checker.count_q ;
    (* hierconn *) wire [15:0] \dut.frame_receiver.frame_checker.crc_q ;
    (* hierconn *) wire [8:0]  \dut.frame_receiver.rmap_receiver.position_q ;
    (* hierconn *) wire        \dut.target_ready ;
    (* hierconn *) wire        \dut.bus_valid ;
    (* hierconn *) wire        \dut.reply_valid ;
    (* hierconn *) wire        \dut.replying ;
    (* hierconn *) wire        \dut.discarded ;
    (* hierconn *) wire        \dut.refused ;
    (* hierconn *) wire        \dut.executed ;
    (* hierconn *) wire [6:0]  \dut.rmap_target.state_q ;
    (* hierconn *) wire [4:0]  \dut.frame_encoder.state_q ;
    (* hierconn *) wire        \dut.frame_encoder.slip_valid ;
    (* hierconn *) wire        \dut.reply_ready ;
    (* hierconn *) wire [2:0]  \dut.memory.state_q ;
    (* hierconn *) wire        \dut.memory.store ;
    (* hierconn *) wire        \dut.memory_done ;
    (* hierconn *) wire        \dut.scrub_done ;

    // -- receiver

    wire take    = dut.frame_receiver.line_valid && dut.target_ready;
    wire ends    = take && (dut.frame_receiver.line_data == 8'hC0);
    wire between = !dut.frame_receiver.slip_decoder.active_q
                   && !dut.frame_receiver.slip_decoder.escaped_q
                   && !dut.frame_receiver.slip_decoder.error_q
                   && (dut.frame_receiver.slip_decoder.silence_q == 2'd0)
                   && (dut.frame_receiver.frame_checker.count_q == 9'd0)
                   && (dut.frame_receiver.frame_checker.crc_q == 16'hFFFF)
                   && (dut.frame_receiver.rmap_receiver.position_q == 9'd0);

    reg       ended_q = 1'b0;  // an END or a timeout in the last clock
    reg [1:0] quiet_q = 2'd0;  // ticks without a byte, 3 and more

    wire quiet = i_tick && !dut.frame_receiver.line_valid;

    always @(posedge i_clk) begin
        ended_q <= ends || dut.frame_receiver.frame_end;
        quiet_q <= take ? 2'd0 : (quiet && (quiet_q != 2'd3)) ? quiet_q + 2'd1 : quiet_q;
    end

    always @* begin
        assert (!ended_q || between);
        assert ((quiet_q != 2'd3) || !dut.frame_receiver.slip_decoder.active_q);
        assert ((quiet_q <= dut.frame_receiver.slip_decoder.silence_q)
                || !dut.frame_receiver.slip_decoder.active_q);
    end

    // -- states that do not exist

    wire stray_target  = (dut.rmap_target.state_q == 7'd0)
                         || ((dut.rmap_target.state_q & (dut.rmap_target.state_q - 7'd1)) != 7'd0);
    wire stray_encoder = (dut.frame_encoder.state_q == 5'd0)
                         || ((dut.frame_encoder.state_q & (dut.frame_encoder.state_q - 5'd1))
                             != 5'd0);
    wire stray_memory  = (dut.memory.state_q == 3'd0)
                         || ((dut.memory.state_q & (dut.memory.state_q - 3'd1)) != 3'd0);

    reg stray_target_q  = 1'b0;
    reg stray_encoder_q = 1'b0;
    reg stray_memory_q  = 1'b0;

    always @(posedge i_clk) begin
        stray_target_q  <= stray_target;
        stray_encoder_q <= stray_encoder;
        stray_memory_q  <= stray_memory;
    end

    always @* begin
        if (stray_target)
            assert (!dut.bus_valid && !dut.reply_valid && !dut.replying && !dut.target_ready
                    && !dut.discarded && !dut.refused && !dut.executed);
        if (stray_target_q)
            assert (dut.rmap_target.state_q == 7'b0000001);
        if (stray_encoder)
            assert (!dut.frame_encoder.slip_valid && !dut.reply_ready);
        if (stray_encoder_q)
            assert (dut.frame_encoder.state_q == 5'b00001);
        if (stray_memory)
            assert (!dut.memory.store && !dut.scrub_done);
        if (stray_memory_q)
            assert ((dut.memory.state_q == 3'b010) && !dut.memory_done);
    end

endmodule

`default_nettype wire
