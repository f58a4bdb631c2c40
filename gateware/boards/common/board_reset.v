// The reset of a board: held from configuration on, and again whenever the button is pressed.
//
// Synchronous both ways: o_rst falls HOLD clocks after configuration or after the button was last
// seen pressed, which also outlasts its bouncing. Latency: 3 clocks from the button.
// Reset: none but configuration, which loads the initial values; this is where reset comes from.
`default_nettype none

module board_reset #(
    parameter HOLD = 65536  // clocks, a power of two
) (
    input  wire i_clk,
    input  wire i_button,  // asynchronous, 1 = pressed
    output wire o_rst
);

    localparam BITS = $clog2(HOLD);

    reg            meta_q;
    reg            button_q;
    reg [BITS-1:0] count_q;
    reg            running_q;

    initial begin
        meta_q    = 1'b0;
        button_q  = 1'b0;
        count_q   = {BITS{1'b0}};
        running_q = 1'b0;
    end

    assign o_rst = !running_q;

    always @(posedge i_clk) begin
        meta_q   <= i_button;
        button_q <= meta_q;
        if (button_q) begin
            count_q   <= {BITS{1'b0}};
            running_q <= 1'b0;
        end else if (!running_q) begin
            count_q   <= count_q + 1'b1;
            running_q <= &count_q;
        end
    end

endmodule

`default_nettype wire
