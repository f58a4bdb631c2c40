// Holds one RMAP packet: the header in registers, the data as 32-bit words in a RAM. Both
// CRCs are computed as the bytes come in, so that nothing has to be read a second time.
//
// Words are numbered from the packet's first byte on, modulo 64: those of the data from 4 on, behind the
// header, the last of the longest write is 3. The first has a read port of its own: what a
// read-modify-write writes is there beside its mask.
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
    output wire [31:0]  o_word,       // word i_index of the clock before
    output wire [31:0]  o_first       // word 4
);

    localparam [8:0] HEADER_BYTES = 9'd16;
    localparam [8:0] DATA_END     = 9'd272;  // behind the 256 data bytes of the longest write

    reg [8:0]   position_q;
    reg [119:0] header_q;
    reg         header_ok_q;
    reg [7:0]   crc_q;
    (* no_rw_check *) reg [31:0] words [0:63];  // read long after the last byte has come

    reg [31:0]  word_q;
    reg [31:0]  first_q;

    wire [7:0] crc;
    wire       in_header = (position_q < HEADER_BYTES);
    wire       store     = i_valid && !in_header && (position_q < DATA_END);
    wire [5:0] store_index = position_q[7:2];

    crc8 crc8 (
        .i_crc  ((position_q == 9'd0) ? 8'd0 : crc_q),
        .i_data (i_data),
        .o_crc  (crc)
    );

    assign o_header    = header_q;
    assign o_header_ok = header_ok_q;
    assign o_data_ok   = (crc_q == 8'd0);
    assign o_word      = word_q;
    assign o_first     = first_q;

    always @(posedge i_clk)
        if (store)
            case (position_q[1:0])
                2'd0: words[store_index][31:24] <= i_data;
                2'd1: words[store_index][23:16] <= i_data;
                2'd2: words[store_index][15:8]  <= i_data;
                2'd3: words[store_index][7:0]   <= i_data;
            endcase

    always @(posedge i_clk) begin
        word_q  <= words[i_index];
        first_q <= words[HEADER_BYTES[7:2]];
    end

    always @(posedge i_clk)
        if (i_rst) begin
            position_q  <= 9'd0;
            header_q    <= 120'd0;
            header_ok_q <= 1'b0;
            crc_q       <= 8'd0;
        end else begin
            if (i_between)
                position_q <= 9'd0;
            else if (i_valid)
                position_q <= position_q + 9'd1;
            if (i_valid) begin
                // A right header CRC leaves 0 behind, which is what the data CRC starts from.
                crc_q <= crc;
                if (in_header)
                    header_ok_q <= (crc == 8'd0);
                if (position_q < HEADER_BYTES - 9'd1)
                    header_q <= {header_q[111:0], i_data};
            end
        end

endmodule

`default_nettype wire
