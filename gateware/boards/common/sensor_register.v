// The sensor vector of a board without an analogue front end: all zeros, out of flip-flops.
//
// A ring of flip-flops is cleared by reset and turns from then on. It holds zeros for ever, but
// synthesis does not prove that: with constant sensors it would remove trips, thermostat and
// telemetry, and the size and timing it reports would be those of another design. As RING is prime
// and larger than the number of words, no two words share a flip-flop in the same place, and
// nothing that chooses between words or compares them gets smaller.
//
// Latency: none. Reset: all zeros.
`default_nettype none

module sensor_register #(
    parameter BITS = 384,
    parameter RING = 37   // a prime above 32 and above BITS/32
) (
    input  wire            i_clk,
    input  wire            i_rst,
    output wire [BITS-1:0] o_sensors
);

    reg [RING-1:0] ring_q;

    always @(posedge i_clk)
        if (i_rst)
            ring_q <= {RING{1'b0}};
        else
            ring_q <= {ring_q[RING-2:0], ring_q[RING-1]};

    genvar i;
    generate
        for (i = 0; i < BITS; i = i + 1) begin : gen_sensor
            assign o_sensors[i] = ring_q[i % RING];
        end
    endgenerate

endmodule

`default_nettype wire
