// Event counters of the fast and diagnostics blocks, 16 bits each, wrapping, in two RAMs: a row is a
// register, with the counters of its two halves. The uptime is here too, its upper half as a counter.
//
// An event is remembered for a moment. While any is, a walk over the rows, from row 0 on, reads the
// counters of each, and writes back those that advance. While o_busy is high, whoever makes events or
// reads counters has to wait, as an event is remembered once. Trips and mismatches do not wait: they are
// summed up. Mismatches join a walk before their row or come after it, so that a copy that stays wrong
// leaves o_busy low for a clock between walks, and the link alive.
//
// Latency: 3 clocks from an event to its count, and one more for each row before its own; a row read in
// one clock is there in the next. Reset: all 0; the RAM by a walk through i_clear_row, during which
// events are lost.
`default_nettype none

module event_counters (
    input  wire        i_clk,
    input  wire        i_rst,
    input  wire        i_clear,          // 0 to row i_clear_row
    input  wire [3:0]  i_clear_row,
    output wire        o_busy,
    // rows
    input  wire        i_read,
    input  wire [3:0]  i_row,
    output wire [31:0] o_row,            // row i_row of the clock before
    // events, by row: frequent ones first
    input  wire        i_received,
    input  wire        i_dropped,
    input  wire [6:0]  i_trips,          // this many
    input  wire        i_executed,
    input  wire        i_memory_corrected,
    input  wire        i_memory_uncorrectable,
    input  wire        i_crc,
    input  wire        i_framing,
    input  wire        i_oversize,
    input  wire        i_discarded,
    input  wire        i_refused,
    input  wire        i_expired,
    input  wire        i_bad_kick,
    input  wire        i_scrub_pass,
    input  wire        i_mismatch,
    input  wire        i_config_corrected,
    input  wire        i_config_uncorrectable,
    input  wire        i_config_essential,
    input  wire        i_config_crc,
    input  wire        i_config_pass,
    // uptime
    input  wire        i_tick,
    output wire [15:0] o_ticks           // its lower half; the upper one is in row 12
);

    localparam [3:0] TRIPS      = 4'd1;  // rows whose upper half advances by what was summed up
    localparam [3:0] MISMATCHES = 4'd8;
    localparam [3:0] LAST_ROW   = 4'd12;

    reg [25:0] waiting_q;
    reg [6:0]  trips_q;      // trips that wait
    reg [3:0]  mismatches_q; // mismatches that wait, at most 14
    reg [3:0]  row_q;        // that is being read, 0 between walks
    reg [3:0]  store_row_q;  // that was read in the clock before, with
    reg [1:0]  advance_q;    // which halves of it advance, and
    reg [6:0]  by_q;         // by how much the upper one does
    reg [15:0] upper_q;
    reg [15:0] lower_q;
    reg [15:0] ticks_q;

    wire        wrap       = i_tick && (ticks_q == 16'hFFFF);
    wire        mismatched = (i_mismatch || (mismatches_q != 4'd0)) && !row_q[3];  // before row 8

    // Bit 2 * row + 1 is the upper half of a row, bit 2 * row the lower one.
    wire [25:0] events = {wrap,               1'b0,                    // row 12
                          i_config_pass,      1'b0,
                          i_config_essential, i_config_crc,
                          i_config_corrected, i_config_uncorrectable,
                          mismatched,         1'b0,
                          i_scrub_pass,       1'b0,
                          i_expired,          i_bad_kick,
                          i_refused,          1'b0,
                          i_oversize,         i_discarded,
                          i_crc,              i_framing,
                          i_memory_corrected, i_memory_uncorrectable,
                          i_trips != 7'd0,    i_executed,
                          i_received,         i_dropped};              // row 0

    // Nobody reads the row that is written: it is the one before, or everybody waits.
    (* no_rw_check *) reg [15:0] upper [0:15];
    (* no_rw_check *) reg [15:0] lower [0:15];

    wire        some   = (waiting_q != 26'd0);
    wire [1:0]  here   = {waiting_q[{row_q, 1'b1}], waiting_q[{row_q, 1'b0}]};
    wire [25:0] passed = some ? 26'd3 << {row_q, 1'b0} : 26'd0;  // taken into advance_q

    assign o_busy  = some || (advance_q != 2'd0);
    assign o_row   = {upper_q, lower_q};
    assign o_ticks = ticks_q;

    wire [3:0] store_row = i_clear ? i_clear_row : store_row_q;
    wire [3:0] read_row  = some ? row_q : i_row;

    always @(posedge i_clk)
        if (i_clear || advance_q[1])
            upper[store_row] <= i_clear ? 16'd0 : upper_q + {9'd0, by_q};

    always @(posedge i_clk)
        if (i_clear || advance_q[0])
            lower[store_row] <= i_clear ? 16'd0 : lower_q + 16'd1;

    always @(posedge i_clk)
        if (some || i_read) begin
            upper_q <= upper[read_row];
            lower_q <= lower[read_row];
        end

    // So that the counters are defined before the first clock; the walk after reset does it in hardware.
    integer row;
    initial
        for (row = 0; row < 16; row = row + 1) begin
            upper[row] = 16'd0;
            lower[row] = 16'd0;
        end

    always @(posedge i_clk)
        if (i_rst) begin
            waiting_q    <= 26'd0;
            trips_q      <= 7'd0;
            mismatches_q <= 4'd0;
            row_q        <= 4'd0;
            store_row_q  <= 4'd0;
            advance_q    <= 2'd0;
            by_q         <= 7'd0;
        end else if (o_busy || (row_q != 4'd0) || (events != 26'd0)) begin
            waiting_q    <= (waiting_q & ~passed) | events;
            trips_q      <= ((row_q == TRIPS) ? 7'd0 : trips_q) + i_trips;
            mismatches_q <= ((row_q == MISMATCHES) ? 4'd0 : mismatches_q) + {3'd0, i_mismatch};
            row_q        <= (some && (row_q != LAST_ROW)) ? row_q + 4'd1 : 4'd0;
            store_row_q  <= row_q;
            advance_q    <= some ? here : 2'd0;
            by_q         <= (row_q == TRIPS)      ? trips_q
                          : (row_q == MISMATCHES) ? {3'd0, mismatches_q}
                                                  : 7'd1;
        end

    always @(posedge i_clk)
        if (i_rst)
            ticks_q <= 16'd0;
        else if (i_tick)
            ticks_q <= ticks_q + 16'd1;

endmodule

`default_nettype wire
