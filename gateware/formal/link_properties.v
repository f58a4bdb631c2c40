// Claims about the way from the line to the register bus, in the controller as it is:
//   a frame is accepted or dropped, and for what reason, exactly as docs/link.md says;
//   the packet buffer is never written outside its bounds, nor the header overwritten by data;
//   a command is discarded, refused or executed exactly as docs/link.md says; in particular
//   nothing is written unless frame CRC, header CRC, data CRC, logical address, key and address
//   of the last frame were right, and then only in the span that frame asked for, which lies in one
//   region of that key;
//   nothing is injected but by a write with the test key, in a FLIGHT build nothing at all.
//
// The FIFO is any_bytes.v, the way of the replies any_reply_line.v; any_memory.v, any_config_frames.v,
// any_counters.v and any_samples.v are what they say. Everything is compared with frame_monitor.v, which watches the bytes, and
// command_monitor.v, which judges what they said.
`default_nettype none
`include "registers.vh"

module link_properties #(
    parameter TRAYS  = 18,
    parameter FLIGHT = 0,
    // To refute a mutant: these bytes come in after the reset, first one at the top, not just any.
    parameter                   BYTES  = 0,
    parameter [8*(BYTES+1)-1:0] SCRIPT = 0
) (
    input wire        i_clk,
    input wire        i_rst,
    input wire        i_tick,
    input wire        i_tx_ready,
    input wire [42:0] i_upset
);

    controller #(.TRAYS(TRAYS), .FLIGHT(FLIGHT)) dut (
        .i_clk          (i_clk),
        .i_rst          (i_rst),
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

    // -- taps

    (* hierconn *) wire [7:0]   \dut.frame_receiver.line_data ;
    (* hierconn *) wire         \dut.frame_receiver.line_error ;
    (* hierconn *) wire         \dut.frame_receiver.line_valid ;
    (* hierconn *) wire         \dut.frame_receiver.i_ready ;
    (* hierconn *) wire         \dut.frame_receiver.slip_decoder.active_q ;
    (* hierconn *) wire         \dut.frame_receiver.slip_decoder.escaped_q ;
    (* hierconn *) wire         \dut.frame_receiver.slip_decoder.error_q ;
    (* hierconn *) wire [1:0]   \dut.frame_receiver.slip_decoder.silence_q ;
    (* hierconn *) wire [8:0]   \dut.frame_receiver.frame_checker.count_q ;
    (* hierconn *) wire [15:0]  \dut.frame_receiver.frame_checker.crc_q ;
    (* hierconn *) wire [7:0]   \dut.frame_receiver.frame_checker.last_q ;
    (* hierconn *) wire [7:0]   \dut.frame_receiver.frame_checker.before_last_q ;
    (* hierconn *) wire [8:0]   \dut.frame_receiver.rmap_receiver.position_q ;
    (* hierconn *) wire [119:0] \dut.frame_receiver.rmap_receiver.header_q ;
    (* hierconn *) wire         \dut.frame_receiver.rmap_receiver.header_ok_q ;
    (* hierconn *) wire [7:0]   \dut.frame_receiver.rmap_receiver.crc_q ;
    (* hierconn *) wire         \dut.frame_receiver.rmap_receiver.store ;
    (* hierconn *) wire [5:0]   \dut.frame_receiver.rmap_receiver.store_index ;
    (* hierconn *) wire         \dut.packet ;
    (* hierconn *) wire [8:0]   \dut.packet_length ;
    (* hierconn *) wire         \dut.framing ;
    (* hierconn *) wire         \dut.oversize ;
    (* hierconn *) wire         \dut.bad_crc ;
    (* hierconn *) wire         \dut.target_ready ;
    (* hierconn *) wire [6:0]   \dut.rmap_target.state_q ;
    (* hierconn *) wire [8:0]   \dut.rmap_target.length_q ;
    (* hierconn *) wire         \dut.rmap_target.discard_q ;
    (* hierconn *) wire [7:0]   \dut.rmap_target.status_q ;
    (* hierconn *) wire [7:0]   \dut.rmap_target.words_q ;
    (* hierconn *) wire         \dut.discarded ;
    (* hierconn *) wire         \dut.refused ;
    (* hierconn *) wire [7:0]   \dut.refusal ;
    (* hierconn *) wire         \dut.executed ;
    (* hierconn *) wire         \dut.bus_valid ;
    (* hierconn *) wire         \dut.bus_write ;
    (* hierconn *) wire [16:0]  \dut.bus_address ;
    (* hierconn *) wire         \dut.register_write ;
    (* hierconn *) wire         \dut.memory_ready ;
    (* hierconn *) wire         \dut.memory.i_bus_valid ;
    (* hierconn *) wire         \dut.memory.i_bus_write ;
    (* hierconn *) wire [1:0]   \dut.memory.i_bus_flip ;
    (* hierconn *) wire         \dut.config_busy ;
    (* hierconn *) wire         \dut.config_frames.i_bus_valid ;
    (* hierconn *) wire         \dut.config_frames.i_bus_write ;
    (* hierconn *) wire [1:0]   \dut.config_frames.i_bus_kind ;
    (* hierconn *) wire         \dut.counting ;
    (* hierconn *) wire         \dut.storing ;
    (* hierconn *) wire         \dut.hang ;
    (* hierconn *) wire         \dut.stimulus ;
    (* hierconn *) wire [10:0]  \dut.strike ;

    wire [8:0]   position = dut.frame_receiver.rmap_receiver.position_q;
    wire [119:0] header_q = dut.frame_receiver.rmap_receiver.header_q;
    wire [7:0]   crc8_q   = dut.frame_receiver.rmap_receiver.crc_q;
    wire         head_ok  = dut.frame_receiver.rmap_receiver.header_ok_q;
    wire [6:0]   state    = dut.rmap_target.state_q;
    wire [16:0]  at       = dut.bus_address;

    localparam [6:0] IDLE   = 7'b0000001;
    localparam [6:0] JUDGE  = 7'b0000010;
    localparam [6:0] DECIDE = 7'b0000100;
    localparam [6:0] WRITE  = 7'b0001000;
    localparam [6:0] FETCH  = 7'b0010000;
    localparam [6:0] MODIFY = 7'b0100000;
    localparam [6:0] REPLY  = 7'b1000000;

    // -- starts with a reset

    reg started = 1'b0;

    always @(posedge i_clk)
        started <= 1'b1;

    always @*
        if (!started)
            assume (i_rst);

    reg [31:0] taken_q = 32'd0;

    generate
        if (BYTES != 0) begin : gen_script
            always @(posedge i_clk)
                if (started && dut.frame_receiver.i_ready && (taken_q < BYTES))
                    taken_q <= taken_q + 32'd1;

            always @*
                if (started) begin
                    assume (!i_rst && !i_upset[42]);
                    assume (dut.memory_ready && !dut.config_busy && !dut.counting && !dut.storing);
                    assume (!i_tick || (taken_q == BYTES));
                    assume (dut.frame_receiver.line_valid == (taken_q < BYTES));
                    assume (!dut.frame_receiver.line_error);
                    assume (dut.frame_receiver.line_data == SCRIPT[8*(BYTES-1-taken_q) +: 8]);
                end
        end
    endgenerate

    // -- frame and command as docs/link.md has them

    wire         framed;
    wire         broken;
    wire         escaped;
    wire [1:0]   silence;
    wire [8:0]   bytes;
    wire [15:0]  crc16;
    wire [15:0]  held;
    wire [127:0] head;
    wire         head_good;
    wire [7:0]   crc8;
    wire         good;
    wire         framing;
    wire         oversize;
    wire         bad_crc;
    wire [8:0]   length;
    wire [127:0] header;
    wire         header_good;
    wire         data_good;
    wire         last_good;

    frame_monitor frame (
        .i_clk         (i_clk),
        .i_rst         (i_rst || dut.hang),
        .i_tick        (i_tick && !dut.hang),
        .i_data        (dut.frame_receiver.line_data),
        .i_mark        (dut.frame_receiver.line_error),
        .i_waiting     (dut.frame_receiver.line_valid),
        .i_take        (dut.frame_receiver.line_valid && dut.frame_receiver.i_ready),
        .o_inside      (framed),
        .o_broken      (broken),
        .o_escaped     (escaped),
        .o_silence     (silence),
        .o_bytes       (bytes),
        .o_crc16       (crc16),
        .o_held        (held),
        .o_head        (head),
        .o_head_good   (head_good),
        .o_crc8        (crc8),
        .o_good        (good),
        .o_framing     (framing),
        .o_oversize    (oversize),
        .o_crc         (bad_crc),
        .o_length      (length),
        .o_header      (header),
        .o_header_good (header_good),
        .o_data_good   (data_good),
        .o_last_good   (last_good)
    );

    wire        discard;
    wire [7:0]  status;
    wire        writes;
    wire        advances;
    wire [31:0] first;
    wire [33:0] behind;
    wire        writable;

    command_monitor #(.TRAYS(TRAYS), .FLIGHT(FLIGHT)) command (
        .i_length      (length),
        .i_header      (header),
        .i_header_good (header_good),
        .i_data_good   (data_good),
        .o_discard     (discard),
        .o_status      (status),
        .o_writes      (writes),
        .o_advances    (advances),
        .o_first       (first),
        .o_behind      (behind),
        .o_writable    (writable)
    );

    // -- claims: frames

    wire       whole = (length >= 9'd16);                    // with a header
    wire [8:0] kept = (bytes < 9'd2) ? 9'd0 : bytes - 9'd2;  // bytes of the packet in the buffer

`ifndef WRITES_ONLY
    always @*
        if (started) begin
            assert (dut.packet == good);
            assert (!good || (dut.packet_length == kept));
            assert (dut.framing == framing);
            assert (dut.oversize == oversize);
            assert (dut.bad_crc == bad_crc);

            // The index goes through the 64 words from the fifth on, and never comes round to it again.
            assert (position == kept);
            assert (position <= 9'd274);
            if (dut.frame_receiver.rmap_receiver.store) begin
                assert ((position >= 9'd16) && (position < 9'd272));
                assert ({3'd0, dut.frame_receiver.rmap_receiver.store_index}
                        == (position >> 2) % 64);
            end
        end

    // -- claims: commands

    always @*
        if (started) begin
            assert (!dut.discarded || discard);
            assert (!dut.refused || (!discard && (status != 8'd0) && (dut.refusal == status)));
            assert (!dut.executed || (!discard && (status == 8'd0)));

            // The target works on the last good frame, as it came.
            if (state != IDLE) begin
                assert (!framed && last_good);
                assert (dut.rmap_target.length_q == length);
                if (whole) begin
                    assert (header_q == header[127:8]);
                    assert (head_ok == header_good);
                    assert (!header_good || ((crc8_q == 8'd0) == data_good));
                end
            end
        end
`endif

    // -- claims: writes

    wire flight_key   = (header[103:96] == 8'h20);
    wire test_key     = (header[103:96] == 8'h5D) && (FLIGHT == 0);
    wire memory_write = dut.memory.i_bus_valid && dut.memory.i_bus_write;
    wire frames_write = dut.config_frames.i_bus_valid && dut.config_frames.i_bus_write;
    wire injects      = dut.stimulus || dut.strike[10]
                        || (dut.register_write && ({15'd0, at} >= `RS_STIMULUS_RACK_BASE))
                        || (memory_write && (dut.memory.i_bus_flip != 2'd0))
                        || (frames_write && dut.config_frames.i_bus_kind[1]);

    always @*
        if (started) begin
            // Nothing is written but what the last frame asked for, and that was right throughout.
            if (dut.register_write || memory_write || frames_write)
                assert (dut.bus_valid && dut.bus_write);
            if (dut.bus_valid && dut.bus_write) begin
                assert (last_good);                        // frame CRC and length
                assert (header_good);                      // header CRC
                assert (data_good);                        // data CRC
                assert (header[127:112] == 16'hFE01);      // logical address, protocol
                assert (flight_key || test_key);
                assert (header[71:64] == 8'h00);           // extended address
                assert (writable && !discard && (status == 8'd0));
                assert (writes && ({17'd0, length} == 26'd17 + {2'd0, header[31:8]}));
                assert ({15'd0, at} >= first);
                assert ({17'd0, at} + 34'd4 <= behind);
                assert (at[1:0] == 2'd0);
            end

            // In a clock in which nothing else comes: see acquisition_properties.v, injection_properties.v.
            assert (!dut.stimulus || !dut.storing);
            assert (!dut.register_write || (!dut.target_ready && !dut.hang));

            // Only a write with the test key injects, and it writes nothing that flies.
            if (injects)
                assert (test_key && dut.bus_write);
            if (dut.bus_valid && dut.bus_write)
                assert (test_key == ({15'd0, at} >= `RS_STIMULUS_RACK_BASE));
        end

    // -- what carries the induction: no claims, mutants have to be found without it

`ifndef CLAIMS_ONLY
    wire [119:0] known = ~({120{1'b1}} << {kept, 3'd0});  // header bytes of this packet
    wire [119:0] wanted = (kept >= 9'd16) ? head[127:8] : head[119:0];

    always @*
        if (started) begin
            assert (framed || (!broken && !escaped && (silence == 2'd0) && (bytes == 9'd0)
                               && (crc16 == 16'hFFFF)));
            assert (silence <= 2'd2);
            assert (bytes <= 9'd276);
            assert (dut.frame_receiver.slip_decoder.active_q == framed);
            assert (dut.frame_receiver.slip_decoder.escaped_q == escaped);
            assert (dut.frame_receiver.slip_decoder.error_q == broken);
            assert (dut.frame_receiver.slip_decoder.silence_q == silence);
            assert (dut.frame_receiver.frame_checker.count_q == bytes);
            assert (dut.frame_receiver.frame_checker.crc_q == crc16);
            assert ((bytes < 9'd1) || (dut.frame_receiver.frame_checker.last_q == held[7:0]));
            assert ((bytes < 9'd2)
                    || (dut.frame_receiver.frame_checker.before_last_q == held[15:8]));
            assert (((header_q ^ wanted) & known) == 120'd0);
            if (kept >= 9'd16)
                assert (head_ok == head_good);
            if ((kept != 9'd0) && ((kept <= 9'd16) || head_good))
                assert (crc8_q == crc8);
            if (kept == 9'd16)
                assert (head_good == (crc8 == 8'd0));

            assert ((state == IDLE) || (state == JUDGE) || (state == DECIDE) || (state == WRITE)
                    || (state == FETCH) || (state == MODIFY) || (state == REPLY));
            assert (dut.target_ready == (state == IDLE));
            assert (!dut.hang || (state == IDLE));
            if ((state != IDLE) && (state != JUDGE)) begin
                assert (dut.rmap_target.discard_q == discard);
                assert (discard || (dut.rmap_target.status_q == status));
            end
            if ((state != IDLE) && (state != JUDGE) && (state != DECIDE))
                assert (!discard);
            if ((state == WRITE) || (state == FETCH) || (state == MODIFY)) begin
                assert (status == 8'd0);
                assert (writes && ((state == WRITE) == header[109]));
                assert (dut.rmap_target.words_q != 8'd0);
                if (advances)
                    assert ({17'd0, at} + {24'd0, dut.rmap_target.words_q, 2'd0} == behind);
                else
                    assert ({15'd0, at} == first);
                assert ({14'd0, dut.rmap_target.words_q, 2'd0} <= header[31:8]);
            end
            if ((state == FETCH) || (state == MODIFY))
                assert (dut.rmap_target.words_q == 8'd1);
        end
`endif

endmodule

`default_nettype wire
