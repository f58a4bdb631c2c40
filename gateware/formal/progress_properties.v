// Claims about rmap_target, with every register at any value whatever, no reset and any inputs: it
// cannot get stuck. In every clock it is idle, or waits for the bus, for the line or for i_hold, or
// comes closer to idle, which a count that only falls shows; waiting never takes it further away.
`default_nettype none

module progress_properties (
    input wire         i_clk,
    input wire         i_packet,
    input wire [8:0]   i_length,
    input wire [119:0] i_header,
    input wire         i_header_ok,
    input wire         i_data_ok,
    input wire [31:0]  i_word,
    input wire         i_hold,
    input wire         i_bus_done,
    input wire [31:0]  i_bus_data,
    input wire         i_reply_ready
);

    wire ready;
    wire bus_valid;
    wire reply_valid;

    rmap_target dut (
        .i_clk         (i_clk),
        .i_rst         (1'b0),
        .i_packet      (i_packet),
        .i_length      (i_length),
        .i_header      (i_header),
        .i_header_ok   (i_header_ok),
        .i_data_ok     (i_data_ok),
        .i_word        (i_word),
        .o_ready       (ready),
        .i_hold        (i_hold),
        .o_bus_valid   (bus_valid),
        .i_bus_done    (i_bus_done),
        .i_bus_data    (i_bus_data),
        .o_reply_valid (reply_valid),
        .i_reply_ready (i_reply_ready)
    );

    (* hierconn *) wire [6:0] \dut.state_q ;
    (* hierconn *) wire [7:0] \dut.words_q ;
    (* hierconn *) wire       \dut.fetched_valid_q ;
    (* hierconn *) wire       \dut.word_valid_q ;
    (* hierconn *) wire [1:0] \dut.byte_q ;
    (* hierconn *) wire [3:0] \dut.position_q ;

    // What is left to do, at most: words still on the bus, a word fetched, bytes of a word on its way.
    wire [15:0] data_left = {4'd0, dut.words_q, 4'd0} + {12'd0, dut.fetched_valid_q, 3'd0}
                          + (dut.word_valid_q ? 16'd4 - {14'd0, dut.byte_q} : 16'd0);
    wire [15:0] reply_left = {4'd15 - dut.position_q, 12'd0} + data_left;

    reg [19:0] left;

    always @*
        case (dut.state_q)
            7'b0000001: left = 20'd0;                                    // IDLE
            7'b0000010: left = 20'hF0000;                                // JUDGE
            7'b0000100: left = 20'hE0000;                                // DECIDE
            7'b0001000: left = 20'hC0000 + {11'd0, dut.words_q == 8'd0, dut.words_q};  // WRITE
            7'b0010000: left = 20'hB0000;                                // FETCH
            7'b0100000: left = 20'hA0000;                                // MODIFY
            7'b1000000: left = 20'h10000 + {4'd0, reply_left};           // REPLY
            default:    left = 20'd1;                                    // none of them
        endcase

    wire waits = (dut.state_q == 7'b0000001) || (bus_valid && !i_bus_done)
                 || (reply_valid && !i_reply_ready)
                 || ((dut.state_q == 7'b0000100) && i_hold);

    reg        started = 1'b0;
    reg        waits_q;
    reg        idle_q;
    reg [19:0] left_q;

    always @(posedge i_clk) begin
        started <= 1'b1;
        waits_q <= waits;
        idle_q  <= (dut.state_q == 7'b0000001);
        left_q  <= left;
    end

    always @* begin
        assert (ready == (dut.state_q == 7'b0000001));
        assert ((left == 20'd0) == ready);
        if (started && !idle_q) begin
            assert (left <= left_q);
            assert (waits_q || (left < left_q));
        end
    end

endmodule

`default_nettype wire
