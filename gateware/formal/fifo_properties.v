// Claims about the input FIFO at the size it has in the receiver, from a reset on: nothing is stored
// over a byte that has not been read, nothing is read that was not stored, o_ready says when there is
// room, and nothing is lost. What an upset does is in fifo_upset_properties.v.
`default_nettype none

module fifo_properties #(
    parameter DEPTH_LOG2 = 9  // as in frame_receiver
) (
    input wire       i_clk,
    input wire       i_rst,
    input wire [8:0] i_data,
    input wire       i_valid,
    input wire       i_ready
);

    localparam [DEPTH_LOG2:0] ROOM = 1 << DEPTH_LOG2;
    localparam [DEPTH_LOG2:0] NONE = 0;

    wire ready;
    wire empty;
    wire out;
    wire lost;

    byte_fifo #(.WIDTH(9), .DEPTH_LOG2(DEPTH_LOG2)) dut (
        .i_clk   (i_clk),
        .i_rst   (i_rst),
        .i_data  (i_data),
        .i_valid (i_valid),
        .o_ready (ready),
        .o_valid (out),
        .i_ready (i_ready),
        .o_empty (empty),
        .o_lost  (lost)
    );

    (* hierconn *) wire                \dut.push ;
    (* hierconn *) wire                \dut.fetch ;
    (* hierconn *) wire [DEPTH_LOG2:0] \dut.write_q ;
    (* hierconn *) wire [DEPTH_LOG2:0] \dut.read_q ;
    (* hierconn *) wire                \dut.write_parity_q ;
    (* hierconn *) wire                \dut.read_parity_q ;

    reg                  started = 1'b0;
    reg [DEPTH_LOG2:0]   stored_q = 0;  // in the RAM
    reg [DEPTH_LOG2+1:0] inside_q = 0;  // in the RAM and at the output

    wire pushed = i_valid && ready;
    wire popped = out && i_ready;

    always @(posedge i_clk) begin
        started  <= 1'b1;
        stored_q <= i_rst ? NONE : stored_q + dut.push - dut.fetch;
        inside_q <= i_rst ? {1'b0, NONE} : inside_q + pushed - popped;
    end

    always @*
        if (!started)
            assume (i_rst);
        else begin
            assert (!lost);
            assert (dut.push == pushed);
            assert (!dut.push || (stored_q < ROOM));
            assert (!dut.fetch || (stored_q != NONE));
            assert (!dut.fetch || !out || i_ready);  // what is at the output stays until it is taken
            assert (ready == (stored_q != ROOM));
            assert (empty == (inside_q == {1'b0, NONE}));
`ifndef CLAIMS_ONLY
            // Carries the induction.
            assert (inside_q == {1'b0, stored_q} + out);
            assert (stored_q <= ROOM);
            assert (dut.write_q - dut.read_q == stored_q);
            assert (dut.write_parity_q == ^dut.write_q);
            assert (dut.read_parity_q == ^dut.read_q);
`endif
        end

endmodule

`default_nettype wire
