// Claims about protected_memory, for every state of every register and every content:
//   it stores a word in four cases only: clearing after reset, a write from the bus, the repair of a
//   word that the decoder calls corrected, at the place it was read from, and a flip from the bus;
//   a flip inverts the bits it names of the word it names, and is neither checked nor reported;
//   an uncorrectable word is never stored over by anything but a write or a flip, and is reported
//   with its place; so is a corrected one; nothing else is;
//   a read returns what the decoder makes of the word.
// What the decoder says is proved in secded_properties.v; here it is any_decoder.v and may say
// anything.
`default_nettype none

module memory_properties (
    input wire        i_clk,
    input wire        i_rst,
    input wire        i_bus_valid,
    input wire        i_bus_write,
    input wire [1:0]  i_bus_flip,
    input wire [9:0]  i_bus_word,
    input wire [31:0] i_bus_data,
    input wire        i_scrub_valid,
    input wire [9:0]  i_scrub_word
);

    wire        ready;
    wire        bus_done;
    wire [31:0] bus_data;
    wire        scrub_done;
    wire        corrected;
    wire        uncorrectable;
    wire        error_valid;
    wire        error_uncorrectable;
    wire [6:0]  error_syndrome;
    wire [9:0]  error_word;
    wire        lost_valid;
    wire [9:0]  lost_word;

    protected_memory dut (
        .i_clk                 (i_clk),
        .i_rst                 (i_rst),
        .o_ready               (ready),
        .i_bus_valid           (i_bus_valid),
        .i_bus_write           (i_bus_write),
        .i_bus_flip            (i_bus_flip),
        .i_bus_word            (i_bus_word),
        .i_bus_data            (i_bus_data),
        .o_bus_done            (bus_done),
        .o_bus_data            (bus_data),
        .i_scrub_valid         (i_scrub_valid),
        .i_scrub_word          (i_scrub_word),
        .o_scrub_done          (scrub_done),
        .o_corrected           (corrected),
        .o_uncorrectable       (uncorrectable),
        .o_error_valid         (error_valid),
        .o_error_uncorrectable (error_uncorrectable),
        .o_error_syndrome      (error_syndrome),
        .o_error_word          (error_word),
        .o_lost_valid          (lost_valid),
        .o_lost_word           (lost_word)
    );

    (* hierconn *) wire        \dut.bus_read ;
    (* hierconn *) wire        \dut.bus_write ;
    (* hierconn *) wire        \dut.bus_flip ;
    (* hierconn *) wire        \dut.scrub ;
    (* hierconn *) wire        \dut.checking ;
    (* hierconn *) wire        \dut.flipping ;
    (* hierconn *) wire [38:0] \dut.code_q ;
    (* hierconn *) wire        \dut.store ;
    (* hierconn *) wire [9:0]  \dut.store_word ;
    (* hierconn *) wire [38:0] \dut.store_code ;
    (* hierconn *) wire [38:0] \dut.encoded ;
    (* hierconn *) wire [38:0] \dut.repaired ;
    (* hierconn *) wire [6:0]  \dut.syndrome ;
    (* hierconn *) wire        \dut.single ;
    (* hierconn *) wire        \dut.double ;

    reg        read_q = 1'b0;      // a word was read in the last clock, to be checked
    reg        flip_q = 1'b0;      // to be flipped
    reg        scrub_q;            // for the scrubber
    reg [9:0]  place_q;
    reg        checked_q = 1'b0;   // a word was checked in the last clock
    reg        single_q;
    reg        double_q;
    reg [9:0]  checked_place_q;
    reg [6:0]  syndrome_q;

    wire [38:0] mask = {i_bus_flip[1] ? i_bus_data[6:0] : 7'd0, i_bus_flip[0] ? i_bus_data : 32'd0};

    always @(posedge i_clk) begin
        read_q          <= !i_rst && (dut.bus_read || dut.scrub);
        flip_q          <= !i_rst && dut.bus_flip;
        scrub_q         <= dut.scrub;
        place_q         <= dut.scrub ? i_scrub_word : i_bus_word;
        checked_q       <= !i_rst && dut.checking && read_q;
        single_q        <= dut.single;
        double_q        <= dut.double;
        checked_place_q <= place_q;
        syndrome_q      <= dut.syndrome;
    end

    always @* begin
        assert (!dut.bus_write || (i_bus_valid && i_bus_write && (i_bus_flip == 2'd0)));
        assert (!dut.bus_flip || (i_bus_valid && i_bus_write && (i_bus_flip != 2'd0)));
        assert (!dut.bus_read || (i_bus_valid && !i_bus_write));
        assert (!(dut.bus_write && dut.checking));
        if (!ready)
            assert (!dut.store || (dut.store_code == 39'd0));
        else if (dut.store) begin
            if (dut.bus_write) begin
                assert (dut.store_word == i_bus_word);
                assert (dut.store_code == dut.encoded);
            end else if (dut.flipping) begin
                assert (dut.store_code == (dut.code_q ^ mask));
                assert (!flip_q || (dut.store_word == place_q));
            end else begin
                assert (dut.checking && dut.single && !dut.double);
                assert (dut.store_code == dut.repaired);
                assert (!read_q || (dut.store_word == place_q));
            end
        end
        assert (!corrected || dut.checking);
        assert (!uncorrectable || dut.checking);
        assert (!read_q || dut.checking);
        assert (!flip_q || (dut.flipping && dut.store && bus_done));
        if (read_q) begin
            assert (scrub_done == scrub_q);
            assert (bus_done == !scrub_q);
            assert (dut.store == dut.single);
            assert (corrected == dut.single);
            assert (uncorrectable == dut.double);
            assert (scrub_q || (bus_data == dut.repaired[31:0]));
        end
        if (checked_q) begin
            if (single_q || double_q)
                assert (error_valid && (error_uncorrectable == double_q)
                        && (error_syndrome == syndrome_q) && (error_word == checked_place_q));
            if (double_q)
                assert (lost_valid && (lost_word == checked_place_q));
        end
    end

endmodule

`default_nettype wire
