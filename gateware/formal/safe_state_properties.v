// Claims about watchdog and safe state, in the controller as it is, for every sequence of
// samples and bus accesses, those of a test too:
//   while the watchdog is enabled, `period` ticks without a valid kick, a write to `watchdog` or a
//   safe command that carries its key end in the safe state, not one tick later and not one earlier;
//   the safe state is left by the leave command or a reset, by nothing else;
//   in the safe state the actuators are driven as docs/controller.md says.
// With UPSET = 1 every register starts with any value whatever, without a reset: then the counter
// may have to wrap once, and the safe state comes at the latest one tick after the period.
//
// The bus master is any_bus_master.v, the samples are any_samples.v.
`default_nettype none
`include "registers.vh"

module safe_state_properties #(
    parameter TRAYS = 18,
    parameter UPSET = 0
) (
    input wire        i_clk,
    input wire        i_rst,
    input wire        i_tick,
    input wire [42:0] i_upset  // in every clock, any bits of one copy of a register
);

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

    (* hierconn *) wire        \dut.bus_valid ;
    (* hierconn *) wire        \dut.bus_write ;
    (* hierconn *) wire [16:0] \dut.bus_address ;
    (* hierconn *) wire [31:0] \dut.bus_data ;
    (* hierconn *) wire        \dut.register_write ;
    (* hierconn *) wire        \dut.watchdog_enable ;
    (* hierconn *) wire [15:0] \dut.watchdog_period ;
    (* hierconn *) wire        \dut.watchdog_expired ;
    (* hierconn *) wire [31:0] \dut.safe_drive ;
    (* hierconn *) wire [15:0] \dut.thermostat ;
    (* hierconn *) wire [15:0] \dut.coolant_supply ;
    (* hierconn *) wire [15:0] \dut.watchdog.ticks ;

    // -- starts with a reset, unless UPSET

    reg started = 1'b0;

    always @(posedge i_clk)
        started <= 1'b1;

    always @*
        if (!started && (UPSET == 0))
            assume (i_rst);

    wire valid = started || (UPSET != 0);

    // -- what is said over the bus. A write acts in the first clock of its access only; the claims
    // are about that clock, and register_write is never high without a write on the bus.

    wire [31:0] address = {15'd0, dut.bus_address};
    wire        kick    = dut.register_write && (address == `RS_COMMAND_WATCHDOG_KICK)
                          && (dut.bus_data == 32'h5AFEC0DE);
    wire        setting = dut.register_write && (address == `RS_CONTROL_WATCHDOG);
    wire        enter   = dut.register_write && (address == `RS_COMMAND_SAFE)
                          && (dut.bus_data == 32'h5AFE0001);
    wire        leave   = dut.register_write && (address == `RS_COMMAND_SAFE)
                          && (dut.bus_data == 32'h5AFE0000);

    // -- actuators

    wire [31:0] power  = actuators[8*(24+4*TRAYS) +: 32];
    wire [15:0] pump_a = actuators[8*(10+4*TRAYS) +: 16];
    wire [15:0] pump_b = actuators[8*(8+4*TRAYS) +: 16];
    wire [15:0] bypass = actuators[8*(6+4*TRAYS) +: 16];
    wire [15:0] heater = actuators[8*(4+4*TRAYS) +: 16];
    wire        safe   = actuators[8*(4*TRAYS)];

    wire        cold   = (dut.coolant_supply < dut.thermostat);

    // -- ticks since the watchdog last had reason to wait

    wire [15:0] period = (dut.watchdog_period == 16'd0) ? 16'd1 : dut.watchdog_period;
    wire        waits  = !dut.watchdog_enable || safe || kick || setting || enter || leave;

    reg [16:0] silent_q = 17'd0;
    reg        expires_q;
    reg        was_safe_q = 1'b0;
    reg        may_enter_q;
    reg        may_leave_q;

    wire [16:0] silent_d = i_tick ? silent_q + 17'd1 : silent_q;

    always @(posedge i_clk) begin
        silent_q    <= (i_rst || waits) ? 17'd0 : silent_d;
        expires_q   <= !i_rst && !waits && (silent_d >= {1'b0, period});
        was_safe_q  <= safe;
        may_enter_q <= !i_rst && enter;
        may_leave_q <= i_rst || leave;
    end

    always @*
        if (valid) begin
            assert (!dut.register_write || (dut.bus_valid && dut.bus_write));

            // No silence as long as the period, unless in the safe state.
            assert ((silent_q < {1'b0, period} + UPSET) || safe);
            if (started) begin
                if (UPSET == 0) begin
                    assert (!expires_q || (safe && dut.watchdog_expired));
                    assert (!safe || was_safe_q || may_enter_q || expires_q);
                end
                assert (safe || !was_safe_q || may_leave_q);
            end

            if (safe) begin
                assert (power == 32'd0);
                assert (pump_a == dut.safe_drive[`RS_CONTROL_SAFE_DRIVE_PUMP]);
                assert (pump_b == 16'd0);
                assert (bypass == dut.safe_drive[`RS_CONTROL_SAFE_DRIVE_BYPASS]);
                assert (heater == (cold ? 16'hFFFF : 16'd0));
            end
        end

    // -- what carries the induction: no claims, mutants have to be found without it

`ifndef CLAIMS_ONLY
    always @*
        if (valid && !safe) begin
            if (UPSET == 0)
                assert (silent_q == {1'b0, dut.watchdog.ticks});
            else begin
                assert (silent_q <= {1'b0, dut.watchdog.ticks} + 17'd1);
                assert ((dut.watchdog.ticks != 16'hFFFF) || (silent_q == 17'd0));
            end
        end
`endif

endmodule

`default_nettype wire
