// Three analogue front ends, for the cocotb tests that put ADCs behind them (adc_model.py), each with
// the register of a sample store that takes what it gives.
`timescale 1ns / 1ps
`default_nettype none

module adc_bench (
    input wire clk,
    input wire rst
);

    genvar i;
    generate
        for (i = 0; i < 3; i = i + 1) begin : lane
            localparam TRAYS         = (i == 0) ? 1 : (i == 1) ? 2 : 18;
            localparam CLOCK_DIVIDER = (i == 1) ? 1 : 2;

            wire                       cs_n;
            wire [$clog2(TRAYS+2)-1:0] device;
            wire                       sclk;
            wire                       mosi;
            reg                        miso = 0;
            wire                       valid;
            wire [7:0]                 index;
            wire [31:0]                data;

            reg                        taken_q;
            reg  [7:0]                 index_q;
            reg  [31:0]                data_q;

            adc_front_end #(.TRAYS(TRAYS), .CLOCK_DIVIDER(CLOCK_DIVIDER)) front (
                .i_clk    (clk),
                .i_rst    (rst),
                .o_cs_n   (cs_n),
                .o_device (device),
                .o_sclk   (sclk),
                .o_mosi   (mosi),
                .i_miso   (miso),
                .o_valid  (valid),
                .o_index  (index),
                .o_data   (data)
            );

            always @(posedge clk) begin
                taken_q <= valid;
                if (valid) begin
                    index_q <= index;
                    data_q  <= data;
                end
            end
        end
    endgenerate

endmodule

`default_nettype wire
