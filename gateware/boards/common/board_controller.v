// The payload controller with all that a board top needs around it: reset, sensors, lights, and the
// actuators apart. A top adds pins and polarities.
//
// Latency: as controller_uart. Reset: own, see board_reset.
`default_nettype none

module board_controller #(
    parameter        TRAYS    = 18,
    parameter [31:0] BUILD_ID = 32'h0,
    parameter        CLOCK_HZ = 12000000,
    parameter        BAUD     = 1000000,
    parameter        SWITCHES = 18,  // pins for load switches
    parameter        LINES    = 18   // pins for each kind of command line
) (
    input  wire                i_clk,
    input  wire                i_button,     // asynchronous, 1 = reset
    // line, 8N1
    input  wire                i_uart_rx,
    output wire                o_uart_tx,
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
    localparam SENSOR_RING   = (TRAYS > 7) ? 137 : 37;  // primes above the words of 32 and of 7 trays
    localparam ACTUATOR_BITS = 8 * (28 + 4 * TRAYS);
    // Of the actuator vector: four words of tray lines from the top, 64 bits of drives, flags, caps.
    localparam FLAGS  = 32 * TRAYS;
    localparam RELOAD = FLAGS + 96;
    localparam SCRUB  = FLAGS + 128;
    localparam RESET  = FLAGS + 160;
    localparam POWER  = FLAGS + 192;

    wire                     rst;
    wire [SENSOR_BITS-1:0]   sensors;
    wire [ACTUATOR_BITS-1:0] actuators;
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

    sensor_register #(.BITS(SENSOR_BITS), .RING(SENSOR_RING)) sensor_register (
        .i_clk     (i_clk),
        .i_rst     (rst),
        .o_sensors (sensors)
    );

    board_lights #(.CLOCK_HZ(CLOCK_HZ)) board_lights (
        .i_clk       (i_clk),
        .i_rst       (rst),
        .i_uart_rx   (i_uart_rx),
        .i_uart_tx   (o_uart_tx),
        .o_heartbeat (o_heartbeat),
        .o_link      (o_link)
    );

    controller_uart #(
        .TRAYS    (TRAYS),
        .BUILD_ID (BUILD_ID),
        .CLOCK_HZ (CLOCK_HZ),
        .BAUD     (BAUD)
    ) controller_uart (
        .i_clk       (i_clk),
        .i_rst       (rst),
        .i_uart_rx   (i_uart_rx),
        .o_uart_tx   (o_uart_tx),
        .i_sensors   (sensors),
        .o_actuators (actuators),
        .o_idle      (idle)
    );

endmodule

`default_nettype wire
