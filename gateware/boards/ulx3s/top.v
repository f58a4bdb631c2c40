// racksat on a ULX3S: ECP5, 25 MHz oscillator, FT231X as serial port.
//
// No PLL: 25 MHz is 25 clocks a bit at 1 Mbaud, without error. Pins in pins.lpf.
`default_nettype none

module top #(
    parameter        TRAYS    = 18,
    parameter [31:0] BUILD_ID = 32'h0,
    parameter        CLOCK_HZ = 25000000,
    parameter        BAUD     = 1000000
) (
    input  wire        i_clk,
    input  wire        i_button,
    input  wire        i_uart_rx,
    output wire        o_uart_tx,
    output wire        o_wifi_gpio0,   // to the ESP32: 0 would have it reboot the board
    // J1 and J2: all load switches, the command lines of the first 5 trays, the ADCs
    output wire [17:0] o_load_switch,
    output wire [4:0]  o_tray_reset,
    output wire [4:0]  o_tray_scrub,
    output wire [4:0]  o_tray_reload,
    // ADCs, if any are fitted
    output wire        o_adc_cs_n,
    output wire [4:0]  o_adc_device,
    output wire        o_adc_sclk,
    output wire        o_adc_mosi,
    input  wire        i_adc_miso,
    // lights
    output wire        o_heartbeat,
    output wire        o_link,
    output wire        o_trip,
    output wire        o_safe
);

    assign o_wifi_gpio0 = 1'b1;

    board_controller #(
        .TRAYS    (TRAYS),
        .BUILD_ID (BUILD_ID),
        .CLOCK_HZ (CLOCK_HZ),
        .BAUD     (BAUD),
        .SWITCHES (18),
        .LINES    (5)
    ) board_controller (
        .i_clk         (i_clk),
        .i_button      (i_button),
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
        .o_heartbeat   (o_heartbeat),
        .o_link        (o_link),
        .o_trip        (o_trip),
        .o_safe        (o_safe)
    );

endmodule

`default_nettype wire
