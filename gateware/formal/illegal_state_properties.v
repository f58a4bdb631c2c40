// Claims about the state machines of link and memory after an upset, in the controller as it is, with
// every register at any value whatever and no reset: a state that does not exist does nothing and is
// idle in the next clock. That the target cannot get stuck in states that do exist is in
// progress_properties.v.
//
// The FIFO is any_bytes.v, the samples are any_samples.v.
`default_nettype none

module illegal_state_properties #(
    parameter TRAYS = 18
) (
    input wire        i_clk,
    input wire        i_tick,
    input wire        i_tx_ready,
    input wire [42:0] i_upset
);

    controller #(.TRAYS(TRAYS)) dut (
        .i_clk          (i_clk),
        .i_rst          (1'b0),
        .i_tick         (i_tick),
        .i_rx_data      (8'd0),
        .i_rx_valid     (1'b0),
        .i_rx_error     (1'b0),
        .i_tx_ready     (i_tx_ready),
        .i_sensors      ({8*(32+16*TRAYS){1'b0}}),
        .i_present      (1'b0),
        .i_sample_valid (1'b0),
        .i_sample_index (8'd0),
        .i_sample_data  (32'd0),
        .i_upset        (i_upset)
    );

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
    (* hierconn *) wire [3:0]  \dut.memory.state_q ;
    (* hierconn *) wire        \dut.memory.store ;
    (* hierconn *) wire        \dut.memory_done ;
    (* hierconn *) wire        \dut.scrub_done ;

    wire stray_target  = (dut.rmap_target.state_q == 7'd0)
                         || ((dut.rmap_target.state_q & (dut.rmap_target.state_q - 7'd1)) != 7'd0);
    wire stray_encoder = (dut.frame_encoder.state_q == 5'd0)
                         || ((dut.frame_encoder.state_q & (dut.frame_encoder.state_q - 5'd1))
                             != 5'd0);
    wire stray_memory  = (dut.memory.state_q == 4'd0)
                         || ((dut.memory.state_q & (dut.memory.state_q - 4'd1)) != 4'd0);

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
            assert (!dut.memory.store && !dut.memory_done && !dut.scrub_done);
        if (stray_memory_q)
            assert (dut.memory.state_q == 4'b0010);
    end

endmodule

`default_nettype wire
