// Holds one RMAP packet: the header in registers, the data as 32-bit words in a RAM. Both
// CRCs are computed as the bytes come in, so that nothing has to be read a second time.
//
// Latency: header and CRC verdicts are there in the clock after their last byte; a word read from
// the RAM is there in the clock after its index. Everything stays until the next packet's first
// byte. Reset: no packet; the RAM keeps its content.
`default_nettype none

module rmap_receiver (
    input  wire         i_clk,
    input  wire         i_rst,
    // packet bytes
    input  wire [7:0]   i_data,
    input  wire         i_valid,
    input  wire         i_between,    // the next byte is the first of a frame
    // the packet
    output wire [119:0] o_header,     // without its CRC, first byte at the top
    output wire         o_header_ok,  // header CRC right
    output wire         o_data_ok,    // data CRC right
    input  wire [5:0]   i_index,
    output wire [31:0]  o_word        // data word i_index of the clock before
);

    localparam [8:0] HEADER_BYTES = 9'd16;
    localparam [8:0] DATA_END     = 9'd272;  // behind the 256 data bytes of the longest write

    reg [8:0]   position_q;
    reg [119:0] header_q;
    reg         header_ok_q;
    reg [7:0]   crc_q;
    reg [23:0]  gather_q;  // the first bytes of the word that is coming in
    (* no_rw_check *) reg [31:0] words [0:63];  // read long after the last byte has come

    reg [31:0]  word_q;

    wire [7:0] crc;
    wire       in_header = (position_q < HEADER_BYTES);
    wire       store     = i_valid && !in_header && (position_q < DATA_END)
                           && (position_q[1:0] == 2'd3);
    wire [5:0] store_index = position_q[7:2] - HEADER_BYTES[7:2];

    crc8 crc8 (
        .i_crc  ((position_q == 9'd0) ? 8'd0 : crc_q),
        .i_data (i_data),
        .o_crc  (crc)
    );

    assign o_header    = header_q;
    assign o_header_ok = header_ok_q;
    assign o_data_ok   = (crc_q == 8'd0);
    assign o_word      = word_q;

    always @(posedge i_clk)
        if (store)
            words[store_index] <= {gather_q, i_data};

    always @(posedge i_clk)
        word_q <= words[i_index];

    always @(posedge i_clk)
        if (i_rst) begin
            position_q  <= 9'd0;
            header_q    <= 120'd0;
            header_ok_q <= 1'b0;
            crc_q       <= 8'd0;
            gather_q    <= 24'd0;
        end else begin
            if (i_between)
                position_q <= 9'd0;
            else if (i_valid)
                position_q <= position_q + 9'd1;
            if (i_valid) begin
                // A right header CRC leaves 0 behind, which is what the data CRC starts from.
                crc_q    <= crc;
                gather_q <= {gather_q[15:0], i_data};
                if (in_header)
                    header_ok_q <= (crc == 8'd0);
                if (position_q < HEADER_BYTES - 9'd1)
                    header_q <= {header_q[111:0], i_data};
            end
        end

endmodule

`default_nettype wire
