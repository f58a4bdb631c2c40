// racksat on an iCEBreaker: iCE40UP5K, 12 MHz crystal, FT2232H channel B as serial port.
//
// No PLL: 12 MHz is 12 clocks a bit at 1 Mbaud, without error. Pins in pins.pcf.
`default_nettype none

module top #(
    parameter        TRAYS    = 1,
    parameter [31:0] BUILD_ID = 32'h0,
    parameter        CLOCK_HZ = 12000000,
    parameter        BAUD     = 1000000
) (
    input  wire       i_clk,
    input  wire       i_button_n,
    input  wire       i_uart_rx,
    output wire       o_uart_tx,
    // PMOD 1A and 1B: the lines of the tray, the ADCs
    output wire       o_load_switch,
    output wire       o_tray_reset,
    output wire       o_tray_scrub,
    output wire       o_tray_reload,
    // ADCs, if any are fitted
    output wire       o_adc_cs_n,
    output wire [1:0] o_adc_device,
    output wire       o_adc_sclk,
    output wire       o_adc_mosi,
    input  wire       i_adc_miso,
    // lights: two on the board, two on the part that snaps off (PMOD 2)
    output wire       o_heartbeat_n,
    output wire       o_trip_n,
    output wire       o_link,
    output wire       o_safe
);

    wire heartbeat;
    wire trip;

    assign o_heartbeat_n = !heartbeat;
    assign o_trip_n      = !trip;

    board_controller #(
        .TRAYS    (TRAYS),
        .BUILD_ID (BUILD_ID),
        .CLOCK_HZ (CLOCK_HZ),
        .BAUD     (BAUD),
        .SWITCHES (1),
        .LINES    (1)
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
        .o_link        (o_link),
        .o_trip        (trip),
        .o_safe        (o_safe)
    );

endmodule

`default_nettype wire
