// Claims about secded_encode and secded_decode, for all data and every pair of flipped bits.
//
// Codeword, codeword with one flip and codeword with two each have a decoder. Code and syndromes
// are worked out here a second time, position by position, from the definition in
// docs/controller.md.
//
// A solver is lost in 39 bits of exclusive or unless it is told that the code is linear. So there are
// two steps. STEP = 0: flipping bit k of any word whatever changes its syndrome by the syndrome of
// bit k, and the verdict on any word follows from its syndrome. STEP = 1: everything about codewords,
// with the first half of step 0 taken for granted.
`default_nettype none

module secded_properties #(
    parameter STEP = 0
) (
    input wire [38:0] i_word,    // any word, with or without errors
    input wire [31:0] i_data,
    input wire [5:0]  i_first,   // bits that flip; 39 and more: none
    input wire [5:0]  i_second
);

    localparam [5:0] BITS = 6'd39;

    // Syndrome of a flip of the given bit alone, by the definition of the code.
    function [6:0] mark;
        input [5:0] bit_no;
        integer position;
        integer data_bit;
        begin
            mark     = 7'd0;
            data_bit = 0;
            for (position = 1; position <= 38; position = position + 1)
                if ((position & (position - 1)) != 0) begin
                    if (bit_no == data_bit)
                        mark = {1'b1, position[5:0]};
                    data_bit = data_bit + 1;
                end
            for (position = 0; position < 6; position = position + 1)
                if (bit_no == 32 + position)
                    mark = {1'b1, 6'd1 << position};
            if (bit_no == 38)
                mark = 7'b1000000;
        end
    endfunction

    wire [38:0] code;
    secded_encode encode (
        .i_data (i_data),
        .o_code (code)
    );

    wire [38:0] received = (STEP == 0) ? i_word : code;
    wire [38:0] once  = received ^ (39'd1 << i_first);
    wire [38:0] twice = once ^ (39'd1 << i_second);

    wire [38:0] repaired_0;
    wire [38:0] flip_0;
    wire [38:0] repaired_1;
    wire [38:0] repaired_2;
    wire [6:0]  syndrome_0;
    wire [6:0]  syndrome_1;
    wire [6:0]  syndrome_2;
    wire [2:0]  corrected;
    wire [2:0]  uncorrectable;

    secded_decode decode_0 (
        .i_code          (received),
        .o_code          (repaired_0),
        .o_flip          (flip_0),
        .o_syndrome      (syndrome_0),
        .o_corrected     (corrected[0]),
        .o_uncorrectable (uncorrectable[0])
    );

    secded_decode decode_1 (
        .i_code          (once),
        .o_code          (repaired_1),
        .o_syndrome      (syndrome_1),
        .o_corrected     (corrected[1]),
        .o_uncorrectable (uncorrectable[1])
    );

    secded_decode decode_2 (
        .i_code          (twice),
        .o_code          (repaired_2),
        .o_syndrome      (syndrome_2),
        .o_corrected     (corrected[2]),
        .o_uncorrectable (uncorrectable[2])
    );

    // Data bits under check bit j, by the definition of the code.
    function [31:0] covered;
        input integer j;
        integer position;
        integer data_bit;
        begin
            covered  = 32'd0;
            data_bit = 0;
            for (position = 1; position <= 38; position = position + 1)
                if ((position & (position - 1)) != 0) begin
                    covered[data_bit] = ((position >> j) & 1) != 0;
                    data_bit = data_bit + 1;
                end
        end
    endfunction

    wire [5:0] check = {^(i_data & covered(5)), ^(i_data & covered(4)), ^(i_data & covered(3)),
                        ^(i_data & covered(2)), ^(i_data & covered(1)), ^(i_data & covered(0))};

    wire linear_1 = (syndrome_1 == (syndrome_0 ^ mark(i_first)));
    wire linear_2 = (syndrome_2 == (syndrome_1 ^ mark(i_second)));

    generate
        if (STEP == 0) begin : gen_linear
            always @* begin
                assert (linear_1);
                assert (repaired_0 == (received ^ flip_0));
                assert (corrected[0] == (syndrome_0[6] && (syndrome_0[5:0] <= 6'd38)));
                assert (uncorrectable[0] == ((syndrome_0 != 7'd0) && !corrected[0]));
            end
        end else begin : gen_code
            always @* begin
                assume (linear_1);
                assume (linear_2);
                assert (code[31:0] == i_data);
                assert (code[37:32] == check);
                assert (code[38] == ^{check, i_data});
                // as it should be
                assert (!corrected[0] && !uncorrectable[0] && (syndrome_0 == 7'd0));
                assert (repaired_0 == code);
                // one flip
                if (i_first < BITS) begin
                    assert (corrected[1] && !uncorrectable[1]);
                    assert (syndrome_1 == mark(i_first));
                    assert (repaired_1 == code);
                end
                // two flips
                if ((i_first < BITS) && (i_second < BITS) && (i_first != i_second)) begin
                    assert (uncorrectable[2] && !corrected[2]);
                    assert (repaired_2 == twice);  // left as it came
                end
            end
        end
    endgenerate

endmodule

`default_nettype wire
