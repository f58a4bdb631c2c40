// Synchronous FIFO over a block RAM; the first word falls through to the output.
//
// Each pointer has a parity bit. An upset of one of them would give out old words a second time, or
// lose some: it empties the FIFO instead, and o_lost tells.
//
// Latency: a word written in clock 0 is at the output in clock 2; one word a clock.
// Reset: empties it. The RAM and its output register keep their content, o_valid masks it.
`default_nettype none

module byte_fifo #(
    parameter WIDTH      = 8,
    parameter DEPTH_LOG2 = 9
) (
    input  wire             i_clk,
    input  wire             i_rst,
    // writing side
    input  wire [WIDTH-1:0] i_data,
    input  wire             i_valid,
    output wire             o_ready,
    // reading side
    output wire [WIDTH-1:0] o_data,
    output wire             o_valid,
    input  wire             i_ready,
    // nothing stored and nothing at the output
    output wire             o_empty,
    // a pointer was upset, all words are lost; one clock
    output wire             o_lost
);

    // What is fetched is never what is being pushed.
    (* no_rw_check *) reg [WIDTH-1:0] storage [0:(1<<DEPTH_LOG2)-1];

    reg [WIDTH-1:0]    data_q;
    reg                valid_q;
    reg [DEPTH_LOG2:0] write_q;  // one bit more than an address: full differs from empty
    reg [DEPTH_LOG2:0] read_q;
    reg                write_parity_q;
    reg                read_parity_q;

    wire stored = (write_q != read_q);
    wire full   = (write_q == {~read_q[DEPTH_LOG2], read_q[DEPTH_LOG2-1:0]});
    wire push   = i_valid && !full;
    wire fetch  = stored && (!valid_q || i_ready);

    wire [DEPTH_LOG2:0] write_d = write_q + 1'b1;
    wire [DEPTH_LOG2:0] read_d  = read_q + 1'b1;

    assign o_lost  = (^write_q != write_parity_q) || (^read_q != read_parity_q);
    assign o_ready = !full;
    assign o_data  = data_q;
    assign o_valid = valid_q;
    assign o_empty = !stored && !valid_q;

    always @(posedge i_clk)
        if (push)
            storage[write_q[DEPTH_LOG2-1:0]] <= i_data;

    always @(posedge i_clk)
        if (fetch)
            data_q <= storage[read_q[DEPTH_LOG2-1:0]];

    always @(posedge i_clk)
        if (i_rst || o_lost) begin
            write_q        <= 0;
            write_parity_q <= 1'b0;
            read_q         <= 0;
            read_parity_q  <= 1'b0;
            valid_q        <= 1'b0;
        end else begin
            if (push) begin
                write_q        <= write_d;
                write_parity_q <= ^write_d;
            end
            if (fetch) begin
                read_q        <= read_d;
                read_parity_q <= ^read_d;
            end
            valid_q <= fetch || (valid_q && !i_ready);
        end

endmodule

`default_nettype wire
