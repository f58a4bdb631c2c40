// The payload controller with all that a board top needs around it: reset, analogue front end, lights,
// and the actuators apart. A top adds pins and polarities.
//
// ADC = 0 leaves the front end out. With it too samples are stimulus alone until a bench has written
// injection.source: a dev board has no ADC, and a pin that hangs in the air says nothing.
//
// Latency: as controller_uart. Reset: own, see board_reset.
`default_nettype none

module board_controller #(
    parameter        TRAYS    = 18,
    parameter [31:0] BUILD_ID = 32'h0,
    parameter        CLOCK_HZ = 12000000,
    parameter        BAUD     = 1000000,
    parameter        ADC      = 1,
    parameter        SWITCHES = 18,  // pins for load switches
    parameter        LINES    = 18   // pins for each kind of command line
) (
    input  wire                i_clk,
    input  wire                i_button,     // asynchronous, 1 = reset
    // line, 8N1
    input  wire                i_uart_rx,
    output wire                o_uart_tx,
    // ADCs, see adc_front_end
    output wire                       o_adc_cs_n,
    output wire [$clog2(TRAYS+2)-1:0] o_adc_device,
    output wire                       o_adc_sclk,
    output wire                       o_adc_mosi,
    // verilator lint_off UNUSEDSIGNAL
    input  wire                       i_adc_miso,
    // verilator lint_on UNUSEDSIGNAL
    // trays, bit i = tray i; 0 where no tray is fitted
    output wire [SWITCHES-1:0] o_load_switch,
    output wire [LINES-1:0]    o_tray_reset,
    output wire [LINES-1:0]    o_tray_scrub,
    output wire [LINES-1:0]    o_tray_reload,
    // lights, 1 = lit
    output wire                o_heartbeat,
    output wire                o_link,
    output wire                o_trip,
    output wire                o_safe
);

    localparam SENSOR_BITS   = 8 * (32 + 16 * TRAYS);
    localparam ACTUATOR_BITS = 8 * (28 + 4 * TRAYS);
    // Of the actuator vector: four words of tray lines from the top, 64 bits of drives, flags, caps.
    localparam FLAGS  = 32 * TRAYS;
    localparam RELOAD = FLAGS + 96;
    localparam SCRUB  = FLAGS + 128;
    localparam RESET  = FLAGS + 160;
    localparam POWER  = FLAGS + 192;

    wire                     rst;
    wire [ACTUATOR_BITS-1:0] actuators;
    wire                     tick;
    wire                     idle;

    // The words of tray lines have 32 bits each, 0 where no tray is fitted.
    assign o_load_switch = actuators[POWER +: SWITCHES];
    assign o_tray_reset  = actuators[RESET +: LINES];
    assign o_tray_scrub  = actuators[SCRUB +: LINES];
    assign o_tray_reload = actuators[RELOAD +: LINES];
    assign o_safe        = actuators[FLAGS];
    assign o_trip        = actuators[FLAGS+1];

    wire unused_drives = &{1'b0, actuators, idle};  // no pins for drives and caps

    board_reset board_reset (
        .i_clk    (i_clk),
        .i_button (i_button),
        .o_rst    (rst)
    );

    wire        sample_valid;
    wire [7:0]  sample_index;
    wire [31:0] sample_data;

    generate
        if (ADC != 0) begin : gen_adc
            adc_front_end #(.TRAYS(TRAYS)) adc_front_end (
                .i_clk    (i_clk),
                .i_rst    (rst),
                .o_cs_n   (o_adc_cs_n),
                .o_device (o_adc_device),
                .o_sclk   (o_adc_sclk),
                .o_mosi   (o_adc_mosi),
                .i_miso   (i_adc_miso),
                .o_valid  (sample_valid),
                .o_index  (sample_index),
                .o_data   (sample_data)
            );
        end else begin : gen_no_adc
            assign {o_adc_cs_n, o_adc_sclk, o_adc_mosi} = 3'b100;
            assign o_adc_device = 0;
            assign {sample_valid, sample_index, sample_data} = 41'd0;
        end
    endgenerate

    board_lights board_lights (
        .i_clk       (i_clk),
        .i_rst       (rst),
        .i_tick      (tick),
        .i_uart_rx   (i_uart_rx),
        .i_uart_tx   (o_uart_tx),
        .o_heartbeat (o_heartbeat),
        .o_link      (o_link)
    );

    controller_uart #(
        .TRAYS    (TRAYS),
        .BUILD_ID (BUILD_ID),
        .CLOCK_HZ (CLOCK_HZ),
        .BAUD     (BAUD),
        .PARALLEL (0),
        .ADC      (ADC),
        .STIMULUS (1)
    ) controller_uart (
        .i_clk       (i_clk),
        .i_rst       (rst),
        .i_uart_rx   (i_uart_rx),
        .o_uart_tx   (o_uart_tx),
        .i_sensors      ({SENSOR_BITS{1'b0}}),
        .i_present      (1'b0),
        .i_sample_valid (sample_valid),
        .i_sample_index (sample_index),
        .i_sample_data  (sample_data),
        .o_actuators (actuators),
        .o_tick      (tick),
        .o_idle      (idle)
    );

endmodule

`default_nettype wire
