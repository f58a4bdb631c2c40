// Tells the first reset after configuration from later ones. The only state that outlives a reset is
// `running_q`; it starts from its configured value.
//
// Latency: 1 clock from i_rst. Reset: see above.
`default_nettype none

module reset_cause (
    input  wire i_clk,
    input  wire i_rst,
    output wire o_power_on,
    output wire o_external
);

    reg running_q;   // has been out of reset
    reg external_q;

    initial begin
        running_q  = 1'b0;
        external_q = 1'b0;
    end

    assign o_power_on = !external_q;
    assign o_external = external_q;

    always @(posedge i_clk)
        if (i_rst)
            external_q <= running_q;
        else
            running_q <= 1'b1;

endmodule

`default_nettype wire
