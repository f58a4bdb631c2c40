// Analogue front end: reads the ADCs of the rack and of the trays round and round, word by word.
//
// ADC: TI ADS8688, 16 bit, 8 channels, SPI (datasheet SBAS582C; frames: "Data Acquisition Example",
// commands: "Command Register Map", limits: "Timing Requirements: Serial Interface"). All share SCLK, SDI
// (o_mosi) and SDO (i_miso, pulled up or down). o_device goes to a decoder with o_cs_n as its enable, and
// changes half way through the time for which o_cs_n is high.
//   device 0, 1    the 16 channels of the rack: half words 0 to 7, and 8 to 15, of the sensor vector
//   device 2 + i   channels 0 to 3 are power, current, GPU and HBM temperature of tray i: words 1 and
//                  2 of its four. Words 0 and 3, state and error counters, are digital: they do not
//                  come from an ADC and are never given here.
//
// A frame is 32 clocks. The input is sampled when CS falls, on the channel that the frame before has
// selected. The ADC takes SDI at falling edges 1 to 16, and launches the result, MSB first, at falling
// edges 16 to 31. Every frame selects the next channel of its device, the last one channel 0, with
// which the next round begins: one channel a frame, none wasted. No program register is written: all
// ranges stay at the +-10.24 V of reset, code 0 is -10.24 V, and the signal conditioning is made so.
// In the first round after reset each ADC is sent RST, then selections; nothing is given from it.
//
// A half period of SCLK is CLOCK_DIVIDER clocks. A frame takes 67 of them: 64 for SCLK, 1 from its
// last edge to o_cs_n high, 2 high. A round takes (16 + 4 * TRAYS) * 67 * CLOCK_DIVIDER clocks. Limits:
// SCLK 17 MHz, 2 us a frame, 850 ns from CS to falling edge 16, CS high 30 ns. All hold while
// CLOCK_HZ / CLOCK_DIVIDER is at most 33 MHz.
//
// i_miso is timed by the SCLK sent from here: an SDO bit is there 34 ns after the falling edge that
// launches it and stays until 10 ns after the next one. It is sampled with the clock edge that makes
// that next edge, and so stable around it while a period of SCLK exceeds 34 ns and the delays of pins and
// wires. An ADC that breaks this, or none at all, could make that flop metastable: nothing but the next
// bit of the shift register sees it, a period of SCLK later, and o_data half a period later.
//
// Upsets: the flops that say where in the round we are have a parity bit. A state with a wrong parity is
// illegal: nothing is given in that clock, and the next one starts anew as after reset, o_cs_n high. An
// upset of divide_q moves an edge by less than CLOCK_DIVIDER clocks, one of data_q is a wrong sample,
// until the next round. Two upsets in one clock can give wrong samples for a round; no state lasts.
//
// Latency: o_valid for one clock, half a period of SCLK after its last edge. Reset: o_cs_n high.
`default_nettype none

module adc_front_end #(
    parameter TRAYS         = 18,  // 1 to 30
    parameter CLOCK_DIVIDER = 2    // clocks a half period of SCLK
) (
    input  wire                       i_clk,
    input  wire                       i_rst,
    // ADCs
    output wire                       o_cs_n,
    output wire [$clog2(TRAYS+2)-1:0] o_device,
    output wire                       o_sclk,    // idles low
    output wire                       o_mosi,
    input  wire                       i_miso,
    // to the sample store
    output wire                       o_valid,
    output wire [7:0]                 o_index,   // word: 0 to 7 rack, 8 + 4 i + j word j of tray i
    output wire [31:0]                o_data     // the first half word at the top
);

    localparam DEVICE_BITS = $clog2(TRAYS + 2);
    localparam DIVIDE_BITS = (CLOCK_DIVIDER > 1) ? $clog2(CLOCK_DIVIDER) : 1;
    localparam [31:0] LAST_DIVIDE = CLOCK_DIVIDER - 1;
    localparam [31:0] LAST_DEVICE = TRAYS + 1;

    localparam [5:0] FIRST_RESULT = 6'd16;
    localparam [5:0] TAIL         = 6'd32;  // after the last edge of SCLK
    localparam [5:0] GAP          = 6'd33;  // o_cs_n is high, the device stays
    localparam [5:0] CHANGED      = 6'd34;  // o_cs_n is high, the device is the next one

    localparam STATE_BITS = 13 + DEVICE_BITS;
    // Its parity is 1: o_cs_n and two bits of CHANGED are.
    localparam [STATE_BITS:0] START = {4'b1100, CHANGED, 4'd0, {DEVICE_BITS{1'b0}}};

    reg [DIVIDE_BITS-1:0] divide_q;
    reg [31:0]            data_q;
    // parity, o_cs_n, o_sclk, o_mosi, bit of the frame, all ADCs have a channel selected, where in the
    // round
    reg                   parity_q;
    reg                   cs_n_q;
    reg                   sclk_q;
    reg                   mosi_q;
    reg [5:0]             bit_q;
    reg                   primed_q;
    reg [2:0]             channel_q;
    reg [DEVICE_BITS-1:0] device_q;

    reg                   cs_n_d;
    reg                   sclk_d;
    reg                   mosi_d;
    reg [5:0]             bit_d;
    reg                   primed_d;
    reg [2:0]             channel_d;
    reg [DEVICE_BITS-1:0] device_d;

    wire step    = (divide_q == LAST_DIVIDE[DIVIDE_BITS-1:0]);
    wire illegal = ^{parity_q, cs_n_q, sclk_q, mosi_q, bit_q, primed_q, channel_q, device_q};
    wire rack    = (device_q <= 1);

    // The next channel of this device: 8 of the rack, 4 of a tray.
    wire       fourth       = &channel_q[1:0];
    wire [2:0] channel_next = {rack && (channel_q[2] != fourth), channel_q[1:0] + 2'd1};
    wire       last_channel = fourth && !channel_next[2];
    wire       last_device  = (device_q >= LAST_DEVICE[DEVICE_BITS-1:0]);

    // MAN_Ch_n 0xC000 + n << 10, or once at first RST 0x8500; the low byte is 0.
    wire       clear   = !primed_q && (channel_q == 3'd0);
    wire [7:0] command = clear ? 8'h85 : {3'b110, channel_next, 2'd0};

    assign o_cs_n   = cs_n_q;
    assign o_device = device_q;
    assign o_sclk   = sclk_q;
    assign o_mosi   = mosi_q;
    assign o_valid  = step && !illegal && (bit_q == TAIL) && primed_q && channel_q[0];
    assign o_index[7:2] = {{(6-DEVICE_BITS){1'b0}}, device_q};  // 8 + 4 i is 4 times the device
    assign o_index[1:0] = rack ? channel_q[2:1] : {channel_q[1], !channel_q[1]};
    assign o_data   = data_q;

    always @* begin
        channel_d = channel_q;
        device_d  = device_q;
        primed_d  = primed_q;
        bit_d     = bit_q;
        sclk_d    = !bit_q[5] && !sclk_q;
        if (bit_q >= CHANGED)
            bit_d = 6'd0;
        else if (bit_q[5] || sclk_q)
            bit_d = bit_q + 6'd1;
        if (bit_q == GAP) begin
            channel_d = channel_next;
            if (last_channel) begin
                device_d = last_device ? {DEVICE_BITS{1'b0}} : device_q + 1'b1;
                primed_d = primed_q || last_device;
            end
        end
        cs_n_d = (bit_d >= GAP);
        mosi_d = sclk_d ? ((bit_q[4:3] == 2'd0) && command[3'd7 - bit_q[2:0]]) : mosi_q;
    end

    always @(posedge i_clk)
        if (i_rst || illegal)
            {parity_q, cs_n_q, sclk_q, mosi_q, bit_q, primed_q, channel_q, device_q} <= START;
        else if (step) begin
            {cs_n_q, sclk_q, mosi_q, bit_q, primed_q, channel_q, device_q}
                <= {cs_n_d, sclk_d, mosi_d, bit_d, primed_d, channel_d, device_d};
            parity_q <= ^{cs_n_d, sclk_d, mosi_d, bit_d, primed_d, channel_d, device_d};
        end

    always @(posedge i_clk)
        if (i_rst || illegal || step)
            divide_q <= {DIVIDE_BITS{1'b0}};
        else
            divide_q <= divide_q + 1'b1;

    always @(posedge i_clk)
        if (i_rst)
            data_q <= 32'd0;
        else if (step && sclk_q && (bit_q >= FIRST_RESULT))
            data_q <= {data_q[30:0], i_miso};

endmodule

`default_nettype wire
