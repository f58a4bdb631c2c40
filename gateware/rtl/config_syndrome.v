// The syndrome of a configuration frame: a polynomial over GF(2) modulo CRC-32C's, 0x1EDC6F41. It
// takes the frame in word by word, can be divided by x, and can be turned like a ring, which takes a
// bit to its place in a word.
//
// Latency: 1 clock. Reset: 0.
`default_nettype none

module config_syndrome (
    input  wire        i_clk,
    input  wire        i_rst,
    // what it does, one of them or nothing
    input  wire        i_load,      // becomes i_top and i_bottom, 0 between
    input  wire        i_absorb,    // takes i_word in: becomes itself times x^32 plus the word
    input  wire        i_divide,    // is divided by x
    input  wire        i_turn,      // turns right by one bit
    input  wire [31:0] i_word,
    input  wire        i_top,
    input  wire        i_bottom,
    output wire [31:0] o_syndrome,
    output wire        o_zero,
    output wire        o_single,    // is 1
    output wire        o_pair       // is 3
);

    localparam [31:0] POLYNOMIAL = 32'h1EDC6F41;

    // v x^32. Each bit is the sum of about 16; t are the sums of four and three worth sharing.
    function [31:0] times_x32(input [31:0] v);
        reg [29:0] t;
        begin
            t[0] = v[8] ^ v[11] ^ v[20] ^ v[30];
            t[1] = v[15] ^ v[16] ^ v[25] ^ v[29];
            t[2] = v[17] ^ v[18] ^ v[27] ^ v[31];
            t[3] = v[8] ^ v[9] ^ v[10] ^ v[22];
            t[4] = v[2] ^ v[3] ^ v[5] ^ v[21];
            t[5] = v[6] ^ v[14] ^ v[23];
            t[6] = v[0] ^ v[5] ^ v[7] ^ v[30];
            t[7] = v[3] ^ v[12] ^ v[25] ^ v[28];
            t[8] = v[0] ^ v[4] ^ v[8] ^ v[19];
            t[9] = v[19] ^ v[28] ^ v[29] ^ t[0];
            t[10] = v[13] ^ v[14] ^ v[17] ^ v[26];
            t[11] = v[7] ^ v[24] ^ v[26];
            t[12] = v[5] ^ v[13] ^ v[15] ^ v[24];
            t[13] = v[9] ^ v[10] ^ v[12] ^ v[31];
            t[14] = v[8] ^ v[12] ^ v[23] ^ t[2];
            t[15] = v[6] ^ v[13] ^ v[19] ^ t[3];
            t[16] = v[1] ^ v[4] ^ v[7] ^ v[22];
            t[17] = v[9] ^ v[16] ^ v[26];
            t[18] = v[1] ^ v[22] ^ v[27];
            t[19] = v[24] ^ v[27] ^ v[29] ^ t[7];
            t[20] = v[18] ^ v[20] ^ t[5] ^ t[18];
            t[21] = v[5] ^ v[11] ^ v[26] ^ t[1];
            t[22] = v[4] ^ v[22] ^ v[27] ^ t[0];
            t[23] = v[0] ^ v[14] ^ v[21];
            t[24] = v[4] ^ v[28] ^ t[1] ^ t[5];
            t[25] = v[11] ^ v[21] ^ v[28] ^ t[10];
            t[26] = v[1] ^ v[4] ^ v[6] ^ v[12];
            t[27] = v[6] ^ v[17] ^ t[1] ^ t[11];
            t[28] = v[10] ^ v[18] ^ v[27] ^ t[9];
            t[29] = v[2] ^ v[18] ^ v[20] ^ v[31];
            times_x32[0] = v[4] ^ v[6] ^ v[21] ^ v[25] ^ v[28] ^ t[6] ^ t[14] ^ t[17];
            times_x32[1] = v[1] ^ v[5] ^ v[28] ^ v[29] ^ t[2] ^ t[11] ^ t[15];
            times_x32[2] = v[2] ^ v[7] ^ v[9] ^ v[25] ^ t[5] ^ t[28];
            times_x32[3] = v[3] ^ v[15] ^ v[21] ^ t[9] ^ t[11] ^ t[13];
            times_x32[4] = v[13] ^ v[16] ^ v[21] ^ v[25] ^ v[29] ^ t[13] ^ t[22];
            times_x32[5] = v[5] ^ v[22] ^ v[23] ^ v[30] ^ t[13] ^ t[25];
            times_x32[6] = v[4] ^ v[24] ^ t[1] ^ t[3] ^ t[6] ^ t[25];
            times_x32[7] = v[1] ^ v[12] ^ v[30] ^ t[2] ^ t[3] ^ t[5] ^ t[21];
            times_x32[8] = v[2] ^ v[10] ^ v[11] ^ v[21] ^ v[25] ^ t[8] ^ t[12];
            times_x32[9] = v[3] ^ v[23] ^ v[28] ^ t[0] ^ t[2] ^ t[16] ^ t[23];
            times_x32[10] = v[0] ^ v[2] ^ v[19] ^ v[30] ^ t[18] ^ t[27];
            times_x32[11] = v[0] ^ v[9] ^ v[20] ^ t[4] ^ t[26];
            times_x32[12] = v[6] ^ v[10] ^ v[13] ^ t[4] ^ t[16];
            times_x32[13] = v[2] ^ v[11] ^ v[22] ^ v[30] ^ t[2] ^ t[7] ^ t[17] ^ t[23];
            times_x32[14] = v[1] ^ v[3] ^ v[21] ^ t[1] ^ t[6] ^ t[15];
            times_x32[15] = v[2] ^ v[10] ^ v[17] ^ v[31] ^ t[0] ^ t[5] ^ t[16] ^ t[17];
            times_x32[16] = v[7] ^ v[9] ^ v[10] ^ v[11] ^ v[15] ^ v[24] ^ t[4] ^ t[14];
            times_x32[17] = v[4] ^ v[11] ^ v[16] ^ v[18] ^ v[24] ^ t[7] ^ t[15];
            times_x32[18] = v[6] ^ v[13] ^ v[16] ^ v[31] ^ t[23] ^ t[28];
            times_x32[19] = t[8] ^ t[20] ^ t[21];
            times_x32[20] = v[1] ^ v[15] ^ v[24] ^ v[25] ^ t[8] ^ t[29];
            times_x32[21] = v[1] ^ v[19] ^ v[20] ^ v[25] ^ t[4] ^ t[17];
            times_x32[22] = v[16] ^ v[23] ^ t[3] ^ t[6] ^ t[7] ^ t[29];
            times_x32[23] = v[1] ^ v[10] ^ v[11] ^ v[13] ^ v[16] ^ v[18] ^ v[19] ^ t[6] ^ t[19];
            times_x32[24] = v[2] ^ v[25] ^ v[31] ^ t[9] ^ t[10] ^ t[26];
            times_x32[25] = v[0] ^ v[2] ^ v[3] ^ v[8] ^ v[13] ^ v[17] ^ v[20] ^ t[24];
            times_x32[26] = v[0] ^ v[1] ^ v[8] ^ v[15] ^ v[31] ^ t[5] ^ t[19];
            times_x32[27] = v[0] ^ v[1] ^ v[2] ^ v[6] ^ v[21] ^ v[29] ^ t[12] ^ t[14];
            times_x32[28] = v[12] ^ v[23] ^ v[24] ^ v[31] ^ t[4] ^ t[8] ^ t[10] ^ t[18];
            times_x32[29] = v[2] ^ v[3] ^ v[4] ^ v[9] ^ v[25] ^ v[28] ^ t[12] ^ t[20];
            times_x32[30] = v[10] ^ v[19] ^ t[4] ^ t[11] ^ t[24];
            times_x32[31] = v[3] ^ v[5] ^ t[22] ^ t[27];
        end
    endfunction

    reg [31:0] syndrome_q;

    wire        feedback = i_divide && syndrome_q[0];
    wire [31:0] turned   = {syndrome_q[0], syndrome_q[31:1]};
    wire        is_low   = (syndrome_q[31:2] == 30'd0);

    assign o_syndrome = syndrome_q;
    assign o_zero     = is_low && (syndrome_q[1:0] == 2'd0);
    assign o_single   = is_low && (syndrome_q[1:0] == 2'd1);
    assign o_pair     = is_low && (syndrome_q[1:0] == 2'd3);

    always @(posedge i_clk)
        if (i_rst)
            syndrome_q <= 32'd0;
        else if (i_load)
            syndrome_q <= {i_top, 30'd0, i_bottom};
        else if (i_divide || i_turn)
            syndrome_q <= turned ^ {1'b0, POLYNOMIAL[31:1] & {31{feedback}}};
        else if (i_absorb)
            syndrome_q <= times_x32(syndrome_q) ^ i_word;

endmodule

`default_nettype wire
