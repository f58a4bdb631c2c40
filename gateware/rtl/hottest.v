// Hottest GPU and hottest HBM of the powered trays; 0 when no tray is powered.
//
// Latency: combinational. State: none.
`default_nettype none

module hottest #(
    parameter TRAYS = 18
) (
    input  wire [TRAYS-1:0]    i_powered,
    input  wire [16*TRAYS-1:0] i_gpu,  // tray i at [16*i +: 16]
    input  wire [16*TRAYS-1:0] i_hbm,
    output wire [15:0]         o_gpu,
    output wire [15:0]         o_hbm
);

    wire [16*32-1:0] gpu;
    wire [16*32-1:0] hbm;

    genvar i;
    generate
        for (i = 0; i < 32; i = i + 1) begin : gen_tray
            if (i < TRAYS) begin : gen_fitted
                assign gpu[16*i +: 16] = i_gpu[16*i +: 16] & {16{i_powered[i]}};
                assign hbm[16*i +: 16] = i_hbm[16*i +: 16] & {16{i_powered[i]}};
            end else begin : gen_none
                assign gpu[16*i +: 16] = 16'd0;
                assign hbm[16*i +: 16] = 16'd0;
            end
        end
    endgenerate

    largest largest_gpu (
        .i_values  (gpu),
        .o_largest (o_gpu)
    );

    largest largest_hbm (
        .i_values  (hbm),
        .o_largest (o_hbm)
    );

endmodule

`default_nettype wire
