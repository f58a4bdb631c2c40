// 1024 words of 32 bits behind a SECDED (39,32) code. A read corrects a word in place and counts;
// it has two clients, the register bus and the scrubber, the bus goes first.
//
// Latency: bus write 1 clock, bus read 2 clocks from i_bus_valid to o_bus_done; scrub 2 clocks.
// Reset: the counters and the last-error registers, and the memory itself: 1024 clocks go by
// clearing it word by word (o_ready low), clients wait meanwhile.
`default_nettype none

module protected_memory (
    input  wire        i_clk,
    input  wire        i_rst,
    output wire        o_ready,
    // register bus: held until o_bus_done
    input  wire        i_bus_valid,
    input  wire        i_bus_write,
    input  wire [9:0]  i_bus_word,
    input  wire [31:0] i_bus_data,
    output wire        o_bus_done,
    output wire [31:0] o_bus_data,
    // scrubber: held until o_scrub_done
    input  wire        i_scrub_valid,
    input  wire [9:0]  i_scrub_word,
    output wire        o_scrub_done,
    // errors met
    output wire [15:0] o_corrected,
    output wire [15:0] o_uncorrectable,
    output wire        o_error_valid,
    output wire        o_error_uncorrectable,
    output wire [6:0]  o_error_syndrome,
    output wire [9:0]  o_error_word,
    output wire        o_lost_valid,
    output wire [9:0]  o_lost_word
);

    // One-hot, so that an upset leads to a value that is none of them; it does nothing and goes to
    // IDLE, never to CLEAR. Synthesis must leave the encoding alone.
    localparam [2:0] CLEAR = 3'b001;
    localparam [2:0] IDLE  = 3'b010;
    localparam [2:0] CHECK = 3'b100;

    // Read and written from outside by fault injection in simulation.
    reg [38:0] words [0:1023] /* verilator public_flat_rw */;

    (* fsm_encoding = "none", syn_encoding = "original" *)
    reg [2:0]  state_q;
    reg [9:0]  word_q;         // being cleared, or being checked
    reg        for_scrub_q;    // the check is the scrubber's
    reg [38:0] code_q;         // output register of the RAM
    reg        bus_done_q;
    reg [31:0] bus_data_q;
    reg [15:0] corrected_q;
    reg [15:0] uncorrectable_q;
    reg        error_valid_q;
    reg        error_uncorrectable_q;
    reg [6:0]  error_syndrome_q;
    reg [9:0]  error_word_q;
    reg        lost_valid_q;
    reg [9:0]  lost_word_q;

    wire        bus_new   = (state_q == IDLE) && i_bus_valid && !bus_done_q;
    wire        bus_write = bus_new && i_bus_write;
    wire        bus_read  = bus_new && !i_bus_write;
    wire        scrub     = (state_q == IDLE) && !bus_new && i_scrub_valid;
    wire        checking  = (state_q == CHECK);
    wire [9:0]  read_word = scrub ? i_scrub_word : i_bus_word;

    wire [38:0] encoded;
    wire [38:0] repaired;
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
        .o_syndrome      (syndrome),
        .o_corrected     (single),
        .o_uncorrectable (double)
    );

    wire        store      = (state_q == CLEAR) || bus_write || (checking && single);
    wire [9:0]  store_word = bus_write ? i_bus_word : word_q;
    wire [38:0] store_code = bus_write ? encoded : checking ? repaired : 39'd0;

    always @(posedge i_clk)
        if (store)
            words[store_word] <= store_code;

    always @(posedge i_clk)
        if (bus_read || scrub)
            code_q <= words[read_word];

    // So that the memory is defined before the first clock; the walk after reset does it in hardware.
    integer i;
    initial
        for (i = 0; i < 1024; i = i + 1)
            words[i] = 39'd0;

    assign o_ready               = (state_q != CLEAR);
    assign o_bus_done            = bus_done_q;
    assign o_bus_data            = bus_data_q;
    assign o_scrub_done          = checking && for_scrub_q;
    assign o_corrected           = corrected_q;
    assign o_uncorrectable       = uncorrectable_q;
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
            bus_done_q  <= 1'b0;
            bus_data_q  <= 32'd0;
        end else begin
            bus_done_q <= bus_write || (checking && !for_scrub_q);
            if (checking)
                bus_data_q <= repaired[31:0];
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
                         end
                default: state_q <= IDLE;
            endcase
        end

    always @(posedge i_clk)
        if (i_rst) begin
            corrected_q           <= 16'd0;
            uncorrectable_q       <= 16'd0;
            error_valid_q         <= 1'b0;
            error_uncorrectable_q <= 1'b0;
            error_syndrome_q      <= 7'd0;
            error_word_q          <= 10'd0;
            lost_valid_q          <= 1'b0;
            lost_word_q           <= 10'd0;
        end else if (checking) begin
            if (single)
                corrected_q <= corrected_q + 16'd1;
            if (double) begin
                uncorrectable_q <= uncorrectable_q + 16'd1;
                lost_valid_q    <= 1'b1;
                lost_word_q     <= word_q;
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
