// Claims about the over-current trip, in the controller as it is, for every state of every register
// (nothing is assumed about where it starts), every sample and every bus access, those of a test too:
//   a closed switch with too much current behind it, by the newest sample, opens within LATENCY clocks;
//   it stays open until over_current_clear is written with the tray's bit, or a reset;
//   a trip is latched for no other reason.
// That the newest sample is the newest is in acquisition_properties.v.
//
// The bus master is any_bus_master.v, the samples are any_samples.v.
`default_nettype none
`include "registers.vh"

module trip_properties #(
    parameter TRAYS = 18
) (
    input wire        i_clk,
    input wire        i_rst,
    input wire        i_tick,
    input wire [42:0] i_upset  // in every clock, any bits of one copy of a register
);

    localparam LATENCY = 1;  // of the 4 that docs/controller.md allows; a sample takes one more

    wire [8*(28+4*TRAYS)-1:0] actuators;

    controller #(.TRAYS(TRAYS)) dut (
        .i_clk          (i_clk),
        .i_rst          (i_rst),
        .i_tick         (i_tick),
        .i_rx_data      (8'd0),
        .i_rx_valid     (1'b0),
        .i_rx_error     (1'b0),
        .i_tx_ready     (1'b1),
        .i_sensors      ({8*(32+16*TRAYS){1'b0}}),
        .i_present      (1'b0),
        .i_sample_valid (1'b0),
        .i_sample_index (8'd0),
        .i_sample_data  (32'd0),
        .o_actuators    (actuators),
        .i_upset        (i_upset)
    );

    (* hierconn *) wire                \dut.bus_valid ;
    (* hierconn *) wire                \dut.bus_write ;
    (* hierconn *) wire [16:0]         \dut.bus_address ;
    (* hierconn *) wire [31:0]         \dut.bus_data ;
    (* hierconn *) wire [15:0]         \dut.current_limit ;
    (* hierconn *) wire [16*TRAYS-1:0] \dut.current ;
    (* hierconn *) wire [TRAYS-1:0]    \dut.over_current ;

    wire [TRAYS-1:0] closed = actuators[8*(24+4*TRAYS) +: TRAYS];
    wire             clears = dut.bus_valid && dut.bus_write
                              && ({15'd0, dut.bus_address} == `RS_COMMAND_OVER_CURRENT_CLEAR);
    wire [TRAYS-1:0] clear  = clears ? dut.bus_data[TRAYS-1:0] : {TRAYS{1'b0}};

    wire [TRAYS-1:0] over;  // too much current through a closed switch
    genvar tray;
    generate
        for (tray = 0; tray < TRAYS; tray = tray + 1) begin : gen_tray
            assign over[tray] = closed[tray] && (dut.current[16*tray +: 16] > dut.current_limit);
        end
    endgenerate

    reg [TRAYS*LATENCY-1:0] over_q = 0;    // of the last clocks, the latest at the bottom
    reg [TRAYS-1:0]         must_q = 0;    // has to be open now
    reg [TRAYS-1:0]         latched_q;     // one clock ago
    reg                     started = 1'b0;

    wire [TRAYS*(LATENCY+1)-1:0] history = {over_q, over};
    wire [TRAYS-1:0]             due     = history[TRAYS*(LATENCY-1) +: TRAYS];

    integer i;
    reg [TRAYS-1:0] recent;  // over in one of the last clocks

    always @* begin
        recent = {TRAYS{1'b0}};
        for (i = 0; i < LATENCY; i = i + 1)
            recent = recent | over_q[TRAYS*i +: TRAYS];
    end

    always @(posedge i_clk) begin
        started   <= 1'b1;
        over_q    <= i_rst ? {TRAYS*LATENCY{1'b0}} : history[TRAYS*LATENCY-1:0];
        must_q    <= i_rst ? {TRAYS{1'b0}} : due | (must_q & ~clear);
        latched_q <= i_rst ? {TRAYS{1'b0}} : dut.over_current;
    end

`ifndef CLAIMS_ONLY
    // Carries the induction.
    always @*
        assert ((must_q & ~dut.over_current) == {TRAYS{1'b0}});
`endif

    always @* begin
        assert ((closed & must_q) == {TRAYS{1'b0}});
        assert ((closed & dut.over_current) == {TRAYS{1'b0}});
        assert (!started || ((dut.over_current & ~latched_q & ~recent) == {TRAYS{1'b0}}));
    end

endmodule

`default_nettype wire
