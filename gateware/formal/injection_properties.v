// Claims about injection after a reset:
//   no fault acts before a write to region `injection` that asks for it, and none after one that takes
//   it back, but a hang, which ends by itself;
//   stimulus and strikes act in the clock of a write to their own regions only;
//   a hang begins while the link is quiet and lasts as many ticks as were written, not one more or less.
// That only the test key writes there is in link_properties.v.
`default_nettype none
`include "registers.vh"

module injection_properties (
    input wire        i_clk,
    input wire        i_rst,
    input wire        i_tick,
    input wire        i_write,
    input wire [16:0] i_address,
    input wire [31:0] i_data,
    input wire        i_decide,
    input wire        i_replying,
    input wire        i_link_quiet
);

    wire        drop_reply;
    wire        corrupt_reply;
    wire        hang;
    wire        front_end_off;
    wire        freeze;
    wire        skew;
    wire [8:0]  channel;
    wire [15:0] offset;
    wire        stimulus;
    wire [7:0]  stimulus_index;
    wire [10:0] strike;

    injection dut (
        .i_clk            (i_clk),
        .i_rst            (i_rst),
        .i_tick           (i_tick),
        .i_write          (i_write),
        .i_address        (i_address),
        .i_data           (i_data),
        .i_decide         (i_decide),
        .i_replying       (i_replying),
        .i_link_quiet     (i_link_quiet),
        .o_drop_reply     (drop_reply),
        .o_corrupt_reply  (corrupt_reply),
        .o_hang           (hang),
        .o_front_end_off  (front_end_off),
        .o_freeze         (freeze),
        .o_skew           (skew),
        .o_channel        (channel),
        .o_offset         (offset),
        .o_stimulus       (stimulus),
        .o_stimulus_index (stimulus_index),
        .o_strike         (strike)
    );

    localparam [31:0] STIMULUS_END = `RS_STIMULUS_TRAYS_BASE + 32 * `RS_STIMULUS_TRAYS_PER_TRAY;

    wire [31:0] address   = {15'd0, i_address};
    wire        hit_reply = drop_reply || corrupt_reply;

    // -- starts with a reset; a reply begins after its command has been decided on; nothing is
    // written while the link is quiet or hangs, see link_properties.v

    reg  started    = 1'b0;
    reg  replying_q = 1'b0;
    reg  decided_q  = 1'b0;
    wire replied    = replying_q && !i_replying;

    always @(posedge i_clk) begin
        started    <= 1'b1;
        replying_q <= !i_rst && i_replying;
        decided_q  <= !i_rst && (i_decide || (decided_q && !replied));
    end

    always @*
        if (!started)
            assume (i_rst);
        else begin
            assume (decided_q || !i_replying);
            assume (!i_decide || (!i_replying && !replying_q));
            assume (!i_write || (!i_link_quiet && !hang));
        end

    // -- what was asked for last

    reg [31:0] source_q;
    reg [31:0] sensor_q;
    reg [31:0] reply_q;
    reg [31:0] hang_q;
    reg [7:0]  hits_q;      // replies hit since
    reg [16:0] ticks_q;     // since the hang began
    reg [16:0] ticks_old_q; // the same one clock ago
    reg        hung_q;
    reg        quiet_q;

    always @(posedge i_clk)
        if (i_rst) begin
            source_q    <= 32'd0;
            sensor_q    <= 32'd0;
            reply_q     <= 32'd0;
            hang_q      <= 32'd0;
            hits_q      <= 8'd0;
            ticks_q     <= 17'd0;
            ticks_old_q <= 17'd0;
            hung_q      <= 1'b0;
            quiet_q     <= 1'b0;
        end else begin
            ticks_old_q <= ticks_q;
            hung_q      <= hang;
            quiet_q     <= i_link_quiet;
            if (i_write && (address == `RS_INJECTION_SOURCE))
                source_q <= i_data;
            if (i_write && (address == `RS_INJECTION_SENSOR_FAULT))
                sensor_q <= i_data;
            if (i_write && (address == `RS_INJECTION_REPLY_FAULT)) begin
                reply_q <= i_data;
                hits_q  <= 8'd0;
            end else if (replied && hit_reply)
                hits_q <= hits_q + 8'd1;
            if (i_write && (address == `RS_INJECTION_LINK_HANG)) begin
                hang_q  <= i_data;
                ticks_q <= 17'd0;
            end else if (i_tick && hang && (ticks_q != 17'h10000))
                ticks_q <= ticks_q + 17'd1;
        end

    wire [1:0]  sensor_kind = sensor_q[`RS_INJECTION_SENSOR_FAULT_KIND];
    wire [1:0]  reply_kind  = reply_q[`RS_INJECTION_REPLY_FAULT_KIND];
    wire [7:0]  replies     = reply_q[`RS_INJECTION_REPLY_FAULT_COUNT];
    wire [15:0] hang_ticks  = hang_q[`RS_INJECTION_LINK_HANG_TICKS];
    wire        for_ever    = (hang_ticks == 16'hFFFF);

    always @*
        if (started) begin
            assert (front_end_off == source_q[`RS_INJECTION_SOURCE_STIMULUS]);
            assert (freeze == (sensor_kind == 2'd1));
            assert (skew == (sensor_kind == 2'd2));
            assert (channel == sensor_q[`RS_INJECTION_SENSOR_FAULT_CHANNEL]);
            assert (offset == sensor_q[`RS_INJECTION_SENSOR_FAULT_OFFSET]);

            assert (!drop_reply || (reply_kind == 2'd1));
            assert (!corrupt_reply || (reply_kind == 2'd2));
            assert (!hit_reply || !decided_q || (hits_q < replies));
            assert (hits_q <= replies);
            assert (!freeze || !skew);

            assert (!hang || hung_q || quiet_q);
            assert (!hang || (hang_ticks != 16'd0));
            assert (!hang || for_ever || (ticks_old_q < {1'b0, hang_ticks}));
            assert (hang || !hung_q || (!for_ever && (ticks_old_q >= {1'b0, hang_ticks})));
        end

`ifndef CLAIMS_ONLY
    // Carries the induction.
    (* hierconn *) wire [1:0]  \dut.hit_q ;
    (* hierconn *) wire [1:0]  \dut.reply_q ;
    (* hierconn *) wire [7:0]  \dut.replies_q ;
    (* hierconn *) wire [15:0] \dut.hang_q ;
    (* hierconn *) wire        \dut.hang_armed_q ;
    (* hierconn *) wire [1:0]  \dut.sensor_q ;
    (* hierconn *) wire        \dut.sensor_armed_q ;
    (* hierconn *) wire        \dut.front_end_off_q ;
    (* hierconn *) wire        \dut.front_end_off_again_q ;
    (* hierconn *) wire        \dut.replying_q ;

    always @*
        if (started) begin
            assert (dut.reply_q == reply_kind);
            assert ((dut.hit_q == 2'd0) || (dut.hit_q == reply_kind));
            assert ((reply_kind == 2'd3) || (dut.replies_q + hits_q == replies));
            assert (!hit_reply || !decided_q || (dut.replies_q != 8'd0));
            assert (dut.replying_q == replying_q);
            assert (decided_q || !replying_q);
            assert (dut.hang_q == (for_ever ? 16'hFFFF
                                   : (ticks_q >= {1'b0, hang_ticks}) ? 16'd0
                                   : hang_ticks - ticks_q[15:0]));
            assert (dut.hang_armed_q || (dut.hang_q == 16'd0));
            assert (dut.sensor_q == sensor_kind);
            assert (dut.sensor_armed_q || (sensor_kind == 2'd0));
            assert (dut.front_end_off_q == dut.front_end_off_again_q);
        end
`endif

    always @* begin
        assert (!stimulus || (i_write && (address >= `RS_STIMULUS_RACK_BASE)
                              && (address < `RS_INJECTION_BASE)));
        if (i_write && (((address >= `RS_STIMULUS_RACK_BASE) && (address < `RS_STIMULUS_RACK_END))
                        || ((address >= `RS_STIMULUS_TRAYS_BASE)
                            && (address < STIMULUS_END))))
            assert (stimulus
                    && ({24'd0, stimulus_index} == (address - `RS_STIMULUS_RACK_BASE) >> 2));

        assert (strike[10] == (i_write && (address >= `RS_FLIP_REGISTERS_BASE)
                               && (address < `RS_FLIP_REGISTERS_END)));
        if (strike[10])
            assert ({22'd0, strike[9:8], 8'd0} + {22'd0, strike[7:0], 2'd0}
                    == address - `RS_FLIP_REGISTERS_BASE - {30'd0, address[1:0]});
    end

endmodule

`default_nettype wire
