// What is to be done with an RMAP packet, decided from its header, its length and its CRCs
// (ECSS-E-ST-50-52C, 5.3.3 to 5.5; status codes of its table 5-4).
//
// Latency: combinational. State: none.
`default_nettype none
`include "registers.vh"

module rmap_verdict #(
    parameter TRAYS = 18
) (
    // header fields
    input  wire [7:0]  i_target,     // logical address
    input  wire [7:0]  i_protocol,
    input  wire [7:0]  i_instruction,
    input  wire [7:0]  i_key,
    input  wire [7:0]  i_extension,  // extended address
    input  wire [31:0] i_address,
    input  wire [23:0] i_length,     // data bytes
    // as received
    input  wire        i_header_ok,
    input  wire        i_data_ok,
    input  wire [8:0]  i_bytes,      // of the whole packet
    // verdict
    output wire        o_discard,    // no reply, no status
    output wire [7:0]  o_status      // 0: execute; else refuse with this
);

    localparam [7:0] PROTOCOL_RMAP = 8'h01;

    localparam [7:0] OK              = 8'd0;
    localparam [7:0] UNUSED_CODE     = 8'd2;
    localparam [7:0] INVALID_KEY     = 8'd3;
    localparam [7:0] DATA_CRC        = 8'd4;
    localparam [7:0] EARLY_EOP       = 8'd5;
    localparam [7:0] TOO_MUCH_DATA   = 8'd6;
    localparam [7:0] VERIFY_OVERRUN  = 8'd9;
    localparam [7:0] NOT_AUTHORISED  = 8'd10;
    localparam [7:0] RMW_LENGTH      = 8'd11;
    localparam [7:0] INVALID_ADDRESS = 8'd12;

    localparam [31:0] TRAY_CONTROL_END = `RS_TRAY_CONTROL_BASE + `RS_TRAY_CONTROL_PER_TRAY * TRAYS;
    localparam [31:0] TRAYS_END        = `RS_TRAYS_BASE + `RS_TRAYS_PER_TRAY * TRAYS;

    wire is_write  = i_instruction[5];
    wire is_read   = (i_instruction[5:3] == 3'b001);
    wire is_modify = (i_instruction[5:2] == 4'b0111);
    wire verify    = i_instruction[4];
    wire increment = i_instruction[2];

    // Where the bytes lie. One word is touched when the address does not advance.
    wire        one_word = !increment || is_modify || (i_length == 24'd0);
    wire [32:0] last     = {1'b0, i_address} + (one_word ? 33'd4 : {9'd0, i_length});
    wire        aligned  = (i_address[1:0] == 2'd0) && (i_length[1:0] == 2'd0);

    wire readable = lies_in(i_address, last, `RS_IDENTITY_BASE, `RS_IDENTITY_END)
                 || lies_in(i_address, last, `RS_FAST_BASE, `RS_FAST_END)
                 || lies_in(i_address, last, `RS_DIAGNOSTICS_BASE, `RS_DIAGNOSTICS_END)
                 || lies_in(i_address, last, `RS_TRAYS_BASE, TRAYS_END);
    wire writable = lies_in(i_address, last, `RS_COMMAND_BASE, `RS_COMMAND_END);
    wire both     = lies_in(i_address, last, `RS_CONTROL_BASE, `RS_CONTROL_END)
                 || lies_in(i_address, last, `RS_TRAY_CONTROL_BASE, TRAY_CONTROL_END)
                 || lies_in(i_address, last, `RS_MEMORY_BASE, `RS_MEMORY_END);
    wire allowed  = (i_extension == 8'd0) && aligned
                 && (both || (is_read && readable) || (is_write && writable));

    function lies_in;
        input [31:0] first;
        input [32:0] behind;
        input [31:0] base;
        input [31:0] region_end;
        lies_in = (first >= base) && (behind <= {1'b0, region_end});
    endfunction

    // How long the packet has to be: header, data, data CRC.
    wire [24:0] bytes_due = {1'b0, i_length} + 25'd17;
    wire [24:0] bytes     = {16'd0, i_bytes};

    reg [7:0] status;

    assign o_discard = (i_bytes < 9'd16)
                    || (i_protocol != PROTOCOL_RMAP)
                    || (i_instruction[7:6] == 2'b00)
                    || (i_instruction[1:0] != 2'b00)
                    || !i_header_ok;
    assign o_status  = status;

    always @*
        if (i_instruction[7] || !(is_write || is_read || is_modify))
            status = UNUSED_CODE;
        else if (i_target != `RS_LOGICAL_ADDRESS)
            status = INVALID_ADDRESS;
        else if (i_key != `RS_FLIGHT_KEY)
            status = INVALID_KEY;
        else if (is_modify && (i_length != 24'd8))
            status = RMW_LENGTH;
        else if (is_write && verify && (i_length > `RS_WRITE_MAX))
            status = VERIFY_OVERRUN;
        else if ((is_write && (i_length > `RS_WRITE_MAX)) || (is_read && (i_length > `RS_READ_MAX)))
            status = NOT_AUTHORISED;
        else if (!allowed)
            status = NOT_AUTHORISED;
        else if (is_read)
            status = (i_bytes > 9'd16) ? TOO_MUCH_DATA : OK;
        else if (bytes < bytes_due)
            status = EARLY_EOP;
        else if (bytes > bytes_due)
            status = TOO_MUCH_DATA;
        else
            status = i_data_ok ? OK : DATA_CRC;

endmodule

`default_nettype wire
