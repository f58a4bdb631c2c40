// Claims about the scanner of the configuration frames, with every register at any value whatever:
//   an illegal state stores nothing, answers nothing, tells nothing, and is fatal in the next clock;
//   the fatal state scans nothing, and is left only when the settings are written with `enable` clear;
//   a scan cannot get stuck: a count that only falls brings it back to waiting. It starts anew only
//   where its two looks at a frame were different;
//   the memory is stored to by the clearing after reset, by the bus, at the word asked for, by a
//   repair, in the frame that is scanned, and by the CRC over all frames; a write stores its word, a
//   flip the word that was there with the bits it names inverted.
// That an access on the bus does not fall together with a scan is what i_quiet says, see controller.v.
//
// The syndrome is any_syndrome.v: claims that need one say when it was loaded and what it took in.
`default_nettype none

module frames_properties (
    input wire        i_clk,
    input wire        i_rst,
    input wire        i_tick,
    input wire        i_bus_valid,
    input wire        i_bus_write,
    input wire [1:0]  i_bus_kind,
    input wire [7:0]  i_bus_word,
    input wire [31:0] i_bus_data,
    input wire        i_enable,
    input wire [7:0]  i_period,
    input wire        i_restart,
    input wire        i_quiet
);

    wire bus_done;
    wire busy;
    wire corrected;
    wire uncorrectable;
    wire essential;
    wire crc_wrong;
    wire pass;

    config_frames dut (
        .i_clk           (i_clk),
        .i_rst           (i_rst),
        .i_tick          (i_tick),
        .i_bus_valid     (i_bus_valid),
        .i_bus_write     (i_bus_write),
        .i_bus_kind      (i_bus_kind),
        .i_bus_word      (i_bus_word),
        .i_bus_data      (i_bus_data),
        .o_bus_done      (bus_done),
        .i_enable        (i_enable),
        .i_period        (i_period),
        .i_restart       (i_restart),
        .i_quiet         (i_quiet),
        .o_busy          (busy),
        .o_corrected     (corrected),
        .o_uncorrectable (uncorrectable),
        .o_essential     (essential),
        .o_crc_wrong     (crc_wrong),
        .o_pass          (pass)
    );

    (* hierconn *) wire [11:0] \dut.state_q ;
    (* hierconn *) wire [8:0]  \dut.position_q ;
    (* hierconn *) wire [3:0]  \dut.frame_q ;
    (* hierconn *) wire [31:0] \dut.read_q ;
    (* hierconn *) wire [31:0] \dut.store_q ;
    (* hierconn *) wire [15:0] \dut.lost_q ;
    (* hierconn *) wire        \dut.change_q ;
    (* hierconn *) wire        \dut.error_adjacent_q ;
    (* hierconn *) wire [8:0]  \dut.error_place_q ;
    (* hierconn *) wire        \dut.store ;
    (* hierconn *) wire [9:0]  \dut.address ;
    (* hierconn *) wire        \dut.zero ;
    (* hierconn *) wire [31:0] \dut.syndrome ;
    (* hierconn *) wire        \dut.config_syndrome.i_load ;
    (* hierconn *) wire        \dut.config_syndrome.i_absorb ;
    (* hierconn *) wire        \dut.config_syndrome.i_top ;
    (* hierconn *) wire        \dut.config_syndrome.i_bottom ;
    (* hierconn *) wire [31:0] \dut.config_syndrome.i_word ;

    localparam [11:0] CLEAR   = 12'h001;
    localparam [11:0] OFF     = 12'h002;
    localparam [11:0] INJECT  = 12'h004;
    localparam [11:0] WATCH   = 12'h008;
    localparam [11:0] SCAN    = 12'h010;
    localparam [11:0] SEARCH  = 12'h020;
    localparam [11:0] CONFIRM = 12'h040;
    localparam [11:0] TURN    = 12'h080;
    localparam [11:0] REPAIR  = 12'h100;
    localparam [11:0] RECHECK = 12'h200;
    localparam [11:0] CLOSE   = 12'h400;
    localparam [11:0] FATAL   = 12'h800;

    wire [11:0] state   = dut.state_q;
    wire        illegal = (state == 12'd0) || ((state & (state - 12'd1)) != 12'd0);
    wire        waiting = (state == OFF) || (state == INJECT) || (state == WATCH)
                          || (state == FATAL);

    // -- what is left to do

    wire [8:0] at    = dut.position_q;
    wire [4:0] place = ~dut.error_place_q[4:0] - at[4:0];
    wire       twice = dut.error_adjacent_q && (dut.error_place_q[4:0] == 5'd31);

    wire [9:0] to_read  = !at[4] ? 10'd17 - {6'd0, at[3:0]} : at[0] ? 10'd0 : 10'd1;
    wire [9:0] to_store = (twice && !at[2]) ? 10'd7 - {8'd0, at[1:0]} : 10'd3 - {8'd0, at[1:0]};
    wire [9:0] to_close = dut.change_q ? 10'd15 - {6'd0, at[3:0]} : at[1] ? 10'd0 : at[0] ? 10'd1
                                                                                         : 10'd2;
    reg [12:0] left;

    always @*
        case (state)
            CLEAR:   left = {3'd1, 4'd15 - dut.frame_q, 6'd63 - at[5:0]};
            SCAN:    left = {3'd7, to_read};
            SEARCH:  left = {3'd6, 10'd511 - {1'b0, at}};
            CONFIRM: left = {3'd5, to_read};
            TURN:    left = {3'd4, 5'd0, place};
            REPAIR:  left = {3'd3, to_store};
            RECHECK: left = {3'd2, to_read};
            CLOSE:   left = {3'd1, to_close};
            default: left = illegal ? 13'd1 : 13'd0;
        endcase

    // -- what was before

    reg         started = 1'b0;  // a clock has gone by without a reset
    reg         second  = 1'b0;  // two
    reg         third   = 1'b0;  // three
    reg [11:0]  state_q;
    reg [12:0]  left_q;
    reg         zero_q;
    reg         settings_q;      // were written
    reg         settings_2_q;    // two clocks ago
    reg         enable_q;
    reg [15:0]  lost_q;
    reg [3:0]   frame_q;
    reg         valid_q;
    reg         done_q;
    reg [42:0]  access_q;

    wire [42:0] access = {i_bus_write, i_bus_kind, i_bus_word, i_bus_data};

    always @(posedge i_clk) begin
        started      <= !i_rst;
        second       <= !i_rst && started;
        third        <= !i_rst && second;
        state_q      <= state;
        left_q       <= left;
        zero_q       <= dut.zero;
        settings_q   <= i_restart;
        settings_2_q <= settings_q;
        enable_q     <= i_enable;
        lost_q       <= dut.lost_q;
        frame_q      <= dut.frame_q;
        valid_q      <= i_bus_valid;
        done_q       <= bus_done;
        access_q     <= access;
    end

    // An access stays until it is done, and none is there while i_quiet is high.
    always @* begin
        assume (i_bus_kind != 2'd3);
        assume (!i_bus_valid || !i_quiet);
        if (started && valid_q && !done_q)
            assume (i_bus_valid && (access == access_q));
    end

    wire was_illegal = (state_q == 12'd0) || ((state_q & (state_q - 12'd1)) != 12'd0);

    always @* begin
        if (illegal)
            assert (!dut.store && !bus_done && !corrected && !uncorrectable && !essential
                    && !crc_wrong && !pass);
        if (started && was_illegal)
            assert ((state == FATAL) && (dut.lost_q == lost_q) && (dut.frame_q == frame_q));

        if (state == FATAL)
            assert (!busy && (!dut.store || (i_bus_valid && i_bus_write)));
        if (second && (state_q == FATAL))
            assert ((state == FATAL) || ((state == OFF) && settings_2_q && !enable_q));

        if (started) begin
            assert ((left == 13'd0) == waiting);
            if (left_q != 13'd0)
                assert ((left < left_q) || ((state_q == CONFIRM) && (state == SCAN) && !zero_q));
        end
    end

    // -- the memory

    wire emptied = dut.config_syndrome.i_load && !dut.config_syndrome.i_top
                   && !dut.config_syndrome.i_bottom;
    wire takes   = !dut.config_syndrome.i_load && dut.config_syndrome.i_absorb
                   && (dut.config_syndrome.i_word == dut.read_q);

    // one, two, three clocks ago
    reg [31:0] syndrome_q;
    reg        emptied_q;
    reg        emptied_2_q;
    reg        emptied_3_q;
    reg        takes_q;
    reg        takes_2_q;
    reg [9:0]  address_q;
    reg [9:0]  address_2_q;
    reg [9:0]  address_3_q;

    always @(posedge i_clk) begin
        syndrome_q  <= dut.syndrome;
        emptied_q   <= emptied;
        emptied_2_q <= emptied_q;
        emptied_3_q <= emptied_2_q;
        takes_q     <= takes;
        takes_2_q   <= takes_q;
        address_q   <= dut.address;
        address_2_q <= address_q;
        address_3_q <= address_2_q;
    end

    wire [1:0] region = dut.address[9:8];

    always @*
        if (dut.store) begin
            if (waiting) begin
                assert (i_bus_valid && i_bus_write);
                assert (dut.address == {1'b0, i_bus_kind[0], i_bus_word});
                if (third) begin
                    // The syndrome was 0, or the word read at that address, when it was added.
                    assert (dut.store_q == (i_bus_data ^ syndrome_q));
                    if (i_bus_kind[1])
                        assert (emptied_3_q && takes_2_q && (address_3_q == dut.address));
                    else
                        assert (emptied_2_q);
                end
            end else begin
                assert ((state == CLEAR) || (state == REPAIR) || (state == CLOSE));
                if (state == REPAIR)
                    assert ((region == 2'd0) && (dut.address[7:4] == dut.frame_q));
                if (state == CLOSE)
                    assert (region == 2'd2);
            end
        end

endmodule

`default_nettype wire
