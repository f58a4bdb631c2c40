// Faults that a test puts into the controller through the test key: registers of region `injection`,
// and strikes on the copies of triplicated registers.
//
// A reply fault takes effect with the next command, and is used up reply by reply. A hang takes effect
// when the reply to its own write has gone; while it lasts the receiver is held in reset, ticks are
// counted, and the one that takes the counter to 0 ends it.
//
// No upset puts a fault in that lasts: each takes two flops, what it is and that it was asked for. One
// without the other acts on nothing, and both are cleared in the next clock; but kind and count of reply
// faults stay until they are written.
//
// Latency: 1 clock from a write to its fault, and from a quiet link to a hang; 2 clocks from the last
// tick to its end; strikes act in the clock of the write.
// Reset: no fault; the front end is off where STIMULUS is 1.
`default_nettype none
`include "registers.vh"

module injection #(
    parameter STIMULUS = 0  // reset value of source.stimulus
) (
    input  wire        i_clk,
    input  wire        i_rst,
    input  wire        i_tick,
    // one word, in one clock
    input  wire        i_write,
    input  wire [16:0] i_address,
    input  wire [31:0] i_data,
    // the link
    input  wire        i_decide,         // a command is about to be acted on
    input  wire        i_replying,
    input  wire        i_link_quiet,     // no command in progress, no reply on its way out
    output wire        o_drop_reply,
    output wire        o_corrupt_reply,
    output wire        o_hang,
    // the sensors
    output wire        o_front_end_off,
    output wire        o_freeze,
    output wire        o_skew,
    output wire [8:0]  o_channel,
    output wire [15:0] o_offset,
    // stimulus
    output wire        o_stimulus,
    output wire [7:0]  o_stimulus_index,
    // copies of triplicated registers: strike, copy, number of the register
    output wire [10:0] o_strike
);

    localparam [1:0] FREEZE  = 2'd1;
    localparam [1:0] SKEW    = 2'd2;
    localparam [1:0] DROP    = 2'd1;
    localparam [1:0] CORRUPT = 2'd2;

    localparam [15:0] FOR_EVER = 16'hFFFF;

    localparam [31:0] RACK  = `RS_STIMULUS_RACK_BASE;
    localparam [31:0] FLIPS = `RS_FLIP_REGISTERS_BASE;

    (* keep, syn_preserve = 1, dont_touch = "true" *) reg front_end_off_q;
    (* keep, syn_preserve = 1, dont_touch = "true" *) reg front_end_off_again_q;
    reg [1:0]  sensor_q;
    reg        sensor_armed_q; // asked for
    reg [8:0]  channel_q;
    reg [15:0] offset_q;
    reg [1:0]  reply_q;
    reg [7:0]  replies_q;   // still to be hit
    reg [1:0]  hit_q;       // what happens to the reply of this command
    reg        replying_q;
    reg [15:0] hang_q;      // ticks left
    reg        hang_armed_q; // asked for
    reg        hanging_q;

    wire [31:0] address = {15'd0, i_address};

    wire write_source = i_write && (address == `RS_INJECTION_SOURCE);
    wire write_sensor = i_write && (address == `RS_INJECTION_SENSOR_FAULT);
    wire write_reply  = i_write && (address == `RS_INJECTION_REPLY_FAULT);
    wire write_hang   = i_write && (address == `RS_INJECTION_LINK_HANG);
    wire strike       = i_write && (address >= FLIPS) && (address < `RS_FLIP_REGISTERS_END);
    wire replied      = replying_q && !i_replying;

    assign o_front_end_off = front_end_off_q && front_end_off_again_q;
    assign o_freeze        = sensor_armed_q && (sensor_q == FREEZE);
    assign o_skew          = sensor_armed_q && (sensor_q == SKEW);
    assign o_channel       = channel_q;
    assign o_offset        = offset_q;
    assign o_drop_reply    = (hit_q == DROP);
    assign o_corrupt_reply = (hit_q == CORRUPT);
    assign o_hang          = hang_armed_q && hanging_q;

    assign o_stimulus       = i_write && (address >= RACK) && (address < `RS_INJECTION_BASE);
    assign o_stimulus_index = i_address[9:2];  // the two regions lie one behind the other

    assign o_strike = {strike, i_address[9:8], 2'b00, i_address[7:2]};  // 256 bytes a copy

    wire front_end_off = write_source ? i_data[`RS_INJECTION_SOURCE_STIMULUS] : o_front_end_off;

    // `keep` and a process of its own for each, as in triplicated: synthesis would make one of the two.
    (* keep *) always @(posedge i_clk)
        if (i_rst)
            front_end_off_q <= (STIMULUS != 0);
        else
            front_end_off_q <= front_end_off;

    (* keep *) always @(posedge i_clk)
        if (i_rst)
            front_end_off_again_q <= (STIMULUS != 0);
        else
            front_end_off_again_q <= front_end_off;

    always @(posedge i_clk)
        if (i_rst) begin
            sensor_q       <= 2'd0;
            sensor_armed_q <= 1'b0;
            channel_q      <= 9'd0;
            offset_q       <= 16'd0;
        end else if (write_sensor) begin
            sensor_q       <= i_data[`RS_INJECTION_SENSOR_FAULT_KIND];
            sensor_armed_q <= 1'b1;
            channel_q      <= i_data[`RS_INJECTION_SENSOR_FAULT_CHANNEL];
            offset_q       <= i_data[`RS_INJECTION_SENSOR_FAULT_OFFSET];
        end else begin
            sensor_q       <= sensor_q & {2{sensor_armed_q}};
            sensor_armed_q <= sensor_armed_q && (sensor_q != 2'd0);
        end

    always @(posedge i_clk)
        if (i_rst) begin
            reply_q    <= 2'd0;
            replies_q  <= 8'd0;
            hit_q      <= 2'd0;
            replying_q <= 1'b0;
        end else begin
            replying_q <= i_replying;
            if (i_decide)
                hit_q <= (replies_q != 8'd0) ? reply_q : 2'd0;
            if (write_reply) begin
                hit_q     <= 2'd0;  // its own reply is not hit
                reply_q   <= i_data[`RS_INJECTION_REPLY_FAULT_KIND];
                replies_q <= i_data[`RS_INJECTION_REPLY_FAULT_COUNT];
            end else if (replied && (hit_q != 2'd0))
                replies_q <= replies_q - 8'd1;
        end

    wire unused = &{1'b0, i_data[29:25]};

    always @(posedge i_clk)
        if (i_rst) begin
            hang_q       <= 16'd0;
            hang_armed_q <= 1'b0;
            hanging_q    <= 1'b0;
        end else begin
            if (write_hang)
                hang_q <= i_data[`RS_INJECTION_LINK_HANG_TICKS];
            else if (!hang_armed_q)
                hang_q <= 16'd0;
            else if (i_tick && hanging_q && (hang_q != 16'd0) && (hang_q != FOR_EVER))
                hang_q <= hang_q - 16'd1;
            hang_armed_q <= write_hang || (hang_armed_q && (hang_q != 16'd0));
            hanging_q    <= hang_armed_q && (hang_q != 16'd0) && (hanging_q || i_link_quiet);
        end

endmodule

`default_nettype wire
