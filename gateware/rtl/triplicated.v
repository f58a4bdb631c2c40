// A register kept in three copies. What is read is the majority of the copies, bit by bit, and in
// every clock all three are rewritten from it (or from i_data): an upset copy is right again one
// clock later, and does no harm meanwhile.
//
// Synthesis would merge copies that it can prove equal. For yosys, `keep` has to stand at the
// processes, from where it goes over to the flip-flops; the attributes of the registers are for the
// vendors' tools.
//
// For tests, i_upset flips bits in one copy at the next clock edge: {strike, copy (0 to 2), number of
// the register, mask}. Where it is tied to 0, nothing of that is left. Where the mask is what i_data
// is, a flip costs no LUT: each copy then has a LUT of its own in front, of four inputs.
//
// Latency: 1 clock from i_write to o_data; an upset is repaired at the next clock edge, o_mismatch is
// high until then. Reset: RESET in all copies.
`default_nettype none

module triplicated #(
    parameter             WIDTH  = 1,
    parameter [WIDTH-1:0] RESET  = {WIDTH{1'b0}},
    parameter [7:0]       NUMBER = 8'd0  // in diagnostics.voter.register
) (
    input  wire             i_clk,
    input  wire             i_rst,
    input  wire             i_write,
    input  wire [WIDTH-1:0] i_data,
    output wire [WIDTH-1:0] o_data,
    output wire             o_mismatch,  // a copy is being repaired in this clock
    // verilator lint_off UNUSEDSIGNAL
    input  wire [42:0]      i_upset      // a narrow register has no use for all of the mask
    // verilator lint_on UNUSEDSIGNAL
);

    (* keep, syn_preserve = 1, dont_touch = "true" *) reg [WIDTH-1:0] copy_a_q;
    (* keep, syn_preserve = 1, dont_touch = "true" *) reg [WIDTH-1:0] copy_b_q;
    (* keep, syn_preserve = 1, dont_touch = "true" *) reg [WIDTH-1:0] copy_c_q;

    wire             mine = (i_upset[39:32] == NUMBER);
    wire [WIDTH-1:0] voted;
    wire [WIDTH-1:0] next = i_write ? i_data : voted;

    voter #(.WIDTH(WIDTH)) voter (
        .i_a        (copy_a_q),
        .i_b        (copy_b_q),
        .i_c        (copy_c_q),
        .o_voted    (voted),
        .o_mismatch (o_mismatch)
    );

    assign o_data = voted;

    (* keep *) always @(posedge i_clk)
        if (i_rst)
            copy_a_q <= RESET;
        else begin
            copy_a_q <= next;
            if (i_upset[42])  // alone: it is what a simulator has to look at in every clock
                if (mine && (i_upset[41:40] == 2'd0))
                    copy_a_q <= next ^ i_upset[WIDTH-1:0];
        end

    (* keep *) always @(posedge i_clk)
        if (i_rst)
            copy_b_q <= RESET;
        else begin
            copy_b_q <= next;
            if (i_upset[42])
                if (mine && (i_upset[41:40] == 2'd1))
                    copy_b_q <= next ^ i_upset[WIDTH-1:0];
        end

    (* keep *) always @(posedge i_clk)
        if (i_rst)
            copy_c_q <= RESET;
        else begin
            copy_c_q <= next;
            if (i_upset[42])
                if (mine && (i_upset[41:40] == 2'd2))
                    copy_c_q <= next ^ i_upset[WIDTH-1:0];
        end

endmodule

`default_nettype wire
