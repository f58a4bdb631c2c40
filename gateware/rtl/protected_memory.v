// 1024 words of 32 bits behind a SECDED (39,32) code. A read corrects a word in place and tells; it
// has two clients, the register bus and the scrubber, the bus goes first. A flip inverts bits of a
// stored codeword, for tests.
//
// Latency: o_bus_done in the clock of i_bus_valid for a write, in the next one for a read or a flip;
// o_scrub_done in the next one. Reset: the last-error registers, and the memory itself: 1024 clocks go
// by clearing it word by word (o_ready low), clients wait meanwhile.
`default_nettype none

module protected_memory (
    input  wire        i_clk,
    input  wire        i_rst,
    output wire        o_ready,
    output wire [7:0]  o_clear_index,    // runs while o_ready is low: for others to clear by
    // register bus: held until o_bus_done
    input  wire        i_bus_valid,
    input  wire        i_bus_write,
    input  wire [1:0]  i_bus_flip,       // a write inverts: bit 0 data bits, bit 1 check bits
    input  wire [9:0]  i_bus_word,
    input  wire [31:0] i_bus_data,
    output wire        o_bus_done,
    output wire [31:0] o_bus_data,       // with o_bus_done
    // scrubber: held until o_scrub_done
    input  wire        i_scrub_valid,
    input  wire [9:0]  i_scrub_word,
    output wire        o_scrub_done,
    // errors met
    output wire        o_corrected,      // one clock
    output wire        o_uncorrectable,  // one clock
    output wire        o_error_valid,    // the last one
    output wire        o_error_uncorrectable,
    output wire [6:0]  o_error_syndrome,
    output wire [9:0]  o_error_word,
    output wire        o_lost_valid,
    output wire [9:0]  o_lost_word
);

    // One-hot, so that an upset leads to a value that is none of them; it does nothing and goes to
    // IDLE, never to CLEAR. Synthesis must leave the encoding alone.
    localparam [3:0] CLEAR = 4'b0001;
    localparam [3:0] IDLE  = 4'b0010;
    localparam [3:0] CHECK = 4'b0100;
    localparam [3:0] FLIP  = 4'b1000;

    // Read and written from outside by fault injection in simulation. No read in a clock that stores.
    (* no_rw_check *) reg [38:0] words [0:1023] /* verilator public_flat_rw */;

    (* fsm_encoding = "none", syn_encoding = "original" *)
    reg [3:0]  state_q;
    reg [9:0]  word_q;         // being cleared, or being checked
    reg        for_scrub_q;    // the check is the scrubber's
    reg [38:0] code_q;         // output register of the RAM
    reg        error_valid_q;
    reg        error_uncorrectable_q;
    reg [6:0]  error_syndrome_q;
    reg [9:0]  error_word_q;
    reg        lost_valid_q;
    reg [9:0]  lost_word_q;

    wire        bus_new   = (state_q == IDLE) && i_bus_valid;
    wire        bus_flip  = bus_new && i_bus_write && (i_bus_flip != 2'd0);
    wire        bus_write = bus_new && i_bus_write && (i_bus_flip == 2'd0);
    wire        bus_read  = bus_new && !i_bus_write;
    wire        scrub     = (state_q == IDLE) && !bus_new && i_scrub_valid;
    wire        checking  = (state_q == CHECK);
    wire        flipping  = (state_q == FLIP);
    wire [9:0]  read_word = scrub ? i_scrub_word : i_bus_word;

    wire [38:0] encoded;
    wire [38:0] repaired;
    wire [38:0] error;     // the bit that is wrong
    wire [6:0]  syndrome;
    wire        single;
    wire        double;

    secded_encode secded_encode (
        .i_data (i_bus_data),
        .o_code (encoded)
    );

    secded_decode secded_decode (
        .i_code          (code_q),
        .o_code          (repaired),
        .o_flip          (error),
        .o_syndrome      (syndrome),
        .o_corrected     (single),
        .o_uncorrectable (double)
    );

    wire [38:0] wanted     = {i_bus_data[6:0] & {7{i_bus_flip[1]}}, i_bus_data & {32{i_bus_flip[0]}}};
    wire [38:0] changed    = code_q ^ (checking ? error : wanted);
    wire unused = &{1'b0, repaired[38:32]};

    wire        store      = (state_q == CLEAR) || bus_write || (checking && single) || flipping;
    wire [9:0]  store_word = bus_write ? i_bus_word : word_q;
    wire [38:0] store_code = bus_write ? encoded : (state_q == CLEAR) ? 39'd0 : changed;

    always @(posedge i_clk)
        if (store)
            words[store_word] <= store_code;

    always @(posedge i_clk)
        if (bus_read || bus_flip || scrub)
            code_q <= words[read_word];

    // So that the memory is defined before the first clock; the walk after reset does it in hardware.
    integer i;
    initial
        for (i = 0; i < 1024; i = i + 1)
            words[i] = 39'd0;

    assign o_ready               = (state_q != CLEAR);
    assign o_bus_done            = bus_write || flipping || (checking && !for_scrub_q);
    assign o_bus_data            = repaired[31:0];
    assign o_scrub_done          = checking && for_scrub_q;
    assign o_clear_index         = word_q[7:0];
    assign o_corrected           = checking && single;
    assign o_uncorrectable       = checking && double;
    assign o_error_valid         = error_valid_q;
    assign o_error_uncorrectable = error_uncorrectable_q;
    assign o_error_syndrome      = error_syndrome_q;
    assign o_error_word          = error_word_q;
    assign o_lost_valid          = lost_valid_q;
    assign o_lost_word           = lost_word_q;

    always @(posedge i_clk)
        if (i_rst) begin
            state_q     <= CLEAR;
            word_q      <= 10'd0;
            for_scrub_q <= 1'b0;
        end else begin
            case (state_q)
                CLEAR:   begin
                             word_q <= word_q + 10'd1;
                             if (word_q == 10'd1023)
                                 state_q <= IDLE;
                         end
                IDLE:    begin
                             word_q      <= read_word;
                             for_scrub_q <= scrub;
                             if (bus_read || scrub)
                                 state_q <= CHECK;
                             else if (bus_flip)
                                 state_q <= FLIP;
                         end
                default: state_q <= IDLE;
            endcase
        end

    always @(posedge i_clk)
        if (i_rst) begin
            error_valid_q         <= 1'b0;
            error_uncorrectable_q <= 1'b0;
            error_syndrome_q      <= 7'd0;
            error_word_q          <= 10'd0;
            lost_valid_q          <= 1'b0;
            lost_word_q           <= 10'd0;
        end else if (checking) begin
            if (double) begin
                lost_valid_q <= 1'b1;
                lost_word_q  <= word_q;
            end
            if (single || double) begin
                error_valid_q         <= 1'b1;
                error_uncorrectable_q <= double;
                error_syndrome_q      <= syndrome;
                error_word_q          <= word_q;
            end
        end

endmodule

`default_nettype wire
