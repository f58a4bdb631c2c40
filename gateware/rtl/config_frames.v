// Guards the configuration frames, 16 frames of 16 words, in the manner of a soft-error mitigation
// core: scans one frame every `period` ticks, corrects one wrong bit or two adjacent ones in place,
// names frames that are lost, and checks a CRC over all frames at the end of every pass.
// docs/controller.md says what it does; this is how.
//
// A scan reads a frame into the syndrome, one word a clock. When that is not 0, it is divided by x
// 512 times: it passes through 1 after k steps when the bit of x^k alone is wrong, through 3 when that
// of x^(k+1) is too. What is left after 512 steps is taken on into a second scan, which ends in 0 when
// it has seen the same errors as the first; else the scan starts anew. So an upset of the syndrome
// neither loses a frame nor corrects it where nothing was wrong. Then the bit is turned to its place
// and flipped, and the frame is read once more.
//
// The CRC over all frames goes on in the syndrome too, which a good frame leaves at 0. In between it
// is kept in the memory, above frames and essential bits.
//
// The lower one of two adjacent bits is the one of the lower power of x. A pass begins as the one
// before has ended.
//
// Latency: a scan takes 22 clocks, up to 660 when the frame is damaged, and starts when i_quiet is
// high. Bus read 2 clocks, write and flip 4 clocks from i_bus_valid to o_bus_done; not during a scan.
// Reset: all registers and the memory: 1024 clocks go by clearing it (o_ready low).
//
// An upset of the state never writes. Not covered: between the end of the second scan and the last
// write of a correction, an upset of the syndrome, the place or the position may flip other bits; the
// read after it finds that and the state becomes fatal. During a scan o_lost is turned, and an upset of
// the position leaves it so until each frame has been scanned again. An upset of the CRC over all
// frames gives one wrong verdict; one of a bus write's data goes into the memory.
`default_nettype none

module config_frames (
    input  wire        i_clk,
    input  wire        i_rst,
    input  wire        i_tick,
    output wire        o_ready,
    // register bus: held until o_bus_done
    input  wire        i_bus_valid,
    input  wire        i_bus_write,
    input  wire [1:0]  i_bus_kind,   // 0 frames, 1 essential bits, 2 flips of frames
    input  wire [7:0]  i_bus_word,
    input  wire [31:0] i_bus_data,
    output wire        o_bus_done,
    output wire [31:0] o_bus_data,
    // settings
    input  wire        i_enable,
    input  wire [7:0]  i_period,     // in ticks; 0 acts as 1
    input  wire        i_restart,    // they are being written
    // against link commands
    input  wire        i_quiet,      // no command is executed, none can be before the clock after next
    output wire        o_busy,       // a scan: none may be executed
    output wire        o_due,        // a scan is to come, or runs
    // state
    output wire [1:0]  o_state,
    output wire [15:0] o_lost,       // not while o_busy
    output wire        o_crc_error,
    output wire [3:0]  o_next_frame,
    output wire        o_damaged,
    // last damaged frame
    output wire        o_error_valid,
    output wire        o_error_uncorrectable,
    output wire        o_error_adjacent,
    output wire        o_error_essential,
    output wire [3:0]  o_error_frame,
    output wire [8:0]  o_error_place,
    // events, one clock each
    output wire        o_corrected,
    output wire        o_uncorrectable,
    output wire        o_essential,
    output wire        o_crc_wrong,
    output wire        o_pass
);

    // Frames, essential bits, then from 512 on a word for the CRC over all frames, the rest 0. Read and
    // written from outside by fault injection in simulation.
    reg [31:0] words [0:1023] /* verilator public_flat_rw */;

    // One-hot, so that an upset leads to a value that is none of them; it does nothing and goes to
    // FATAL. Synthesis must leave the encoding alone. The states in the order of the bits:
    //   0 clear    the memory, after reset
    //   1 off
    //   2 inject   off, and a frame was flipped
    //   3 watch    between scans
    //   4 scan
    //   5 search   for the place of the error
    //   6 confirm  the second scan
    //   7 turn     the bit to its place in the word
    //   8 repair
    //   9 recheck  the scan after a correction
    //  10 close    the CRC over all frames, the frame's lost bit; on to the next frame
    //  11 fatal
    (* fsm_encoding = "none", syn_encoding = "original" *)
    reg [11:0] state_q;
    reg [8:0]  position_q;   // in what the state does
    reg [3:0]  frame_q;
    reg [31:0] read_q;       // output register of the RAM
    reg [31:0] store_q;      // to be written
    reg [2:0]  bus_step_q;
    reg        restart_q;    // settings were written
    reg [7:0]  ticks_q;      // to the next scan
    reg [3:0]  due_q;        // scans that have not begun
    reg        found_q;      // the error can be corrected
    reg        uncompared_q; // this pass will not be compared
    reg [15:0] lost_q;
    reg        was_lost_q;   // this frame
    reg        change_q;     // its bit is to be inverted
    reg        crc_error_q;
    reg        error_valid_q;
    reg        error_uncorrectable_q;
    reg        error_adjacent_q;
    reg        error_essential_q;
    reg [3:0]  error_frame_q;
    reg [8:0]  error_place_q;

    // Exactly one bit: in one group of four exactly one, in the others none.
    wire [2:0] none;
    wire [2:0] one;
    wire       legal = ((none == 3'b011) && one[2]) || ((none == 3'b101) && one[1])
                    || ((none == 3'b110) && one[0]);

    genvar group;
    generate
        for (group = 0; group < 3; group = group + 1) begin : gen_group
            wire [3:0] states = state_q[4*group +: 4];
            assign none[group] = (states == 4'd0);
            assign one[group]  = (states == 4'd1) || (states == 4'd2)
                              || (states == 4'd4) || (states == 4'd8);
        end
    endgenerate

    // Where the state is illegal these may hold together. What would then last is kept back by `legal`.
    wire clear   = state_q[0];
    wire off     = state_q[1];
    wire inject  = state_q[2];
    wire watch   = state_q[3];
    wire scan    = state_q[4];
    wire search  = state_q[5];
    wire confirm = state_q[6];
    wire turn    = state_q[7];
    wire repair  = state_q[8];
    wire recheck = state_q[9];
    wire close   = state_q[10];
    wire fatal   = state_q[11];
    wire idle    = off || inject || watch || fatal;
    wire reading = scan || confirm || recheck;
    wire busy    = reading || search || turn || repair || close;

    // Ripple through: counters of ticks need no look-ahead, and are smaller without.
    wire [7:0] ticks;
    wire [8:0] position;

    assign ticks[0]    = !ticks_q[0];
    assign position[0] = !position_q[0];

    genvar digit;
    generate
        for (digit = 1; digit < 8; digit = digit + 1) begin : gen_ticks
            assign ticks[digit] = ticks_q[digit] ^ (ticks_q[digit-1:0] == 0);
        end
        for (digit = 1; digit < 9; digit = digit + 1) begin : gen_position
            assign position[digit] = position_q[digit] ^ (&position_q[digit-1:0]);
        end
    endgenerate

    // -- pace

    wire observing = watch || busy;
    wire expire    = i_tick && observing && !restart_q && (ticks_q[7:1] == 7'd0);
    wire start     = watch && i_enable && (due_q != 4'd0) && i_quiet;

    always @(posedge i_clk)
        if (i_rst) begin
            restart_q <= 1'b0;
            ticks_q   <= 8'd0;
            due_q     <= 4'd0;
        end else begin
            restart_q <= i_restart;
            if (!observing || restart_q || expire)
                ticks_q <= i_period;
            else if (i_tick)
                ticks_q <= ticks;
            if (!observing)
                due_q <= 4'd0;
            else if (expire != start)
                due_q <= expire ? due_q + 4'd1 : due_q - 4'd1;
        end

    // -- register bus: a write or flip is prepared in store_q

    wire serve     = legal && idle && i_bus_valid;
    wire bus_store = serve && bus_step_q[2] && i_bus_write;
    wire flipped   = bus_store && i_bus_kind[1];
    wire bus_fetch = serve && bus_step_q[0] && i_bus_write && i_bus_kind[1];  // what is to be flipped

    assign o_bus_done = serve && bus_step_q[i_bus_write ? 2 : 0];
    assign o_bus_data = read_q;

    always @(posedge i_clk)
        if (i_rst)
            bus_step_q <= 3'd0;
        else if (i_bus_valid || (bus_step_q != 3'd0))
            bus_step_q <= {bus_step_q[1], bus_step_q[0] && i_bus_write, bus_step_q == 3'd0}
                        & {3{serve}};

    // -- verdicts

    wire [31:0] syndrome;
    wire        zero;
    wire        single;
    wire        pair;

    wire last_frame  = (frame_q == 4'd15);
    wire read_all    = position_q[4] && position_q[0];  // the frame is in, the CRC so far is read
    wire good        = (scan || recheck) && read_all && zero;
    wire confirmed   = legal && confirm && read_all && zero;
    wire fixable     = confirmed && found_q;
    wire lost        = confirmed && !found_q;
    wire newly_lost  = lost && !was_lost_q;
    wire searched    = (position_q == 9'd511);
    wire match       = legal && search && (single || (pair && !searched));  // there is no x^512
    wire crossing    = error_adjacent_q && (error_place_q[4:0] == 5'd31);  // two words are wrong
    wire turned      = (position_q[4:0] == ~error_place_q[4:0]);
    wire word_done   = legal && repair && (position_q[1:0] == 2'd3);
    wire second_word = word_done && crossing && !position_q[2];
    wire repaired    = word_done && !second_word;
    wire here        = (position_q[3:0] == frame_q);
    wire closed      = legal && close && (change_q ? position_q[3:0] == 4'd15 : position_q[1]);
    wire pass        = closed && last_frame;
    wire cleared     = legal && clear && (position_q[5:0] == 6'd63);  // one frame
    wire all_clear   = cleared && last_frame;

    config_syndrome config_syndrome (
        .i_clk      (i_clk),
        .i_rst      (i_rst),
        .i_load     ((idle && !bus_fetch) || fixable || second_word
                     || ((scan || recheck) && (position_q[4:0] == 5'd0))),
        .i_absorb   (bus_fetch || good || (reading && (position_q[4:0] != 5'd0) && !read_all)
                     || (close && (position_q[3:0] == 4'd0))),
        .i_divide   (search),
        .i_turn     (turn && !turned),
        .i_word     (read_q),
        .i_top      (fixable),
        .i_bottom   (second_word || (fixable && error_adjacent_q && !crossing)),
        .o_syndrome (syndrome),
        .o_zero     (zero),
        .o_single   (single),
        .o_pair     (pair)
    );

    // -- memory

    // The word for the CRC over all frames is read as a frame ends. The word that goes into it comes
    // next, then a 0, so that store_q becomes the new one, which is written.
    wire       repair_store = repair && (position_q[1:0] == 2'd2);
    wire       close_store  = close && (position_q[3:0] == 4'd2);
    wire       store        = legal && (clear || bus_store || repair_store || close_store);
    wire       ending       = reading && position_q[4];
    wire       total        = close || (ending && !position_q[0]);
    wire [1:0] region       = idle  ? {1'b0, i_bus_kind[0]}
                            : clear ? position_q[5:4]
                                    : {total, (close && !close_store)
                                              || (repair && (position_q[1:0] == 2'd1))};
    wire [3:0] frame        = idle  ? i_bus_word[7:4] : frame_q | {4{total}};
    wire [3:0] word         = idle  ? i_bus_word[3:0]
                            : repair ? error_place_q[8:5] - {3'd0, position_q[2]}
                            : ending || close ? {3'b111, !(ending && position_q[0] && last_frame)}
                                     : position_q[3:0];
    wire [9:0] address      = {region, frame, word};

    always @(posedge i_clk)
        if (store)
            words[address] <= store_q;
        else if (busy || i_bus_valid)
            read_q <= words[address];

    // So that the memory is defined before the first clock; the walk after reset does it in hardware.
    integer i;
    initial
        for (i = 0; i < 1024; i = i + 1)
            words[i] = 32'd0;

    always @(posedge i_clk)
        if (i_rst || clear || (close && last_frame))
            store_q <= 32'd0;
        else if (repair || close || bus_step_q[1])
            store_q <= (idle ? i_bus_data : read_q) ^ syndrome;

    // -- next state

    wire [11:0] state_d;

    assign state_d[0]  = clear && !all_clear;
    assign state_d[1]  = (off && !i_enable && !flipped) || (watch && !i_enable)
                      || (fatal && restart_q && !i_enable);
    assign state_d[2]  = (off && !i_enable && flipped) || (inject && !i_enable);
    assign state_d[3]  = ((off || inject || watch) && i_enable && !start) || all_clear || closed;
    assign state_d[4]  = start || (scan && !read_all) || (confirm && read_all && !zero);
    assign state_d[5]  = (scan && read_all && !zero) || (search && !searched);
    assign state_d[6]  = (search && searched) || (confirm && !read_all);
    assign state_d[7]  = fixable || (turn && !turned);
    assign state_d[8]  = (turn && turned) || (repair && !repaired);
    assign state_d[9]  = repaired || (recheck && !read_all);
    assign state_d[10] = good || lost || (close && !closed);
    assign state_d[11] = (recheck && read_all && !zero)
                      || (fatal && !(restart_q && !i_enable));

    always @(posedge i_clk)
        if (i_rst)
            state_q <= 12'd1;
        else if (!legal)
            state_q <= 12'h800;
        else
            state_q <= state_d;

    always @(posedge i_clk)
        if (i_rst || idle || cleared || (reading && read_all) || (turn && turned) || repaired || closed)
            position_q <= 9'd0;
        else
            position_q <= position;

    always @(posedge i_clk)
        if (i_rst) begin
            frame_q <= 4'd0;
            found_q <= 1'b0;
        end else begin
            if (cleared || closed)
                frame_q <= frame_q + 4'd1;
            if (scan)
                found_q <= 1'b0;
            else if (match)
                found_q <= 1'b1;
        end

    // -- what was found

    // While 16 words are read the bits go once around, and this frame's comes by; to invert it they
    // go around again.
    always @(posedge i_clk)
        if (i_rst) begin
            lost_q     <= 16'd0;
            was_lost_q <= 1'b0;
            change_q   <= 1'b0;
        end else if (busy) begin
            if (legal && ((reading && !position_q[4]) || (close && change_q)))
                lost_q <= {lost_q[0] ^ (close && here), lost_q[15:1]};
            if (reading && here && !position_q[4])
                was_lost_q <= lost_q[0];
            if (!close)
                change_q <= good ? was_lost_q : newly_lost;
        end

    always @(posedge i_clk)
        if (i_rst) begin
            uncompared_q <= 1'b0;
            crc_error_q  <= 1'b0;
        end else begin
            if (lost || (bus_store && (i_bus_kind == 2'd0)))
                uncompared_q <= 1'b1;
            else if (pass)
                uncompared_q <= 1'b0;
            if (pass && !uncompared_q)
                crc_error_q <= !zero;
        end

    always @(posedge i_clk)
        if (i_rst) begin
            error_valid_q         <= 1'b0;
            error_uncorrectable_q <= 1'b0;
            error_adjacent_q      <= 1'b0;
            error_essential_q     <= 1'b0;
            error_frame_q         <= 4'd0;
            error_place_q         <= 9'd0;
        end else if (busy) begin
            if (repaired || newly_lost) begin
                error_valid_q         <= 1'b1;
                error_uncorrectable_q <= newly_lost;
                error_frame_q         <= frame_q;
            end
            if (newly_lost) begin
                error_adjacent_q <= 1'b0;
                error_place_q    <= 9'd0;
            end else if (match) begin
                error_adjacent_q <= pair;
                error_place_q    <= {~position_q[8:5], position_q[4:0]};
            end
            if (fixable || newly_lost)
                error_essential_q <= 1'b0;
            else if (legal && repair_store && ((read_q & syndrome) != 32'd0))
                error_essential_q <= 1'b1;
        end

    assign o_ready               = !clear;
    assign o_busy                = busy;
    assign o_due                 = busy || (watch && (due_q != 4'd0));
    assign o_state               = {state_q[2] || state_q[11], !state_q[1] && !state_q[2]};
    assign o_lost                = lost_q;
    assign o_crc_error           = crc_error_q;
    assign o_next_frame          = frame_q;
    assign o_damaged             = (lost_q != 16'd0) || crc_error_q || state_q[11];
    assign o_error_valid         = error_valid_q;
    assign o_error_uncorrectable = error_uncorrectable_q;
    assign o_error_adjacent      = error_adjacent_q;
    assign o_error_essential     = error_essential_q;
    assign o_error_frame         = error_frame_q;
    assign o_error_place         = error_place_q;
    assign o_corrected           = repaired;
    assign o_uncorrectable       = newly_lost;
    assign o_essential           = repaired && error_essential_q;
    assign o_crc_wrong           = pass && !uncompared_q && !zero;
    assign o_pass                = pass;

endmodule

`default_nettype wire
