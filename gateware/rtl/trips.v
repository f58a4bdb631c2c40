// Load switches of the trays and the two trips that open them.
//
// Over-current: a powered tray above the limit is tripped at once. Over-temperature: a powered tray
// above the GPU or the HBM limit at `debounce` consecutive ticks is tripped. Both stay latched until
// cleared. The latches are triplicated.
//
// Latency: 1 clock from an over-current at the input to the open switch and from the last tick of
// the debounce to the open switch. Reset: no trip, debounce from 0.
`default_nettype none

module trips #(
    parameter TRAYS = 18
) (
    input  wire                i_clk,
    input  wire                i_rst,
    input  wire                i_tick,
    // commanded
    input  wire [TRAYS-1:0]    i_power_switch,
    input  wire                i_safe,
    input  wire [TRAYS-1:0]    i_over_temperature_clear,
    input  wire [TRAYS-1:0]    i_over_current_clear,
    // limits
    input  wire [15:0]         i_gpu_limit,
    input  wire [15:0]         i_hbm_limit,
    input  wire [15:0]         i_current_limit,
    input  wire [7:0]          i_debounce,  // in ticks; 0 acts as 1
    // measured, tray i at [16*i +: 16]
    input  wire [16*TRAYS-1:0] i_gpu,
    input  wire [16*TRAYS-1:0] i_hbm,
    input  wire [16*TRAYS-1:0] i_current,
    // state
    output wire [TRAYS-1:0]    o_over_temperature,
    output wire [TRAYS-1:0]    o_over_current,
    output wire [TRAYS-1:0]    o_powered,
    output wire                o_settled,   // no over-current waits for its trip
    output wire [6:0]          o_latched,   // trips latched in this clock
    // upset copies in this clock
    output wire                o_over_temperature_mismatch,
    output wire                o_over_current_mismatch,
    input  wire [42:0]         i_upset       // for tests, see triplicated
);

    reg [8*TRAYS-1:0] hot_ticks_q;

    reg [TRAYS-1:0]   shorted;
    reg [TRAYS-1:0]   hot;
    reg [TRAYS-1:0]   cooked;
    reg [8*TRAYS-1:0] hot_ticks_d;
    reg [6:0]         latched;

    wire [TRAYS-1:0] too_hot;   // latched
    wire [TRAYS-1:0] too_much;  // latched
    wire [TRAYS-1:0] powered  = i_power_switch & ~too_hot & ~too_much & {TRAYS{!i_safe}};
    wire [7:0]       debounce = (i_debounce == 8'd0) ? 8'd1 : i_debounce;

    integer i;

    always @* begin
        latched = 7'd0;
        for (i = 0; i < TRAYS; i = i + 1) begin
            shorted[i] = powered[i] && (i_current[16*i +: 16] > i_current_limit);
            // A tray whose switch opens for its current in this clock is no longer powered.
            hot[i] = powered[i] && !shorted[i]
                     && ((i_gpu[16*i +: 16] > i_gpu_limit) || (i_hbm[16*i +: 16] > i_hbm_limit));
            cooked[i] = i_tick && hot[i] && (hot_ticks_q[8*i +: 8] >= debounce - 8'd1);
            hot_ticks_d[8*i +: 8] = (hot[i] && !cooked[i]) ? hot_ticks_q[8*i +: 8] + 8'd1 : 8'd0;
            latched = latched + {6'd0, shorted[i] || cooked[i]};
        end
    end

    assign o_over_temperature = too_hot;
    assign o_over_current     = too_much;
    assign o_powered          = powered;
    assign o_settled          = (shorted == {TRAYS{1'b0}});
    assign o_latched          = latched;

    triplicated #(.WIDTH(TRAYS), .NUMBER(8'd18)) over_temperature (
        .i_clk      (i_clk),
        .i_rst      (i_rst),
        .i_write    (1'b1),
        .i_data     ((too_hot & ~i_over_temperature_clear) | cooked),
        .o_data     (too_hot),
        .o_mismatch (o_over_temperature_mismatch),
        .i_upset    (i_upset)
    );

    triplicated #(.WIDTH(TRAYS), .NUMBER(8'd19)) over_current (
        .i_clk      (i_clk),
        .i_rst      (i_rst),
        .i_write    (1'b1),
        .i_data     ((too_much & ~i_over_current_clear) | shorted),
        .o_data     (too_much),
        .o_mismatch (o_over_current_mismatch),
        .i_upset    (i_upset)
    );

    always @(posedge i_clk)
        if (i_rst)
            hot_ticks_q <= {8*TRAYS{1'b0}};
        else if (i_tick)
            hot_ticks_q <= hot_ticks_d;

endmodule

`default_nettype wire
