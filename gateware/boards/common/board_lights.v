// The two lights of a board that need time: a heartbeat, and traffic stretched until the eye sees it.
//
// o_heartbeat turns over every 64 ticks. o_link is lit for 8 to 16 ticks after any 0 on either line.
// Latency: 3 clocks from i_uart_rx. Reset: dark.
`default_nettype none

module board_lights (
    input  wire i_clk,
    input  wire i_rst,
    input  wire i_tick,
    input  wire i_uart_rx,  // asynchronous, 1 = idle
    input  wire i_uart_tx,
    output wire o_heartbeat,
    output wire o_link
);

    reg [6:0] count_q;  // ticks
    reg       meta_q;
    reg       rx_q;
    reg       seen_q;
    reg       link_q;

    wire window_over = i_tick && (count_q[2:0] == 3'd7);
    wire traffic     = !rx_q || !i_uart_tx;

    assign o_heartbeat = count_q[6];
    assign o_link      = link_q;

    always @(posedge i_clk)
        if (i_rst) begin
            count_q <= 7'd0;
            meta_q  <= 1'b1;
            rx_q    <= 1'b1;
            seen_q  <= 1'b0;
            link_q  <= 1'b0;
        end else begin
            count_q <= count_q + {6'd0, i_tick};
            meta_q  <= i_uart_rx;
            rx_q    <= meta_q;
            seen_q  <= traffic || (seen_q && !window_over);
            link_q  <= traffic || (link_q && !(window_over && !seen_q));
        end

endmodule

`default_nettype wire
