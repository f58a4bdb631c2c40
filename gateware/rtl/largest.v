// The largest of 32 unsigned numbers of 16 bits, as a tree: five comparisons deep, where a chain
// would be 32. Inputs tied to 0 leave nothing behind.
//
// Latency: combinational. State: none.
`default_nettype none

module largest (
    input  wire [16*32-1:0] i_values,
    output wire [15:0]      o_largest
);

    wire [16*16-1:0] of_2;
    wire [16*8-1:0]  of_4;
    wire [16*4-1:0]  of_8;
    wire [16*2-1:0]  of_16;

    genvar i;
    generate
        for (i = 0; i < 16; i = i + 1) begin : gen_of_2
            assign of_2[16*i +: 16] = (i_values[32*i +: 16] > i_values[32*i+16 +: 16])
                                    ? i_values[32*i +: 16] : i_values[32*i+16 +: 16];
        end
        for (i = 0; i < 8; i = i + 1) begin : gen_of_4
            assign of_4[16*i +: 16] = (of_2[32*i +: 16] > of_2[32*i+16 +: 16])
                                    ? of_2[32*i +: 16] : of_2[32*i+16 +: 16];
        end
        for (i = 0; i < 4; i = i + 1) begin : gen_of_8
            assign of_8[16*i +: 16] = (of_4[32*i +: 16] > of_4[32*i+16 +: 16])
                                    ? of_4[32*i +: 16] : of_4[32*i+16 +: 16];
        end
        for (i = 0; i < 2; i = i + 1) begin : gen_of_16
            assign of_16[16*i +: 16] = (of_8[32*i +: 16] > of_8[32*i+16 +: 16])
                                     ? of_8[32*i +: 16] : of_8[32*i+16 +: 16];
        end
    endgenerate

    assign o_largest = (of_16[15:0] > of_16[31:16]) ? of_16[15:0] : of_16[31:16];

endmodule

`default_nettype wire
