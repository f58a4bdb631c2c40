// Claims about triplicated, while in every clock any bits of any one copy may flip:
//   it reads exactly as one plain register without upsets would;
//   a flipped copy is reported in the next clock and right again in the one after it;
//   nothing is reported without a flip.
`default_nettype none

module triplication_properties #(
    parameter             WIDTH = 32,
    parameter [WIDTH-1:0] RESET = 32'h6000FFFF
) (
    input wire             i_clk,
    input wire             i_rst,
    input wire             i_write,
    input wire [WIDTH-1:0] i_data,
    input wire [42:0]      i_upset
);

    localparam [7:0] NUMBER = 8'd3;

    wire [WIDTH-1:0] data;
    wire             mismatch;

    triplicated #(.WIDTH(WIDTH), .RESET(RESET), .NUMBER(NUMBER)) dut (
        .i_clk      (i_clk),
        .i_rst      (i_rst),
        .i_write    (i_write),
        .i_data     (i_data),
        .o_data     (data),
        .o_mismatch (mismatch),
        .i_upset    (i_upset)
    );

    (* hierconn *) wire [WIDTH-1:0] \dut.copy_a_q ;
    (* hierconn *) wire [WIDTH-1:0] \dut.copy_b_q ;
    (* hierconn *) wire [WIDTH-1:0] \dut.copy_c_q ;

    reg             started = 1'b0;
    reg [WIDTH-1:0] plain_q;
    reg             flipped_q;

    wire strikes = i_upset[42] && (i_upset[41:40] != 2'd3) && (i_upset[39:32] == NUMBER);
    wire flips   = strikes && !i_rst && (i_upset[WIDTH-1:0] != {WIDTH{1'b0}});

    always @*
        if (!started)
            assume (i_rst);

    always @(posedge i_clk) begin
        started   <= 1'b1;
        flipped_q <= flips;
        if (i_rst)
            plain_q <= RESET;
        else if (i_write)
            plain_q <= i_data;
    end

    always @*
        if (started) begin
            assert (data == plain_q);
            assert (mismatch == flipped_q);
            if (!mismatch)
                assert ((dut.copy_a_q == plain_q) && (dut.copy_b_q == plain_q)
                        && (dut.copy_c_q == plain_q));
        end

endmodule

`default_nettype wire
