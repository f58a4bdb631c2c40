// Claims about acquisition, for every state of every register: what trips and thermostat look at is the
// newest sample of its channel, from the clock after it was taken on, and nothing else changes it:
//   a sample of the front end is taken unless the front end is off, a word of stimulus always, but for
//   one that meets a whole vector, which is newer;
//   a frozen channel keeps its value, a skewed one has the offset added.
// With PARALLEL = 1 the front end gives vectors, with PARALLEL = 0 words. That no stimulus comes in a
// clock with o_storing is in link_properties.v.
`default_nettype none

module acquisition_properties #(
    parameter TRAYS    = 18,
    parameter PARALLEL = 1
) (
    input wire                       i_clk,
    input wire                       i_rst,
    input wire                       i_clear,
    input wire [7:0]                 i_clear_word,
    input wire [8*(32+16*TRAYS)-1:0] i_sensors,
    input wire                       i_present,
    input wire                       i_sample_valid,
    input wire [7:0]                 i_sample_index,
    input wire [31:0]                i_sample_data,
    input wire                       i_stimulus_valid,
    input wire [7:0]                 i_stimulus_index,
    input wire [31:0]                i_stimulus_data,
    input wire                       i_front_end_off,
    input wire                       i_freeze,
    input wire                       i_skew,
    input wire [8:0]                 i_channel,
    input wire [15:0]                i_offset,
    input wire                       i_read,
    input wire [7:0]                 i_index
);

    localparam CHANNELS = 16 + 8 * TRAYS;
    localparam SEEN     = 1 + 3 * TRAYS;  // coolant supply; current, GPU and HBM of every tray

    wire                storing;
    wire [15:0]         coolant_supply;
    wire [16*TRAYS-1:0] gpu;
    wire [16*TRAYS-1:0] hbm;
    wire [16*TRAYS-1:0] current;

    acquisition #(.TRAYS(TRAYS), .PARALLEL(PARALLEL)) dut (
        .i_clk            (i_clk),
        .i_rst            (i_rst),
        .i_clear          (i_clear),
        .i_clear_word     (i_clear_word),
        .i_sensors        (i_sensors),
        .i_present        (i_present),
        .i_sample_valid   (i_sample_valid),
        .i_sample_index   (i_sample_index),
        .i_sample_data    (i_sample_data),
        .i_stimulus_valid (i_stimulus_valid),
        .i_stimulus_index (i_stimulus_index),
        .i_stimulus_data  (i_stimulus_data),
        .i_front_end_off  (i_front_end_off),
        .i_freeze         (i_freeze),
        .i_skew           (i_skew),
        .i_channel        (i_channel),
        .i_offset         (i_offset),
        .i_read           (i_read),
        .i_index          (i_index),
        .o_storing        (storing),
        .o_coolant_supply (coolant_supply),
        .o_gpu            (gpu),
        .o_hbm            (hbm),
        .o_current        (current)
    );

    reg started = 1'b0;

    always @(posedge i_clk)
        started <= 1'b1;

    always @*
        begin
            assume (!i_freeze || !i_skew);  // see injection_properties.v
            assume (!i_stimulus_valid || !storing);
        end

    always @*
        assert (storing == (i_sample_valid && !i_front_end_off));

    // A sample of each kind with the offset added, worked out once: a solver that has to compare many
    // adders with each other is lost.
    wire        sampled     = i_sample_valid && !i_front_end_off;
    wire        from_vector = (PARALLEL != 0) && i_present && !i_front_end_off;
    wire [31:0] channel     = {23'd0, i_channel};
    wire [31:0] word        = sampled ? i_sample_data : i_stimulus_data;
    wire [15:0] skewed_word = (i_channel[0] ? word[15:0] : word[31:16]) + i_offset;
    wire [15:0] skewed      = from_vector ? i_sensors[16 * (CHANNELS - 1 - channel) +: 16] + i_offset
                                          : skewed_word;

    genvar n;
    generate
        for (n = 0; n < SEEN; n = n + 1) begin : gen_seen
            // Its channel in the vector: coolant supply A is 6, a tray has 8 from 16 on.
            localparam [31:0] TRAY    = (n - 1) / 3;
            localparam [31:0] KIND    = (n - 1) % 3;
            localparam [31:0] CHANNEL = (n == 0) ? 6 : 16 + 8 * TRAY + 3 + KIND;
            localparam [8:0]  HERE    = CHANNEL[8:0];

            wire [15:0] seen = (n == 0)    ? coolant_supply
                             : (KIND == 0) ? current[16*TRAY +: 16]
                             : (KIND == 1) ? gpu[16*TRAY +: 16]
                                           : hbm[16*TRAY +: 16];

            wire from_stimulus = i_stimulus_valid && (i_stimulus_index == HERE[8:1]);
            wire from_word     = sampled && (i_sample_index == HERE[8:1]);

            wire [15:0] sample = from_vector ? i_sensors[16*(CHANNELS-1-CHANNEL) +: 16]
                               : HERE[0]     ? word[15:0]
                                             : word[31:16];
            wire        here   = (i_channel == HERE);
            wire        taken  = (from_vector || from_stimulus || from_word) && !(i_freeze && here);

            reg [15:0] newest_q;

            always @(posedge i_clk)
                newest_q <= i_rst ? 16'd0 : !taken ? seen : (i_skew && here) ? skewed : sample;

            always @*
                assert (!started || (seen == newest_q));
        end
    endgenerate

endmodule

`default_nettype wire
