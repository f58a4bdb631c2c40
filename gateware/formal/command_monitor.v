// What is to become of an RMAP packet, said a second time from the table in docs/link.md: the first
// check that fails decides.
`default_nettype none
`include "registers.vh"

module command_monitor #(
    parameter TRAYS  = 18,
    parameter FLIGHT = 0
) (
    input  wire [8:0]   i_length,      // of the packet, in bytes
    input  wire [127:0] i_header,      // its first 16 bytes
    input  wire         i_header_good, // their CRC-8
    input  wire         i_data_good,   // the CRC-8 of what follows
    output reg          o_discard,
    output reg  [7:0]   o_status,      // unless discarded; 0: execute
    output wire         o_writes,      // write or read-modify-write
    output wire         o_advances,    // to the next word after each
    output wire [31:0]  o_first,       // the span of addresses asked for
    output wire [33:0]  o_behind,
    output wire         o_writable     // it lies in one region of this key that may be written
);

    wire [7:0]  target      = i_header[127:120];
    wire [7:0]  protocol    = i_header[119:112];
    wire [7:0]  instruction = i_header[111:104];
    wire [7:0]  key         = i_header[103:96];
    wire [7:0]  extension   = i_header[71:64];
    wire [31:0] address     = i_header[63:32];
    wire [23:0] length      = i_header[31:8];

    wire [3:0]  code      = instruction[5:2];
    wire        is_write  = (code >= 4'b1000);
    wire        is_modify = (code == 4'b0111);
    wire        is_read   = (code == 4'b0010) || (code == 4'b0011);

    assign o_writes   = is_write || is_modify;
    assign o_advances = !is_modify && code[0];
    assign o_first    = address;
    assign o_behind   = {2'd0, address} + ((o_advances && (length != 24'd0)) ? {10'd0, length}
                                                                             : 34'd4);

    localparam [33:0] TRAY_CONTROL_END = `RS_TRAY_CONTROL_BASE + TRAYS * `RS_TRAY_CONTROL_PER_TRAY;
    localparam [33:0] TRAYS_END        = `RS_TRAYS_BASE + TRAYS * `RS_TRAYS_PER_TRAY;
    localparam [33:0] STIMULUS_END     = `RS_STIMULUS_TRAYS_BASE
                                       + TRAYS * `RS_STIMULUS_TRAYS_PER_TRAY;

    wire identity     = (address >= `RS_IDENTITY_BASE) && (o_behind <= `RS_IDENTITY_END);
    wire control      = (address >= `RS_CONTROL_BASE) && (o_behind <= `RS_CONTROL_END);
    wire command      = (address >= `RS_COMMAND_BASE) && (o_behind <= `RS_COMMAND_END);
    wire fast         = (address >= `RS_FAST_BASE) && (o_behind <= `RS_FAST_END);
    wire diagnostics  = (address >= `RS_DIAGNOSTICS_BASE) && (o_behind <= `RS_DIAGNOSTICS_END);
    wire tray_control = (address >= `RS_TRAY_CONTROL_BASE) && (o_behind <= TRAY_CONTROL_END);
    wire trays        = (address >= `RS_TRAYS_BASE) && (o_behind <= TRAYS_END);
    wire memory       = (address >= `RS_MEMORY_BASE) && (o_behind <= `RS_MEMORY_END);
    wire frames       = (address >= `RS_CONFIG_FRAMES_BASE) && (o_behind <= `RS_CONFIG_FRAMES_END);
    wire essential    = (address >= `RS_ESSENTIAL_BITS_BASE)
                        && (o_behind <= `RS_ESSENTIAL_BITS_END);

    wire stimulus     = (address >= `RS_STIMULUS_RACK_BASE) && (o_behind <= `RS_STIMULUS_RACK_END);
    wire stimuli      = (address >= `RS_STIMULUS_TRAYS_BASE) && (o_behind <= STIMULUS_END);
    wire injection    = (address >= `RS_INJECTION_BASE) && (o_behind <= `RS_INJECTION_END);
    wire actuators    = (address >= `RS_ACTUATORS_BASE) && (o_behind <= `RS_ACTUATORS_END);
    wire flip_copies  = (address >= `RS_FLIP_REGISTERS_BASE)
                        && (o_behind <= `RS_FLIP_REGISTERS_END);
    wire flip_memory  = (address >= `RS_FLIP_MEMORY_BASE) && (o_behind <= `RS_FLIP_MEMORY_END);
    wire flip_check   = (address >= `RS_FLIP_CHECK_BASE) && (o_behind <= `RS_FLIP_CHECK_END);
    wire flip_config  = (address >= `RS_FLIP_CONFIG_BASE) && (o_behind <= `RS_FLIP_CONFIG_END);

    wire flight_key = (key == 8'h20);
    wire test_key   = (key == 8'h5D) && (FLIGHT == 0);

    wire both     = control || tray_control || memory || frames || essential;
    wire readable = (flight_key && (both || identity || fast || diagnostics || trays))
                    || (test_key && actuators);
    wire tested   = stimulus || stimuli || injection || flip_copies || flip_memory || flip_check
                    || flip_config;

    assign o_writable = (flight_key && (both || (command && !is_modify)))
                        || (test_key && tested && !is_modify);

    wire [24:0] due = 25'd16 + {1'b0, length} + 25'd1;

    always @* begin
        o_discard = (i_length < 9'd16) || (protocol != 8'd1) || (instruction[7:6] == 2'b00)
                    || (instruction[1:0] != 2'b00) || !i_header_good;
        o_status  = 8'd0;
        // From the last check to the first, so that the first one that fails stays.
        if (o_writes && !i_data_good)
            o_status = 8'd4;
        if (o_writes && ({16'd0, i_length} > due))
            o_status = 8'd6;
        if (o_writes && ({16'd0, i_length} < due))
            o_status = 8'd5;
        if (is_read && (i_length > 9'd16))
            o_status = 8'd6;
        if ((extension != 8'd0) || (address[1:0] != 2'd0) || (length[1:0] != 2'd0)
            || (o_writes && !o_writable) || (is_read && !readable))
            o_status = 8'd10;
        if (is_read && (length > 24'd512))
            o_status = 8'd10;
        if (is_write && (length > 24'd256))
            o_status = code[2] ? 8'd9 : 8'd10;
        if (is_modify && (length != 24'd8))
            o_status = 8'd11;
        if (!flight_key && !test_key)
            o_status = 8'd3;
        if (target != 8'hFE)
            o_status = 8'd12;
        if (instruction[7] || !(is_write || is_modify || is_read))
            o_status = 8'd2;
    end

endmodule

`default_nettype wire
