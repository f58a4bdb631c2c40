// One byte of CRC-16/CCITT-FALSE: polynomial 0x1021, most significant bit first. The caller starts
// from 0xFFFF; a message followed by its own CRC (big-endian) ends in 0.
// check("123456789") = 0x29B1.
//
// Latency: combinational. State: none.
`default_nettype none

module crc16 (
    input  wire [15:0] i_crc,
    input  wire [7:0]  i_data,
    output wire [15:0] o_crc
);

    wire [7:0] mixed  = i_crc[15:8] ^ i_data;
    wire [7:0] folded = mixed ^ {4'd0, mixed[7:4]};

    assign o_crc = {i_crc[7:0], 8'd0}
                 ^ {folded[3:0], 12'd0}
                 ^ {3'd0, folded, 5'd0}
                 ^ {8'd0, folded};

endmodule

`default_nettype wire
