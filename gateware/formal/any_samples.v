// Stands in for acquisition: any sample of any sensor in any clock. What holds behind this holds for
// whatever front end and stimulus deliver.
`default_nettype none

module acquisition #(
    parameter TRAYS    = 18,
    parameter PARALLEL = 1
) (
    input  wire                        i_clk,
    input  wire                        i_rst,
    input  wire                        i_clear,
    input  wire [7:0]                  i_clear_word,
    input  wire [8*(32+16*TRAYS)-1:0]  i_sensors,
    input  wire                        i_present,
    input  wire                        i_sample_valid,
    input  wire [7:0]                  i_sample_index,
    input  wire [31:0]                 i_sample_data,
    input  wire                        i_stimulus_valid,
    input  wire [7:0]                  i_stimulus_index,
    input  wire [31:0]                 i_stimulus_data,
    input  wire                        i_front_end_off,
    input  wire                        i_freeze,
    input  wire                        i_skew,
    input  wire [8:0]                  i_channel,
    input  wire [15:0]                 i_offset,
    input  wire                        i_read,
    input  wire [7:0]                  i_index,
    output wire [31:0]                 o_word,
    output wire                        o_storing,
    output wire [15:0]                 o_coolant_supply,
    output wire [16*TRAYS-1:0]         o_gpu,
    output wire [16*TRAYS-1:0]         o_hbm,
    output wire [16*TRAYS-1:0]         o_current
);

    (* anyseq *) wire [31:0]         word;
    (* anyseq *) wire                storing;
    (* anyseq *) wire [15:0]         coolant_supply;
    (* anyseq *) wire [16*TRAYS-1:0] gpu;
    (* anyseq *) wire [16*TRAYS-1:0] hbm;
    (* anyseq *) wire [16*TRAYS-1:0] current;

    assign o_word           = word;
    assign o_storing        = storing;
    assign o_coolant_supply = coolant_supply;
    assign o_gpu            = gpu;
    assign o_hbm            = hbm;
    assign o_current        = current;

endmodule

`default_nettype wire
