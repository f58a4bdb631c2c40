// Tells when a copy of a triplicated register is being repaired, and remembers which register it was
// last: 0 to 11 for the words of `control`, 16 to 22 for the state, 32 + i for the cap of tray i. Of
// several in one clock, the lowest.
//
// Latency: o_repair combinational, o_register 1 clock later. Reset: 0.
`default_nettype none

module repair_log #(
    parameter TRAYS = 18
) (
    input  wire             i_clk,
    input  wire             i_rst,
    // upset copies in this clock
    input  wire [11:0]      i_control,
    input  wire [6:0]       i_state,     // safe, watchdog ticks, over-temperature, over-current,
                                         // lines that reset, scrub, reload
    input  wire [TRAYS-1:0] i_caps,
    output wire             o_repair,
    output wire [7:0]       o_register
);

    reg [7:0] register_q;

    wire [63:0] mismatches = {{32-TRAYS{1'b0}}, i_caps, 9'd0, i_state, 4'd0, i_control};

    // A function, so that a simulator goes through it only when there is something to tell.
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

    assign o_repair   = (i_control != 12'd0) || (i_state != 7'd0) || (i_caps != {TRAYS{1'b0}});
    assign o_register = register_q;

    always @(posedge i_clk)
        if (i_rst)
            register_q <= 8'd0;
        else if (o_repair)
            register_q <= lowest(mismatches);

endmodule

`default_nettype wire
