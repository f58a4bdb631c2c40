// Event counters of the fast and diagnostics blocks, 16 bits each, wrapping, and the uptime.
//
// Latency: 1 clock from the event to the count. Reset: all 0.
`default_nettype none

module event_counters (
    input  wire        i_clk,
    input  wire        i_rst,
    // events
    input  wire        i_tick,
    input  wire        i_received,
    input  wire        i_framing,
    input  wire        i_oversize,
    input  wire        i_crc,
    input  wire        i_discarded,
    input  wire        i_refused,    // with i_status
    input  wire [7:0]  i_status,
    input  wire        i_executed,
    input  wire [6:0]  i_trips,      // this many
    input  wire        i_expired,
    input  wire        i_bad_kick,
    // counts
    output wire [31:0] o_uptime,
    output wire [15:0] o_received,
    output wire [15:0] o_framing,
    output wire [15:0] o_oversize,
    output wire [15:0] o_crc,
    output wire [15:0] o_discarded,
    output wire [15:0] o_refused,
    output wire [7:0]  o_status,     // of the last refusal
    output wire [15:0] o_executed,
    output wire [15:0] o_trips,
    output wire [15:0] o_expired,
    output wire [15:0] o_bad_kicks
);

    reg [31:0] uptime_q;
    reg [15:0] received_q;
    reg [15:0] framing_q;
    reg [15:0] oversize_q;
    reg [15:0] crc_q;
    reg [15:0] discarded_q;
    reg [15:0] refused_q;
    reg [7:0]  status_q;
    reg [15:0] executed_q;
    reg [15:0] trips_q;
    reg [15:0] expired_q;
    reg [15:0] bad_kicks_q;

    assign o_uptime    = uptime_q;
    assign o_received  = received_q;
    assign o_framing   = framing_q;
    assign o_oversize  = oversize_q;
    assign o_crc       = crc_q;
    assign o_discarded = discarded_q;
    assign o_refused   = refused_q;
    assign o_status    = status_q;
    assign o_executed  = executed_q;
    assign o_trips     = trips_q;
    assign o_expired   = expired_q;
    assign o_bad_kicks = bad_kicks_q;

    always @(posedge i_clk)
        if (i_rst) begin
            uptime_q    <= 32'd0;
            received_q  <= 16'd0;
            framing_q   <= 16'd0;
            oversize_q  <= 16'd0;
            crc_q       <= 16'd0;
            discarded_q <= 16'd0;
            refused_q   <= 16'd0;
            status_q    <= 8'd0;
            executed_q  <= 16'd0;
            trips_q     <= 16'd0;
            expired_q   <= 16'd0;
            bad_kicks_q <= 16'd0;
        end else begin
            uptime_q    <= uptime_q + {31'd0, i_tick};
            received_q  <= received_q + {15'd0, i_received};
            framing_q   <= framing_q + {15'd0, i_framing};
            oversize_q  <= oversize_q + {15'd0, i_oversize};
            crc_q       <= crc_q + {15'd0, i_crc};
            discarded_q <= discarded_q + {15'd0, i_discarded};
            refused_q   <= refused_q + {15'd0, i_refused};
            status_q    <= i_refused ? i_status : status_q;
            executed_q  <= executed_q + {15'd0, i_executed};
            trips_q     <= trips_q + {9'd0, i_trips};
            expired_q   <= expired_q + {15'd0, i_expired};
            bad_kicks_q <= bad_kicks_q + {15'd0, i_bad_kick};
        end

endmodule

`default_nettype wire
