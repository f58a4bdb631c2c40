// Carries out the requests of the bench on a controller: what Python fills in and reads back.
//
// The bench fills in a request, toggles `go`, and is woken by the toggle of `done`. A request is
//   reset, if asked - new sensors, if asked - ticks - link bytes.
// A tick or a byte comes only when the one before has been dealt with, and `done` comes after SETTLE
// idle clocks, so that the actuators are final (an over-current trip takes up to 4 clocks). A reply
// that fills `reply` stops the request early with `more` set; the next `go` carries on with it.
//
// PACED = 0: the driver gives the ticks (o_tick). PACED = 1: they come by themselves (i_tick); the
// driver waits for them, and ends the simulation when one falls into link traffic, since a request
// says that it comes before.
`timescale 1ns / 1ns
`default_nettype none

module request_driver #(
    parameter TRAYS       = 18,
    parameter SETTLE      = 4,
    parameter PACED       = 0,
    parameter ROW_BYTES   = 64,      // link bytes cross over in rows of this many
    parameter ROWS        = 9,       // rows each way: the longest frame is 552 bytes
    parameter STALL_LIMIT = 100000   // clocks without progress: the controller hangs
) (
    input  wire                       i_clk,
    output wire                       o_busy,       // the clock is wanted
    output reg                        o_rst,
    output reg                        o_tick,
    input  wire                       i_tick,
    // bytes to the controller
    output reg  [7:0]                 o_data,
    output reg                        o_valid,
    input  wire                       i_ready,
    // bytes from the controller
    input  wire [7:0]                 i_data,
    input  wire                       i_valid,
    output wire                       o_ready,
    // rack
    output reg  [8*(32+16*TRAYS)-1:0] o_sensors,
    output reg                        o_present,    // the vector is new
    input  wire [8*(28+4*TRAYS)-1:0]  i_actuators,
    input  wire                       i_idle
);
    localparam CAPACITY = ROW_BYTES * ROWS;

    // Request, written while `go == done`.
    reg [8*(32+16*TRAYS)-1:0] sensors = 0;
    reg [8*ROW_BYTES-1:0]     request [0:ROWS-1];   // first byte of a row in its top bits
    reg [31:0]                control = 0;
    wire                      go            = control[31];
    wire                      want_reset    = control[30];
    wire                      want_sensors  = control[29];
    wire [9:0]                request_bytes = control[28:19];
    wire [18:0]               request_ticks = control[18:0];

    // Answer, read after `done` toggled.
    reg [8*ROW_BYTES-1:0]     reply [0:ROWS-1];
    reg [8*(28+4*TRAYS)-1:0]  actuators = 0;
    reg [31:0]                status = 0;           // {more, moved, bytes in reply[15:0]}
    reg                       done = 0;

    localparam [1:0] START = 0, RESET = 1, TICKS = 2, FEED = 3;
    reg [1:0]  state = START;
    reg        more = 0;
    reg [18:0] ticks_left = 0;
    reg [9:0]  fed = 0;
    reg [9:0]  reply_bytes = 0;
    reg [15:0] quiet = 0;                           // idle clocks in a row, up to SETTLE
    reg [31:0] stalled = 0;                         // clocks since the last tick or byte

    wire full    = reply_bytes == CAPACITY;
    wire settled = quiet == SETTLE;
    wire fed_all = state == FEED && fed == request_bytes;

    assign o_busy  = go != done;
    assign o_ready = !full;

    integer i;
    initial begin
        o_rst     = 1;
        o_tick    = 0;
        o_valid   = 0;
        o_data    = 0;
        o_sensors = 0;
        o_present = 0;
        for (i = 0; i < ROWS; i = i + 1) begin
            request[i] = 0;
            reply[i]   = 0;
        end
    end

    always @(posedge i_clk) begin
        o_tick    <= 0;
        o_present <= 0;
        quiet     <= !i_idle || o_valid || i_valid || i_tick ? 0 : settled ? quiet : quiet + 1;
        stalled   <= i_tick || o_tick || i_valid || o_valid && i_ready ? 0 : stalled + 1;

        if (i_valid && !full) begin
            reply[reply_bytes / ROW_BYTES][8 * (ROW_BYTES - 1 - reply_bytes % ROW_BYTES) +: 8]
                <= i_data;
            reply_bytes <= reply_bytes + 1;
        end
        if (o_valid && i_ready) o_valid <= 0;

        case (state)
            START: begin
                more        <= 0;
                reply_bytes <= 0;
                stalled     <= 0;
                quiet       <= 0;
                if (more) state <= FEED;
                else begin
                    fed        <= 0;
                    ticks_left <= request_ticks;
                    o_rst      <= want_reset;
                    if (want_reset) o_sensors <= 0;
                    else if (want_sensors) begin
                        o_sensors <= sensors;
                        o_present <= 1;
                    end
                    state <= want_reset ? RESET : want_sensors || request_ticks != 0 ? TICKS : FEED;
                end
            end
            RESET: begin
                o_rst <= 0;
                quiet <= 0;
                state <= TICKS;
            end
            TICKS: begin
                if (ticks_left == 0) begin
                    if (settled) state <= FEED;
                end else if (PACED ? i_tick : settled) begin
                    o_tick     <= !PACED;
                    ticks_left <= ticks_left - 1;
                    quiet      <= 0;
                end
            end
            FEED: begin
                if (!fed_all && (!o_valid || i_ready)) begin
                    o_valid <= 1;
                    o_data  <= request[fed / ROW_BYTES][8 * (ROW_BYTES - 1 - fed % ROW_BYTES) +: 8];
                    fed     <= fed + 1;
                    quiet   <= 0;
                end
                if (full || fed_all && settled) begin
                    more      <= full;
                    status    <= {14'd0, full, i_actuators != actuators, 6'd0, reply_bytes};
                    actuators <= i_actuators;
                    done      <= go;
                    state     <= START;
                end
            end
        endcase

        if (PACED && i_tick && state == FEED && request_bytes != 0) begin
            $display("request_driver: a tick fell into %0d link bytes: send fewer", request_bytes);
            $finish;
        end
        if (stalled == STALL_LIMIT) begin
            $display("request_driver: the controller hangs: not idle, no byte out for %0d clocks",
                     STALL_LIMIT);
            $finish;
        end
    end
endmodule

`default_nettype wire
