// racksat on a Tang Nano 9K: GW1NR-9C, 27 MHz oscillator, BL702 as serial port.
//
// No PLL: 27 MHz is 27 clocks a bit at 1 Mbaud, without error. Pins in pins.cst.
`default_nettype none

module top #(
    parameter        TRAYS    = 4,
    parameter [31:0] BUILD_ID = 32'h0,
    parameter        CLOCK_HZ = 27000000,
    parameter        BAUD     = 1000000
) (
    input  wire       i_clk,
    input  wire       i_button_n,
    input  wire       i_uart_rx,
    output wire       o_uart_tx,
    // left header
    output wire [3:0] o_load_switch,
    output wire [3:0] o_tray_reset,
    output wire [3:0] o_tray_scrub,
    output wire [3:0] o_tray_reload,
    // ADCs, if any are fitted
    output wire       o_adc_cs_n,
    output wire [2:0] o_adc_device,
    output wire       o_adc_sclk,
    output wire       o_adc_mosi,
    input  wire       i_adc_miso,
    // lights
    output wire       o_heartbeat_n,
    output wire       o_link_n,
    output wire       o_trip_n,
    output wire       o_safe_n
);

    wire heartbeat;
    wire link;
    wire trip;
    wire safe;

    assign o_heartbeat_n = !heartbeat;
    assign o_link_n      = !link;
    assign o_trip_n      = !trip;
    assign o_safe_n      = !safe;

    board_controller #(
        .TRAYS    (TRAYS),
        .BUILD_ID (BUILD_ID),
        .CLOCK_HZ (CLOCK_HZ),
        .BAUD     (BAUD),
        .SWITCHES (4),
        .LINES    (4)
    ) board_controller (
        .i_clk         (i_clk),
        .i_button      (!i_button_n),
        .i_uart_rx     (i_uart_rx),
        .o_uart_tx     (o_uart_tx),
        .o_adc_cs_n    (o_adc_cs_n),
        .o_adc_device  (o_adc_device),
        .o_adc_sclk    (o_adc_sclk),
        .o_adc_mosi    (o_adc_mosi),
        .i_adc_miso    (i_adc_miso),
        .o_load_switch (o_load_switch),
        .o_tray_reset  (o_tray_reset),
        .o_tray_scrub  (o_tray_scrub),
        .o_tray_reload (o_tray_reload),
        .o_heartbeat   (heartbeat),
        .o_link        (link),
        .o_trip        (trip),
        .o_safe        (safe)
    );

endmodule

`default_nettype wire
