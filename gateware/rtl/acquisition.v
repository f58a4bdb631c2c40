// The newest sample of every sensor channel, laid out as the sensor vector: 8 rack words of 32 bits,
// then 4 words a tray, two 16-bit channels to a word.
//
// Samples come from a front end, all at once (PARALLEL = 1, simulation) or word by word (PARALLEL =
// 0, an ADC), and from stimulus, word by word. The bus waits while a word of the front end is stored,
// so that no two words come in one clock. With PARALLEL = 0 all words are in a RAM, and in flip-flops
// beside it only what is looked at in every clock.
//
// A fault of one channel acts on samples as they are taken: freeze takes none, skew adds to them.
//
// Latency: 1 clock from a sample to the outputs; a word read in one clock is there in the next.
// Reset: all 0; the RAM by a walk through i_clear_word.
`default_nettype none

module acquisition #(
    parameter TRAYS    = 18,
    parameter PARALLEL = 1
) (
    input  wire                        i_clk,
    input  wire                        i_rst,
    input  wire                        i_clear,         // 0 to word i_clear_word
    input  wire [7:0]                  i_clear_word,
    // front end: the vector, first byte at the top, or words
    // verilator lint_off UNUSEDSIGNAL
    input  wire [8*(32+16*TRAYS)-1:0]  i_sensors,
    input  wire                        i_present,       // take it
    // verilator lint_on UNUSEDSIGNAL
    input  wire                        i_sample_valid,
    input  wire [7:0]                  i_sample_index,  // word of the vector
    input  wire [31:0]                 i_sample_data,
    // stimulus
    input  wire                        i_stimulus_valid,
    input  wire [7:0]                  i_stimulus_index,
    input  wire [31:0]                 i_stimulus_data,
    // faults
    input  wire                        i_front_end_off, // nothing is taken from it
    input  wire                        i_freeze,
    input  wire                        i_skew,
    input  wire [8:0]                  i_channel,       // 16-bit channel, 0 at the top of the vector
    input  wire [15:0]                 i_offset,
    // a word, as stored
    input  wire                        i_read,
    input  wire [7:0]                  i_index,
    output wire [31:0]                 o_word,          // word i_index of the clock before
    output wire                        o_storing,       // a word of the front end: the bus has to wait
    // looked at in every clock; tray i at [16*i +: 16]
    output wire [15:0]                 o_coolant_supply, // sensor A
    output wire [16*TRAYS-1:0]         o_gpu,
    output wire [16*TRAYS-1:0]         o_hbm,
    output wire [16*TRAYS-1:0]         o_current
);

    localparam WORDS = 8 + 4 * TRAYS;

    localparam [7:0] COOLANT_SUPPLY = 8'd3;  // words of the vector; A is in its upper half
    localparam [7:0] LOAD           = 8'd9;  // of tray 0: power, current
    localparam [7:0] TEMPERATURE    = 8'd10; // of tray 0: GPU, HBM

    // A word on its way into the store. Where it comes from is told by the front end, which knows early;
    // i_stimulus_valid comes late in the clock.
    wire        sampled = i_sample_valid && !i_front_end_off;
    wire        put     = i_stimulus_valid || sampled;
    wire [7:0]  index   = sampled ? i_sample_index : i_stimulus_index;
    wire [31:0] plain   = sampled ? i_sample_data : i_stimulus_data;
    wire        faulty  = (i_channel[8:1] == index);
    wire        at_top  = faulty && !i_channel[0];
    wire        below   = faulty && i_channel[0];
    wire [15:0] skewed  = (i_channel[0] ? plain[15:0] : plain[31:16]) + i_offset;
    wire [31:0] data    = {(i_skew && at_top) ? skewed : plain[31:16],
                           (i_skew && below)  ? skewed : plain[15:0]};
    wire        put_top   = put && !(i_freeze && at_top);
    wire        put_below = put && !(i_freeze && below);

    assign o_storing = sampled;

    genvar tray;
    generate
        if (PARALLEL != 0) begin : gen_vector
            localparam BITS = 32 * WORDS;

            reg [BITS-1:0] store_q;  // word 0 at the top
            reg [31:0]     word_q;

            wire [31:0] wanted;

            word_select #(.WORDS(WORDS), .INDEX_BITS(8)) word_select (
                .i_words (store_q),
                .i_index (i_index),
                .o_word  (wanted)
            );

            assign o_word = word_q;

            wire [31:0] channel   = {23'd0, i_channel};
            wire [31:0] put_index = {24'd0, index};

            always @(posedge i_clk)
                if (i_rst) begin
                    store_q <= {BITS{1'b0}};
                    word_q  <= 32'd0;
                end else begin
                    if (i_read)
                        word_q <= wanted;
                    if (i_present && !i_front_end_off) begin
                        store_q <= i_sensors;
                        if (i_freeze && (channel < 2 * WORDS))
                            store_q[16 * (2 * WORDS - 1 - channel) +: 16]
                                <= store_q[16 * (2 * WORDS - 1 - channel) +: 16];
                        if (i_skew && (channel < 2 * WORDS))
                            store_q[16 * (2 * WORDS - 1 - channel) +: 16]
                                <= i_sensors[16 * (2 * WORDS - 1 - channel) +: 16] + i_offset;
                    end else if (put && (put_index < WORDS)) begin
                        if (put_top)
                            store_q[32 * (WORDS - 1 - put_index) + 16 +: 16] <= data[31:16];
                        if (put_below)
                            store_q[32 * (WORDS - 1 - put_index) +: 16] <= data[15:0];
                    end
                end

            assign o_coolant_supply = store_q[32 * (WORDS - 1 - 3) + 16 +: 16];

            for (tray = 0; tray < TRAYS; tray = tray + 1) begin : gen_tray
                wire [47:0] block = store_q[128 * (TRAYS - 1 - tray) + 32 +: 48];
                assign o_current[16*tray +: 16] = block[47:32];
                assign o_gpu[16*tray +: 16]     = block[31:16];
                assign o_hbm[16*tray +: 16]     = block[15:0];
            end

            wire unused = &{1'b0, i_clear, i_clear_word, COOLANT_SUPPLY, LOAD, TEMPERATURE};
        end else begin : gen_words
            // Nobody reads in a clock that stores: o_storing, or the bus itself.
            (* no_rw_check *) reg [15:0] top [0:255];
            (* no_rw_check *) reg [15:0] bottom [0:255];
            reg [15:0] top_q;
            reg [15:0] below_q;
            reg [15:0] coolant_supply_q;

            assign o_word           = {top_q, below_q};
            assign o_coolant_supply = coolant_supply_q;

            wire [7:0] store_index = i_clear ? i_clear_word : index;

            always @(posedge i_clk)
                if (i_clear || put_top)
                    top[store_index] <= i_clear ? 16'd0 : data[31:16];

            always @(posedge i_clk)
                if (i_clear || put_below)
                    bottom[store_index] <= i_clear ? 16'd0 : data[15:0];

            always @(posedge i_clk)
                if (i_read) begin
                    top_q   <= top[i_index];
                    below_q <= bottom[i_index];
                end

            // So that it is defined before the first clock; the walk does it in hardware.
            integer i;
            initial
                for (i = 0; i < 256; i = i + 1) begin
                    top[i]    = 16'd0;
                    bottom[i] = 16'd0;
                end

            always @(posedge i_clk)
                if (i_rst)
                    coolant_supply_q <= 16'd0;
                else if (put_top && (index == COOLANT_SUPPLY))
                    coolant_supply_q <= data[31:16];

            for (tray = 0; tray < TRAYS; tray = tray + 1) begin : gen_tray
                localparam [31:0] OFFSET = 4 * tray;

                reg [15:0] gpu_q;
                reg [15:0] hbm_q;
                reg [15:0] current_q;

                wire is_load        = (index == LOAD + OFFSET[7:0]);
                wire is_temperature = (index == TEMPERATURE + OFFSET[7:0]);

                assign o_gpu[16*tray +: 16]     = gpu_q;
                assign o_hbm[16*tray +: 16]     = hbm_q;
                assign o_current[16*tray +: 16] = current_q;

                always @(posedge i_clk)
                    if (i_rst) begin
                        gpu_q     <= 16'd0;
                        hbm_q     <= 16'd0;
                        current_q <= 16'd0;
                    end else begin
                        if (put_top && is_temperature)
                            gpu_q <= data[31:16];
                        if (put_below && is_temperature)
                            hbm_q <= data[15:0];
                        if (put_below && is_load)
                            current_q <= data[15:0];
                    end
            end
        end
    endgenerate

endmodule

`default_nettype wire
