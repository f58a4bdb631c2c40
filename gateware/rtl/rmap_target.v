// RMAP target (ECSS-E-ST-50-52C): takes the packet that rmap_receiver holds, executes it word by
// word on the register bus, and streams the reply. Nothing is written before the whole packet has
// been checked.
//
// Latency: 3 clocks from i_packet to the first bus access or reply byte, as long as i_hold is low in
// the one before; a word is written in as many clocks as the bus takes; a reply leaves at one byte a
// clock, its words are read one ahead of the bytes.
// Reset: idle; a command in progress is lost. An upset of the state does the same.
`default_nettype none
`include "registers.vh"

module rmap_target #(
    parameter TRAYS  = 18,
    parameter FLIGHT = 0
) (
    input  wire         i_clk,
    input  wire         i_rst,
    // the packet, held while o_ready is low
    input  wire         i_packet,    // a good frame is complete
    input  wire [8:0]   i_length,    // its length, with i_packet
    input  wire [119:0] i_header,    // without its CRC, first byte at the top
    input  wire         i_header_ok,
    input  wire         i_data_ok,
    output wire [5:0]   o_index,
    input  wire [31:0]  i_word,      // word o_index of the clock before, numbered as in rmap_receiver
    input  wire [31:0]  i_first,     // the first one of the data
    output wire         o_ready,     // idle
    input  wire         i_hold,      // wait before executing
    // register bus: o_bus_valid and the rest stay until i_bus_done
    output wire         o_bus_valid,
    output wire         o_bus_write,
    output wire [16:0]  o_bus_address,
    output wire [31:0]  o_bus_data,
    input  wire         i_bus_done,
    input  wire [31:0]  i_bus_data,
    // reply bytes
    output wire         o_replying,  // from the first byte to the last
    output wire [7:0]   o_reply_data,
    output wire         o_reply_valid,
    output wire         o_reply_last,
    input  wire         i_reply_ready,
    // events, one clock each
    output wire         o_decide,    // the command is acted on from here
    output wire         o_discarded,
    output wire         o_refused,   // with o_status
    output wire [7:0]   o_status,
    output wire         o_executed
);

    // One-hot, so that an upset leads to a value that is none of them; it does nothing and goes to
    // IDLE. Synthesis must leave the encoding alone.
    localparam [6:0] IDLE    = 7'b0000001;  // waiting for a packet
    localparam [6:0] JUDGE   = 7'b0000010;  // the verdict settles
    localparam [6:0] DECIDE  = 7'b0000100;  // act on it
    localparam [6:0] WRITE   = 7'b0001000;  // data words to the bus
    localparam [6:0] FETCH   = 7'b0010000;  // old value of a read-modify-write
    localparam [6:0] MODIFY  = 7'b0100000;  // new value of a read-modify-write
    localparam [6:0] REPLY   = 7'b1000000;

    localparam [5:0] FIRST_WORD = 6'd4;  // of the data, behind 16 bytes of header

    // Positions in a reply; the data is all at one position.
    localparam [3:0] AT_WRITE_CRC = 4'd7;
    localparam [3:0] AT_READ_CRC  = 4'd11;
    localparam [3:0] AT_DATA      = 4'd12;
    localparam [3:0] AT_DATA_CRC  = 4'd13;

    wire [5:0]  instruction = i_header[101:96];
    wire [7:0]  initiator   = i_header[87:80];
    wire [15:0] transaction = i_header[79:64];
    wire [16:0] address     = i_header[40:24];
    wire [9:0]  length      = i_header[9:0];  // as far as it can be executed
    wire        is_write    = instruction[5];
    wire        is_modify   = !is_write && instruction[4];
    wire        wants_reply = instruction[3];
    wire        increment   = instruction[2];

    wire        discard;
    wire [7:0]  verdict;

    (* fsm_encoding = "none", syn_encoding = "original" *)
    reg [6:0]   state_q;
    reg [8:0]   length_q;
    reg         discard_q;
    reg [7:0]   status_q;
    reg [16:0]  address_q;
    reg [7:0]   words_q;     // still to be written, or to be read for the reply
    reg [5:0]   index_q;     // word of the packet
    reg [31:0]  fetched_q;   // word read ahead of the reply bytes
    reg         fetched_valid_q;
    reg [31:0]  word_q;      // word that is being sent, its next byte at the top
    reg [1:0]   byte_q;      // bytes of it that have gone
    reg         word_valid_q;
    reg [7:0]   unsent_q;    // words that have not gone completely
    reg [3:0]   position_q;
    reg [7:0]   crc_q;

    rmap_verdict #(.TRAYS(TRAYS), .FLIGHT(FLIGHT)) rmap_verdict (
        .i_target      (i_header[119:112]),
        .i_protocol    (i_header[111:104]),
        .i_instruction (i_header[103:96]),
        .i_key         (i_header[95:88]),
        .i_extension   (i_header[63:56]),
        .i_address     (i_header[55:24]),
        .i_length      (i_header[23:0]),
        .i_header_ok   (i_header_ok),
        .i_data_ok     (i_data_ok),
        .i_bytes       (length_q),
        .o_discard     (discard),
        .o_status      (verdict)
    );

    wire deciding = (state_q == DECIDE) && !i_hold;
    wire accepted = deciding && !discard_q && (status_q == 8'd0);
    wire refused  = deciding && !discard_q && (status_q != 8'd0);

    // -- execution on the bus

    wire reading = (state_q == REPLY) && (words_q != 8'd0) && !fetched_valid_q;
    wire done    = i_bus_done && o_bus_valid;
    wire last    = (words_q == 8'd1);

    assign o_bus_valid   = (state_q == WRITE) || (state_q == FETCH) || (state_q == MODIFY) || reading;
    assign o_bus_write   = (state_q == WRITE) || (state_q == MODIFY);
    assign o_bus_address = address_q;
    assign o_bus_data    = (state_q == MODIFY) ? (fetched_q & ~i_word) | (i_first & i_word) : i_word;
    assign o_index       = index_q + {5'd0, done};

    // -- reply bytes

    wire       data_due  = (unsent_q != 8'd0);
    wire       is_crc    = (position_q == AT_DATA_CRC)
                        || (position_q == (is_write ? AT_WRITE_CRC : AT_READ_CRC));
    wire       send      = o_reply_valid && i_reply_ready;
    wire       send_data = send && (position_q == AT_DATA);
    wire       word_gone = send_data && (byte_q == 2'd3);
    wire       load_word = fetched_valid_q && (!word_valid_q || word_gone) && (state_q == REPLY);
    wire       starved   = (position_q == AT_DATA) && !word_valid_q && !fetched_valid_q
                        && (words_q == 8'd0);  // after an upset: the words have run out too early
    wire       finished  = send && o_reply_last;
    wire [9:0] reply_length = (status_q != 8'd0) ? 10'd0 : is_modify ? 10'd4 : length;
    wire [7:0] crc;
    reg  [7:0] reply_byte;

    crc8 crc8 (
        .i_crc  (crc_q),
        .i_data (reply_byte),
        .o_crc  (crc)
    );

    always @*
        case (position_q)
            4'd0:         reply_byte = initiator;
            4'd1:         reply_byte = 8'h01;
            4'd2:         reply_byte = {2'b00, instruction};
            4'd3:         reply_byte = status_q;
            4'd4:         reply_byte = `RS_LOGICAL_ADDRESS;
            4'd5:         reply_byte = transaction[15:8];
            4'd6:         reply_byte = transaction[7:0];
            AT_WRITE_CRC: reply_byte = is_write ? crc_q : 8'h00;
            4'd8:         reply_byte = 8'h00;
            4'd9:         reply_byte = {6'd0, reply_length[9:8]};
            4'd10:        reply_byte = reply_length[7:0];
            AT_READ_CRC:  reply_byte = crc_q;
            AT_DATA:      reply_byte = word_q[31:24];
            default:      reply_byte = crc_q;
        endcase

    assign o_reply_data  = reply_byte;
    assign o_reply_valid = (state_q == REPLY) && ((position_q != AT_DATA) || word_valid_q);
    assign o_replying    = (state_q == REPLY);
    assign o_reply_last  = (position_q >= AT_DATA_CRC) || (is_write && (position_q == AT_WRITE_CRC));

    // -- events

    wire written   = (state_q == WRITE) && done && last;
    wire modified  = (state_q == MODIFY) && done;
    wire read_done = finished && !is_write && !is_modify && (status_q == 8'd0);
    wire nothing   = accepted && is_write && (length == 10'd0);

    assign o_ready     = (state_q == IDLE);
    assign o_decide    = deciding;
    assign o_discarded = deciding && discard_q;
    assign o_refused   = refused;
    assign o_status    = status_q;
    assign o_executed  = written || modified || read_done || nothing;

    // -- next state

    reg [6:0] state_d;

    always @* begin
        state_d = state_q;
        case (state_q)
            IDLE:    if (i_packet)
                         state_d = JUDGE;
            JUDGE:   state_d = DECIDE;
            DECIDE:  if (!i_hold) begin
                         if (discard_q)
                             state_d = IDLE;
                         else if ((status_q != 8'd0) || nothing)
                             state_d = wants_reply ? REPLY : IDLE;
                         else if (is_write)
                             state_d = WRITE;
                         else
                             state_d = is_modify ? FETCH : REPLY;
                     end
            WRITE:   if (written)
                         state_d = wants_reply ? REPLY : IDLE;
            FETCH:   if (done)
                         state_d = MODIFY;
            MODIFY:  if (done)
                         state_d = REPLY;  // a read-modify-write always asks for its reply
            REPLY:   if (finished)
                         state_d = IDLE;
            default: state_d = IDLE;
        endcase
    end

    always @(posedge i_clk)
        if (i_rst) begin
            state_q         <= IDLE;
            length_q        <= 9'd0;
            discard_q       <= 1'b0;
            status_q        <= 8'd0;
            address_q       <= 17'd0;
            words_q         <= 8'd0;
            index_q         <= FIRST_WORD;
            fetched_q       <= 32'd0;
            fetched_valid_q <= 1'b0;
        end else begin
            state_q <= state_d;
            if (i_packet)
                length_q <= i_length;
            if (state_q == JUDGE) begin
                discard_q <= discard;
                status_q  <= verdict;
            end
            if (state_q == IDLE) begin
                index_q         <= FIRST_WORD;
                fetched_valid_q <= 1'b0;  // left behind by a reply that was given up
            end
            if (deciding) begin
                address_q <= address;
                words_q   <= (status_q != 8'd0) ? 8'd0 : is_modify ? 8'd1 : length[9:2];
            end
            if (load_word)
                fetched_valid_q <= 1'b0;
            if (done) begin
                index_q <= o_index;
                if (increment && (state_q != FETCH))
                    address_q <= address_q + 17'd4;
                if (state_q != FETCH)
                    words_q <= words_q - 8'd1;
                if (!o_bus_write) begin
                    fetched_q       <= i_bus_data;
                    fetched_valid_q <= 1'b1;
                end
            end
        end

    always @(posedge i_clk)
        if (i_rst) begin
            word_q       <= 32'd0;
            byte_q       <= 2'd0;
            word_valid_q <= 1'b0;
            unsent_q     <= 8'd0;
            position_q   <= 4'd0;
            crc_q        <= 8'd0;
        end else if (state_q != REPLY) begin
            byte_q       <= 2'd0;
            word_valid_q <= 1'b0;
            position_q   <= 4'd0;
            crc_q        <= 8'd0;
            if (deciding)
                unsent_q <= is_write ? 8'd0 : reply_length[9:2];
        end else begin
            if (send)
                crc_q <= is_crc ? 8'd0 : crc;
            if (send && (position_q != AT_DATA))
                position_q <= (position_q == AT_READ_CRC) && !data_due ? AT_DATA_CRC
                                                                       : position_q + 4'd1;
            if (starved)
                position_q <= AT_DATA_CRC;
            if (send_data)
                byte_q <= byte_q + 2'd1;
            if (word_gone) begin
                unsent_q <= unsent_q - 8'd1;
                if (unsent_q == 8'd1)
                    position_q <= AT_DATA_CRC;
            end
            if (load_word) begin
                word_q       <= fetched_q;
                word_valid_q <= 1'b1;
            end else if (word_gone)
                word_valid_q <= 1'b0;
            else if (send_data)
                word_q <= {word_q[23:0], 8'd0};
        end

endmodule

`default_nettype wire
