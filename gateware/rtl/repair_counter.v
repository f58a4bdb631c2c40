// Counts the clocks in which a triplicated register repairs a copy, and says which one it was last:
// 0 to 9 for the words of `control`, 16 to 19 for the state, 32 + i for the cap of tray i. Of several
// in one clock, the lowest.
//
// Latency: 1 clock from the mismatch to the count. Reset: 0.
`default_nettype none

module repair_counter #(
    parameter TRAYS = 18
) (
    input  wire             i_clk,
    input  wire             i_rst,
    // upset copies in this clock
    input  wire [9:0]       i_control,
    input  wire [3:0]       i_state,     // over-current, over-temperature, watchdog ticks, safe
    input  wire [TRAYS-1:0] i_caps,
    output wire [15:0]      o_mismatches,
    output wire [7:0]       o_register
);

    reg [15:0] mismatches_q;
    reg [7:0]  register_q;

    wire [63:0] mismatches = {{32-TRAYS{1'b0}}, i_caps, 12'd0, i_state, 6'd0, i_control};
    wire        any        = (i_control != 10'd0) || (i_state != 4'd0) || (i_caps != {TRAYS{1'b0}});

    // A function, so that a simulator goes through it only when there is something to count.
    function [7:0] lowest;
        input [63:0] bits;
        integer      i;
        begin
            lowest = 8'd0;
            for (i = 63; i >= 0; i = i - 1)
                if (bits[i])
                    lowest = i[7:0];
        end
    endfunction

    assign o_mismatches = mismatches_q;
    assign o_register   = register_q;

    always @(posedge i_clk)
        if (i_rst) begin
            mismatches_q <= 16'd0;
            register_q   <= 8'd0;
        end else if (any) begin
            mismatches_q <= mismatches_q + 16'd1;
            register_q   <= lowest(mismatches);
        end

endmodule

`default_nettype wire
