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

    reg [15:0] gpu;
    reg [15:0] hbm;

    integer i;

    always @* begin
        gpu = 16'd0;
        hbm = 16'd0;
        for (i = 0; i < TRAYS; i = i + 1) begin
            if (i_powered[i] && (i_gpu[16*i +: 16] > gpu))
                gpu = i_gpu[16*i +: 16];
            if (i_powered[i] && (i_hbm[16*i +: 16] > hbm))
                hbm = i_hbm[16*i +: 16];
        end
    end

    assign o_gpu = gpu;
    assign o_hbm = hbm;

endmodule

`default_nettype wire
