// A packet to a frame on the line: END, SLIP of packet and CRC-16 (big-endian), END.
//
// Latency: the first END leaves 1 clock after the first byte is offered, which is taken one clock
// later; 3 bytes (CRC-16, END) follow the last one. A packet that ends without its last byte, after
// an upset, is closed by an END alone: the other end drops it. For tests a frame can be dropped, then
// nothing of it leaves, or be given a wrong CRC-16. Reset: idle; a frame in progress is lost.
`default_nettype none

module frame_encoder (
    input  wire       i_clk,
    input  wire       i_rst,
    // packet
    input  wire       i_open,   // from the first byte to the last; ends early when it is given up
    input  wire [7:0] i_data,
    input  wire       i_valid,
    input  wire       i_last,
    output wire       o_ready,
    // faults, steady from the first byte of a packet until o_idle
    input  wire       i_drop,
    input  wire       i_corrupt,  // inverts bit 0 of the CRC-16
    // to the line
    output wire [7:0] o_data,
    output wire       o_valid,
    input  wire       i_ready,
    output wire       o_idle
);

    // One-hot, so that an upset leads to a value that is none of them; it sends nothing and goes to
    // START. Synthesis must leave the encoding alone.
    localparam [4:0] START    = 5'b00001;
    localparam [4:0] BODY     = 5'b00010;
    localparam [4:0] CRC_HIGH = 5'b00100;
    localparam [4:0] CRC_LOW  = 5'b01000;
    localparam [4:0] STOP     = 5'b10000;

    (* fsm_encoding = "none", syn_encoding = "original" *)
    reg [4:0]  state_q;
    reg [15:0] crc_q;

    wire [15:0] crc;
    wire        slip_ready;
    wire        trailer    = (state_q == CRC_HIGH) || (state_q == CRC_LOW) || (state_q == STOP);
    wire        slip_valid = trailer || (((state_q == START) || (state_q == BODY)) && i_valid);
    wire        step       = slip_valid && slip_ready;
    wire        encoded_valid;
    wire        given_up   = (state_q == BODY) && !i_open;

    crc16 crc16 (
        .i_crc  (crc_q),
        .i_data (i_data),
        .o_crc  (crc)
    );

    slip_encoder slip_encoder (
        .i_clk       (i_clk),
        .i_rst       (i_rst),
        .i_data      ((state_q == CRC_HIGH) ? crc_q[15:8]
                    : (state_q == CRC_LOW)  ? {crc_q[7:1], crc_q[0] ^ i_corrupt}
                                            : i_data),
        .i_delimiter ((state_q == START) || (state_q == STOP)),
        .i_valid     (slip_valid),
        .o_ready     (slip_ready),
        .o_data      (o_data),
        .o_valid     (encoded_valid),
        .i_ready     (i_ready || i_drop)
    );

    assign o_valid = encoded_valid && !i_drop;
    assign o_ready = (state_q == BODY) && slip_ready;
    assign o_idle  = (state_q == START) && !encoded_valid;

    always @(posedge i_clk)
        if (i_rst) begin
            state_q <= START;
            crc_q   <= 16'hFFFF;
        end else
            case (state_q)
                START:    if (step) begin
                              state_q <= BODY;
                              crc_q   <= 16'hFFFF;
                          end
                BODY:     if (step) begin
                              state_q <= i_last ? CRC_HIGH : BODY;
                              crc_q   <= crc;
                          end else if (given_up)
                              state_q <= STOP;
                CRC_HIGH: if (step) state_q <= CRC_LOW;
                CRC_LOW:  if (step) state_q <= STOP;
                STOP:     if (step) state_q <= START;
                default:  state_q <= START;
            endcase

endmodule

`default_nettype wire
