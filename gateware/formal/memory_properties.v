// Claims about protected_memory, for every state of every register and every content:
//   it stores a word in three cases only: clearing after reset, a write from the bus, and the repair
//   of a word that the decoder calls corrected, at the place it was read from;
//   an uncorrectable word is never stored over by anything but a write, and is reported with its
//   place and counted; so is a corrected one;
//   a read returns what the decoder makes of the word.
// What the decoder says is proved in secded_properties.v; here it is any_decoder.v and may say
// anything.
`default_nettype none

module memory_properties (
    input wire        i_clk,
    input wire        i_rst,
    input wire        i_bus_valid,
    input wire        i_bus_write,
    input wire [9:0]  i_bus_word,
    input wire [31:0] i_bus_data,
    input wire        i_scrub_valid,
    input wire [9:0]  i_scrub_word
);

    wire        ready;
    wire        bus_done;
    wire [31:0] bus_data;
    wire        scrub_done;
    wire [15:0] corrected;
    wire [15:0] uncorrectable;
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
    (* hierconn *) wire        \dut.scrub ;
    (* hierconn *) wire        \dut.checking ;
    (* hierconn *) wire        \dut.for_scrub_q ;
    (* hierconn *) wire [9:0]  \dut.word_q ;
    (* hierconn *) wire [9:0]  \dut.read_word ;
    (* hierconn *) wire        \dut.store ;
    (* hierconn *) wire [9:0]  \dut.store_word ;
    (* hierconn *) wire [38:0] \dut.store_code ;
    (* hierconn *) wire [38:0] \dut.encoded ;
    (* hierconn *) wire [38:0] \dut.repaired ;
    (* hierconn *) wire [6:0]  \dut.syndrome ;
    (* hierconn *) wire        \dut.single ;
    (* hierconn *) wire        \dut.double ;

    reg        started = 1'b0;
    reg        read_q = 1'b0;      // a word was read in the last clock
    reg        scrub_q;            // for the scrubber
    reg [9:0]  place_q;
    reg        checked_q = 1'b0;   // a word was checked in the last clock
    reg        single_q;
    reg        double_q;
    reg        for_bus_q;
    reg [9:0]  checked_place_q;
    reg [31:0] data_q;
    reg [6:0]  syndrome_q;
    reg [15:0] corrected_q;
    reg [15:0] uncorrectable_q;

    always @(posedge i_clk) begin
        started         <= 1'b1;
        read_q          <= !i_rst && (dut.bus_read || dut.scrub);
        scrub_q         <= dut.scrub;
        place_q         <= dut.scrub ? i_scrub_word : i_bus_word;
        checked_q       <= !i_rst && dut.checking && read_q;
        single_q        <= dut.single;
        double_q        <= dut.double;
        for_bus_q       <= !scrub_q;
        checked_place_q <= place_q;
        data_q          <= dut.repaired[31:0];
        syndrome_q      <= dut.syndrome;
        corrected_q     <= corrected;
        uncorrectable_q <= uncorrectable;
    end

    always @* begin
        assert (!dut.bus_write || (i_bus_valid && i_bus_write));
        assert (!dut.bus_read || (i_bus_valid && !i_bus_write));
        assert (!(dut.bus_write && dut.checking));
        if (dut.store && ready) begin
            if (dut.bus_write) begin
                assert (dut.store_word == i_bus_word);
                assert (dut.store_code == dut.encoded);
            end else begin
                assert (dut.checking && dut.single && !dut.double);
                assert (dut.store_code == dut.repaired);
                assert (!read_q || (dut.store_word == place_q));
            end
        end
        if (!ready)
            assert (!dut.store || (dut.store_code == 39'd0));
        if (read_q) begin
            assert (dut.checking);
            assert (dut.for_scrub_q == scrub_q);
            assert (scrub_done == scrub_q);
            assert (dut.store == dut.single);
        end
        if (checked_q) begin
            assert (bus_done == for_bus_q);
            assert (!for_bus_q || (bus_data == data_q));
            assert (corrected == corrected_q + {15'd0, single_q});
            assert (uncorrectable == uncorrectable_q + {15'd0, double_q});
            if (single_q || double_q)
                assert (error_valid && (error_uncorrectable == double_q)
                        && (error_syndrome == syndrome_q) && (error_word == checked_place_q));
            if (double_q)
                assert (lost_valid && (lost_word == checked_place_q));
        end
    end

endmodule

`default_nettype wire
