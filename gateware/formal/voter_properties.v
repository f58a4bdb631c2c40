// Claims about voter: every bit is that of the majority; a copy that alone is wrong, in whatever bits,
// does not show; o_mismatch is high exactly while the copies are not all equal.
`default_nettype none

module voter_properties #(
    parameter WIDTH = 32
) (
    input wire [WIDTH-1:0] i_a,
    input wire [WIDTH-1:0] i_b,
    input wire [WIDTH-1:0] i_c
);

    wire [WIDTH-1:0] voted;
    wire             mismatch;

    voter #(.WIDTH(WIDTH)) dut (
        .i_a        (i_a),
        .i_b        (i_b),
        .i_c        (i_c),
        .o_voted    (voted),
        .o_mismatch (mismatch)
    );

    integer i;

    always @* begin
        for (i = 0; i < WIDTH; i = i + 1)
            assert (voted[i] == ({1'b0, i_a[i]} + {1'b0, i_b[i]} + {1'b0, i_c[i]} >= 2'd2));
        if (i_a == i_b)
            assert (voted == i_a);
        if (i_a == i_c)
            assert (voted == i_a);
        if (i_b == i_c)
            assert (voted == i_b);
        assert (mismatch == !((i_a == i_b) && (i_b == i_c)));
    end

endmodule

`default_nettype wire
