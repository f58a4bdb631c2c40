// One byte of the RMAP CRC (ECSS-E-ST-50-52C, 5.5): x^8 + x^2 + x + 1, reflected, start value 0.
// A header or data field followed by its own CRC ends in 0. check("123456789") = 0x20.
//
// The byte is multiplied by x^8 = x^2 + x + 1 (three shifted copies, highest power at the lowest
// bit), and the two bits that overflow are folded in once more.
//
// Latency: combinational. State: none.
`default_nettype none

module crc8 (
    input  wire [7:0] i_crc,
    input  wire [7:0] i_data,
    output wire [7:0] o_crc
);

    wire [7:0] mixed   = i_crc ^ i_data;
    wire [9:0] product = {mixed, 2'd0} ^ {1'd0, mixed, 1'd0} ^ {2'd0, mixed};

    assign o_crc = product[9:2]
                 ^ {product[1:0], 6'd0}
                 ^ {1'd0, product[1:0], 5'd0}
                 ^ {2'd0, product[1:0], 4'd0};

endmodule

`default_nettype wire
