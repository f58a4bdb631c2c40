// What is to be done with an RMAP packet, decided from its header, its length and its CRCs
// (ECSS-E-ST-50-52C, 5.3.3 to 5.5; status codes of its table 5-4).
//
// Latency: combinational. State: none.
`default_nettype none
`include "registers.vh"

module rmap_verdict #(
    parameter TRAYS  = 18,
    parameter FLIGHT = 0   // 1: the test key is a wrong one
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
    localparam [31:0] STIMULUS_END     = `RS_STIMULUS_TRAYS_BASE + `RS_STIMULUS_TRAYS_PER_TRAY * TRAYS;

    localparam [1:0] READ  = 2'b10;
    localparam [1:0] WRITE = 2'b01;
    localparam [1:0] BOTH  = 2'b11;
    localparam       PLAIN = 1'b0;  // flight key
    localparam       TEST  = 1'b1;  // test key

    wire is_write  = i_instruction[5];
    wire is_read   = (i_instruction[5:3] == 3'b001);
    wire is_modify = (i_instruction[5:2] == 4'b0111);
    wire verify    = i_instruction[4];
    wire increment = i_instruction[2];

    wire flight_key = (i_key == `RS_FLIGHT_KEY);
    wire test_key   = (FLIGHT == 0) && (i_key == `RS_TEST_KEY);

    // Where the bytes lie, in words. One word is touched when the address does not advance.
    wire        one_word = !increment || is_modify || (i_length == 24'd0);
    wire        reachable = (i_extension == 8'd0) && (i_address[31:17] == 15'd0)
                        && (i_address[1:0] == 2'd0) && (i_length[1:0] == 2'd0);
    wire [15:0] behind   = {1'b0, i_address[16:2]} + (one_word ? 16'd1 : {8'd0, i_length[9:2]});

    // The region in which the first word lies, if it lies in any: its access, key and end. Regions
    // are in the order of their addresses; what lies between two of them is behind the first's end.
    reg [1:0]  access;
    reg        key;
    reg [31:0] region_end;

    wire [31:0] first = {15'd0, i_address[16:0]};

    always @*
        if (first < `RS_CONTROL_BASE)             {access, key, region_end} = {READ,  PLAIN, `RS_IDENTITY_END};
        else if (first < `RS_COMMAND_BASE)        {access, key, region_end} = {BOTH,  PLAIN, `RS_CONTROL_END};
        else if (first < `RS_FAST_BASE)           {access, key, region_end} = {WRITE, PLAIN, `RS_COMMAND_END};
        else if (first < `RS_DIAGNOSTICS_BASE)    {access, key, region_end} = {READ,  PLAIN, `RS_FAST_END};
        else if (first < `RS_TRAY_CONTROL_BASE)   {access, key, region_end} = {READ,  PLAIN, `RS_DIAGNOSTICS_END};
        else if (first < `RS_TRAYS_BASE)          {access, key, region_end} = {BOTH,  PLAIN, TRAY_CONTROL_END};
        else if (first < `RS_MEMORY_BASE)         {access, key, region_end} = {READ,  PLAIN, TRAYS_END};
        else if (first < `RS_CONFIG_FRAMES_BASE)  {access, key, region_end} = {BOTH,  PLAIN, `RS_MEMORY_END};
        else if (first < `RS_ESSENTIAL_BITS_BASE) {access, key, region_end} = {BOTH,  PLAIN, `RS_CONFIG_FRAMES_END};
        else if ((first < `RS_STIMULUS_RACK_BASE) || (FLIGHT != 0))
                                                  {access, key, region_end} = {BOTH,  PLAIN, `RS_ESSENTIAL_BITS_END};
        else if (first < `RS_STIMULUS_TRAYS_BASE) {access, key, region_end} = {WRITE, TEST,  `RS_STIMULUS_RACK_END};
        else if (first < `RS_INJECTION_BASE)      {access, key, region_end} = {WRITE, TEST,  STIMULUS_END};
        else if (first < `RS_ACTUATORS_BASE)      {access, key, region_end} = {WRITE, TEST,  `RS_INJECTION_END};
        else if (first < `RS_FLIP_REGISTERS_BASE) {access, key, region_end} = {READ,  TEST,  `RS_ACTUATORS_END};
        else if (first < `RS_FLIP_MEMORY_BASE)    {access, key, region_end} = {WRITE, TEST,  `RS_FLIP_REGISTERS_END};
        else if (first < `RS_FLIP_CHECK_BASE)     {access, key, region_end} = {WRITE, TEST,  `RS_FLIP_MEMORY_END};
        else if (first < `RS_FLIP_CONFIG_BASE)    {access, key, region_end} = {WRITE, TEST,  `RS_FLIP_CHECK_END};
        else                                      {access, key, region_end} = {WRITE, TEST,  `RS_FLIP_CONFIG_END};

    wire allowed = reachable && (behind <= region_end[17:2]) && (key == test_key)
                && (is_read ? access[1] : is_modify ? (access == BOTH) : access[0]);

    wire too_long = (is_write && (i_length > `RS_WRITE_MAX)) || (is_read && (i_length > `RS_READ_MAX));

    // How long the packet has to be: header, data, data CRC. A write of more does not get here.
    wire [9:0] bytes_due = {1'b0, i_length[8:0]} + 10'd17;
    wire [9:0] bytes     = {1'b0, i_bytes};

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
        else if (!flight_key && !test_key)
            status = INVALID_KEY;
        else if (is_modify && (i_length != 24'd8))
            status = RMW_LENGTH;
        else if (is_write && verify && too_long)
            status = VERIFY_OVERRUN;
        else if (too_long || !allowed)
            status = NOT_AUTHORISED;
        else if (is_read)
            status = (i_bytes > 9'd16) ? TOO_MUCH_DATA : OK;
        else if (bytes < bytes_due)
            status = EARLY_EOP;
        else if (bytes > bytes_due)
            status = TOO_MUCH_DATA;
        else
            status = i_data_ok ? OK : DATA_CRC;

    // Regions are whole words below 2^18.
    wire unused = &{1'b0, region_end[31:18], region_end[1:0]};

endmodule

`default_nettype wire
